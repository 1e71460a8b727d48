// attnc from the shell: its errors, and one successful call of each command.
#include <array>
#include <filesystem>

#include "attn/runtime/safetensors.h"
#include "attnc_shell.h"
#include "halide/targets.h"

namespace attnc {
namespace {

constexpr const char* one_head = R"({"num_heads": 1, "key_dim": 4})";

TEST_F(Attnc, HelpShowsExamples) {
  for (const char* command : {"build", "show", "run", "check", "bench", "tune"}) {
    const Said said = attnc(std::string(command) + " --help");
    EXPECT_EQ(said.code, 0);
    EXPECT_NE(said.out.find(fmt::format("Examples:\n  attnc {} ", command)), std::string::npos)
        << said.out;
  }
  EXPECT_EQ(attnc("--help").code, 0);
  const Said version = attnc("--version");
  EXPECT_EQ(version.code, 0);
  EXPECT_EQ(version.out.find("attnc "), 0u);
}

TEST_F(Attnc, ArgumentsThatMakeNoSense) {
  refuses("", 2, "A subcommand is required (`attnc --help` shows how)");
  refuses("frobnicate", 2, "A subcommand is required (`attnc --help` shows how)");
  refuses("build", 2, "LAYER is required (`attnc build --help` shows how)");
  refuses("build x.json", 2, "--output is required (`attnc build --help` shows how)");
  refuses("build x.json -o out --shapes one,some", 2,
          "--shapes: some not in {one,few,many,scores} (`attnc build --help` shows how)");
  refuses("show x.json --stage soup", 2,
          "--stage: soup not in {config,graph,passes,plan,algorithm,loops,assembly} (`attnc show "
          "--help` "
          "shows how)");
  refuses("show x.json --stage plan --frobnicate", 2,
          "The following argument was not expected: --frobnicate (`attnc show --help` shows how)");
  refuses("run l.json --weights w --inputs x -o y --threads 0", 2,
          "--threads: Value 0 not in range 1 to 1024 (`attnc run --help` shows how)");
}

TEST_F(Attnc, HelpTellsExitCodesAndTheCache) {
  for (const char* command : {"build", "show", "run", "check", "bench", "tune"}) {
    EXPECT_NE(attnc(std::string(command) + " --help").out.find("Exit codes: 0 "), std::string::npos)
        << command;
  }
  std::filesystem::create_directories(path("cache"));
  for (const char* name : {"a", "b"}) {
    write(fmt::format("cache/{}-0123456789abcdef-avx2-fedcba9876543210.so", name),
          std::string(1'500'000, 'a'));
  }
  write("cache/other.so", "not counted");
  for (const char* command : {"run", "check", "bench"}) {
    const Said said = attnc(std::string(command) + " --help", "ATTNC_CACHE=cache");
    EXPECT_NE(said.out.find("Built layers are kept in cache ("), std::string::npos) << said.out;
    EXPECT_NE(said.out.find("\nIt holds 2 now, 3.0 MB; "), std::string::npos) << said.out;
  }
  EXPECT_NE(attnc("run --help", "ATTNC_CACHE_SIZE=2G").out.find("at most 2147.5 MB stay"),
            std::string::npos);
  EXPECT_NE(attnc("run --help", "ATTNC_CACHE_SIZE=soup").out.find("got `soup`"), std::string::npos);
  EXPECT_NE(attnc("run --help", "ATTNC_CACHE=none").out.find("\nIt holds 0 now, 0.0 MB; "),
            std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(path("none"))) << "help makes nothing";
  EXPECT_NE(attnc("run --help", "ATTNC_CACHE= XDG_CACHE_HOME= HOME=")
                .out.find("set ATTNC_CACHE to a folder"),
            std::string::npos);
}

TEST_F(Attnc, NamesThatAreEmpty) {
  write("l.json", one_head);
  refuses("build '' -o out", 2, "LAYER: has no name (`attnc build --help` shows how)");
  refuses("build l.json -o ''", 2, "--output: has no name (`attnc build --help` shows how)");
  refuses("check ''", 2, "PATH: has no name (`attnc check --help` shows how)");
  refuses("bench ''", 2, "CASES: has no name (`attnc bench --help` shows how)");
  refuses(
      "bench l.json --seconds nan", 2,
      "--seconds: expected a number between 0 and 3600, got nan (`attnc bench --help` shows how)");
  refuses("build l.json -o out --sanitize memory", 2,
          "--sanitize: memory not in {address,thread} (`attnc build --help` shows how)");
  refuses("show l.json --stage plan --path output", 1,
          "--path: the stage plan is of all paths; algorithm, loops and assembly are of one");
}

TEST_F(Attnc, ShowsTheConfiguration) {
  write("l.json", one_head);
  const Said said = attnc("show l.json --stage config");
  EXPECT_EQ(said.code, 0) << said.err;
  EXPECT_EQ(said.out, "{\n  \"num_heads\": 1,\n  \"key_dim\": 4\n}\n");
  const std::string object = std::string(LAYERS_OBJECT) + ":encoder";
  refuses("show " + object + " --stage config", 1,
          object + ": an object holds the graph of a layer, not its configuration");
}

TEST_F(Attnc, NamesThatAreNoText) {
  // Bytes that are not UTF-8 are replaced in JSON. A newline in a name does not end the comment in
  // a header.
  write("b\xff.json", one_head);
  const Said said =
      attnc("build $(printf 'b\\377.json') -o $(printf 'o\\377') --target baseline --json");
  EXPECT_EQ(said.code, 0) << said.err;
  EXPECT_NE(said.out.find("\"library\": \"o\uFFFD/libb_.a\""), std::string::npos) << said.out;
  write("c\n#error c\"\\.json", one_head);
  ASSERT_EQ(attnc("build c*.json -o out --name lib --target baseline").code, 0);
  for (const auto& entry : std::filesystem::directory_iterator(path("out/lib"))) {
    if (entry.is_directory()) continue;
    std::ostringstream text;
    text << std::ifstream(entry.path()).rdbuf();
    EXPECT_EQ(text.str().find("\n#error"), std::string::npos);
    EXPECT_NE(text.str().find("from c?#error c??.json;"), std::string::npos) << text.str();
  }
}

TEST_F(Attnc, OutputThatCannotBeWritten) {
  write("l.json", one_head);
  const auto ends = [&](const std::string& arguments, const std::string& redirection,
                        const std::string& sentence) {
    const std::string command =
        fmt::format("cd {} && {} {} {} 2>.err", path("."), ATTNC, arguments, redirection);
    const int status = std::system(command.c_str());
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 1) << arguments << redirection;
    std::ostringstream said;
    said << std::ifstream(path(".err")).rdbuf();
    EXPECT_EQ(said.str().find("attnc: standard output cannot be written"), 0u) << said.str();
    EXPECT_NE(said.str().find(sentence), std::string::npos) << said.str();
  };
  ends("show l.json --stage plan", ">/dev/full", "No space left on device");
  ends("show l.json --stage assembly --target baseline", ">/dev/full", "");
  ends("show l.json --stage plan", ">&-", "");
  ends("--version", ">&-", "");
  ends("build l.json -o out --target baseline", ">&-", "");
  EXPECT_TRUE(std::filesystem::exists(path("out/libl.a")));
  EXPECT_EQ(std::system(fmt::format("{} show nothing --stage plan 2>&-", ATTNC).c_str()) >> 8, 1);
}

TEST_F(Attnc, BuildForAProgram) {
  write("l.json", one_head);
  const Said said = attnc("build l.json -o out --target baseline --json --sanitize thread");
  EXPECT_EQ(said.code, 0) << said.err;
  EXPECT_EQ(said.err, "");
  for (const char* part : {"\"library\": \"out/libl.a\"", "\"baseline\"", "\"name\": \"l::l\"",
                           "\"header\": \"out/l/l.attn.h\""}) {
    EXPECT_NE(said.out.find(part), std::string::npos) << said.out;
  }
}

TEST_F(Attnc, FilesThatAreNotThere) {
  refuses("build nowhere.json -o out", 1, "nowhere.json: no such file");
  refuses("show nowhere.o --stage plan", 1, "nowhere.o: no such file");
  refuses("check nowhere", 1, "nowhere: no such file or folder");
  const std::string layer = write("l.json", one_head);
  refuses("run l.json --weights nowhere.safetensors --inputs x -o y", 1,
          attn::SafeTensors::open("nowhere.safetensors").status().message());
}

TEST_F(Attnc, FilesThatAreOfAnotherKind) {
  write("bad.json", "{\"num_heads\": 2,");
  write("text.o", "hello");
  write("heads.json", R"({"num_heads": 0, "key_dim": 4})");
  EXPECT_EQ(attnc("build bad.json -o out").err.find("attnc: bad.json is not JSON: "), 0u);
  refuses("build text.o -o out", 1, "text.o: is no ELF object file");
  refuses("build heads.json -o out", 1, "heads.json: `num_heads` must be positive, not 0");
  refuses("build . -o out", 1, ".: is no regular file");
  EXPECT_FALSE(std::filesystem::exists(path("out")));
}

TEST_F(Attnc, NamesThatDoNotGo) {
  write("l.json", one_head);
  refuses("build l.json -o out --target avx1024", 1,
          "there is no target `avx1024`; there are " + target_list());
  refuses("build l.json -o out --target neon,avx2", 1,
          "the targets avx2 (x86_64) and neon (aarch64) cannot be in one library: build one for "
          "each machine");
  refuses("build l.json -o out --name 2much", 1,
          "`2much` cannot be a library's name: letters, digits and _ can, a letter first");
  refuses("build l.json l.json -o out", 1,
          "the layers l::l and l::l would both be written to l.attn.h: rename one");
  refuses(
      std::string("show ") + LAYERS_OBJECT + ":coder --stage plan", 1,
      std::string(LAYERS_OBJECT) + " has no layer `coder`; it has model::encoder, model::decoder");
  refuses(std::string("show ") + LAYERS_OBJECT + " --stage plan", 1,
          std::string(LAYERS_OBJECT) + " holds 2 layers: choose one as " + LAYERS_OBJECT +
              ":NAME; they are model::encoder, model::decoder");
  refuses("show l.json --stage loops --path sideways", 1,
          "l has no path `sideways`; it has output, output_attention_scores");
}

TEST_F(Attnc, PlacesThatCannotBeWritten) {
  write("l.json", one_head);
  write("file", "");
  const Said said = attnc("build l.json -o file/out --target baseline");
  EXPECT_EQ(said.code, 1);
  EXPECT_EQ(said.err, "attnc: the folder file/out/l cannot be made: Not a directory\n");
  const Said cache =
      attnc(std::string("check ") + FIXTURES + "/mha/seq1.json", "ATTNC_CACHE=file/cache");
  EXPECT_EQ(cache.code, 1);
  EXPECT_NE(
      cache.out.find("failed   mha/seq1  the cache file/cache cannot be made: Not a directory"),
      std::string::npos)
      << cache.out;
}

TEST_F(Attnc, NoCompilerIsASentence) {
  const Said said = attnc(std::string("check --target baseline ") + FIXTURES + "/mha/seq1.json",
                          "ATTNC_CACHE=cache CC=no-such-cc");
  EXPECT_EQ(said.code, 1);
  EXPECT_NE(
      said.out.find(
          "a C compiler is needed to link the layer, and cannot run `no-such-cc`: No such file or "
          "directory: install one (`apt install gcc`) or set CC"),
      std::string::npos)
      << said.out;
}

TEST_F(Attnc, NoCompilerInAnEmptyPathIsASentence) {
  const Said said = attnc(std::string("check --target baseline ") + FIXTURES + "/mha/seq1.json",
                          "ATTNC_CACHE=cache CC= PATH=");
  EXPECT_EQ(said.code, 1);
  EXPECT_NE(said.out.find("a C compiler is needed to link the layer, and cannot run `cc`: No such "
                          "file or directory: "
                          "install one (`apt install gcc`) or set CC"),
            std::string::npos)
      << said.out;
  const Said mute = attnc(std::string("check --target baseline ") + FIXTURES + "/mha/seq1.json",
                          "ATTNC_CACHE=cache CC=false");
  EXPECT_NE(mute.out.find("`false` failed and said nothing\n"), std::string::npos) << mute.out;
}

TEST_F(Attnc, ShowsEveryStage) {
  for (const char* stage : {"graph", "passes", "plan", "algorithm", "loops", "assembly"}) {
    const Said said =
        attnc(fmt::format("show {}:encoder --stage {} --target baseline", LAYERS_OBJECT, stage));
    EXPECT_EQ(said.code, 0) << said.err;
    EXPECT_GT(said.out.size(), 100u) << stage;
  }
  EXPECT_NE(attnc(fmt::format("show {}:model::decoder --stage graph", LAYERS_OBJECT))
                .out.find("attn.layer"),
            std::string::npos);
}

TEST_F(Attnc, BuildsFromAnObject) {
  const Said said = attnc(
      fmt::format("build {} -o out --name lib --header layers.h --target baseline", LAYERS_OBJECT));
  EXPECT_EQ(said.code, 0) << said.err;
  for (const char* file :
       {"liblib.a", "lib/encoder.attn.h", "lib/decoder.attn.h", "lib/stages/encoder.graph.mlir",
        "lib/stages/decoder.baseline.plan.txt"}) {
    EXPECT_TRUE(std::filesystem::exists(path("out/") + file)) << file;
  }
}

TEST_F(Attnc, RunsALayer) {
  const std::array<float, 4> x{1, 2, 3, 4}, identity{1, 0, 0, 1}, zero{};
  auto save = [&](const std::string& name, std::initializer_list<attn::NamedTensor> tensors) {
    const Status s = attn::save_safetensors(path(name), tensors);
    ASSERT_TRUE(s.ok()) << s.message();
  };
  write("l.json", R"({"num_heads": 1, "key_dim": 2, "use_bias": false})");
  const attn::Tensor in(identity.data(), {2, 1, 2}), out(identity.data(), {1, 2, 2});
  save("w.safetensors", {{"enc/query/kernel", in},
                         {"enc/key/kernel", in},
                         {"enc/value/kernel", in},
                         {"enc/attention_output/kernel", out}});
  save("x.safetensors", {{"query", attn::Tensor(x.data(), {1, 2, 2})},
                         {"value", attn::Tensor(x.data(), {1, 2, 2})}});
  const std::string call =
      "run l.json --weights w.safetensors --prefix enc/ --inputs x.safetensors -o y.safetensors ";
  const Said said = attnc(call + "--causal --scores --threads 2 --target baseline");
  ASSERT_EQ(said.code, 0) << said.err;
  EXPECT_EQ(said.out, "output float32 [1, 2, 2]\nattention_scores float32 [1, 1, 2, 2]\n");
  const Said json = attnc(call + "--json --target baseline");
  EXPECT_EQ(json.code, 0) << json.err;
  EXPECT_NE(json.out.find("\"file\": \"y.safetensors\""), std::string::npos) << json.out;
  EXPECT_EQ(attnc(call + "--causal --scores --target baseline").code, 0);
  auto y = attn::SafeTensors::open(path("y.safetensors"));
  ASSERT_TRUE(y.ok());
  // The first query sees only the first key, so the output is the first value.
  const auto* first = static_cast<const float*>(y->find("output")->data());
  EXPECT_FLOAT_EQ(first[0], 1);
  EXPECT_FLOAT_EQ(first[1], 2);
  EXPECT_EQ(static_cast<const float*>(y->find("attention_scores")->data())[1], 0);

  save("bad.safetensors", {{"quarry", attn::Tensor(x.data(), {1, 2, 2})}});
  refuses(
      "run l.json --weights w.safetensors --prefix enc/ --inputs bad.safetensors -o y --target "
      "baseline",
      1,
      "bad.safetensors: the layer has no input `quarry`; it has query, value, key, attention_mask, "
      "query_mask, value_mask, key_mask, use_causal_mask");
  const Said without =
      attnc("run l.json --weights w.safetensors --inputs x.safetensors -o y --target baseline");
  EXPECT_EQ(without.code, 1);
  EXPECT_NE(without.err.find("query/kernel"), std::string::npos) << without.err;
}

TEST_F(Attnc, RunsALayerWithoutWeights) {
  const std::array<float, 16> x{1, 2, 3, 4, 5, 6, 7, 8};
  const attn::Tensor t(x.data(), {1, 1, 2, 8});
  ASSERT_TRUE(
      attn::save_safetensors(path("x.safetensors"), {{"query", t}, {"key", t}, {"value", t}}).ok());
  const std::string call = fmt::format(
      "run {}:plain --inputs x.safetensors -o y.safetensors --target baseline", MAP_LAYERS);
  // A file of weights that the layer does not need is not an error, but a missing file is.
  for (const char* more : {"", " --prefix layer/", " --weights x.safetensors"}) {
    const Said said = attnc(call + more);
    EXPECT_EQ(said.code, 0) << said.err;
    EXPECT_EQ(said.out, "output float32 [1, 1, 2, 8]\n") << more;
  }
  refuses(call + " --weights nowhere.safetensors", 1,
          attn::SafeTensors::open("nowhere.safetensors").status().message());
  refuses(call + " --weights ''", 2, "--weights: has no name (`attnc run --help` shows how)");

  write("l.json", R"({"num_heads": 1, "key_dim": 4, "use_bias": false})");
  refuses("run l.json --inputs x.safetensors -o y --prefix enc/", 1,
          "the layer has weights: --weights names the .safetensors file with enc/query/kernel, "
          "enc/key/kernel, enc/value/kernel, enc/attention_output/kernel");
}

TEST_F(Attnc, NumbersThatAreNone) {
  write("l.json", one_head);
  write("c.json", R"([{"name": "a", "T": 3, "D": 8}])");
  for (const char* text :
       {"nan", "-nan", "inf", "-inf", "-1", "3601", "1e300", "1,5", "1s", "soup"}) {
    refuses(fmt::format("bench c.json --seconds={}", text), 2,
            fmt::format("--seconds: expected a number between 0 and 3600, got {} (`attnc bench "
                        "--help` shows how)",
                        text));
  }
  for (const char* text : {"0", "-1", "nan", "inf", "1e9", "1.5", "1025", "99999999999999999999"}) {
    for (const char* command : {"bench c.json", "run l.json --inputs x -o y"}) {
      refuses(
          fmt::format("{} --threads={}", command, text), 2,
          fmt::format("--threads: Value {} not in range 1 to 1024 (`attnc {} --help` shows how)",
                      text, std::string_view(command).substr(0, command[0] == 'b' ? 5 : 3)));
    }
  }
  for (const char* option : {"--head", "--batch"}) {
    for (const char* text : {"-1", "nan", "inf", "1e9", "1.5", "2147483648"}) {
      refuses(
          fmt::format("show l.json --stage plan --shape T=4,S=4 {}={}", option, text), 2,
          fmt::format("{}: Value {} not in range 0 to 2147483647 (`attnc show --help` shows how)",
                      option, text));
    }
  }
}

TEST_F(Attnc, CheckCountsAndExits) {
  std::filesystem::copy(FIXTURES "/mha/seq1.json", path("seq1.json"));
  std::filesystem::copy(FIXTURES "/mha/seq1.safetensors", path("seq1.safetensors"));
  write("other.json", "{\"a\": 1}");
  Said said = attnc("check . --target baseline");
  EXPECT_EQ(said.code, 0) << said.err;
  EXPECT_NE(said.out.find("no fixture  ./other.json\npassed   "), std::string::npos) << said.out;
  EXPECT_NE(said.out.find("\n1 passed, 0 failed, 0 skipped\n"), std::string::npos) << said.out;
  said = attnc("check . --target baseline --json");
  EXPECT_NE(said.out.find("\"passed\": 1"), std::string::npos) << said.out;

  // A truncated file of tensors, and a result that differs from the recorded one.
  std::filesystem::resize_file(path("seq1.safetensors"), 300);
  said = attnc("check . --target baseline");
  EXPECT_EQ(said.code, 1);
  EXPECT_NE(said.out.find("0 passed, 1 failed, 0 skipped\n"), std::string::npos) << said.out;
  said = attnc("check other.json");
  EXPECT_EQ(said.code, 1);
  EXPECT_EQ(said.out, "no fixture  other.json\n0 passed, 0 failed, 0 skipped\n");
  EXPECT_EQ(said.err,
            "attnc: no fixture is there: JSON files with \"format\": \"attn-fixture-1\"\n");
}

}  // namespace
}  // namespace attnc
