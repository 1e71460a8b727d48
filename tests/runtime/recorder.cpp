#include "recorder.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace recorder {
namespace {

Recorder* current = nullptr;

template <int path>
int run(void** arguments) {
  return current->record(path, arguments);
}

template <int path>
int workspace(void** arguments) {
  return current->ask(path, arguments);
}

constexpr attn_kernel_function runs[] = {run<0>, run<1>, run<2>, run<3>, run<4>, run<5>};
constexpr attn_kernel_function workspaces[] = {workspace<0>, workspace<1>, workspace<2>,
                                               workspace<3>, workspace<4>, workspace<5>};

int index_of(const std::vector<attn_tensor_info>& infos, const std::string& name) {
  for (size_t i = 0; i < infos.size(); ++i) {
    if (infos[i].name == name) return static_cast<int>(i);
  }
  std::abort();
}

uint8_t* place(const attn_buffer& b, const std::vector<int>& at) {
  int64_t offset = 0;
  for (size_t d = 0; d < at.size(); ++d) {
    if (at[d] < 0 || at[d] >= b.dim[d].extent) std::abort();
    offset += int64_t{at[d]} * b.dim[d].stride;
  }
  return b.host + offset * (b.type_bits / 8);
}

template <class T>
double read(const uint8_t* from) {
  return static_cast<double>(*reinterpret_cast<const T*>(from));
}

}  // namespace

double get(const attn_buffer& b, std::vector<int> at) {
  const uint8_t* from = place(b, at);
  if (b.type_code == 2 && b.type_bits == 32) return read<float>(from);
  if (b.type_code == 2 && b.type_bits == 64) return read<double>(from);
  if (b.type_code == 0 && b.type_bits == 32) return read<int32_t>(from);
  if (b.type_bits == 16) return read<uint16_t>(from);  // its raw bits
  return read<uint8_t>(from);
}

void set(const attn_buffer& b, std::vector<int> at, double value) {
  uint8_t* to = place(b, at);
  if (b.type_bits == 32) {
    *reinterpret_cast<float*>(to) = static_cast<float>(value);
  } else if (b.type_bits == 64) {
    *reinterpret_cast<double*>(to) = value;
  } else {
    *reinterpret_cast<uint16_t*>(to) = static_cast<uint16_t>(value);
  }
}

std::vector<int> Seen::extents() const {
  std::vector<int> result;
  for (const attn_dimension& d : dimensions) result.push_back(d.extent);
  return result;
}

std::vector<int> Seen::strides() const {
  std::vector<int> result;
  for (const attn_dimension& d : dimensions) result.push_back(d.stride);
  return result;
}

std::string Seen::type() const {
  const char* codes[] = {"int", "uint", "float", "bfloat"};
  return codes[buffer.type_code] + std::to_string(buffer.type_bits);
}

Recorder::Recorder() { current = this; }
Recorder::~Recorder() { current = nullptr; }

Recorder& Recorder::input(const char* name, std::vector<attn_axis> axes, const Given& g) {
  axes_.push_back(std::move(axes));
  inputs_.push_back({name, axes_.back().data(), static_cast<uint8_t>(axes_.back().size()), g.value,
                     g.dtype, g.optional, static_cast<int16_t>(g.or_input), -1, g.reading});
  return *this;
}

Recorder& Recorder::output(const char* name, std::vector<attn_axis> axes, const Given& g) {
  axes_.push_back(std::move(axes));
  outputs_.push_back({name, axes_.back().data(), static_cast<uint8_t>(axes_.back().size()), g.value,
                      g.dtype, g.optional, -1, static_cast<int16_t>(g.starts_as), 0});
  return *this;
}

Recorder& Recorder::path(const char* name) {
  paths_.push_back({});
  paths_.back().path.name = name;
  return *this;
}

Recorder& Recorder::takes(const char* input, uint8_t form) {
  const auto index = static_cast<int16_t>(index_of(inputs_, input));
  const attn_tensor_info& info = inputs_[static_cast<size_t>(index)];
  const bool flag = info.value == ATTN_VALUE_TRUTH && info.rank == 0;
  const uint8_t kind = flag ? ATTN_ARGUMENT_FLAG : ATTN_ARGUMENT_INPUT;
  paths_.back().arguments.push_back({kind, form, index});
  return *this;
}

Recorder& Recorder::makes(const char* output, uint8_t form) {
  const auto index = static_cast<int16_t>(index_of(outputs_, output));
  paths_.back().arguments.push_back({ATTN_ARGUMENT_OUTPUT, form, index});
  paths_.back().path.outputs |= 1u << index;
  return *this;
}

Recorder& Recorder::takes_length(const attn_axis& axis) {
  paths_.back().arguments.push_back({ATTN_ARGUMENT_LENGTH, axis.kind, axis.number});
  return *this;
}

uint32_t Recorder::bit(const char* name) const { return 1u << index_of(inputs_, name); }

Recorder& Recorder::serves(std::vector<const char*> given, std::vector<const char*> absent) {
  for (const char* name : given) paths_.back().path.given |= bit(name);
  for (const char* name : absent) paths_.back().path.absent |= bit(name);
  return *this;
}

const attn_layer_table& Recorder::table() {
  abi_paths_.clear();
  for (size_t p = 0; p < paths_.size(); ++p) {
    attn_path one = paths_[p].path;
    one.argument_count = static_cast<int32_t>(paths_[p].arguments.size());
    one.arguments = paths_[p].arguments.data();
    one.run = runs[p];
    one.workspace = workspaces[p];
    abi_paths_.push_back(one);
  }
  variant_ = {"plain",          0, 0, 0, static_cast<int32_t>(abi_paths_.size()), nullptr,
              abi_paths_.data()};
  table_ = {};
  table_.abi_version = ATTN_ABI_VERSION;
  table_.input_count = static_cast<int32_t>(inputs_.size());
  table_.output_count = static_cast<int32_t>(outputs_.size());
  table_.variant_count = 1;
  table_.compute_dtype = compute_dtype;
  table_.name = "model::recorder";
  table_.library = "test_layers";
  table_.inputs = inputs_.data();
  table_.outputs = outputs_.data();
  table_.variants = &variant_;
  return table_;
}

attn::AnyLayer Recorder::load(const attn::LoadOptions& options) {
  auto layer = attn::AnyLayer::load(table(), std::span<const attn::NamedTensor>(), options);
  if (!layer.ok()) {
    ADD_FAILURE() << layer.status().message();
    std::abort();
  }
  return *std::move(layer);
}

int Recorder::record(int path, void** a) {
  const attn_path& one = abi_paths_[static_cast<size_t>(path)];
  ran = one.name;
  arguments.clear();
  std::vector<attn_buffer*> buffers;
  for (int32_t i = 0; i < one.argument_count; ++i) {
    Seen s;
    buffers.push_back(nullptr);
    if (one.arguments[i].kind == ATTN_ARGUMENT_FLAG) {
      s.values = {static_cast<double>(*static_cast<uint8_t*>(a[i + 1]))};
      arguments.push_back(s);
      continue;
    }
    if (one.arguments[i].kind == ATTN_ARGUMENT_LENGTH) {
      s.values = {static_cast<double>(*static_cast<int32_t*>(a[i + 1]))};
      arguments.push_back(s);
      continue;
    }
    auto* b = static_cast<attn_buffer*>(a[i + 1]);
    buffers.back() = b;
    s.buffer = *b;
    s.host = b->host;
    s.dimensions.assign(b->dim, b->dim + b->dimensions);
    int64_t count = 1;
    for (const attn_dimension& d : s.dimensions) count *= d.extent;
    std::vector<int> at(s.dimensions.size());
    for (int64_t e = 0; e < count; ++e) {
      s.values.push_back(get(*b, at));
      for (size_t d = 0; d < at.size() && ++at[d] == s.dimensions[d].extent; ++d) at[d] = 0;
    }
    arguments.push_back(std::move(s));
  }
  if (kernel) kernel(buffers);
  return 0;
}

int Recorder::ask(int path, void** a) {
  const attn_path& one = abi_paths_[static_cast<size_t>(path)];
  asked.clear();
  for (int32_t i = 0; i < one.argument_count; ++i) {
    if (one.arguments[i].kind == ATTN_ARGUMENT_LENGTH)
      asked.push_back(*static_cast<int32_t*>(a[i + 1]));
  }
  return 0;
}

std::vector<double> Recorder::lengths() const {
  std::vector<double> result;
  for (const attn_path& path : abi_paths_) {
    if (path.name != ran) continue;
    for (int32_t i = 0; i < path.argument_count; ++i) {
      if (path.arguments[i].kind == ATTN_ARGUMENT_LENGTH)
        result.push_back(arguments[static_cast<size_t>(i)].values.at(0));
    }
  }
  return result;
}

const Seen& Recorder::seen(const std::string& name) const {
  for (const attn_path& path : abi_paths_) {
    if (path.name != ran) continue;
    for (int32_t i = 0; i < path.argument_count; ++i) {
      const attn_argument& one = path.arguments[i];
      if (one.kind == ATTN_ARGUMENT_LENGTH) continue;
      const auto& infos = one.kind == ATTN_ARGUMENT_OUTPUT ? outputs_ : inputs_;
      if (infos[static_cast<size_t>(one.index)].name == name) {
        return arguments[static_cast<size_t>(i)];
      }
    }
  }
  static const Seen none;
  ADD_FAILURE() << "no argument " << name << " of path " << ran;
  return none;
}

}  // namespace recorder
