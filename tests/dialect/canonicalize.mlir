// RUN: attn-opt %s --canonicalize --cse | FileCheck %s

// CHECK-LABEL: attn.layer @identity
// CHECK: %[[S:.*]] = attn.scores
// CHECK-NOT: attn.map
// CHECK: attn.return "output" %[[S]]
attn.layer @identity fingerprint 0x1 {
  %q = attn.input "q" : !attn.value<batch, query, head 2, size 8 : f32>
  %k = attn.input "k" : !attn.value<batch, key, head 2, size 8 : f32>
  %s = attn.scores %q, %k : (!attn.value<batch, query, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, head 2, query, key : f32>
  %m = attn.map %s : (!attn.value<batch, head 2, query, key : f32>) -> !attn.value<batch, head 2, query, key : f32> {
  ^bb0(%x: f32):
    %c = arith.constant 1.000000e+00 : f32
    %y = arith.mulf %x, %c : f32
    attn.yield %y : f32
  }
  attn.return "output" %m : !attn.value<batch, head 2, query, key : f32>
}

// CHECK-LABEL: attn.layer @always_visible
// CHECK: attn.softmax %{{.*}} rule zero : !attn.value
attn.layer @always_visible fingerprint 0x1 {
  %q = attn.input "q" : !attn.value<batch, query, head 2, size 8 : f32>
  %k = attn.input "k" : !attn.value<batch, key, head 2, size 8 : f32>
  %s = attn.scores %q, %k : (!attn.value<batch, query, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, head 2, query, key : f32>
  %p = attn.softmax %s rule zero mask {
    %i = attn.position query
    %keep = arith.cmpi sle, %i, %i : i32
    attn.yield %keep : i1
  } : !attn.value<batch, head 2, query, key : f32>
  attn.return "output" %p : !attn.value<batch, head 2, query, key : f32>
}

// Constants fold, and stay inside the formula that they belong to.
// CHECK-LABEL: attn.layer @constants
// CHECK: attn.softmax %{{.*}} rule zero mask {
// CHECK-NEXT: %[[C:.*]] = arith.constant 7 : i32
// CHECK-NEXT: %[[J:.*]] = attn.position key
// CHECK-NEXT: %[[K:.*]] = arith.cmpi slt, %[[J]], %[[C]] : i32
// CHECK-NEXT: attn.yield %[[K]] : i1
attn.layer @constants fingerprint 0x1 {
  %q = attn.input "q" : !attn.value<batch, query, head 2, size 8 : f32>
  %k = attn.input "k" : !attn.value<batch, key, head 2, size 8 : f32>
  %s = attn.scores %q, %k : (!attn.value<batch, query, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, head 2, query, key : f32>
  %p = attn.softmax %s rule zero mask {
    %a = arith.constant 3 : i32
    %b = arith.constant 4 : i32
    %c = arith.addi %a, %b : i32
    %j = attn.position key
    %keep = arith.cmpi slt, %j, %c : i32
    attn.yield %keep : i1
  } : !attn.value<batch, head 2, query, key : f32>
  attn.return "output" %p : !attn.value<batch, head 2, query, key : f32>
}

// Inputs and weights are the layer's interface: they stay though nothing reads them. A flag is not known.
// CHECK-LABEL: attn.layer @interface
// CHECK: attn.input "unused"
// CHECK: %[[F:.*]] = attn.input "flag" optional
// CHECK: attn.weight "unused/kernel"
// CHECK: attn.own %[[F]]
// CHECK: arith.xori
attn.layer @interface fingerprint 0x1 {
  %q = attn.input "q" : !attn.value<batch, query, head 2, size 8 : f32>
  %k = attn.input "k" : !attn.value<batch, key, head 2, size 8 : f32>
  %unused = attn.input "unused" : !attn.value<batch, query, head 2, size 8 : f32>
  %f = attn.input "flag" optional : !attn.value<i1>
  %w = attn.weight "unused/kernel" : !attn.value<feature 4 : f32>
  %s = attn.scores %q, %k : (!attn.value<batch, query, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, head 2, query, key : f32>
  %p = attn.softmax %s rule zero mask {
    %true = arith.constant true
    %flag = attn.own %f : !attn.value<i1>
    %not = arith.xori %flag, %true : i1
    attn.yield %not : i1
  } : !attn.value<batch, head 2, query, key : f32>
  attn.return "output" %p : !attn.value<batch, head 2, query, key : f32>
}
