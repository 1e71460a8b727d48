/* c_api.h - layers from C (C11, and any language that can call C).
 *
 *   attn_library* library;
 *   attn_file* file;
 *   attn_layer* layer;
 *   if (attn_open("libmy_layers.so", &library) != ATTN_OK) return fail(attn_message());
 *   if (attn_file_open("weights.safetensors", &file) != ATTN_OK) return fail(attn_message());
 *   if (attn_layer_load(library, "encoder", file, NULL, &layer) != ATTN_OK)
 *     return fail(attn_message());
 *
 *   attn_workspace* scratch = attn_workspace_new();
 *   attn_tensor in[] = {
 *       {.name = "query", .data = x, .dtype = ATTN_FLOAT32, .rank = 3, .shape = {1, 128, 384}},
 *       {.name = "value", .data = x, .dtype = ATTN_FLOAT32, .rank = 3, .shape = {1, 128, 384}}};
 *   attn_mutable_tensor out[] = {
 *       {.name = "output", .data = y, .dtype = ATTN_FLOAT32, .rank = 3, .shape = {1, 128, 384}}};
 *   if (attn_layer_run(layer, in, 2, out, 1, scratch, NULL) != ATTN_OK)
 *     return fail(attn_message());
 *
 * These functions wrap the runtime's C++ interface and keep its guarantees (any_layer.h, library.h,
 * executor.h): views are not copied, a loaded layer may be called from many threads, each with its
 * own workspace, and after the first call with the same shapes a call allocates nothing.
 *
 * Every `new` or `open` has a matching `free` or `close`, which accepts NULL. A layer keeps its
 * library open and does not need the file of its weights any more; an executor must outlive
 * everything that refers to it. Tensors are passed by name, in any order; those left out are
 * absent. A cache is a tensor of the caller's, passed both as input and as output; if both have the
 * same memory, it is updated in place.
 *
 * Link libattn_runtime.a with the C++ compiler, or with the C compiler and -lstdc++ -lm -lpthread.
 * Not here: custom executors (executor.h, C++), writing .safetensors files.
 */
#ifndef ATTN_RUNTIME_C_API_H
#define ATTN_RUNTIME_C_API_H

#include <stddef.h>
#include <stdint.h>

#include "attn/runtime/kernel_abi.h" /* ATTN_FLOAT32 and so on, attn_layer_table */

#ifdef __cplusplus
extern "C" {
#endif

typedef enum attn_status {
  ATTN_OK = 0,
  ATTN_INVALID_ARGUMENT = 1, /* the caller's tensors, shapes, names, null pointers */
  ATTN_INVALID_FILE = 2,     /* a file that is truncated, corrupt or of another kind */
  ATTN_NOT_FOUND = 3,        /* a file, a name or a layer does not exist */
  ATTN_UNSUPPORTED = 4,      /* valid, but cannot be done: a CPU without a feature, no memory */
  ATTN_INTERNAL = 5          /* a bug in attnc: please report it */
} attn_status;

/* One sentence about the last failed call of this thread, valid until the thread's next failure.
 * Never NULL. */
const char* attn_message(void);

/* ---- tensors --------------------------------------------------------------------------------- */

enum { ATTN_MAX_RANK = 8 };

/* A view of the caller's array. A flag ("use_causal_mask") is a tensor of rank 0 and type
 * ATTN_BOOL. `rank` entries of `shape` are used. */
typedef struct attn_tensor {
  const char* name;
  const void* data;
  int32_t dtype; /* ATTN_FLOAT32, ... */
  int32_t rank;
  int64_t shape[ATTN_MAX_RANK];
  const int64_t* strides; /* `rank` of them, in elements; NULL: contiguous, last axis innermost */
} attn_tensor;

typedef struct attn_mutable_tensor {
  const char* name;
  void* data;
  int32_t dtype;
  int32_t rank;
  int64_t shape[ATTN_MAX_RANK];
  const int64_t* strides;
} attn_mutable_tensor;

/* ---- files of weights or activations (.safetensors) ------------------------------------------ */

typedef struct attn_file attn_file;
attn_status attn_file_open(const char* path, attn_file** file);
void attn_file_close(attn_file* file);
/* A view into the file, valid until the file is closed. tensor->name is `name` itself, no copy. */
attn_status attn_file_find(const attn_file* file, const char* name, attn_tensor* tensor);

/* ---- libraries ------------------------------------------------------------------------------- */

typedef struct attn_library attn_library;
/* Opens a shared library that `attnc build --shared` made. Opening a library runs its code. */
attn_status attn_open(const char* path, attn_library** library);
/* A library of tables that the program is linked with. The tables must outlive it; the array of
 * pointers is copied. */
attn_status attn_library_of(const attn_layer_table* const* tables, int32_t count,
                            attn_library** library);
void attn_close(attn_library* library);
int32_t attn_library_layer_count(const attn_library* library);
/* The table of layer `index`, counted from 0: its name, inputs, weights and outputs. NULL if there
 * is no such layer. */
const attn_layer_table* attn_library_layer(const attn_library* library, int32_t index);

/* ---- threads --------------------------------------------------------------------------------- */

typedef struct attn_executor attn_executor;
/* A pool of `threads` threads, including the calling one: with 1, calls run on the caller alone.
 * NULL if there is no memory. */
attn_executor* attn_executor_new(int32_t threads);
void attn_executor_free(attn_executor* executor);

/* ---- layers ---------------------------------------------------------------------------------- */

typedef struct attn_layer attn_layer;

typedef struct attn_load_options {
  const char* target;      /* "avx2"; NULL: the best that this CPU supports */
  const char* prefix;      /* prepended to every weight's name; NULL: nothing */
  attn_executor* executor; /* for calls that name none; NULL: one thread per usable processor */
} attn_load_options;

/* `name` is the layer's qualified name ("model::encoder"), or the last part of it ("encoder") if
 * only one layer ends that way. `options` may be NULL. The weights are copied. */
attn_status attn_layer_load(const attn_library* library, const char* name, const attn_file* weights,
                            const attn_load_options* options, attn_layer** layer);
attn_status attn_layer_load_arrays(const attn_library* library, const char* name,
                                   const attn_tensor* weights, int32_t count,
                                   const attn_load_options* options, attn_layer** layer);
void attn_layer_free(attn_layer* layer);

const char* attn_layer_name(const attn_layer* layer);   /* "model::encoder" */
const char* attn_layer_target(const attn_layer* layer); /* "avx2" */
size_t attn_layer_packed_bytes(const attn_layer* layer);

typedef struct attn_workspace attn_workspace;
/* An empty workspace: it grows to what the calls need. NULL if there is no memory. */
attn_workspace* attn_workspace_new(void);
/* A workspace in the caller's memory, which must outlive it; it never grows. */
attn_workspace* attn_workspace_over(void* memory, size_t bytes);
void attn_workspace_free(attn_workspace* workspace);

/* `executor` may be NULL: then the one that the layer was loaded with is used. */
attn_status attn_layer_run(const attn_layer* layer, const attn_tensor* inputs, int32_t input_count,
                           const attn_mutable_tensor* outputs, int32_t output_count,
                           attn_workspace* workspace, attn_executor* executor);
/* The bytes of workspace that this call needs with `threads` threads. */
attn_status attn_layer_workspace_bytes(const attn_layer* layer, const attn_tensor* inputs,
                                       int32_t input_count, const attn_mutable_tensor* outputs,
                                       int32_t output_count, int32_t threads, size_t* bytes);
/* The shape of output `name` for these inputs, in the first `rank` of shape[ATTN_MAX_RANK]. */
attn_status attn_layer_output_shape(const attn_layer* layer, const char* name,
                                    const attn_tensor* inputs, int32_t input_count, int32_t* rank,
                                    int64_t* shape);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* ATTN_RUNTIME_C_API_H */
