// Runs a kernel, with memory from the workspace, threads from the executor, and nothing from the
// system.
#include <atomic>
#include <new>
#include <type_traits>

#include "calls/arena.h"
#include "calls/loop.h"
#include "calls/state.h"
#include "tensors/numbers.h"
#include "text.h"

namespace attn {
namespace {

struct Call;

/// What all workers of a call share.
struct Shared {
  Executor* executor = nullptr;
  Call* workers = nullptr;
  int worker_count = 0;
  std::atomic<bool> strange_worker{false};
};

/// The attn_call of a kernel (the root) or of one worker; each on cache lines of its own.
struct alignas(Arena::unit) Call : attn_call {
  Arena arena;
  Shared* shared = nullptr;
};

void* allocate(attn_call* call, uint64_t bytes) {
  return static_cast<Call*>(call)->arena.allocate(bytes);
}

void release(attn_call* call, void* memory) { static_cast<Call*>(call)->arena.release(memory); }

/// Runs a loop inside a task, and every loop while a kernel is asked for its workspace.
int run_serially(attn_call* call, KernelTask task, int min, int extent, uint8_t* closure) {
  for (int i = 0; i < extent; ++i) {
    if (int failed = task(call, min + i, closure); failed != 0) return failed;
  }
  return 0;
}

struct Loop {
  Shared* shared;
  KernelTask task;
  int min;
  uint8_t* closure;
  std::atomic<int> failed{0};
};

void run_task(void* context, int index, int worker) {
  Loop& loop = *static_cast<Loop*>(context);
  if (worker < 0 || worker >= loop.shared->worker_count) {
    // The caller's executor breaks its promise. There is no memory for such a worker.
    loop.shared->strange_worker.store(true, std::memory_order_relaxed);
    return;
  }
  const int failed = loop.task(&loop.shared->workers[worker], loop.min + index, loop.closure);
  if (failed != 0) loop.failed.store(failed, std::memory_order_relaxed);
}

int run_in_parallel(attn_call* call, KernelTask task, int min, int extent, uint8_t* closure) {
  if (extent < 1) return 0;
  Shared& shared = *static_cast<Call*>(call)->shared;
  Loop loop{.shared = &shared, .task = task, .min = min, .closure = closure};
  shared.executor->parallel_for(extent, run_task, &loop);
  return loop.failed.load(std::memory_order_relaxed);
}

/// Marks the workspace as in use until the end of the scope.
struct Use {
  Workspace& workspace;
  bool begun = workspace.begin_use();
  ~Use() {
    if (begun) workspace.end_use();
  }
};

/// Under AddressSanitizer, poisons the part of the workspace that a call does not need. At the end
/// of the call it unpoisons the whole workspace, also what arenas have poisoned.
struct Guarded {
  Guarded(std::byte* memory, size_t used, size_t bytes) : memory(memory), bytes(bytes) {
    poison(memory + used, bytes - used);
  }
  ~Guarded() { unpoison(memory, bytes); }
  std::byte* memory;
  size_t bytes;
};

size_t round_up(size_t bytes) { return static_cast<size_t>(Arena::round_up(bytes)); }

/// The error for a mask with a number that cannot be meant as a truth: negative, infinite or NaN.
Status refusal(const AnyLayer::State& layer, const Prepared& prepared,
               const Prepared::Transfer& transfer, const std::byte* element) {
  size_t a = 0;  // the argument that the copy was for; there is one
  while (prepared.staged[a] != transfer.offset) ++a;
  const auto input = static_cast<size_t>(prepared.path->arguments[a].index);
  return {
      StatusCode::invalid_argument,
      text("input ", quoted(layer.inputs()[input].name), " holds ",
           number_text(transfer.copy.from, element), " (", name_of(transfer.copy.from),
           "), and it is a mask of truths: nonzero is visible, 0 is hidden, so a mask of numbers "
           "to add to the scores (0 visible, -inf or the least finite number hidden) would be "
           "taken for its opposite; pass `mask == 0` of such a mask, as bool, or, where the "
           "layer's description has `.score_mod`, add its numbers there: "
           "`.score_mod = [](auto s, auto at) { return s + bias[at.query][at.key]; }`")};
}

Status run_kernel(const AnyLayer::State& layer, Prepared& prepared, const WorkspacePlan& plan,
                  std::byte* memory, Executor& executor, int worker_count) {
  std::byte* copies = memory + plan.copies;
  // Into the workspace first, so that a call that is refused leaves its outputs as they were.
  for (bool into_workspace : {true, false}) {
    for (int i = 0; i < prepared.before_count; ++i) {
      const Prepared::Transfer& t = prepared.before[static_cast<size_t>(i)];
      if ((t.other == nullptr) != into_workspace) continue;
      std::byte* to = into_workspace ? copies + t.offset : t.other;
      const std::byte* refused = run_copy(t.copy, t.caller, to, executor);
      if (refused != nullptr) return refusal(layer, prepared, t, refused);
    }
  }
  for (size_t a = 0; a < static_cast<size_t>(prepared.path->argument_count); ++a) {
    if (prepared.staged[a] == Prepared::not_staged) continue;
    prepared.buffers[a].host = reinterpret_cast<uint8_t*>(copies + prepared.staged[a]);
  }
  Shared shared;
  shared.executor = &executor;
  shared.worker_count = worker_count;
  Call root;
  root.allocate = allocate;
  root.release = release;
  root.parallel_for = run_in_parallel;
  root.arena = Arena(memory + plan.root, prepared.call_bytes);
  root.shared = &shared;
  // The workers' Calls lie in the workspace too and are left there: they need no destructor.
  static_assert(std::is_trivially_destructible_v<Call>);
  for (int w = 0; w < worker_count; ++w) {
    const size_t at = static_cast<size_t>(w);
    Call* call = new (memory + plan.calls + at * sizeof(Call)) Call(root);
    call->parallel_for = run_serially;
    call->arena = Arena(memory + plan.workers + at * prepared.worker_bytes, prepared.worker_bytes);
  }
  shared.workers = std::launder(reinterpret_cast<Call*>(memory + plan.calls));

  attn_call* context = &root;
  prepared.arguments[0] = &context;
  const int failed = prepared.path->run(prepared.arguments.data());
  if (shared.strange_worker) {
    return {StatusCode::invalid_argument,
            text("the executor ran a task as a worker outside 0 to ", worker_count - 1,
                 ", which are those of its worker_count()")};
  }
  if (failed != 0) {
    return {StatusCode::internal,
            text("kernel ", quoted(prepared.path->name), " of target ",
                 quoted(layer.variant->target), " returned ", failed, "; please report it")};
  }
  bool overflowed = root.arena.overflowed();
  for (int w = 0; w < worker_count; ++w) overflowed |= shared.workers[w].arena.overflowed();
  if (overflowed) {
    return {
        StatusCode::internal,
        text("kernel ", quoted(prepared.path->name), " of target ", quoted(layer.variant->target),
             " took more memory than it had announced; please report it")};
  }
  for (int i = 0; i < prepared.after_count; ++i) {
    const Prepared::Transfer& t = prepared.after[static_cast<size_t>(i)];
    run_copy(t.copy, copies + t.offset, t.caller, executor);
  }
  return {};
}

}  // namespace

Status query_workspace(const AnyLayer::State& layer, Prepared& call) {
  Call root;
  root.allocate = allocate;
  root.release = release;
  root.parallel_for = run_serially;
  attn_call* context = &root;
  int64_t bytes[2] = {0, 0};
  attn_dimension dimension{0, 2, 1, 0};
  attn_buffer result{};
  result.host = reinterpret_cast<uint8_t*>(bytes);
  result.type_code = 0;
  result.type_bits = 64;
  result.type_lanes = 1;
  result.dimensions = 1;
  result.dim = &dimension;
  call.arguments[0] = &context;
  call.arguments[static_cast<size_t>(call.path->argument_count) + 1] = &result;
  const int failed = call.path->workspace(call.arguments.data());
  // 2^48: more than any machine has, and far from overflow.
  constexpr int64_t most = int64_t{1} << 48;
  if (failed != 0 || bytes[0] < 0 || bytes[1] < 0 || bytes[0] > most || bytes[1] > most) {
    return {StatusCode::internal,
            text("kernel ", quoted(call.path->name), " of target ", quoted(layer.variant->target),
                 " cannot say what memory it needs (returned ", failed, ", ", bytes[0], " and ",
                 bytes[1], " bytes); please report it")};
  }
  call.call_bytes = round_up(static_cast<size_t>(bytes[0]));
  call.worker_bytes = round_up(static_cast<size_t>(bytes[1]));
  return {};
}

Result<WorkspacePlan> plan_workspace(const Prepared& call, int worker_count) {
  if (worker_count < 1) {
    return Status(StatusCode::invalid_argument,
                  text("an executor needs at least 1 worker, this one has ", worker_count));
  }
  WorkspacePlan plan;
  if (call.empty) return plan;
  const size_t workers = static_cast<size_t>(worker_count);
  plan.calls = plan.copies + call.copy_bytes;
  plan.root = plan.calls + round_up(workers * sizeof(Call));
  plan.workers = plan.root + call.call_bytes;
  size_t all = 0;
  if (__builtin_mul_overflow(workers, call.worker_bytes, &all) ||
      __builtin_add_overflow(plan.workers, all, &plan.total)) {
    return Status(StatusCode::unsupported,
                  text("a call with ", worker_count, " workers of ", call.worker_bytes,
                       " bytes needs more memory than there can be"));
  }
  return plan;
}

Status run_prepared(const AnyLayer::State& layer, Prepared& call, Workspace& workspace,
                    Executor& executor) {
  const int worker_count = executor.worker_count();
  Result<WorkspacePlan> plan = plan_workspace(call, worker_count);
  if (!plan.ok()) return plan.status();
  Use use{workspace};
  if (!use.begun) {
    return {StatusCode::invalid_argument,
            "the workspace is in use by another call: every call at a time needs one of its own"};
  }
  if (Status s = workspace.reserve(plan->total); !s.ok()) return s;
  Guarded guarded(workspace.data(), plan->total, workspace.bytes());
  return run_kernel(layer, call, *plan, workspace.data(), executor, worker_count);
}

KernelTask kernel_task(Executor::Task task, const void* context) {
  return task == run_task ? static_cast<const Loop*>(context)->task : nullptr;
}

}  // namespace attn
