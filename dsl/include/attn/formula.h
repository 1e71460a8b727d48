// formula.h - the steps that a lambda over numbers and positions leaves behind when it is traced.
//
//   attn::Formula f = attn::trace<attn::Truth, 0>([](auto at) { return at.key <= at.query; });
//   f.steps[0]   position key : index
//   f.steps[1]   position query : index
//   f.steps[2]   less_equal %0, %1 : truth          (f.size is 3; the last step is the result)
//
// Every step refers to earlier ones, and equal steps are stored once. All elementwise parts of a
// graph are formulas: masks (without an argument), score functions (of one), the pair function of
// scores (of two), gates, scales, rotations.
// Not here: the symbols that lambdas are called with (symbols.h), loops, reductions, and branches;
// `where(condition, a, b)` chooses.
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

/// What a function takes and makes.
enum class Signature : std::uint8_t {
  read,        // no steps, or the indices at which a table is read; of the type that it says
  arithmetic,  // indices to an index, or reals to a real: an index beside a real becomes one
  real,        // reals to a real
  comparison,  // indices, or reals, to a truth
  logic,       // truths to a truth
  choice,      // a truth, and two indices or two reals, to the one that the truth names
  truncation,  // a real towards zero, to an index
  conversion,  // an index to a type that holds more
};

// The table of functions: name, operands, signature. A function is a row here and its meanings: on
// plain numbers (evaluate.h), as an operation of MLIR (codegen/dialect/Functions.cpp) and as an
// expression of Halide (codegen/halide/formula.cpp). Each of these is a table by function, which
// does not compile while one is missing. New rows come last: objects hold functions by number.
//
// `element` reads a table at up to four indices; `own` reads one where the value stands that the
// formula is applied to, on the table's own axes.
// clang-format off
#define ATTN_FUNCTIONS(row)      \
  row(argument, 0, read)         \
  row(number, 0, read)           \
  row(position, 0, read)         \
  row(length, 0, read)           \
  row(element, 0, read)          \
  row(own, 0, read)              \
  row(add, 2, arithmetic)        \
  row(sub, 2, arithmetic)        \
  row(mul, 2, arithmetic)        \
  row(div, 2, arithmetic)        \
  row(rem, 2, arithmetic)        \
  row(neg, 1, arithmetic)        \
  row(abs, 1, arithmetic)        \
  row(min, 2, arithmetic)        \
  row(max, 2, arithmetic)        \
  row(exp, 1, real)              \
  row(exp2, 1, real)             \
  row(log, 1, real)              \
  row(sin, 1, real)              \
  row(cos, 1, real)              \
  row(tanh, 1, real)             \
  row(sqrt, 1, real)             \
  row(rsqrt, 1, real)            \
  row(pow, 2, real)              \
  row(sigmoid, 1, real)          \
  row(less, 2, comparison)       \
  row(less_equal, 2, comparison) \
  row(equal, 2, comparison)      \
  row(both, 2, logic)            \
  row(either, 2, logic)          \
  row(negate, 1, logic)          \
  row(where, 3, choice)          \
  row(truncate, 1, truncation)
// Of plans alone (codegen/plan/plan.h): a formula of the language converts by itself, and stands at
// one place; `edge` is the first or last query of a tile, or key of a cell.
#define ATTN_PLAN_FUNCTIONS(row) \
  row(convert, 1, conversion)    \
  row(edge, 0, read)
// clang-format on

enum class Fn : std::uint8_t {
#define ATTN_NAME(name, arity, signature) name,
  ATTN_FUNCTIONS(ATTN_NAME) ATTN_PLAN_FUNCTIONS(ATTN_NAME)
#undef ATTN_NAME
};
#define ATTN_ONE(name, arity, signature) +1
inline constexpr int num_fns = 0 ATTN_FUNCTIONS(ATTN_ONE);  // of the language
inline constexpr int num_plan_fns = num_fns ATTN_PLAN_FUNCTIONS(ATTN_ONE);
#undef ATTN_ONE
inline constexpr std::array<const char*, num_plan_fns> fn_names{
#define ATTN_NAME(name, arity, signature) #name,
    ATTN_FUNCTIONS(ATTN_NAME) ATTN_PLAN_FUNCTIONS(ATTN_NAME)
#undef ATTN_NAME
};

struct FnFacts {
  int arity = 0;  // `element` takes up to four operands all the same
  Signature signature{};
};
inline constexpr std::array<FnFacts, num_plan_fns> fn_facts{{
#define ATTN_FACTS(name, arity, signature) {arity, Signature::signature},
    ATTN_FUNCTIONS(ATTN_FACTS) ATTN_PLAN_FUNCTIONS(ATTN_FACTS)
#undef ATTN_FACTS
}};
#undef ATTN_FUNCTIONS
#undef ATTN_PLAN_FUNCTIONS

constexpr int arity(Fn fn) { return fn_facts[static_cast<std::size_t>(fn)].arity; }
constexpr Signature signature(Fn fn) { return fn_facts[static_cast<std::size_t>(fn)].signature; }
constexpr bool takes_truths(Fn fn) { return signature(fn) == Signature::logic; }
constexpr bool is_arithmetic(Fn fn) { return signature(fn) == Signature::arithmetic; }
/// Makes real numbers of numbers.
constexpr bool is_real(Fn fn) { return signature(fn) == Signature::real; }

/// What a function means to one stage.
template <class Meaning>
struct FnRow {
  Fn fn{};
  Meaning meaning{};
};
void a_function_has_no_row_or_more_than_one();  // no constant: its call stops the compiler
/// A stage's table by function: exactly one row for each of those that `has` names, else it does
/// not compile.
template <class Meaning, std::size_t n>
consteval std::array<Meaning, num_plan_fns> by_function(bool (*has)(Fn),
                                                        const FnRow<Meaning> (&rows)[n]) {
  std::array<Meaning, num_plan_fns> table{};
  std::array<int, num_plan_fns> count{};
  for (const FnRow<Meaning>& row : rows) {
    table[static_cast<std::size_t>(row.fn)] = row.meaning;
    ++count[static_cast<std::size_t>(row.fn)];
  }
  for (std::size_t i = 0; i < count.size(); ++i)
    if (count[i] != (has(static_cast<Fn>(i)) ? 1 : 0)) a_function_has_no_row_or_more_than_one();
  return table;
}

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
