#include "loading/table.h"

#include <span>

#include "attn/runtime/cpu.h"
#include "tensors/forms.h"
#include "tensors/shapes.h"
#include "text.h"

namespace attn {
namespace {

template <class T>
std::span<const T> list(const T* items, int32_t count) {
  return {items, static_cast<size_t>(count)};
}

/// What is wrong with a list of tensors; empty if nothing is. Adds its free axes to `lengths`.
std::string wrong_tensors(std::span<const attn_tensor_info> tensors, const char* role,
                          int32_t input_count, Lengths& lengths) {
  for (size_t t = 0; t < tensors.size(); ++t) {
    const attn_tensor_info& info = tensors[t];
    if (info.name == nullptr) return text(role, " ", t, " has no name");
    const std::string name = text(role, " ", quoted(info.name));
    for (size_t before = 0; before < t; ++before) {
      if (std::string_view(tensors[before].name) == info.name) return name + " is there twice";
    }
    if (info.rank > max_rank) return text(name, " has ", int{info.rank}, " axes");
    if (info.rank > 0 && info.axes == nullptr) return name + " has no axes";
    if (info.value > ATTN_VALUE_TRUTH_TABLE) return text(name, " has value ", int{info.value});
    constexpr int readings = ATTN_READ_ABOVE_HALF | ATTN_READ_ABOVE_HALF_WITH_OPTIONAL |
                             ATTN_READ_ONLY_MASK | ATTN_READ_ANY_NUMBER | ATTN_READ_FROM_RIGHT;
    if ((info.reading & ~readings) != 0 || (info.reading != 0 && info.value != ATTN_VALUE_TRUTH)) {
      return text(name, " is read in way ", int{info.reading});
    }
    if (size_of(static_cast<DType>(info.dtype)) == 0) {
      return text(name, " has type ", int{info.dtype});
    }
    for (int a = 0; a < info.rank; ++a) {
      const attn_axis& axis = info.axes[a];
      if (axis.kind > ATTN_AXIS_OTHER || axis.extent < 0 || axis.least < 0 ||
          (axis.least > 0 && axis.extent > 0)) {
        return text(name, " has a malformed axis ", a);
      }
      if (axis.of >= input_count) return text(name, " has an axis of input ", axis.of);
      if (axis.extent > 0 || has_own_length(info, a) || lengths.find(axis) != nullptr) continue;
      if (lengths.size() == max_lengths) return text("there are over ", max_lengths, " free axes");
      lengths.add(axis, 0, {role, info.name});
    }
  }
  return {};
}

std::string wrong_inputs(std::span<const attn_tensor_info> inputs) {
  for (const attn_tensor_info& info : inputs) {
    const std::string name = text("input ", quoted(info.name));
    if (info.or_input >= static_cast<int>(inputs.size())) return name + " has no such stand-in";
    if (info.or_input < 0) continue;
    if (info.value == ATTN_VALUE_TRUTH) return name + " is a mask or flag with a stand-in";
    if (is_table(info)) return name + " is a table with a stand-in";
    if (info.value != ATTN_VALUE_REAL) return name + " is an index or soft mask with a stand-in";
    const attn_tensor_info& other = inputs[static_cast<size_t>(info.or_input)];
    if (other.optional || other.rank != info.rank || other.value != info.value) {
      return text(name, " cannot be replaced by ", quoted(other.name));
    }
  }
  return {};
}

std::string wrong_outputs(std::span<const attn_tensor_info> outputs,
                          std::span<const attn_tensor_info> inputs) {
  for (const attn_tensor_info& info : outputs) {
    const std::string name = text("output ", quoted(info.name));
    if (info.value != ATTN_VALUE_REAL) return text(name, " has value ", int{info.value});
    if (info.starts_as < 0) continue;
    if (info.starts_as >= static_cast<int>(inputs.size())) {
      return text(name, " starts as input ", info.starts_as);
    }
    const attn_tensor_info& start = inputs[static_cast<size_t>(info.starts_as)];
    bool same = start.value == info.value && start.dtype == info.dtype && start.rank == info.rank;
    for (int a = 0; same && a < info.rank; ++a) {
      const attn_axis &one = start.axes[a], &other = info.axes[a];
      same = one.kind == other.kind && one.number == other.number && one.of == other.of &&
             one.extent == other.extent;
    }
    if (!same)
      return text(name, " starts as input ", quoted(start.name), ", which is of another kind");
  }
  return {};
}

/// The only form that a tensor can have; -1: any form that has its axes.
int only_form(const attn_tensor_info& info) {
  if (info.value == ATTN_VALUE_INDEX) return ATTN_FORM_LIST;
  if (is_table(info)) return ATTN_FORM_TABLE;
  return info.value == ATTN_VALUE_REAL ? -1 : ATTN_FORM_PAIRS;
}

/// Whether kernels can take a tensor in this form: every axis belongs to a dimension, and except in
/// PAIRS and TABLE all position axes are of one kind.
bool fits_form(const attn_tensor_info& info, uint8_t form) {
  if (dimension_count(form) == 0 || (only_form(info) >= 0 && only_form(info) != form)) return false;
  if (info.value == ATTN_VALUE_REAL && (form == ATTN_FORM_LIST || form == ATTN_FORM_TABLE)) {
    return false;
  }
  int position = -1;
  for (int a = 0; a < info.rank; ++a) {
    const attn_axis& axis = info.axes[a];
    if (dimension_of(form, info, a) < 0) return false;
    const bool is_position =
        axis.kind == ATTN_AXIS_QUERY || axis.kind == ATTN_AXIS_KEY || axis.kind == ATTN_AXIS_UPDATE;
    if (form == ATTN_FORM_PAIRS || form == ATTN_FORM_TABLE || !is_position) continue;
    if (position >= 0 && position != axis.kind) return false;
    position = axis.kind;
  }
  return true;
}

std::string wrong_packing(const attn_packing& packing, const attn_layer_table& table) {
  if (packing.weight < 0 || packing.weight >= table.weight_count) return "packs no weight";
  const attn_tensor_info& weight = table.weights[packing.weight];
  const std::string name = text("packs weight ", quoted(weight.name));
  if (packing.kind > ATTN_PACK_VECTOR) return text(name, " as kind ", int{packing.kind});
  if (packing.contracted > weight.rank) return name + " with too many contracted axes";
  if (packing.kind == ATTN_PACK_VECTOR && packing.contracted != 0) return name + " with rows";
  if (packing.panel_width < (packing.kind == ATTN_PACK_PANELS ? 1 : 0)) {
    return text(name, " in panels of ", packing.panel_width);
  }
  if (packing.row_block < 0 || packing.column_block < 0 ||
      packing.row_block_padded < packing.row_block ||
      packing.column_block_padded < packing.column_block) {
    return name + " in blocks that shrink";
  }
  return {};
}

/// Whether every call of a path has the input or a stand-in for it.
bool is_there(const attn_path& path, const attn_layer_table& table, int input) {
  const attn_tensor_info& info = table.inputs[input];
  return !info.optional || info.or_input >= 0 || (path.given >> input & 1) != 0;
}

/// Whether every call of a path determines the length of an axis: some real input that is always
/// there has that axis or, for a key axis, the update axis that stands in for it.
bool is_told(const attn_path& path, const attn_layer_table& table, const attn_axis& axis) {
  for (int32_t i = 0; i < table.input_count; ++i) {
    const attn_tensor_info& info = table.inputs[i];
    if (info.value != ATTN_VALUE_REAL || !is_there(path, table, i)) continue;
    for (const attn_axis& one : list(info.axes, info.rank)) {
      const bool same =
          one.kind == axis.kind || (one.kind == ATTN_AXIS_UPDATE && axis.kind == ATTN_AXIS_KEY);
      if (same && one.number == axis.number && one.of < 0 && one.extent == 0) return true;
    }
  }
  return false;
}

/// What is wrong with an argument that is a length; empty if nothing is.
std::string wrong_length(const attn_path& path, const attn_layer_table& table,
                         const attn_argument& argument) {
  const attn_axis axis{argument.form, static_cast<uint8_t>(argument.index), -1, 0, 0};
  if (argument.form > ATTN_AXIS_OTHER || argument.index < 0 || argument.index > 255) {
    return text("takes the length of axis ", argument.index, " of kind ", int{argument.form});
  }
  if (is_told(path, table, axis)) return {};
  return text("takes the length of axis ", axis_name(axis), ", which no input of it tells");
}

std::string wrong_path(const attn_path& path, const attn_variant& variant,
                       const attn_layer_table& table) {
  if (path.name == nullptr || path.run == nullptr || path.workspace == nullptr) {
    return "has a path without name or kernel";
  }
  const std::string name = text("path ", quoted(path.name));
  if (path.argument_count < 0 || path.argument_count > max_arguments ||
      (path.argument_count > 0 && path.arguments == nullptr)) {
    return text(name, " has ", path.argument_count, " arguments");
  }
  if (path.outputs == 0 || (path.outputs >> table.output_count) != 0) {
    return name + " makes outputs that there are not";
  }
  if (path.most_queries < 0) {
    return text(name, " serves at most ", path.most_queries, " queries");
  }
  const uint32_t inputs = table.input_count < 32 ? (uint32_t{1} << table.input_count) - 1 : ~0u;
  if (((path.given | path.absent) & ~inputs) != 0) {
    return name + " serves calls with inputs that there are not";
  }
  if ((path.given & path.absent) != 0) {
    return name + " serves calls with and without the same input";
  }
  uint32_t made = 0;
  for (const attn_argument& argument : list(path.arguments, path.argument_count)) {
    if (argument.kind == ATTN_ARGUMENT_LENGTH) {
      const std::string wrong = wrong_length(path, table, argument);
      if (!wrong.empty()) return text(name, " ", wrong);
      continue;
    }
    const bool flag = argument.kind == ATTN_ARGUMENT_FLAG;
    int32_t count = table.input_count;
    if (argument.kind == ATTN_ARGUMENT_PACKED) count = variant.packing_count;
    if (argument.kind == ATTN_ARGUMENT_OUTPUT) count = table.output_count;
    if (argument.kind > ATTN_ARGUMENT_OUTPUT || argument.index < 0 || argument.index >= count) {
      return name + " takes an argument that there is not";
    }
    if (argument.kind == ATTN_ARGUMENT_PACKED) continue;
    if (argument.kind == ATTN_ARGUMENT_OUTPUT) {
      const attn_tensor_info& output = table.outputs[argument.index];
      const uint32_t bit = uint32_t{1} << argument.index;
      if ((path.outputs & bit) == 0) return name + " takes an output that it does not make";
      if ((made & bit) != 0) return text(name, " takes output ", quoted(output.name), " twice");
      made |= bit;
      if (!fits_form(output, argument.form)) {
        return text(name, " takes output ", quoted(output.name), " in the wrong form");
      }
      if (output.starts_as >= 0 && !is_there(path, table, output.starts_as)) {
        return text(name, " makes output ", quoted(output.name),
                    " of an input that may be left out");
      }
      continue;
    }
    const attn_tensor_info& input = table.inputs[argument.index];
    const bool is_flag = input.value == ATTN_VALUE_TRUTH && input.rank == 0;
    if (flag != is_flag || (!flag && !fits_form(input, argument.form))) {
      return text(name, " takes input ", quoted(input.name), " in the wrong form");
    }
    if (input.value == ATTN_VALUE_REAL && !is_there(path, table, argument.index)) {
      return text(name, " takes input ", quoted(input.name), ", which may be left out");
    }
  }
  if (made != path.outputs) return name + " makes an output that it does not take";
  return {};
}

std::string wrong_variant(const attn_variant& variant, const attn_layer_table& table) {
  if (variant.target == nullptr) return "a variant has no target";
  const std::string name = text("variant ", quoted(variant.target), " ");
  if (variant.pipes < 0 || variant.pipes >= static_cast<int32_t>(pipe_names.size())) {
    return text(name, "is for processors with ", variant.pipes, " pipes");
  }
  constexpr int32_t many = 1024;
  if (variant.packing_count < 0 || variant.packing_count > many || variant.path_count < 1 ||
      variant.path_count > many || variant.paths == nullptr ||
      (variant.packing_count > 0 && variant.packings == nullptr)) {
    return name + "has no paths, or impossibly many parts";
  }
  for (const attn_packing& packing : list(variant.packings, variant.packing_count)) {
    if (std::string wrong = wrong_packing(packing, table); !wrong.empty()) return name + wrong;
  }
  for (const attn_path& path : list(variant.paths, variant.path_count)) {
    if (std::string wrong = wrong_path(path, variant, table); !wrong.empty()) return name + wrong;
  }
  return {};
}

std::string wrong_table(const attn_layer_table& table) {
  constexpr int32_t many = 1024;
  if (table.library == nullptr) return "it has no library";
  if (table.input_count < 0 || table.input_count > max_inputs || table.weight_count < 0 ||
      table.weight_count > many || table.output_count < 1 || table.output_count > max_outputs ||
      table.variant_count < 1 || table.variant_count > many) {
    return text("it has ", table.input_count, " inputs, ", table.weight_count, " weights, ",
                table.output_count, " outputs and ", table.variant_count, " variants");
  }
  if (table.compute_dtype != ATTN_FLOAT32 && table.compute_dtype != ATTN_FLOAT64) {
    return text("it computes with type ", table.compute_dtype);
  }
  if ((table.input_count > 0 && table.inputs == nullptr) ||
      (table.weight_count > 0 && table.weights == nullptr) || table.outputs == nullptr ||
      table.variants == nullptr) {
    return "one of its lists is null";
  }
  Lengths lengths;
  std::string wrong =
      wrong_tensors(list(table.weights, table.weight_count), "weight", table.input_count, lengths);
  if (wrong.empty()) {
    wrong =
        wrong_tensors(list(table.inputs, table.input_count), "input", table.input_count, lengths);
  }
  if (wrong.empty()) {
    wrong = wrong_tensors(list(table.outputs, table.output_count), "output", table.input_count,
                          lengths);
  }
  const std::span<const attn_tensor_info> inputs = list(table.inputs, table.input_count);
  if (wrong.empty()) wrong = wrong_inputs(inputs);
  if (wrong.empty()) wrong = wrong_outputs(list(table.outputs, table.output_count), inputs);
  for (const attn_variant& variant : list(table.variants, table.variant_count)) {
    if (wrong.empty()) wrong = wrong_variant(variant, table);
  }
  for (int32_t v = 0; wrong.empty() && v < table.variant_count; ++v) {
    const attn_variant& one = table.variants[v];
    const bool last = v + 1 == table.variant_count;
    if (one.pipes > 0 && (last || std::string_view(table.variants[v + 1].target) != one.target)) {
      wrong = text("variant ", quoted(one.target), " for any processor is missing");
    }
  }
  return wrong;
}

/// "`avx512`, `baseline`"
std::string target_names(const attn_layer_table& table) {
  std::string names;
  for (const attn_variant& variant : list(table.variants, table.variant_count)) {
    if (variant.pipes == 0) names += (names.empty() ? "" : ", ") + quoted(variant.target);
  }
  return names;
}

}  // namespace

std::string layer_text(const attn_layer_table& table) { return "layer " + quoted(table.name); }

Status check_table(const attn_layer_table& table) {
  if (table.abi_version != ATTN_ABI_VERSION) {
    return {StatusCode::unsupported,
            text("the layer's table has ABI version ", table.abi_version, ", expected ",
                 ATTN_ABI_VERSION,
                 ": build its library again with the attnc that belongs to this runtime")};
  }
  std::string wrong = table.name == nullptr ? "it has no name" : wrong_table(table);
  if (wrong.empty()) return {};
  return {StatusCode::internal,
          text(table.name == nullptr ? "a layer" : layer_text(table), ": its table is malformed: ",
               wrong, "; build the library again, and if that does not help please report it")};
}

Result<const attn_variant*> choose_variant(const attn_layer_table& table, std::string_view target,
                                           std::optional<int> pipes) {
  const uint64_t features = cpu_features();
  for (const attn_variant& variant : list(table.variants, table.variant_count)) {
    if (!target.empty() && target != variant.target) continue;
    const uint64_t missing = variant.cpu & ~features;
    if (missing == 0) {
      if (variant.pipes == 0) return &variant;
      const Result<int> wanted = pipes ? Result<int>(*pipes) : cpu_pipes(variant.cpu);
      if (!wanted.ok()) return wanted.status().with_context(layer_text(table));
      if (variant.pipes == *wanted) return &variant;
      continue;
    }
    if (target.empty()) continue;
    return Status(StatusCode::unsupported,
                  text(layer_text(table), ": target ", quoted(target), " needs ",
                       describe_cpu_features(missing), ", which this CPU does not have"));
  }
  if (!target.empty()) {
    return Status(StatusCode::unsupported, text(layer_text(table), ": there is no target ",
                                                quoted(target), ", only ", target_names(table)));
  }
  return Status(StatusCode::unsupported,
                text(layer_text(table), ": this CPU runs none of its targets, ",
                     target_names(table), ": build the library for baseline too"));
}

}  // namespace attn
