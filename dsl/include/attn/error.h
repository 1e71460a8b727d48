// error.h - one sentence for one mistake, whether it is met by a compiler or by a program that
// reads JSON.
//
//   sink.require(num_heads > 0, "`num_heads` must be positive, not {}", num_heads);
//
// A layer written in C++ is evaluated by the compiler. There the mistake ends the evaluation at a
// call that no constant expression may make, and both compilers print that call with its arguments:
// the sentence and the numbers. A layer described at run time goes through the same functions,
// which keep the first mistake as a value: nothing here ends a program. Not here: failures of calls
// and files; those are the runtime's attn::Status.
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

/// The first mistake of a layer: empty when there was none.
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

namespace error {
/// Not constexpr, on purpose: that a compiler reaches this call is the diagnostic.
inline void read_the_sentence_in_quotes(const Error&) {}
}  // namespace error

/// Where a call was written.
struct Place {
  const char* file = "";
  int line = 0;
};
/// As a default argument, the place of the call that left it out.
constexpr Place here(const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
  return {file, line};
}

/// What a compiler does at a mistake. A program keeps it, whatever is asked for.
enum class OnError : bool { stop, keep };

/// Collects the first mistake, or stops the compiler at it.
class Sink {
 public:
  constexpr explicit Sink(OnError on_error) : keep_(on_error == OnError::keep) {}
  constexpr const Error& error() const { return error_; }

  constexpr void mistake(const char* sentence, auto... facts) {
    if (error_) return;
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
    mistake(e);
  }
  constexpr void mistake(const Error& e) {
    if (error_ || !e) return;
    if (!keep_ && std::is_constant_evaluated()) error::read_the_sentence_in_quotes(e);
    error_ = e;
  }
  constexpr bool require(bool holds, const char* sentence, auto... facts) {
    if (!holds) mistake(sentence, facts...);
    return holds;
  }

 private:
  bool keep_;
  Error error_{};
};
/// Of what has no graph to tell yet, such as a mask: empty if `holds`.
constexpr Error mistake_unless(bool holds, const char* sentence, auto... facts) {
  Sink sink(OnError::stop);
  sink.require(holds, sentence, facts...);
  return sink.error();
}

}  // namespace attn
