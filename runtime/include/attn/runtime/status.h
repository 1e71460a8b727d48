// status.h - success, or one sentence for the reader.
//
//   attn::Status s = layer.run(...);
//   if (!s.ok()) std::fprintf(stderr, "%s\n", s.message().c_str());
//
//   attn::Result<attn::AnyLayer> layer = attn::AnyLayer::load(table, weights);
//   if (!layer.ok()) return layer.status();
//   layer->run(...);
//
// Nothing in the runtime throws, exits or prints. A message is built only on failure; success costs
// one pointer.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace attn {

/// Whose fault it is decides what a program does next.
enum class StatusCode {
  ok,
  invalid_argument,  // the caller's tensors, shapes, flags
  invalid_file,      // a file that is cut, forged, of another kind, or lacks something
  not_found,         // a file, a name, a layer
  unsupported,       // a request that is understood and cannot be served (a CPU without a feature)
  internal,          // ours: please report
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
  /// Names layer, tensor, what was expected and what came. Empty on success.
  const std::string& message() const {
    static const std::string none;
    return state_ ? state_->message : none;
  }
  /// The same failure with "context: " before its sentence.
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

/// A value, or the reason why there is none.
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
