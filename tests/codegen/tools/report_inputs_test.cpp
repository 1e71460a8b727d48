// What the page of `attnc report` is made from: texts, axes, the runs of a database and the files that
// it reads.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "report_samples.h"
#include "tools/report/axis.h"
#include "tools/report/markup.h"

namespace attnc::report {
namespace {

// ---- texts and axes

TEST(ReportMarkup, TextsFromFilesStayTexts) {
  EXPECT_EQ(escaped("a < b && \"c\" > 'd'"), "a &lt; b &amp;&amp; &quot;c&quot; &gt; &#39;d&#39;");
  EXPECT_EQ(escaped("\xc3\xa9 \xe2\x86\x92 \xf0\x9f\x98\x80"),
            "\xc3\xa9 \xe2\x86\x92 \xf0\x9f\x98\x80");
  const std::string no = "\xef\xbf\xbd";
  for (const char* one : {"\x01", "\x7f", "\xff", "\xc3", "\xe2\x80\xae", "\xef\xbf\xbe",
                          "\xc2\x85", "\r", "\xe2\x81\xa6"})
    EXPECT_EQ(escaped(std::string("x") + one + "y"), "x" + no + "y") << one;
  EXPECT_EQ(escaped(std::string_view("\0", 1)), no);
  EXPECT_EQ(escaped("\xed\xa0\x80"), no + no + no);  // a surrogate
  EXPECT_EQ(escaped("\xc0\xbc"), no + no);           // "<" in two bytes
  EXPECT_EQ(escaped("\xf4\x90\x80\x80"), no + no + no + no);
}

TEST(ReportMarkup, NumbersHaveThreeDigits) {
  EXPECT_EQ(number_text(0), "0");
  EXPECT_EQ(number_text(0.9123), "0.912");
  EXPECT_EQ(number_text(113.4), "113");
  EXPECT_EQ(number_text(1e9), "1.00e+09");
  EXPECT_EQ(number_text(1e-7), "1.00e-07");
  EXPECT_EQ(time_text(1.2345e-3), "1.234 ms");
  EXPECT_EQ(time_text(2.5e-5), "25.00 \xc2\xb5s");
  EXPECT_EQ(time_text(61), "61.00 s");
  EXPECT_EQ(time_text(1e20), "1.00e+20 s");
  EXPECT_EQ(percent_text(0.914), "91 %");
  EXPECT_EQ(percent_text(0.0123), "1.2 %");
  EXPECT_EQ(counted(1, "run") + counted(2, "run"), "1 run2 runs");
  EXPECT_EQ(name_of_file("a/b/c.json"), "c.json");
  EXPECT_EQ(shortened("abcdef", 6), "abcdef");
  EXPECT_EQ(shortened("ab\xc3\xa9"
                      "defg",
                      4),
            "ab\xc3\xa9\xe2\x80\xa6");
}

TEST(ReportAxis, TicksAreRoundNumbers) {
  using Ticks = std::vector<double>;
  EXPECT_EQ(linear_axis("", 0, 118, 6).ticks, (Ticks{0, 20, 40, 60, 80, 100, 120}));
  EXPECT_EQ(linear_axis("", 0, 118, 6).most, 120);
  EXPECT_EQ(close_axis("", 48, 256, 6).ticks, (Ticks{50, 100, 150, 200, 250}));
  EXPECT_EQ(close_axis("", 1, 16, 8).ticks, (Ticks{2, 4, 6, 8, 10, 12, 14, 16}));
  EXPECT_EQ(log_axis("", 16, 512, 6).ticks, (Ticks{20, 50, 100, 200, 500}));
  EXPECT_EQ(log_axis("", 0.8, 2.5, 9).ticks, (Ticks{1, 1.5, 2}));
  EXPECT_EQ(log_axis("", 1, 1e6, 8).ticks, (Ticks{1, 10, 100, 1e3, 1e4, 1e5, 1e6}));
  EXPECT_EQ(tick_text(0.5) + " " + tick_text(5000) + " " + tick_text(32000) + " " + tick_text(2e6),
            "0.5 5000 32k 2M");
  const Axis axis = log_axis("", 1, 100, 6);
  EXPECT_EQ(axis.at(1), 0);
  EXPECT_NEAR(axis.at(10), 0.5, 1e-12);
  EXPECT_EQ(axis.at(1e9), 1);
  EXPECT_EQ(axis.at(-1), 0);
}

TEST(ReportAxis, AnyRangeHasSomeTicks) {
  const double numbers[] = {1e-60, 1e-18, 0.001, 1, 1 + 1e-12, 7, 1000, 1e18, 1e24, 1e60};
  for (const double a : numbers) {
    for (const double b : numbers) {
      if (b < a) continue;
      for (const Axis& axis :
           {linear_axis("", 0, b, 6), close_axis("", a, b, 6), log_axis("", a, b, 6)}) {
        EXPECT_LE(axis.ticks.size(), 9u) << a << " to " << b;
        for (const double at : {axis.at(a), axis.at(b)}) EXPECT_TRUE(at >= 0 && at <= 1);
        EXPECT_LT(axis.least, axis.most);
      }
    }
  }
}

// ---- runs

TEST(ReportTried, TimesAreThoseOfPairs) {
  std::vector<TunedRun> runs = {{sample_run(), {}}};
  const auto trial = [](int number, double seconds, double ratio, bool accepted) {
    return Trial{.number = number, .seconds = seconds, .ratio = ratio, .accepted = accepted};
  };
  runs[0].trials = {trial(0, 0.008, 1, true), trial(1, 0.02, 0.5, true), trial(2, 0, 0, false),
                    trial(3, 0.001, 1.5, false), trial(4, 0.003, 0.75, true)};
  const auto tried = tried_in(runs, "tune.db");
  ASSERT_TRUE(tried.ok()) << tried.status().message();
  const TriedRun& run = (*tried)[0];
  ASSERT_EQ(run.schedules.size(), 4u);
  const double expected[] = {0.008, 0.004, 0.006, 0.003};
  for (size_t i = 0; i < 4; ++i) EXPECT_NEAR(run.schedules[i].seconds, expected[i], 1e-12);
  EXPECT_EQ(run.schedules[run.winner].trial, 4);
  EXPECT_NEAR(run.found->after, 0.003, 1e-12);
}

TEST(ReportTried, OperationsAByteOfAttention) {
  TuningRun run = sample_run();
  run.work = "512 512 512 64 64";
  EXPECT_EQ(attention_intensity(run), 128);
  run.work = "4 1 4096 128 128";  // one query of four heads: near 4 operations a number
  EXPECT_NEAR(attention_intensity(run), 2, 0.01);
  run.dtype = "bfloat16";
  EXPECT_NEAR(attention_intensity(run), 4, 0.02);
  run.work = "512 512 512 64 64; 512 512 512 64 64";
  EXPECT_EQ(attention_intensity(run), 256);
  for (const char* unknown : {"", "512", "512 512 512 64 64; 1 1 512 64 64"}) {
    run.work = unknown;
    EXPECT_EQ(attention_intensity(run), 0) << unknown;
  }
  run.work = "1e17 1e17 1e17 64 64";
  EXPECT_TRUE(std::isfinite(attention_intensity(run)));
  run.dtype = "mixed_float16";
  EXPECT_EQ(attention_intensity(run), 0);
}

TEST(ReportTried, NumbersThatAreNoMeasurements) {
  for (const double number : {1e300, 1e-300, std::numeric_limits<double>::denorm_min()}) {
    std::vector<TunedRun> runs = sample_runs();
    runs[0].run.operations = number;
    EXPECT_EQ(tried_in(runs, "tune.db").status().message(),
              "tune.db: run  of `model::encoder`: its number of operations can be no measurement");
    runs = sample_runs();
    runs[0].trials[0].seconds = number;
    EXPECT_EQ(tried_in(runs, "tune.db").status().message(),
              "tune.db: run  of `model::encoder`: the time of trial 0 can be no measurement");
    runs = sample_runs();
    for (Trial& trial : runs[0].trials)
      trial.ratio = number, trial.accepted = true, trial.seconds = 1;
    EXPECT_FALSE(page_of({.database = "tune.db", .runs = runs, .bench = {}, .peers = {}}).ok());
  }
}

// ---- bench files

TEST(ReportBench, CasesOfRanges) {
  const auto c = sweep_case("keys-S512");
  ASSERT_TRUE(c);
  EXPECT_EQ(c->prefix, "keys");
  EXPECT_EQ(c->axis, 'S');
  EXPECT_EQ(c->value, 512);
  EXPECT_EQ(sweep_case("a-T1-D48")->prefix, "a-T1");
  for (const char* other : {"", "keys", "keys-S", "-S1", "keys-512", "keys-B2", "keysS512",
                            "keys-S0", "keys-S1234567890", "512", "S512"})
    EXPECT_FALSE(sweep_case(other)) << other;
}

TEST(ReportBench, StagesKeepTheirOrder) {
  const auto bench = bench_from_text(bench_text, "b");
  ASSERT_TRUE(bench.ok()) << bench.status().message();
  ASSERT_EQ(bench->lines.size(), 8u);
  ASSERT_EQ(bench->lines[1].stages.size(), 3u);
  EXPECT_EQ(bench->lines[1].stages[0].first, "project query");
  EXPECT_EQ(bench->lines[1].stages[2].first, "project output");
}

TEST(ReportBench, FilesThatAreNone) {
  const std::string machine = R"({"machine":"m","fma_gflops":1,"read_gbps":1})"
                              "\n";
  const auto says = [](const std::string& text) {
    return bench_from_text(text, "b").status().message();
  };
  EXPECT_EQ(says(""), "b: expected lines of `attnc bench`, got an empty file");
  EXPECT_EQ(says("\n \n"), "b: expected lines of `attnc bench`, got an empty file");
  EXPECT_EQ(says("soup"), "b: line 1: expected JSON, got `soup`");
  EXPECT_EQ(says("[1]"), "b: line 1: expected an object, got a list");
  EXPECT_EQ(says("{}"), "b: line 1: `case` is missing");
  EXPECT_EQ(says(R"({"case":"x","median_s":1,"gflops":1})"),
            "b: line 1: expected the machine and its limits first, as `attnc bench` prints them");
  EXPECT_EQ(says(R"({"machine":"m","fma_gflops":0,"read_gbps":1})"),
            "b: line 1: `fma_gflops`: expected a number from 1e-18 to 1e+24, got 0");
  EXPECT_EQ(says(machine + "\n"
                           R"({"case":"x","median_s":1})"),
            "b: line 3: `gflops` is missing");
  EXPECT_EQ(says(machine + R"({"case":"x","median_s":NaN,"gflops":1})"),
            "b: line 2: expected JSON, got `{\"case\":\"x\",\"median_s\":NaN,\"gflops\":1}`");
  EXPECT_EQ(says(machine + R"({"case":"x","median_s":1e300,"gflops":1})"),
            "b: line 2: `median_s`: expected a number from 1e-18 to 1e+24, got 1e+300");
  EXPECT_EQ(says(machine + R"({"case":7,"median_s":1,"gflops":1})"),
            "b: line 2: `case`: expected a text, got 7");
  EXPECT_EQ(says(machine + R"({"case":"x","median_s":1,"gflops":1,"stages":[1]})"),
            "b: line 2: `stages`: expected an object, got a list");
  EXPECT_EQ(says(machine + R"({"case":"x","median_s":1,"gflops":1,"stages":{"a":-1}})"),
            "b: line 2: `a`: expected a number from 1e-18 to 1e+24 or 0, got -1");
  EXPECT_EQ(says(machine + R"({"case":"x","skipped":""})"),
            "b: line 2: `skipped`: expected why, got nothing");
  EXPECT_EQ(says(machine + "\"" + std::string(70000, 'x') + "\""),
            "b: line 2: 70002 characters are too many for a case");
}

TEST(ReportPeers, FilesThatAreNone) {
  const auto says = [](const std::string& text) {
    return peers_from_text(text, "p").status().message();
  };
  EXPECT_EQ(says(""), "p: expected JSON, got nothing");
  EXPECT_EQ(says("[]"), "p: expected an object, got a list");
  EXPECT_EQ(says("{}"), "p: `rows` is missing");
  EXPECT_EQ(says(R"({"rows": 1})"), "p: `rows`: expected a list");
  EXPECT_EQ(says(R"({"rows": [1]})"), "p: row 1: expected an object, got 1");
  EXPECT_EQ(says(R"({"rows": [{}]})"), "p: row 1: `case` is missing");
  EXPECT_EQ(says(R"({"rows": [{"case": "x", "peers": {"a": 0}}]})"),
            "p: row 1: `peers`: `a` takes no time");
  EXPECT_EQ(says(R"({"rows": [{"case": "x", "best_peer": "a"}]})"),
            "p: row 1: `best_peer` is not one of `peers`");
  EXPECT_EQ(says(R"({"rows": [{"case": "x", "ratio": 1}]})"), "p: row 1: `spread` is missing");
  EXPECT_EQ(says(R"({"rows": [{"case": "x", "ratio": 1, "spread": [1]}]})"),
            "p: row 1: `spread`: expected two quartiles");
  EXPECT_EQ(says(R"({"rows": [{"case": "x", "ratio": 1, "spread": [2, 1]}]})"),
            "p: row 1: `spread`: expected the lower quartile first");
  EXPECT_EQ(says(R"({"rows": [], "limits": {"fma": [1e99]}})"),
            "p: `limits`: `fma`: expected a list of numbers from 1e-18 to 1e+24");
}

}  // namespace
}  // namespace attnc::report
