// RUN: attn-opt %s --pass-pipeline='builtin.module(attn.layer(attn-choose-phases))' | FileCheck %s
// RUN: attn-opt %s --pass-pipeline='builtin.module(attn.layer(attn-choose-phases,attn-choose-phases))' | FileCheck %s

// Keys and values as they lie: one query has a path of its own, and so have few, before the one for
// all.
// CHECK-LABEL: attn.layer @heads
// CHECK: %[[Q:.*]] = attn.input "q"
// CHECK: %[[K:.*]] = attn.input "k"
// CHECK: %[[V:.*]] = attn.input "v"
// CHECK: attn.path "output_decode" phase "decode" most_queries 1 {
// CHECK-NEXT: %[[A:.*]] = attn.attention %[[Q]], %[[K]], %[[V]] scale 5.000000e-01 rule zero mask {
// CHECK: } keys {
// CHECK: attn.return "output" %[[A]]
// CHECK: attn.path "output_few" phase "few" most_queries 64 {
// CHECK-NEXT: %{{.*}} = attn.attention %[[Q]], %[[K]], %[[V]]
// CHECK: attn.path "output" {
// CHECK-NEXT: %[[B:.*]] = attn.attention %[[Q]], %[[K]], %[[V]] scale 5.000000e-01 rule zero mask {
// CHECK: } keys {
// CHECK: attn.return "output" %[[B]]
// Probabilities are stored: the whole row of each query is there anyway.
// CHECK: attn.path "output_attention_scores" {
// CHECK-NOT: attn.path
attn.layer @heads fingerprint 0x1 {
  %q = attn.input "q" : !attn.value<batch, query, head 6, size 8 : f32>
  %k = attn.input "k" : !attn.value<batch, key, head 2, size 8 : f32>
  %v = attn.input "v" : !attn.value<batch, key, head 2, size 8 : f32>
  attn.path "output" {
    %a = attn.attention %q, %k, %v scale 5.000000e-01 rule zero mask {
      %i = attn.position query
      %j = attn.position key
      %keep = arith.cmpi sle, %j, %i : i32
      attn.yield %keep : i1
    } keys {
    ^bb0(%first: index, %last: index):
      %zero = arith.constant 0 : index
      attn.yield %zero, %last : index, index
    } : (!attn.value<batch, query, head 6, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, query, head 6, size 8 : f32>
    attn.return "output" %a : !attn.value<batch, query, head 6, size 8 : f32>
  }
  attn.path "output_attention_scores" {
    %a, %p = attn.attention %q, %k, %v rule zero : (!attn.value<batch, query, head 6, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>) -> (!attn.value<batch, query, head 6, size 8 : f32>, !attn.value<batch, head 6, query, key : f32>)
    attn.return "output" %a, "attention_scores" optional %p : !attn.value<batch, query, head 6, size 8 : f32>, !attn.value<batch, head 6, query, key : f32>
  }
}

// Keys are projected: no phases.
// CHECK-LABEL: attn.layer @projected
// CHECK-NOT: attn.path "output_decode"
// CHECK: attn.path "output" {
// CHECK-NOT: attn.path
attn.layer @projected fingerprint 0x1 {
  %q = attn.input "q" : !attn.value<batch, query, head 6, size 8 : f32>
  %x = attn.input "x" : !attn.value<batch, key, feature of @x : f32>
  %v = attn.input "v" : !attn.value<batch, key, head 2, size 8 : f32>
  %w = attn.weight "key/kernel" : !attn.value<feature of @x, head 2, size 8 : f32>
  attn.path "output" {
    %k = attn.project %x by %w : (!attn.value<batch, key, feature of @x : f32>, !attn.value<feature of @x, head 2, size 8 : f32>) -> !attn.value<batch, key, head 2, size 8 : f32>
    %a = attn.attention %q, %k, %v rule zero : (!attn.value<batch, query, head 6, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, query, head 6, size 8 : f32>
    attn.return "output" %a : !attn.value<batch, query, head 6, size 8 : f32>
  }
}

// Keys and values of a cache, and a projected query: they are read as they lie, too.
// CHECK-LABEL: attn.layer @cached
// CHECK: attn.path "output_with_cache_decode" phase "decode" most_queries 1 given ["cache"] {
// CHECK: attn.path "output_with_cache_few" phase "few" most_queries 64 given ["cache"] {
// CHECK: attn.path "output_with_cache" given ["cache"] {
attn.layer @cached fingerprint 0x1 {
  %x = attn.input "x" : !attn.value<batch, query, feature 4 : f32>
  %cache = attn.input "cache" optional : !attn.value<batch, slot 2, key, head 2, size 8 : f32>
  %w = attn.weight "query/kernel" : !attn.value<feature 4, head 2, size 8 : f32>
  attn.path "output_with_cache" given ["cache"] {
    %q = attn.project %x by %w : (!attn.value<batch, query, feature 4 : f32>, !attn.value<feature 4, head 2, size 8 : f32>) -> !attn.value<batch, query, head 2, size 8 : f32>
    %k = attn.slot 0 of %cache : (!attn.value<batch, slot 2, key, head 2, size 8 : f32>) -> !attn.value<batch, key, head 2, size 8 : f32>
    %v = attn.slot 1 of %cache : (!attn.value<batch, slot 2, key, head 2, size 8 : f32>) -> !attn.value<batch, key, head 2, size 8 : f32>
    %a = attn.attention %q, %k, %v rule zero : (!attn.value<batch, query, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, query, head 2, size 8 : f32>
    attn.return "output" %a : !attn.value<batch, query, head 2, size 8 : f32>
  }
}

// Pair functions, the rule `additive` and queries along two axes: no phases.
// CHECK-LABEL: attn.layer @without
// CHECK-NOT: phase
// CHECK: attn.path "three"
attn.layer @without fingerprint 0x1 {
  %q = attn.input "q" : !attn.value<batch, query, head 2, size 8 : f32>
  %q2 = attn.input "q2" : !attn.value<batch, query, query.1, head 2, size 8 : f32>
  %k = attn.input "k" : !attn.value<batch, key, head 2, size 8 : f32>
  attn.path "one" {
    %a = attn.attention %q, %k, %k rule zero pair {
    ^bb0(%b: f32, %c: f32):
      %y = arith.maximumf %b, %c : f32
      attn.yield %y : f32
    } : (!attn.value<batch, query, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, query, head 2, size 8 : f32>
    attn.return "output" %a : !attn.value<batch, query, head 2, size 8 : f32>
  }
  attn.path "two" {
    %a = attn.attention %q, %k, %k rule additive : (!attn.value<batch, query, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, query, head 2, size 8 : f32>
    attn.return "output" %a : !attn.value<batch, query, head 2, size 8 : f32>
  }
  attn.path "three" {
    %a = attn.attention %q2, %k, %k rule zero : (!attn.value<batch, query, query.1, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, query, query.1, head 2, size 8 : f32>
    attn.return "output" %a : !attn.value<batch, query, query.1, head 2, size 8 : f32>
  }
}
