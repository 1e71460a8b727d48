// options.h - the arguments of `attnc tune LAYER`.
#pragma once
#include <CLI/CLI.hpp>

#include "tools/commands.h"

namespace attnc {

/// Adds the options of a search to the command `tune`.
void add_search_options(CLI::App& tune, TuneOptions& options);

}  // namespace attnc
