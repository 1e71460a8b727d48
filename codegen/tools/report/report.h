// report.h - attnc report: what was measured, as one page for a browser.
//
//   attnc::ReportCommand report;
//   CLI::App* report_command = attnc::add_report(app, report, exit_codes);
//   app.parse(argc, argv);
//   if (*report_command) return attnc::run_report(report);
#pragma once
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace attnc {

struct ReportCommand {
  std::string database;                   // of `attnc tune`; "": none
  std::vector<std::string> bench, peers;  // output of `attnc bench`, and comparisons
  std::vector<std::string> about;         // paragraphs for Markdown
  std::string output;                     // .md: comparisons as Markdown
};

/// Adds `report` to the program. `command` has to outlive the parsing; `exit_codes` ends the help.
CLI::App* add_report(CLI::App& app, ReportCommand& command, const std::string& exit_codes);
/// Writes the page that was asked for; returns the exit code.
int run_report(const ReportCommand& command);

}  // namespace attnc
