// Written by attnc show --stage graph --target avx2; `./dev generated` refreshes it.
module {
  attn.layer @"model::encoder" fingerprint 0xf75901dd89eced5e {
    %0 = attn.input "query" : !attn.value<batch, query, feature of @query : f32>
    %1 = attn.input "value" : !attn.value<batch, key, feature of @value : f32>
    %2 = attn.input "key" or "value" : !attn.value<batch, key, feature of @key : f32>
    %3 = attn.input "attention_mask" optional : !attn.value<batch, head 12, query, key : i1>
    %4 = attn.input "use_causal_mask" optional : !attn.value<i1>
    %5 = attn.weight "query/kernel" : !attn.value<feature of @query, head 12, size 32 : f32>
    %6 = attn.weight "query/bias" : !attn.value<head 12, size 32 : f32>
    %7 = attn.weight "key/kernel" : !attn.value<feature of @key, head 12, size 32 : f32>
    %8 = attn.weight "key/bias" : !attn.value<head 12, size 32 : f32>
    %9 = attn.weight "value/kernel" : !attn.value<feature of @value, head 12, size 32 : f32>
    %10 = attn.weight "value/bias" : !attn.value<head 12, size 32 : f32>
    %11 = attn.weight "attention_output/kernel" : !attn.value<head 12, size 32, feature of @query : f32>
    %12 = attn.weight "attention_output/bias" : !attn.value<feature of @query : f32>
    %13 = attn.project %0 by %5 plus %6 : (!attn.value<batch, query, feature of @query : f32>, !attn.value<feature of @query, head 12, size 32 : f32>, !attn.value<head 12, size 32 : f32>) -> !attn.value<batch, query, head 12, size 32 : f32>
    %14 = attn.project %2 by %7 plus %8 : (!attn.value<batch, key, feature of @key : f32>, !attn.value<feature of @key, head 12, size 32 : f32>, !attn.value<head 12, size 32 : f32>) -> !attn.value<batch, key, head 12, size 32 : f32>
    %15 = attn.scores %13, %14 : (!attn.value<batch, query, head 12, size 32 : f32>, !attn.value<batch, key, head 12, size 32 : f32>) -> !attn.value<batch, head 12, query, key : f32>
    %16 = attn.map %15 : (!attn.value<batch, head 12, query, key : f32>) -> !attn.value<batch, head 12, query, key : f32> {
    ^bb0(%arg0: f32):
      %cst = arith.constant 0.176776692 : f32
      %21 = arith.mulf %arg0, %cst : f32
      attn.yield %21 : f32
    }
    %17 = attn.softmax %16 rule uniform with_scores zero mask {
      %21 = attn.own %3 : !attn.value<batch, head 12, query, key : i1>
      %22 = attn.own %4 : !attn.value<i1>
      %true = arith.constant true
      %23 = arith.xori %22, %true : i1
      %24 = attn.position key
      %25 = attn.position query
      %26 = arith.cmpi sle, %24, %25 : index
      %27 = arith.ori %23, %26 : i1
      %28 = arith.andi %21, %27 : i1
      attn.yield %28 : i1
    } : !attn.value<batch, head 12, query, key : f32>
    %18 = attn.project %1 by %9 plus %10 : (!attn.value<batch, key, feature of @value : f32>, !attn.value<feature of @value, head 12, size 32 : f32>, !attn.value<head 12, size 32 : f32>) -> !attn.value<batch, key, head 12, size 32 : f32>
    %19 = attn.combine %17, %18 : (!attn.value<batch, head 12, query, key : f32>, !attn.value<batch, key, head 12, size 32 : f32>) -> !attn.value<batch, query, head 12, size 32 : f32>
    %20 = attn.project %19 by %11 plus %12 : (!attn.value<batch, query, head 12, size 32 : f32>, !attn.value<head 12, size 32, feature of @query : f32>, !attn.value<feature of @query : f32>) -> !attn.value<batch, query, feature of @query : f32>
    attn.return "output" %20, "attention_scores" optional %17 : !attn.value<batch, query, feature of @query : f32>, !attn.value<batch, head 12, query, key : f32>
  }
}
