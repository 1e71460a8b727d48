// RUN: attn-opt %s --attn-inference | FileCheck %s

// CHECK-LABEL: attn.layer @drops
// CHECK: %[[P:.*]] = attn.softmax
// CHECK-NOT: attn.dropout
// CHECK: attn.return "output" %[[P]]
attn.layer @drops fingerprint 0x1 {
  %q = attn.input "q" : !attn.value<batch, query, head 2, size 8 : f32>
  %k = attn.input "k" : !attn.value<batch, key, head 2, size 8 : f32>
  %s = attn.scores %q, %k : (!attn.value<batch, query, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, head 2, query, key : f32>
  %p = attn.softmax %s rule zero : !attn.value<batch, head 2, query, key : f32>
  %d = attn.dropout %p rate 1.000000e-01 : !attn.value<batch, head 2, query, key : f32>
  attn.return "output" %d : !attn.value<batch, head 2, query, key : f32>
}
