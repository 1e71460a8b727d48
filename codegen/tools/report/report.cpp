#include "tools/report/report.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>

#include "tools/arguments.h"
#include "tools/report/markdown.h"
#include "tools/report/page.h"
#include "tools/terminal.h"
#include "tools/tune/database.h"
#include "tools/write_file.h"

namespace attnc {
namespace {

constexpr const char* report_examples =
    "Examples:\n"
    "  attnc report --db tune.db -o report.html\n"
    "  attnc bench cases.json > cases.jsonl; attnc report --bench cases.jsonl -o report.html\n"
    "  attnc report --bench before.jsonl after.jsonl -o report.html    ranges of both in one "
    "chart\n"
    "  attnc report --db tune.db --bench cases.jsonl --peers peers.json -o report.html\n"
    "  attnc report --peers peers.json --about \"a Xeon, 2026-11-28\" -o BENCHMARKS.md\n"
    "The page is one file, which needs no network and no scripts. The same inputs give the same "
    "bytes.\n"
    "Cases whose names end in -T, -S or -D and a number, as those of ranges do, become curves over "
    "queries, keys or\n"
    "the size of a head. A comparison is JSON: {\"rows\": [{\"case\": \"encoder\", \"attnc_s\": "
    "1e-3, \"peers\":\n"
    "{\"other\": 2e-3}, \"best_peer\": \"other\", \"ratio\": 2, \"spread\": [1.9, 2.1]}]}, times "
    "in seconds.";

/// An error if the page would replace one of the files that it is made from.
Status check_output(const ReportCommand& command) {
  std::vector<std::string> inputs = command.bench;
  inputs.insert(inputs.end(), command.peers.begin(), command.peers.end());
  if (!command.database.empty()) inputs.push_back(command.database);
  for (const std::string& file : inputs) {
    std::error_code error;
    if (std::filesystem::equivalent(file, command.output, error) && !error) {
      return Status(attn::StatusCode::invalid_argument,
                    fmt::format("--output {}: is a file to read", command.output));
    }
  }
  return Status();
}

Result<report::PageInputs> inputs_of(const ReportCommand& command) {
  report::PageInputs inputs;
  if (!command.database.empty()) {
    const Result<TuningDatabase> db = TuningDatabase::open_to_read(command.database);
    if (!db.ok()) return db.status();
    auto runs = tuned_runs(*db);
    if (!runs.ok()) return runs.status();
    inputs.database = command.database;
    inputs.runs = *std::move(runs);
  }
  for (const std::string& file : command.bench) {
    auto bench = report::read_bench(file);
    if (!bench.ok()) return bench.status();
    inputs.bench.push_back(*std::move(bench));
  }
  for (const std::string& file : command.peers) {
    auto peers = report::read_peers(file);
    if (!peers.ok()) return peers.status();
    inputs.peers.push_back(*std::move(peers));
  }
  return inputs;
}

}  // namespace

CLI::App* add_report(CLI::App& app, ReportCommand& command, const std::string& exit_codes) {
  const CLI::Validator named = attnc::named();
  CLI::App* report =
      app.add_subcommand("report", "draw what was measured, as one page for a browser");
  report->add_option("--db", command.database, "a database of `attnc tune`")->check(named);
  report->add_option("--bench", command.bench, "files with the output of `attnc bench`")
      ->check(named);
  report->add_option("--peers", command.peers, "files with comparisons with other libraries")
      ->check(named);
  report->add_option("--about", command.about,
                     "with Markdown: what the files do not say, a paragraph each: machine, day, "
                     "command");
  report
      ->add_option("-o,--output", command.output,
                   "the .html file to write; or an .md file: the comparisons as tables")
      ->required()
      ->check(named);
  report->footer(report_examples + exit_codes);
  return report;
}

int run_report(const ReportCommand& command) {
  if (command.database.empty() && command.bench.empty() && command.peers.empty()) {
    fmt::print(stderr,
               "attnc: --db, --bench or --peers is required (`attnc report --help` shows how)\n");
    return 2;
  }
  const bool markdown = command.output.ends_with(".md");
  if (markdown && (command.peers.empty() || !command.database.empty() || !command.bench.empty())) {
    fmt::print(stderr,
               "attnc: -o {}: Markdown has comparisons alone, of --peers (`attnc report --help` "
               "shows how)\n",
               command.output);
    return 2;
  }
  if (!markdown && !command.about.empty()) {
    fmt::print(
        stderr,
        "attnc: --about: goes with Markdown, -o NAME.md (`attnc report --help` shows how)\n");
    return 2;
  }
  if (Status s = check_output(command); !s.ok()) return fail(s);
  const Result<report::PageInputs> inputs = inputs_of(command);
  if (!inputs.ok()) return fail(inputs.status());
  const Result<std::string> page =
      markdown ? report::markdown_of(inputs->peers, command.about) : report::page_of(*inputs);
  if (!page.ok()) return fail(page.status());
  if (Status s = write_file(command.output, *page); !s.ok()) return fail(s);
  return 0;
}

}  // namespace attnc
