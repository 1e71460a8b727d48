#include "tools/call_shape.h"

#include <fmt/format.h>

#include <algorithm>

namespace attnc {
namespace {

struct Letter {
  attn::Kind kind;
  const char* letter;
};
constexpr Letter letters[] = {{attn::Kind::query, "T"},
                              {attn::Kind::key, "S"},
                              {attn::Kind::batch, "B"},
                              {attn::Kind::feature, "E"}};

attn::Status wrong(const std::string& sentence) {
  return {attn::StatusCode::invalid_argument, "--shape: " + sentence};
}

}  // namespace

std::string name_of(const Axis& axis) {
  std::string out = attn::kind_names[static_cast<size_t>(axis.first)];
  return axis.second ? fmt::format("{}.{}", out, axis.second) : out;
}

std::string long_name(const Axis& axis) {
  for (const Letter& l : letters) {
    if (l.kind == axis.first && axis.second == 0)
      return fmt::format("{} ({})", name_of(axis), l.letter);
  }
  return name_of(axis);
}

attn::Result<Lengths> read_shape(const std::string& text, const std::string& layer,
                                 const std::set<Axis>& axes) {
  std::string known;
  for (const Axis& a : axes) known += (known.empty() ? "" : ", ") + long_name(a);
  Lengths lengths;
  for (size_t at = 0; at <= text.size();) {
    const size_t end = std::min(text.find(',', at), text.size());
    const std::string part = text.substr(at, end - at);
    at = end + 1;
    const size_t equals = part.find('=');
    if (equals == std::string::npos) {
      return wrong(fmt::format(
          "expected AXIS=LENGTH with commas between, as T=1024,S=1024; got `{}`", part));
    }
    const std::string name = part.substr(0, equals), number = part.substr(equals + 1);
    std::string full = name;
    for (const Letter& l : letters) {
      if (name == l.letter) full = name_of({l.kind, 0});
    }
    const auto axis =
        std::find_if(axes.begin(), axes.end(), [&](const Axis& a) { return name_of(a) == full; });
    if (axis == axes.end())
      return wrong(fmt::format("{} has no axis `{}`; it has {}", layer, name, known));
    const bool digits = !number.empty() && number.size() <= 10 &&
                        std::all_of(number.begin(), number.end(),
                                    [](unsigned char c) { return c >= '0' && c <= '9'; });
    const int64_t length = digits ? std::stoll(number) : 0;
    if (length < 1 || length > longest_axis) {
      return wrong(fmt::format("{} is a length from 1 to {}; got `{}`", long_name(*axis),
                               longest_axis, number));
    }
    if (!lengths.emplace(*axis, length).second)
      return wrong(fmt::format("{} is there twice", long_name(*axis)));
  }
  for (const Axis& a : axes) {
    if (a.first == attn::Kind::batch) lengths.emplace(a, 1);
    if (!lengths.contains(a)) {
      return wrong(
          fmt::format("the length of {} is missing; {} has {}", long_name(a), layer, known));
    }
  }
  return lengths;
}

attn::Result<int64_t> product(const Lengths& lengths, attn::Kind kind) {
  int64_t all = 1;
  for (const auto& [axis, length] : lengths) {
    if (axis.first != kind) continue;
    if (__builtin_mul_overflow(all, length, &all) || all > longest_axis) {
      return wrong(fmt::format("there are more than {} of {}", longest_axis,
                               attn::kind_names[static_cast<size_t>(kind)]));
    }
  }
  return all;
}

}  // namespace attnc
