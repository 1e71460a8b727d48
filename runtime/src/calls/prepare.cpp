// The part of a call that needs no workspace: every check of its tensors.
#include <string>

#include "calls/checked.h"
#include "text.h"

namespace attn {
namespace {

/// Without a cache, a call has as many keys as new ones: key axes without a length get that of
/// their update axis.
void read_keys(std::span<const attn_tensor_info> infos, Lengths& lengths) {
  for (const attn_tensor_info& info : infos) {
    for (int i = 0; i < info.rank; ++i) {
      const attn_axis& axis = info.axes[i];
      if (axis.kind != ATTN_AXIS_KEY || lengths.of(axis) >= 0) continue;
      attn_axis update = axis;
      update.kind = ATTN_AXIS_UPDATE;
      if (const Length* known = lengths.find(update)) {
        lengths.add(axis, known->extent, known->from);
      }
    }
  }
}

Status check_numbers(const Checked& c) {
  for (size_t i = 0; i < c.layer.inputs().size() && i < c.inputs.size(); ++i) {
    const attn_tensor_info& info = c.layer.inputs()[i];
    if (!is_real(info) || !c.inputs[i].present()) continue;
    const TensorRole role{"input", info.name};
    if (Status s = check_memory(role, c.inputs[i]); !s.ok()) return s;
    if (Status s = check_alignment(role, c.inputs[i]); !s.ok()) return s;
  }
  return {};
}

/// Refuses outputs that lie in other tensors' memory, but only where that is surely wrong: views
/// that interleave row by row are fine.
Status check_places(const Checked& c, size_t i) {
  const attn_tensor_info& info = c.layer.outputs()[i];
  const Tensor& tensor = c.outputs[i];
  auto same = [&](const Tensor& other, const char* role, const attn_tensor_info& of) {
    if (!other.present() || other.data() != tensor.data() || other.shape().elements() == 0) {
      return Status();
    }
    return Status(StatusCode::invalid_argument,
                  text("output ", quoted(info.name), " lies in the memory of ", role, " ",
                       quoted(of.name), ": a layer does not work in place"));
  };
  for (size_t k = 0; k < c.inputs.size(); ++k) {
    if (info.starts_as == static_cast<int>(k)) continue;
    if (Status s = same(c.inputs[k], "input", c.layer.inputs()[k]); !s.ok()) return s;
  }
  for (size_t k = 0; k < i; ++k) {
    if (Status s = same(c.outputs[k], "output", c.layer.outputs()[k]); !s.ok()) return s;
  }
  if (info.starts_as < 0) return {};
  const auto start = static_cast<size_t>(info.starts_as);
  const Tensor* from = c.given(start);
  const std::string as = text(" input ", quoted(c.layer.inputs()[start].name));
  auto wrong = [&](const std::string& what) {
    return Status(StatusCode::invalid_argument,
                  text("output ", quoted(info.name), " ", what, "; got ", tensor.describe()));
  };
  if (from == nullptr) return {};  // by check_table no path makes it then
  if (from->shape() != tensor.shape() || from->dtype() != tensor.dtype()) {
    return wrong(text("starts as", as, ", which is ", from->describe()));
  }
  if (overlap_of(*from, tensor) == Overlap::some) {
    return wrong(text("overlaps", as, " in part: expected the same view, or other memory"));
  }
  // There has to be room for what is added: a cache has at least as many positions as are new.
  for (int k = 0; k < info.rank; ++k) {
    attn_axis update = info.axes[k];
    if (update.kind != ATTN_AXIS_KEY) continue;
    update.kind = ATTN_AXIS_UPDATE;
    const Length* added = c.lengths.find(update);
    if (added != nullptr && added->extent > tensor.shape()[k]) {
      return wrong(text("has ", tensor.shape()[k], " positions, fewer than the ", added->extent,
                        " that ", added->from.describe(), " adds"));
    }
  }
  return {};
}

Status check_outputs(Checked& c, Prepared& call) {
  call.empty = true;
  for (size_t i = 0; i < c.outputs.size(); ++i) {
    if (!c.outputs[i].present()) continue;
    const attn_tensor_info& info = c.layer.outputs()[i];
    const TensorRole role{"output", info.name};
    const Tensor& tensor = c.outputs[i];
    if (Status s = check_shape(role, info, tensor, c.lengths); !s.ok()) return s;
    if (Status s = check_memory(role, tensor); !s.ok()) return s;
    if (Status s = check_alignment(role, tensor); !s.ok()) return s;
    if (Status s = check_no_overlap(role, tensor); !s.ok()) return s;
    if (tensor.shape().elements() == 0) continue;
    call.empty = false;
    if (Status s = check_places(c, i); !s.ok()) return s;
  }
  return {};
}

/// Checks masks, flags, indices and tables, including those that the path does not take.
Status check_others(Checked& c, Prepared& call) {
  int masks_given = 0, flags_true = 0;
  for (size_t i = 0; i < c.layer.inputs().size(); ++i) {
    const attn_tensor_info& info = c.layer.inputs()[i];
    call.flags[i] = 0;
    if (is_real(info) || i >= c.inputs.size() || !c.inputs[i].present()) continue;
    const TensorRole role{"input", info.name};
    if (is_table(info)) {
      if (Status s = check_table_shape(role, info, c.inputs[i], c.lengths); !s.ok()) return s;
      if (Status s = check_memory(role, c.inputs[i]); !s.ok()) return s;
      c.views[i] = view_of(c.inputs[i]);
      continue;
    }
    if (Status s = check_broadcast(role, info, c.inputs[i], c.lengths, c.views[i]); !s.ok()) {
      return s;
    }
    if (Status s = check_memory(role, c.inputs[i]); !s.ok()) return s;
    if (is_flag(info)) {
      truth_row(c.views[i].dtype, false)(c.views[i].data, 1,
                                         reinterpret_cast<std::byte*>(&call.flags[i]), 1, 1);
      flags_true += call.flags[i];
    } else if (is_truth(info)) {
      ++masks_given;
    }
  }
  c.other_truths = masks_given + flags_true > 1;
  return {};
}

}  // namespace

Status read_lengths(const AnyLayer::State& layer, std::span<const Tensor> inputs,
                    Lengths& lengths) {
  lengths = layer.lengths;
  if (inputs.size() > layer.inputs().size()) {
    return {StatusCode::invalid_argument,
            text("got ", inputs.size(), " inputs, expected at most ", layer.inputs().size())};
  }
  for (size_t i = 0; i < layer.inputs().size(); ++i) {
    const attn_tensor_info& info = layer.inputs()[i];
    if (!is_real(info)) continue;
    const Tensor* tensor = Checked::given(layer, inputs, i);
    if (tensor == nullptr) continue;
    // A stand-in is checked as the input it stands in for; the error message then names both.
    const bool own = i < inputs.size() && inputs[i].present();
    Status s = check_shape({"input", info.name}, info, *tensor, lengths);
    if (!s.ok()) {
      return own ? s
                 : s.with_context(
                       text("input ", quoted(info.name), " was left out, so ",
                            quoted(layer.inputs()[static_cast<size_t>(info.or_input)].name),
                            " stands in"));
    }
  }
  read_keys(layer.inputs(), lengths);
  read_keys(layer.outputs(), lengths);
  return {};
}

Status prepare(const AnyLayer::State& layer, std::span<const Tensor> inputs,
               std::span<const MutableTensor> outputs, Prepared& call) {
  if (outputs.size() > layer.outputs().size()) {
    return {StatusCode::invalid_argument,
            text("got ", outputs.size(), " outputs, expected at most ", layer.outputs().size())};
  }
  Checked checked{.layer = layer, .inputs = inputs, .outputs = outputs};
  if (Status s = read_lengths(layer, inputs, checked.lengths); !s.ok()) return s;
  for (size_t i = 0; i < layer.inputs().size(); ++i) {
    const attn_tensor_info& info = layer.inputs()[i];
    if (info.optional || is_flag(info) || checked.given(i) != nullptr) continue;
    return {StatusCode::invalid_argument, text("input ", quoted(info.name), " is missing")};
  }
  Result<const attn_path*> path = choose_path(layer, inputs, outputs, checked.lengths);
  if (!path.ok()) return path.status();
  call.path = *path;
  if (Status s = check_numbers(checked); !s.ok()) return s;
  if (Status s = check_outputs(checked, call); !s.ok()) return s;
  if (Status s = check_others(checked, call); !s.ok()) return s;
  if (Status s = place_arguments(checked, call); !s.ok()) return s;
  return call.empty ? Status() : query_workspace(layer, call);
}

}  // namespace attn
