// arguments.h - checks of arguments that several commands take.
//
//   command->add_option("--db", file, "...")->check(attnc::named());
#pragma once
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <string>

namespace attnc {

/// A name, which may not be empty.
inline CLI::Validator named() {
  return {[](std::string& text) { return text.empty() ? std::string("has no name") : ""; }, ""};
}

/// A number from 0 to `most`. Not CLI::Range, which accepts NaN for any range.
inline CLI::Validator number_up_to(int most) {
  return {[most](std::string& text) {
            char* end = nullptr;
            const double v = std::strtod(text.c_str(), &end);
            const bool fits = !text.empty() && *end == 0 && v >= 0 && v <= most;
            return fits ? std::string()
                        : fmt::format("expected a number between 0 and {}, got {}", most, text);
          },
          ""};
}

}  // namespace attnc
