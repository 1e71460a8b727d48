// cases.h - the cases that `attnc bench` measures: calls described in a JSON file.
//
//   auto cases = attnc::read_bench_cases("cases.json");
//   attnc::SourceLayer layer = attnc::source_of(cases->front());
//
// The file is a list of objects:
//   [{"name": "prefill", "Hq": 32, "Hkv": 8, "T": 2048, "D": 128, "causal": true},
//    {"name": "layer", "kind": "mha", "Hq": 12, "T": 512, "D": 64, "hidden": 768}]
// Kind "sdpa", the default, is attention alone: q (B, Hq, T, D), k (B, Hkv, S, D) and
// v (B, Hkv, S, Dv). Kind "mha" is a whole layer with four projections and biases, which needs
// `hidden`: x (B, T, hidden), and y (B, S, hidden) where S differs from T. Defaults: Hkv is Hq, S
// is T and Dv is D (null means the same for these three), D is 64, and B, Hq and T are 1. Scores
// are scaled by 1 / sqrt(D). Query t is at position p = S - T + t among the keys: `causal` keeps
// the keys up to p, `window` w those at a distance below w from p, `document` n those in the same
// run of n keys (0 to n - 1, n to 2 n - 1, ...). `softcap` c turns a score s into c tanh(s / c).
// `by_position` true: k and v are (B, S, Hkv, D) and (B, S, Hkv, Dv), as projections make them and
// caches keep them. `scores` true: the call asks for its probabilities (B, Hq, T, S), too.
// `alibi` true adds slope * (key - p), where the slope of head h is 2^(-8 (h + 1) / Hq). `dtype`
// "f16" or "bf16", in place of "f32", is the type of all tensors; kernels compute in float32.
// In place of a whole number a case may have a range, {"from": 48, "to": 256, "step": 8}: it stands
// for a case for each number, named NAME-D48, NAME-D56, ...; several ranges are combined.
// Not here: the tensors of a call (tensors.h).
#pragma once
#include <string>
#include <vector>

#include "attn/runtime/status.h"
#include "tools/compiler.h"

namespace attnc {

struct BenchCase {
  std::string name;
  bool whole_layer = false;  // kind "mha"
  int batch = 1, query_heads = 1, key_heads = 1, queries = 1, keys = 1;
  int size = 64, value_size = 64;  // of a head
  int hidden = 0;                  // for whole layers
  bool causal = false, alibi = false, by_position = false, scores = false;
  int window = 0, document = 0;  // 0: none
  double softcap = 0;            // 0: none
  attn::DTypePolicy dtype = attn::DTypePolicy::float32;
  std::string skipped;  // why attnc does not measure it, or empty

  bool cross() const { return queries != keys; }
  int row_size() const { return whole_layer ? hidden : value_size; }
  /// The number of output rows: one per query and sequence, in attention alone also per head.
  int64_t rows() const { return int64_t{batch} * (whole_layer ? 1 : query_heads) * queries; }
};

/// All cases of a file; an error names the file, the case and the key.
Result<std::vector<BenchCase>> read_bench_cases(const std::string& file);
/// The same from text; `file` is for error messages.
Result<std::vector<BenchCase>> bench_cases_from_json(const std::string& text,
                                                     const std::string& file);
/// The cases with one of `names`, in the order of the file; all if `names` is empty. The error for
/// an unknown name lists the known ones.
Result<std::vector<BenchCase>> select_cases(std::vector<BenchCase> cases,
                                            const std::vector<std::string>& names,
                                            const std::string& file);

/// The floating-point operations of a call: two for each multiply-add of the projections and of the
/// pairs of query and key that the mask lets see each other.
double operations_of(const BenchCase& c);

/// The layer that computes a case; the second is to be compiled for that call only.
attn::Description description_of(const BenchCase& c);
SourceLayer source_of(const BenchCase& c);

}  // namespace attnc
