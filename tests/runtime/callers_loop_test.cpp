// A caller with its own parallel loop: every call runs on the calling thread alone, with one
// workspace per thread. The bits are the same as in one call for everything on a pool.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "fake_layer.h"

namespace {

TEST(CallersLoop, SerialCallsFromTheCallersThreads) {
  fake::Call whole({.batch = 16}), parts({.batch = 16});
  const attn::AnyLayer layer = whole.load({.target = "plain"});
  attn::ThreadPool pool(3);
  attn::Workspace scratch;
  ASSERT_TRUE(layer
                  .run({{"query", whole.q()}, {"value", whole.v()}}, {{"output", whole.o()}},
                       scratch, {.executor = &pool})
                  .ok());

  const fake::Shapes& s = parts.shapes;
  std::atomic<int64_t> next{0};
  std::atomic<int> failures{0};
  auto work = [&] {
    attn::Workspace own;
    for (int64_t b; (b = next++) < s.batch;) {
      const attn::Tensor q(parts.query.data() + b * s.query * s.query_features,
                           {1, s.query, s.query_features});
      const attn::Tensor v(parts.value.data() + b * s.key * s.value_features,
                           {1, s.key, s.value_features});
      const attn::MutableTensor o(parts.output.data() + b * s.query * s.query_features,
                                  {1, s.query, s.query_features});
      if (!layer
               .run({{"query", q}, {"value", v}}, {{"output", o}}, own,
                    {.executor = &attn::serial_executor()})
               .ok()) {
        ++failures;
      }
    }
  };
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) threads.emplace_back(work);
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(failures, 0);
  EXPECT_EQ(parts.output, whole.output);
}

}  // namespace
