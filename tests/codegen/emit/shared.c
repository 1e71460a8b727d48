/* An object file with the interface of a kernel that paths call: a function, which runs a loop, and
 * the loop's task, which Halide makes global. */
#include <stdint.h>

int halide_do_par_for(void* context, int (*task)(void*, int, uint8_t*), int min, int extent,
                      uint8_t* closure);

int shared_kernel_task(void* context, int i, uint8_t* closure) {
  (void)context, (void)i, (void)closure;
  return 0;
}

int shared_kernel(void* context) { return halide_do_par_for(context, shared_kernel_task, 0, 5, 0); }
