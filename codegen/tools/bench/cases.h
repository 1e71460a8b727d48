// cases.h - what `attnc bench` measures: calls described in a JSON file.
//
//   auto cases = attnc::read_bench_cases("cases.json");
//   attn::Description d = attnc::describe(attnc::layer_of(cases->front()));
//
// The file is a list of objects:
//   [{"name": "prefill", "Hq": 32, "Hkv": 8, "T": 2048, "D": 128, "causal": true},
//    {"name": "layer", "kind": "mha", "Hq": 12, "T": 512, "D": 64, "hidden": 768}]
// Kind "sdpa", the default, is attention alone: q (B, Hq, T, D), k and v (B, Hkv, S, D) and (B,
// Hkv, S, Dv). Kind "mha" is a whole layer with four projections and biases: x (B, T, hidden), and
// y (B, S, hidden) where S differs from T. Left out or null: Hkv is Hq, S is T, Dv is D, the other
// numbers are 1, D is 64. Scores are scaled by 1 / sqrt(D). Query t stands at key S - T + t; `causal`
// keeps the keys up to there, `window` w those nearer than w, `document` n those of the same n keys
// (0 to n - 1, n to 2 n - 1, ...). `softcap` c makes c tanh(s / c) of a score s, and `alibi` true
// adds a slope times the key's distance behind the query, 2^(-8 (h + 1) / Hq) for head h. A dtype
// other than "f32" is understood and not measured yet; such cases have `skipped`.
// Not here: numbers to call it with (tensors.h).
#pragma once
#include <string>
#include <vector>

#include "attn/runtime/status.h"
#include "import/config_json.h"

namespace attnc {

struct BenchCase {
  std::string name;
  bool whole_layer = false;  // kind "mha"
  int batch = 1, query_heads = 1, key_heads = 1, queries = 1, keys = 1;
  int size = 64, value_size = 64;  // of a head
  int hidden = 0;                  // of whole layers
  bool causal = false, alibi = false;
  int window = 0, document = 0;  // 0: none
  double softcap = 0;            // 0: none
  std::string skipped;           // why attnc does not measure it, or empty

  bool cross() const { return queries != keys; }
  int row_size() const { return whole_layer ? hidden : value_size; }
  /// Rows of the output: a query of a batch, or of one of its heads.
  int64_t rows() const { return int64_t{batch} * (whole_layer ? 1 : query_heads) * queries; }
};

/// All of them, or a sentence with the file, the case and the key.
Result<std::vector<BenchCase>> read_bench_cases(const std::string& file);
/// The same from text; `file` is for sentences.
Result<std::vector<BenchCase>> bench_cases_from_json(const std::string& text,
                                                     const std::string& file);
/// Those with one of `names`, in the order of the file; no names: all. A sentence with the names
/// that there are.
Result<std::vector<BenchCase>> select_cases(std::vector<BenchCase> cases,
                                            const std::vector<std::string>& names,
                                            const std::string& file);

/// The description that computes a case.
NamedLayer layer_of(const BenchCase& c);
attn::Description describe(const NamedLayer& layer);

}  // namespace attnc
