/* main.c - opens a library of layers, runs one on three recorded sentences, and compares with what Keras made of them.
 *
 *   c_caller [LIBRARY.so [DATA.safetensors]]
 *
 * The exit code is 0 where every number is as close as the recording promises, else 1. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "attn/runtime/c_api.h"

/* What the recording promises against float32 of another order of additions. */
static const float absolute = 2e-5f, relative = 1e-4f;

/* What the program holds; all zero at first, so that it can be let go at any time. */
typedef struct held {
  attn_library* library;
  attn_file* file;
  attn_layer* layer;
  attn_workspace* scratch;
  attn_executor* threads;
  float* output;
} held;

static int64_t elements(const attn_tensor* t) {
  int64_t n = 1;
  for (int32_t i = 0; i < t->rank; ++i) n *= t->shape[i];
  return n;
}

static int failed(void) {
  fprintf(stderr, "c_caller: %s\n", attn_message());
  return 1;
}

static int run(held* h, const char* library, const char* data) {
  if (attn_open(library, &h->library) != ATTN_OK) return failed();
  printf("library  %s\n", library);
  for (int32_t i = 0; i < attn_library_layer_count(h->library); ++i) {
    const attn_layer_table* table = attn_library_layer(h->library, i);
    printf("layer    %s:", table->name);
    for (int32_t t = 0; t < table->input_count; ++t) printf(" %s", table->inputs[t].name);
    printf("\n");
  }

  /* A misspelt layer: the sentence names those that there are. */
  if (attn_layer_load_arrays(h->library, "encodr", NULL, 0, NULL, &h->layer) == ATTN_OK) return 1;
  printf("misspelt %s\n", attn_message());

  if (attn_file_open(data, &h->file) != ATTN_OK) return failed();
  h->threads = attn_executor_new(2);
  h->scratch = attn_workspace_new();
  const attn_load_options options = {.prefix = "w/", .executor = h->threads};
  if (attn_layer_load(h->library, "encoder", h->file, &options, &h->layer) != ATTN_OK)
    return failed();
  printf("loaded   %s for %s, %zu kB of packed weights\n", attn_layer_name(h->layer),
         attn_layer_target(h->layer), attn_layer_packed_bytes(h->layer) / 1000);

  attn_tensor in[3], want;
  if (attn_file_find(h->file, "c0/in/query", &in[0]) != ATTN_OK ||
      attn_file_find(h->file, "c0/in/attention_mask", &in[2]) != ATTN_OK ||
      attn_file_find(h->file, "c0/out/output", &want) != ATTN_OK) {
    return failed();
  }
  in[1] = in[0]; /* self attention */
  in[0].name = "query", in[1].name = "value", in[2].name = "attention_mask";

  attn_mutable_tensor out = {.name = "output", .dtype = ATTN_FLOAT32};
  if (attn_layer_output_shape(h->layer, "output", in, 3, &out.rank, out.shape) != ATTN_OK)
    return failed();
  const int64_t n = elements(&want);
  out.data = h->output = malloc((size_t)n * sizeof(float));
  if (!out.data) return 1;
  if (attn_layer_run(h->layer, in, 3, &out, 1, h->scratch, NULL) != ATTN_OK) return failed();

  float worst = 0;
  int close = 1;
  for (int64_t i = 0; i < n; ++i) {
    const float expected = ((const float*)want.data)[i], error = fabsf(h->output[i] - expected);
    if (error > worst) worst = error;
    if (!(error <= absolute + relative * fabsf(expected))) close = 0; /* NaN too */
  }
  printf("output   [%lld, %lld, %lld], largest distance from the recording %.1e: %s\n",
         (long long)out.shape[0], (long long)out.shape[1], (long long)out.shape[2], worst,
         close ? "as stored" : "NOT as stored");
  return close ? 0 : 1;
}

int main(int argc, char** argv) {
  held h = {0};
  const int code =
      run(&h, argc > 1 ? argv[1] : C_CALLER_LIBRARY, argc > 2 ? argv[2] : C_CALLER_DATA);
  free(h.output);
  attn_workspace_free(h.scratch);
  attn_layer_free(h.layer);
  attn_executor_free(h.threads); /* after the layer that names it */
  attn_file_close(h.file);
  attn_close(h.library);
  return code;
}
