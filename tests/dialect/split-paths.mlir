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

// What a call brings decides: without a cache new keys are the keys, with an index they go into it.
// An index without a cache has no path, and an absent index reads as 0.
// CHECK-LABEL: attn.layer @cached
// CHECK: attn.path "output" absent ["cache", "at"] {
// CHECK:   %[[K0:.*]] = attn.as_keys
// CHECK:   attn.map %[[K0]]
// CHECK:     arith.constant 0 : i32
// CHECK-NOT: attn.own
// CHECK:   attn.return "output" %{{.*}} :
// CHECK: attn.path "output_with_cache" given ["cache"] absent ["at"] {
// CHECK-NOT: attn.splice
// CHECK:   attn.slot 0 of
// CHECK: attn.path "output_cache_with_cache_at" given ["cache", "at"] {
// CHECK:   %[[NEW:.*]] = attn.splice
// CHECK:   attn.slot 0 of %[[NEW]]
// CHECK:   attn.own
// CHECK:   attn.return "output" %{{.*}}, "cache" starts_as @cache %[[NEW]] :
// CHECK-NOT: attn.path
attn.layer @cached fingerprint 0x1 {
  %new_k = attn.input "new_k" : !attn.value<batch, update, head 2, size 8 : f32>
  %cache = attn.input "cache" optional : !attn.value<batch, slot 2, key, head 2, size 8 : f32>
  %at = attn.input "at" optional : !attn.value<batch : i32>
  %new = attn.splice %cache, %new_k, %new_k at %at : (!attn.value<batch, slot 2, key, head 2, size 8 : f32>, !attn.value<batch, update, head 2, size 8 : f32>, !attn.value<batch, update, head 2, size 8 : f32>, !attn.value<batch : i32>) -> !attn.value<batch, slot 2, key, head 2, size 8 : f32>
  %kept = attn.given %at then %new else %cache : (!attn.value<batch : i32>, !attn.value<batch, slot 2, key, head 2, size 8 : f32>, !attn.value<batch, slot 2, key, head 2, size 8 : f32>) -> !attn.value<batch, slot 2, key, head 2, size 8 : f32>
  %slot = attn.slot 0 of %kept : (!attn.value<batch, slot 2, key, head 2, size 8 : f32>) -> !attn.value<batch, key, head 2, size 8 : f32>
  %alone = attn.as_keys %new_k : (!attn.value<batch, update, head 2, size 8 : f32>) -> !attn.value<batch, key, head 2, size 8 : f32>
  %k = attn.given %cache then %slot else %alone : (!attn.value<batch, slot 2, key, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, key, head 2, size 8 : f32>
  %m = attn.map %k : (!attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, key, head 2, size 8 : f32> {
  ^bb0(%x: f32):
    %i = attn.own %at : !attn.value<batch : i32>
    %r = arith.sitofp %i : i32 to f32
    %y = arith.addf %x, %r : f32
    attn.yield %y : f32
  }
  %made = attn.given %at then %new : (!attn.value<batch : i32>, !attn.value<batch, slot 2, key, head 2, size 8 : f32>) -> !attn.value<batch, slot 2, key, head 2, size 8 : f32>
  attn.return "output" %m, "cache" starts_as @cache %made : !attn.value<batch, key, head 2, size 8 : f32>, !attn.value<batch, slot 2, key, head 2, size 8 : f32>
}

// An output that is nothing without its input; and a cache that nothing stands in for.
// CHECK-LABEL: attn.layer @only_with
// CHECK: attn.path "output_with_cache" given ["cache"] {
// CHECK:   attn.slot 1 of
// CHECK-NOT: attn.path
attn.layer @only_with fingerprint 0x1 {
  %cache = attn.input "cache" optional : !attn.value<batch, slot 2, key, head 2, size 8 : f32>
  %v = attn.slot 1 of %cache : (!attn.value<batch, slot 2, key, head 2, size 8 : f32>) -> !attn.value<batch, key, head 2, size 8 : f32>
  attn.return "output" %v : !attn.value<batch, key, head 2, size 8 : f32>
}

// CHECK-LABEL: attn.layer @dropped
// CHECK: attn.path "output" absent ["flag"] {
// CHECK-NOT: "attention_scores"
// CHECK: attn.path "output_with_flag" given ["flag"] {
// CHECK: attn.path "output_attention_scores_with_flag" given ["flag"] {
// CHECK-NOT: attn.path
attn.layer @dropped fingerprint 0x1 {
  %v = attn.input "v" : !attn.value<batch, key, head 2, size 8 : f32>
  %flag = attn.input "flag" optional : !attn.value<i1>
  %some = attn.given %flag then %v : (!attn.value<i1>, !attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, key, head 2, size 8 : f32>
  attn.return "output" %v, "attention_scores" optional %some : !attn.value<batch, key, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>
}


// Sinks are formulas as masks are: an absent index is 0 in them, and a table of numbers that may be
// absent is a path of its own.
// CHECK-LABEL: attn.layer @sink
// CHECK-NOT: attn.path "output" {
// CHECK: attn.path "output_with_sinks" given ["sinks"] {
// CHECK: attn.softmax %{{.*}} rule zero sink {
attn.layer @sink fingerprint 0x1 {
  %s = attn.input "s" : !attn.value<batch, head 2, query, key : f32>
  %sinks = attn.input "sinks" optional : !attn.value<head 2 : f32>
  %p = attn.softmax %s rule zero sink {
    %h = attn.position head
    %logit = attn.element %sinks[%h] : !attn.value<head 2 : f32>
    attn.yield %logit : f32
  } : !attn.value<batch, head 2, query, key : f32>
  attn.return "output" %p : !attn.value<batch, head 2, query, key : f32>
}
