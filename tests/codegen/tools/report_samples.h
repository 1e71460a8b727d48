// report_samples.h - inputs for tests of `attnc report`, and a strict reader of its pages.
//
//   const Result<std::string> page = page_of(sample_inputs());
//   EXPECT_EQ(why_not_well_formed(*page), "");
#pragma once
#include <cctype>
#include <string>
#include <vector>

#include "tools/report/page.h"
#include "tune_samples.h"

namespace attnc::report {

inline constexpr const char* bench_text =
    R"({"machine":"a machine, 2 threads","fma_gflops":118.5,"read_gbps":27.25}
{"case":"encoder-512","peer":"attnc","min_s":0.009,"median_s":0.0103,"runs":9,"gflops":77.7,"max_error":1.5e-07}
{"case":"layer","peer":"attnc","min_s":0.002,"median_s":0.004,"runs":5,"gflops":64,"max_error":0,"stages":{"project query":0.001,"attention":0.002,"project output":0.001}}
{"case":"few-T1","peer":"attnc","min_s":0.001,"median_s":0.001,"runs":5,"gflops":10,"max_error":0}
{"case":"few-T2","peer":"attnc","min_s":0.001,"median_s":0.0011,"runs":5,"gflops":18,"max_error":0}
{"case":"keys-S16","peer":"attnc","min_s":0.001,"median_s":0.001,"runs":5,"gflops":20,"max_error":0}
{"case":"keys-S512","peer":"attnc","min_s":0.001,"median_s":0.001,"runs":5,"gflops":60,"max_error":0}
{"case":"alone-D64","peer":"attnc","min_s":0.001,"median_s":0.001,"runs":5,"gflops":50,"max_error":0}
{"case":"odd","peer":"attnc","skipped":"its <heads> differ"}
)";

inline constexpr const char* peers_text = R"({"threads": 2,
 "limits": {"fma": [110.0, 118.5], "read": [11.0]},
 "rows": [
  {"case": "prefill", "attnc_s": 0.002, "best_peer": "onednn", "best_peer_s": 0.003,
   "peers": {"torch": 0.004, "onednn": 0.003}, "ratio": 1.51, "spread": [1.4, 1.6],
   "gflops": 90, "gbps": 1, "share": 0.76},
  {"case": "decode", "attnc_s": 0.001, "best_peer": "torch", "best_peer_s": 0.0008,
   "peers": {"torch": 0.0008}, "ratio": 0.81, "spread": [0.79, 0.84]},
  {"case": "lonely", "attnc_s": 0.001, "best_peer": null, "best_peer_s": null, "peers": {}},
  {"case": "failed", "attnc_s": null, "best_peer": "torch", "best_peer_s": 0.5,
   "peers": {"torch": 0.5}}]})";

/// Three runs: attention alone that got faster, a layer in which nothing did, and one that was only
/// begun.
inline std::vector<TunedRun> sample_runs() {
  TuningRun alone = sample_run(), layer = sample_run(), begun = sample_run();
  alone.families = "online";
  layer.layer = "model::layer", layer.processor = "another processor";
  begun.layer = "model::begun";
  std::vector<TunedRun> runs = {{alone, {}}, {layer, {}}, {begun, {}}};
  for (int number = 0; number < 8; ++number) runs[0].trials.push_back(sample_trial(number));
  Trial start = sample_trial(0), slower = sample_trial(1), unmeasured = sample_trial(2);
  start.seconds = 0.02, slower.ratio = 1.25, slower.accepted = false;
  unmeasured.seconds = 0, unmeasured.note = "the kernels are those of trial 1";
  runs[1].trials = {start, slower, unmeasured};
  return runs;
}

inline PageInputs sample_inputs() {
  return {.database = "here/tune.db",
          .runs = sample_runs(),
          .bench = {*bench_from_text(bench_text, "here/bench.jsonl")},
          .peers = {*peers_from_text(peers_text, "here/peers.json")}};
}

/// "" if the text is well-formed as XML, as far as pages use it: every tag is closed in its order,
/// attributes are quoted and differ, "<" and "&" are markup. Otherwise what is wrong, and where.
inline std::string why_not_well_formed(const std::string& text) {
  std::vector<std::string> open;
  const auto wrong = [&](size_t at, const std::string& what) {
    return what + ": " + text.substr(at, 60);
  };
  const auto name_at = [&](size_t at) {
    size_t end = at;
    while (end < text.size() &&
           (std::isalnum(static_cast<unsigned char>(text[end])) != 0 || text[end] == '-'))
      ++end;
    return text.substr(at, end - at);
  };
  size_t at = std::string("<!DOCTYPE html>\n").size();
  if (!text.starts_with("<!DOCTYPE html>\n")) return wrong(0, "no document type");
  while (at < text.size()) {
    const char c = text[at];
    if (c == '&') {
      bool known = false;
      for (const char* entity : {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"})
        known = known || text.compare(at, std::string(entity).size(), entity) == 0;
      if (!known) return wrong(at, "an unknown entity");
    }
    if (c == '\r' || (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t'))
      return wrong(at, "a control character");
    if (c == '>') return wrong(at, "a > outside of tags");
    if (c != '<') {
      if (open.empty() && c != '\n') return wrong(at, "text outside of the page");
      ++at;
      continue;
    }
    const size_t begin = at++;
    const bool closes = text[at] == '/';
    if (closes) ++at;
    const std::string name = name_at(at);
    if (name.empty()) return wrong(begin, "a < that begins no tag");
    at += name.size();
    std::vector<std::string> attributes;
    while (text[at] == ' ') {
      const std::string attribute = name_at(++at);
      at += attribute.size();
      for (const std::string& other : attributes)
        if (other == attribute) return wrong(begin, "an attribute twice");
      attributes.push_back(attribute);
      if (attribute.empty() || text.compare(at, 2, "=\"") != 0)
        return wrong(begin, "an attribute without quotes");
      const size_t end = text.find('"', at + 2);
      if (end == text.npos || text.substr(at, end - at).find('<') != text.npos)
        return wrong(begin, "an attribute that does not end");
      at = end + 1;
    }
    const bool empty = text[at] == '/';
    if (empty) ++at;
    if (text[at] != '>') return wrong(begin, "a tag that does not end");
    ++at;
    if (closes) {
      if (open.empty() || open.back() != name) return wrong(begin, "closes what is not open");
      open.pop_back();
      if (open.empty() && name != "html") return wrong(begin, "outside of the page");
    } else if (!empty) {
      open.push_back(name);
    }
  }
  return open.empty() ? "" : "not closed: " + open.back();
}

}  // namespace attnc::report
