/* kernel_abi.h - the contract between a generated library and the runtime, in C.
 *
 * A generated library exports one symbol per layer, an `attn_layer_table`. The table is data: what
 * the layer takes and returns (with named axes, so that one function checks the shapes of every
 * layer), how each variant wants its weights packed, and the compiled kernels. A kernel gets what
 * it needs from outside (memory, threads) only through the `attn_call` of its call. A library
 * therefore has no undefined symbols except memcpy and memset, and libraries in one program cannot
 * clash.
 *
 *     extern "C" const attn_layer_table attn_my_layers_model_encoder;
 *
 * Everything here is read-only, static storage of the library. The runtime checks all arguments;
 * kernels trust what they are given. Not here: how a caller uses a layer (any_layer.h).
 */
#ifndef ATTN_RUNTIME_KERNEL_ABI_H
#define ATTN_RUNTIME_KERNEL_ABI_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Increased with every change of anything below; a runtime refuses a table with another number. */
#define ATTN_ABI_VERSION 6

/* ---- element types and axes ------------------------------------------------------------------ */

enum {
  ATTN_FLOAT32 = 0,
  ATTN_FLOAT64 = 1,
  ATTN_FLOAT16 = 2,
  ATTN_BFLOAT16 = 3,
  ATTN_BOOL = 4, /* one byte; zero is false */
  ATTN_INT8 = 5,
  ATTN_UINT8 = 6,
  ATTN_INT16 = 7,
  ATTN_INT32 = 8,
  ATTN_INT64 = 9
};

/* What an axis counts; the numbers are those of attn::Kind in the language. */
enum {
  ATTN_AXIS_BATCH = 0,
  ATTN_AXIS_QUERY = 1,
  ATTN_AXIS_KEY = 2,
  ATTN_AXIS_UPDATE = 3, /* a call's new positions, which extend a cache */
  ATTN_AXIS_SLOT = 4,   /* of a cache, length 2: its keys at 0, its values at 1 */
  ATTN_AXIS_HEAD = 5,
  ATTN_AXIS_SIZE = 6, /* the numbers of one head */
  ATTN_AXIS_FEATURE = 7,
  ATTN_AXIS_OTHER = 8
};

typedef struct attn_axis {
  uint8_t kind;   /* ATTN_AXIS_... */
  uint8_t number; /* counts axes of one kind from 0: the second query axis has number 1 */
  int16_t of;     /* a feature axis without extent: the input whose feature size it has; else -1 */
  int64_t extent; /* 0: free. Within a call, free axes with equal (kind, number, of) have the same
                     length */
  int64_t least;  /* the minimum length of a free axis of an input: calls with a shorter one are
                     refused. 0: any length */
} attn_axis;

/* ---- what a layer takes and returns ---------------------------------------------------------- */

enum {
  ATTN_VALUE_REAL = 0,  /* numbers of `dtype` */
  ATTN_VALUE_INDEX = 1, /* integers of any type, [batch] or a single one; absent: 0 */
  ATTN_VALUE_TRUTH = 2, /* rank > 0: a mask of any element type, broadcast; `reading` says what is
                           true. Rank 0: a flag. An absent mask is true, an absent flag false */
  ATTN_VALUE_SOFT = 3,  /* a mask of numbers: any element type, broadcast like a mask; absent: 1 */
  /* Tables, which formulas read by index. They have all their axes and are never broadcast. An axis
   * of kind ATTN_AXIS_OTHER without extent takes its length, at least 1, from the tensor; the other
   * axes have the lengths of the call. */
  ATTN_VALUE_TABLE = 4,       /* numbers of any type; an absent table is 1 everywhere */
  ATTN_VALUE_INDEX_TABLE = 5, /* integers of any type; absent: 0 */
  ATTN_VALUE_TRUTH_TABLE = 6  /* any element type, nonzero is true; absent: true */
};

/* How a mask of numbers is read. (A mask of type ATTN_BOOL is always true where it is not zero.) By
 * default nonzero is true, and a call is refused if a number is negative, infinite or NaN: in a
 * mask to be added to scores 0 means visible, so it would be read as its opposite. Keras's layers
 * deviate: each takes numbers above 0.5 as true where it computes the probabilities itself and
 * nothing has cast the mask to bool before. */
enum {
  ATTN_READ_ABOVE_HALF = 1,               /* above 0.5 is true, in calls without optional outputs */
  ATTN_READ_ABOVE_HALF_WITH_OPTIONAL = 2, /* above 0.5 is true, in calls with an optional output */
  ATTN_READ_ONLY_MASK = 4,  /* restricts these two to calls with no other mask and no true flag */
  ATTN_READ_ANY_NUMBER = 8, /* no number is refused: as Keras's Attention reads its masks */
  /* Missing axes: the query axes and the leading ones. [key] and [batch.1, key] stand for
   * [batch, batch.1, query, key]. Without this bit they are the axes just before the query and the
   * key: [batch, query, key] lacks the heads. */
  ATTN_READ_FROM_RIGHT = 16
};

typedef struct attn_tensor_info {
  const char* name; /* "query", "query/kernel", "attention_scores" */
  const attn_axis* axes;
  uint8_t rank;
  uint8_t value;    /* ATTN_VALUE_... */
  uint8_t dtype;    /* of real values; weights may have any floating-point type and are converted */
  uint8_t optional; /* inputs: may be left out; outputs: computed only if the caller asks */
  int16_t or_input; /* inputs: the input that stands in for this one when it is left out; else -1 */
  int16_t starts_as; /* outputs: the input whose contents the kernel expects in it, such as a cache
                        that it extends. If the caller gives them different memory, the runtime
                        copies the input first. -1: none */
  uint8_t reading;   /* truths: ATTN_READ_... */
} attn_tensor_info;

/* The number of keys is the length of the axis `key`. If only masks of a call have that axis, there
 * is no cache, and the keys are the new positions: their number is the length of `update`. */

/* ---- packed weights -------------------------------------------------------------------------- */

enum {
  /* The weight as a matrix of rows and columns, of the table's compute_dtype, stored in panels of
   * `panel_width` columns: [panel][row][lane]. The last panel and all padding are filled with
   * zeros. */
  ATTN_PACK_PANELS = 0,
  /* A vector of columns, padded like the columns of panels. */
  ATTN_PACK_VECTOR = 1
};

/* One packed weight of a variant. The leading `contracted` axes of the weight form the rows, the
 * remaining axes form the columns. Rows come in blocks of `row_block`, each padded to
 * `row_block_padded` (a `row_block` of 0: one block, no padding); columns likewise. The padding
 * lets every head begin at a multiple of the vector width even if the head size is not one. All
 * elements are multiplied by `scale`. */
typedef struct attn_packing {
  int16_t weight; /* index into attn_layer_table.weights */
  uint8_t kind;   /* ATTN_PACK_... */
  uint8_t contracted;
  int32_t row_block, row_block_padded;
  int32_t column_block, column_block_padded;
  int32_t panel_width;
  double scale;
} attn_packing;

/* ---- kernels --------------------------------------------------------------------------------- */

/* The services that a kernel may use while it runs. The runtime makes one per call and one per
 * worker. */
typedef struct attn_call {
  /* `bytes` of memory aligned to 128 bytes, valid until `release`. Never null: before the call, the
   * caller's workspace was checked against what the kernel's `workspace` function reported. */
  void* (*allocate)(struct attn_call* call, uint64_t bytes);
  void (*release)(struct attn_call* call, void* memory);
  /* Calls task(call', i, closure) once for every i in [min, min + extent), on any threads, and
   * returns when all have returned. call' is the attn_call of the worker. Returns 0, or what a
   * failed task returned. */
  int (*parallel_for)(struct attn_call* call, int (*task)(struct attn_call*, int, uint8_t*),
                      int min, int extent, uint8_t* closure);
} attn_call;

/* A tensor as kernels see it: the layout of halide_buffer_t (Halide 21), dimension 0 innermost. */
typedef struct attn_dimension {
  int32_t min, extent, stride; /* stride in elements */
  uint32_t flags;
} attn_dimension;

typedef struct attn_buffer {
  uint64_t device;
  const void* device_interface;
  uint8_t* host;
  uint64_t flags;
  uint8_t type_code; /* 0 int, 1 uint, 2 float */
  uint8_t type_bits;
  uint16_t type_lanes;
  int32_t dimensions;
  attn_dimension* dim;
  void* padding;
} attn_buffer;

enum {
  ATTN_ARGUMENT_INPUT = 0,  /* an attn_buffer in the argument's form */
  ATTN_ARGUMENT_FLAG = 1,   /* a uint8_t, 0 or 1: an input of rank 0 */
  ATTN_ARGUMENT_PACKED = 2, /* an attn_buffer of compute_dtype: panels (panel_width, rows, panels)
                               or a vector */
  ATTN_ARGUMENT_OUTPUT = 3, /* an attn_buffer in the argument's form */
  ATTN_ARGUMENT_LENGTH = 4  /* an int32_t: the length of the axis with kind `form` and number
                               `index` */
};

/* The dimensions that a kernel sees, innermost first. They do not depend on the order and number of
 * the tensor's axes: all axes of a dimension's kinds are merged into it, the one with the highest
 * number innermost (`query.1` inside `query`); a dimension without axes has extent 1. Only a TABLE
 * keeps its axes. The first dimension is contiguous. Only masks as PAIRS, and LIST, may be
 * broadcast (stride 0). If a caller's tensor does not have this layout, the runtime copies it. */
enum {
  ATTN_FORM_ROWS = 0,  /* (feature, position, batch); positions are `query`, `key` or `update` */
  ATTN_FORM_HEADS = 1, /* (size, head, position, batch) */
  ATTN_FORM_PAIRS = 2, /* (key, query, head, batch): scores and masks. Truths are uint8 (an absent
                          mask is a single true byte), soft masks have compute_dtype */
  ATTN_FORM_CACHE = 3, /* (size, head, key, slot, batch) */
  ATTN_FORM_LIST = 4,  /* (batch): indices, as int32 */
  ATTN_FORM_TABLE = 5  /* the table's own axes, at most 4, the last one innermost, followed by
                          dimensions of extent 1. Numbers have compute_dtype, indices are int32,
                          truths uint8. Kernels clamp an index to the table */
};

typedef struct attn_argument {
  uint8_t kind;
  uint8_t form;  /* inputs and outputs: ATTN_FORM_...; lengths: the axis' kind, ATTN_AXIS_... */
  int16_t index; /* inputs and flags: into inputs; packed: into packings; outputs: into outputs;
                    lengths: the axis' number */
} attn_argument;

/* A kernel. `arguments` of `run` are addresses, in this order: of an attn_call*, then of every
 * argument's attn_buffer, flag or length. `workspace` takes the same and one more, an attn_buffer
 * of rank 1 over an int64_t[2]. It receives the bytes that the call allocates once, and the bytes
 * that each worker has allocated at any one time. `workspace` does not read the contents of
 * tensors. */
typedef int (*attn_kernel_function)(void** arguments);

/* A way to compute some outputs from some inputs. A call takes the first path of the variant that
 * makes exactly the outputs asked for and serves its inputs and its number of queries. */
typedef struct attn_path {
  const char* name;
  uint32_t outputs;       /* bit i: this path makes outputs[i] */
  uint32_t given, absent; /* bit i: serves only calls with (without) inputs[i] */
  int32_t most_queries;   /* serves only calls of at most this many queries; 0: any number */
  int32_t argument_count;
  const attn_argument* arguments;
  attn_kernel_function run;
  attn_kernel_function workspace;
} attn_path;

/* The CPU features that a variant needs. It is not chosen unless the CPU has all of them. */
enum {
  ATTN_CPU_SSE41 = 1,
  ATTN_CPU_AVX = 2,
  ATTN_CPU_F16C = 4,
  ATTN_CPU_FMA = 8,
  ATTN_CPU_AVX2 = 16,
  ATTN_CPU_AVX512 = 32 /* F, CD, VL, DQ and BW: what x86-64-v4 has */
};

typedef struct attn_variant {
  const char* target; /* "avx512", "avx2", "baseline" */
  uint64_t cpu;       /* ATTN_CPU_... */
  int32_t pipes; /* 1 or 2: for processors that start so many multiply-adds of whole vectors in a
                         cycle; 0: for any. Kernels of one target run on all of them, and are faster
                         on those that they are for */
  int32_t packing_count, path_count;
  const attn_packing* packings;
  const attn_path* paths;
} attn_variant;

/* ---- the layer ------------------------------------------------------------------------------- */

typedef struct attn_layer_table {
  uint32_t abi_version;
  int32_t input_count, weight_count, output_count, variant_count;
  int32_t compute_dtype; /* ATTN_FLOAT32 or ATTN_FLOAT64: the type of arithmetic and of packed
                            weights */
  uint64_t fingerprint;
  const char* name;    /* "model::encoder" */
  const char* library; /* "my_layers" */
  const attn_tensor_info* inputs;
  const attn_tensor_info* weights; /* in the order of the original's get_weights */
  const attn_tensor_info* outputs;
  const attn_variant* variants; /* best first; those of a target for any processor last */
} attn_layer_table;

/* The directory of a shared library (`attnc build --shared`), exported beside its tables under the
 * name ATTN_DIRECTORY_SYMBOL. attn::open finds the layers through it. The first two members stay
 * the same in every ABI version. */
typedef struct attn_library_directory_table {
  uint32_t abi_version;
  int32_t layer_count;
  const char* library; /* "my_layers" */
  const attn_layer_table* const* layers;
} attn_library_directory_table;

#define ATTN_DIRECTORY_SYMBOL "attn_library_directory"

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* ATTN_RUNTIME_KERNEL_ABI_H */
