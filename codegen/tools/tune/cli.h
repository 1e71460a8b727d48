// cli.h - the arguments of `attnc tune`: of a search, and of its commands on databases of trials.
//
//   attnc::TuneCommand tune;
//   CLI::App* tune_command = attnc::add_tune(app, tune, exit_codes);
//   app.parse(argc, argv);
//   if (*tune_command) return attnc::run_tune(tune);
#pragma once
#include <string>
#include <vector>

#include "tools/commands.h"

namespace CLI {
class App;
}

namespace attnc {

struct TuneCommand {
  enum class What { search, write_schedules, merge, show };
  What what = What::search;
  TuneOptions search;
  std::vector<std::string> databases;
  std::string output;  // write_schedules: a folder; merge: a database
  bool json = false;
};

/// Adds `tune` to the program. `command` has to outlive the parsing; `exit_codes` ends every help.
CLI::App* add_tune(CLI::App& app, TuneCommand& command, const std::string& exit_codes);
/// Runs what was parsed; returns the exit code.
int run_tune(const TuneCommand& command);

}  // namespace attnc
