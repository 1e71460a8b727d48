// plan.h - the kernel plan: all that the emitter needs, as plain data that can be printed.
//
// It stands between MLIR and Halide and includes neither. A plan is one layer for one target: what
// it takes and returns, how its weights are packed, and one path for each set of outputs that a
// caller can ask for. A path is a list of stages over numbered values; the emitter turns a path
// into one Halide pipeline, stage by stage.
//
//   layer model::encoder (avx512)
//     path output
//       %3 = project query by query/kernel + query/bias, scale 0.180337, heads 12 x 64, for queries
//       %6 = attention %3, %4, %5: online, rows without keys: uniform, keys [0, ..)
//       output = project %6 by attention_output/kernel + attention_output/bias
#pragma once
#include <array>
#include <bit>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "attn/formula.h"  // attn::Fn: the language's own functions
#include "attn/graph.h"    // attn::Kind, attn::Type, attn::FullyMasked
#include "plan/schedule.h"

namespace attnc {

/// What the tensors of a call, or the weights of a file, are stored as under a policy: float32,
/// float64, float16 or bfloat16. Mixed policies keep weights in float32.
constexpr attn::DTypePolicy tensor_type(attn::DTypePolicy policy) {
  using enum attn::DTypePolicy;
  return policy == mixed_float16 ? float16 : policy == mixed_bfloat16 ? bfloat16 : policy;
}
constexpr attn::DTypePolicy weight_type(attn::DTypePolicy policy) {
  return tensor_type(policy) == policy ? policy : attn::DTypePolicy::float32;
}

struct PlanAxis {
  attn::Kind kind{};
  int number = 0;
  int of = -1;         // a feature axis without extent: the input whose feature size it is
  int64_t extent = 0;  // 0: known at run time
  int64_t least = 0;   // of a free axis of an input: what calls bring at least
  bool operator==(const PlanAxis&) const = default;
};

struct PlanTensor {
  std::string name;
  std::vector<PlanAxis> axes;
  attn::Type type = attn::Type::real;
  bool optional = false;
  int or_input = -1;    // inputs: stands in when this one is absent
  bool soft = false;    // inputs: a mask of numbers, 1 where it is absent
  bool table = false;   // inputs: read at indices, all axes as they are
  uint8_t reading = 0;  // inputs: how a mask of numbers is read; attn::Reading
  int starts_as = -1;   // outputs: the input whose contents the path finds in it
};

/// What a step makes. An index has 32 bits and wraps around; a bound of indices has 64, which it
/// never leaves.
enum class PlanType : uint8_t { real, index, bound, truth };
inline constexpr std::array<const char*, 4> plan_type_names{"real", "index", "bound", "truth"};

/// Where a tile of queries and a cell of keys begin and end, all of them inside: what an `edge`
/// step asks for.
enum class PlanEdge : uint8_t { first_query, last_query, first_key, last_key };
inline constexpr std::array<const char*, 4> edge_names{"first_query", "last_query", "first_key",
                                                       "last_key"};

/// A step of a formula: a function of earlier steps, whose operands have the types that it takes
/// (attn::Signature). What is of another type was converted by a step of its own: an index to a
/// bound or a real.
struct PlanStep {
  attn::Fn fn{};
  PlanType type{};
  std::array<int16_t, 4> operand{-1, -1, -1, -1};
  uint64_t bits = 0;  // as attn::Step has them; a bound is a number of 64 bits; of an edge PlanEdge
  bool operator==(const PlanStep&) const = default;
  double real() const { return std::bit_cast<double>(bits); }
  int32_t index() const { return static_cast<int32_t>(static_cast<uint32_t>(bits)); }
  int64_t bound() const { return static_cast<int64_t>(bits); }
  PlanEdge edge() const { return static_cast<PlanEdge>(bits); }
  attn::AxisName axis() const { return attn::AxisName::of_bits(bits); }
};

/// A formula after the dialect's folding: steps in order, operands before their use, and the steps
/// that are its results (one for a mask or a score function, two for key bounds). `own` and
/// `element` name what they read by `read_input(i)` or `read_packing(i)`.
struct PlanFormula {
  std::vector<PlanStep> steps;
  std::vector<int> results;
  bool empty() const { return steps.empty(); }
};
/// Bits of an `own` or `element` step: an input of the layer (a table where it is read at indices;
/// a table without axes is read by `element` too), or a weight as packing `i`, a vector of all its
/// elements in their order (contracted 0, panel width 1, no padding). An index outside a table or a
/// weight counts as the nearest inside.
constexpr uint64_t read_input(int i) { return static_cast<uint64_t>(i); }
constexpr uint64_t read_packing(int i) { return (uint64_t{1} << 32) | static_cast<uint64_t>(i); }
constexpr bool reads_packing(const PlanStep& s) { return (s.bits >> 32) != 0; }
constexpr int read_index(const PlanStep& s) { return static_cast<int>(s.bits & 0xffffffffu); }

/// How a value lies in memory between stages; decided by its consumer.
enum class Layout {
  rows,        // [position][column]: what leaves the path, and the operand of a projection
  query_rows,  // [position][head * size]: rows that attention reads
  key_panels,  // [panel of keys][head * size][lane]: transposed, lanes count keys
  value_rows,  // [position][head * padded size]
  heads,  // [batch, position, head, size]: an input or output of the path, where the caller has it
  pairs,  // [batch, head, query, key]: scores and probabilities
  cache,  // [batch, slot, key, head, size]
};
/// Several axes of one kind count as one here (see ATTN_FORM_... in kernel_abi.h).

struct PlanValue {
  std::string name;  // an input's or output's name, else "%7"
  std::vector<PlanAxis> axes;
  int input = -1;  // index into Plan::inputs, or -1: made by a stage, or part of another value
  Layout layout = Layout::rows;
  // A part of another value, which nothing is copied for:
  int of = -1;          // that value
  int slot = -1;        // of a cache: 0 keys, 1 values; the part's layout is heads
  int first_head = -1;  // heads from this one on, as many as the axes say
};

/// How one weight lies in memory for this variant; field for field attn_packing in kernel_abi.h.
struct Packing {
  int weight = -1;
  bool vector = false;
  int contracted = 0;
  int row_block = 0, row_block_padded = 0;
  int column_block = 0, column_block_padded = 0;
  int panel_width = 0;
  double scale = 1;
  bool operator==(const Packing&) const = default;
};

// ---- stages. `reads` hands what a stage reads to `use`, which has value(int), input(int), packing(int)
// and formula(const PlanFormula&).

/// y[position, column] = sum over row of x[position, row] * kernel[row, column] + bias[column]
struct Projection {
  int x = -1, result = -1;       // values; x an input of rows, or rows that a stage made
  int kernel = -1, bias = -1;    // packings; bias may be -1
  int heads = 0, head_size = 0;  // of the result; 0: features
  int head_size_padded = 0;      // columns that a head takes in the result

  template <class Use>
  void reads(Use&& use) const {
    use.value(x), use.packing(kernel);
    if (bias >= 0) use.packing(bias);
  }
};

/// The least and the most that a formula is over the queries of a tile, or over the keys of a cell:
/// of an index its bounds, of a truth whether it holds for all and whether it holds for one.
struct Extremes {
  attn::Kind over{};  // query or key; the formula reads no position of the other. `other` stands
                      // for all pairs: of a mask of the call, known where it is one number for all
  PlanFormula formula;  // one result
};

/// The loop nest that makes an attention: a file each in codegen/halide.
enum class KernelFamily : uint8_t {
  online,       // scores are never stored
  with_scores,  // probabilities are stored, for a caller that asks or for another stage
  decode,       // one query, keys and values read where they lie
};

/// softmax over keys of scores under a mask, and the weighted sum of values. A score is made thus:
///   s = scale * sum over the size of q * k, or of pair(q, k)
///   s = score(s), if there is such a formula; under the rule `additive` s - 1e9 for pairs that the
///   mask hides
/// Several axes of queries, or of keys, are one in formulas, the last one innermost:
/// position(query) counts all of them. length(query) with number n > 0 is that of the axis query.n
/// alone.
struct Attention {
  int query = -1, key = -1, value = -1, result = -1;  // values; result rows, or heads as an output
  int scores = -1;  // the value that receives probabilities (pairs); -1: never stored
  KernelFamily family = KernelFamily::online;
  // Query head h reads key head h / (heads / key_heads). Values without a head axis have one head.
  // A head of the result takes value_size_padded columns of a row.
  int heads = 1, key_heads = 1, key_size = 0, value_size = 0, value_size_padded = 0;
  double scale = 1;
  PlanFormula pair;   // of argument 0 (the query's number) and 1 (the key's); empty: their product
  PlanFormula score;  // of argument 0; empty: as it is
  PlanFormula mask;   // empty: every key
  PlanFormula keys;   // [begin, end) of keys that a tile of queries can see, bounds; empty: all.
                      // Of first_query and last_query
  // Of a tile of queries and a cell of keys: whether a pair of them can be visible, and whether all
  // surely are. Empty where nothing is known without a look at every pair. Of all four edges;
  // argument 2 i is the least of extremes[i] (over the tile, or the cell), argument 2 i + 1 the
  // most, of type index or truth. Two results.
  PlanFormula blocks;
  std::vector<Extremes> extremes;
  std::string shape;  // what the mask is, by its formula: "causal & window of 512 to either side"
  PlanFormula sink;   // of batch, head and query: a score that joins every row's sum
  bool sigmoid = false;      // probability(i, j) is sigmoid(score), 0 where the mask hides: no sum
  attn::FullyMasked rule{};  // rows without a key

  template <class Use>
  void reads(Use&& use) const {
    use.value(query), use.value(key), use.value(value);
    for (const PlanFormula* f : {&pair, &score, &mask, &keys, &blocks, &sink}) use.formula(*f);
    for (const Extremes& e : extremes) use.formula(e.formula);
  }
};

/// The sum of values weighted by probabilities that are there (an input, or a part of one).
struct Combine {
  int probabilities = -1, value = -1, result = -1;  // pairs, value_rows or heads, rows
  int heads = 1, value_heads = 1, value_size = 0, value_size_padded = 0;

  template <class Use>
  void reads(Use&& use) const {
    use.value(probabilities), use.value(value);
  }
};

/// cache[b, slot, at[b] + l, ..] = keys or values[b, l, ..], at clamped to where they fit. The
/// result is an output of layout cache that starts as the input (PlanTensor::starts_as): only new
/// positions are written.
struct Splice {
  int cache = -1, keys = -1, values = -1, result = -1;  // values; keys and values as rows
  int at = -1;                                          // an input of indices
  int heads = 1, size = 0;

  template <class Use>
  void reads(Use&& use) const {
    use.value(keys), use.value(values), use.input(at);
  }
};

/// result = formula(inputs...) elementwise, at rows, heads or pairs (the layout of the result). Its
/// inputs have that layout, or are rows of heads where the result is heads.
struct Map {
  std::vector<int> inputs;
  int result = -1;
  PlanFormula formula;
  // Of rows of heads: how many, of which size, and the columns that each takes; else 0.
  int heads = 0, head_size = 0, head_size_padded = 0;

  template <class Use>
  void reads(Use&& use) const {
    for (int v : inputs) use.value(v);
    use.formula(formula);
  }
};

/// Heads of `first`, then those of `second`: pairs. The result is an output.
struct ConcatHeads {
  int first = -1, second = -1, result = -1;

  template <class Use>
  void reads(Use&& use) const {
    use.value(first), use.value(second);
  }
};

using Stage = std::variant<Projection, Attention, Combine, Splice, Map, ConcatHeads>;

/// Keys of a cell: what `blocks` is asked about, with a tile of queries, before a register tile of
/// scores is computed. Cells lie at multiples of it. (Scores that are no products are made a vector
/// at a time.)
inline int cell_keys(const Schedule& s, const Attention& a) {
  return a.pair.empty() ? s.vector * s.tile_vectors : s.vector;
}

struct Path {
  std::string name;                // "output", "output_attention_scores", "output_decode"
  std::vector<int> given, absent;  // serves calls that bring (leave out) these inputs
  int most_queries = 0;      // serves calls of at most so many queries; 0: of any number. Of the
                             // paths of one set of outputs the first that serves a call is taken
  std::vector<int> outputs;  // indices into Plan::outputs
  std::vector<int> output_values;  // the value that each of them is
  std::vector<PlanValue> values;
  std::vector<Stage> stages;
};

struct Plan {
  std::string layer;    // "model::encoder"
  std::string library;  // "my_layers"
  std::string target;   // "avx512", "avx2", "baseline"
  uint64_t fingerprint = 0;
  attn::DTypePolicy dtype{};  // how tensors and weights are stored; kernels compute in float32, but
                              // under float64
  std::vector<PlanTensor> inputs, weights, outputs;
  std::vector<Packing> packings;
  std::vector<Path> paths;
  Schedule schedule;
};

/// The plan as text: the same bytes on every machine.
std::string print(const Plan& plan);

}  // namespace attnc
