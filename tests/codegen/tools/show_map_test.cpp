// attnc show --shape: maps of blocks as characters, pictures and numbers, and its errors.
#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "attn/runtime/safetensors.h"
#include "attnc_shell.h"
#include "tools/draw_map.h"

namespace attnc {
namespace {

constexpr const char* two_heads = R"({"num_heads": 2, "key_dim": 4})";
const std::string how = " (`attnc show --help` shows how)";

struct Maps : Attnc {
  void SetUp() override {
    Attnc::SetUp();
    write("l.json", two_heads);
  }
  std::string layer(const std::string& name) { return std::string(MAP_LAYERS) + ":" + name; }
  Said show(const std::string& arguments) {
    return attnc("show " + arguments + " --stage plan --target baseline");
  }
  nlohmann::json counts(const std::string& arguments) {
    const Said said = show(arguments + " --json");
    EXPECT_EQ(said.code, 0) << said.err;
    return nlohmann::json::parse(said.out, nullptr, false);
  }
  void refuses_map(const std::string& arguments, const std::string& sentence, int code = 1) {
    refuses("show " + arguments + " --stage plan", code, sentence);
  }
};

/// The rows of characters of the first map.
std::vector<std::string> rows(const std::string& out) {
  std::istringstream lines(out.substr(out.find("| key")));
  std::vector<std::string> result;
  std::string line;
  std::getline(lines, line), std::getline(lines, line);
  while (std::getline(lines, line) && line.find(" | ") != std::string::npos)
    result.push_back(line.substr(line.find(" | ") + 3));
  return result;
}

TEST_F(Maps, AfterThePlan) {
  const Said said = show("l.json --shape T=100,S=100 --causal");
  ASSERT_EQ(said.code, 0) << said.err;
  EXPECT_EQ(said.err, "");
  EXPECT_EQ(said.out.find("layer l (show, baseline)"), 0u);
  EXPECT_NE(said.out.find("\nmap of path output, attention %6: 100 queries, 100 keys, batch 0, "
                          "head 0\n"),
            std::string::npos)
      << said.out;
  EXPECT_NE(said.out.find("\n  blocks of 32 queries by 8 keys, 4 by 13 of them\n"),
            std::string::npos)
      << said.out;
  EXPECT_NE(said.out.find(", 5050 visible: "), std::string::npos) << said.out;
  EXPECT_NE(said.out.find("\n  . skipped, + partial, # full\n"), std::string::npos) << said.out;
  EXPECT_EQ(rows(said.out), (std::vector<std::string>{"++++.........", "####++++.....",
                                                      "########++++.", "############+"}));
  // Without the flag every key counts; only the last cell is not whole.
  EXPECT_EQ(rows(show("l.json --shape T=100,S=100").out).at(0), "############+");
}

TEST_F(Maps, LargeOnesAreScaledDown) {
  const Said said = show("l.json --shape T=5000,S=5000 --causal");
  ASSERT_EQ(said.code, 0) << said.err;
  EXPECT_NE(said.out.find("; a character stands for 3 by 7 blocks, + where they differ\n"),
            std::string::npos)
      << said.out;
  const std::vector<std::string> map = rows(said.out);
  ASSERT_EQ(map.size(), 53u);
  for (const std::string& row : map) EXPECT_EQ(row.size(), 90u);
  EXPECT_EQ(map[0], "++" + std::string(88, '.'));
  EXPECT_EQ(map[52].substr(0, 80), std::string(80, '#'));
}

TEST_F(Maps, AsNumbers) {
  const nlohmann::json said = counts("l.json --shape T=64,S=100,B=3 --batch 2 --head 1");
  ASSERT_EQ(said["maps"].size(), 1u) << said;  // the path with scores computes every pair
  const nlohmann::json& map = said["maps"][0];
  EXPECT_EQ(map["path"], "output");
  EXPECT_EQ(map["queries"], 64);
  EXPECT_EQ(map["keys"], 100);
  EXPECT_EQ(map["batch"], 2);
  EXPECT_EQ(map["head"], 1);
  EXPECT_EQ(map["query_tile"], 32);
  EXPECT_EQ(map["cell_keys"], 8);
  EXPECT_EQ(map["full"], 24);
  EXPECT_EQ(map["partial"], 2);
  EXPECT_EQ(map["skipped"], 0);
  EXPECT_EQ(map["pairs_visible"], 6400);
}

TEST_F(Maps, OneQueryACallHasNone) {
  const Said said = show(layer("documents") + " --shape T=8,S=8");
  EXPECT_NE(said.out.find(": none, a call of few queries leaves out whole tasks of 256 keys\n"),
            std::string::npos);
  EXPECT_NE(said.out.find(": none, a call of one query leaves out whole tasks of 512 keys\n"),
            std::string::npos)
      << said.out;
}

TEST_F(Maps, TablesOfTheCall) {
  const std::string call = layer("documents") + " --shape T=64,S=64,B=2";
  const Said without = show(call);
  ASSERT_EQ(without.code, 0) << without.err;
  EXPECT_NE(
      without.out.find("\n  blocks that depend on `document` count as partial: --tables gives "
                       "it\n"),
      std::string::npos)
      << without.out;
  EXPECT_EQ(without.out.find(" visible"), std::string::npos);
  EXPECT_EQ(rows(without.out), (std::vector<std::string>{"++++....", "++++++++"}));

  std::vector<int32_t> document(2 * 64);
  for (size_t i = 0; i < document.size(); ++i) document[i] = static_cast<int32_t>(i % 64 / 32);
  ASSERT_TRUE(attn::save_safetensors(
                  path("t.safetensors"),
                  {{"document", attn::Tensor(document.data(), attn::DType::int32, {2, 64})}})
                  .ok());
  const Said with = show(call + " --tables t.safetensors");
  ASSERT_EQ(with.code, 0) << with.err;
  EXPECT_EQ(with.out.find("count as partial"), std::string::npos);
  EXPECT_NE(with.out.find(", 1056 visible: "), std::string::npos) << with.out;
  EXPECT_EQ(rows(with.out), (std::vector<std::string>{"++++....", "....++++"}));
}

TEST_F(Maps, MasksOfTheCall) {
  std::vector<uint8_t> mask(64, 1);
  for (size_t i = 40; i < 64; ++i) mask[i] = 0;
  auto save = [&](const attn::Tensor& tensor) {
    ASSERT_TRUE(attn::save_safetensors(path("m.safetensors"), {{"attention_mask", tensor}}).ok());
  };
  save({mask.data(), attn::DType::boolean, {1, 64}});  // the same keys for every query
  const nlohmann::json keys = counts("l.json --shape T=64,S=64 --tables m.safetensors");
  EXPECT_EQ(keys["maps"][0]["pairs_visible"], 64 * 40);
  save({mask.data(), attn::DType::boolean, {1, 1, 1, 1}});
  const nlohmann::json one = counts("l.json --shape T=64,S=64 --tables m.safetensors");
  EXPECT_EQ(one["maps"][0]["full"], 16) << "one number for all pairs";
  save({mask.data() + 63, attn::DType::boolean, {1, 1}});
  EXPECT_EQ(counts("l.json --shape T=64,S=64 --tables m.safetensors")["maps"][0]["skipped"], 16);
  save({mask.data(), attn::DType::boolean, {32, 2}});
  refuses_map("l.json --shape T=64,S=64 --tables m.safetensors",
              "m.safetensors: table `attention_mask` has length 32 on axis query, expected 64; got "
              "bool [32, 2]");
  // A mask to be added to scores is refused, as in a call.
  const std::vector<float> added{-1e9f};
  save({added, {1, 1}});
  refuses_map(
      "l.json --shape T=64,S=64 --tables m.safetensors",
      "m.safetensors: input `attention_mask` holds -1000000000, and it is a mask of truths: "
      "nonzero is visible, 0 is hidden, so a mask of numbers to add to the scores would be "
      "taken for its opposite; give `mask == 0` of such a mask, as bool");
}

TEST_F(Maps, OfTwoAxes) {
  const nlohmann::json said = counts(layer("image") + " --shape T=9,query.1=10,S=9,key.1=10");
  EXPECT_EQ(said["maps"][0]["queries"], 90);
  // Neighbourhoods of three rows and five columns, smaller at the borders: (9 * 3 - 2) * (10 * 5 -
  // 6).
  EXPECT_EQ(said["maps"][0]["pairs_visible"], 25 * 44);
  refuses_map(layer("image") + " --shape T=9,S=9,key.1=10",
              "--shape: the length of query.1 is missing; model::image has batch (B), query (T), "
              "query.1, key (S), key.1");
}

TEST_F(Maps, AsAPicture) {
  const Said said = show("l.json --shape T=100,S=100 --causal -o map.svg");
  ASSERT_EQ(said.code, 0) << said.err;
  EXPECT_EQ(said.out.find("| key"), std::string::npos) << "no characters beside a picture";
  EXPECT_NE(said.out.find("    full "), std::string::npos) << said.out;
  std::ostringstream svg;
  svg << std::ifstream(path("map.svg")).rdbuf();
  const std::string text = svg.str();
  for (const char* part :
       {"<svg xmlns=\"http://www.w3.org/2000/svg\"", ">queries, 100 of them<",
        ">keys, 100 of them<", "skipped 15 (28.8 %)", "path output, attention %6"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  }
  EXPECT_EQ(text, (show("l.json --shape T=100,S=100 --causal -o map.svg"), text));
  const std::string parse =
      "if command -v xmllint >/dev/null; then xmllint --noout {0}; elif command -v python3 "
      ">/dev/null; then python3 -c \"import xml.dom.minidom as m; m.parse('{0}')\"; fi";
  EXPECT_EQ(std::system(fmt::format(fmt::runtime(parse), path("map.svg")).c_str()), 0);
}

TEST(DrawMap, PicturesAreXmlWhateverTheirTitle) {
  BlockMap map{.queries = 5, .keys = 9, .query_tile = 2, .cell_keys = 4, .tiles = 3, .cells = 3};
  map.blocks.assign(9, Block::partial);
  map.partial = 9;
  const TitledMap titled{
      .title = "a <b> & \"c\"\n", .shape = "causal & x < 3", .blocks = map, .visible = {}};
  const std::string svg = draw_svg({titled, titled});
  EXPECT_NE(svg.find(">a &lt;b&gt; &amp; \"c\" <"), std::string::npos) << svg;
  EXPECT_NE(svg.find("causal &amp; x &lt; 3; blocks of 2"), std::string::npos) << svg;
  // Every element closes itself, except those with text and the root.
  size_t open = 0, words = 0;
  for (size_t at = svg.find('<'); at != std::string::npos; at = svg.find('<', at + 1)) {
    const size_t end = svg.find('>', at);
    ASSERT_NE(end, std::string::npos);
    if (svg[at + 1] == '/')
      --open;
    else if (svg[at + 1] != '?' && svg[end - 1] != '/')
      ++open, ++words;
    ASSERT_LE(open, 2u);
  }
  EXPECT_EQ(open, 0u);
  EXPECT_GT(words, 10u);
}

TEST(DrawMap, ScalesByTheRule) {
  BlockMap map{.queries = 4, .keys = 4, .query_tile = 1, .cell_keys = 1, .tiles = 4, .cells = 5};
  using enum Block;
  map.blocks = {full, full, skipped, skipped, full,     //
                full, full, skipped, full,    full,     //
                full, full, skipped, skipped, partial,  //
                full, full, skipped, skipped, full};
  const ScaledMap scale = scaled(map, 2, 3);
  EXPECT_EQ(scale.rows, 2);
  EXPECT_EQ(scale.columns, 3);
  EXPECT_EQ(scale.blocks, (std::vector<Block>{full, partial, full, full, skipped, partial}));
  EXPECT_EQ(scaled(map, 64, 100).blocks, map.blocks);
  const BlockMap none{.query_tile = 1, .cell_keys = 1};
  EXPECT_EQ(scaled(none, 2, 2).rows, 0);
  EXPECT_NE(draw_svg({TitledMap{.title = "none", .shape = "", .blocks = none, .visible = 0}})
                .find("0 pairs visited, 0 visible<"),
            std::string::npos);
}

TEST_F(Maps, Mistakes) {
  const std::string axes = "l has batch (B), query (T), key (S)",
                    has = "it has batch (B), query (T), key (S)";
  refuses_map("l.json --shape T=5", "--shape: the length of key (S) is missing; " + axes);
  refuses_map("l.json --shape T",
              "--shape: expected AXIS=LENGTH with commas between, as "
              "T=1024,S=1024; got `T`");
  refuses_map("l.json --shape T=5,,S=5",
              "--shape: expected AXIS=LENGTH with commas between, as "
              "T=1024,S=1024; got ``");
  refuses_map("l.json --shape U=5,S=5", "--shape: l has no axis `U`; " + has);
  refuses_map("l.json --shape T=5,S=5,query.1=5", "--shape: l has no axis `query.1`; " + has);
  for (const char* bad : {"-3", "0", "x", "2147483648", "", "1e3", "99999999999999999999"}) {
    refuses_map(fmt::format("l.json --shape T={},S=5", bad),
                fmt::format("--shape: query (T) is a length from 1 to 2147483647; got `{}`", bad));
  }
  refuses_map("l.json --shape T=5,S=5,query=6", "--shape: query (T) is there twice");
  refuses_map("l.json --shape ''", "--shape: has no axes" + how, 2);
  refuses_map("l.json --shape T=5,S=5 --head 2",
              "--head: path output, attention %6 has 2, from 0 on; got 2");
  refuses_map("l.json --shape T=5,S=5,B=3 --batch 3", "--batch: there are 3, from 0 on; got 3");
  refuses_map("l.json --shape T=5,S=5 --head -1",
              "--head: Value -1 not in range 0 to 2147483647" + how, 2);
  refuses_map("l.json --shape T=2000000000,S=2000000000 --target baseline",
              "--shape: a map of 15625000000000000 blocks; expected at most 4194304: take shorter "
              "lengths");
  refuses_map("l.json --shape T=5,S=5 --tables nowhere.safetensors",
              attn::SafeTensors::open("nowhere.safetensors").status().message());
  refuses_map("l.json --shape T=5,S=5 -o no/map.svg",
              "no/map.svg: cannot be written: No such file or directory");
  refuses_map(layer("plain") + " --shape T=5,S=5 --causal",
              "--causal: the layer has no input `use_causal_mask`");
  for (const char* option :
       {"--head 1", "--batch 0", "--causal", "--json", "--tables t", "--output m"}) {
    const std::string text = option;
    refuses_map("l.json " + text, text.substr(0, text.find(' ')) +
                                      ": goes with a map of blocks: add --stage plan --shape "
                                      "T=...,S=...");
  }
  refuses("show l.json --stage loops -o map.svg", 1,
          "--output: goes with a map of blocks: add --stage plan --shape T=...,S=...");
  refuses("show l.json --stage loops --shape T=5,S=5", 1,
          "--shape: the stage plan has a map of blocks, loops has none");
}

TEST_F(Maps, TablesThatDoNotFit) {
  std::vector<int32_t> x(2 * 64);
  auto with = [&](const std::string& name, const attn::Shape& shape, const std::string& sentence) {
    ASSERT_TRUE(attn::save_safetensors(path("t.safetensors"),
                                       {{name, attn::Tensor(x.data(), attn::DType::int32, shape)}})
                    .ok());
    refuses_map(layer("documents") + " --shape T=9,S=9,B=2 --tables t.safetensors",
                "t.safetensors: " + sentence);
  };
  with("document", {9}, "table `document` has 1 axes, expected 2; got int32 [9]");
  with("document", {3, 9},
       "table `document` has length 3 on axis batch, expected 2; got int32 [3, 9]");
  with("document", {2, 0},
       "table `document` has length 0 on axis other.1, expected at least 1; got int32 [2, 0]");
  with("paper", {9},
       "the layer has no input `paper`; it has query, key, value, attention_mask, document");
}

}  // namespace
}  // namespace attnc
