/* kernel_abi.h - the contract between a generated library and the runtime, in C.
 *
 * A generated library exports one symbol a layer, an `attn_layer_table`. It is data: what the layer
 * takes and returns (named axes, so that shapes can be checked by one function for every layer), how
 * each variant wants its weights packed, and the compiled kernels. What a kernel needs from outside
 * (memory, threads) comes through the `attn_call` of that call and through nothing else, so a library
 * has no undefined symbols but memcpy and memset, and two of them never meet in one program.
 *
 *     extern "C" const attn_layer_table attn_my_layers_model_encoder;
 *
 * Everything here is read-only, static storage of the library. Not here: how a caller uses a layer
 * (any_layer.h), which does all checking; kernels trust what they are given.
 */
#ifndef ATTN_RUNTIME_KERNEL_ABI_H
#define ATTN_RUNTIME_KERNEL_ABI_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Raised with every change of anything below; a runtime refuses a table with another number. */
#define ATTN_ABI_VERSION 5

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
  ATTN_AXIS_UPDATE = 3,
  ATTN_AXIS_SLOT = 4,
  ATTN_AXIS_HEAD = 5,
  ATTN_AXIS_SIZE = 6,
  ATTN_AXIS_FEATURE = 7,
  ATTN_AXIS_OTHER = 8
};

typedef struct attn_axis {
  uint8_t kind;   /* ATTN_AXIS_... */
  uint8_t number; /* the second query axis has number 1 */
  int16_t of;     /* a feature axis without extent: the input whose feature size it is; else -1 */
  int64_t extent; /* 0: free. Axes with equal (kind, number, of) and no extent have one length a
                     call */
  int64_t least;  /* of a free axis of an input: a call with a shorter one is refused; 0: of any
                     length */
} attn_axis;

/* ---- what a layer takes and returns ---------------------------------------------------------- */

enum {
  ATTN_VALUE_REAL = 0,  /* numbers of `dtype` */
  ATTN_VALUE_INDEX = 1, /* integers of any type, [batch] or one for all; absent: 0 */
  ATTN_VALUE_TRUTH = 2, /* rank > 0: a mask, any element type, `reading` says what is true,
                           broadcast; rank 0: a flag; absent: a mask is true, a flag false */
  ATTN_VALUE_SOFT = 3,  /* a mask of numbers: any element type, broadcast as masks are; absent: 1 */
  /* What formulas read at indices: tables, with all their axes and nothing broadcast. An axis of
   * kind ATTN_AXIS_OTHER without extent has a length of its own, at least 1; the others those of
   * the call. */
  ATTN_VALUE_TABLE = 4,       /* numbers of any type; an absent one is 1 everywhere */
  ATTN_VALUE_INDEX_TABLE = 5, /* integers of any type; absent: 0 */
  ATTN_VALUE_TRUTH_TABLE = 6  /* any element type, what is not zero is true; absent: true */
};

/* How a mask is read. Of numbers (one of ATTN_BOOL is true where it is not zero, always). Otherwise
 * than by these, what is not zero is true, and a call is refused where a number is negative, infinite
 * or NaN: numbers to add to scores, in which 0 is visible, would be read as their opposite. Keras's
 * layers differ: each takes what is above 0.5 where it makes the probabilities itself, and where
 * nothing made the mask a bool before. */
enum {
  ATTN_READ_ABOVE_HALF = 1,               /* in calls that take no optional output */
  ATTN_READ_ABOVE_HALF_WITH_OPTIONAL = 2, /* in calls that take one */
  ATTN_READ_ONLY_MASK = 4,  /* but only where no other mask is given, and no flag is true */
  ATTN_READ_ANY_NUMBER = 8, /* no number is refused: as Keras's Attention reads its masks */
  /* Axes that it lacks are the query's and the first ones: [key] and [batch.1, key] of
   * [batch, batch.1, query, key]. Otherwise those before the query and the key:
   * [batch, query, key] lacks heads. */
  ATTN_READ_FROM_RIGHT = 16
};

typedef struct attn_tensor_info {
  const char* name; /* "query", "query/kernel", "attention_scores" */
  const attn_axis* axes;
  uint8_t rank;
  uint8_t value;    /* ATTN_VALUE_... */
  uint8_t dtype;    /* of real values; weights of any floating type are taken and converted */
  uint8_t optional; /* inputs: may be left out; outputs: made for a caller that asks */
  int16_t or_input; /* inputs: the input that stands in for this one when it is left out; else -1 */
  int16_t starts_as; /* outputs: the input whose contents the kernel finds in it, as a cache that
                        it adds to. The caller may give both the same memory; else the runtime
                        copies. Else -1 */
  uint8_t reading;   /* truths: ATTN_READ_... */
} attn_tensor_info;

/* The number of keys is that of the axis `key`. Where no tensor of a call but masks tells it, they are
 * as many as the positions of `update`: keys that are no cache's. */

/* ---- packed weights -------------------------------------------------------------------------- */

enum {
  /* The weight as a matrix of `rows` x `columns`, of the table's compute_dtype, in panels [panel][row][lane] of
   * `panel_width` columns. Zeros fill the last panel and whatever padding adds. */
  ATTN_PACK_PANELS = 0,
  /* A vector of `columns`, padded as the panels' columns are. */
  ATTN_PACK_VECTOR = 1
};

/* One packed weight of a variant. The weight's axes are split into the leading `contracted` ones,
 * whose product is the number of rows, and the rest, whose product is the number of columns. Rows
 * come in blocks of `row_block` that are padded to `row_block_padded` (0: one block, no padding),
 * columns likewise: so a head whose size is no multiple of the vector's width begins on one.
 * Everything is multiplied by `scale`. */
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

/* What a kernel may ask for while it runs; the runtime makes one a call (and one a worker). */
typedef struct attn_call {
  /* `bytes` of memory aligned to 128 bytes, valid until `release`. Never null: the caller's
   * workspace was checked against the kernel's own `workspace` before. */
  void* (*allocate)(struct attn_call* call, uint64_t bytes);
  void (*release)(struct attn_call* call, void* memory);
  /* Calls task(call', i, closure) once for every i in [min, min + extent), on any threads, and
   * returns when all have returned. call' is the worker's own. Returns 0. */
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
  ATTN_ARGUMENT_FLAG = 1,   /* a uint8_t, 0 or 1: the input of rank 0 */
  ATTN_ARGUMENT_PACKED = 2, /* an attn_buffer of compute_dtype: panels (panel_width, rows, panels)
                               or a vector */
  ATTN_ARGUMENT_OUTPUT = 3, /* an attn_buffer, as for inputs */
  ATTN_ARGUMENT_LENGTH = 4  /* an int32_t: the length of the axis of kind `form` and number
                               `index` */
};

/* The dimensions that a kernel sees, innermost first, whatever the order and number of the tensor's
 * axes: each is all axes of its kinds as one, the one with the highest number innermost (`query.1` in
 * `query`), or 1 long where the tensor has none; but a TABLE keeps its axes. The first is
 * contiguous; only PAIRS of masks and LIST may broadcast (stride 0). Where a caller's tensor does
 * not lie so, the runtime copies it. */
enum {
  ATTN_FORM_ROWS = 0,  /* (feature, position, batch), a position being of `query`, `key` or
                          `update` */
  ATTN_FORM_HEADS = 1, /* (size, head, position, batch) */
  ATTN_FORM_PAIRS = 2, /* (key, query, head, batch): scores and masks; truths are uint8 (an absent
                          one is one true byte), soft masks of compute_dtype */
  ATTN_FORM_CACHE = 3, /* (size, head, key, slot, batch) */
  ATTN_FORM_LIST = 4,  /* (batch): indices, as int32 */
  ATTN_FORM_TABLE = 5  /* a table's own axes, at most 4, the last one innermost, and then
                          dimensions 1 long: numbers of compute_dtype, indices as int32, truths as
                          uint8. A kernel takes an index outside as the nearest inside */
};

typedef struct attn_argument {
  uint8_t kind;
  uint8_t form;  /* of inputs and outputs; of a length the axis' kind, ATTN_AXIS_... */
  int16_t index; /* into inputs, inputs, packings, outputs; of a length the axis' number */
} attn_argument;

/* A kernel. `arguments` of `run` are the addresses, in order, of: an attn_call*, then for every
 * argument its attn_buffer, flag or length. `workspace` takes the same and one more: an int64_t[2]
 * buffer of rank 1, which receives the bytes that the call allocates once and the bytes that every
 * worker allocates at a time. It reads no tensor's contents. */
typedef int (*attn_kernel_function)(void** arguments);

typedef struct attn_path {
  const char* name;
  uint32_t outputs;       /* bit i: this path makes outputs[i] */
  uint32_t given, absent; /* bit i: serves only calls that bring (leave out) inputs[i] */
  int32_t most_queries; /* serves calls of at most so many queries; 0: of any number. The first path
                           that makes what is asked and serves the call is taken */
  int32_t argument_count;
  const attn_argument* arguments;
  attn_kernel_function run;
  attn_kernel_function workspace;
} attn_path;

/* CPU features a variant needs: all of them, or it is not chosen. */
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
  int32_t packing_count, path_count;
  const attn_packing* packings;
  const attn_path* paths;
} attn_variant;

/* ---- the layer ------------------------------------------------------------------------------- */

typedef struct attn_layer_table {
  uint32_t abi_version;
  int32_t input_count, weight_count, output_count, variant_count;
  int32_t compute_dtype; /* ATTN_FLOAT32 or ATTN_FLOAT64: what kernels compute with, of packed
                            weights */
  uint64_t fingerprint;
  const char* name;    /* "model::encoder" */
  const char* library; /* "my_layers" */
  const attn_tensor_info* inputs;
  const attn_tensor_info* weights; /* in the order of the original's get_weights */
  const attn_tensor_info* outputs;
  const attn_variant* variants; /* best first */
} attn_layer_table;

/* What a shared library (`attnc build --shared`) exports beside its tables, under the name
 * ATTN_DIRECTORY_SYMBOL: how attn::open finds the layers of a library that it knows nothing of. The
 * first two members stay as they are in every version. */
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
