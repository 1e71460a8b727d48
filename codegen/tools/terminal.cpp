#include "tools/terminal.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <nlohmann/json.hpp>

namespace attnc {

int fail(const Status& status) {
  std::fflush(stdout);
  fmt::print(stderr, "attnc: {}\n", status.message());
  return 1;
}

void print_json(const nlohmann::ordered_json& value) {
  fmt::print("{}\n", value.dump(1, ' ', false, nlohmann::json::error_handler_t::replace));
}

Progress progress_line(const std::string& doing) {
  if (!isatty(STDERR_FILENO)) return {};
  return [doing](size_t done, size_t all, const std::string& last) {
    fmt::print(stderr, "\r\033[K");
    if (done < all)
      fmt::print(stderr, "{}: {} of {}{}", doing, done, all,
                 last.empty() ? "" : "  " + last.substr(0, 60));
    std::fflush(stderr);
  };
}

}  // namespace attnc
