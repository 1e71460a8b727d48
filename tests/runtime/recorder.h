// recorder.h - layers whose kernel records the arguments it is called with.
//
//   Recorder r;
//   r.input("query", {B, Q, F}).output("output", {B, Q, F});
//   r.path("output").takes("query", ATTN_FORM_ROWS).makes("output", ATTN_FORM_ROWS);
//   attn::AnyLayer layer = r.load();
//   layer.run(...);
//   r.seen("query").extents();    // innermost first
//
// A kernel does nothing else, unless a test sets `kernel`.
#pragma once
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "attn/runtime/any_layer.h"

namespace recorder {

inline constexpr attn_axis B{ATTN_AXIS_BATCH, 0, -1, 0, 0}, B1{ATTN_AXIS_BATCH, 1, -1, 0, 0},
    Q{ATTN_AXIS_QUERY, 0, -1, 0, 0}, Q1{ATTN_AXIS_QUERY, 1, -1, 0, 0},
    K{ATTN_AXIS_KEY, 0, -1, 0, 0}, K1{ATTN_AXIS_KEY, 1, -1, 0, 0}, U{ATTN_AXIS_UPDATE, 0, -1, 0, 0},
    H{ATTN_AXIS_HEAD, 0, -1, 2, 0}, D{ATTN_AXIS_SIZE, 0, -1, 0, 0},
    F{ATTN_AXIS_FEATURE, 0, -1, 0, 0}, F1{ATTN_AXIS_FEATURE, 1, -1, 0, 0},
    Slot{ATTN_AXIS_SLOT, 0, -1, 2, 0};

/// An argument as a kernel saw it. Its memory may be gone.
struct Seen {
  attn_buffer buffer{};
  std::vector<attn_dimension> dimensions;
  const void* host = nullptr;
  std::vector<double> values;  // all elements, innermost dimension first; or a flag, or a length

  std::vector<int> extents() const;
  std::vector<int> strides() const;
  /// "float32"
  std::string type() const;
};

/// Reads the elements of a buffer while the kernel runs.
double get(const attn_buffer& buffer, std::vector<int> at);
void set(const attn_buffer& buffer, std::vector<int> at, double value);

struct Given {
  uint8_t value = ATTN_VALUE_REAL;
  uint8_t dtype = ATTN_FLOAT32;
  bool optional = false;
  int or_input = -1;
  int starts_as = -1;
  uint8_t reading = 0;
};

class Recorder {
 public:
  Recorder();
  ~Recorder();
  Recorder(const Recorder&) = delete;

  Recorder& input(const char* name, std::vector<attn_axis> axes, const Given& given = {});
  Recorder& output(const char* name, std::vector<attn_axis> axes, const Given& given = {});
  /// Adds a path; the next four functions configure it.
  Recorder& path(const char* name);
  Recorder& takes(const char* input, uint8_t form);
  Recorder& makes(const char* output, uint8_t form);
  Recorder& takes_length(const attn_axis& axis);
  /// The path serves calls with the inputs `given` and without the inputs `absent`.
  Recorder& serves(std::vector<const char*> given, std::vector<const char*> absent = {});

  int32_t compute_dtype = ATTN_FLOAT32;
  const attn_layer_table& table();
  attn::AnyLayer load(const attn::LoadOptions& options = {});

  /// The path that ran last, "" if none did.
  std::string ran;
  std::vector<Seen> arguments;
  std::vector<double> lengths() const;
  const Seen& seen(const std::string& name) const;
  /// The kernel calls it after recording its arguments.
  std::function<void(const std::vector<attn_buffer*>&)> kernel;
  int record(int path, void** arguments);
  /// The lengths with which a path's `workspace` was called.
  std::vector<double> asked;
  int ask(int path, void** arguments);

 private:
  struct Path {
    attn_path path{};
    std::vector<attn_argument> arguments;
  };
  uint32_t bit(const char* name) const;
  std::deque<std::vector<attn_axis>> axes_;
  std::vector<attn_tensor_info> inputs_, outputs_;
  std::vector<Path> paths_;
  std::vector<attn_path> abi_paths_;
  attn_variant variant_{};
  attn_layer_table table_{};
};

}  // namespace recorder
