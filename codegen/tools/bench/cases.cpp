#include "tools/bench/cases.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "import/read_file.h"

namespace attnc {
namespace {

using attn::StatusCode;
using json = nlohmann::json;

constexpr size_t max_cases_bytes = size_t{16} << 20;
constexpr int64_t max_elements =
    std::numeric_limits<int32_t>::max();  // of one tensor: the runtime's limit

/// A value as error messages show it.
std::string shown(const json& value) {
  std::string text = value.dump(-1, ' ', false, json::error_handler_t::replace);
  if (text.size() > 60) text = text.substr(0, 57) + "...";
  return text;
}

/// Whether `s` can be a case's name, which is part of a file name (--save).
bool is_name(const std::string& s) {
  return !s.empty() && s[0] != '.' && s.size() <= 200 &&
         std::all_of(s.begin(), s.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '_' || c == '.';
         });
}

/// Reads one case and keeps the first error.
class Reader {
 public:
  Reader(const json& object, const std::string& file, size_t number)
      : object_(object), file_(file), where_(fmt::format("{}: case number {}", file, number)) {}

  Status read(BenchCase& c) {
    if (!object_.is_object()) {
      wrong(fmt::format("a case is an object, not {}", shown(object_)));
      return status_;
    }
    name(c.name);
    if (status_.ok()) where_ = fmt::format("{}: case `{}`", file_, c.name);
    std::string kind = "sdpa", dtype = "f32";
    word("kind", kind, {"sdpa", "mha"});
    word("dtype", dtype, {"f32", "f16", "bf16"});
    whole("B", c.batch), whole("Hq", c.query_heads), whole("T", c.queries), whole("D", c.size);
    c.key_heads = c.query_heads, c.keys = c.queries, c.value_size = c.size;
    whole_or_null("Hkv", c.key_heads), whole_or_null("S", c.keys);
    whole_or_null("Dv", c.value_size), whole_or_null("hidden", c.hidden);
    whole_or_null("window", c.window), whole_or_null("document", c.document);
    truth("causal", c.causal), truth("alibi", c.alibi), positive("softcap", c.softcap);
    truth("by_position", c.by_position), truth("scores", c.scores);
    if (const json* mask = find("mask"); mask && !mask->is_null())
      wrong_type("mask", "null", *mask);
    for (const auto& [key, value] : object_.items()) {
      if (std::find(known_.begin(), known_.end(), key) == known_.end()) {
        wrong(fmt::format("there is no key `{}`; there are {}", key, fmt::join(known_, ", ")));
      }
    }
    c.whole_layer = kind == "mha";
    if (c.whole_layer && c.hidden == 0) wrong("the kind \"mha\" needs the key `hidden`");
    if (c.whole_layer && c.by_position)
      wrong("the kind \"mha\" has no keys and values of the caller, so not the key `by_position`");
    c.dtype = dtype == "f16"    ? attn::DTypePolicy::float16
              : dtype == "bf16" ? attn::DTypePolicy::bfloat16
                                : attn::DTypePolicy::float32;
    skip(c, c.whole_layer && c.query_heads != c.key_heads && c.value_size != c.size,
         "a grouped layer whose values have a size of their own (Dv)");
    if (status_.ok() && c.skipped.empty()) judge(c);
    return status_;
  }

 private:
  void wrong(const std::string& sentence) {
    if (status_.ok()) status_ = Status(StatusCode::invalid_argument, where_ + ": " + sentence);
  }
  void wrong_type(const char* key, const char* wanted, const json& got) {
    wrong(fmt::format("`{}` must be {}, not {}", key, wanted, shown(got)));
  }
  const json* find(const char* key) {
    known_.push_back(key);
    const auto at = object_.find(key);
    return at == object_.end() ? nullptr : &*at;
  }

  void name(std::string& out) {
    const json* value = find("name");
    if (!value) return wrong("the key `name` is missing");
    if (!value->is_string() || !is_name(value->get<std::string>())) {
      return wrong_type("name", "letters, digits, `-`, `_` and `.` (a file can be called so)",
                        *value);
    }
    out = value->get<std::string>();
  }
  void word(const char* key, std::string& out, std::vector<std::string> words) {
    const json* value = find(key);
    if (!value) return;
    for (const std::string& w : words) {
      if (*value == w) return void(out = w);
    }
    wrong_type(key, fmt::format("\"{}\"", fmt::join(words, "\", \"")).c_str(), *value);
  }
  void whole(const char* key, int& out) { number(key, out, false); }
  void whole_or_null(const char* key, int& out) { number(key, out, true); }
  void number(const char* key, int& out, bool or_null) {
    const json* value = find(key);
    if (!value || (or_null && value->is_null())) return;
    if (!value->is_number_integer() || *value < 1 || *value > std::numeric_limits<int>::max()) {
      return wrong_type(
          key, or_null ? "a positive whole number or null" : "a positive whole number", *value);
    }
    out = value->get<int>();
  }
  /// Kernels hold the number in float32: scores divided by it, and products with it, have to stay
  /// finite.
  void positive(const char* key, double& out) {
    const json* value = find(key);
    if (!value || value->is_null()) return;
    if (!value->is_number() || !(value->get<double>() >= 1e-18 && value->get<double>() <= 1e18))
      return wrong_type(key, "a number from 1e-18 to 1e18 or null", *value);
    out = value->get<double>();
  }
  void truth(const char* key, bool& out) {
    const json* value = find(key);
    if (!value) return;
    if (!value->is_boolean()) return wrong_type(key, "true or false", *value);
    out = value->get<bool>();
  }

  static void skip(BenchCase& c, bool because, const std::string& what) {
    if (because && c.skipped.empty())
      c.skipped = fmt::format("attnc does not measure {} yet", what);
  }

  /// Checks the sizes by the rules of the language and the runtime.
  void judge(const BenchCase& c) {
    const attn::Description d = description_of(c);
    if (d.error()) return wrong(d.error().text());
    const double b = c.batch, size = std::max(c.size, c.value_size);
    const double rows =
        c.whole_layer ? std::max({b * c.queries * c.hidden, b * c.keys * c.hidden,
                                  size * c.query_heads * c.hidden})
                      : std::max(b * c.query_heads * c.queries, b * c.key_heads * c.keys) * size;
    const double largest = c.scores ? std::max(rows, b * c.query_heads * c.queries * c.keys) : rows;
    if (largest > static_cast<double>(max_elements)) {
      wrong(fmt::format("a tensor of {:.0f} elements is too large: at most {} go", largest,
                        max_elements));
    }
  }

  const json& object_;
  const std::string& file_;
  std::string where_;
  std::vector<const char*> known_;
  Status status_;
};

struct Range {
  int64_t from = 0, to = 0, step = 1;
};
/// The range that an object is, or nullopt: it has other keys, other numbers, or is empty.
std::optional<Range> range_of(const json& object) {
  Range range;
  const std::pair<const char*, int64_t*> parts[] = {
      {"from", &range.from}, {"to", &range.to}, {"step", &range.step}};
  for (const auto& [key, value] : object.items()) {
    const auto part = std::ranges::find(parts, key, &std::pair<const char*, int64_t*>::first);
    if (part == std::end(parts) || !value.is_number_integer() || value < 1 ||
        value > std::numeric_limits<int>::max())
      return {};
    *part->second = value.get<int64_t>();
  }
  if (range.from < 1 || range.to < range.from) return {};
  return range;
}

/// Appends the cases that an object with ranges stands for.
Status expand(json object, const std::string& file, size_t number, std::vector<json>& out) {
  constexpr size_t most = 4096;
  const auto wrong = [&](const std::string& sentence) {
    return Status(StatusCode::invalid_argument,
                  fmt::format("{}: case number {}: {}", file, number, sentence));
  };
  const auto at = std::find_if(object.begin(), object.end(), [&](const json& value) {
    return object.is_object() && value.is_object();
  });
  if (at == object.end()) {
    if (out.size() == most) return wrong(fmt::format("its ranges make more than {} cases", most));
    out.push_back(std::move(object));
    return {};
  }
  const std::optional<Range> range = range_of(*at);
  if (!range) {
    return wrong(fmt::format(
        "`{}`: a range is {{\"from\": 48, \"to\": 256, \"step\": 8}}, of positive whole "
        "numbers and not empty; got {}",
        at.key(), shown(*at)));
  }
  for (int64_t v = range->from; v <= range->to; v += range->step) {
    json one = object;
    one[at.key()] = v;
    if (const auto name = one.find("name"); name != one.end() && name->is_string())
      *name = fmt::format("{}-{}{}", name->get<std::string>(), at.key(), v);
    if (Status s = expand(std::move(one), file, number, out); !s.ok()) return s;
  }
  return {};
}

}  // namespace

Result<std::vector<BenchCase>> bench_cases_from_json(const std::string& text,
                                                     const std::string& file) {
  auto document = parse_json(text, file);
  if (!document.ok()) return document.status();
  if (!document->is_array() || document->empty()) {
    return Status(StatusCode::invalid_file,
                  fmt::format("{}: expected a list of cases, [{{\"name\": ...}}, ...], not {}",
                              file, shown(*document)));
  }
  std::vector<json> objects;
  std::vector<size_t> numbers;  // in the file
  for (size_t i = 0; i < document->size(); ++i) {
    if (Status s = expand((*document)[i], file, i + 1, objects); !s.ok()) return s;
    numbers.resize(objects.size(), i + 1);
  }
  std::vector<BenchCase> cases;
  for (const json& object : objects) {
    BenchCase c;
    if (Status s = Reader(object, file, numbers[cases.size()]).read(c); !s.ok()) return s;
    for (const BenchCase& other : cases) {
      if (other.name == c.name) {
        return Status(StatusCode::invalid_argument,
                      fmt::format("{}: two cases have the name `{}`", file, c.name));
      }
    }
    cases.push_back(std::move(c));
  }
  return cases;
}

Result<std::vector<BenchCase>> read_bench_cases(const std::string& file) {
  auto text = read_file(file, max_cases_bytes);
  if (!text.ok()) return text.status();
  return bench_cases_from_json(*text, file);
}

Result<std::vector<BenchCase>> select_cases(std::vector<BenchCase> cases,
                                            const std::vector<std::string>& names,
                                            const std::string& file) {
  if (names.empty()) return cases;
  std::string known;
  for (const BenchCase& c : cases) known += (known.empty() ? "" : ", ") + c.name;
  for (const std::string& name : names) {
    if (std::none_of(cases.begin(), cases.end(), [&](const auto& c) { return c.name == name; })) {
      return Status(StatusCode::not_found,
                    fmt::format("{} has no case `{}`; it has {}", file, name, known));
    }
  }
  std::erase_if(cases, [&](const BenchCase& c) {
    return std::find(names.begin(), names.end(), c.name) == names.end();
  });
  return cases;
}

double operations_of(const BenchCase& c) {
  double pairs = 0;
  for (int64_t query = 0; query < c.queries; ++query) {
    const int64_t place = c.cross() ? query + c.keys - c.queries : query;
    int64_t first = 0, end = c.keys;
    if (c.causal) end = std::min(end, place + 1);
    if (c.window > 0)
      first = std::max(first, place - c.window + 1), end = std::min(end, place + c.window);
    if (c.document > 0) {
      const int64_t own = place < 0 ? c.keys : place / c.document * c.document;
      first = std::max(first, own), end = std::min(end, own + c.document);
    }
    pairs += static_cast<double>(std::max<int64_t>(end - first, 0));
  }
  const double heads = double{1} * c.batch * c.query_heads,
               key_heads = double{1} * c.batch * c.key_heads;
  double products = pairs * heads * (c.size + c.value_size);
  if (c.whole_layer) {
    products += double{1} * c.hidden *
                (c.queries * heads * (c.size + c.value_size) +
                 c.keys * key_heads * (c.size + c.value_size));
  }
  return 2 * products;
}

}  // namespace attnc
