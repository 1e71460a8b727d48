// Bytes of .attn sections: intact, truncated, concatenated, changed, and forged with a valid
// fingerprint.
#include "attn/deserialise.h"

#include <gtest/gtest.h>

#include <random>

#include "attn/evaluate.h"
#include "attn/print.h"
#include "models.h"

namespace {

using Bytes = std::vector<unsigned char>;
using attn::deserialise;
using attn::Deserialised;

template <std::size_t N>
Bytes bytes_of(const std::array<unsigned char, N>& a) {
  return {a.begin(), a.end()};
}
const Bytes all = bytes_of(attn::serialise(model::layers{}));
const Bytes one = bytes_of(attn::serialise<model::gated>());

/// The bytes of one layer, serialised at run time instead of in the compiler.
Bytes written(std::string_view name, const attn::Description& d) {
  Bytes bytes;
  for (int pass = 0; pass < 2; ++pass) {
    attn::section::Writer w(pass ? bytes.data() : nullptr);
    w.header(bytes.size(), 1);
    w.layer(name, d);
    bytes.resize(w.size());
  }
  return bytes;
}
std::string error_of(const Bytes& bytes) { return deserialise(bytes).error; }

/// Reads everything that a generator would read of a graph.
void walk(const attn::Graph& g) {
  EXPECT_FALSE(text(g, "walked").empty());
  for (const attn::Node& n : g.nodes) {
    evaluate(g, n.formula, {.query = 1, .key = 2}, {0.5, 2.0, 1.0, 3.0});
    evaluate(g, n.mask, {.query = 1, .key = 2});
    evaluate(g, n.sink, {.query = 1});
  }
}

TEST(Deserialise, what_was_serialised) {
  const Deserialised read = deserialise(all);
  ASSERT_TRUE(read.ok()) << read.error;
  std::size_t i = 0;
  model::layers::for_each([&](std::string_view name, const attn::Description& d) {
    ASSERT_LT(i, read.layers.size());
    const attn::NamedGraph& l = read.layers[i++];
    EXPECT_EQ(l.name, name);
    EXPECT_EQ(l.file, "models.h");
    EXPECT_EQ(l.line, d.line);
    EXPECT_EQ(l.fingerprint, fingerprint(d));
    EXPECT_EQ(fingerprint(l.graph), fingerprint(d));
    EXPECT_EQ(text(l.graph, name), text(d.graph, name));
    for (int n = 0; n < d.graph.nodes.size; ++n) {
      EXPECT_EQ(l.graph.nodes[n].line, d.graph.nodes[n].line);
    }
    walk(l.graph);
  });
  EXPECT_EQ(i, read.layers.size());
}

TEST(Deserialise, run_time_bytes_are_the_compiler_s) {
  EXPECT_EQ(written("model::gated", model::gated), one);
}

TEST(Deserialise, sections_that_a_linker_joined) {
  const Bytes two = bytes_of(attn::serialise<model::encoder>());
  Bytes joined = one;
  joined.insert(joined.end(), 21, 0);
  joined.insert(joined.end(), two.begin(), two.end());
  joined.insert(joined.end(), 3, 0);
  joined.insert(joined.end(), one.begin(), one.end());
  const Deserialised read = deserialise(joined);
  ASSERT_TRUE(read.ok()) << read.error;
  ASSERT_EQ(read.layers.size(), 2u);
  EXPECT_EQ(read.layers[0].name, "model::gated");
  EXPECT_EQ(read.layers[1].name, "model::encoder");
}

TEST(Deserialise, two_layers_with_one_name) {
  Bytes joined = written("model::a", model::encoder);
  const Bytes other = written("model::a", model::gated);
  joined.insert(joined.end(), other.begin(), other.end());
  EXPECT_NE(error_of(joined).find("two layers have the name `model::a`"), std::string::npos);
}

TEST(Deserialise, nothing_at_all) {
  EXPECT_EQ(error_of({}), "the .attn section is empty: list layers in ATTN_SECTION(model::layers)");
  EXPECT_EQ(error_of(Bytes(40, 0)), error_of({}));
}

TEST(Deserialise, another_format_or_version) {
  EXPECT_EQ(error_of({'E', 'L', 'F'}),
            "the .attn section is damaged at byte 1: expected descriptions made by attn/section.h");
  const std::string fields = std::to_string(attn::section_version & 0xffff);
  Bytes next = one;
  next[10] = static_cast<unsigned char>((attn::section_version >> 16) + 1);
  EXPECT_EQ(error_of(next), "the .attn section is damaged at byte 12: it has version 6." + fields +
                                ", and this program reads version 5." + fields +
                                ": build both from one release");
}

TEST(Deserialise, names_that_are_no_names) {
  for (const char* name : {"", "a b", "../a", "a::", "1a", "(anonymous namespace)::a", "a;b"}) {
    EXPECT_FALSE(deserialise(written(name, model::encoder)).ok()) << name;
  }
  EXPECT_TRUE(deserialise(written("a::b_2", model::encoder)).ok());
}

TEST(Deserialise, only_the_base_name_of_a_file) {
  attn::Description d = model::encoder;
  d.file = "/home/somebody/layers.h";
  EXPECT_EQ(deserialise(written("a", d)).layers[0].file, "layers.h");
  d.file = "C:\\somebody\\layers.h";
  EXPECT_EQ(deserialise(written("a", d)).layers[0].file, "layers.h");
}

TEST(Deserialise, every_cut) {
  for (std::size_t n = 1; n < one.size(); ++n) {
    EXPECT_FALSE(deserialise({one.data(), n}).ok()) << n;
  }
}

/// The position of the fingerprint of a section's only layer.
std::size_t fingerprint_at(const Bytes& bytes) {
  std::size_t at = 20;
  for (int text = 0; text < 2; ++text) at += 2u + bytes[at] + 256u * bytes[at + 1];
  return at + 4;
}
/// Repairs the fingerprint, so that the reader has to find the other errors.
bool forge(Bytes& bytes) {
  const std::size_t at = fingerprint_at(bytes);
  attn::section::Reader reader({bytes.data() + at + 8, bytes.size() - at - 8});
  attn::Graph g;
  reader.graph(g);
  if (!reader.ok()) return false;
  const std::uint64_t right = fingerprint(g);
  for (std::size_t b = 0; b < 8; ++b) bytes[at + b] = static_cast<unsigned char>(right >> (8 * b));
  return true;
}

TEST(Deserialise, every_flip_of_every_byte) {
  const std::size_t fingerprint = fingerprint_at(one);
  int refused_by_validation = 0;
  for (std::size_t i = 0; i < one.size(); ++i) {
    for (const unsigned flip : {0x01u, 0x40u, 0x80u, 0xffu}) {
      Bytes bytes = one;
      bytes[i] = static_cast<unsigned char>(bytes[i] ^ flip);
      const Deserialised read = deserialise(bytes);
      // Names, lines and the file are not part of the fingerprint; everything else is.
      if (read.ok()) walk(read.layers[0].graph);
      if (i < 20 || (i >= fingerprint && i < fingerprint + 8)) {
        EXPECT_FALSE(read.ok()) << i;
      }
      if (i >= fingerprint && forge(bytes)) {
        const Deserialised forged = deserialise(bytes);
        if (forged.ok())
          walk(forged.layers[0].graph);
        else
          ++refused_by_validation;
      }
    }
  }
  EXPECT_GT(refused_by_validation, 1000);
}

/// The error for a graph that was changed bypassing the language.
std::string said_of(const attn::Description& original, void (*change)(attn::Graph&)) {
  attn::Description d = original;
  change(d.graph);
  const std::string error = error_of(written("model::changed", d));
  const std::string begin = "in `model::changed`, ";
  const std::size_t at = error.find(begin);
  return at == error.npos ? error : error.substr(at + begin.size());
}
attn::Node& first(attn::Graph& g, attn::Op op) {
  for (int i = 0; i < g.nodes.size; ++i) {
    if (g.nodes[i].op == op) return g.nodes[i];
  }
  ADD_FAILURE() << "no " << attn::op_names[static_cast<std::size_t>(op)];
  return g.nodes[0];
}

// The operations of the language check graphs from bytes too, with their own sentences.
TEST(Deserialise, says_which_rule_a_graph_breaks) {
  using attn::Graph;
  using attn::Kind;
  using attn::Op;
  const auto said = [](void (*change)(Graph&)) { return said_of(model::encoder, change); };
  EXPECT_EQ(said([](Graph&) {}), "");
  EXPECT_EQ(
      said([](Graph& g) { first(g, Op::combine).operand[1] = first(g, Op::combine).operand[0]; }),
      "combine needs probabilities [.. query, key] and values [.. key ..], in this order");
  EXPECT_EQ(said([](Graph& g) {
              g.weights[0].axes.axis[2].extent = g.weights[1].axes.axis[1].extent = 63;
            }),
            "scores: heads of the query have size 63 and heads of the key 64");
  EXPECT_EQ(said([](Graph& g) { g.weights[1].axes.axis[1].extent = 63; }),
            "the weight `query/bias` has other axes than its projection makes");
  EXPECT_EQ(said([](Graph& g) { g.weights[1].name = "other/bias"; }),
            "node 8 is not what project makes of its operands");
  EXPECT_EQ(said([](Graph& g) { g.weights[1].name = g.weights[0].name; }),
            "the layer has two weights with the name `query/kernel`");
  EXPECT_EQ(said([](Graph& g) { g.nodes[1].name = "query"; }),
            "the graph has two inputs with the name `query`");
  EXPECT_EQ(said([](Graph& g) { first(g, Op::softmax).axes.axis[1].extent = 3; }),
            "node 12 is not what softmax makes of its operands");
  EXPECT_EQ(said([](Graph& g) { first(g, Op::softmax).rate = 1; }),
            "node 12 is not what softmax makes of its operands");
  EXPECT_EQ(said([](Graph& g) { first(g, Op::softmax).operand[0] = 40; }),
            "node 12 reads node 40, which does not come before it");
  EXPECT_EQ(said([](Graph& g) { g.tables[0].name = "elsewhere"; }),
            "the table `elsewhere` differs from what it reads");
  EXPECT_EQ(said([](Graph& g) { g.steps[first(g, Op::softmax).mask.begin].bits = 99; }),
            "node 12, step 0: own does not fit");
  EXPECT_EQ(said([](Graph& g) { g.outputs[0].value = 3; }),
            "the output `output` holds no real numbers");
  EXPECT_EQ(said([](Graph& g) { g.outputs[0].optional = true; }),
            "the first output is `output`, which no call leaves out");
  EXPECT_EQ(said([](Graph& g) { g.outputs.size = 0; }), "a graph has at least one output");
  EXPECT_EQ(said([](Graph& g) { ++g.steps.size; }), "step 17 belongs to no formula");
}

TEST(Deserialise, many_forged_bytes) {
  std::mt19937 random(7);
  std::vector<Bytes> originals;
  model::layers::for_each([&](std::string_view name, const attn::Description& d) {
    originals.push_back(written(name, d));
  });
  const unsigned char telling[] = {0, 1, 2, 3, 7, 12, 31, 47, 48, 127, 128, 255};
  int accepted = 0;
  for (int i = 0; i < 20000; ++i) {
    Bytes bytes = originals[random() % originals.size()];
    const std::size_t graph = fingerprint_at(bytes) + 8;
    for (auto n = 1 + random() % 3; n > 0; --n) {
      bytes[graph + random() % (bytes.size() - graph)] = telling[random() % std::size(telling)];
    }
    if (!forge(bytes)) {
      EXPECT_FALSE(deserialise(bytes).ok());
      continue;
    }
    const Deserialised read = deserialise(bytes);
    if (!read.ok()) continue;
    ++accepted;
    walk(read.layers[0].graph);
  }
  EXPECT_GT(accepted, 100);  // changing a number or a rate yields another valid layer
}

}  // namespace
