#include "tools/tune/options.h"

#include <fmt/format.h>

#include "halide/targets.h"
#include "tools/arguments.h"

namespace attnc {

void add_search_options(CLI::App& tune, TuneOptions& options) {
  const CLI::Validator named = attnc::named();
  tune.add_option("LAYER", options.layer,
                  "a JSON file, an object with layers, object:layer, or a file of bench cases")
      ->check(named);
  tune.add_option("--shape", options.shapes,
                  "a call to be fast for: T queries, S keys, B in the batch, E features, as "
                  "T=512,S=512,E=768; several\nare tuned together")
      ->check(named);
  tune.add_option(
          "--calls", options.calls,
          "a log of a program's calls: run it with ATTN_CALL_LOG=FILE; of each layer the four "
          "kinds of calls that\ntook longest")
      ->check(named);
  tune.add_option("--case", options.cases, "only the bench cases of these names");
  tune.add_option("--with", options.with,
                  "optional inputs that the calls give: cache, cache_update_index, attention_mask")
      ->delimiter(',')
      ->check(named);
  tune.add_option(
          "--inputs", options.inputs,
          "a .safetensors file with inputs, where times depend on what tables and masks say")
      ->check(named);
  tune.add_flag("--causal", options.causal, "the calls set use_causal_mask");
  tune.add_flag("--scores", options.scores, "the calls ask for attention_scores");
  tune.add_option(
      "--target", options.target,
      fmt::format("{} (default: the best that runs here)", target_list(this_machine(), " or ")));
  tune.add_option("--threads", options.threads, "threads of a call (default: 1)")
      ->check(CLI::Range(1, 1024));
  tune.add_option("--seconds", options.seconds, "how long to search for each layer (default: 60)")
      ->check(number_up_to(1'000'000));
  tune.add_option("--trials", options.trials, "and at most so many schedules")
      ->check(CLI::Range(1, 1'000'000));
  tune.add_option("--seed", options.seed,
                  "the order of the search follows from it and from what is measured (default: 1)")
      ->check(CLI::Range(uint64_t{0}, uint64_t{1} << 62));
  tune.add_option("--db", options.database, "where trials are kept (default: tune.db)")
      ->check(named);
  tune.add_option("--replay", options.replay,
                  "instead: whether the trials of this database follow from their seeds and times")
      ->check(named);
  tune.add_flag("--json", options.json, "the result as JSON, an object a line");
}

}  // namespace attnc
