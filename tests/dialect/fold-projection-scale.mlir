// RUN: attn-opt %s --attn-fold-projection-scale | FileCheck %s

// CHECK-LABEL: attn.layer @folds
// CHECK: attn.project %{{.*}} by %{{.*}} scale 5.000000e-01 : (
// CHECK: attn.attention %{{.*}}, %{{.*}}, %{{.*}} rule zero : (
attn.layer @folds fingerprint 0x1 {
  %k = attn.input "k" : !attn.value<batch, key, head 2, size 8 : f32>
  %v = attn.input "v" : !attn.value<batch, key, head 2, size 8 : f32>
  %x = attn.input "x" : !attn.value<batch, query, feature 4 : f32>
  %w = attn.weight "query/kernel" : !attn.value<feature 4, head 2, size 8 : f32>
  %p = attn.project %x by %w scale 2.000000e+00 : (!attn.value<batch, query, feature 4 : f32>, !attn.value<feature 4, head 2, size 8 : f32>) -> !attn.value<batch, query, head 2, size 8 : f32>
  %a = attn.attention %p, %k, %v scale 2.500000e-01 rule zero : (!attn.value<batch, query, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, query, head 2, size 8 : f32>
  attn.return "output" %a : !attn.value<batch, query, head 2, size 8 : f32>
}

// The projection has another reader, who would see scaled queries.
// CHECK-LABEL: attn.layer @shared
// CHECK: attn.project %{{.*}} by %{{.*}} scale 2.000000e+00 : (
// CHECK: attn.attention %{{.*}}, %{{.*}}, %{{.*}} scale 2.500000e-01 rule zero : (
attn.layer @shared fingerprint 0x1 {
  %k = attn.input "k" : !attn.value<batch, key, head 2, size 8 : f32>
  %v = attn.input "v" : !attn.value<batch, key, head 2, size 8 : f32>
  %x = attn.input "x" : !attn.value<batch, query, feature 4 : f32>
  %w = attn.weight "query/kernel" : !attn.value<feature 4, head 2, size 8 : f32>
  %p = attn.project %x by %w scale 2.000000e+00 : (!attn.value<batch, query, feature 4 : f32>, !attn.value<feature 4, head 2, size 8 : f32>) -> !attn.value<batch, query, head 2, size 8 : f32>
  %a = attn.attention %p, %k, %v scale 2.500000e-01 rule zero : (!attn.value<batch, query, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, query, head 2, size 8 : f32>
  attn.return "output" %a, "queries" optional %p : !attn.value<batch, query, head 2, size 8 : f32>, !attn.value<batch, query, head 2, size 8 : f32>
}

// A pair function is of the queries as they are.
// CHECK-LABEL: attn.layer @pair
// CHECK: attn.project %{{.*}} by %{{.*}} : (
// CHECK: attn.attention %{{.*}}, %{{.*}}, %{{.*}} scale 2.500000e-01 rule zero pair {
attn.layer @pair fingerprint 0x1 {
  %k = attn.input "k" : !attn.value<batch, key, head 2, size 8 : f32>
  %x = attn.input "x" : !attn.value<batch, query, feature 4 : f32>
  %w = attn.weight "query/kernel" : !attn.value<feature 4, head 2, size 8 : f32>
  %p = attn.project %x by %w : (!attn.value<batch, query, feature 4 : f32>, !attn.value<feature 4, head 2, size 8 : f32>) -> !attn.value<batch, query, head 2, size 8 : f32>
  %a = attn.attention %p, %k, %k scale 2.500000e-01 rule zero pair {
  ^bb0(%b: f32, %c: f32):
    %y = arith.maximumf %b, %c : f32
    attn.yield %y : f32
  } : (!attn.value<batch, query, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, query, head 2, size 8 : f32>
  attn.return "output" %a : !attn.value<batch, query, head 2, size 8 : f32>
}
