#include "calls/arena.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <random>
#include <vector>

namespace {

using attn::Arena;

/// Memory like a workspace's.
struct Memory {
  explicit Memory(size_t units)
      : bytes(units * 128), at(static_cast<std::byte*>(std::aligned_alloc(128, bytes))) {}
  ~Memory() { std::free(at); }
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  size_t bytes;
  std::byte* at;
  std::byte* data() { return at; }
  Arena arena() { return Arena(at, bytes); }
};

TEST(Arena, TakesWhatKernelsCount) {
  Memory memory(6);
  Arena arena = memory.arena();
  void* a = arena.allocate(1);    // 128 + 128
  void* b = arena.allocate(128);  // 128 + 128
  void* c = arena.allocate(0);    // 128
  EXPECT_FALSE(arena.overflowed());
  EXPECT_EQ(reinterpret_cast<uintptr_t>(a) % 128, 0u);
  // Not in the order of a stack: nothing can be reused before the top block is released.
  arena.release(b);
  arena.release(a);
  arena.release(c);
  EXPECT_EQ(arena.allocate(128 * 5), a);
  EXPECT_FALSE(arena.overflowed());
}

TEST(Arena, NoBytesAtTheVeryEnd) {
  Memory memory(1);
  Arena arena = memory.arena();
  void* a = arena.allocate(0);
  EXPECT_EQ(a, memory.data() + 128);
  arena.release(a);
  EXPECT_EQ(arena.allocate(0), a);
  EXPECT_FALSE(arena.overflowed());
}

TEST(Arena, TakesMemoryFromTheSystemWhenItIsFull) {
  Memory memory(2);
  Arena arena = memory.arena();
  void* a = arena.allocate(1);
  void* b = arena.allocate(1000);
  EXPECT_TRUE(arena.overflowed());
  ASSERT_NE(b, nullptr);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(b) % 128, 0u);
  std::memset(b, 1, 1000);
  arena.release(b);
  arena.release(a);
  EXPECT_EQ(arena.allocate(1), a);
  Arena none;
  void* c = none.allocate(0);
  EXPECT_TRUE(none.overflowed());
  none.release(c);
  none.release(nullptr);
}

TEST(Arena, KeepsBlocksApartInAnyOrder) {
  std::mt19937 random(7);
  Memory memory(512);
  Arena arena = memory.arena();
  struct Block {
    unsigned char* at;
    size_t bytes;
    unsigned char mark;
  };
  std::vector<Block> blocks;
  for (int step = 0; step < 20000; ++step) {
    if (blocks.size() < 20 && random() % 2 == 0) {
      const size_t bytes = random() % 500;
      auto* at = static_cast<unsigned char*>(arena.allocate(bytes));
      const auto mark = static_cast<unsigned char>(random());
      std::memset(at, mark, bytes);
      blocks.push_back({at, bytes, mark});
    } else if (!blocks.empty()) {
      const size_t i = blocks.size() - 1 - random() % std::min<size_t>(blocks.size(), 3);
      for (size_t k = 0; k < blocks[i].bytes; ++k) ASSERT_EQ(blocks[i].at[k], blocks[i].mark);
      arena.release(blocks[i].at);
      blocks.erase(blocks.begin() + static_cast<std::ptrdiff_t>(i));
    }
  }
  for (const Block& block : blocks) arena.release(block.at);
  EXPECT_EQ(arena.allocate(511 * 128), memory.data() + 128);
}

}  // namespace
