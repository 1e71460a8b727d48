// c_api.cpp - implements c_api.h with the C++ interface: turns C tensors into views, and a Status
// into a number and a message.
#include "attn/runtime/c_api.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <exception>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include "attn/runtime/library.h"
#include "attn/runtime/safetensors.h"
#include "tensors/shapes.h"
#include "text.h"

struct attn_file {
  attn::SafeTensors file;
};
struct attn_library {
  attn::Library library;
};
struct attn_executor {
  attn::ThreadPool pool;
};
struct attn_layer {
  attn::AnyLayer layer;
  std::string target;
};
struct attn_workspace {
  attn::Workspace workspace;
};

namespace {

using attn::Status;
using attn::StatusCode;
using attn::text;

static_assert(static_cast<int>(StatusCode::invalid_argument) == ATTN_INVALID_ARGUMENT);
static_assert(static_cast<int>(StatusCode::invalid_file) == ATTN_INVALID_FILE);
static_assert(static_cast<int>(StatusCode::not_found) == ATTN_NOT_FOUND);
static_assert(static_cast<int>(StatusCode::unsupported) == ATTN_UNSUPPORTED);
static_assert(static_cast<int>(StatusCode::internal) == ATTN_INTERNAL);
static_assert(static_cast<int>(attn::max_rank) == ATTN_MAX_RANK);

/// The thread's message. A fixed array, so that it can be written when memory has run out.
std::array<char, 2048>& message() {
  thread_local std::array<char, 2048> text{};
  return text;
}

attn_status failed(StatusCode code, const char* sentence) {
  std::snprintf(message().data(), message().size(), "%s", sentence);
  return static_cast<attn_status>(code);
}

/// Calls `function` and turns its Status, or what it throws, into a number.
template <class Function>
attn_status guarded(Function&& function) {
  try {
    const Status s = function();
    return s.ok() ? ATTN_OK : failed(s.code(), s.message().c_str());
  } catch (const std::bad_alloc&) {
    return failed(StatusCode::unsupported, "there is not enough memory");
  } catch (const std::exception& e) {
    return failed(StatusCode::internal, e.what());
  }
}

Status null_argument(const char* name) {
  return {StatusCode::invalid_argument, text("`", name, "` is NULL")};
}

Status bad_list(const char* role, int32_t count, int most) {
  return {StatusCode::invalid_argument,
          text("got ", count, " ", role, "s, expected 0 to ", most, ", and a list of them")};
}

/// Makes a view of a C tensor. An error for a null name, or a rank or type that no view has.
template <class View, class C>
Status view_of(const C& tensor, const char* role, View& view) {
  if (tensor.name == nullptr) {
    return {StatusCode::invalid_argument, text("one of the ", role, "s has no name")};
  }
  if (tensor.rank < 0 || tensor.rank > attn::max_rank) {
    return {StatusCode::invalid_argument, text(role, " ", attn::quoted(tensor.name), " has rank ",
                                               tensor.rank, ", expected 0 to ", attn::max_rank)};
  }
  if (tensor.dtype < 0 || tensor.dtype > ATTN_INT64) {
    return {StatusCode::invalid_argument,
            text(role, " ", attn::quoted(tensor.name), " has type ", tensor.dtype,
                 ", expected one of ATTN_FLOAT32 to ATTN_INT64")};
  }
  const auto rank = static_cast<size_t>(tensor.rank);
  const attn::Shape shape(std::span<const int64_t>(tensor.shape, rank));
  const auto dtype = static_cast<attn::DType>(tensor.dtype);
  if (tensor.strides == nullptr)
    view = View(tensor.data, dtype, shape);
  else
    view = View(tensor.data, dtype, shape, std::span<const int64_t>(tensor.strides, rank));
  return {};
}

/// Inputs or outputs of a call, on the stack because calls allocate nothing.
template <class Named, size_t most>
struct List {
  std::array<Named, most> items;
  size_t count = 0;

  template <class C>
  Status read(const C* tensors, int32_t n, const char* role) {
    if (n < 0 || n > static_cast<int32_t>(most) || (n > 0 && tensors == nullptr)) {
      return bad_list(role, n, most);
    }
    for (count = 0; count < static_cast<size_t>(n); ++count) {
      if (Status s = view_of(tensors[count], role, items[count].tensor); !s.ok()) return s;
      items[count].name = tensors[count].name;
    }
    return {};
  }
  std::span<const Named> all() const { return {items.data(), count}; }
};
using Inputs = List<attn::NamedTensor, attn::max_inputs>;
using Outputs = List<attn::NamedMutableTensor, attn::max_outputs>;

attn::LoadOptions options_of(const attn_load_options* options) {
  attn::LoadOptions out;
  if (options == nullptr) return out;
  if (options->target != nullptr) out.target = options->target;
  if (options->prefix != nullptr) out.prefix = options->prefix;
  if (options->executor != nullptr) out.executor = &options->executor->pool;
  return out;
}

Status load(const attn_library* library, const char* name, const attn::WeightSource& weights,
            const attn_load_options* options, attn_layer** layer) {
  if (library == nullptr) return null_argument("library");
  if (name == nullptr) return null_argument("name");
  auto loaded = library->library.load(name, weights, options_of(options));
  if (!loaded.ok()) return loaded.status();
  std::string target(loaded->target());
  *layer = new attn_layer{*std::move(loaded), std::move(target)};
  return {};
}

}  // namespace

const char* attn_message(void) { return message().data(); }

attn_status attn_file_open(const char* path, attn_file** file) {
  return guarded([&]() -> Status {
    if (file == nullptr) return null_argument("file");
    *file = nullptr;
    if (path == nullptr) return null_argument("path");
    auto opened = attn::SafeTensors::open(path);
    if (!opened.ok()) return opened.status();
    *file = new attn_file{*std::move(opened)};
    return {};
  });
}

void attn_file_close(attn_file* file) { delete file; }

attn_status attn_file_find(const attn_file* file, const char* name, attn_tensor* tensor) {
  return guarded([&]() -> Status {
    if (file == nullptr) return null_argument("file");
    if (name == nullptr) return null_argument("name");
    if (tensor == nullptr) return null_argument("tensor");
    auto found = file->file.find(name);
    if (!found.ok()) return found.status();
    *tensor = {};
    tensor->name = name;
    tensor->data = found->data();
    tensor->dtype = static_cast<int32_t>(found->dtype());
    tensor->rank = found->rank();
    std::copy(found->shape().begin(), found->shape().end(), tensor->shape);
    return {};
  });
}

attn_status attn_open(const char* path, attn_library** library) {
  return guarded([&]() -> Status {
    if (library == nullptr) return null_argument("library");
    *library = nullptr;
    if (path == nullptr) return null_argument("path");
    auto opened = attn::open(path);
    if (!opened.ok()) return opened.status();
    *library = new attn_library{*std::move(opened)};
    return {};
  });
}

attn_status attn_library_of(const attn_layer_table* const* tables, int32_t count,
                            attn_library** library) {
  return guarded([&]() -> Status {
    if (library == nullptr) return null_argument("library");
    *library = nullptr;
    if (count < 0 || (count > 0 && tables == nullptr)) return bad_list("table", count, INT32_MAX);
    auto made = attn::Library::of({tables, static_cast<size_t>(count)});
    if (!made.ok()) return made.status();
    *library = new attn_library{*std::move(made)};
    return {};
  });
}

void attn_close(attn_library* library) { delete library; }

int32_t attn_library_layer_count(const attn_library* library) {
  return library == nullptr ? 0 : static_cast<int32_t>(library->library.tables().size());
}

const attn_layer_table* attn_library_layer(const attn_library* library, int32_t index) {
  if (index < 0 || index >= attn_library_layer_count(library)) return nullptr;
  return library->library.tables()[static_cast<size_t>(index)];
}

attn_executor* attn_executor_new(int32_t threads) {
  attn_executor* executor = nullptr;
  guarded([&]() -> Status {
    executor = new attn_executor{attn::ThreadPool(threads)};
    return {};
  });
  return executor;
}

void attn_executor_free(attn_executor* executor) { delete executor; }

attn_status attn_layer_load(const attn_library* library, const char* name, const attn_file* weights,
                            const attn_load_options* options, attn_layer** layer) {
  return guarded([&]() -> Status {
    if (layer == nullptr) return null_argument("layer");
    *layer = nullptr;
    if (weights == nullptr) return null_argument("weights");
    return load(library, name, weights->file, options, layer);
  });
}

attn_status attn_layer_load_arrays(const attn_library* library, const char* name,
                                   const attn_tensor* weights, int32_t count,
                                   const attn_load_options* options, attn_layer** layer) {
  return guarded([&]() -> Status {
    if (layer == nullptr) return null_argument("layer");
    *layer = nullptr;
    constexpr int most = 1024;
    if (count < 0 || count > most || (count > 0 && weights == nullptr)) {
      return bad_list("weight", count, most);
    }
    std::vector<attn::NamedTensor> named(static_cast<size_t>(count));
    for (size_t i = 0; i < named.size(); ++i) {
      if (Status s = view_of(weights[i], "weight", named[i].tensor); !s.ok()) return s;
      named[i].name = weights[i].name;
    }
    return load(library, name, std::span<const attn::NamedTensor>(named), options, layer);
  });
}

void attn_layer_free(attn_layer* layer) { delete layer; }

// This is the table's own string, so it is null-terminated.
const char* attn_layer_name(const attn_layer* layer) {
  return layer == nullptr ? "" : layer->layer.name().data();
}
const char* attn_layer_target(const attn_layer* layer) {
  return layer == nullptr ? "" : layer->target.c_str();
}
size_t attn_layer_packed_bytes(const attn_layer* layer) {
  return layer == nullptr ? 0 : layer->layer.packed_bytes();
}

attn_workspace* attn_workspace_new(void) { return new (std::nothrow) attn_workspace{}; }

attn_workspace* attn_workspace_over(void* memory, size_t bytes) {
  return new (std::nothrow)
      attn_workspace{attn::Workspace(std::span(static_cast<std::byte*>(memory), bytes))};
}

void attn_workspace_free(attn_workspace* workspace) { delete workspace; }

attn_status attn_layer_run(const attn_layer* layer, const attn_tensor* inputs, int32_t input_count,
                           const attn_mutable_tensor* outputs, int32_t output_count,
                           attn_workspace* workspace, attn_executor* executor) {
  return guarded([&]() -> Status {
    if (layer == nullptr) return null_argument("layer");
    if (workspace == nullptr) return null_argument("workspace");
    Inputs in;
    Outputs out;
    if (Status s = in.read(inputs, input_count, "input"); !s.ok()) return s;
    if (Status s = out.read(outputs, output_count, "output"); !s.ok()) return s;
    return layer->layer.run(in.all(), out.all(), workspace->workspace,
                            {.executor = executor == nullptr ? nullptr : &executor->pool});
  });
}

attn_status attn_layer_workspace_bytes(const attn_layer* layer, const attn_tensor* inputs,
                                       int32_t input_count, const attn_mutable_tensor* outputs,
                                       int32_t output_count, int32_t threads, size_t* bytes) {
  return guarded([&]() -> Status {
    if (layer == nullptr) return null_argument("layer");
    if (bytes == nullptr) return null_argument("bytes");
    Inputs in;
    Outputs out;
    if (Status s = in.read(inputs, input_count, "input"); !s.ok()) return s;
    if (Status s = out.read(outputs, output_count, "output"); !s.ok()) return s;
    auto size = layer->layer.workspace_bytes(in.all(), out.all(), threads);
    if (size.ok()) *bytes = *size;
    return size.status();
  });
}

attn_status attn_layer_output_shape(const attn_layer* layer, const char* name,
                                    const attn_tensor* inputs, int32_t input_count, int32_t* rank,
                                    int64_t* shape) {
  return guarded([&]() -> Status {
    if (layer == nullptr) return null_argument("layer");
    if (name == nullptr) return null_argument("name");
    if (rank == nullptr) return null_argument("rank");
    if (shape == nullptr) return null_argument("shape");
    Inputs in;
    if (Status s = in.read(inputs, input_count, "input"); !s.ok()) return s;
    auto found = layer->layer.output_shape(name, in.all());
    if (!found.ok()) return found.status();
    *rank = found->rank();
    std::copy(found->begin(), found->end(), shape);
    return {};
  });
}
