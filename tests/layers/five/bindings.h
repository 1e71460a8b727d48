// bindings.h - the layers of layers.h and their tables.
#pragma once
#include "five_layers/additive.attn.h"
#include "five_layers/additive_twice.attn.h"
#include "five_layers/brain.attn.h"
#include "five_layers/cached.attn.h"
#include "five_layers/cached_odd.attn.h"
#include "five_layers/cached_over_both.attn.h"
#include "five_layers/cached_rows.attn.h"
#include "five_layers/flash.attn.h"
#include "five_layers/gated_narrow.attn.h"
#include "five_layers/gated_window.attn.h"
#include "five_layers/grouped_gate.attn.h"
#include "five_layers/half.attn.h"
#include "five_layers/luong.attn.h"
#include "five_layers/luong_flat.attn.h"
#include "five_layers/over_both.attn.h"
#include "five_layers/over_rows.attn.h"
#include "five_layers/reuse_all.attn.h"
#include "five_layers/reuse_none.attn.h"
#include "five_layers/reuse_some.attn.h"
#include "five_layers/twice.attn.h"
#include "layers/subject.h"

namespace attn_test {

inline const std::vector<Subject>& subjects() {
  static const std::vector<Subject> all = subjects_of(five::layers{});
  return all;
}

}  // namespace attn_test
