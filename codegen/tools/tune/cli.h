// cli.h - the arguments of `attnc tune`, and its commands on databases of measured trials.
//
//   attnc::TuneOptions tune;
//   CLI::App* tune_command = attnc::add_tune(app, tune, exit_codes);
//   app.parse(argc, argv);
//   if (*tune_command) return attnc::run_tune(tune);
#pragma once
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace attnc {

struct TuneOptions {
  enum class Command { none, write_schedules, merge, show };
  Command command = Command::none;
  std::vector<std::string> databases;
  std::string output;  // write_schedules: a folder; merge: a database
  bool json = false;
};

/// Adds `tune` to the program. `options` has to outlive the parsing; `exit_codes` ends every help.
CLI::App* add_tune(CLI::App& app, TuneOptions& options, const std::string& exit_codes);
/// Runs what was parsed; returns the exit code.
int run_tune(const TuneOptions& options);

}  // namespace attnc
