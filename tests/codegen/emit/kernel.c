/* An object file with the interface of a Halide kernel: the path of library_test.cpp, its workspace function, a task, and
 * the three imported functions that the library has to provide. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

void* halide_malloc(void* context, size_t bytes);
void halide_free(void* context, void* memory);
int halide_do_par_for(void* context, int (*task)(void*, int, uint8_t*), int min, int extent,
                      uint8_t* closure);

int attn_lib_model_encoder_avx2_output_task(void* context, int i, uint8_t* closure) {
  (void)context;
  ((int*)closure)[i] = 10 * i;
  return 0;
}

int attn_lib_model_encoder_avx2_output_argv(void** arguments) {
  void* context = *(void**)arguments[0];
  int* memory = halide_malloc(context, 64);
  memset(memory, 0, 64);
  halide_do_par_for(context, attn_lib_model_encoder_avx2_output_task, 2, 3, (uint8_t*)memory);
  const int sum = memory[2] + memory[3] + memory[4];
  halide_free(context, memory);
  return sum;
}

int attn_lib_model_encoder_avx2_output_workspace_argv(void** arguments) {
  (void)arguments;
  return 7;
}
