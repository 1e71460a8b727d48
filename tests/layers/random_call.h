// random_call.h - random calls of any description against its graph in double.
//
//   INSTANTIATE_TEST_SUITE_P(Random, Layers, testing::Range(size_t{0}, subjects().size()), ...);
//   TEST_P(Layers, AgreeWithTheirGraph) { random_calls(subjects()[GetParam()], 120); }
//
// Calls are drawn from the graph (drawn_call.h). Each runs on every variant that this CPU supports,
// alone and with 2 and 7 threads: the numbers must be right and the bits identical. ATTN_SEED=N
// repeats a run, ATTN_DRAWS=N makes it longer.
#pragma once
#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <iostream>
#include <memory>
#include <random>
#include <sstream>

#include "layers/drawn_call.h"
#include "layers/subject.h"

namespace attn_test {

struct Bound {
  double absolute, relative;
};
inline Bound bound_of(const attn::Graph& g) {
  // A double that -1e9 was added to has an error of 1e-7, so a row without keys is only as exact as
  // in the originals.
  for (const attn::Node& n : g.nodes) {
    if (g.dtype == attn::DTypePolicy::float64 && n.op == attn::Op::softmax &&
        n.rules.alone == attn::FullyMasked::additive) {
      return {1e-6, 1e-6};
    }
  }
  switch (tensor_type(g.dtype)) {
    case DType::float64:
      return {1e-12, 1e-12};
    case DType::float16:
      return {3e-3, 3e-3};
    case DType::bfloat16:
      return {2e-2, 2e-2};
    default:
      return {2e-5, 2e-5};  // sums of some hundred products near 1; measured errors are a tenth
  }
}

inline void one_draw(Random& r, const Subject& subject, attn::ThreadPool& two,
                     attn::ThreadPool& seven, const DrawOptions& options = {}) {
  const attn::Graph& g = subject.description->graph;
  Drawn d = Drawer(r, g, options).run();
  const std::string text = std::string(subject.name) + ":" + d.text +
                           (d.with_optional ? ", with scores" : "") +
                           (d.in_place ? ", in place" : "");
  const Reference want(g, d.values, d.weight_values, d.with_optional);
  std::vector<attn::NamedTensor> weights;
  for (auto& [name, held] : d.weights) weights.push_back({name, held->view()});
  Bound bound = bound_of(g);
  // Sigmoids do not sum to one: the output is a sum of some hundred values, not their mean.
  for (const attn::Node& n : g.nodes) {
    if (n.rules.sigmoid) bound.absolute *= 10;
  }
  // With large scores more of a rounding error remains in the exponent.
  if (d.large) bound = {100 * bound.absolute, 100 * bound.relative};
  for (int v = 0; v < subject.table->variant_count; ++v) {
    const char* target = subject.table->variants[v].target;
    auto layer = attn::AnyLayer::load(*subject.table, std::span<const attn::NamedTensor>(weights),
                                      {.target = target});
    if (layer.status().code() == attn::StatusCode::unsupported) continue;  // by this CPU
    ASSERT_TRUE(layer.ok()) << text << ": " << layer.status().message();
    std::map<std::string, std::vector<double>> first;
    for (attn::Executor* executor : {&attn::serial_executor(), static_cast<attn::Executor*>(&two),
                                     static_cast<attn::Executor*>(&seven)}) {
      std::vector<attn::NamedTensor> inputs;
      for (auto& [name, set] : d.flags) {
        if (set) inputs.push_back({name, attn::Tensor::flag(set)});
      }
      std::map<std::string, std::unique_ptr<Held>> made;
      std::vector<attn::NamedMutableTensor> outputs;
      std::string in_place;
      for (const attn::Output& o : g.outputs) {
        const std::string name(o.name.view());
        auto wanted = want.outputs.find(name);
        if (wanted == want.outputs.end()) continue;
        Random same(17);  // the same strides for every executor
        const std::string start =
            o.starts_as >= 0 ? std::string(g.nodes[o.starts_as].name.view()) : "";
        if (!start.empty() && d.in_place) {
          made[name] = std::make_unique<Held>(*d.inputs.at(start));
          in_place = start;
        } else {
          made[name] = std::make_unique<Held>(same, tensor_type(g.dtype), wanted->second.shape,
                                              name.size() % 2 == 0);
        }
        outputs.push_back({o.name.view(), made[name]->mutable_view()});
        if (in_place == start && !start.empty())
          inputs.push_back({g.nodes[o.starts_as].name.view(), made[name]->view()});
      }
      for (auto& [name, held] : d.inputs) {
        if (name != in_place) inputs.push_back({name, held->view()});
      }
      attn::Workspace scratch;
      const attn::Status status = layer->run(std::span<const attn::NamedTensor>(inputs),
                                             std::span<const attn::NamedMutableTensor>(outputs),
                                             scratch, {.executor = executor});
      ASSERT_TRUE(status.ok()) << text << ": " << status.message();
      for (auto& [name, held] : made) {
        const std::vector<double> got = held->get();
        const std::vector<double>& right = want.outputs.at(name).at;
        ASSERT_EQ(got.size(), right.size()) << text;
        auto& before = first[name];
        if (before.empty()) {
          for (size_t i = 0; i < got.size(); ++i) {
            const double most = bound.absolute + bound.relative * std::abs(right[i]);
            ASSERT_LE(std::abs(got[i] - right[i]), most)
                << text << " on " << target << ", " << name << " element " << i << " is " << got[i]
                << ", not " << right[i];
          }
          before = got;
        } else {
          ASSERT_EQ(0, std::memcmp(before.data(), got.data(), got.size() * sizeof(double)))
              << text << " on " << target << " with " << executor->worker_count() << " threads, "
              << name;
        }
      }
    }
  }
}

/// Runs `draws` draws from a seed that is printed.
inline void random_calls(const Subject& subject, int draws, const DrawOptions& options = {}) {
  const char* seed_text = std::getenv("ATTN_SEED");
  const char* draws_text = std::getenv("ATTN_DRAWS");
  const unsigned seed = seed_text ? static_cast<unsigned>(std::strtoul(seed_text, nullptr, 10))
                                  : std::random_device()();
  if (draws_text) draws = std::atoi(draws_text);
  std::cout << "ATTN_SEED=" << seed << ", " << draws << " draws" << std::endl;
  attn::ThreadPool two(2), seven(7);
  for (int i = 0; i < draws; ++i) {
    Random r(seed + static_cast<unsigned>(i));
    one_draw(r, subject, two, seven, options);
    if (testing::Test::HasFatalFailure()) {
      FAIL() << "repeat with ATTN_SEED=" << seed + static_cast<unsigned>(i) << " ATTN_DRAWS=1";
    }
  }
}

/// The name of a parameterised test: "additive" for "five::additive".
inline std::string short_name(const Subject& subject) {
  return subject.name.substr(subject.name.rfind(':') + 1);
}

}  // namespace attn_test
