// read_json.h - members of JSON objects from files that anybody may have written.
//
//   Members line(object, "bench.jsonl: line 3");
//   const std::string name = line.text("case");
//   const double seconds = line.number("median_s");
//   if (!line.status().ok()) return line.status();   // "bench.jsonl: line 3: `median_s` is missing"
//
// The first error is kept, and what is read after it says nothing.
#pragma once
#include <cstddef>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "attn/runtime/status.h"

namespace attnc::report {

using attn::Result;
using attn::Status;
using Json = nlohmann::json;

constexpr size_t most_json_bytes = size_t{16} << 20;

/// What a page can show: nothing that was measured is beyond. Products of a few such numbers are
/// within the range of a double.
constexpr double least_measured = 1e-18, most_measured = 1e24;
bool can_be_measured(double value);  // not of NaN

class Members {
 public:
  /// `where` begins every error. Not an object: an error.
  Members(const Json& object, const std::string& where);

  bool has(const char* name) const;
  std::string text(const char* name);
  /// One that can be measured.
  double number(const char* name);
  /// The same, 0 if it is missing or null.
  double number_or_zero(const char* name);
  /// One that can be measured, or 0.
  double number_from_zero(const char* name);
  /// An object of numbers from zero, by name; empty if it is missing.
  std::vector<std::pair<std::string, double>> numbers_if_any(const char* name);
  /// A list of numbers that can be measured.
  std::vector<double> list(const char* name);

  void wrong(const std::string& why);
  const Status& status() const { return status_; }

 private:
  const Json* find(const char* name);
  double measured(const std::string& name, const Json& value, bool from_zero);
  const Json& object_;
  std::string where_;
  Status status_;
};

/// invalid_file for text that is not JSON.
Result<Json> json_of(const std::string& text, const std::string& where);

}  // namespace attnc::report
