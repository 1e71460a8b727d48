// The archive: the symbols that it exports and hides, the contents of its table, and that kernels
// reach the runtime through it.
#include "emit/library.h"

#include <dlfcn.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "emit/names.h"
#include "emit/object_tools.h"
#include "import/read_file.h"
#include "tools/children.h"

namespace attnc {
namespace {

constexpr const char* triple = "x86_64-unknown-linux-gnu";

std::string object(const char* file) {
  auto bytes = read_file(file, 1 << 20);
  EXPECT_TRUE(bytes.ok());
  return *bytes;
}

LibraryParts parts() {
  using attn::Kind;
  Plan plan;
  plan.layer = "model::encoder", plan.library = "lib", plan.target = "avx2",
  plan.fingerprint = 0x0123456789abcdef;
  plan.inputs = {
      {.name = "query", .axes = {{Kind::batch}, {Kind::query}, {Kind::feature, 0, 0, 0}}},
      {.name = "key",
       .axes = {{Kind::batch}, {Kind::key}, {Kind::feature, 0, 1, 0}},
       .optional = true,
       .or_input = 0},
      {.name = "use_causal_mask", .axes = {}, .type = attn::Type::truth, .optional = true}};
  plan.weights = {
      {.name = "query/kernel", .axes = {{Kind::feature, 0, 0, 0}, {Kind::head, 0, -1, 2}}}};
  plan.outputs = {
      {.name = "output", .axes = {{Kind::batch}, {Kind::query}, {Kind::feature, 0, 0, 0}}},
      {.name = "attention_scores", .axes = {{Kind::batch}}, .optional = true}};
  plan.packings = {{.weight = 0,
                    .vector = false,
                    .contracted = 1,
                    .row_block = 2,
                    .row_block_padded = 3,
                    .column_block = 4,
                    .column_block_padded = 5,
                    .panel_width = 6,
                    .scale = 0.5f}};
  plan.paths = {
      {.name = "output", .outputs = {0, 1}, .output_values = {}, .values = {}, .stages = {}}};
  Kernel kernel{path_symbol("lib", "model::encoder", "avx2", "output"),
                object(KERNEL_OBJECT),
                {{ATTN_ARGUMENT_INPUT, ATTN_FORM_HEADS, 0},
                 {ATTN_ARGUMENT_FLAG, 0, 2},
                 {ATTN_ARGUMENT_PACKED, 0, 0},
                 {ATTN_ARGUMENT_OUTPUT, ATTN_FORM_ROWS, 1}}};
  return {"lib", {{{{plan, ATTN_CPU_AVX2 | ATTN_CPU_FMA, triple, {kernel}}}}}};
}

/// The archive, linked into a shared library and loaded.
class Loaded {
 public:
  explicit Loaded(const std::string& archive) : folder_(TemporaryFolder::make()) {
    const std::string a = folder_->path() + "/lib.a", so = folder_->path() + "/lib.so";
    std::ofstream(a, std::ios::binary) << archive;
    const Status s = run_program({"cc", "-shared", "-o", so, "-Wl,-z,defs", "-Wl,--whole-archive",
                                  a, "-Wl,--no-whole-archive"});
    EXPECT_TRUE(s.ok()) << s.message();
    handle_ = dlopen(so.c_str(), RTLD_NOW | RTLD_LOCAL);
    EXPECT_TRUE(handle_) << dlerror();
  }
  void* symbol(const char* name) { return handle_ ? dlsym(handle_, name) : nullptr; }

 private:
  Result<TemporaryFolder> folder_;
  void* handle_ = nullptr;
};

TEST(Library, ShowsTablesAndHidesTheRest) {
  auto archive = make_library(parts());
  ASSERT_TRUE(archive.ok()) << archive.status().message();
  Loaded library(*archive);
  EXPECT_TRUE(library.symbol("attn_lib_model_encoder"));
  EXPECT_FALSE(library.symbol("attn_lib_model_encoder_avx2_output_argv"));
  EXPECT_FALSE(library.symbol("attn_lib_model_encoder_avx2_output_task"));
  EXPECT_FALSE(library.symbol("attn.lib.malloc"));
}

TEST(Library, TheTableSaysWhatThePlanSays) {
  auto archive = make_library(parts());
  ASSERT_TRUE(archive.ok()) << archive.status().message();
  Loaded library(*archive);
  const auto* t = static_cast<const attn_layer_table*>(library.symbol("attn_lib_model_encoder"));
  ASSERT_TRUE(t);
  EXPECT_EQ(t->abi_version, uint32_t{ATTN_ABI_VERSION});
  EXPECT_EQ(t->fingerprint, 0x0123456789abcdefu);
  EXPECT_STREQ(t->name, "model::encoder");
  EXPECT_STREQ(t->library, "lib");
  ASSERT_EQ(t->input_count, 3);
  EXPECT_STREQ(t->inputs[1].name, "key");
  EXPECT_EQ(t->inputs[1].rank, 3);
  EXPECT_EQ(t->inputs[1].optional, 1);
  EXPECT_EQ(t->inputs[1].or_input, 0);
  EXPECT_EQ(t->inputs[0].or_input, -1);
  EXPECT_EQ(t->inputs[1].axes[1].kind, ATTN_AXIS_KEY);
  EXPECT_EQ(t->inputs[1].axes[1].of, -1);
  EXPECT_EQ(t->inputs[1].axes[2].of, 1);
  EXPECT_EQ(t->inputs[2].rank, 0);
  EXPECT_EQ(t->inputs[2].value, ATTN_VALUE_TRUTH);
  EXPECT_EQ(t->inputs[2].axes, nullptr);
  ASSERT_EQ(t->weight_count, 1);
  EXPECT_EQ(t->weights[0].axes[1].extent, 2);
  ASSERT_EQ(t->output_count, 2);
  EXPECT_STREQ(t->outputs[1].name, "attention_scores");
  EXPECT_EQ(t->outputs[1].optional, 1);
  ASSERT_EQ(t->variant_count, 1);
  const attn_variant& v = t->variants[0];
  EXPECT_STREQ(v.target, "avx2");
  EXPECT_EQ(v.cpu, uint64_t{ATTN_CPU_AVX2 | ATTN_CPU_FMA});
  EXPECT_EQ(v.pipes, 0);
  ASSERT_EQ(v.packing_count, 1);
  const attn_packing& p = v.packings[0];
  EXPECT_EQ(p.kind, ATTN_PACK_PANELS);
  EXPECT_EQ(p.contracted, 1);
  EXPECT_EQ(p.row_block, 2);
  EXPECT_EQ(p.row_block_padded, 3);
  EXPECT_EQ(p.column_block, 4);
  EXPECT_EQ(p.column_block_padded, 5);
  EXPECT_EQ(p.panel_width, 6);
  EXPECT_EQ(p.scale, 0.5f);
  ASSERT_EQ(v.path_count, 1);
  EXPECT_STREQ(v.paths[0].name, "output");
  EXPECT_EQ(v.paths[0].outputs, 3u);
  ASSERT_EQ(v.paths[0].argument_count, 4);
  EXPECT_EQ(v.paths[0].arguments[0].form, ATTN_FORM_HEADS);
  EXPECT_EQ(v.paths[0].arguments[1].kind, ATTN_ARGUMENT_FLAG);
  EXPECT_EQ(v.paths[0].arguments[1].index, 2);
  EXPECT_EQ(v.paths[0].arguments[3].kind, ATTN_ARGUMENT_OUTPUT);
}

struct Call : attn_call {
  int allocated = 0, released = 0, loops = 0;
  alignas(128) unsigned char memory[64];
};

/// Services that count what a kernel asks for.
Call counting_call() {
  Call call;
  call.allocate = [](attn_call* c, uint64_t bytes) -> void* {
    auto* self = static_cast<Call*>(c);
    self->allocated += static_cast<int>(bytes);
    return self->memory;
  };
  call.release = [](attn_call* c, void* memory) {
    auto* self = static_cast<Call*>(c);
    self->released += memory == self->memory;
  };
  call.parallel_for = [](attn_call* c, int (*task)(attn_call*, int, uint8_t*), int min, int extent,
                         uint8_t* closure) {
    ++static_cast<Call*>(c)->loops;
    for (int i = min; i < min + extent; ++i) task(c, i, closure);
    return 0;
  };
  return call;
}

/// Runs the kernel of kernel.c and checks its result; returns the table, or null if there is none.
const attn_layer_table* run_kernel(Loaded& library, void** arguments) {
  const auto* t = static_cast<const attn_layer_table*>(library.symbol("attn_lib_model_encoder"));
  if (t != nullptr) {
    EXPECT_EQ(t->variants[0].paths[0].run(arguments), 20 + 30 + 40);
  }
  return t;
}

TEST(Library, KernelsReachTheRuntimeThroughTheCall) {
  auto archive = make_library(parts());
  ASSERT_TRUE(archive.ok()) << archive.status().message();
  Loaded library(*archive);
  Call call = counting_call();
  attn_call* address = &call;
  void* arguments[] = {&address};
  const attn_layer_table* t = run_kernel(library, arguments);
  ASSERT_TRUE(t);
  EXPECT_EQ(t->variants[0].paths[0].workspace(arguments), 7);
  EXPECT_EQ(call.allocated, 64);
  EXPECT_EQ(call.released, 1);
  EXPECT_EQ(call.loops, 1);
}

/// Parts whose kernel calls a shared one of `target` in place of halide_free.
LibraryParts sharing_parts(const std::string& target) {
  LibraryParts p = parts();
  const ProjectionKernel shared{.tile_rows = 4, .tile_vectors = 2, .vector = 8, .task_rows = 128};
  Kernel& kernel = p.layers[0].variants[0].kernels[0];
  kernel.object = *hide_and_rename(kernel.object, {{"halide_free", shared.name()}}, "kernel");
  p.shared = {
      {target, shared,
       *hide_and_rename(object(SHARED_OBJECT), {{"shared_kernel", shared.name()}}, "shared")}};
  return p;
}

TEST(Library, KernelsCallThoseThatTheirTargetShares) {
  auto archive = make_library(sharing_parts("avx2"));
  ASSERT_TRUE(archive.ok()) << archive.status().message();
  Loaded library(*archive);
  Call call = counting_call();
  attn_call* address = &call;
  void* arguments[] = {&address};
  ASSERT_TRUE(run_kernel(library, arguments));
  EXPECT_EQ(call.loops, 2) << "one of the path, one of the shared kernel";
  EXPECT_EQ(call.released, 0);
  const std::string name = "project_rows_float32_to_output_float32_4x2x8_task128";
  EXPECT_FALSE(library.symbol(("attn.lib.avx2." + name).c_str())) << "it is hidden";
  EXPECT_EQ(archive->find(std::string(1, '\0') + "shared_kernel_task"), std::string::npos)
      << "two libraries of a program would both have it";
  EXPECT_EQ(make_library(sharing_parts("baseline")).status().message(),
            "kernel attn_lib_model_encoder_avx2_output needs " + name + ", which no runtime has");
}

TEST(Library, TheSamePartsGiveTheSameBytes) {
  auto one = make_library(parts()), two = make_library(parts());
  ASSERT_TRUE(one.ok() && two.ok());
  EXPECT_EQ(*one, *two);
}

TEST(Library, OtherImportsAreOurFault) {
  LibraryParts p = parts();
  Kernel& kernel = p.layers[0].variants[0].kernels[0];
  auto renamed = hide_and_rename(kernel.object, {{"halide_free", "halide_error"}}, "kernel");
  ASSERT_TRUE(renamed.ok());
  kernel.object = *renamed;
  EXPECT_EQ(make_library(p).status().message(),
            "kernel attn_lib_model_encoder_avx2_output needs halide_error, which no runtime has");
  kernel.object = "no object";
  EXPECT_EQ(make_library(p).status().code(), attn::StatusCode::internal);
}

TEST(Library, AnObjectWithoutTheFunctionIsRefused) {
  LibraryParts p = parts();
  p.layers[0].variants[0].kernels[0].symbol = "attn_lib_other";
  EXPECT_EQ(make_library(p).status().message(),
            "the object of kernel attn_lib_other has no function attn_lib_other_argv");
}

TEST(Library, NamesThatMeetAreRefused) {
  LibraryParts p = parts();
  p.layers.push_back(p.layers[0]);
  p.layers[1].variants[0].plan.layer = "model_encoder";
  EXPECT_EQ(make_library(p).status().message(),
            "layer model::encoder and layer model_encoder would both be called "
            "attn_lib_model_encoder in library lib: "
            "rename one of the layers");
}

TEST(Names, AreIdentifiers) {
  EXPECT_EQ(identifier("model::encoder"), "model_encoder");
  EXPECT_EQ(identifier("my layer-2.0"), "my_layer_2_0");
  EXPECT_EQ(identifier("2nd"), "_2nd");
  EXPECT_EQ(identifier(""), "_");
  EXPECT_EQ(identifier("default"), "default_");
  EXPECT_EQ(table_symbol("lib", "lib::encoder"), "attn_lib_encoder");
  EXPECT_EQ(table_symbol("lib", "library::encoder"), "attn_lib_library_encoder");
  EXPECT_EQ(header_file("model::encoder"), "encoder.attn.h");
  EXPECT_EQ(variant_name("avx512", 0), "avx512");
  EXPECT_EQ(variant_name("avx512", 1), "avx512_one_pipe");
  EXPECT_EQ(path_symbol("lib", "encoder", variant_name("avx512", 2), "output"),
            "attn_lib_encoder_avx512_two_pipes_output");
}

TEST(Library, ATargetMayHaveVariantsByPipes) {
  LibraryParts p = parts();
  Variant& general = p.layers[0].variants[0];
  Variant own = general;
  own.plan.pipes = 2;
  own.kernels[0].symbol = path_symbol("lib", "model::encoder", "avx2_two_pipes", "output");
  p.layers[0].variants.insert(p.layers[0].variants.begin(), own);
  const auto table = make_table_object(p, p.layers[0]);
  EXPECT_TRUE(table.ok()) << table.status().message();
  own.kernels[0].symbol = p.layers[0].variants[1].kernels[0].symbol;
  p.layers[0].variants[0] = own;
  EXPECT_EQ(make_library(p).status().message(),
            "a kernel of layer model::encoder (avx2) and a kernel of layer model::encoder (avx2) "
            "would both be called attn_lib_model_encoder_avx2_output in library lib: rename one of "
            "the layers");
}

}  // namespace
}  // namespace attnc
