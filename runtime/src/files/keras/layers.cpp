#include "files/keras/layers.h"

#include <algorithm>

#include "files/file_kind.h"
#include "text.h"

namespace attn {
namespace {

struct KnownClass {
  std::string_view class_name, group;
};
constexpr KnownClass known_classes[] = {
    {"MultiHeadAttention", "multi_head_attention"},
    {"CachedMultiHeadAttention", "cached_multi_head_attention"},
    {"GroupQueryAttention", "grouped_query_attention"},  // Keras's GroupedQueryAttention
    {"GroupQueryAttention", "group_query_attention"},
    {"Attention", "attention"},
    {"ReuseMultiHeadAttention", "reuse_multi_head_attention"},
};

/// How a class names its groups.
enum class Layout { plain, underscored, reuse, scalars };

/// One of our projections and the group that stores it.
struct Part {
  std::string name, group;
  bool required;
};

/// The parts in the order of get_weights. `some_reused`, `some_new`: which heads a layer of
/// Layout::reuse has.
std::vector<Part> parts_of(Layout layout, bool some_reused, bool some_new) {
  if (layout == Layout::scalars) return {};
  if (layout != Layout::reuse) {
    const std::string bar = layout == Layout::underscored ? "_" : "";
    return {{"query", bar + "query_dense", true},
            {"key", bar + "key_dense", true},
            {"gate", "_gate_dense", false},
            {"value", bar + "value_dense", true},
            {"attention_output", bar + "output_dense", true}};
  }
  std::vector<Part> parts;
  const std::string second = some_reused ? "einsum_dense_1" : "einsum_dense";
  if (some_new) parts = {{"query", "_query_dense", true}, {"key", "_key_dense", true}};
  if (some_reused) parts.push_back({"value_reuse", "_value_dense/einsum_dense", true});
  if (some_new) parts.push_back({"value_new", "_value_dense/" + second, true});
  if (some_reused) parts.push_back({"attention_output_reuse", "_output_dense/einsum_dense", true});
  if (some_new) parts.push_back({"attention_output_new", "_output_dense/" + second, true});
  return parts;
}

constexpr std::string_view embeddings = "relative_position_embeddings";
constexpr std::string_view scalar_names[] = {"scale", "concat_score_weight"};

std::string_view last_part(std::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == path.npos ? path : path.substr(slash + 1);
}

std::string joined(std::string_view group, std::string_view name) {
  if (group.empty() || name.empty()) return text(group, name);
  return text(group, "/", name);
}

/// "multi_head_attention_1" -> "MultiHeadAttention".
std::string class_of(std::string_view group) {
  const size_t end = group.find_last_not_of("0123456789");
  if (end != group.npos && end + 1 < group.size() && group[end] == '_') {
    group = group.substr(0, end);
  }
  for (const KnownClass& known : known_classes) {
    if (known.group == group) return std::string(known.class_name);
  }
  return {};
}

void finish(LayerPlaces& layer) {
  for (const WeightPlace& weight : layer.weights) layer.info.weights.push_back(weight.name);
}

class Finder {
 public:
  Finder(hid_t file, const hdf5::Index& index, uint64_t file_bytes)
      : file_(file), index_(index), file_bytes_(file_bytes) {}

  void look_at_group(const std::string& group) {
    if (is_layer(group, "")) return add_projections(group, Layout::plain, false, false);
    const bool value = has(group, "_value_dense/einsum_dense/vars/0");
    if (value || has(group, "_output_dense/einsum_dense/vars/0")) {
      const bool some_new = has(group, "_query_dense/vars/0") || has(group, "_key_dense/vars/0");
      const bool two = has(group, "_value_dense/einsum_dense_1/vars/0") ||
                       has(group, "_output_dense/einsum_dense_1/vars/0");
      return add_projections(group, Layout::reuse, two || !some_new, some_new || two);
    }
    // Comes after reuse, which has queries and keys under the same names.
    if (is_layer(group, "_")) return add_projections(group, Layout::underscored, false, false);
    if (has(group, "vars/0")) add_scalars(group);
  }

  void look_at_legacy(const std::string& base) {
    for (const std::string& layer : chunked(base.empty() ? "/" : base, "layer_names")) {
      const std::string group = joined(base, layer);
      if (index_.has_group(group)) look_at_legacy_layer(group);
    }
  }

  std::vector<LayerPlaces> found;

 private:
  bool has(std::string_view group, std::string_view dataset) const {
    return index_.has_dataset(joined(group, dataset));
  }

  /// Whether at least two of the four projections are there: a layer that lost a dataset is
  /// reported, not skipped.
  bool is_layer(const std::string& group, const char* bar) const {
    int there = 0;
    for (const char* part : {"query", "key", "value", "output"}) {
      there += has(group, text(bar, part, "_dense/vars/0"));
    }
    return there >= 2;
  }

  void add_projections(const std::string& group, Layout layout, bool some_reused, bool some_new) {
    LayerPlaces layer = start(group);
    if (layout == Layout::reuse) {
      layer.info.class_name = "ReuseMultiHeadAttention";
      if (has(group, "vars/0")) {
        layer.weights.push_back({std::string(embeddings), joined(group, "vars/0")});
      }
    }
    for (const Part& part : parts_of(layout, some_reused, some_new)) {
      const std::string vars = joined(group, part.group + "/vars");
      if (has(vars, "0")) {
        layer.weights.push_back({part.name + "/kernel", vars + "/0"});
      } else if (part.required && layer.status.ok()) {
        layer.status = {StatusCode::invalid_file, text(quoted(vars + "/0"), ", the layer's ",
                                                       part.name, "/kernel, is missing")};
      }
      if (has(vars, "1")) layer.weights.push_back({part.name + "/bias", vars + "/1"});
      if (has(vars, "2") && layer.status.ok()) {
        layer.status = {StatusCode::unsupported,
                        text(quoted(vars),
                             " holds more than a kernel and a bias, as quantized layers do, which "
                             "are not read: save the model as it was before it was quantized")};
      }
    }
    finish(layer);
    found.push_back(std::move(layer));
  }

  void add_scalars(const std::string& group) {
    const std::string vars = joined(group, "vars");
    if (has(vars, "2") || has_more_than(group, vars)) return;
    LayerPlaces layer = start(group);
    const bool two = has(vars, "1");
    for (int i = 0; i < (two ? 2 : 1); ++i) {
      const std::string dataset = text(vars, "/", i);
      const auto array = hdf5::describe(file_, dataset, file_bytes_);
      // Anything but scalars belongs to another layer. A dataset that cannot be read counts as a
      // scalar only if the group's name is Attention's.
      if (array.ok() ? array->shape.rank() != 0 : layer.info.class_name != "Attention") return;
      layer.weights.push_back({std::string(scalar_names[i]), dataset});
    }
    layer.listed = layer.info.class_name == "Attention";
    layer.info.class_name = "Attention";
    finish(layer);
    found.push_back(std::move(layer));
  }

  /// Whether there are datasets below `group` outside of `vars`.
  bool has_more_than(const std::string& group, const std::string& vars) const {
    const std::string below = group.empty() ? "" : group + "/", own = vars + "/";
    for (auto at = index_.by_path.lower_bound(below);
         at != index_.by_path.end() && at->first.starts_with(below); ++at) {
      if (at->second && !at->first.starts_with(own)) return true;
    }
    return false;
  }

  LayerPlaces start(const std::string& group) const {
    LayerPlaces layer;
    layer.info.path = group.empty() ? "/" : group;
    layer.info.class_name = class_of(last_part(group));
    const std::string vars = joined(group, "vars");
    if (index_.has_group(vars)) {
      const std::vector<std::string> name = hdf5::strings(file_, vars, "name", file_bytes_);
      if (name.size() == 1) layer.info.name = name[0];
    }
    return layer;
  }

  /// An attribute of strings, which is split into parts (weight_names0, weight_names1, ...) if it
  /// is long.
  std::vector<std::string> chunked(const std::string& path, const std::string& attribute) const {
    std::vector<std::string> all = hdf5::strings(file_, path, attribute.c_str(), file_bytes_);
    for (int i = 0; all.size() < index_.objects.size(); ++i) {
      std::vector<std::string> more =
          hdf5::strings(file_, path, text(attribute, i).c_str(), file_bytes_);
      if (more.empty()) break;
      all.insert(all.end(), more.begin(), more.end());
    }
    return all;
  }

  /// The one of our names that `weight` ends with; empty if there is none.
  static std::string_view our_name(std::string_view weight) {
    auto ends_with = [&](std::string_view name) {
      return weight == name || (weight.size() > name.size() && weight.ends_with(name) &&
                                weight[weight.size() - name.size() - 1] == '/');
    };
    for (std::string_view name : {embeddings, scalar_names[0], scalar_names[1]}) {
      if (ends_with(name)) return name;
    }
    const size_t slash = weight.rfind('/');
    if (slash == weight.npos || slash == 0) return {};
    const std::string_view leaf = weight.substr(slash + 1);
    if (leaf != "kernel" && leaf != "bias") return {};
    const std::string_view part = last_part(weight.substr(0, slash));
    for (std::string_view known :
         {"query", "key", "gate", "value", "attention_output", "value_reuse", "value_new",
          "attention_output_reuse", "attention_output_new"}) {
      if (part == known) return weight.substr(slash - part.size());
    }
    return {};
  }

  void look_at_legacy_layer(const std::string& group) {
    // By what precedes our names: one layer of the model may hold several attention layers.
    std::vector<std::pair<std::string, LayerPlaces>> by_prefix;
    std::vector<WeightPlace> unscoped;  // tf_keras stores the embeddings outside the layer's scope
    for (const std::string& stored : chunked(group, "weight_names")) {
      std::string_view weight = stored;
      if (const size_t colon = weight.rfind(':');
          colon != weight.npos &&
          weight.find_first_not_of("0123456789", colon + 1) == weight.npos) {
        weight = weight.substr(0, colon);
      }
      // Only in the legacy format is LoRA not merged into the kernel.
      constexpr std::string_view lora = "lora_kernel_a";
      const bool has_lora = last_part(weight) == lora;
      const std::string kernel =
          text(weight.substr(0, weight.size() - lora.size() * has_lora), has_lora ? "kernel" : "");
      if (has_lora) weight = kernel;
      const std::string name(our_name(weight));
      if (name.empty()) continue;
      const WeightPlace place{name, joined(group, stored)};
      if (name == embeddings) {
        unscoped.push_back(place);
        continue;
      }
      std::string prefix(weight.substr(0, weight.size() - name.size()));
      if (!prefix.empty()) prefix.pop_back();
      auto at = std::find_if(by_prefix.begin(), by_prefix.end(),
                             [&](const auto& one) { return one.first == prefix; });
      if (at == by_prefix.end()) {
        by_prefix.emplace_back(prefix, LayerPlaces{});
        at = by_prefix.end() - 1;
        at->second.weights = std::exchange(unscoped, {});
      }
      if (!has_lora) {
        at->second.weights.push_back(place);
      } else if (at->second.status.ok()) {
        at->second.status = {StatusCode::unsupported,
                             text(quoted(place.dataset), " is a LoRA beside ", name,
                                  ", not merged into it: load the weights in Keras and save them "
                                  "as .weights.h5 or .keras, which merges them")};
      }
    }
    for (auto& [prefix, layer] : by_prefix) add_legacy(group, prefix, std::move(layer));
  }

  void add_legacy(const std::string& group, const std::string& prefix, LayerPlaces layer) {
    auto holds = [&](std::string_view name) {
      return std::any_of(layer.weights.begin(), layer.weights.end(),
                         [&](const WeightPlace& weight) { return weight.name == name; });
    };
    layer.info.path = joined(group, prefix);
    layer.info.name = last_part(layer.info.path);
    layer.info.class_name = class_of(layer.info.name);
    for (const WeightPlace& weight : layer.weights) {
      if (index_.has_dataset(weight.dataset)) continue;
      layer.status = {StatusCode::invalid_file,
                      text(quoted(weight.dataset), ", the layer's ", weight.name, ", is missing")};
      break;
    }
    const bool scalars = layer.weights.size() <= 2 && (holds("scale") || holds(scalar_names[1]));
    if (holds("value_reuse/kernel") || holds("value_new/kernel")) {
      layer.info.class_name = "ReuseMultiHeadAttention";
    } else if (scalars && layer.status.ok()) {
      for (const WeightPlace& weight : layer.weights) {
        const auto array = hdf5::describe(file_, weight.dataset, file_bytes_);
        if (array.ok() && array->shape.rank() != 0) return;
      }
      layer.info.class_name = "Attention";
    } else if (!holds("attention_output/kernel") || !holds("query/kernel")) {
      return;
    }
    finish(layer);
    found.push_back(std::move(layer));
  }

  hid_t file_;
  const hdf5::Index& index_;
  uint64_t file_bytes_;
};

std::string describe_layers(std::span<const LayerPlaces* const> layers) {
  constexpr size_t most = 8;
  std::string words;
  for (size_t i = 0; i < std::min(layers.size(), most); ++i) {
    const KerasLayerInfo& info = layers[i]->info;
    words += text(i == 0 ? "" : ", ", quoted(info.path));
    if (!info.class_name.empty() || !info.name.empty()) {
      words += text(" (", info.class_name, info.class_name.empty() || info.name.empty() ? "" : ", ",
                    info.name.empty() ? "" : "named " + quoted(info.name), ")");
    }
  }
  return layers.size() <= most ? words : text(words, " and ", layers.size() - most, " more");
}

}  // namespace

std::vector<LayerPlaces> find_layers(hid_t file, const hdf5::Index& index, uint64_t file_bytes) {
  Finder finder(file, index, file_bytes);
  const bool nested = index.has_group("model_weights");
  finder.look_at_legacy("");
  if (nested) finder.look_at_legacy("model_weights");
  if (!finder.found.empty()) return std::move(finder.found);
  finder.look_at_group("");
  for (const auto& [path, is_dataset] : index.objects) {
    if (!is_dataset) finder.look_at_group(path);
  }
  return std::move(finder.found);
}

Result<const LayerPlaces*> choose_layer(const std::string& file, std::string_view which,
                                        std::span<const LayerPlaces> layers) {
  while (which.size() > 1 && which.ends_with('/')) which.remove_suffix(1);
  if (which.size() > 1 && which.starts_with('/')) which.remove_prefix(1);
  std::vector<const LayerPlaces*> listed, fitting;
  for (const LayerPlaces& layer : layers) {
    const KerasLayerInfo& info = layer.info;
    if (layer.listed) listed.push_back(&layer);
    if (info.path == which) return &layer;
    if (!which.empty() && (last_part(info.path) == which || info.name == which)) {
      fitting.push_back(&layer);
    }
  }
  if (listed.empty() && fitting.empty()) {
    return Status(StatusCode::not_found,
                  text(quoted(file),
                       " holds no weights of an attention layer (MultiHeadAttention, "
                       "CachedMultiHeadAttention, GroupQueryAttention, Attention, "
                       "ReuseMultiHeadAttention)",
                       shard_note(file)));
  }
  if (which.empty()) fitting = listed;
  if (fitting.size() == 1) return fitting[0];
  if (fitting.empty()) {
    return Status(StatusCode::not_found,
                  text(quoted(file), ": there is no attention layer ", quoted(which), "; there is ",
                       describe_layers(listed), shard_note(file)));
  }
  return Status(StatusCode::invalid_argument,
                text(quoted(file), ": ", which.empty() ? "a layer has to be chosen" : quoted(which),
                     which.empty() ? "" : " fits several layers",
                     "; name one of these by its path: ", describe_layers(fitting)));
}

std::string_view group_name(std::string_view class_name) {
  for (const KnownClass& known : known_classes) {
    if (known.class_name == class_name) return known.group;
  }
  return {};
}

Result<std::vector<WeightPlace>> places_to_write(std::string_view class_name,
                                                 const std::string& path,
                                                 std::span<const std::string> names) {
  auto given = [&](std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  const std::string_view group = group_name(class_name);
  if (group.empty()) {
    return Status(StatusCode::invalid_argument,
                  text(quoted(class_name),
                       " is no class whose weights can be written: expected "
                       "MultiHeadAttention, CachedMultiHeadAttention, "
                       "GroupQueryAttention, Attention or ReuseMultiHeadAttention"));
  }
  const Layout layout = class_name == "GroupQueryAttention"       ? Layout::underscored
                        : class_name == "ReuseMultiHeadAttention" ? Layout::reuse
                        : class_name == "Attention"               ? Layout::scalars
                                                                  : Layout::plain;
  const bool some_reused = given("value_reuse/kernel"), some_new = given("value_new/kernel");
  std::vector<WeightPlace> places;
  std::string all, missing;
  if (layout == Layout::scalars) {
    for (std::string_view name : scalar_names) {
      all += text(all.empty() ? "" : ", ", name);
      if (given(name)) {
        places.push_back({std::string(name), joined(path, text("vars/", places.size()))});
      }
    }
  }
  if (layout == Layout::reuse && given(embeddings)) {
    places.push_back({std::string(embeddings), joined(path, "vars/0")});
  }
  // The weights of ReuseMultiHeadAttention depend on whether it has reused and new heads; if
  // neither is given, name all.
  const bool neither = layout == Layout::reuse && !some_reused && !some_new;
  for (const Part& part : parts_of(layout, some_reused || neither, some_new || neither)) {
    const std::string kernel = part.name + "/kernel", bias = part.name + "/bias";
    all += text(all.empty() ? "" : ", ", kernel, ", ", bias);
    if (part.required && !given(kernel)) missing += text(missing.empty() ? "" : ", ", kernel);
    const std::string vars = joined(path, part.group + "/vars/");
    if (given(kernel)) places.push_back({kernel, vars + "0"});
    if (given(bias) && given(kernel)) places.push_back({bias, vars + "1"});
  }
  if (!missing.empty()) {
    return Status(StatusCode::invalid_argument, text(class_name, " has no ", missing));
  }
  for (const std::string& name : names) {
    const bool known = std::any_of(places.begin(), places.end(),
                                   [&](const WeightPlace& place) { return place.name == name; });
    if (!known || std::count(names.begin(), names.end(), name) != 1) {
      return Status(StatusCode::invalid_argument,
                    text(class_name, known ? " got " : " has no weight ", quoted(name),
                         known ? " twice" : "; it has ", known ? "" : all));
    }
  }
  return places;
}

}  // namespace attn
