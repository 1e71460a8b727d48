// After the first call with some shapes a call allocates nothing: every malloc of the process is
// counted, whoever asks for it. Under the sanitizers their own hooks count.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdlib>

#include "attn/runtime/attn.h"
#include "fake_layer.h"

namespace {
std::atomic<bool> counting{false};
std::atomic<int> allocations{0};
void count() {
  if (counting.load(std::memory_order_relaxed)) ++allocations;
}
}  // namespace

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define ATTN_TEST_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define ATTN_TEST_SANITIZED 1
#endif
#endif

#ifdef ATTN_TEST_SANITIZED
extern "C" int __sanitizer_install_malloc_and_free_hooks(void (*)(const volatile void*, size_t),
                                                         void (*)(const volatile void*));
namespace {
const int installed = __sanitizer_install_malloc_and_free_hooks(
    [](const volatile void*, size_t) { count(); }, [](const volatile void*) {});
}
#else
extern "C" {
void* __libc_malloc(size_t);
void* __libc_calloc(size_t, size_t);
void* __libc_realloc(void*, size_t);
void* __libc_memalign(size_t, size_t);
void* malloc(size_t n) { return count(), __libc_malloc(n); }
void* calloc(size_t n, size_t size) { return count(), __libc_calloc(n, size); }
void* realloc(void* p, size_t n) { return count(), __libc_realloc(p, n); }
void* aligned_alloc(size_t alignment, size_t n) { return count(), __libc_memalign(alignment, n); }
void* memalign(size_t alignment, size_t n) { return count(), __libc_memalign(alignment, n); }
int posix_memalign(void** p, size_t alignment, size_t n) {
  count();
  *p = __libc_memalign(alignment, n);
  return *p == nullptr ? 12 : 0;
}
}
#endif

namespace {

/// The allocations of `f`, in any thread.
template <class F>
int allocations_of(F f) {
  allocations = 0;
  counting = true;
  f();
  counting = false;
  return allocations;
}

TEST(Allocation, IsCounted) {
  EXPECT_EQ(allocations_of([] {
              void* volatile p = std::malloc(10);
              std::free(p);
              delete new attn::Workspace;
            }),
            2);
}

TEST(Allocation, NoneAfterTheFirstCall) {
  fake::Call call({.batch = 2, .query = 40, .key = 50});
  attn::ThreadPool pool(3);
  const attn::AnyLayer layer = call.load({.executor = &pool});
  const std::vector<float> mask(40 * 50, 1.0f);
  attn::Workspace scratch;
  const attn::NamedTensor in[] = {
      {"query", call.q()}, {"value", call.v()}, {"attention_mask", {mask, {40, 50}}}};
  const attn::NamedMutableTensor out[] = {{"output", call.o()}, {"attention_scores", call.s()}};
  auto run = [&] {
    const bool ok = layer
                        .run(std::span<const attn::NamedTensor>(in),
                             std::span<const attn::NamedMutableTensor>(out), scratch)
                        .ok();
    ASSERT_TRUE(ok);
  };
  EXPECT_GT(allocations_of(run), 0);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(allocations_of(run), 0);

  // Shorter ones fit too.
  fake::Call small({.batch = 1, .query = 3, .key = 4});
  EXPECT_EQ(allocations_of([&] {
              const bool ok = layer
                                  .run({{"query", small.q()}, {"value", small.v()}},
                                       {{"output", small.o()}}, scratch)
                                  .ok();
              ASSERT_TRUE(ok);
            }),
            0);
}

TEST(Allocation, NoneAtAllOverLentMemory) {
  fake::Call call;
  const attn::AnyLayer layer = call.load({.executor = &attn::serial_executor()});
  alignas(128) static std::byte memory[1 << 16];
  EXPECT_EQ(
      allocations_of([&] {
        attn::Workspace scratch{std::span(memory)};
        const bool ok =
            layer.run({{"query", call.q()}, {"value", call.v()}}, {{"output", call.o()}}, scratch)
                .ok();
        ASSERT_TRUE(ok);
      }),
      0);
}

TEST(Allocation, NoneFromC) {
  fake::Call call;
  const attn_layer_table* const tables[] = {&fake::table};
  attn_library* library = nullptr;
  attn_layer* layer = nullptr;
  ASSERT_EQ(attn_library_of(tables, 1, &library), ATTN_OK);
  auto view = [](const char* name, const auto& t) {
    attn_tensor out = {};
    out.name = name, out.data = t.data(), out.dtype = ATTN_FLOAT32, out.rank = t.rank();
    std::copy(t.shape().begin(), t.shape().end(), out.shape);
    return out;
  };
  std::vector<attn_tensor> weights;
  for (const auto& w : call.weights()) weights.push_back(view(w.name.data(), w.tensor));
  ASSERT_EQ(attn_layer_load_arrays(library, fake::table.name, weights.data(), 3, nullptr, &layer),
            ATTN_OK)
      << attn_message();
  attn_executor* threads = attn_executor_new(2);
  attn_workspace* scratch = attn_workspace_new();
  const attn_tensor in[] = {view("query", call.q()), view("value", call.v())};
  const attn_tensor o = view("output", call.o());
  attn_mutable_tensor out = {o.name, call.output.data(), o.dtype, o.rank, {}, nullptr};
  std::copy(o.shape, o.shape + o.rank, out.shape);
  auto run = [&] {
    const attn_status s = attn_layer_run(layer, in, 2, &out, 1, scratch, threads);
    ASSERT_EQ(s, ATTN_OK);
  };
  EXPECT_GT(allocations_of(run), 0);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(allocations_of(run), 0);
  attn_workspace_free(scratch);
  attn_executor_free(threads);
  attn_layer_free(layer);
  attn_close(library);
}

}  // namespace
