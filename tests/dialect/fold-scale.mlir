// RUN: attn-opt %s --attn-fold-scale | FileCheck %s

// CHECK-LABEL: attn.layer @multiplied
// CHECK: %[[S:.*]] = attn.scores %{{.*}}, %{{.*}} scale 1.250000e-01
// CHECK-NOT: attn.map
// CHECK: attn.return "output" %[[S]]
attn.layer @multiplied fingerprint 0x1 {
  %q = attn.input "q" : !attn.value<batch, query, head 2, size 8 : f32>
  %k = attn.input "k" : !attn.value<batch, key, head 2, size 8 : f32>
  %s = attn.scores %q, %k : (!attn.value<batch, query, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, head 2, query, key : f32>
  %m = attn.map %s : (!attn.value<batch, head 2, query, key : f32>) -> !attn.value<batch, head 2, query, key : f32> {
  ^bb0(%x: f32):
    %c = arith.constant 1.250000e-01 : f32
    %y = arith.mulf %c, %x : f32
    attn.yield %y : f32
  }
  attn.return "output" %m : !attn.value<batch, head 2, query, key : f32>
}

// A chain, a division, a sign, and a scale that is there already.
// CHECK-LABEL: attn.layer @chain
// CHECK: attn.scores %{{.*}}, %{{.*}} scale -6.250000e-02
// CHECK-NOT: attn.map
attn.layer @chain fingerprint 0x1 {
  %q = attn.input "q" : !attn.value<batch, query, head 2, size 8 : f32>
  %k = attn.input "k" : !attn.value<batch, key, head 2, size 8 : f32>
  %s = attn.scores %q, %k scale 5.000000e-01 : (!attn.value<batch, query, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, head 2, query, key : f32>
  %m = attn.map %s : (!attn.value<batch, head 2, query, key : f32>) -> !attn.value<batch, head 2, query, key : f32> {
  ^bb0(%x: f32):
    %c = arith.constant 4.000000e+00 : f32
    %y = arith.divf %x, %c : f32
    attn.yield %y : f32
  }
  %n = attn.map %m : (!attn.value<batch, head 2, query, key : f32>) -> !attn.value<batch, head 2, query, key : f32> {
  ^bb0(%x: f32):
    %c = arith.constant 5.000000e-01 : f32
    %y = arith.mulf %x, %c : f32
    %z = arith.negf %y : f32
    attn.yield %z : f32
  }
  attn.return "output" %n : !attn.value<batch, head 2, query, key : f32>
}

// What is no multiple stays.
// CHECK-LABEL: attn.layer @capped
// CHECK: attn.scores %{{.*}}, %{{.*}} : (
// CHECK: attn.map
attn.layer @capped fingerprint 0x1 {
  %q = attn.input "q" : !attn.value<batch, query, head 2, size 8 : f32>
  %k = attn.input "k" : !attn.value<batch, key, head 2, size 8 : f32>
  %s = attn.scores %q, %k : (!attn.value<batch, query, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, head 2, query, key : f32>
  %m = attn.map %s : (!attn.value<batch, head 2, query, key : f32>) -> !attn.value<batch, head 2, query, key : f32> {
  ^bb0(%x: f32):
    %c = arith.constant 5.000000e+01 : f32
    %y = arith.divf %x, %c : f32
    %t = math.tanh %y : f32
    %z = arith.mulf %t, %c : f32
    attn.yield %z : f32
  }
  attn.return "output" %m : !attn.value<batch, head 2, query, key : f32>
}

// Scores that something else reads too stay as they are.
// CHECK-LABEL: attn.layer @shared
// CHECK: attn.scores %{{.*}}, %{{.*}} : (
// CHECK: attn.map
attn.layer @shared fingerprint 0x1 {
  %q = attn.input "q" : !attn.value<batch, query, head 2, size 8 : f32>
  %k = attn.input "k" : !attn.value<batch, key, head 2, size 8 : f32>
  %s = attn.scores %q, %k : (!attn.value<batch, query, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, head 2, query, key : f32>
  %m = attn.map %s : (!attn.value<batch, head 2, query, key : f32>) -> !attn.value<batch, head 2, query, key : f32> {
  ^bb0(%x: f32):
    %c = arith.constant 5.000000e-01 : f32
    %y = arith.mulf %x, %c : f32
    attn.yield %y : f32
  }
  attn.return "output" %m, "scores" optional %s : !attn.value<batch, head 2, query, key : f32>, !attn.value<batch, head 2, query, key : f32>
}
