// typed.h - a layer whose tensors are struct members: a misspelt name does not compile.
//
//   #include "my_layers/encoder.attn.h"       // generated; includes this
//
//   auto layer = attn::Layer<model::encoder>::load({.query_kernel = wq, /* ... */});
//   if (!layer.ok()) return layer.status();
//   attn::Workspace scratch;
//   attn::Status s = layer->run({.query = x, .value = x}, {.output = y}, scratch);
//
// Everything else is as in any_layer.h; `layer->any()` is the same layer with tensors by name.
//
// What a generated header contains. A Description is a value of the language (attn/attn.h); here it
// is only declared. For a layer that was described in C++, the generated header includes the user's
// header and checks the description's fingerprint. For a layer from JSON it declares `namespace
// model { extern const attn::Description encoder; }`, which is never defined, since only its name
// is needed. Then it specialises Binding. The complete text for a layer with a bias, one flag and
// an optional output:
//
//   #pragma once
//   #include "attn/attn.h"
//   #include "attn/runtime/typed.h"
//   #include "layers.h"
//
//   static_assert(attn::fingerprint(model::encoder) == 0x1122334455667788u,
//                 "my_layers/encoder.attn.h is older than layers.h: build my_layers again");
//
//   extern "C" const attn_layer_table attn_my_layers_model_encoder;
//
//   template <>
//   struct attn::Binding<model::encoder> {
//     /// In the order of Keras's get_weights.
//     struct Weights {
//       attn::Tensor query_kernel{};  // query/kernel [feature of query, head 12, size 64]
//       attn::Tensor query_bias{};    // query/bias [head 12, size 64]
//     };
//     struct Inputs {
//       attn::Tensor query{};            // [batch, query, feature]
//       attn::Tensor value{};            // [batch, key, feature]
//       attn::Tensor key{};              // [batch, key, feature]; left out: value
//       attn::Tensor attention_mask{};   // [batch, head 12, query, key]; left out: all true
//       bool use_causal_mask = false;
//     };
//     struct Outputs {
//       attn::MutableTensor output{};            // [batch, query, feature of query]
//       attn::MutableTensor attention_scores{};  // [batch, head 12, query, key]; only if asked for
//     };
//     static const attn_layer_table& table() { return attn_my_layers_model_encoder; }
//     static std::array<attn::Tensor, 2> list(const Weights& w) {
//       return {w.query_kernel, w.query_bias};
//     }
//     static std::array<attn::Tensor, 5> list(const Inputs& i) {
//       return {i.query, i.value, i.key, i.attention_mask, attn::Tensor::flag(i.use_causal_mask)};
//     }
//     static std::array<attn::MutableTensor, 2> list(const Outputs& o) {
//       return {o.output, o.attention_scores};
//     }
//   };
//
// That is the whole contract: three aggregates whose members have initialisers ({}, so that leaving
// one out gives no warning), `table`, and three overloads of `list` in the table's order.
// Characters of a tensor's name that C++ does not allow become '_'. A flag is a bool; it is listed
// through Tensor::flag, which refers to the member. (An array of no tensors is
// `std::array<attn::Tensor, 0>`.)
//
// Members are in the table's order, except that query, value and key come first in every layer, in
// this order. If the table has them in another order (DotProductAttention: query, key, value), the
// inputs begin with a ByName, so that braces without names do not compile.
#pragma once
#include <array>
#include <concepts>
#include <memory>
#include <span>
#include <utility>

#include "attn/runtime/any_layer.h"

namespace attn {

struct Description;

/// The first member of an aggregate whose members are not in the table's order. Nothing in braces
/// converts to it, so the tensors of such an aggregate must be named.
struct ByName {
  explicit ByName() = default;
};

/// Specialised by generated headers; see above.
template <const Description& D>
struct Binding;

template <const Description& D>
class Layer {
 public:
  using Weights = typename Binding<D>::Weights;
  using Inputs = typename Binding<D>::Inputs;
  using Outputs = typename Binding<D>::Outputs;

  static Result<Layer> load(const Weights& weights, const LoadOptions& options = {}) {
    const auto list = Binding<D>::list(weights);
    return wrap(AnyLayer::load(Binding<D>::table(), std::span<const Tensor>(list), options));
  }
  static Result<Layer> load(const SafeTensors& file, const LoadOptions& options = {}) {
    return wrap(AnyLayer::load(Binding<D>::table(), file, options));
  }
  /// From named tensors: `load(keras_layer->named())`. A template, so that a braced list can only
  /// mean `Weights`.
  template <std::same_as<std::span<const NamedTensor>> Named>
  static Result<Layer> load(Named weights, const LoadOptions& options = {}) {
    return wrap(AnyLayer::load(Binding<D>::table(), weights, options));
  }

  Status run(const Inputs& inputs, const Outputs& outputs, Workspace& workspace,
             const RunOptions& options = {}) const {
    const auto in = Binding<D>::list(inputs);
    const auto out = Binding<D>::list(outputs);
    return layer_.run(std::span<const Tensor>(in), std::span<const MutableTensor>(out), workspace,
                      options);
  }

  Result<size_t> workspace_bytes(const Inputs& inputs, const Outputs& outputs,
                                 int worker_count) const {
    const auto in = Binding<D>::list(inputs);
    const auto out = Binding<D>::list(outputs);
    return layer_.workspace_bytes(std::span<const Tensor>(in), std::span<const MutableTensor>(out),
                                  worker_count);
  }

  const AnyLayer& any() const { return layer_; }

 private:
  explicit Layer(AnyLayer layer) : layer_(std::move(layer)) {}
  static Result<Layer> wrap(Result<AnyLayer> layer) {
    if (!layer.ok()) return layer.status();
    return Layer(*std::move(layer));
  }
  AnyLayer layer_;
};

}  // namespace attn
