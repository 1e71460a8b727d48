// The typed header: the parts of its text that matter, and that a compiler accepts it.
#include "emit/header.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "attn/attn.h"
#include "tools/children.h"

namespace attnc {
namespace {

constexpr attn::MultiHeadAttention config{.num_heads = 2, .key_dim = 4};
constexpr const char* definition = "attn::MultiHeadAttention{.num_heads = 2, .key_dim = 4}";

Plan plan() {
  using attn::Kind;
  Plan p;
  p.layer = "lib::encoder", p.library = "lib",
  p.fingerprint = attn::fingerprint(attn::try_layer(config));
  p.inputs = {{.name = "query", .axes = {{Kind::batch}, {Kind::query}, {Kind::feature, 0, 0, 0}}},
              {.name = "key",
               .axes = {{Kind::batch}, {Kind::key}, {Kind::feature, 0, 1, 0}},
               .optional = true,
               .or_input = 0},
              {.name = "class", .axes = {}, .type = attn::Type::truth, .optional = true}};
  p.weights = {{.name = "query/kernel", .axes = {{Kind::feature, 0, 0, 0}, {Kind::head, 0, -1, 2}}},
               {.name = "query_kernel", .axes = {{Kind::size, 0, -1, 4}}}};
  p.outputs = {
      {.name = "output", .axes = {{Kind::batch}, {Kind::query}, {Kind::feature, 0, 0, 0}}}};
  return p;
}

std::string header() {
  return typed_header(
      plan(),
      {.library = "lib", .include = "", .definition = definition, .made_from = "encoder.json"});
}

/// The compiler's messages for a file that includes the header and then contains `text`.
std::string compiled(const std::string& header_text, const std::string& text) {
  auto folder = TemporaryFolder::make();
  EXPECT_TRUE(folder.ok());
  std::ofstream(folder->path() + "/encoder.attn.h") << header_text;
  std::ofstream(folder->path() + "/use.cpp") << "#include \"encoder.attn.h\"\n" << text;
  std::vector<std::string> command = {CXX_COMPILER, "-std=c++20", "-Wall",
                                      "-Wextra",    "-Werror",    "-fsyntax-only"};
  std::istringstream includes(INCLUDES);
  for (std::string word; includes >> word;) command.push_back(word);
  command.push_back(folder->path() + "/use.cpp");
  return run_program(command).message();
}

TEST(Header, NamesEverythingAsTheGraphDoes) {
  const std::string text = header();
  for (const char* line : {
           "// Written by attnc from encoder.json; never edit it: build lib again.\n",
           "namespace lib {\ninline constexpr auto encoder = "
           "attn::layer(attn::MultiHeadAttention{.num_heads = 2, ",
           "extern \"C\" const attn_layer_table attn_lib_encoder;\n",
           "    attn::Tensor query_kernel{};  // query/kernel [feature of query, head 2]\n",
           "    attn::Tensor query_kernel_{};  // query_kernel [size 4]\n",
           "    attn::Tensor key{};  // [batch, key, feature]; left out: query\n",
           "    bool class_ = false;\n",
           "        attn::Tensor::flag(i.class_),\n",
       }) {
    EXPECT_NE(text.find(line), text.npos) << line << "in\n" << text;
  }
}

TEST(Header, CompilesWithoutAWarning) {
  EXPECT_EQ(
      compiled(header(), "attn::Layer<lib::encoder>::Inputs x{.query = {}, .class_ = true};\n"),
      "");
}

// The table of DotProductAttention has the order query, key, value; the members have the order
// query, value, key as in every layer. Named tensors therefore work as in every layer, and unnamed
// ones, which might be meant by position, do not compile.
TEST(Header, TakesNamesAloneWhereMembersAreNotInTheOrderOfTheTable) {
  Plan p = plan();
  p.inputs.insert(p.inputs.begin() + 2, {.name = "value", .axes = p.inputs[1].axes});
  const std::string text = typed_header(
      p, {.library = "lib", .include = "", .definition = definition, .made_from = "encoder.json"});
  for (const char* part : {
           "  /// By name alone. Tensors by position are query, key, value, class_.\n"
           "  struct Inputs {\n    attn::ByName _by_name{};\n    attn::Tensor query{};",
           "    attn::Tensor value{};  // [batch, key, feature of key]\n    attn::Tensor key{};",
           "        i.query,\n        i.key,\n        i.value,\n",
       }) {
    EXPECT_NE(text.find(part), text.npos) << part << "in\n" << text;
  }
  const std::string inputs = "const attn::Tensor q, k, v;\nattn::Layer<lib::encoder>::Inputs x";
  EXPECT_EQ(compiled(text, inputs + "{.query = q, .value = v, .key = k, .class_ = true};\n"), "");
  EXPECT_NE(compiled(text, inputs + "{q, k, v};\n").find("ByName"), std::string::npos);
  EXPECT_NE(compiled(text, inputs + "{{}, q, v, k};\n").find("ByName"), std::string::npos);
  EXPECT_EQ(header().find("ByName"), std::string::npos);
}

TEST(Header, AMisspeltTensorDoesNotCompile) {
  EXPECT_NE(compiled(header(), "attn::Layer<lib::encoder>::Inputs x{.qeury = {}};\n").find("qeury"),
            std::string::npos);
}

TEST(Header, IsTiedToItsDescription) {
  Plan stale = plan();
  ++stale.fingerprint;
  const std::string text = typed_header(
      stale,
      {.library = "lib", .include = "", .definition = definition, .made_from = "encoder.json"});
  EXPECT_NE(
      compiled(text, "").find("lib/encoder.attn.h is older than encoder.json: build lib again"),
      std::string::npos);
}

}  // namespace
}  // namespace attnc
