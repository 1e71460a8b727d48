// Keras's MultiHeadAttention as the importer makes it, through all passes.
// RUN: attn-opt %s --attn-pipeline | FileCheck %s

// CHECK: attn.path "output" {
// CHECK-NEXT: %[[Q:.*]] = attn.project %{{.*}} by %{{.*}} plus %{{.*}} scale {{0.35355338.*}} : (
// CHECK-NEXT: %[[K:.*]] = attn.project %{{.*}} by %{{.*}} plus %{{.*}} : (
// CHECK-NEXT: %[[V:.*]] = attn.project %{{.*}} by %{{.*}} plus %{{.*}} : (
// CHECK-NEXT: %[[A:.*]] = attn.attention %[[Q]], %[[K]], %[[V]] rule uniform shape "attention_mask & (!use_causal_mask | causal)" mask {
// CHECK: } keys {
// CHECK: } blocks {
// CHECK: attn.extremes over pairs {
// CHECK: %[[O:.*]] = attn.project %[[A]] by %{{.*}} plus %{{.*}} : (
// CHECK-NEXT: attn.return "output" %[[O]] :
// CHECK: attn.path "output_attention_scores" {
// CHECK: %[[A2:.*]], %[[P2:.*]] = attn.attention %{{.*}}, %{{.*}}, %{{.*}} rule zero shape "attention_mask & (!use_causal_mask | causal)" mask {
// CHECK: attn.return "output" %{{.*}}, "attention_scores" optional %[[P2]] :
attn.layer @"model::encoder" fingerprint 0x1 {
  %query = attn.input "query" : !attn.value<batch, query, feature of @query : f32>
  %value = attn.input "value" : !attn.value<batch, key, feature of @value : f32>
  %key = attn.input "key" or "value" : !attn.value<batch, key, feature of @key : f32>
  %mask = attn.input "attention_mask" optional : !attn.value<batch, head 2, query, key : i1>
  %causal = attn.input "use_causal_mask" optional : !attn.value<i1>
  %wq = attn.weight "query/kernel" : !attn.value<feature of @query, head 2, size 8 : f32>
  %bq = attn.weight "query/bias" : !attn.value<head 2, size 8 : f32>
  %wk = attn.weight "key/kernel" : !attn.value<feature of @key, head 2, size 8 : f32>
  %bk = attn.weight "key/bias" : !attn.value<head 2, size 8 : f32>
  %wv = attn.weight "value/kernel" : !attn.value<feature of @value, head 2, size 8 : f32>
  %bv = attn.weight "value/bias" : !attn.value<head 2, size 8 : f32>
  %wo = attn.weight "attention_output/kernel" : !attn.value<head 2, size 8, feature of @query : f32>
  %bo = attn.weight "attention_output/bias" : !attn.value<feature of @query : f32>
  %q = attn.project %query by %wq plus %bq : (!attn.value<batch, query, feature of @query : f32>, !attn.value<feature of @query, head 2, size 8 : f32>, !attn.value<head 2, size 8 : f32>) -> !attn.value<batch, query, head 2, size 8 : f32>
  %k = attn.project %key by %wk plus %bk : (!attn.value<batch, key, feature of @key : f32>, !attn.value<feature of @key, head 2, size 8 : f32>, !attn.value<head 2, size 8 : f32>) -> !attn.value<batch, key, head 2, size 8 : f32>
  %v = attn.project %value by %wv plus %bv : (!attn.value<batch, key, feature of @value : f32>, !attn.value<feature of @value, head 2, size 8 : f32>, !attn.value<head 2, size 8 : f32>) -> !attn.value<batch, key, head 2, size 8 : f32>
  %s = attn.scores %q, %k : (!attn.value<batch, query, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, head 2, query, key : f32>
  %m = attn.map %s : (!attn.value<batch, head 2, query, key : f32>) -> !attn.value<batch, head 2, query, key : f32> {
  ^bb0(%x: f32):
    %c = arith.constant 0.353553385 : f32
    %y = arith.mulf %x, %c : f32
    attn.yield %y : f32
  }
  %p = attn.softmax %m rule uniform with_scores zero mask {
    %given = attn.own %mask : !attn.value<batch, head 2, query, key : i1>
    %flag = attn.own %causal : !attn.value<i1>
    %true = arith.constant true
    %any_order = arith.xori %flag, %true : i1
    %j = attn.position key
    %i = attn.position query
    %before = arith.cmpi sle, %j, %i : i32
    %0 = arith.ori %any_order, %before : i1
    %keep = arith.andi %given, %0 : i1
    attn.yield %keep : i1
  } : !attn.value<batch, head 2, query, key : f32>
  %d = attn.dropout %p rate 1.000000e-01 : !attn.value<batch, head 2, query, key : f32>
  %c = attn.combine %d, %v : (!attn.value<batch, head 2, query, key : f32>, !attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, query, head 2, size 8 : f32>
  %o = attn.project %c by %wo plus %bo : (!attn.value<batch, query, head 2, size 8 : f32>, !attn.value<head 2, size 8, feature of @query : f32>, !attn.value<feature of @query : f32>) -> !attn.value<batch, query, feature of @query : f32>
  attn.return "output" %o, "attention_scores" optional %p : !attn.value<batch, query, feature of @query : f32>, !attn.value<batch, head 2, query, key : f32>
}
