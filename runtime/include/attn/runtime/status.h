// status.h - success, or an error code and one sentence that explains the error.
//
//   attn::Status s = layer.run(...);
//   if (!s.ok()) std::fprintf(stderr, "%s\n", s.message().c_str());
//
//   attn::Result<attn::AnyLayer> layer = attn::AnyLayer::load(table, weights);
//   if (!layer.ok()) return layer.status();
//   layer->run(...);
//
// Nothing in the runtime throws, exits or prints. A message is built only on failure; a successful
// Status is one null pointer.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace attn {

/// Who caused the failure, which decides what a program can do about it.
enum class StatusCode {
  ok,
  invalid_argument,  // the caller's tensors, shapes, names, flags
  invalid_file,      // a file that is truncated, corrupt, of another kind, or lacks something
  not_found,         // a file, a name or a layer does not exist
  unsupported,       // valid, but cannot be done: a CPU without a feature, no memory
  internal,          // a bug in attnc: please report it
};

class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(StatusCode code, std::string message)
      : state_(std::make_unique<State>(State{code, std::move(message)})) {}
  Status(const Status& o) : state_(o.state_ ? std::make_unique<State>(*o.state_) : nullptr) {}
  Status(Status&&) = default;
  Status& operator=(Status o) noexcept { return std::swap(state_, o.state_), *this; }

  bool ok() const { return !state_; }
  StatusCode code() const { return state_ ? state_->code : StatusCode::ok; }
  /// One sentence: the layer, the tensor, what was expected and what was found. Empty on success.
  const std::string& message() const {
    static const std::string none;
    return state_ ? state_->message : none;
  }
  /// The same failure with "context: " prepended to its message. Success stays success.
  Status with_context(const std::string& context) const {
    return ok() ? Status() : Status(code(), context + ": " + message());
  }

 private:
  struct State {
    StatusCode code;
    std::string message;
  };
  std::unique_ptr<State> state_;
};

/// A value, or the Status that explains why there is none. Check ok() before reading the value.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}          // NOLINT: returned as the value itself
  Result(Status status) : status_(std::move(status)) {}  // NOLINT: returned as the failure itself
  bool ok() const { return value_.has_value(); }
  const Status& status() const { return status_; }
  T& operator*() & { return *value_; }
  const T& operator*() const& { return *value_; }
  T&& operator*() && { return std::move(*value_); }
  T* operator->() { return &*value_; }
  const T* operator->() const { return &*value_; }

 private:
  std::optional<T> value_;
  Status status_;
};

}  // namespace attn
