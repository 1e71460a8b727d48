// RUN: attn-opt %s --attn-form-attention | FileCheck %s

// The scale counts powers of 2: 0.125 * log2(e).
// CHECK-LABEL: attn.layer @online
// CHECK-NOT: attn.softmax
// CHECK: %[[A:.*]] = attn.attention %{{.*}}, %{{.*}}, %{{.*}} scale 0.180336878 rule zero mask {
// CHECK:   arith.cmpi sle
// CHECK:   attn.yield
// CHECK: } : (
// CHECK: attn.return "output" %[[A]]
attn.layer @online fingerprint 0x1 {
  %q = attn.input "q" : !attn.value<batch, query, head 2, size 8 : f32>
  %k = attn.input "k" : !attn.value<batch, key, head 2, size 8 : f32>
  %v = attn.input "v" : !attn.value<batch, key, head 2, size 8 : f32>
  %s = attn.scores %q, %k scale 1.250000e-01 : (!attn.value<batch, query, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, head 2, query, key : f32>
  %p = attn.softmax %s rule zero mask {
    %i = attn.position query
    %j = attn.position key
    %keep = arith.cmpi sle, %j, %i : index
    attn.yield %keep : i1
  } : !attn.value<batch, head 2, query, key : f32>
  %c = attn.combine %p, %v : (!attn.value<batch, head 2, query, key : f32>, !attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, query, head 2, size 8 : f32>
  attn.return "output" %c : !attn.value<batch, query, head 2, size 8 : f32>
}

// CHECK-LABEL: attn.layer @stored
// CHECK: %[[A:.*]], %[[P:.*]] = attn.attention %{{.*}} scale 1.44269502 rule uniform : (
// CHECK: attn.return "output" %[[A]], "attention_scores" optional %[[P]]
attn.layer @stored fingerprint 0x1 {
  %q = attn.input "q" : !attn.value<batch, query, head 2, size 8 : f32>
  %k = attn.input "k" : !attn.value<batch, key, head 2, size 8 : f32>
  %v = attn.input "v" : !attn.value<batch, key, head 2, size 8 : f32>
  %s = attn.scores %q, %k : (!attn.value<batch, query, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, head 2, query, key : f32>
  %p = attn.softmax %s rule uniform : !attn.value<batch, head 2, query, key : f32>
  %c = attn.combine %p, %v : (!attn.value<batch, head 2, query, key : f32>, !attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, query, head 2, size 8 : f32>
  attn.return "output" %c, "attention_scores" optional %p : !attn.value<batch, query, head 2, size 8 : f32>, !attn.value<batch, head 2, query, key : f32>
}

// A score function stands between: nothing is formed.
// CHECK-LABEL: attn.layer @between
// CHECK-NOT: attn.attention
// CHECK: attn.combine
attn.layer @between fingerprint 0x1 {
  %q = attn.input "q" : !attn.value<batch, query, head 2, size 8 : f32>
  %k = attn.input "k" : !attn.value<batch, key, head 2, size 8 : f32>
  %v = attn.input "v" : !attn.value<batch, key, head 2, size 8 : f32>
  %s = attn.scores %q, %k : (!attn.value<batch, query, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, head 2, query, key : f32>
  %m = attn.map %s : (!attn.value<batch, head 2, query, key : f32>) -> !attn.value<batch, head 2, query, key : f32> {
  ^bb0(%x: f32):
    %t = math.tanh %x : f32
    attn.yield %t : f32
  }
  %p = attn.softmax %m rule zero : !attn.value<batch, head 2, query, key : f32>
  %c = attn.combine %p, %v : (!attn.value<batch, head 2, query, key : f32>, !attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, query, head 2, size 8 : f32>
  attn.return "output" %c : !attn.value<batch, query, head 2, size 8 : f32>
}

// Two rules: the paths are not split yet.
// CHECK-LABEL: attn.layer @unsplit
// CHECK-NOT: attn.attention
attn.layer @unsplit fingerprint 0x1 {
  %q = attn.input "q" : !attn.value<batch, query, head 2, size 8 : f32>
  %k = attn.input "k" : !attn.value<batch, key, head 2, size 8 : f32>
  %v = attn.input "v" : !attn.value<batch, key, head 2, size 8 : f32>
  %s = attn.scores %q, %k : (!attn.value<batch, query, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, head 2, query, key : f32>
  %p = attn.softmax %s rule uniform with_scores zero : !attn.value<batch, head 2, query, key : f32>
  %c = attn.combine %p, %v : (!attn.value<batch, head 2, query, key : f32>, !attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, query, head 2, size 8 : f32>
  attn.return "output" %c, "attention_scores" optional %p : !attn.value<batch, query, head 2, size 8 : f32>, !attn.value<batch, head 2, query, key : f32>
}

// Six query heads read two key and value heads, which attention takes as they are.
// CHECK-LABEL: attn.layer @grouped
// CHECK: %[[Q:.*]] = attn.input "q"
// CHECK: %[[K:.*]] = attn.input "k"
// CHECK: %[[V:.*]] = attn.input "v"
// CHECK-NOT: attn.share_heads
// CHECK: attn.attention %[[Q]], %[[K]], %[[V]] scale 1.44269502 rule zero : (!attn.value<batch, query, head 6, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, query, head 6, size 8 : f32>
attn.layer @grouped fingerprint 0x1 {
  %q = attn.input "q" : !attn.value<batch, query, head 6, size 8 : f32>
  %k = attn.input "k" : !attn.value<batch, key, head 2, size 8 : f32>
  %v = attn.input "v" : !attn.value<batch, key, head 2, size 8 : f32>
  %k3 = attn.share_heads %k : (!attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, key, head 6, size 8 : f32>
  %s = attn.scores %q, %k3 : (!attn.value<batch, query, head 6, size 8 : f32>, !attn.value<batch, key, head 6, size 8 : f32>) -> !attn.value<batch, head 6, query, key : f32>
  %p = attn.softmax %s rule zero : !attn.value<batch, head 6, query, key : f32>
  %v3 = attn.share_heads %v : (!attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, key, head 6, size 8 : f32>
  %c = attn.combine %p, %v3 : (!attn.value<batch, head 6, query, key : f32>, !attn.value<batch, key, head 6, size 8 : f32>) -> !attn.value<batch, query, head 6, size 8 : f32>
  attn.return "output" %c : !attn.value<batch, query, head 6, size 8 : f32>
}

// Keys are shared by more heads than values: attention has one number of heads for both.
// CHECK-LABEL: attn.layer @differently
// CHECK: %[[K:.*]] = attn.share_heads
// CHECK: %[[V:.*]] = attn.share_heads
// CHECK: attn.attention %{{.*}}, %[[K]], %[[V]]
attn.layer @differently fingerprint 0x1 {
  %q = attn.input "q" : !attn.value<batch, query, head 6, size 8 : f32>
  %k = attn.input "k" : !attn.value<batch, key, head 2, size 8 : f32>
  %v = attn.input "v" : !attn.value<batch, key, head 3, size 8 : f32>
  %k3 = attn.share_heads %k : (!attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, key, head 6, size 8 : f32>
  %s = attn.scores %q, %k3 : (!attn.value<batch, query, head 6, size 8 : f32>, !attn.value<batch, key, head 6, size 8 : f32>) -> !attn.value<batch, head 6, query, key : f32>
  %p = attn.softmax %s rule zero : !attn.value<batch, head 6, query, key : f32>
  %v2 = attn.share_heads %v : (!attn.value<batch, key, head 3, size 8 : f32>) -> !attn.value<batch, key, head 6, size 8 : f32>
  %c = attn.combine %p, %v2 : (!attn.value<batch, head 6, query, key : f32>, !attn.value<batch, key, head 6, size 8 : f32>) -> !attn.value<batch, query, head 6, size 8 : f32>
  attn.return "output" %c : !attn.value<batch, query, head 6, size 8 : f32>
}
