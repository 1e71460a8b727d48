// RUN: attn-opt %s --attn-classify-blocks --canonicalize --cse | FileCheck %s

// Positions are intervals: of a tile and a cell, the first key against the last query tells whether
// a pair can be visible, the last key against the first query whether all are.
// CHECK-LABEL: attn.layer @causal
// CHECK: attn.attention %{{.*}} rule zero shape "causal" mask {
// CHECK: } blocks {
// CHECK-NEXT: ^bb0(%[[FIRST:.*]]: index, %[[LAST:.*]]: index, %[[FROM:.*]]: index, %[[TO:.*]]: index):
// CHECK-NEXT:   %[[POSSIBLE:.*]] = arith.cmpi sge, %[[LAST]], %[[FROM]] : index
// CHECK-NEXT:   %[[CERTAIN:.*]] = arith.cmpi sge, %[[FIRST]], %[[TO]] : index
// CHECK-NEXT:   attn.yield %[[POSSIBLE]], %[[CERTAIN]] : i1, i1
attn.layer @causal fingerprint 0x1 {
  %q = attn.input "q" : !attn.value<batch, query, head 2, size 8 : f32>
  %k = attn.input "k" : !attn.value<batch, key, head 2, size 8 : f32>
  %a = attn.attention %q, %k, %k rule zero mask {
    %i = attn.position query
    %j = attn.position key
    %hidden = arith.cmpi sgt, %j, %i : i32
    %true = arith.constant true
    %keep = arith.xori %hidden, %true : i1
    attn.yield %keep : i1
  } : (!attn.value<batch, query, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, query, head 2, size 8 : f32>
  attn.return "output" %a : !attn.value<batch, query, head 2, size 8 : f32>
}

// A table at a position is looked at, over the axis of that position; a number of the sequence is a
// point.
// CHECK-LABEL: attn.layer @tables
// CHECK: shape "same document & padding"
// CHECK: } blocks {
// CHECK: attn.extremes over query {
// CHECK:   attn.element
// CHECK: attn.extremes over key {
// CHECK:   attn.element
// CHECK-NOT: attn.extremes
// CHECK: attn.element %{{.*}}[%{{.*}}] : !attn.value<batch : i32>
// CHECK: arith.cmpi slt, %{{.*}}, %{{.*}} : index
attn.layer @tables fingerprint 0x1 {
  %q = attn.input "q" : !attn.value<batch, query, head 2, size 8 : f32>
  %k = attn.input "k" : !attn.value<batch, key, head 2, size 8 : f32>
  %document = attn.input "document" : !attn.value<batch, other : i32>
  %lengths = attn.input "lengths" : !attn.value<batch : i32>
  %a = attn.attention %q, %k, %k rule zero mask {
    %b = attn.position batch
    %i = attn.position query
    %j = attn.position key
    %x = attn.element %document[%b, %i] : !attn.value<batch, other : i32>
    %y = attn.element %document[%b, %j] : !attn.value<batch, other : i32>
    %same = arith.cmpi eq, %x, %y : i32
    %length = attn.element %lengths[%b] : !attn.value<batch : i32>
    %inside = arith.cmpi slt, %j, %length : i32
    %keep = arith.andi %same, %inside : i1
    attn.yield %keep : i1
  } : (!attn.value<batch, query, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, query, head 2, size 8 : f32>
  attn.return "output" %a : !attn.value<batch, query, head 2, size 8 : f32>
}

// Masks of a call are looked at one by one, along the axes that they have.
// CHECK-LABEL: attn.layer @given
// CHECK: shape "mask & seen"
// CHECK: } blocks {
// CHECK: attn.extremes over pairs {
// CHECK-NEXT: attn.own %{{.*}} : !attn.value<batch, head 2, query, key : i1>
// CHECK: attn.extremes over key {
// CHECK-NEXT: attn.own %{{.*}} : !attn.value<batch, key : i1>
attn.layer @given fingerprint 0x1 {
  %q = attn.input "q" : !attn.value<batch, query, head 2, size 8 : f32>
  %k = attn.input "k" : !attn.value<batch, key, head 2, size 8 : f32>
  %mask = attn.input "mask" optional : !attn.value<batch, head 2, query, key : i1>
  %seen = attn.input "seen" optional : !attn.value<batch, key : i1>
  %a = attn.attention %q, %k, %k rule zero mask {
    %x = attn.own %mask : !attn.value<batch, head 2, query, key : i1>
    %y = attn.own %seen : !attn.value<batch, key : i1>
    %keep = arith.andi %x, %y : i1
    attn.yield %keep : i1
  } : (!attn.value<batch, query, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, query, head 2, size 8 : f32>
  attn.return "output" %a : !attn.value<batch, query, head 2, size 8 : f32>
}

// Of a product of two positions nothing is known, and nothing is written.
// CHECK-LABEL: attn.layer @unknown
// CHECK: shape "formula"
// CHECK-NOT: blocks
attn.layer @unknown fingerprint 0x1 {
  %q = attn.input "q" : !attn.value<batch, query, head 2, size 8 : f32>
  %k = attn.input "k" : !attn.value<batch, key, head 2, size 8 : f32>
  %a = attn.attention %q, %k, %k rule zero mask {
    %i = attn.position query
    %j = attn.position key
    %product = arith.muli %i, %j : i32
    %c = arith.constant 7 : i32
    %keep = arith.cmpi eq, %product, %c : i32
    attn.yield %keep : i1
  } : (!attn.value<batch, query, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, query, head 2, size 8 : f32>
  attn.return "output" %a : !attn.value<batch, query, head 2, size 8 : f32>
}

// A sum is taken as a whole, in 64 bits; where it leaves 32, it may be any index.
// CHECK-LABEL: attn.layer @large
// CHECK: } blocks {
// CHECK-NEXT: ^bb0(%[[FIRST:.*]]: index, %[[LAST:.*]]: index, %[[FROM:.*]]: index, %[[TO:.*]]: index):
// CHECK: %[[LEAST:.*]] = arith.addi
// CHECK: %[[MOST:.*]] = arith.addi
// CHECK: %[[EXACT:.*]] = arith.cmpi sle, %[[MOST]], %c2147483647 : index
// CHECK: arith.select %[[EXACT]], %[[LEAST]], %c-2147483648 : index
// CHECK: arith.select %[[EXACT]], %[[MOST]], %c2147483647 : index
attn.layer @large fingerprint 0x1 {
  %q = attn.input "q" : !attn.value<batch, query, head 2, size 8 : f32>
  %k = attn.input "k" : !attn.value<batch, key, head 2, size 8 : f32>
  %a = attn.attention %q, %k, %k rule zero mask {
    %i = attn.position query
    %j = attn.position key
    %x = arith.constant 1000003 : i32
    %y = arith.constant 7919 : i32
    %n = arith.constant 64 : i32
    %eight = arith.constant 8 : i32
    %a0 = arith.muli %i, %x : i32
    %b0 = arith.muli %j, %y : i32
    %sum = arith.addi %a0, %b0 : i32
    %hash = arith.remsi %sum, %n : i32
    %keep = arith.cmpi slt, %hash, %eight : i32
    attn.yield %keep : i1
  } : (!attn.value<batch, query, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, query, head 2, size 8 : f32>
  attn.return "output" %a : !attn.value<batch, query, head 2, size 8 : f32>
}
