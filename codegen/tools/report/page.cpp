#include "tools/report/page.h"

#include <fmt/format.h>

#include "tools/report/markup.h"
#include "tools/report/style.h"
#include "tools/version.h"

namespace attnc::report {

Result<std::string> page_of(const PageInputs& inputs) {
  std::vector<Section> sections;
  if (!inputs.database.empty()) {
    const auto tried = tried_in(inputs.runs, inputs.database);
    if (!tried.ok()) return tried.status();
    sections.push_back(tuning_section(*tried, inputs.database));
  }
  if (!inputs.bench.empty()) sections.push_back(bench_section(inputs.bench));
  if (!inputs.peers.empty()) sections.push_back(peers_section(inputs.peers));

  std::string summary, body;
  for (const Section& s : sections) {
    summary += fmt::format("<li><a href=\"#{}\">{}</a>{}.</li>\n", s.id, s.heading, s.summary);
    body +=
        fmt::format("<section id=\"{}\">\n<h2>{}</h2>\n{}</section>\n", s.id, s.heading, s.body);
  }
  return fmt::format(
      "<!DOCTYPE html>\n"
      "<html xmlns=\"http://www.w3.org/1999/xhtml\" lang=\"en\">\n<head>\n"
      "<meta charset=\"utf-8\"/>\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
      "<meta name=\"color-scheme\" content=\"light dark\"/>\n"
      "<title>attnc: measured layers</title>\n<style>{}</style>\n</head>\n<body>\n"
      "<h1>Measured layers</h1>\n<ul class=\"summary\">\n{}</ul>\n{}"
      "<footer>Written by <code>attnc report</code>, version {}.</footer>\n</body>\n</html>\n",
      style, summary, body, escaped(version));
}

}  // namespace attnc::report
