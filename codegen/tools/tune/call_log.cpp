#include "tools/tune/call_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <tuple>

#include "import/read_file.h"

namespace attnc {
namespace {

using nlohmann::json;

constexpr size_t max_log_bytes = size_t{1} << 30;

template <class T>
std::optional<T> member(const json& line, const char* name) {
  const auto found = line.find(name);
  if (found == line.end()) return std::nullopt;
  if constexpr (std::is_same_v<T, std::string>) {
    if (!found->is_string()) return std::nullopt;
  } else if constexpr (std::is_same_v<T, bool>) {
    if (!found->is_boolean()) return std::nullopt;
  } else {
    if (!found->is_number_unsigned()) return std::nullopt;
  }
  return found->get<T>();
}

std::optional<LoggedCall> call_of(std::string_view text) {
  const json line = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!line.is_object()) return std::nullopt;
  const auto fingerprint = member<std::string>(line, "fingerprint"),
             shape = member<std::string>(line, "shape");
  const auto scores = member<bool>(line, "scores");
  const auto nanoseconds = member<uint64_t>(line, "nanoseconds");
  const auto with = line.find("with");
  if (!fingerprint || !shape || !scores || !nanoseconds || with == line.end() || !with->is_array())
    return std::nullopt;
  LoggedCall call{.shape = *shape, .with = {}, .scores = *scores, .count = 1};
  const char* end = fingerprint->data() + fingerprint->size();
  const auto read = std::from_chars(fingerprint->data(), end, call.fingerprint, 16);
  if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
  for (const json& name : *with) {
    if (!name.is_string()) return std::nullopt;
    call.with.insert(name.get<std::string>());
  }
  call.seconds = static_cast<double>(*nanoseconds) * 1e-9;
  return call;
}

}  // namespace

attn::Result<std::vector<LoggedCall>> read_call_log(const std::string& file) {
  auto text = read_file(file, max_log_bytes);
  if (!text.ok()) return text.status();
  std::map<std::tuple<uint64_t, std::string, std::set<std::string>, bool>, LoggedCall> kinds;
  int number = 0;
  for (std::string_view rest = *text; !rest.empty();) {
    ++number;
    const size_t end = rest.find('\n');
    if (end == rest.npos) break;
    const auto call = call_of(rest.substr(0, end));
    rest.remove_prefix(end + 1);
    if (!call) {
      return attn::Status(attn::StatusCode::invalid_file,
                          fmt::format("{}:{}: expected a line of a call log, which ATTN_CALL_LOG "
                                      "makes a program write",
                                      file, number));
    }
    auto [at, fresh] =
        kinds.try_emplace({call->fingerprint, call->shape, call->with, call->scores}, *call);
    if (!fresh) ++at->second.count, at->second.seconds += call->seconds;
  }
  std::vector<LoggedCall> out;
  for (auto& [kind, call] : kinds) out.push_back(std::move(call));
  std::stable_sort(out.begin(), out.end(),
                   [](const auto& a, const auto& b) { return a.seconds > b.seconds; });
  return out;
}

}  // namespace attnc
