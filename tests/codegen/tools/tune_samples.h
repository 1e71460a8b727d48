// tune_samples.h - runs and trials for tests of `attnc tune`'s database, and how they are compared.
//
//   TuningRun run = sample_run();
//   run.target = "avx2";
//   EXPECT_EQ(all_of(read), all_of(run));
#pragma once
#include <string>
#include <tuple>

#include "plan/schedule_text.h"
#include "tools/tune/database.h"

namespace attnc {

inline TuningRun sample_run() {
  return {.name = "",
          .layer = "model::encoder",
          .fingerprint = 0x0123456789abcdef,
          .target = "avx512",
          .dtype = "float32",
          .head_size = 64,
          .families = "projections online",
          .calls = "batch=1,query=512,key=512",
          .work = "512 512 512 64 64",
          .processor = "a processor",
          .threads = 1,
          .seed = 7,
          .operations = 1e9,
          .fma_gflops = 100,
          .read_gbps = 10,
          .started = "2026-11-27T22:45:00Z",
          .version = "0.1.0",
          .pipes = 0,
          .l2_kib = 0};
}

inline Trial sample_trial(int number) {
  Trial trial{.number = number, .generation = number / 4};
  trial.schedule.decode_exp_unroll = 1 + number % 16;
  trial.seconds = 8.2e-3 / (1 + number);
  trial.accepted = number == 0 || number % 3 == 1;
  const int before = number == 1 ? 0 : number - 3;  // the best one until then
  trial.ratio = number == 0 ? 1 : (1.0 + before) / (1 + number);
  return trial;
}

/// All members, to be compared.
inline auto all_of(const TuningRun& r) {
  return std::tuple(r.name, r.layer, r.fingerprint, r.target, r.dtype, r.head_size, r.families,
                    r.calls, r.work, r.processor, r.threads, r.seed, r.operations, r.fma_gflops,
                    r.read_gbps, r.started, r.version, r.pipes, r.l2_kib);
}
inline auto all_of(const Trial& t) {
  return std::tuple(t.number, t.generation, text_of(t.schedule), t.seconds, t.ratio, t.accepted,
                    t.note);
}

}  // namespace attnc
