// plan.h - the kernel plan: everything the emitter needs, as plain data that can be printed.
//
// It stands between MLIR and Halide and includes neither. A plan is one layer for one target: its
// inputs and outputs, how its weights are packed, and its paths, one or more for each set of
// outputs that a caller can request. A path is a list of stages over numbered values; the emitter
// turns it into one Halide pipeline, stage by stage.
//
//   layer model::encoder (my_layers, avx512)
//     path output
//       %1 = project query by #0 query/kernel + #1 query/bias, heads 12 x 32: query rows
//       %6 = attention %1, %3, %5: online, heads 12, sizes 32 and 32, rows without keys: uniform
//       output = project %6 by #6 attention_output/kernel + #7 attention_output/bias: rows
#pragma once
#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "attn/formula.h"  // attn::Fn: the language's own functions
#include "attn/graph.h"    // attn::Kind, attn::Type, attn::FullyMasked
#include "plan/schedule.h"

namespace attnc {

/// The element type of a call's tensors, and of stored weights, under a policy: float32, float64,
/// float16 or bfloat16. Mixed policies keep weights in float32.
constexpr attn::DTypePolicy tensor_type(attn::DTypePolicy policy) {
  using enum attn::DTypePolicy;
  return policy == mixed_float16 ? float16 : policy == mixed_bfloat16 ? bfloat16 : policy;
}
/// What kernels compute in: float32, and float64 under the policy float64.
constexpr attn::DTypePolicy compute_type(attn::DTypePolicy policy) {
  return policy == attn::DTypePolicy::float64 ? policy : attn::DTypePolicy::float32;
}
constexpr attn::DTypePolicy weight_type(attn::DTypePolicy policy) {
  return tensor_type(policy) == policy ? policy : attn::DTypePolicy::float32;
}

/// What a schedule is chosen by: the head sizes of the layer's first attention (0 if it has none)
/// and the layer's dtype policy.
struct Work {
  int key_size = 0, value_size = 0;
  attn::DTypePolicy dtype{};
};

struct PlanAxis {
  attn::Kind kind{};
  int number = 0;
  int of = -1;         // a feature axis without extent: the input whose feature size it has
  int64_t extent = 0;  // 0: free, known only at run time
  int64_t least = 0;   // a free axis of an input: the shortest length that a call may bring
  bool operator==(const PlanAxis&) const = default;
};

struct PlanTensor {
  std::string name;
  std::vector<PlanAxis> axes;
  attn::Type type = attn::Type::real;
  bool optional = false;
  int or_input = -1;    // inputs: the input that replaces this one when it is absent
  bool soft = false;    // inputs: a mask of real numbers; 1 everywhere when it is absent
  bool table = false;   // inputs: read at indices on its own axes, or one real number
  uint8_t reading = 0;  // inputs: how a mask given as numbers is read; attn::Reading
  int starts_as = -1;   // outputs: the input whose contents it holds when the path starts
};

/// The type of a step's result. An index has 32 bits and wraps around; a bound of indices has 64
/// bits and never overflows.
enum class PlanType : uint8_t { real, index, bound, truth };
inline constexpr std::array<const char*, 4> plan_type_names{"real", "index", "bound", "truth"};

/// The first and last query of a tile and the first and last key of a cell, all inclusive: what an
/// `edge` step reads.
enum class PlanEdge : uint8_t { first_query, last_query, first_key, last_key };
inline constexpr std::array<const char*, 4> edge_names{"first_query", "last_query", "first_key",
                                                       "last_key"};

/// A step of a formula: a function applied to earlier steps. Operands have the types that the
/// function takes (attn::Signature); a conversion of an index to a bound or a real is a step of its
/// own.
struct PlanStep {
  attn::Fn fn{};
  PlanType type{};
  std::array<int16_t, 4> operand{-1, -1, -1, -1};
  uint64_t bits = 0;  // as in attn::Step; a bound as an int64_t, an edge as a PlanEdge
  bool operator==(const PlanStep&) const = default;
  double real() const { return std::bit_cast<double>(bits); }
  int32_t index() const { return static_cast<int32_t>(static_cast<uint32_t>(bits)); }
  int64_t bound() const { return static_cast<int64_t>(bits); }
  PlanEdge edge() const { return static_cast<PlanEdge>(bits); }
  attn::AxisName axis() const { return attn::AxisName::of_bits(bits); }
};

/// A formula after folding in the dialect: steps in order, operands before their uses, and the
/// numbers of the steps that are its results (one for a mask or a score function, two for key
/// bounds). `read_input(i)` or `read_packing(i)` says what an `own` or `element` step reads.
struct PlanFormula {
  std::vector<PlanStep> steps;
  std::vector<int> results;
  bool empty() const { return steps.empty(); }
};
/// The bits of an `own` or `element` step: an input of the layer (a table if it is read at
/// indices), or a weight as packing `i`, a vector of all its elements in order (contracted 0, panel
/// width 1, no padding). A table or a weight without axes is read by `own`. An index outside a
/// table or a weight counts as the nearest one inside.
constexpr uint64_t read_input(int i) { return static_cast<uint64_t>(i); }
constexpr uint64_t read_packing(int i) { return (uint64_t{1} << 32) | static_cast<uint64_t>(i); }
constexpr bool reads_packing(const PlanStep& s) { return (s.bits >> 32) != 0; }
constexpr int read_index(const PlanStep& s) { return static_cast<int>(s.bits & 0xffffffffu); }

/// The memory layout of a value between stages; its consumer decides it. Several axes of one kind
/// count as one here (see ATTN_FORM_... in kernel_abi.h).
enum class Layout {
  rows,        // [position][column]: features, or heads side by side
  query_rows,  // [position][head * size]: queries as attention reads them
  key_panels,  // [panel of keys][head * size][lane]: transposed, one lane per key
  value_rows,  // [position][head * padded size]: values as attention reads them
  heads,       // [batch, position, head, size]: in the caller's memory, or made by a Map
  pairs,       // [batch, head, query, key]: scores and probabilities
  cache,       // [batch, slot, key, head, size]
};

struct PlanValue {
  std::string name;  // the name of an input or output, else "%7"
  std::vector<PlanAxis> axes;
  int input = -1;  // index into Plan::inputs; -1: made by a stage, or part of another value
  Layout layout = Layout::rows;
  // For a part of another value, which is not copied:
  int of = -1;          // the other value
  int slot = -1;        // a slot of a cache (0 keys, 1 values); the part has layout heads
  int first_head = -1;  // the first of some heads; `axes` says how many
};

/// The memory layout of one weight in this variant; field for field attn_packing in kernel_abi.h.
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

// ---- stages. `reads` passes what a stage reads to `use`, which has value(int), input(int),
// packing(int) and formula(const PlanFormula&).

/// y[position, column] = sum over row of x[position, row] * kernel[row, column] + bias[column]
struct Projection {
  int x = -1, result = -1;       // values; x has layout rows
  int kernel = -1, bias = -1;    // packings; bias may be -1
  int heads = 0, head_size = 0;  // of the result; 0: features
  int head_size_padded = 0;      // columns of a head in the result

  template <class Use>
  void reads(Use&& use) const {
    use.value(x), use.packing(kernel);
    if (bias >= 0) use.packing(bias);
  }
};

/// The minimum and the maximum of a formula over the queries of a tile, or over the keys of a cell.
/// For a truth: whether it holds for all of them, and whether it holds for any.
struct Extremes {
  std::optional<attn::Kind> over;  // query or key: the formula does not read the other's position.
                                   // nullopt: all pairs, for a mask of the call; known where it is
                                   // one number for all of them
  PlanFormula formula;             // one result
};

/// The loop nest of an attention stage; each has a file of its own in codegen/halide.
enum class KernelFamily : uint8_t {
  online,       // scores are never stored
  with_scores,  // probabilities are stored, for the caller or for another stage
  few,          // a few queries; keys and values are read in place
  decode,       // one query; keys and values are read in place
};

/// The softmax over keys of masked scores, and the sum of values weighted by it. A score is
///   s = scale * sum over the size of q * k, or of pair(q, k);
///   then score(s), if there is such a formula;
///   then s - 1e9 for pairs that the mask hides, under the rule `additive`.
/// In formulas several query axes (or key axes) count as one, the last one innermost:
/// position(query) runs over all of them. length(query) with number n > 0 is the length of the axis
/// query.n alone.
struct Attention {
  int query = -1, key = -1, value = -1, result = -1;  // values; result: rows, or heads as an output
  int scores = -1;  // the value that receives probabilities (pairs); -1: never stored
  KernelFamily family = KernelFamily::online;
  // Query head h reads key head h / (heads / key_heads). Values without a head axis have one head.
  // A head of the result takes value_size_padded columns of a row.
  int heads = 1, key_heads = 1, key_size = 0, value_size = 0, value_size_padded = 0;
  double scale = 1;
  PlanFormula pair;   // of argument 0 (the query's number) and 1 (the key's); empty: their product
  PlanFormula score;  // of argument 0, the score; empty: unchanged
  PlanFormula mask;   // empty: every key is visible
  PlanFormula keys;   // [begin, end) of the keys that a tile of queries can see, as bounds, from
                      // first_query and last_query; empty: all keys
  // Whether any pair of a tile of queries and a cell of keys can be visible, and whether all of
  // them certainly are: two results, computed from all four edges. Argument 2 i is the minimum of
  // extremes[i] (over the tile or the cell), argument 2 i + 1 the maximum; they are indices or
  // truths. Empty where nothing is known without looking at every pair.
  PlanFormula blocks;
  std::vector<Extremes> extremes;
  std::string shape;         // the mask in words: "causal & window of 512 to either side"
  PlanFormula sink;          // of batch, head and query: a score that joins the sum of every row
  bool sigmoid = false;      // probabilities are sigmoid(score), 0 where the mask hides; no softmax
  attn::FullyMasked rule{};  // for rows without a visible key

  template <class Use>
  void reads(Use&& use) const {
    use.value(query), use.value(key), use.value(value);
    for (const PlanFormula* f : {&pair, &score, &mask, &keys, &blocks, &sink}) use.formula(*f);
    for (const Extremes& e : extremes) use.formula(e.formula);
  }
};

/// The sum of values weighted by given probabilities (an input, or a part of one).
struct Combine {
  int probabilities = -1, value = -1, result = -1;  // pairs, value_rows or heads, rows
  int heads = 1, value_heads = 1, value_size = 0, value_size_padded = 0;

  template <class Use>
  void reads(Use&& use) const {
    use.value(probabilities), use.value(value);
  }
};

/// cache[b, 0, at[b] + l, ..] = keys[b, l, ..], and values likewise in slot 1; `at` is clamped so
/// that they fit. The result is an output of layout cache that starts as the input
/// (PlanTensor::starts_as), so only new positions are written.
struct Splice {
  int cache = -1, keys = -1, values = -1, result = -1;  // values; keys and values as rows
  int at = -1;                                          // an input of indices
  int heads = 1, size = 0;

  template <class Use>
  void reads(Use&& use) const {
    use.value(keys), use.value(values), use.input(at);
  }
};

/// result = formula(inputs...) elementwise, on rows, heads or pairs (the layout of the result).
/// Inputs have the same layout; where that is heads, they may also be rows of heads.
struct Map {
  std::vector<int> inputs;
  int result = -1;
  PlanFormula formula;
  // Of heads: their number, their size, and the columns of each in rows of heads; else 0.
  int heads = 0, head_size = 0, head_size_padded = 0;

  template <class Use>
  void reads(Use&& use) const {
    for (int v : inputs) use.value(v);
    use.formula(formula);
  }
};

/// The heads of `first`, then those of `second`, all with layout pairs. The result is an output.
struct ConcatHeads {
  int first = -1, second = -1, result = -1;

  template <class Use>
  void reads(Use&& use) const {
    use.value(first), use.value(second);
  }
};

using Stage = std::variant<Projection, Attention, Combine, Splice, Map, ConcatHeads>;

/// The number of keys in a cell. `blocks` is evaluated for a tile of queries and a cell of keys
/// before scores are computed. Cells begin at multiples of their width: `tile_vectors`
/// vectors, or one where there is a pair function, as such scores are computed a vector at a time.
inline int cell_keys(const Schedule& s, const Attention& a) {
  return a.pair.empty() ? s.vector * s.tile_vectors : s.vector;
}

struct Path {
  std::string name;  // "output", "output_attention_scores", "output_decode"
  KernelFamily family = KernelFamily::online;  // of its attention, where that stores no scores
  std::vector<int> given, absent;  // serves only calls that bring (leave out) these inputs
  int most_queries = 0;      // serves calls of at most this many queries; 0: any number. Of several
                             // paths with the same outputs, the first that serves a call is taken
  std::vector<int> outputs;  // indices into Plan::outputs
  std::vector<int> output_values;  // for each output, its value
  std::vector<PlanValue> values;
  std::vector<Stage> stages;

  /// The place in `outputs` of the output that a value is, or -1.
  int output_of(int value) const {
    const auto at = std::find(output_values.begin(), output_values.end(), value);
    return at == output_values.end() ? -1 : static_cast<int>(at - output_values.begin());
  }
};

struct Plan {
  std::string layer;    // "model::encoder"
  std::string library;  // "my_layers"
  std::string target;   // "avx512", "avx2", "baseline"
  int pipes = 0;        // for processors with so many multiply-add pipes, 1 or 2; 0: for any
  uint64_t fingerprint = 0;
  attn::DTypePolicy dtype{};  // how tensors and weights are stored; kernels compute in float32, and
                              // in float64 only under the policy float64
  std::vector<PlanTensor> inputs, weights, outputs;
  std::vector<Packing> packings;
  std::vector<Path> paths;
  Schedule schedule;
  // Where its numbers come from, a line each: the row of a schedule file, then measured runs. The
  // same text on every machine. Empty: whoever made the plan chose the numbers.
  std::vector<std::string> schedule_from;
  bool tuned = false;  // some of its numbers were measured for this layer
};

/// The plan as text: the same bytes on every machine.
std::string print(const Plan& plan);

}  // namespace attnc
