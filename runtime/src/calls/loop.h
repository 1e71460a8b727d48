// loop.h - what an executor runs for a call, for tools that tell a call's loops apart.
//
//   void parallel_for(int count, Task task, void* context) override {
//     const attn::KernelTask loop = attn::kernel_task(task, context);   // code of the kernel, or null
#pragma once
#include "attn/runtime/executor.h"
#include "attn/runtime/kernel_abi.h"

namespace attn {

using KernelTask = int (*)(attn_call*, int, uint8_t*);

/// The function of the kernel that an executor's loop calls; null for a loop of the runtime itself,
/// which copies a tensor.
KernelTask kernel_task(Executor::Task task, const void* context);

}  // namespace attn
