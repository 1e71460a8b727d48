// evaluate.h - formulas and the lambdas they were traced from, on plain numbers.
//
//   attn::PlainPosition at{.query = 3, .key = 5};
//   attn::evaluate(attn::causal.formula, at).truth()                    // false, by the formula's
//   steps
//   [](auto at) { return at.key <= at.query; }(at)                      // false, by the lambda
//   itself attn::evaluate(f, at, {2.5}, [](std::string_view table, std::span<const std::int64_t>
//   index) {
//     return attn::Plain(slopes[index[0]]);
//   });
//
// The reference for tests of what kernels compute: real numbers in double, indices as kernels have
// them: 32 bits that wrap around, as two's complement does. They divide as in C++, towards zero; what
// C++ leaves open is defined: by zero, quotient and remainder are zero, and the least index divided by
// -1 is itself.
// A lambda that is given its table can be given numbers: attn::alibi(attn::PlainTable{...}). One
// that names it cannot; trace and evaluate it.
#pragma once
#include <algorithm>
#include <array>
#include <cmath>
#include <initializer_list>
#include <limits>
#include <span>

#include "attn/graph.h"

namespace attn {

/// A number or a truth, with all that symbols can do.
class Plain {
 public:
  constexpr Plain() = default;
  constexpr Plain(bool v) : type_(Type::truth), index_(v) {}          // NOLINT: as symbols are made
  constexpr Plain(double v) : type_(Type::real), real_(v) {}          // NOLINT
  constexpr Plain(float v) : Plain(static_cast<double>(v)) {}         // NOLINT
  /// The lowest 32 bits: an index wraps around.
  constexpr Plain(std::int64_t v)  // NOLINT
      : type_(Type::index), index_(static_cast<std::int32_t>(static_cast<std::uint32_t>(v))) {}
  constexpr Plain(int v) : Plain(std::int64_t{v}) {}                  // NOLINT

  constexpr Type type() const { return type_; }
  constexpr bool truth() const { return index_ != 0; }
  constexpr std::int64_t index() const { return index_; }
  constexpr double real() const {
    return type_ == Type::real ? real_ : static_cast<double>(index_);
  }
  constexpr explicit operator bool() const { return truth(); }

 private:
  Type type_ = Type::index;
  double real_ = 0;
  std::int64_t index_ = 0;
};

namespace plain {

constexpr std::int64_t negative(std::int64_t a) {
  return static_cast<std::int64_t>(0 - static_cast<std::uint64_t>(a));
}
/// Of unsigned numbers, which wrap around.
template <class F>
constexpr std::int64_t wrapped(std::int64_t a, std::int64_t b, F f) {
  return static_cast<std::int64_t>(f(static_cast<std::uint64_t>(a), static_cast<std::uint64_t>(b)));
}

/// A function on plain numbers; the second operand of a function of one is 0. Whole numbers have 64
/// bits and wrap around: formulas from outside must not be undefined behaviour. Of two indices the
/// lowest 32 bits are the index that kernels compute. Truths are 0 or 1.
struct Meaning {
  std::int64_t (*whole)(std::int64_t a, std::int64_t b) = nullptr;
  double (*real)(double a, double b) = nullptr;
};
/// All but what is read, and `where`, `truncate` and conversions, of which `apply` knows.
constexpr bool has_meaning(Fn fn) {
  const Signature s = signature(fn);
  return s == Signature::arithmetic || s == Signature::real || s == Signature::comparison ||
         s == Signature::logic;
}
using Whole = std::int64_t;
inline constexpr std::array<Meaning, num_plan_fns> meanings = by_function<Meaning>(
    has_meaning,
    {
        {Fn::add,
         {[](Whole a, Whole b) { return wrapped(a, b, [](auto x, auto y) { return x + y; }); },
          [](double a, double b) { return a + b; }}},
        {Fn::sub,
         {[](Whole a, Whole b) { return wrapped(a, b, [](auto x, auto y) { return x - y; }); },
          [](double a, double b) { return a - b; }}},
        {Fn::mul,
         {[](Whole a, Whole b) { return wrapped(a, b, [](auto x, auto y) { return x * y; }); },
          [](double a, double b) { return a * b; }}},
        {Fn::div,
         {[](Whole a, Whole b) { return b == 0    ? 0
                                        : b == -1 ? negative(a)
                                                  : a / b; },
          [](double a, double b) { return a / b; }}},
        {Fn::rem,
         {[](Whole a, Whole b) { return b == 0 || b == -1 ? 0 : a % b; },
          [](double a, double b) { return std::fmod(a, b); }}},
        {Fn::neg,
         {[](Whole a, Whole) { return negative(a); }, [](double a, double) { return -a; }}},
        {Fn::abs,
         {[](Whole a, Whole) { return a < 0 ? negative(a) : a; },
          [](double a, double) { return a < 0 ? -a : a; }}},
        {Fn::min,
         {[](Whole a, Whole b) { return b < a ? b : a; },
          [](double a, double b) { return b < a ? b : a; }}},
        {Fn::max,
         {[](Whole a, Whole b) { return a < b ? b : a; },
          [](double a, double b) { return a < b ? b : a; }}},
        {Fn::exp, {.real = [](double a, double) { return std::exp(a); }}},
        {Fn::exp2, {.real = [](double a, double) { return std::exp2(a); }}},
        {Fn::log, {.real = [](double a, double) { return std::log(a); }}},
        {Fn::sin, {.real = [](double a, double) { return std::sin(a); }}},
        {Fn::cos, {.real = [](double a, double) { return std::cos(a); }}},
        {Fn::tanh, {.real = [](double a, double) { return std::tanh(a); }}},
        {Fn::sqrt, {.real = [](double a, double) { return std::sqrt(a); }}},
        {Fn::rsqrt, {.real = [](double a, double) { return 1 / std::sqrt(a); }}},
        {Fn::pow, {.real = [](double a, double b) { return std::pow(a, b); }}},
        {Fn::sigmoid, {.real = [](double a, double) { return 1 / (1 + std::exp(-a)); }}},
        {Fn::less,
         {[](Whole a, Whole b) { return Whole{a < b}; },
          [](double a, double b) { return a < b ? 1.0 : 0.0; }}},
        {Fn::less_equal,
         {[](Whole a, Whole b) { return Whole{a <= b}; },
          [](double a, double b) { return a <= b ? 1.0 : 0.0; }}},
        {Fn::equal,
         {[](Whole a, Whole b) { return Whole{a == b}; },
          [](double a, double b) { return a == b ? 1.0 : 0.0; }}},
        {Fn::both, {.whole = [](Whole a, Whole b) { return a & b; }}},
        {Fn::either, {.whole = [](Whole a, Whole b) { return a | b; }}},
        {Fn::negate, {.whole = [](Whole a, Whole) { return Whole{a == 0}; }}},
    });
constexpr const Meaning& meaning(Fn fn) { return meanings[static_cast<std::size_t>(fn)]; }

/// Of what is too large, the nearest index that there is.
constexpr std::int64_t truncated(double x) {
  constexpr double least = -2147483648.0, most = 2147483647;
  return x != x ? 0 : static_cast<std::int64_t>(x > most ? most : x < least ? least : x);
}
constexpr Plain apply(Fn fn, const Plain& a, const Plain& b = {}, const Plain& c = {}) {
  const bool indices = a.type() == Type::index && (arity(fn) < 2 || b.type() == Type::index);
  const Meaning& f = meaning(fn);
  switch (signature(fn)) {
    case Signature::arithmetic:
      return indices ? Plain(f.whole(a.index(), b.index())) : Plain(f.real(a.real(), b.real()));
    case Signature::real:
      return f.real(a.real(), b.real());
    case Signature::comparison:
      return indices ? f.whole(a.index(), b.index()) != 0 : f.real(a.real(), b.real()) != 0;
    case Signature::logic:
      return f.whole(a.truth(), b.truth()) != 0;
    case Signature::choice:
      if (b.type() == Type::index && c.type() == Type::index) return a.truth() ? b : c;
      return a.truth() ? b.real() : c.real();
    case Signature::truncation:
      return truncated(a.real());
    case Signature::conversion:
      return a.real();
    case Signature::read:
      break;
  }
  return {};
}

}  // namespace plain

constexpr Plain operator+(Plain a, Plain b) { return plain::apply(Fn::add, a, b); }
constexpr Plain operator-(Plain a, Plain b) { return plain::apply(Fn::sub, a, b); }
constexpr Plain operator*(Plain a, Plain b) { return plain::apply(Fn::mul, a, b); }
constexpr Plain operator/(Plain a, Plain b) { return plain::apply(Fn::div, a, b); }
constexpr Plain operator%(Plain a, Plain b) { return plain::apply(Fn::rem, a, b); }
constexpr Plain operator-(Plain a) { return plain::apply(Fn::neg, a); }
constexpr Plain operator<(Plain a, Plain b) { return plain::apply(Fn::less, a, b); }
constexpr Plain operator>(Plain a, Plain b) { return plain::apply(Fn::less, b, a); }
constexpr Plain operator<=(Plain a, Plain b) { return plain::apply(Fn::less_equal, a, b); }
constexpr Plain operator>=(Plain a, Plain b) { return plain::apply(Fn::less_equal, b, a); }
constexpr Plain operator==(Plain a, Plain b) { return plain::apply(Fn::equal, a, b); }
constexpr Plain operator!=(Plain a, Plain b) { return !plain::apply(Fn::equal, a, b).truth(); }
constexpr Plain operator&(Plain a, Plain b) { return plain::apply(Fn::both, a, b); }
constexpr Plain operator|(Plain a, Plain b) { return plain::apply(Fn::either, a, b); }
constexpr Plain operator!(Plain a) { return plain::apply(Fn::negate, a); }
constexpr Plain where(Plain c, Plain a, Plain b) { return plain::apply(Fn::where, c, a, b); }
constexpr Plain min(Plain a, Plain b) { return plain::apply(Fn::min, a, b); }
constexpr Plain max(Plain a, Plain b) { return plain::apply(Fn::max, a, b); }
constexpr Plain clamp(Plain x, Plain low, Plain high) { return min(max(x, low), high); }
constexpr Plain abs(Plain a) { return plain::apply(Fn::abs, a); }
constexpr Plain exp(Plain a) { return plain::apply(Fn::exp, a); }
constexpr Plain exp2(Plain a) { return plain::apply(Fn::exp2, a); }
constexpr Plain log(Plain a) { return plain::apply(Fn::log, a); }
constexpr Plain sin(Plain a) { return plain::apply(Fn::sin, a); }
constexpr Plain cos(Plain a) { return plain::apply(Fn::cos, a); }
constexpr Plain tanh(Plain a) { return plain::apply(Fn::tanh, a); }
constexpr Plain sqrt(Plain a) { return plain::apply(Fn::sqrt, a); }
constexpr Plain rsqrt(Plain a) { return plain::apply(Fn::rsqrt, a); }
constexpr Plain pow(Plain a, Plain b) { return plain::apply(Fn::pow, a, b); }
constexpr Plain truncate(Plain a) { return plain::apply(Fn::truncate, a); }
constexpr Plain sigmoid(Plain a) { return plain::apply(Fn::sigmoid, a); }

/// Where an element stands, in numbers; the names are Position's (symbols.h). `queries[0]` is
/// `query` and `keys[0]` is `key` if they are left out.
struct PlainPosition {
  Plain batch{}, head{}, query{}, key{}, size{}, feature{}, position{};
  Plain query_length{}, key_length{};
  Along<Plain> queries{query}, keys{key};

  constexpr Plain of(Fn fn, Kind kind, unsigned number) const {
    const bool length = fn == Fn::length;
    switch (kind) {
      case Kind::batch:
        return batch;
      case Kind::head:
        return head;
      case Kind::size:
        return size;
      case Kind::feature:
        return feature;
      case Kind::query:
        return length ? query_length : number ? queries[number % 3] : query;
      case Kind::key:
        return length ? key_length : number ? keys[number % 3] : key;
      default:
        return position;
    }
  }
};

/// Numbers in the place of a table: `slopes[at.head]`. Row-major; an index outside counts as the
/// nearest inside. What has no element (a fifth index, an axis of length 0, fewer numbers than the
/// shape says) is NaN.
struct PlainTable {
  std::span<const double> numbers;
  std::array<std::int64_t, 4> shape{};

  struct Element {
    const PlainTable* table;
    std::int64_t place = 0;
    std::size_t rank = 0;
    constexpr Element operator[](Plain index) const {
      const std::int64_t length = rank < table->shape.size() ? table->shape[rank] : 0;
      const auto last = static_cast<std::int64_t>(table->numbers.size()) - 1;
      if (length < 1 || place < 0 || place > last / length) return {table, -1, rank + 1};
      const std::int64_t inside = std::clamp<std::int64_t>(index.index(), 0, length - 1);
      return {table, place * length > last - inside ? -1 : place * length + inside, rank + 1};
    }
    constexpr operator Plain() const {  // NOLINT: as a table's element becomes a symbol
      const auto at = static_cast<std::size_t>(place);
      return at < table->numbers.size() ? table->numbers[at]
                                        : std::numeric_limits<double>::quiet_NaN();
    }
  };
  constexpr Element operator[](Plain index) const { return Element{this}[index]; }
};

/// Where no table is read: an absent truth table is true everywhere.
struct NoTables {
  constexpr Plain operator()(std::string_view, std::span<const std::int64_t>) const { return true; }
};

/// The last of the steps, each from those before. `read(table's name, indices)` gives a table's
/// element; without indices it is asked for the element at this position.
template <class Read = NoTables>
constexpr Plain evaluate(std::span<const Step> steps, auto&& name_of_table, const PlainPosition& at,
                         std::span<const double> arguments, const Read& read) {
  std::array<Plain, Formula::capacity> value{};
  std::size_t n = 0;
  for (const Step& s : steps.first(std::min<std::size_t>(steps.size(), value.size()))) {
    std::array<Plain, 4> operand{};
    std::array<std::int64_t, 4> index{};
    std::size_t operands = 0;
    for (auto o : s.operand) {
      if (o < 0) break;
      operand[operands] = value[static_cast<std::size_t>(o)];
      index[operands] = operand[operands].index();
      ++operands;
    }
    Plain& v = value[n++];
    switch (s.fn) {
      case Fn::argument:
        v = s.bits < arguments.size() ? Plain(arguments[s.bits]) : Plain(0.0);
        break;
      case Fn::number:
        if (s.type == Type::index)
          v = s.index();
        else
          v = s.real();
        break;
      case Fn::position:
      case Fn::length:
        v = at.of(s.fn, static_cast<Kind>(s.bits / 16), s.bits % 16);
        break;
      case Fn::element:
      case Fn::own:
        v = read(name_of_table(static_cast<std::uint32_t>(s.bits)), std::span<const std::int64_t>(index.data(), operands));
        break;
      default:
        v = plain::apply(s.fn, operand[0], operand[1], operand[2]);
    }
  }
  return n == 0 ? Plain(true) : value[n - 1];
}
template <class Read = NoTables>
constexpr Plain evaluate(const Formula& f, const PlainPosition& at,
                         std::initializer_list<double> arguments = {}, const Read& read = {}) {
  return evaluate(
      std::span(f.steps).first(static_cast<std::size_t>(f.size)),
      [&](std::uint32_t table) { return f.tables[table].name.view(); }, at,
      std::span(arguments.begin(), arguments.size()), read);
}
/// A formula of a graph: `evaluate(g, node.mask, at)`.
template <class Read = NoTables>
constexpr Plain evaluate(const Graph& g, FormulaRange f, const PlainPosition& at,
                         std::initializer_list<double> arguments = {}, const Read& read = {}) {
  return evaluate(
      std::span(g.steps.item)
          .subspan(static_cast<std::size_t>(f.begin), static_cast<std::size_t>(f.size)),
      [&](std::uint32_t table) { return g.tables[static_cast<int>(table)].name.view(); }, at,
      std::span(arguments.begin(), arguments.size()), read);
}

}  // namespace attn
