// formula.h - what a lambda over numbers and positions leaves behind when it is called with
// symbols.
//
//   attn::Formula f = attn::trace<attn::Truth, 0>([](auto at) { return at.key <= at.query; });
//   f.steps[0]   position key : index
//   f.steps[1]   position query : index
//   f.steps[2]   less_equal %0, %1 : truth          (f.size is 3; the last step is the result)
//
// A formula is a list of steps, each naming earlier ones; equal steps are one step. Everything
// elementwise in a graph is a formula: masks (no argument), score functions (one), the pair
// function of scores (two), gates, scales, rotations. Not here: the symbols that lambdas are called
// with (symbols.h), loops, reductions, and branches; `where(condition, a, b)` chooses.
#pragma once
#include <array>
#include <bit>
#include <cstdint>

#include "attn/error.h"

namespace attn {

/// What an axis counts.
enum class Kind : std::uint8_t {
  batch,
  query,
  key,
  update,  // positions of new keys on their way into a cache
  slot,    // of a cache: 0 are the keys, 1 the values
  head,
  size,
  feature,
  other,     // of a table or weight: nothing that a value's axes count
  position,  // in a formula until a graph takes it over: the query, update or key axis
};
inline constexpr int num_kinds = 9;  // in a graph, which has no `position`
inline constexpr std::array<const char*, num_kinds + 1> kind_names{
    "batch", "query", "key", "update", "slot", "head", "size", "feature", "other", "position"};

/// An axis of a value: what it counts, and which of those that count the same. `query 1` is the
/// second query axis.
struct AxisName {
  Kind kind{};
  std::uint8_t number = 0;
  static constexpr AxisName of_bits(std::uint64_t bits) {
    return {static_cast<Kind>(bits / 16), static_cast<std::uint8_t>(bits % 16)};
  }
  constexpr std::uint64_t bits() const { return static_cast<std::uint64_t>(kind) * 16 + number; }
};

enum class Fn : std::uint8_t {
  argument,
  number,
  position,
  length,
  element,  // reads a table at indices
  own,  // reads a table where the value stands that the formula is applied to, on the table's own
        // axes
  add,
  sub,
  mul,
  div,
  rem,
  neg,
  abs,
  min,
  max,  // real or index
  exp,
  exp2,
  log,
  sin,
  cos,
  tanh,
  sqrt,
  rsqrt,
  pow,
  sigmoid,
  less,
  less_equal,
  equal,
  both,
  either,
  negate,
  where,
  truncate,  // of a real number: towards zero, an index
};
inline constexpr int num_fns = 33;
inline constexpr std::array<const char*, num_fns> fn_names{
    "argument", "number", "position", "length",  "element", "own",        "add",
    "sub",      "mul",    "div",      "rem",     "neg",     "abs",        "min",
    "max",      "exp",    "exp2",     "log",     "sin",     "cos",        "tanh",
    "sqrt",     "rsqrt",  "pow",      "sigmoid", "less",    "less_equal", "equal",
    "both",     "either", "negate",   "where",   "truncate"};

/// How many operands a function takes; `element` takes up to four.
constexpr int arity(Fn fn) {
  switch (fn) {
    case Fn::argument:
    case Fn::number:
    case Fn::position:
    case Fn::length:
    case Fn::element:
    case Fn::own:
      return 0;
    case Fn::where:
      return 3;
    case Fn::add:
    case Fn::sub:
    case Fn::mul:
    case Fn::div:
    case Fn::rem:
    case Fn::min:
    case Fn::max:
    case Fn::pow:
    case Fn::less:
    case Fn::less_equal:
    case Fn::equal:
    case Fn::both:
    case Fn::either:
      return 2;
    default:
      return 1;
  }
}
constexpr bool is_arithmetic(Fn fn) { return fn >= Fn::add && fn <= Fn::max; }
/// Makes real numbers of numbers.
constexpr bool is_real(Fn fn) { return fn >= Fn::exp && fn <= Fn::sigmoid; }

enum class Type : std::uint8_t { real, index, truth };
inline constexpr std::array<const char*, 3> type_names{"real", "index", "truth"};

/// Whether a function takes a truth for this operand; else it takes a number.
constexpr bool takes_truth(Fn fn, std::size_t operand) {
  return fn == Fn::both || fn == Fn::either || fn == Fn::negate ||
         (fn == Fn::where && operand == 0);
}
/// The type that a function makes of operands of these types. Numbers follow C++: index with index
/// is index (and `/` truncates), index with real is real.
constexpr Type result_of(Fn fn, const std::array<Type, 4>& operand, std::size_t operands) {
  if (fn == Fn::truncate) return Type::index;
  if (is_real(fn)) return Type::real;
  if (fn != Fn::where && !is_arithmetic(fn)) return Type::truth;
  for (std::size_t i = 0; i < operands; ++i) {
    if (!takes_truth(fn, i) && operand[i] != Type::index) return Type::real;
  }
  return Type::index;
}

struct Step {
  Fn fn{};
  Type type{};
  std::array<std::int8_t, 4> operand{-1, -1, -1, -1};
  // number: a double's bits or an index; argument: which one; position, length: an AxisName's bits;
  // own, element: the table's number
  std::uint64_t bits = 0;
  constexpr bool operator==(const Step&) const = default;
  /// Of a number, by its type. Reals are kept in double; a layer computes with its own precision.
  constexpr double real() const { return std::bit_cast<double>(bits); }
  /// Of a position or length.
  constexpr AxisName axis() const { return AxisName::of_bits(bits); }
  constexpr std::int32_t index() const {
    return static_cast<std::int32_t>(static_cast<std::uint32_t>(bits));
  }
};
constexpr std::uint64_t bits_of(double v) { return std::bit_cast<std::uint64_t>(v); }
constexpr std::uint64_t bits_of(std::int32_t v) { return static_cast<std::uint32_t>(v); }

struct TableName {
  Name name{};
  Type type = Type::real;
  bool optional = false;  // absent: a truth is true everywhere, an index 0, a number 1
  constexpr bool operator==(const TableName& o) const { return name == o.name && type == o.type; }
};

/// Steps, operands before their use; the last is the result.
struct Formula {
  static constexpr int capacity = 64, table_capacity = 8;
  std::array<Step, capacity> steps{};
  std::array<TableName, table_capacity> tables{};
  std::int16_t size = 0, num_tables = 0;
  bool too_long = false;
  std::uint64_t trace = 0;  // which one makes it, at run time: addresses are used again
  Error error{};            // the first that was made while it was traced; the graph takes it over

  constexpr void note(const Error& e) {
    if (!error) error = e;
  }
  constexpr bool empty() const { return size == 0; }
  constexpr const Step& result() const { return steps[static_cast<std::size_t>(size - 1)]; }

  constexpr std::int8_t add(const Step& step) {
    for (int i = 0; i < size; ++i)
      if (steps[static_cast<std::size_t>(i)] == step) return static_cast<std::int8_t>(i);
    if (size == capacity) return too_long = true, std::int8_t{0};
    steps[static_cast<std::size_t>(size)] = step;
    return static_cast<std::int8_t>(size++);
  }
  constexpr std::uint32_t add(const TableName& table) {
    for (int i = 0; i < num_tables; ++i)
      if (tables[static_cast<std::size_t>(i)] == table) return static_cast<std::uint32_t>(i);
    if (num_tables == table_capacity) return too_long = true, 0u;
    tables[static_cast<std::size_t>(num_tables)] = table;
    return static_cast<std::uint32_t>(num_tables++);
  }
  /// Puts another formula behind this one; returns where its result came to lie.
  constexpr std::int8_t append(const Formula& other) {
    std::array<std::int8_t, capacity> at{};
    for (int i = 0; i < other.size; ++i) {
      Step step = other.steps[static_cast<std::size_t>(i)];
      for (auto& o : step.operand)
        if (o >= 0) o = at[static_cast<std::size_t>(o)];
      if (step.fn == Fn::element || step.fn == Fn::own) step.bits = add(other.tables[step.bits]);
      at[static_cast<std::size_t>(i)] = add(step);
    }
    too_long |= other.too_long;
    note(other.error);
    return at[static_cast<std::size_t>(other.size - 1)];
  }
  /// Brings the steps that `id` needs into the one order that depends on the expression alone:
  /// operands first, from the left. C++ leaves the order open in which `f(x) + g(y)` calls f and g,
  /// and g++ 12 uses one order while it evaluates constants and the other in the code it makes.
  constexpr void finish(std::int8_t id) {
    if (too_long || error) return;
    Formula out;
    std::array<std::int8_t, capacity> at{};
    for (auto& a : at) a = -1;
    visit(id, out, at);
    *this = out;
  }

 private:
  constexpr void visit(std::int8_t id, Formula& out, std::array<std::int8_t, capacity>& at) const {
    if (at[static_cast<std::size_t>(id)] >= 0) return;
    Step s = steps[static_cast<std::size_t>(id)];
    for (auto& o : s.operand)
      if (o >= 0) visit(o, out, at), o = at[static_cast<std::size_t>(o)];
    if (s.fn == Fn::element || s.fn == Fn::own) s.bits = out.add(tables[s.bits]);
    at[static_cast<std::size_t>(id)] = out.add(s);
  }
};

}  // namespace attn
