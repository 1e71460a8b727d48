// Written by attnc show --stage graph --target avx2; `./dev generated` refreshes it.
module {
  attn.layer @"model::encoder" fingerprint 0x78d1702a80c43113 {
    %0 = attn.input "query" : !attn.value<batch, query, feature of @query : f32>
    %1 = attn.input "value" : !attn.value<batch, key, feature of @value : f32>
    %2 = attn.input "key" or "value" : !attn.value<batch, key, feature of @key : f32>
    %3 = attn.input "attention_mask" optional : !attn.value<batch, head 12, query, key : i1>
    %4 = attn.input "query_mask" optional : !attn.value<batch, query : i1>
    %5 = attn.input "value_mask" optional : !attn.value<batch, key : i1>
    %6 = attn.input "key_mask" optional : !attn.value<batch, key : i1>
    %7 = attn.input "use_causal_mask" optional : !attn.value<i1>
    %8 = attn.weight "query/kernel" : !attn.value<feature of @query, head 12, size 32 : f32>
    %9 = attn.weight "query/bias" : !attn.value<head 12, size 32 : f32>
    %10 = attn.weight "key/kernel" : !attn.value<feature of @key, head 12, size 32 : f32>
    %11 = attn.weight "key/bias" : !attn.value<head 12, size 32 : f32>
    %12 = attn.weight "value/kernel" : !attn.value<feature of @value, head 12, size 32 : f32>
    %13 = attn.weight "value/bias" : !attn.value<head 12, size 32 : f32>
    %14 = attn.weight "attention_output/kernel" : !attn.value<head 12, size 32, feature of @query : f32>
    %15 = attn.weight "attention_output/bias" : !attn.value<feature of @query : f32>
    %16 = attn.project %0 by %8 plus %9 : (!attn.value<batch, query, feature of @query : f32>, !attn.value<feature of @query, head 12, size 32 : f32>, !attn.value<head 12, size 32 : f32>) -> !attn.value<batch, query, head 12, size 32 : f32>
    %17 = attn.project %2 by %10 plus %11 : (!attn.value<batch, key, feature of @key : f32>, !attn.value<feature of @key, head 12, size 32 : f32>, !attn.value<head 12, size 32 : f32>) -> !attn.value<batch, key, head 12, size 32 : f32>
    %18 = attn.scores %16, %17 : (!attn.value<batch, query, head 12, size 32 : f32>, !attn.value<batch, key, head 12, size 32 : f32>) -> !attn.value<batch, head 12, query, key : f32>
    %19 = attn.map %18 : (!attn.value<batch, head 12, query, key : f32>) -> !attn.value<batch, head 12, query, key : f32> {
    ^bb0(%arg0: f32):
      %cst = arith.constant 0.176776692 : f32
      %24 = arith.mulf %arg0, %cst : f32
      attn.yield %24 : f32
    }
    %20 = attn.softmax %19 rule uniform with_scores zero mask {
      %24 = attn.own %3 : !attn.value<batch, head 12, query, key : i1>
      %25 = attn.own %4 : !attn.value<batch, query : i1>
      %26 = arith.andi %24, %25 : i1
      %27 = attn.own %5 : !attn.value<batch, key : i1>
      %28 = arith.andi %26, %27 : i1
      %29 = attn.own %6 : !attn.value<batch, key : i1>
      %30 = arith.andi %28, %29 : i1
      %31 = attn.own %7 : !attn.value<i1>
      %true = arith.constant true
      %32 = arith.xori %31, %true : i1
      %33 = attn.position key
      %34 = attn.position query
      %35 = arith.cmpi sle, %33, %34 : i32
      %36 = arith.ori %32, %35 : i1
      %37 = arith.andi %30, %36 : i1
      attn.yield %37 : i1
    } : !attn.value<batch, head 12, query, key : f32>
    %21 = attn.project %1 by %12 plus %13 : (!attn.value<batch, key, feature of @value : f32>, !attn.value<feature of @value, head 12, size 32 : f32>, !attn.value<head 12, size 32 : f32>) -> !attn.value<batch, key, head 12, size 32 : f32>
    %22 = attn.combine %20, %21 : (!attn.value<batch, head 12, query, key : f32>, !attn.value<batch, key, head 12, size 32 : f32>) -> !attn.value<batch, query, head 12, size 32 : f32>
    %23 = attn.project %22 by %14 plus %15 : (!attn.value<batch, query, head 12, size 32 : f32>, !attn.value<head 12, size 32, feature of @query : f32>, !attn.value<feature of @query : f32>) -> !attn.value<batch, query, feature of @query : f32>
    attn.return "output" %23, "attention_scores" optional %20 : !attn.value<batch, query, feature of @query : f32>, !attn.value<batch, head 12, query, key : f32>
  }
}
