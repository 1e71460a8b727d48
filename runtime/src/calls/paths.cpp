// Chooses the path of a variant that serves a call, or says why none does.
#include <algorithm>
#include <limits>
#include <string>

#include "calls/state.h"
#include "text.h"

namespace attn {
namespace {

/// The number of queries of a call, over all query axes: what tells phases apart.
int64_t count_queries(const AnyLayer::State& layer, const Lengths& lengths) {
  int64_t queries = 1;
  uint64_t seen = 0;
  for (const attn_tensor_info& info : layer.inputs()) {
    for (int i = 0; i < info.rank; ++i) {
      const attn_axis& axis = info.axes[i];
      if (axis.kind != ATTN_AXIS_QUERY || axis.number > 63 || (seen >> axis.number & 1)) continue;
      seen |= uint64_t{1} << axis.number;
      if (__builtin_mul_overflow(queries, std::max<int64_t>(lengths.of(axis), 0), &queries)) {
        return std::numeric_limits<int64_t>::max();
      }
    }
  }
  return queries;
}

/// "`a`", "`a` and `b`", "`a`, `b` and `c`"; "nothing" for an empty set.
std::string names(std::span<const attn_tensor_info> infos, uint32_t set) {
  std::string result;
  for (size_t i = 0; i < infos.size(); ++i) {
    if ((set >> i & 1) == 0) continue;
    const bool last = set >> i == 1;
    result += (result.empty() ? "" : last ? " and " : ", ") + quoted(infos[i].name);
  }
  return result.empty() ? "nothing" : result;
}

/// "with `a` and without `b` and `c`"; empty if both sets are empty.
std::string inputs_text(std::span<const attn_tensor_info> inputs, uint32_t given, uint32_t absent) {
  std::string result;
  if (given != 0) result = "with " + names(inputs, given);
  if (absent != 0) {
    result += (result.empty() ? "without " : " and without ") + names(inputs, absent);
  }
  return result;
}

/// Appends `part` unless it is there already.
void add_part(std::string& to, const std::string& separator, const std::string& part) {
  const std::string all = separator + to + separator;
  if (!to.empty() && all.find(separator + part + separator) != std::string::npos) return;
  to += (to.empty() ? "" : separator) + part;
}

template <class View>
uint32_t present(std::span<const View> tensors) {
  uint32_t set = 0;
  for (size_t i = 0; i < tensors.size() && i < 32; ++i) {
    if (tensors[i].present()) set |= uint32_t{1} << i;
  }
  return set;
}

/// The error that says why no path serves the call.
Status no_path(const AnyLayer::State& layer, uint32_t given, uint32_t wanted, int64_t queries) {
  const std::span<const attn_path> paths(layer.variant->paths,
                                         static_cast<size_t>(layer.variant->path_count));
  uint32_t matters = 0;  // inputs that paths differ by
  for (const attn_path& path : paths) matters |= path.given | path.absent;
  const std::string with = inputs_text(layer.inputs(), given & matters, ~given & matters);

  int32_t most = -1;                  // most queries that a path of these inputs and outputs serves
  uint32_t always = ~uint32_t{0};     // outputs that every path of these inputs makes
  std::string served, makes, others;  // which calls are served; outputs of paths of these inputs
  for (const attn_path& path : paths) {
    add_part(served, ", or ", inputs_text(layer.inputs(), path.given, path.absent));
    if ((path.given & ~given) != 0 || (path.absent & given) != 0) continue;
    if (path.outputs == wanted) most = std::max(most, path.most_queries);
    always &= path.outputs;
    add_part(makes, "; ", names(layer.outputs(), path.outputs));
    add_part(others, ", or ", names(layer.outputs(), path.outputs));
  }
  if (makes.empty()) {
    return {StatusCode::unsupported,
            text("there is no path for a call ", with, "; its paths serve calls ", served)};
  }
  if (most >= 0) {
    return {StatusCode::unsupported,
            text("the path that makes ", names(layer.outputs(), wanted), " serves at most ", most,
                 " queries a call; got ", queries)};
  }
  std::string missing;
  for (size_t i = 0; i < layer.outputs().size(); ++i) {
    const attn_tensor_info& info = layer.outputs()[i];
    if ((always & ~wanted) >> i & 1 && !info.optional && missing.empty()) {
      missing = text("output ", quoted(info.name), " is missing");
    }
  }
  const StatusCode code = missing.empty() ? StatusCode::unsupported : StatusCode::invalid_argument;
  const std::string got = names(layer.outputs(), wanted);
  if (!with.empty()) {
    return {code,
            text(missing, missing.empty() ? "" : ": ", with, " it makes ", others, "; got ", got)};
  }
  if (!missing.empty()) return {code, missing};
  return {code, text("there is no path that makes ", got, "; its paths make: ", makes)};
}

}  // namespace

Result<const attn_path*> choose_path(const AnyLayer::State& layer, std::span<const Tensor> inputs,
                                     std::span<const MutableTensor> outputs,
                                     const Lengths& lengths) {
  const uint32_t given = present(inputs), wanted = present(outputs);
  const int64_t queries = count_queries(layer, lengths);
  for (int32_t p = 0; p < layer.variant->path_count; ++p) {
    const attn_path& path = layer.variant->paths[p];
    if (path.outputs == wanted && (path.given & ~given) == 0 && (path.absent & given) == 0 &&
        (path.most_queries == 0 || path.most_queries >= queries)) {
      return &path;
    }
  }
  return no_path(layer, given, wanted, queries);
}

}  // namespace attn
