// symbols.h - the numbers and positions that a lambda is traced with.
//
//   inline constexpr attn::Table slopes{"slopes"};
//   inline constexpr auto alibi = [](auto score, auto at) {
//     return score + slopes[at.head] * (at.key - at.query);
//   };
//   constexpr attn::Formula f = attn::trace<attn::Number, 1>(alibi);
//
// Called with symbols, a generic lambda leaves a Formula behind; called with plain numbers
// (evaluate.h), the same lambda computes.
// Not here: values with axes (graph.h); a symbol is one element of such a value.
#pragma once
#include <bit>
#include <concepts>
#include <type_traits>
#include <utility>

#include "attn/formula.h"

namespace attn {

// ---- symbols

template <class>
inline constexpr bool never = false;

/// The formula that this thread is tracing; symbols of any other are refused. At run time only: in
/// constant evaluation the compiler itself rejects a dangling pointer.
inline thread_local Formula* traced_now = nullptr;
inline thread_local std::uint64_t traces = 0;

/// While it lives, `formula` is the one that is traced.
class Tracing {
 public:
  constexpr explicit Tracing(Formula& formula) {
    if (std::is_constant_evaluated()) return;
    before_ = std::exchange(traced_now, &formula);
    formula.trace = ++traces;
  }
  constexpr ~Tracing() {
    if (!std::is_constant_evaluated()) traced_now = before_;
  }
  Tracing(const Tracing&) = delete;

 private:
  Formula* before_ = nullptr;
};

/// A step of a formula, or a leaf (a literal, a table without indices), which belongs to no formula
/// until an operation combines it with a step of one.
struct Symbol {
  Formula* home = nullptr;
  std::int8_t id = -1;
  Step leaf{};  // or a copy of the step
  TableName table{};
  const char* sentence =
      nullptr;              // an error that no formula holds yet; the next operation records it
  std::uint64_t trace = 0;  // of `home`, which may be gone

  constexpr Type type() const { return leaf.type; }
  /// Whether `home` is the formula that is traced; else it must not be touched.
  constexpr bool is_alive() const {
    if (std::is_constant_evaluated()) return true;
    return home == traced_now && trace == home->trace;
  }
  constexpr void note(const Error& e) const {
    if (home && is_alive()) home->note(e);
  }
  constexpr std::int8_t in(Formula* f) const {
    if (sentence) {
      f->note({.sentence = sentence, .name = {table.name}});
      return f->add(Step{Fn::number, type()});
    }
    if (home && (home != f || !is_alive())) {
      f->note(of_another());
      return f->add(Step{Fn::number, type()});
    }
    if (id >= 0) return id;
    Step step = leaf;
    if (step.fn == Fn::element || step.fn == Fn::own) step.bits = f->add(table);
    return f->add(step);
  }
  template <std::same_as<bool> B>
  constexpr operator B() const {
    static_assert(never<B>,
                  "a formula has no value while it is traced: write where(condition, a, b) instead "
                  "of `if` or "
                  "`?:`, and `&`, `|` instead of `&&`, `||`");
    return false;
  }

  static constexpr Error of_another() {
    return error_unless<
        "a symbol of another formula: a number or position is good in the call that it was given "
        "to, and not outside of it or in a function inside of it">(false);
  }
};
/// Records an error in the formula of a symbol. A plain number has no formula; its operation goes
/// on.
template <class X>
constexpr void note([[maybe_unused]] const Error& e, [[maybe_unused]] const X& x) {
  if constexpr (std::derived_from<X, Symbol>) x.note(e);
}

struct Number : Symbol {
  constexpr Number() = default;
  constexpr Number(double v)
      : Symbol{.leaf = {Fn::number, Type::real, {-1, -1, -1, -1}, bits_of(v)}} {}
  constexpr Number(float v) : Number(static_cast<double>(v)) {}
  constexpr Number(int v)
      : Symbol{.leaf = {Fn::number, Type::index, {-1, -1, -1, -1}, bits_of(v)}} {}
  constexpr explicit Number(const Symbol& s) : Symbol(s) {}
  constexpr bool is_one() const {
    return id < 0 && (leaf == Number(1).leaf || leaf == Number(1.0).leaf);
  }
};

struct Truth : Symbol {
  constexpr Truth() = default;
  constexpr explicit Truth(const Symbol& s) : Symbol(s) {}
};

constexpr const Symbol* at_home(auto const&... s) {
  const Symbol* found = nullptr;
  ((found = found ? found : s.home ? &s : nullptr), ...);
  return found;
}
/// A symbol that carries an error until there is a formula for it: the error of the first operand
/// that has one, else `sentence`.
constexpr Symbol carried(Type type, const char* sentence, auto const&... s) {
  Symbol out{.leaf = {.fn = Fn::number, .type = type}, .sentence = sentence};
  bool found = false;
  ((!found && s.sentence ? (found = true, out.table = s.table, out.sentence = s.sentence, 0) : 0),
   ...);
  return out;
}
template <class Result>
constexpr Result step(Fn fn, const auto&... operand) {
  const Type type = result_of(fn, {operand.type()...}, sizeof...(operand));
  const Symbol* host = at_home(operand...);
  Error error = error_unless<
      "a formula needs a symbol: this operation has only literals or tables without an index">(
      host != nullptr);
  if (!error && !host->is_alive()) error = Symbol::of_another();
  // A compiler has stopped by now. At run time the result carries the error on.
  if (error) return Result(carried(type, error.sentence, operand...));
  Step s{.fn = fn, .type = type};
  std::size_t i = 0;
  ((s.operand[i++] = operand.in(host->home)), ...);
  return Result(
      Symbol{.home = host->home, .id = host->home->add(s), .leaf = s, .trace = host->trace});
}
constexpr Number operator+(const Number& a, const Number& b) { return step<Number>(Fn::add, a, b); }
constexpr Number operator-(const Number& a, const Number& b) { return step<Number>(Fn::sub, a, b); }
constexpr Number operator*(const Number& a, const Number& b) { return step<Number>(Fn::mul, a, b); }
constexpr Number operator/(const Number& a, const Number& b) { return step<Number>(Fn::div, a, b); }
constexpr Number operator%(const Number& a, const Number& b) { return step<Number>(Fn::rem, a, b); }
constexpr Number operator-(const Number& a) { return step<Number>(Fn::neg, a); }
constexpr Truth operator<(const Number& a, const Number& b) { return step<Truth>(Fn::less, a, b); }
constexpr Truth operator>(const Number& a, const Number& b) { return b < a; }
constexpr Truth operator<=(const Number& a, const Number& b) {
  return step<Truth>(Fn::less_equal, a, b);
}
constexpr Truth operator>=(const Number& a, const Number& b) { return b <= a; }
constexpr Truth operator==(const Number& a, const Number& b) {
  return step<Truth>(Fn::equal, a, b);
}
constexpr Truth operator&(const Truth& a, const Truth& b) { return step<Truth>(Fn::both, a, b); }
constexpr Truth operator|(const Truth& a, const Truth& b) { return step<Truth>(Fn::either, a, b); }
constexpr Truth operator!(const Truth& a) { return step<Truth>(Fn::negate, a); }
constexpr Truth operator!=(const Number& a, const Number& b) { return !(a == b); }
constexpr Number where(const Truth& c, const Number& a, const Number& b) {
  return step<Number>(Fn::where, c, a, b);
}
constexpr Number min(const Number& a, const Number& b) { return step<Number>(Fn::min, a, b); }
constexpr Number max(const Number& a, const Number& b) { return step<Number>(Fn::max, a, b); }
constexpr Number clamp(const Number& x, const Number& low, const Number& high) {
  return min(max(x, low), high);
}
constexpr Number abs(const Number& a) { return step<Number>(Fn::abs, a); }
constexpr Number exp(const Number& a) { return step<Number>(Fn::exp, a); }
constexpr Number exp2(const Number& a) { return step<Number>(Fn::exp2, a); }
constexpr Number log(const Number& a) { return step<Number>(Fn::log, a); }
constexpr Number sin(const Number& a) { return step<Number>(Fn::sin, a); }
constexpr Number cos(const Number& a) { return step<Number>(Fn::cos, a); }
constexpr Number tanh(const Number& a) { return step<Number>(Fn::tanh, a); }
constexpr Number sqrt(const Number& a) { return step<Number>(Fn::sqrt, a); }
constexpr Number rsqrt(const Number& a) { return step<Number>(Fn::rsqrt, a); }
constexpr Number pow(const Number& a, const Number& b) { return step<Number>(Fn::pow, a, b); }
/// Rounds towards zero, to an index. NaN gives 0, a number out of range the nearest index.
constexpr Number truncate(const Number& a) { return step<Number>(Fn::truncate, a); }
constexpr Number sigmoid(const Number& a) { return step<Number>(Fn::sigmoid, a); }

/// 1 / sqrt(n) of a plain number, for scales. <cmath> is not constexpr in C++20, so it is computed
/// by Newton's method in double: the same bits from every compiler.
constexpr double rsqrt(int n) {
  double root = n > 1 ? n : 1;
  for (int i = 0; i < 64; ++i) root = 0.5 * (root + (n > 1 ? n : 1) / root);
  return 1 / root;
}

/// Run-time data by name: `slopes[at.head]`, `bias[at.head][at.key - at.query + 511]`; without an
/// index, one number. Its shape follows from the indices. The graph lists it among its inputs,
/// unless it is a weight of the layer.
template <class Result>
struct BasicTable : TableName {
  struct Element {
    TableName table{};
    std::array<Number, 4> index{};
    std::size_t rank = 0;
    constexpr Element operator[](const Number& i) const {
      Element e = *this;
      if (rank < index.size()) e.index[rank] = i;
      return ++e.rank, e;
    }
    constexpr operator Result() const {
      Symbol s{.leaf = {.fn = Fn::element, .type = table.type}, .table = table};
      const Symbol* host = at_home(index[0], index[1], index[2], index[3]);
      Error error = error_unless<
          "the table `[]` holds truths: declare it as attn::TruthTable, not attn::Table">(
          std::same_as<Result, Truth> || table.type != Type::truth, table.name);
      if (!error && rank > 0) {
        error = error_unless<
            "the table `[]` is read at literals alone: an index needs a "
            "symbol, as in [0 * at.head]">(host != nullptr, table.name);
        if (!error && !host->is_alive()) error = Symbol::of_another();
      }
      if (error) {
        s.leaf.fn = Fn::number;
        s.sentence = error.sentence;
        for (const Number& i : index) {
          if (i.sentence) s.sentence = i.sentence, s.table = i.table;
        }
        if (host && host->is_alive()) s.home = host->home, s.trace = host->trace;
      }
      if (error || rank == 0) return Result(s);
      if (rank > index.size()) {
        host->note(error_unless<"the table `[]` has at most {} indices">(false, table.name, 4));
      }
      Formula* home = host->home;
      s.leaf.bits = home->add(table);
      for (std::size_t i = 0; i < rank && i < 4; ++i) s.leaf.operand[i] = index[i].in(home);
      s.home = home, s.id = home->add(s.leaf), s.trace = host->trace;
      return Result(s);
    }
  };
  constexpr Element operator[](const Number& index) const { return Element{*this}[index]; }
  constexpr operator Result() const { return Element{*this}; }
};
struct Table : BasicTable<Number> {
  constexpr Table(Name n, Type t = Type::real) : BasicTable{{n, t}} {}
};
struct TruthTable : BasicTable<Truth> {
  constexpr TruthTable(Name n) : BasicTable{{n, Type::truth}} {}
};

/// Positions along the axes of attention, of which there are at most three.
template <class N>
struct Along {
  std::array<N, 3> axis{};
  constexpr const N& operator[](std::size_t i) const { return axis[checked(i)]; }
  constexpr N& operator[](std::size_t i) { return axis[checked(i)]; }

 private:
  constexpr std::size_t checked(std::size_t i) const {
    if (i < axis.size()) return i;
    note(error_unless<"attention is over at most {} axes: at.queries and at.keys have no [{}]">(
             false, 3, i),
         axis[0]);
    return 0;
  }
};

/// The position of an element. `query` and `key` are its positions along their first axes,
/// `queries[1]` and `keys[1]` along their second ones, where attention is over several axes.
struct Position {
  Number batch, head, query, key, size, feature, position, query_length, key_length;
  Along<Number> queries, keys;

  /// The table's number at this position, along the axes that the table has.
  constexpr Number own(const TableName& table) const {
    Symbol s{.home = batch.home,
             .leaf = {.fn = Fn::own, .type = table.type},
             .table = table,
             .trace = batch.trace};
    s.note(error_unless<"the table `[]` holds truths, and at.own reads numbers">(
        table.type != Type::truth, table.name));
    return Number(s);
  }

  constexpr explicit Position(Formula* f) {
    auto leaf = [f](Fn fn, Kind kind, std::uint8_t number = 0) {
      return Number(
          Symbol{.home = f,
                 .leaf = {fn, Type::index, {-1, -1, -1, -1}, AxisName{kind, number}.bits()},
                 .trace = f->trace});
    };
    batch = leaf(Fn::position, Kind::batch), head = leaf(Fn::position, Kind::head),
    size = leaf(Fn::position, Kind::size);
    feature = leaf(Fn::position, Kind::feature), position = leaf(Fn::position, Kind::position);
    query = leaf(Fn::position, Kind::query), key = leaf(Fn::position, Kind::key);
    query_length = leaf(Fn::length, Kind::query), key_length = leaf(Fn::length, Kind::key);
    for (std::uint8_t i = 0; i < 3; ++i)
      queries[i] = leaf(Fn::position, Kind::query, i), keys[i] = leaf(Fn::position, Kind::key, i);
  }
};
/// Records an error in the formula that a position belongs to.
constexpr void note(const Error& e, const Position& at) { at.batch.note(e); }

// ---- tracing

template <int>
using NumberAt = Number;
template <class F, int... I>
constexpr auto call(const F& f, Formula* home, std::integer_sequence<int, I...>) {
  [[maybe_unused]] auto argument = [home](int i) {
    return Number(
        Symbol{.home = home,
               .leaf = {Fn::argument, Type::real, {-1, -1, -1, -1}, static_cast<unsigned>(i)},
               .trace = home->trace});
  };
  if constexpr (std::invocable<const F&, NumberAt<I>..., Position>)
    return f(argument(I)..., Position(home));
  else
    return f(argument(I)...);
}

/// `f(x...)` or `f(x..., at)` with symbols for numbers.
template <class Result, int Arguments, class F>
constexpr Formula trace(const F& f) {
  Formula formula;
  const Tracing tracing(formula);
  const Result result = call(f, &formula, std::make_integer_sequence<int, Arguments>{});
  formula.finish(result.in(&formula));
  return formula;
}

}  // namespace attn
