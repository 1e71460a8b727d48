// RUN: attn-opt %s --pass-pipeline='builtin.module(attn.layer(attn-split-paths))' | FileCheck %s

// CHECK-LABEL: attn.layer @two
// CHECK: %[[V:.*]] = attn.input "v"
// CHECK: %[[MASK:.*]] = attn.input "mask" optional
// CHECK-NOT: attn.scores
// CHECK: attn.path "output" {
// CHECK:   attn.scores
// CHECK-NOT: attn.map
// CHECK:   %[[P:.*]] = attn.softmax %{{.*}} rule uniform mask {
// CHECK:     attn.own %[[MASK]]
// CHECK:   %[[C:.*]] = attn.combine %[[P]], %[[V]]
// CHECK:   attn.return "output" %[[C]] :
// CHECK: }
// CHECK: attn.path "output_attention_scores" {
// CHECK:   %[[P2:.*]] = attn.softmax %{{.*}} rule zero mask {
// CHECK:   %[[C2:.*]] = attn.combine %[[P2]], %[[V]]
// CHECK:   attn.return "output" %[[C2]], "attention_scores" optional %[[P2]] :
// CHECK: }
// CHECK-NOT: attn.return
attn.layer @two fingerprint 0x1 {
  %q = attn.input "q" : !attn.value<batch, query, head 2, size 8 : f32>
  %k = attn.input "k" : !attn.value<batch, key, head 2, size 8 : f32>
  %v = attn.input "v" : !attn.value<batch, key, head 2, size 8 : f32>
  %mask = attn.input "mask" optional : !attn.value<batch, key : i1>
  %s = attn.scores %q, %k : (!attn.value<batch, query, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, head 2, query, key : f32>
  %unused = attn.map %s : (!attn.value<batch, head 2, query, key : f32>) -> !attn.value<batch, head 2, query, key : f32> {
  ^bb0(%x: f32):
    %t = math.tanh %x : f32
    attn.yield %t : f32
  }
  %p = attn.softmax %s rule uniform with_scores zero mask {
    %keep = attn.own %mask : !attn.value<batch, key : i1>
    attn.yield %keep : i1
  } : !attn.value<batch, head 2, query, key : f32>
  %c = attn.combine %p, %v : (!attn.value<batch, head 2, query, key : f32>, !attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, query, head 2, size 8 : f32>
  attn.return "output" %c, "attention_scores" optional %p : !attn.value<batch, query, head 2, size 8 : f32>, !attn.value<batch, head 2, query, key : f32>
}

// One set of outputs, one path.
// CHECK-LABEL: attn.layer @one
// CHECK: attn.path "output" {
// CHECK-NOT: attn.path
attn.layer @one fingerprint 0x1 {
  %q = attn.input "q" : !attn.value<batch, query, head 2, size 8 : f32>
  %k = attn.input "k" : !attn.value<batch, key, head 2, size 8 : f32>
  %s = attn.scores %q, %k : (!attn.value<batch, query, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, head 2, query, key : f32>
  attn.return "output" %s : !attn.value<batch, head 2, query, key : f32>
}
