// masks.h - masks as kernels want them: bytes, keys side by side or broadcast.
#pragma once
#include <cstddef>
#include <cstdint>

#include "attn/runtime/executor.h"
#include "attn/runtime/kernel_abi.h"
#include "attn/runtime/status.h"
#include "shapes.h"

namespace attn {

/// Whether a kernel can read it as it is: elements of one byte, keys at stride 0 or 1, every offset
/// in 31 bits.
bool is_kernel_mask(const MaskView& view);

/// The bytes of its converted form; broadcast axes stay broadcast. The largest int64_t where there
/// are too many.
int64_t converted_bytes(const MaskView& view);

/// The same mask over bytes of 0 and 1 at `to`, of which there are converted_bytes(view), below
/// 2^31.
MaskView converted(const MaskView& view, const uint8_t* to);
/// Fills them.
void convert_mask(const MaskView& view, uint8_t* to, Executor& executor);

}  // namespace attn
