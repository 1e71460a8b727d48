// attnc report: the page from small inputs and from damaged ones, and the command.
#include <filesystem>

#include "attnc_shell.h"
#include "report_samples.h"
#include "tools/report/markdown.h"

namespace attnc::report {
namespace {

namespace fs = std::filesystem;

size_t count_of(const std::string& text, const std::string& part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++count;
  return count;
}

std::string page_text(const PageInputs& inputs) {
  const Result<std::string> page = page_of(inputs);
  EXPECT_TRUE(page.ok()) << page.status().message();
  return page.ok() ? *page : "";
}

// ---- the page

TEST(ReportPage, ShowsEverythingAndNeedsNothingElse) {
  const std::string page = page_text(sample_inputs());
  EXPECT_EQ(why_not_well_formed(page), "");
  for (const char* part : {"model::encoder",
                           "model::layer",
                           "model::begun",
                           "avx512",
                           "batch=1,<wbr/>query=512",
                           "another processor",
                           "2026-11-27",
                           "none faster",
                           "not measured",
                           "decode_exp_unroll\u00a01\u00a0→\u00a0",
                           "<code>tune.db</code>",
                           "encoder-512",
                           "alone-D64",
                           "its &lt;heads&gt; differ",
                           "few: GFLOP/s by queries",
                           "few: ms by queries",
                           "keys: GFLOP/s by keys",
                           "project query",
                           "a machine, 2 threads",
                           "4 cases of ranges",
                           "prefill",
                           "decode",
                           "lonely",
                           "failed",
                           "onednn",
                           "1.40 to 1.60",
                           "<b class=\"slower\">0.81</b>",
                           "no peer was measured",
                           "was not measured",
                           "110 to 118 GFLOP/s",
                           "Not in the roofline: run 2: with projections"})
    EXPECT_NE(page.find(part), page.npos) << part;
  // Two runs with trials and one of them in the roofline, three curves, one layer with stages, one
  // comparison.
  EXPECT_EQ(count_of(page, "<svg "), 2u + 1 + 3 + 1 + 1);
  EXPECT_EQ(count_of(page, "<polygon "), 2u);
  for (const char* outside : {"<script", "src=", "url(", "@import", "<link", "here/"})
    EXPECT_EQ(page.find(outside), page.npos) << outside;
  EXPECT_EQ(count_of(page, "http"), count_of(page, "=\"http://www.w3.org/"));
}

TEST(ReportPage, TheSameInputsGiveTheSameBytes) {
  PageInputs elsewhere = sample_inputs();
  elsewhere.database = "/there/tune.db";
  elsewhere.bench[0].file = "/there/bench.jsonl";
  EXPECT_EQ(page_text(sample_inputs()), page_text(sample_inputs()));
  EXPECT_EQ(page_text(sample_inputs()), page_text(elsewhere));
}

TEST(ReportPage, TextsAndNumbersOfAnyKind) {
  const std::string odd = "</svg><script>alert(1)</script>\"' onload=\"x\x01\xff\xe2\x80\xae&lt;";
  PageInputs inputs = sample_inputs();
  inputs.database = odd;
  for (TunedRun& tuned : inputs.runs) {
    for (std::string TuningRun::*text :
         {&TuningRun::layer, &TuningRun::target, &TuningRun::calls, &TuningRun::processor,
          &TuningRun::families, &TuningRun::started, &TuningRun::dtype})
      tuned.run.*text = odd;
  }
  BenchFile& bench = inputs.bench[0];
  bench.file = odd;
  bench.machines[0].name = odd;
  for (BenchLine& line : bench.lines) {
    line.name = odd + line.name, line.peer = odd;
    for (auto& stage : line.stages) stage.first = odd + stage.first, stage.second = 0;
    if (line.skipped.empty()) line.median = 1e24, line.gflops = 1e-18;
  }
  PeerFile& peers = inputs.peers[0];
  peers.file = odd;
  for (PeerRow& row : peers.rows) {
    row.name = row.best = odd;
    row.seconds = 1e-18;
    for (auto& peer : row.peers) peer.first = odd, peer.second = 1e24;
  }
  const std::string page = page_text(inputs);
  EXPECT_EQ(why_not_well_formed(page), "");
  EXPECT_EQ(page.find("<script"), page.npos);
  EXPECT_EQ(count_of(page, "nan") + count_of(page, "inf,") + count_of(page, "\"inf"), 0u);
}

TEST(ReportPage, InputsWithNothingInThem) {
  const std::string text = bench_text, machine = text.substr(0, text.find('\n'));
  PageInputs inputs{.database = "tune.db",
                    .runs = {},
                    .bench = {*bench_from_text(machine, "b")},
                    .peers = {*peers_from_text(R"({"rows": []})", "p")}};
  const std::string page = page_text(inputs);
  EXPECT_EQ(why_not_well_formed(page), "");
  EXPECT_NE(page.find("It has no runs."), page.npos);
  EXPECT_EQ(count_of(page, "It has no cases."), 2u);
}

TEST(ReportPage, SeveralFilesShareACurvesChart) {
  PageInputs inputs{.database = "", .runs = {}, .bench = {}, .peers = {}};
  for (const char* file : {"before.jsonl", "after.jsonl"})
    inputs.bench.push_back(*bench_from_text(bench_text, file));
  const std::string page = page_text(inputs);
  EXPECT_EQ(why_not_well_formed(page), "");
  EXPECT_EQ(count_of(page, "<figcaption>few: GFLOP/s by queries"), 1u);
  EXPECT_EQ(count_of(page, "</i>before.jsonl</span>"), 3u);
  EXPECT_EQ(count_of(page, "</i>after.jsonl</span>"), 3u);
}

// ---- damaged inputs

/// Calls `use` with texts that differ from `text` in a byte, or that end early.
template <class Use>
void damage(const std::string& text, size_t step, const Use& use) {
  for (size_t at = 0; at < text.size(); at += step) {
    std::string other = text;
    other[at] = static_cast<char>(other[at] ^ (1 << at % 8));
    use(other);
    other[at] = "0-9e{}[]\",:\0"[at % 12];
    use(other);
    use(text.substr(0, at));
  }
}

TEST(ReportDamage, TextsGiveAPageOrASentence) {
  size_t pages = 0, refused = 0;
  const auto draw = [&](PageInputs inputs) {
    const Result<std::string> page = page_of(inputs);
    if (!page.ok()) return;
    ++pages;
    EXPECT_EQ(why_not_well_formed(*page), "");
  };
  const auto sentence = [&](const Status& status) {
    ++refused;
    EXPECT_EQ(status.code(), attn::StatusCode::invalid_file);
    EXPECT_EQ(status.message().find('\n'), std::string::npos) << status.message();
  };
  damage(bench_text, 3, [&](const std::string& text) {
    const auto bench = bench_from_text(text, "b");
    if (!bench.ok()) return sentence(bench.status());
    draw({.database = "", .runs = {}, .bench = {*bench}, .peers = {}});
  });
  damage(peers_text, 2, [&](const std::string& text) {
    const auto peers = peers_from_text(text, "p");
    if (!peers.ok()) return sentence(peers.status());
    draw({.database = "", .runs = {}, .bench = {}, .peers = {*peers}});
  });
  EXPECT_GT(pages, 100u);
  EXPECT_GT(refused, 500u);
}

// ---- the command

class Report : public Attnc {
 protected:
  void write_inputs() {
    write("b.jsonl", bench_text);
    write("p.json", peers_text);
    Result<TuningDatabase> db = TuningDatabase::open(path("tune.db"));
    ASSERT_TRUE(db.ok()) << db.status().message();
    int number = 0;
    for (TunedRun& tuned : std::vector<TunedRun>(sample_runs())) {
      tuned.run.name = std::string(32, static_cast<char>('a' + number++));
      ASSERT_TRUE(db->begin(tuned.run).ok());
      for (const Trial& trial : tuned.trials) {
        const Status s = db->add(tuned.run.name, trial);
        ASSERT_TRUE(s.ok()) << s.message();
      }
    }
  }
};

TEST_F(Report, WritesThePage) {
  write_inputs();
  const Said said = attnc("report --db tune.db --bench b.jsonl --peers p.json -o r.html");
  EXPECT_EQ(said.code, 0) << said.err;
  EXPECT_EQ(said.out + said.err, "");
  const std::string page = bytes_of(path("r.html"));
  EXPECT_EQ(why_not_well_formed(page), "");
  EXPECT_EQ(attnc("report --db tune.db --bench ./b.jsonl --peers p.json -o new/folder/r.html").code,
            0);
  EXPECT_EQ(bytes_of(path("new/folder/r.html")), page);
  EXPECT_EQ(attnc("report --peers p.json -o r.html").code, 0);
  EXPECT_NE(bytes_of(path("r.html")), page);
}

TEST(ReportMarkdown, HasEveryCaseAndEveryPeer) {
  const std::string text =
      markdown_of({*peers_from_text(peers_text, "here/peers.json")}, {"a Xeon", "one | two"});
  EXPECT_EQ(text.find("# Benchmarks\n"), 0u);
  EXPECT_NE(
      text.find("\na Xeon\n\none \\| two\n\n## peers.json\n\n2 threads, 110 to 118.5 GFLOP/s of "
                "multiply-adds, 11 GB/s from memory.\n\n| case |"),
      text.npos)
      << text;
  EXPECT_NE(
      text.find("| decode | 1.000 | - | torch | 0.800 | **0.81** | 0.79 to 0.84 | - |\n"
                "| failed | - | - | torch | 500.000 | - | - | - |\n"
                "| lonely | 1.000 | - | - | - | - | - | - |\n"
                "| prefill | 2.000 | 0.76 | onednn | 3.000 | 1.51 | 1.40 to 1.60 | torch 4.000 |\n"
                "\n2 of 4 cases compared: geometric mean 1.11, least 0.81.\n"
                "attnc is slower in decode (0.81).\n"),
      text.npos)
      << text;
}

TEST_F(Report, WritesMarkdownWhereTheNameSaysSo) {
  write("p.json", peers_text);
  EXPECT_EQ(attnc("report --peers p.json --about 'a day' -o B.md").code, 0);
  EXPECT_EQ(bytes_of(path("B.md")),
            markdown_of({*peers_from_text(peers_text, "p.json")}, {"a day"}));
  refuses("report --peers p.json --bench b.jsonl -o B.md", 2,
          "-o B.md: Markdown has comparisons alone, of --peers (`attnc report --help` shows how)");
  refuses("report --peers p.json --about x -o r.html", 2,
          "--about: goes with Markdown, -o NAME.md (`attnc report --help` shows how)");
}

TEST_F(Report, ArgumentsAndFilesThatMakeNoSense) {
  write_inputs();
  refuses("report", 2, "--output is required (`attnc report --help` shows how)");
  refuses("report -o r.html", 2,
          "--db, --bench or --peers is required (`attnc report --help` shows how)");
  refuses("report --db '' -o r.html", 2, "--db: has no name (`attnc report --help` shows how)");
  refuses("report --db no.db -o r.html", 1, "no.db: there is no such file");
  refuses("report --db b.jsonl -o r.html", 1,
          "b.jsonl: expected a database of `attnc tune`, got a file of another kind");
  refuses("report --bench no.jsonl -o r.html", 1, "no.jsonl: no such file");
  refuses("report --bench . -o r.html", 1, ".: is no regular file");
  refuses("report --bench b.jsonl p.json -o r.html", 1,
          "p.json: line 1: expected JSON, got `{\"threads\": 2,`");
  refuses("report --peers b.jsonl -o r.html", 1,
          "b.jsonl: expected JSON, got `{\"machine\":\"a machine, 2 threads\",\"fma_gflops\":118.5"
          ",\"read_g...`");
  refuses("report --bench b.jsonl -o ./b.jsonl", 1, "--output ./b.jsonl: is a file to read");
  EXPECT_EQ(bytes_of(path("b.jsonl")), bench_text);
  EXPECT_FALSE(fs::exists(path("r.html")));
  refuses("report --bench b.jsonl -o b.jsonl/r.html", 1,
          "the folder b.jsonl cannot be made: Not a directory");
  const Said help = attnc("report --help");
  EXPECT_EQ(help.code, 0);
  EXPECT_NE(help.out.find("  attnc report --db tune.db -o report.html"), std::string::npos);
  EXPECT_NE(help.out.find("Exit codes: 0 "), std::string::npos);
}

TEST_F(Report, DamagedDatabasesGiveAPageOrASentence) {
  write_inputs();
  const std::string bytes = bytes_of(path("tune.db"));
  size_t refused = 0;
  const auto use = [&](const std::string& damaged) {
    fs::remove(path("d.db-journal"));
    std::ofstream(path("d.db"), std::ios::binary) << damaged;
    const Result<TuningDatabase> db = TuningDatabase::open_to_read(path("d.db"));
    const auto runs = db.ok() ? tuned_runs(*db) : db.status();
    if (!runs.ok()) return void(++refused);
    const Result<std::string> page =
        page_of({.database = "d.db", .runs = *runs, .bench = {}, .peers = {}});
    if (page.ok()) {
      EXPECT_EQ(why_not_well_formed(*page), "");
    }
  };
  damage(bytes, bytes.size() / 80 | 1, use);
  // The rows are near the end of their pages.
  for (size_t at = bytes.find("model::encoder"); at < bytes.size() && at % 4096 != 0; at += 7) {
    std::string other = bytes;
    other[at] = static_cast<char>(other[at] ^ (1 << at % 8));
    use(other);
  }
  EXPECT_GT(refused, 100u);
}

}  // namespace
}  // namespace attnc::report
