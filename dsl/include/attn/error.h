// error.h - one sentence for each error, whether a compiler meets it or a program that reads JSON.
//
//   diagnostics.require<"`num_heads` must be positive, not {}">(num_heads > 0, num_heads);
//
// A layer written in C++ is evaluated by the compiler. An error ends the evaluation at a call to a
// function that is not constexpr. The sentence is a template argument of that function, so that
// g++'s `error:` line and clang's notes contain it. A layer described at run time goes through the
// same checks, which keep the first error as a value: nothing here ends a program.
// Not here: failures of calls and files; those are the runtime's attn::Status.
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

namespace attn {

/// A short text held in place, so that a description needs nothing that could go out of scope.
struct Name {
  std::array<char, 32> text{};
  constexpr Name() = default;
  constexpr Name(const char* s)
      : Name(std::string_view(s)) {}  // NOLINT: a name is written as a literal
  constexpr Name(std::string_view s) {
    for (std::size_t i = 0; i < s.size() && i + 1 < text.size(); ++i) text[i] = s[i];
    too_long = s.size() >= text.size();
  }
  constexpr std::string_view view() const { return {text.data()}; }
  constexpr bool empty() const { return text[0] == 0; }
  constexpr bool operator==(const Name& o) const { return view() == o.view(); }
  /// Letters, digits and `_`, a letter first; of a weight, such words joined by `/`.
  constexpr bool is_identifier(bool with_slashes) const {
    bool first = true;
    for (char c : view()) {
      const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
      const bool separates = c == '/' && with_slashes && !first;
      if (!letter && !separates && (first || !(c == '_' || (c >= '0' && c <= '9')))) return false;
      first = separates;
    }
    return !first;
  }
  bool too_long = false;
};
constexpr Name operator+(const Name& a, std::string_view b) {
  std::array<char, 64> joined{};
  std::size_t n = 0;
  for (char c : a.view()) joined[n++] = c;
  for (char c : b.substr(0, 31)) joined[n++] = c;
  return Name(std::string_view(joined.data(), n));
}

/// The first error of a layer; empty if there is none.
struct Error {
  const char* sentence = "";
  std::array<std::int64_t, 3> number{};
  std::array<Name, 3> name{};
  constexpr explicit operator bool() const { return sentence[0] != 0; }
  constexpr bool operator==(std::string_view s) const { return sentence == s; }

  /// The sentence with its `{}` (numbers) and `[]` (names) filled in.
  std::string text() const {
    std::string out;
    std::size_t n = 0, s = 0;
    for (std::string_view rest = sentence; !rest.empty(); rest.remove_prefix(1)) {
      if (rest.starts_with("{}") && n < number.size()) {
        out += std::to_string(number[n++]), rest.remove_prefix(1);
      } else if (rest.starts_with("[]") && s < name.size()) {
        out += name[s++].view(), rest.remove_prefix(1);
      } else {
        out += rest.front();
      }
    }
    return out;
  }
};

/// Where a call was written.
struct Place {
  const char* file = "";
  int line = 0;
};
/// As a default argument, the place of the call that left it out.
constexpr Place here(const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
  return {file, line};
}

template <std::size_t N>
struct Letters {
  char text[N];
};
/// A sentence as a template argument: compilers print it where they name the call.
template <std::size_t N>
struct Sentence : Letters<N> {
#if defined(__clang__)
  constexpr Sentence(const char (&s)[N]) : Letters<N>{} {  // NOLINT: written as a literal
    for (std::size_t i = 0; i < N; ++i) this->text[i] = s[i];
  }
#else
  // g++ takes half as long for this as for a loop: 3% of what the header costs. clang refuses it.
  constexpr Sentence(const char (&s)[N]) : Letters<N>(__builtin_bit_cast(Letters<N>, s)) {}
#endif
};
namespace error {
/// Not constexpr, on purpose: a compiler that reaches the call stops, and prints the sentence.
template <Sentence sentence>
void in_description() {}

/// Names fill the sentence's `[]`, numbers its `{}`.
constexpr Error of(const char* sentence, auto... facts) {
  Error e{sentence};
  [[maybe_unused]] std::size_t n = 0, s = 0;
  (
      [&](const auto& fact) {
        if constexpr (requires { Name(fact); })
          e.name[s++] = Name(fact);
        else
          e.number[n++] = static_cast<std::int64_t>(fact);
      }(facts),
      ...);
  return e;
}
}  // namespace error

/// What a compiler does at an error. A program keeps it, whatever is asked for.
enum class OnError : bool { stop, keep };

/// Keeps the first error of a description, or stops the compiler at it.
class Diagnostics {
 public:
  constexpr explicit Diagnostics(OnError on_error) : keep_(on_error == OnError::keep) {}
  constexpr const Error& error() const { return error_; }

  /// Returns `holds`. Where it is false, the sentence is the error.
  template <Sentence sentence>
  constexpr bool require(bool holds, auto... facts) {
    if (holds || error_) return holds;
    if (!keep_ && std::is_constant_evaluated()) error::in_description<sentence>();
    error_ = error::of(sentence.text, facts...);
    return false;
  }
  /// Takes over an error that was made before there was a description: a compiler has stopped then.
  constexpr void keep(const Error& e) {
    if (!error_) error_ = e;
  }

 private:
  bool keep_;
  Error error_{};
};
/// The error of what belongs to no description yet, such as a mask; empty if `holds`.
template <Sentence sentence>
constexpr Error error_unless(bool holds, auto... facts) {
  Diagnostics diagnostics(OnError::stop);
  diagnostics.require<sentence>(holds, facts...);
  return diagnostics.error();
}

}  // namespace attn
