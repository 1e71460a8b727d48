// nodes.h - a graph as plain data: operations, weights, tables, outputs.
//
//   for (const attn::Node& n : graph.nodes)
//     if (n.op == attn::Op::project) use(graph.weights[n.weight[0]].axes);
//
// The generator receives these records and nothing else. Operands, weights, steps and tables are
// referred to by number; there are no pointers.
// Not here: how a graph is made (graph.h, operations.h), how its fields are enumerated (fields.h),
// and which graphs are well formed (validate.h).
#pragma once
#include "attn/axes.h"
#include "attn/error.h"

namespace attn {

enum class Op : std::uint8_t {
  input,    // optional, or with another value for a default
  project,  // contracts with a kernel, adds a bias
  scores,  // over pairs of query and key, a pair function summed over the last axis; empty formula:
           // the product
  map,     // elementwise: a formula of its operands and the position
  softmax,  // over all key axes, under a mask
  dropout,
  combine,
  share_heads,  // grouped queries: a key head serves several query heads
  slice_heads,
  concat_heads,
  gather,   // reads along `size` at a computed index
  splice,   // writes keys and values into a cache at an index
  slot,     // the keys or the values of a cache
  as_keys,  // new keys or values, counted by `update`, as the keys or values there are
  given,    // operand 1 in calls that bring the input operand 0, elsewhere operand 2 (or nothing)
};
inline constexpr std::array op_names{"input",       "project",      "scores",  "map",
                                     "softmax",     "dropout",      "combine", "share_heads",
                                     "slice_heads", "concat_heads", "gather",  "splice",
                                     "slot",        "as_keys",      "given"};
inline constexpr int num_ops = static_cast<int>(op_names.size());

/// A row without any allowed key: the originals disagree, so the layer says.
enum class FullyMasked : std::uint8_t {
  uniform,   // the mean of all values, padding included (Keras, fused path)
  zero,      // nothing is attended to (Keras, explicit path)
  additive,  // masked scores get -1e9 added in float32, and rounding decides (tf_keras, Luong)
};
inline constexpr std::array fully_masked_names{"uniform", "zero", "additive"};

struct FormulaRange {
  std::int16_t begin = 0, size = 0;
  constexpr bool empty() const { return size == 0; }
  constexpr bool operator==(const FormulaRange&) const = default;
};

/// The rule by what a call asks for: Keras changes it when attention scores are asked for too.
struct Rules {
  FullyMasked alone, with_scores;  // for calls that take the output alone, and the scores too
  bool sigmoid = false;            // probabilities are sigmoids of the scores, and have no sum
  constexpr Rules(FullyMasked both = FullyMasked::uniform) : alone(both), with_scores(both) {}
  constexpr Rules(FullyMasked alone, FullyMasked with_scores)
      : alone(alone), with_scores(with_scores) {}
  constexpr bool operator==(const Rules&) const = default;
};

/// What a layer stores and computes with, by Keras's names. Halves are computed with in float32.
enum class DTypePolicy : std::uint8_t {
  float32,
  float64,
  float16,
  bfloat16,
  mixed_float16,   // weights in float32, tensors in float16
  mixed_bfloat16,  // weights in float32, tensors in bfloat16
};
inline constexpr std::array policy_names{"float32",  "float64",       "float16",
                                         "bfloat16", "mixed_float16", "mixed_bfloat16"};
inline constexpr int num_policies = static_cast<int>(policy_names.size());

/// How a mask is read; no bit: what is not zero is true, and negative and non-finite
/// numbers are refused by the call: numbers to add to scores, in which 0 is visible, would be read
/// as their opposite. The bits are those of ATTN_READ_... in kernel_abi.h.
enum Reading : std::uint8_t {
  above_half = 1,              // true above 0.5, in calls that take the output alone
  above_half_with_scores = 2,  // and in those that take attention scores too
  only_mask = 4,               // but only where no other mask is given, and no flag is true
  any_number = 8,              // negative and non-finite numbers too, which are refused otherwise
  from_right = 16,             // it may lack queries, and axes before them at the left, as in NumPy
};
inline constexpr int num_readings = 32;

struct Node {
  Op op{};
  Type type = Type::real;
  Rules rules{};          // softmax
  bool optional = false;  // input: may be left out; operand 0 stands in, else it is true everywhere
  bool flag = false;      // input: one truth, false where it is left out
  bool soft = false;      // input: a mask of numbers, any type, 1 where it is left out
  std::uint8_t reading = 0;  // input: of a mask, see Reading
  std::array<std::int8_t, 4> operand{-1, -1, -1, -1};
  std::array<std::int8_t, 2> weight{-1, -1};  // kernel and bias
  std::array<std::int32_t, 2>
      number{};  // slice: first head and count; slot: which; share: the group's size
  float rate = 0;
  FormulaRange formula{}, mask{};
  FormulaRange sink{};  // softmax: a logit of every row that joins its sum
  Name name{};
  Axes axes{};
  std::int32_t line =
      0;  // of the call, if in the description's file; else 0. Not in the fingerprint
  constexpr bool operator==(const Node&) const = default;
};

/// A node's formulas, in the order of their steps.
inline constexpr std::array formulas_of_node{&Node::formula, &Node::mask, &Node::sink};

struct Weight {
  Name name{};  // "query/kernel": in the order of `get_weights`
  Axes axes{};
};
struct TableUse : TableName {
  std::int8_t weight = -1, input = -1;  // where its numbers come from: one of the two
};
struct Output {
  Name name{};
  std::int8_t value = -1;
  bool optional = false;       // made only for a caller that asks
  std::int8_t starts_as = -1;  // the input whose contents it starts as: a cache that is added to
};

template <class T, int N>
struct List {
  std::array<T, static_cast<std::size_t>(N)> item{};
  std::int16_t size = 0;
  constexpr const T* begin() const { return item.data(); }
  constexpr const T* end() const { return item.data() + size; }
  constexpr const T& operator[](int i) const { return item[static_cast<std::size_t>(i)]; }
  constexpr T& operator[](int i) { return item[static_cast<std::size_t>(i)]; }
};

}  // namespace attn
