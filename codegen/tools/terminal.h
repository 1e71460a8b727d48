// terminal.h - what commands write to the terminal besides their results: errors, JSON, progress.
#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "attn/runtime/status.h"
#include "tools/compiler.h"

namespace attnc {

/// Prints "attnc: " and the message to standard error; returns 1.
int fail(const Status& status);
/// Prints to standard output; bytes that are not UTF-8 (in a file name) are replaced.
void print_json(const nlohmann::ordered_json& value);
/// A progress line on standard error that overwrites itself; empty if that is not a terminal.
Progress progress_line(const std::string& doing);

}  // namespace attnc
