#include "files/safetensors_header.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "text.h"

namespace attn {
namespace {

/// The length in bytes of the UTF-8 sequence at the start of `s`; 0 if there is no valid one.
/// Overlong forms, surrogates and code points above 0x10ffff are not valid.
size_t utf8_length(std::string_view s) {
  auto byte = [&](size_t i) { return i < s.size() ? static_cast<unsigned char>(s[i]) : 0u; };
  auto tail = [&](size_t i) { return (byte(i) & 0xc0u) == 0x80u; };
  const unsigned first = byte(0), second = byte(1);
  if (first < 0x80) return s.empty() ? 0 : 1;
  if (first >= 0xc2 && first <= 0xdf) return tail(1) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    const bool overlong = first == 0xe0 && second < 0xa0,
               surrogate = first == 0xed && second > 0x9f;
    return tail(1) && tail(2) && !overlong && !surrogate ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    const bool overlong = first == 0xf0 && second < 0x90, beyond = first == 0xf4 && second > 0x8f;
    return tail(1) && tail(2) && tail(3) && !overlong && !beyond ? 4 : 0;
  }
  return 0;
}

void append_utf8(std::string& to, uint32_t c) {
  auto put = [&](uint32_t byte) { to += static_cast<char>(byte); };
  if (c < 0x80) {
    put(c);
  } else if (c < 0x800) {
    put(0xc0 | c >> 6), put(0x80 | (c & 0x3f));
  } else if (c < 0x10000) {
    put(0xe0 | c >> 12), put(0x80 | (c >> 6 & 0x3f)), put(0x80 | (c & 0x3f));
  } else {
    put(0xf0 | c >> 18), put(0x80 | (c >> 12 & 0x3f)), put(0x80 | (c >> 6 & 0x3f));
    put(0x80 | (c & 0x3f));
  }
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<SafeTensorsHeader> run() {
    SafeTensorsHeader header;
    read_header(header);
    skip_space();
    if (error_.empty() && at_ != text_.size()) fail("there is something after the header's end");
    if (error_.empty()) check_twice(header);
    if (!error_.empty()) return Status(StatusCode::invalid_file, error_);
    return header;
  }

 private:
  // Every read_ function returns false once anything has failed; error_ then says what.
  bool fail(const std::string& what) {
    if (error_.empty()) {
      error_ = tensor_.empty() ? "" : "tensor " + quoted(tensor_) + ": ";
      error_ += "header byte " + std::to_string(at_) + ": " + what;
    }
    return false;
  }

  void skip_space() {
    while (at_ < text_.size() && std::string_view(" \t\n\r").find(text_[at_]) != text_.npos) ++at_;
  }

  bool next_is(char c) {
    skip_space();
    return at_ < text_.size() && text_[at_] == c;
  }

  bool take(char c) {
    if (!next_is(c)) {
      return fail(text("expected '", std::string_view(&c, 1),
                       at_ < text_.size() ? "'" : "', and the header ends"));
    }
    ++at_;
    return true;
  }

  /// Reads a comma-separated list between `open` and `close`, calling `item` for each item.
  template <class Item>
  bool read_list(char open, char close, Item item) {
    if (!take(open)) return false;
    if (next_is(close)) return ++at_, true;
    for (;;) {
      if (!item()) return false;
      if (next_is(close)) return ++at_, true;
      if (!take(',')) return false;
    }
  }

  bool read_hex(uint32_t& value) {
    value = 0;
    for (int i = 0; i < 4; ++i, ++at_) {
      const char c = at_ < text_.size() ? text_[at_] : '\0';
      const uint32_t digit = c >= '0' && c <= '9'   ? static_cast<uint32_t>(c - '0')
                             : c >= 'a' && c <= 'f' ? static_cast<uint32_t>(c - 'a') + 10
                             : c >= 'A' && c <= 'F' ? static_cast<uint32_t>(c - 'A') + 10
                                                    : 16;
      if (digit == 16) return fail("expected four hexadecimal digits after \\u");
      value = value << 4 | digit;
    }
    return true;
  }

  bool read_escape(std::string& to) {
    static constexpr std::string_view letters = "\"\\/bfnrt", values = "\"\\/\b\f\n\r\t";
    const char c = at_ < text_.size() ? text_[at_] : '\0';
    if (const size_t i = letters.find(c); c != '\0' && i != letters.npos) {
      to += values[i];
      ++at_;
      return true;
    }
    if (c != 'u') return fail("expected an escape that JSON has after '\\'");
    ++at_;
    uint32_t value = 0, low = 0;
    if (!read_hex(value)) return false;
    if (value >= 0xdc00 && value <= 0xdfff) return fail("a low surrogate without a high one");
    if (value >= 0xd800 && value <= 0xdbff) {
      if (text_.substr(at_, 2) != "\\u") return fail("a high surrogate without a low one");
      at_ += 2;
      if (!read_hex(low)) return false;
      if (low < 0xdc00 || low > 0xdfff) return fail("a high surrogate without a low one");
      value = 0x10000 + ((value - 0xd800) << 10) + (low - 0xdc00);
    }
    append_utf8(to, value);
    return true;
  }

  bool read_string(std::string& to) {
    to.clear();
    if (!take('"')) return false;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '"') return ++at_, true;
      if (c == '\\') {
        ++at_;
        if (!read_escape(to)) return false;
        continue;
      }
      if (static_cast<unsigned char>(c) < 0x20) return fail("a control character in a string");
      const size_t length = utf8_length(text_.substr(at_));
      if (length == 0) return fail("bytes that are not UTF-8");
      to += text_.substr(at_, length);
      at_ += length;
    }
    return fail("a string that does not end");
  }

  bool read_integer(int64_t& value) {
    skip_space();
    const size_t begin = at_;
    value = 0;
    for (; at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9'; ++at_) {
      if (__builtin_mul_overflow(value, 10, &value) ||
          __builtin_add_overflow(value, text_[at_] - '0', &value)) {
        return fail("a number of 2^63 or more");
      }
    }
    if (at_ == begin) return fail("expected an integer that is not negative");
    if (at_ - begin > 1 && text_[begin] == '0') return fail("a number that begins with 0");
    if (at_ < text_.size() && std::string_view(".eE").find(text_[at_]) != text_.npos) {
      return fail("expected an integer, not a number with a point or an exponent");
    }
    return true;
  }

  bool read_entry(SafeTensorsEntry& entry) {
    bool dtype = false, shape = false, offsets = false;
    auto once = [&](bool& seen, const char* key) {
      if (seen) return fail(text("`", key, "` comes twice"));
      return seen = true;
    };
    std::string key;
    const bool read = read_list('{', '}', [&] {
      if (!read_string(key) || !take(':')) return false;
      if (key == "dtype") return once(dtype, "dtype") && read_string(entry.dtype);
      if (key == "shape") {
        return once(shape, "shape") && read_list('[', ']', [&] {
                 entry.shape.push_back(0);
                 return read_integer(entry.shape.back());
               });
      }
      if (key == "data_offsets") {
        return once(offsets, "data_offsets") && take('[') && read_integer(entry.begin) &&
               take(',') && read_integer(entry.end) && take(']');
      }
      return fail(text("unknown key ", quoted(key), ", expected dtype, shape, data_offsets"));
    });
    if (!read) return false;
    if (!dtype) return fail("`dtype` is missing");
    if (!shape) return fail("`shape` is missing");
    return offsets || fail("`data_offsets` is missing");
  }

  bool read_header(SafeTensorsHeader& header) {
    std::string name;
    bool metadata = false;
    return read_list('{', '}', [&] {
      tensor_.clear();
      if (!read_string(name) || !take(':')) return false;
      if (name == "__metadata__") {
        if (metadata) return fail("`__metadata__` comes twice");
        metadata = true;
        return read_list('{', '}', [&] {
          auto& [key, value] = header.metadata.emplace_back();
          return read_string(key) && take(':') && read_string(value);
        });
      }
      tensor_ = name;
      header.entries.emplace_back();
      header.entries.back().name = name;
      if (!read_entry(header.entries.back())) return false;
      tensor_.clear();
      return true;
    });
  }

  void check_twice(const SafeTensorsHeader& header) {
    std::vector<std::string_view> names;
    auto twice = [&](const char* what) {
      std::sort(names.begin(), names.end());
      const auto found = std::adjacent_find(names.begin(), names.end());
      if (found != names.end())
        error_ = text(what, " ", quoted(*found), " comes twice in the header");
    };
    for (const auto& [key, value] : header.metadata) names.push_back(key);
    twice("metadata");
    names.clear();
    for (const SafeTensorsEntry& entry : header.entries) names.push_back(entry.name);
    twice("tensor");
  }

  std::string_view text_;
  size_t at_ = 0;
  std::string tensor_;  // the tensor that is being read, for messages
  std::string error_;
};

}  // namespace

Result<SafeTensorsHeader> parse_safetensors_header(std::string_view json) {
  return Parser(json).run();
}

int safetensors_bits(std::string_view dtype) {
  struct Type {
    std::string_view name;
    int bits;
  };
  static constexpr Type types[] = {
      {"BOOL", 8}, {"F4", 4},          {"F6_E2M3", 6}, {"F6_E3M2", 6}, {"U8", 8},
      {"I8", 8},   {"F8_E5M2", 8},     {"F8_E4M3", 8}, {"F8_E8M0", 8}, {"F8_E5M2FNUZ", 8},
      {"I16", 16}, {"F8_E4M3FNUZ", 8}, {"U16", 16},    {"F16", 16},    {"BF16", 16},
      {"I32", 32}, {"U32", 32},        {"F32", 32},    {"C64", 64},    {"F64", 64},
      {"I64", 64}, {"U64", 64}};
  for (const Type& type : types) {
    if (type.name == dtype) return type.bits;
  }
  return 0;
}

}  // namespace attn
