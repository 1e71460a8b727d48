// Layers from shared libraries, by name.
#include "attn/runtime/library.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "fake_layer.h"

namespace {

using attn::StatusCode;

std::string refusal(const std::string& path, StatusCode code) {
  const auto library = attn::open(path);
  EXPECT_FALSE(library.ok());
  EXPECT_EQ(library.status().code(), code);
  return library.status().message();
}

TEST(Library, ALayerOutlivesEveryHandleToItsLibrary) {
  fake::Call call, linked;
  attn::Result<attn::AnyLayer> layer = attn::Status(StatusCode::internal, "not loaded");
  const std::vector<attn::NamedTensor> weights = call.weights();
  {
    auto library = attn::open(MODULE);
    ASSERT_TRUE(library.ok()) << library.status().message();
    EXPECT_EQ(library->name(), "fakes");
    EXPECT_EQ(library->path(), MODULE);
    ASSERT_EQ(library->tables().size(), 1u);
    EXPECT_NE(library->tables()[0], &fake::table);  // its own table, not this program's
    layer = library->load(fake::table.name, std::span<const attn::NamedTensor>(weights),
                          {.target = "plain"});
  }
  ASSERT_TRUE(layer.ok()) << layer.status().message();
  attn::Workspace scratch;
  ASSERT_TRUE(
      layer->run({{"query", call.q()}, {"value", call.v()}}, {{"output", call.o()}}, scratch).ok());
  const attn::AnyLayer here = linked.load({.target = "plain"});
  ASSERT_TRUE(
      here.run({{"query", linked.q()}, {"value", linked.v()}}, {{"output", linked.o()}}, scratch)
          .ok());
  EXPECT_EQ(call.output, linked.output);
}

TEST(Library, NamesAreWholeOrTheirEnd) {
  attn_layer_table a = fake::table, b = fake::table, c = fake::table;
  a.name = "model::encoder", b.name = "other::encoder", c.name = "model::decoder";
  const attn_layer_table* const tables[] = {&a, &b, &c};
  auto library = attn::Library::of(tables);
  ASSERT_TRUE(library.ok());
  EXPECT_EQ(*library->find("model::encoder"), &a);
  EXPECT_EQ(*library->find("decoder"), &c);
  const std::string here = "library `" + std::string(fake::table.library) + "`: ";
  EXPECT_EQ(library->find("encoder").status().message(),
            here +
                "2 layers are called `encoder`; say which by the whole name, of `model::encoder`, "
                "`other::encoder`, `model::decoder`");
  EXPECT_EQ(
      library->find("coder").status().message(),
      here +
          "there is no layer `coder`, only `model::encoder`, `other::encoder`, `model::decoder`");
  EXPECT_EQ(library->find("coder").status().code(), StatusCode::not_found);
  EXPECT_FALSE(library->find("").ok());
}

TEST(Library, FilesThatAreNone) {
  const auto folder = std::filesystem::temp_directory_path() / "attn_library_test";
  std::filesystem::create_directories(folder);
  const std::string text = folder / "text.so";
  std::ofstream(text) << "no library";
  EXPECT_EQ(refusal(folder / "none.so", StatusCode::not_found),
            (folder / "none.so").string() + ": there is no such file");
  EXPECT_EQ(refusal(folder, StatusCode::invalid_file),
            folder.string() + ": is no file, expected a shared library");
  EXPECT_TRUE(refusal(text, StatusCode::invalid_file)
                  .starts_with(text + ": cannot be opened as a shared library: "));
  EXPECT_EQ(refusal(OTHER_MODULE, StatusCode::invalid_file),
            std::string(OTHER_MODULE) +
                ": is no library of layers (it has no symbol attn_library_directory): `attnc build "
                "--shared` makes one");
  EXPECT_EQ(refusal(NEWER_MODULE, StatusCode::unsupported),
            std::string(NEWER_MODULE) + ": has ABI version 1000, expected " +
                std::to_string(ATTN_ABI_VERSION) +
                ": build it again with the attnc that belongs to this runtime");
  std::filesystem::remove_all(folder);
}

}  // namespace
