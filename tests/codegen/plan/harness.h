// harness.h - layers all the way to plans, in one call.
//
//   auto plan = planned(attn::layer(attn::MultiHeadAttention{.num_heads = 2, .key_dim = 8}).graph);
//   ASSERT_TRUE(plan.ok()) << plan.status().message();
#pragma once
#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <string_view>

#include "attn/attn.h"
#include "import/import_layer.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "plan/from_dialect.h"
#include "transforms/Passes.h"

namespace attnc::test {

using attn::Kind;

inline attn::Result<Plan> planned(const attn::Graph& graph, const Schedule& schedule = {},
                                  int line = 12) {
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  std::string mistake;
  mlir::ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic& d) {
    mistake += d.str();
    return mlir::success();
  });
  auto module =
      importLayer(context, graph, "model::encoder", "layers.h", line, attn::fingerprint(graph));
  if (!module.ok()) return module.status();
  if (mlir::failed(ir::runPipeline(**module)))
    return attn::Status(attn::StatusCode::internal, mistake);
  return planFromModule(**module, "my_layers", "avx512", schedule);
}

// ---- graphs

inline attn::Graph with(auto&& build) { return attn::layer(build, "elsewhere.h", 3).graph; }
inline attn::Graph scored_by(const attn::ScoreMod& mod, attn::Numbers axes = {}) {
  return with([&](attn::Graph& g) {
    const auto [query, value, key] = g.query_value_key(axes);
    const auto q = project(query, "query", attn::heads(4, 8)),
               k = project(key, "key", attn::heads(4, 8));
    const auto v = project(value, "value", attn::heads(4, 8));
    const auto s = attn::apply(mod, scores(q, k));
    return project(combine(softmax(s), v, query), "output", attn::features_of(query));
  });
}
inline attn::Axes heads_at(Kind positions, int heads = 4) {
  return {{Kind::batch}, {positions}, {Kind::head, 0, -1, heads}, {Kind::size, 0, -1, 8}};
}

// ---- plans and their text

inline constexpr attn::MultiHeadAttention encoder{.num_heads = 12, .key_dim = 64};

inline Plan plan_of(const auto& layer, const Schedule& schedule = {}) {
  auto plan = planned(attn::layer(layer).graph, schedule);
  EXPECT_TRUE(plan.ok()) << plan.status().message();
  return plan.ok() ? *plan : Plan{};
}
inline std::string text_of(const auto& layer) { return print(plan_of(layer)); }

/// Expects that every line of `lines` occurs in the text, in this order.
inline void expect_lines(const std::string& text, std::initializer_list<const char*> lines) {
  size_t at = 0;
  for (const char* line : lines) {
    const size_t found = text.find(line, at);
    ASSERT_NE(found, std::string::npos) << line << "\nis not in (or not there)\n" << text;
    at = found + std::string_view(line).size();
  }
}

}  // namespace attnc::test
