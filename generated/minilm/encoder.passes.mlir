// Written by attnc show --stage passes --target avx2; `./dev generated` refreshes it.
// ---- input
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

// ---- canonicalize
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
      %true = arith.constant true
      %24 = attn.own %3 : !attn.value<batch, head 12, query, key : i1>
      %25 = attn.own %4 : !attn.value<batch, query : i1>
      %26 = arith.andi %24, %25 : i1
      %27 = attn.own %5 : !attn.value<batch, key : i1>
      %28 = arith.andi %26, %27 : i1
      %29 = attn.own %6 : !attn.value<batch, key : i1>
      %30 = arith.andi %28, %29 : i1
      %31 = attn.own %7 : !attn.value<i1>
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

// ---- attn-fold-scale
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
    %18 = attn.scores %16, %17 scale 0.1767766922712326 : (!attn.value<batch, query, head 12, size 32 : f32>, !attn.value<batch, key, head 12, size 32 : f32>) -> !attn.value<batch, head 12, query, key : f32>
    %19 = attn.softmax %18 rule uniform with_scores zero mask {
      %true = arith.constant true
      %23 = attn.own %3 : !attn.value<batch, head 12, query, key : i1>
      %24 = attn.own %4 : !attn.value<batch, query : i1>
      %25 = arith.andi %23, %24 : i1
      %26 = attn.own %5 : !attn.value<batch, key : i1>
      %27 = arith.andi %25, %26 : i1
      %28 = attn.own %6 : !attn.value<batch, key : i1>
      %29 = arith.andi %27, %28 : i1
      %30 = attn.own %7 : !attn.value<i1>
      %31 = arith.xori %30, %true : i1
      %32 = attn.position key
      %33 = attn.position query
      %34 = arith.cmpi sle, %32, %33 : i32
      %35 = arith.ori %31, %34 : i1
      %36 = arith.andi %29, %35 : i1
      attn.yield %36 : i1
    } : !attn.value<batch, head 12, query, key : f32>
    %20 = attn.project %1 by %12 plus %13 : (!attn.value<batch, key, feature of @value : f32>, !attn.value<feature of @value, head 12, size 32 : f32>, !attn.value<head 12, size 32 : f32>) -> !attn.value<batch, key, head 12, size 32 : f32>
    %21 = attn.combine %19, %20 : (!attn.value<batch, head 12, query, key : f32>, !attn.value<batch, key, head 12, size 32 : f32>) -> !attn.value<batch, query, head 12, size 32 : f32>
    %22 = attn.project %21 by %14 plus %15 : (!attn.value<batch, query, head 12, size 32 : f32>, !attn.value<head 12, size 32, feature of @query : f32>, !attn.value<feature of @query : f32>) -> !attn.value<batch, query, feature of @query : f32>
    attn.return "output" %22, "attention_scores" optional %19 : !attn.value<batch, query, feature of @query : f32>, !attn.value<batch, head 12, query, key : f32>
  }
}

// ---- attn-split-paths
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
    attn.path "output" {
      %16 = attn.project %0 by %8 plus %9 : (!attn.value<batch, query, feature of @query : f32>, !attn.value<feature of @query, head 12, size 32 : f32>, !attn.value<head 12, size 32 : f32>) -> !attn.value<batch, query, head 12, size 32 : f32>
      %17 = attn.project %2 by %10 plus %11 : (!attn.value<batch, key, feature of @key : f32>, !attn.value<feature of @key, head 12, size 32 : f32>, !attn.value<head 12, size 32 : f32>) -> !attn.value<batch, key, head 12, size 32 : f32>
      %18 = attn.scores %16, %17 scale 0.1767766922712326 : (!attn.value<batch, query, head 12, size 32 : f32>, !attn.value<batch, key, head 12, size 32 : f32>) -> !attn.value<batch, head 12, query, key : f32>
      %19 = attn.softmax %18 rule uniform mask {
        %true = arith.constant true
        %23 = attn.own %3 : !attn.value<batch, head 12, query, key : i1>
        %24 = attn.own %4 : !attn.value<batch, query : i1>
        %25 = arith.andi %23, %24 : i1
        %26 = attn.own %5 : !attn.value<batch, key : i1>
        %27 = arith.andi %25, %26 : i1
        %28 = attn.own %6 : !attn.value<batch, key : i1>
        %29 = arith.andi %27, %28 : i1
        %30 = attn.own %7 : !attn.value<i1>
        %31 = arith.xori %30, %true : i1
        %32 = attn.position key
        %33 = attn.position query
        %34 = arith.cmpi sle, %32, %33 : i32
        %35 = arith.ori %31, %34 : i1
        %36 = arith.andi %29, %35 : i1
        attn.yield %36 : i1
      } : !attn.value<batch, head 12, query, key : f32>
      %20 = attn.project %1 by %12 plus %13 : (!attn.value<batch, key, feature of @value : f32>, !attn.value<feature of @value, head 12, size 32 : f32>, !attn.value<head 12, size 32 : f32>) -> !attn.value<batch, key, head 12, size 32 : f32>
      %21 = attn.combine %19, %20 : (!attn.value<batch, head 12, query, key : f32>, !attn.value<batch, key, head 12, size 32 : f32>) -> !attn.value<batch, query, head 12, size 32 : f32>
      %22 = attn.project %21 by %14 plus %15 : (!attn.value<batch, query, head 12, size 32 : f32>, !attn.value<head 12, size 32, feature of @query : f32>, !attn.value<feature of @query : f32>) -> !attn.value<batch, query, feature of @query : f32>
      attn.return "output" %22 : !attn.value<batch, query, feature of @query : f32>
    }
    attn.path "output_attention_scores" {
      %16 = attn.project %0 by %8 plus %9 : (!attn.value<batch, query, feature of @query : f32>, !attn.value<feature of @query, head 12, size 32 : f32>, !attn.value<head 12, size 32 : f32>) -> !attn.value<batch, query, head 12, size 32 : f32>
      %17 = attn.project %2 by %10 plus %11 : (!attn.value<batch, key, feature of @key : f32>, !attn.value<feature of @key, head 12, size 32 : f32>, !attn.value<head 12, size 32 : f32>) -> !attn.value<batch, key, head 12, size 32 : f32>
      %18 = attn.scores %16, %17 scale 0.1767766922712326 : (!attn.value<batch, query, head 12, size 32 : f32>, !attn.value<batch, key, head 12, size 32 : f32>) -> !attn.value<batch, head 12, query, key : f32>
      %19 = attn.softmax %18 rule zero mask {
        %true = arith.constant true
        %23 = attn.own %3 : !attn.value<batch, head 12, query, key : i1>
        %24 = attn.own %4 : !attn.value<batch, query : i1>
        %25 = arith.andi %23, %24 : i1
        %26 = attn.own %5 : !attn.value<batch, key : i1>
        %27 = arith.andi %25, %26 : i1
        %28 = attn.own %6 : !attn.value<batch, key : i1>
        %29 = arith.andi %27, %28 : i1
        %30 = attn.own %7 : !attn.value<i1>
        %31 = arith.xori %30, %true : i1
        %32 = attn.position key
        %33 = attn.position query
        %34 = arith.cmpi sle, %32, %33 : i32
        %35 = arith.ori %31, %34 : i1
        %36 = arith.andi %29, %35 : i1
        attn.yield %36 : i1
      } : !attn.value<batch, head 12, query, key : f32>
      %20 = attn.project %1 by %12 plus %13 : (!attn.value<batch, key, feature of @value : f32>, !attn.value<feature of @value, head 12, size 32 : f32>, !attn.value<head 12, size 32 : f32>) -> !attn.value<batch, key, head 12, size 32 : f32>
      %21 = attn.combine %19, %20 : (!attn.value<batch, head 12, query, key : f32>, !attn.value<batch, key, head 12, size 32 : f32>) -> !attn.value<batch, query, head 12, size 32 : f32>
      %22 = attn.project %21 by %14 plus %15 : (!attn.value<batch, query, head 12, size 32 : f32>, !attn.value<head 12, size 32, feature of @query : f32>, !attn.value<feature of @query : f32>) -> !attn.value<batch, query, feature of @query : f32>
      attn.return "output" %22, "attention_scores" optional %19 : !attn.value<batch, query, feature of @query : f32>, !attn.value<batch, head 12, query, key : f32>
    }
  }
}

// ---- attn-form-attention
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
    attn.path "output" {
      %16 = attn.project %0 by %8 plus %9 : (!attn.value<batch, query, feature of @query : f32>, !attn.value<feature of @query, head 12, size 32 : f32>, !attn.value<head 12, size 32 : f32>) -> !attn.value<batch, query, head 12, size 32 : f32>
      %17 = attn.project %2 by %10 plus %11 : (!attn.value<batch, key, feature of @key : f32>, !attn.value<feature of @key, head 12, size 32 : f32>, !attn.value<head 12, size 32 : f32>) -> !attn.value<batch, key, head 12, size 32 : f32>
      %18 = attn.project %1 by %12 plus %13 : (!attn.value<batch, key, feature of @value : f32>, !attn.value<feature of @value, head 12, size 32 : f32>, !attn.value<head 12, size 32 : f32>) -> !attn.value<batch, key, head 12, size 32 : f32>
      %result = attn.attention %16, %17, %18 scale 0.1767766922712326 rule uniform mask {
        %true = arith.constant true
        %20 = attn.own %3 : !attn.value<batch, head 12, query, key : i1>
        %21 = attn.own %4 : !attn.value<batch, query : i1>
        %22 = arith.andi %20, %21 : i1
        %23 = attn.own %5 : !attn.value<batch, key : i1>
        %24 = arith.andi %22, %23 : i1
        %25 = attn.own %6 : !attn.value<batch, key : i1>
        %26 = arith.andi %24, %25 : i1
        %27 = attn.own %7 : !attn.value<i1>
        %28 = arith.xori %27, %true : i1
        %29 = attn.position key
        %30 = attn.position query
        %31 = arith.cmpi sle, %29, %30 : i32
        %32 = arith.ori %28, %31 : i1
        %33 = arith.andi %26, %32 : i1
        attn.yield %33 : i1
      } : (!attn.value<batch, query, head 12, size 32 : f32>, !attn.value<batch, key, head 12, size 32 : f32>, !attn.value<batch, key, head 12, size 32 : f32>) -> !attn.value<batch, query, head 12, size 32 : f32>
      %19 = attn.project %result by %14 plus %15 : (!attn.value<batch, query, head 12, size 32 : f32>, !attn.value<head 12, size 32, feature of @query : f32>, !attn.value<feature of @query : f32>) -> !attn.value<batch, query, feature of @query : f32>
      attn.return "output" %19 : !attn.value<batch, query, feature of @query : f32>
    }
    attn.path "output_attention_scores" {
      %16 = attn.project %0 by %8 plus %9 : (!attn.value<batch, query, feature of @query : f32>, !attn.value<feature of @query, head 12, size 32 : f32>, !attn.value<head 12, size 32 : f32>) -> !attn.value<batch, query, head 12, size 32 : f32>
      %17 = attn.project %2 by %10 plus %11 : (!attn.value<batch, key, feature of @key : f32>, !attn.value<feature of @key, head 12, size 32 : f32>, !attn.value<head 12, size 32 : f32>) -> !attn.value<batch, key, head 12, size 32 : f32>
      %18 = attn.project %1 by %12 plus %13 : (!attn.value<batch, key, feature of @value : f32>, !attn.value<feature of @value, head 12, size 32 : f32>, !attn.value<head 12, size 32 : f32>) -> !attn.value<batch, key, head 12, size 32 : f32>
      %result, %scores = attn.attention %16, %17, %18 scale 0.1767766922712326 rule zero mask {
        %true = arith.constant true
        %20 = attn.own %3 : !attn.value<batch, head 12, query, key : i1>
        %21 = attn.own %4 : !attn.value<batch, query : i1>
        %22 = arith.andi %20, %21 : i1
        %23 = attn.own %5 : !attn.value<batch, key : i1>
        %24 = arith.andi %22, %23 : i1
        %25 = attn.own %6 : !attn.value<batch, key : i1>
        %26 = arith.andi %24, %25 : i1
        %27 = attn.own %7 : !attn.value<i1>
        %28 = arith.xori %27, %true : i1
        %29 = attn.position key
        %30 = attn.position query
        %31 = arith.cmpi sle, %29, %30 : i32
        %32 = arith.ori %28, %31 : i1
        %33 = arith.andi %26, %32 : i1
        attn.yield %33 : i1
      } : (!attn.value<batch, query, head 12, size 32 : f32>, !attn.value<batch, key, head 12, size 32 : f32>, !attn.value<batch, key, head 12, size 32 : f32>) -> (!attn.value<batch, query, head 12, size 32 : f32>, !attn.value<batch, head 12, query, key : f32>)
      %19 = attn.project %result by %14 plus %15 : (!attn.value<batch, query, head 12, size 32 : f32>, !attn.value<head 12, size 32, feature of @query : f32>, !attn.value<feature of @query : f32>) -> !attn.value<batch, query, feature of @query : f32>
      attn.return "output" %19, "attention_scores" optional %scores : !attn.value<batch, query, feature of @query : f32>, !attn.value<batch, head 12, query, key : f32>
    }
  }
}

// ---- attn-bound-keys
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
    attn.path "output" {
      %16 = attn.project %0 by %8 plus %9 : (!attn.value<batch, query, feature of @query : f32>, !attn.value<feature of @query, head 12, size 32 : f32>, !attn.value<head 12, size 32 : f32>) -> !attn.value<batch, query, head 12, size 32 : f32>
      %17 = attn.project %2 by %10 plus %11 : (!attn.value<batch, key, feature of @key : f32>, !attn.value<feature of @key, head 12, size 32 : f32>, !attn.value<head 12, size 32 : f32>) -> !attn.value<batch, key, head 12, size 32 : f32>
      %18 = attn.project %1 by %12 plus %13 : (!attn.value<batch, key, feature of @value : f32>, !attn.value<feature of @value, head 12, size 32 : f32>, !attn.value<head 12, size 32 : f32>) -> !attn.value<batch, key, head 12, size 32 : f32>
      %result = attn.attention %16, %17, %18 scale 0.1767766922712326 rule uniform mask {
        %true = arith.constant true
        %20 = attn.own %3 : !attn.value<batch, head 12, query, key : i1>
        %21 = attn.own %4 : !attn.value<batch, query : i1>
        %22 = arith.andi %20, %21 : i1
        %23 = attn.own %5 : !attn.value<batch, key : i1>
        %24 = arith.andi %22, %23 : i1
        %25 = attn.own %6 : !attn.value<batch, key : i1>
        %26 = arith.andi %24, %25 : i1
        %27 = attn.own %7 : !attn.value<i1>
        %28 = arith.xori %27, %true : i1
        %29 = attn.position key
        %30 = attn.position query
        %31 = arith.cmpi sle, %29, %30 : i32
        %32 = arith.ori %28, %31 : i1
        %33 = arith.andi %26, %32 : i1
        attn.yield %33 : i1
      } keys {
      ^bb0(%first_query: index, %last_query: index):
        %c0 = arith.constant 0 : index
        %20 = attn.own %7 : !attn.value<i1>
        %c1 = arith.constant 1 : index
        %21 = arith.addi %last_query, %c1 : index
        %22 = attn.length key
        %23 = arith.index_cast %22 : i32 to index
        %24 = arith.minsi %21, %23 : index
        %25 = arith.select %20, %24, %23 : index
        attn.yield %c0, %25 : index, index
      } : (!attn.value<batch, query, head 12, size 32 : f32>, !attn.value<batch, key, head 12, size 32 : f32>, !attn.value<batch, key, head 12, size 32 : f32>) -> !attn.value<batch, query, head 12, size 32 : f32>
      %19 = attn.project %result by %14 plus %15 : (!attn.value<batch, query, head 12, size 32 : f32>, !attn.value<head 12, size 32, feature of @query : f32>, !attn.value<feature of @query : f32>) -> !attn.value<batch, query, feature of @query : f32>
      attn.return "output" %19 : !attn.value<batch, query, feature of @query : f32>
    }
    attn.path "output_attention_scores" {
      %16 = attn.project %0 by %8 plus %9 : (!attn.value<batch, query, feature of @query : f32>, !attn.value<feature of @query, head 12, size 32 : f32>, !attn.value<head 12, size 32 : f32>) -> !attn.value<batch, query, head 12, size 32 : f32>
      %17 = attn.project %2 by %10 plus %11 : (!attn.value<batch, key, feature of @key : f32>, !attn.value<feature of @key, head 12, size 32 : f32>, !attn.value<head 12, size 32 : f32>) -> !attn.value<batch, key, head 12, size 32 : f32>
      %18 = attn.project %1 by %12 plus %13 : (!attn.value<batch, key, feature of @value : f32>, !attn.value<feature of @value, head 12, size 32 : f32>, !attn.value<head 12, size 32 : f32>) -> !attn.value<batch, key, head 12, size 32 : f32>
      %result, %scores = attn.attention %16, %17, %18 scale 0.1767766922712326 rule zero mask {
        %true = arith.constant true
        %20 = attn.own %3 : !attn.value<batch, head 12, query, key : i1>
        %21 = attn.own %4 : !attn.value<batch, query : i1>
        %22 = arith.andi %20, %21 : i1
        %23 = attn.own %5 : !attn.value<batch, key : i1>
        %24 = arith.andi %22, %23 : i1
        %25 = attn.own %6 : !attn.value<batch, key : i1>
        %26 = arith.andi %24, %25 : i1
        %27 = attn.own %7 : !attn.value<i1>
        %28 = arith.xori %27, %true : i1
        %29 = attn.position key
        %30 = attn.position query
        %31 = arith.cmpi sle, %29, %30 : i32
        %32 = arith.ori %28, %31 : i1
        %33 = arith.andi %26, %32 : i1
        attn.yield %33 : i1
      } keys {
      ^bb0(%first_query: index, %last_query: index):
        %c0 = arith.constant 0 : index
        %20 = attn.own %7 : !attn.value<i1>
        %c1 = arith.constant 1 : index
        %21 = arith.addi %last_query, %c1 : index
        %22 = attn.length key
        %23 = arith.index_cast %22 : i32 to index
        %24 = arith.minsi %21, %23 : index
        %25 = arith.select %20, %24, %23 : index
        attn.yield %c0, %25 : index, index
      } : (!attn.value<batch, query, head 12, size 32 : f32>, !attn.value<batch, key, head 12, size 32 : f32>, !attn.value<batch, key, head 12, size 32 : f32>) -> (!attn.value<batch, query, head 12, size 32 : f32>, !attn.value<batch, head 12, query, key : f32>)
      %19 = attn.project %result by %14 plus %15 : (!attn.value<batch, query, head 12, size 32 : f32>, !attn.value<head 12, size 32, feature of @query : f32>, !attn.value<feature of @query : f32>) -> !attn.value<batch, query, feature of @query : f32>
      attn.return "output" %19, "attention_scores" optional %scores : !attn.value<batch, query, feature of @query : f32>, !attn.value<batch, head 12, query, key : f32>
    }
  }
}

// ---- attn-classify-blocks
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
    attn.path "output" {
      %16 = attn.project %0 by %8 plus %9 : (!attn.value<batch, query, feature of @query : f32>, !attn.value<feature of @query, head 12, size 32 : f32>, !attn.value<head 12, size 32 : f32>) -> !attn.value<batch, query, head 12, size 32 : f32>
      %17 = attn.project %2 by %10 plus %11 : (!attn.value<batch, key, feature of @key : f32>, !attn.value<feature of @key, head 12, size 32 : f32>, !attn.value<head 12, size 32 : f32>) -> !attn.value<batch, key, head 12, size 32 : f32>
      %18 = attn.project %1 by %12 plus %13 : (!attn.value<batch, key, feature of @value : f32>, !attn.value<feature of @value, head 12, size 32 : f32>, !attn.value<head 12, size 32 : f32>) -> !attn.value<batch, key, head 12, size 32 : f32>
      %result = attn.attention %16, %17, %18 scale 0.1767766922712326 rule uniform shape "attention_mask & query_mask & value_mask & key_mask & (!use_causal_mask | causal)" mask {
        %true = arith.constant true
        %20 = attn.own %3 : !attn.value<batch, head 12, query, key : i1>
        %21 = attn.own %4 : !attn.value<batch, query : i1>
        %22 = arith.andi %20, %21 : i1
        %23 = attn.own %5 : !attn.value<batch, key : i1>
        %24 = arith.andi %22, %23 : i1
        %25 = attn.own %6 : !attn.value<batch, key : i1>
        %26 = arith.andi %24, %25 : i1
        %27 = attn.own %7 : !attn.value<i1>
        %28 = arith.xori %27, %true : i1
        %29 = attn.position key
        %30 = attn.position query
        %31 = arith.cmpi sle, %29, %30 : i32
        %32 = arith.ori %28, %31 : i1
        %33 = arith.andi %26, %32 : i1
        attn.yield %33 : i1
      } keys {
      ^bb0(%first_query: index, %last_query: index):
        %c0 = arith.constant 0 : index
        %20 = attn.own %7 : !attn.value<i1>
        %c1 = arith.constant 1 : index
        %21 = arith.addi %last_query, %c1 : index
        %22 = attn.length key
        %23 = arith.index_cast %22 : i32 to index
        %24 = arith.minsi %21, %23 : index
        %25 = arith.select %20, %24, %23 : index
        attn.yield %c0, %25 : index, index
      } blocks {
      ^bb0(%first_query: index, %last_query: index, %first_key: index, %last_key: index):
        %least, %most = attn.extremes over pairs {
          %34 = attn.own %3 : !attn.value<batch, head 12, query, key : i1>
          attn.yield %34 : i1
        } : i1
        %least_0, %most_1 = attn.extremes over query {
          %34 = attn.own %4 : !attn.value<batch, query : i1>
          attn.yield %34 : i1
        } : i1
        %20 = arith.andi %most, %most_1 : i1
        %21 = arith.andi %least, %least_0 : i1
        %least_2, %most_3 = attn.extremes over key {
          %34 = attn.own %5 : !attn.value<batch, key : i1>
          attn.yield %34 : i1
        } : i1
        %22 = arith.andi %20, %most_3 : i1
        %23 = arith.andi %21, %least_2 : i1
        %least_4, %most_5 = attn.extremes over key {
          %34 = attn.own %6 : !attn.value<batch, key : i1>
          attn.yield %34 : i1
        } : i1
        %24 = arith.andi %22, %most_5 : i1
        %25 = arith.andi %23, %least_4 : i1
        %26 = attn.own %7 : !attn.value<i1>
        %true = arith.constant true
        %27 = arith.xori %26, %true : i1
        %c0 = arith.constant 0 : index
        %c0_6 = arith.constant 0 : index
        %28 = arith.cmpi sle, %first_key, %last_query : index
        %29 = arith.cmpi sle, %last_key, %first_query : index
        %30 = arith.ori %27, %28 : i1
        %31 = arith.ori %27, %29 : i1
        %32 = arith.andi %24, %30 : i1
        %33 = arith.andi %25, %31 : i1
        attn.yield %32, %33 : i1, i1
      } : (!attn.value<batch, query, head 12, size 32 : f32>, !attn.value<batch, key, head 12, size 32 : f32>, !attn.value<batch, key, head 12, size 32 : f32>) -> !attn.value<batch, query, head 12, size 32 : f32>
      %19 = attn.project %result by %14 plus %15 : (!attn.value<batch, query, head 12, size 32 : f32>, !attn.value<head 12, size 32, feature of @query : f32>, !attn.value<feature of @query : f32>) -> !attn.value<batch, query, feature of @query : f32>
      attn.return "output" %19 : !attn.value<batch, query, feature of @query : f32>
    }
    attn.path "output_attention_scores" {
      %16 = attn.project %0 by %8 plus %9 : (!attn.value<batch, query, feature of @query : f32>, !attn.value<feature of @query, head 12, size 32 : f32>, !attn.value<head 12, size 32 : f32>) -> !attn.value<batch, query, head 12, size 32 : f32>
      %17 = attn.project %2 by %10 plus %11 : (!attn.value<batch, key, feature of @key : f32>, !attn.value<feature of @key, head 12, size 32 : f32>, !attn.value<head 12, size 32 : f32>) -> !attn.value<batch, key, head 12, size 32 : f32>
      %18 = attn.project %1 by %12 plus %13 : (!attn.value<batch, key, feature of @value : f32>, !attn.value<feature of @value, head 12, size 32 : f32>, !attn.value<head 12, size 32 : f32>) -> !attn.value<batch, key, head 12, size 32 : f32>
      %result, %scores = attn.attention %16, %17, %18 scale 0.1767766922712326 rule zero shape "attention_mask & query_mask & value_mask & key_mask & (!use_causal_mask | causal)" mask {
        %true = arith.constant true
        %20 = attn.own %3 : !attn.value<batch, head 12, query, key : i1>
        %21 = attn.own %4 : !attn.value<batch, query : i1>
        %22 = arith.andi %20, %21 : i1
        %23 = attn.own %5 : !attn.value<batch, key : i1>
        %24 = arith.andi %22, %23 : i1
        %25 = attn.own %6 : !attn.value<batch, key : i1>
        %26 = arith.andi %24, %25 : i1
        %27 = attn.own %7 : !attn.value<i1>
        %28 = arith.xori %27, %true : i1
        %29 = attn.position key
        %30 = attn.position query
        %31 = arith.cmpi sle, %29, %30 : i32
        %32 = arith.ori %28, %31 : i1
        %33 = arith.andi %26, %32 : i1
        attn.yield %33 : i1
      } keys {
      ^bb0(%first_query: index, %last_query: index):
        %c0 = arith.constant 0 : index
        %20 = attn.own %7 : !attn.value<i1>
        %c1 = arith.constant 1 : index
        %21 = arith.addi %last_query, %c1 : index
        %22 = attn.length key
        %23 = arith.index_cast %22 : i32 to index
        %24 = arith.minsi %21, %23 : index
        %25 = arith.select %20, %24, %23 : index
        attn.yield %c0, %25 : index, index
      } blocks {
      ^bb0(%first_query: index, %last_query: index, %first_key: index, %last_key: index):
        %least, %most = attn.extremes over pairs {
          %34 = attn.own %3 : !attn.value<batch, head 12, query, key : i1>
          attn.yield %34 : i1
        } : i1
        %least_0, %most_1 = attn.extremes over query {
          %34 = attn.own %4 : !attn.value<batch, query : i1>
          attn.yield %34 : i1
        } : i1
        %20 = arith.andi %most, %most_1 : i1
        %21 = arith.andi %least, %least_0 : i1
        %least_2, %most_3 = attn.extremes over key {
          %34 = attn.own %5 : !attn.value<batch, key : i1>
          attn.yield %34 : i1
        } : i1
        %22 = arith.andi %20, %most_3 : i1
        %23 = arith.andi %21, %least_2 : i1
        %least_4, %most_5 = attn.extremes over key {
          %34 = attn.own %6 : !attn.value<batch, key : i1>
          attn.yield %34 : i1
        } : i1
        %24 = arith.andi %22, %most_5 : i1
        %25 = arith.andi %23, %least_4 : i1
        %26 = attn.own %7 : !attn.value<i1>
        %true = arith.constant true
        %27 = arith.xori %26, %true : i1
        %c0 = arith.constant 0 : index
        %c0_6 = arith.constant 0 : index
        %28 = arith.cmpi sle, %first_key, %last_query : index
        %29 = arith.cmpi sle, %last_key, %first_query : index
        %30 = arith.ori %27, %28 : i1
        %31 = arith.ori %27, %29 : i1
        %32 = arith.andi %24, %30 : i1
        %33 = arith.andi %25, %31 : i1
        attn.yield %32, %33 : i1, i1
      } : (!attn.value<batch, query, head 12, size 32 : f32>, !attn.value<batch, key, head 12, size 32 : f32>, !attn.value<batch, key, head 12, size 32 : f32>) -> (!attn.value<batch, query, head 12, size 32 : f32>, !attn.value<batch, head 12, query, key : f32>)
      %19 = attn.project %result by %14 plus %15 : (!attn.value<batch, query, head 12, size 32 : f32>, !attn.value<head 12, size 32, feature of @query : f32>, !attn.value<feature of @query : f32>) -> !attn.value<batch, query, feature of @query : f32>
      attn.return "output" %19, "attention_scores" optional %scores : !attn.value<batch, query, feature of @query : f32>, !attn.value<batch, head 12, query, key : f32>
    }
  }
}

// ---- attn-fold-projection-scale
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
    attn.path "output" {
      %16 = attn.project %0 by %8 plus %9 scale 0.1767766922712326 : (!attn.value<batch, query, feature of @query : f32>, !attn.value<feature of @query, head 12, size 32 : f32>, !attn.value<head 12, size 32 : f32>) -> !attn.value<batch, query, head 12, size 32 : f32>
      %17 = attn.project %2 by %10 plus %11 : (!attn.value<batch, key, feature of @key : f32>, !attn.value<feature of @key, head 12, size 32 : f32>, !attn.value<head 12, size 32 : f32>) -> !attn.value<batch, key, head 12, size 32 : f32>
      %18 = attn.project %1 by %12 plus %13 : (!attn.value<batch, key, feature of @value : f32>, !attn.value<feature of @value, head 12, size 32 : f32>, !attn.value<head 12, size 32 : f32>) -> !attn.value<batch, key, head 12, size 32 : f32>
      %result = attn.attention %16, %17, %18 rule uniform shape "attention_mask & query_mask & value_mask & key_mask & (!use_causal_mask | causal)" mask {
        %true = arith.constant true
        %20 = attn.own %3 : !attn.value<batch, head 12, query, key : i1>
        %21 = attn.own %4 : !attn.value<batch, query : i1>
        %22 = arith.andi %20, %21 : i1
        %23 = attn.own %5 : !attn.value<batch, key : i1>
        %24 = arith.andi %22, %23 : i1
        %25 = attn.own %6 : !attn.value<batch, key : i1>
        %26 = arith.andi %24, %25 : i1
        %27 = attn.own %7 : !attn.value<i1>
        %28 = arith.xori %27, %true : i1
        %29 = attn.position key
        %30 = attn.position query
        %31 = arith.cmpi sle, %29, %30 : i32
        %32 = arith.ori %28, %31 : i1
        %33 = arith.andi %26, %32 : i1
        attn.yield %33 : i1
      } keys {
      ^bb0(%first_query: index, %last_query: index):
        %c0 = arith.constant 0 : index
        %20 = attn.own %7 : !attn.value<i1>
        %c1 = arith.constant 1 : index
        %21 = arith.addi %last_query, %c1 : index
        %22 = attn.length key
        %23 = arith.index_cast %22 : i32 to index
        %24 = arith.minsi %21, %23 : index
        %25 = arith.select %20, %24, %23 : index
        attn.yield %c0, %25 : index, index
      } blocks {
      ^bb0(%first_query: index, %last_query: index, %first_key: index, %last_key: index):
        %least, %most = attn.extremes over pairs {
          %34 = attn.own %3 : !attn.value<batch, head 12, query, key : i1>
          attn.yield %34 : i1
        } : i1
        %least_0, %most_1 = attn.extremes over query {
          %34 = attn.own %4 : !attn.value<batch, query : i1>
          attn.yield %34 : i1
        } : i1
        %20 = arith.andi %most, %most_1 : i1
        %21 = arith.andi %least, %least_0 : i1
        %least_2, %most_3 = attn.extremes over key {
          %34 = attn.own %5 : !attn.value<batch, key : i1>
          attn.yield %34 : i1
        } : i1
        %22 = arith.andi %20, %most_3 : i1
        %23 = arith.andi %21, %least_2 : i1
        %least_4, %most_5 = attn.extremes over key {
          %34 = attn.own %6 : !attn.value<batch, key : i1>
          attn.yield %34 : i1
        } : i1
        %24 = arith.andi %22, %most_5 : i1
        %25 = arith.andi %23, %least_4 : i1
        %26 = attn.own %7 : !attn.value<i1>
        %true = arith.constant true
        %27 = arith.xori %26, %true : i1
        %c0 = arith.constant 0 : index
        %c0_6 = arith.constant 0 : index
        %28 = arith.cmpi sle, %first_key, %last_query : index
        %29 = arith.cmpi sle, %last_key, %first_query : index
        %30 = arith.ori %27, %28 : i1
        %31 = arith.ori %27, %29 : i1
        %32 = arith.andi %24, %30 : i1
        %33 = arith.andi %25, %31 : i1
        attn.yield %32, %33 : i1, i1
      } : (!attn.value<batch, query, head 12, size 32 : f32>, !attn.value<batch, key, head 12, size 32 : f32>, !attn.value<batch, key, head 12, size 32 : f32>) -> !attn.value<batch, query, head 12, size 32 : f32>
      %19 = attn.project %result by %14 plus %15 : (!attn.value<batch, query, head 12, size 32 : f32>, !attn.value<head 12, size 32, feature of @query : f32>, !attn.value<feature of @query : f32>) -> !attn.value<batch, query, feature of @query : f32>
      attn.return "output" %19 : !attn.value<batch, query, feature of @query : f32>
    }
    attn.path "output_attention_scores" {
      %16 = attn.project %0 by %8 plus %9 scale 0.1767766922712326 : (!attn.value<batch, query, feature of @query : f32>, !attn.value<feature of @query, head 12, size 32 : f32>, !attn.value<head 12, size 32 : f32>) -> !attn.value<batch, query, head 12, size 32 : f32>
      %17 = attn.project %2 by %10 plus %11 : (!attn.value<batch, key, feature of @key : f32>, !attn.value<feature of @key, head 12, size 32 : f32>, !attn.value<head 12, size 32 : f32>) -> !attn.value<batch, key, head 12, size 32 : f32>
      %18 = attn.project %1 by %12 plus %13 : (!attn.value<batch, key, feature of @value : f32>, !attn.value<feature of @value, head 12, size 32 : f32>, !attn.value<head 12, size 32 : f32>) -> !attn.value<batch, key, head 12, size 32 : f32>
      %result, %scores = attn.attention %16, %17, %18 rule zero shape "attention_mask & query_mask & value_mask & key_mask & (!use_causal_mask | causal)" mask {
        %true = arith.constant true
        %20 = attn.own %3 : !attn.value<batch, head 12, query, key : i1>
        %21 = attn.own %4 : !attn.value<batch, query : i1>
        %22 = arith.andi %20, %21 : i1
        %23 = attn.own %5 : !attn.value<batch, key : i1>
        %24 = arith.andi %22, %23 : i1
        %25 = attn.own %6 : !attn.value<batch, key : i1>
        %26 = arith.andi %24, %25 : i1
        %27 = attn.own %7 : !attn.value<i1>
        %28 = arith.xori %27, %true : i1
        %29 = attn.position key
        %30 = attn.position query
        %31 = arith.cmpi sle, %29, %30 : i32
        %32 = arith.ori %28, %31 : i1
        %33 = arith.andi %26, %32 : i1
        attn.yield %33 : i1
      } keys {
      ^bb0(%first_query: index, %last_query: index):
        %c0 = arith.constant 0 : index
        %20 = attn.own %7 : !attn.value<i1>
        %c1 = arith.constant 1 : index
        %21 = arith.addi %last_query, %c1 : index
        %22 = attn.length key
        %23 = arith.index_cast %22 : i32 to index
        %24 = arith.minsi %21, %23 : index
        %25 = arith.select %20, %24, %23 : index
        attn.yield %c0, %25 : index, index
      } blocks {
      ^bb0(%first_query: index, %last_query: index, %first_key: index, %last_key: index):
        %least, %most = attn.extremes over pairs {
          %34 = attn.own %3 : !attn.value<batch, head 12, query, key : i1>
          attn.yield %34 : i1
        } : i1
        %least_0, %most_1 = attn.extremes over query {
          %34 = attn.own %4 : !attn.value<batch, query : i1>
          attn.yield %34 : i1
        } : i1
        %20 = arith.andi %most, %most_1 : i1
        %21 = arith.andi %least, %least_0 : i1
        %least_2, %most_3 = attn.extremes over key {
          %34 = attn.own %5 : !attn.value<batch, key : i1>
          attn.yield %34 : i1
        } : i1
        %22 = arith.andi %20, %most_3 : i1
        %23 = arith.andi %21, %least_2 : i1
        %least_4, %most_5 = attn.extremes over key {
          %34 = attn.own %6 : !attn.value<batch, key : i1>
          attn.yield %34 : i1
        } : i1
        %24 = arith.andi %22, %most_5 : i1
        %25 = arith.andi %23, %least_4 : i1
        %26 = attn.own %7 : !attn.value<i1>
        %true = arith.constant true
        %27 = arith.xori %26, %true : i1
        %c0 = arith.constant 0 : index
        %c0_6 = arith.constant 0 : index
        %28 = arith.cmpi sle, %first_key, %last_query : index
        %29 = arith.cmpi sle, %last_key, %first_query : index
        %30 = arith.ori %27, %28 : i1
        %31 = arith.ori %27, %29 : i1
        %32 = arith.andi %24, %30 : i1
        %33 = arith.andi %25, %31 : i1
        attn.yield %32, %33 : i1, i1
      } : (!attn.value<batch, query, head 12, size 32 : f32>, !attn.value<batch, key, head 12, size 32 : f32>, !attn.value<batch, key, head 12, size 32 : f32>) -> (!attn.value<batch, query, head 12, size 32 : f32>, !attn.value<batch, head 12, query, key : f32>)
      %19 = attn.project %result by %14 plus %15 : (!attn.value<batch, query, head 12, size 32 : f32>, !attn.value<head 12, size 32, feature of @query : f32>, !attn.value<feature of @query : f32>) -> !attn.value<batch, query, feature of @query : f32>
      attn.return "output" %19, "attention_scores" optional %scores : !attn.value<batch, query, feature of @query : f32>, !attn.value<batch, head 12, query, key : f32>
    }
  }
}

// ---- canonicalize
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
    attn.path "output" {
      %16 = attn.project %0 by %8 plus %9 scale 0.1767766922712326 : (!attn.value<batch, query, feature of @query : f32>, !attn.value<feature of @query, head 12, size 32 : f32>, !attn.value<head 12, size 32 : f32>) -> !attn.value<batch, query, head 12, size 32 : f32>
      %17 = attn.project %2 by %10 plus %11 : (!attn.value<batch, key, feature of @key : f32>, !attn.value<feature of @key, head 12, size 32 : f32>, !attn.value<head 12, size 32 : f32>) -> !attn.value<batch, key, head 12, size 32 : f32>
      %18 = attn.project %1 by %12 plus %13 : (!attn.value<batch, key, feature of @value : f32>, !attn.value<feature of @value, head 12, size 32 : f32>, !attn.value<head 12, size 32 : f32>) -> !attn.value<batch, key, head 12, size 32 : f32>
      %result = attn.attention %16, %17, %18 rule uniform shape "attention_mask & query_mask & value_mask & key_mask & (!use_causal_mask | causal)" mask {
        %true = arith.constant true
        %20 = attn.own %3 : !attn.value<batch, head 12, query, key : i1>
        %21 = attn.own %4 : !attn.value<batch, query : i1>
        %22 = arith.andi %20, %21 : i1
        %23 = attn.own %5 : !attn.value<batch, key : i1>
        %24 = arith.andi %22, %23 : i1
        %25 = attn.own %6 : !attn.value<batch, key : i1>
        %26 = arith.andi %24, %25 : i1
        %27 = attn.own %7 : !attn.value<i1>
        %28 = arith.xori %27, %true : i1
        %29 = attn.position key
        %30 = attn.position query
        %31 = arith.cmpi sle, %29, %30 : i32
        %32 = arith.ori %28, %31 : i1
        %33 = arith.andi %26, %32 : i1
        attn.yield %33 : i1
      } keys {
      ^bb0(%first_query: index, %last_query: index):
        %c1 = arith.constant 1 : index
        %c0 = arith.constant 0 : index
        %20 = attn.own %7 : !attn.value<i1>
        %21 = arith.addi %last_query, %c1 : index
        %22 = attn.length key
        %23 = arith.index_cast %22 : i32 to index
        %24 = arith.minsi %21, %23 : index
        %25 = arith.select %20, %24, %23 : index
        attn.yield %c0, %25 : index, index
      } blocks {
      ^bb0(%first_query: index, %last_query: index, %first_key: index, %last_key: index):
        %true = arith.constant true
        %least, %most = attn.extremes over pairs {
          %34 = attn.own %3 : !attn.value<batch, head 12, query, key : i1>
          attn.yield %34 : i1
        } : i1
        %least_0, %most_1 = attn.extremes over query {
          %34 = attn.own %4 : !attn.value<batch, query : i1>
          attn.yield %34 : i1
        } : i1
        %20 = arith.andi %most, %most_1 : i1
        %21 = arith.andi %least, %least_0 : i1
        %least_2, %most_3 = attn.extremes over key {
          %34 = attn.own %5 : !attn.value<batch, key : i1>
          attn.yield %34 : i1
        } : i1
        %22 = arith.andi %20, %most_3 : i1
        %23 = arith.andi %21, %least_2 : i1
        %least_4, %most_5 = attn.extremes over key {
          %34 = attn.own %6 : !attn.value<batch, key : i1>
          attn.yield %34 : i1
        } : i1
        %24 = arith.andi %22, %most_5 : i1
        %25 = arith.andi %23, %least_4 : i1
        %26 = attn.own %7 : !attn.value<i1>
        %27 = arith.xori %26, %true : i1
        %28 = arith.cmpi sle, %first_key, %last_query : index
        %29 = arith.cmpi sle, %last_key, %first_query : index
        %30 = arith.ori %27, %28 : i1
        %31 = arith.ori %27, %29 : i1
        %32 = arith.andi %24, %30 : i1
        %33 = arith.andi %25, %31 : i1
        attn.yield %32, %33 : i1, i1
      } : (!attn.value<batch, query, head 12, size 32 : f32>, !attn.value<batch, key, head 12, size 32 : f32>, !attn.value<batch, key, head 12, size 32 : f32>) -> !attn.value<batch, query, head 12, size 32 : f32>
      %19 = attn.project %result by %14 plus %15 : (!attn.value<batch, query, head 12, size 32 : f32>, !attn.value<head 12, size 32, feature of @query : f32>, !attn.value<feature of @query : f32>) -> !attn.value<batch, query, feature of @query : f32>
      attn.return "output" %19 : !attn.value<batch, query, feature of @query : f32>
    }
    attn.path "output_attention_scores" {
      %16 = attn.project %0 by %8 plus %9 scale 0.1767766922712326 : (!attn.value<batch, query, feature of @query : f32>, !attn.value<feature of @query, head 12, size 32 : f32>, !attn.value<head 12, size 32 : f32>) -> !attn.value<batch, query, head 12, size 32 : f32>
      %17 = attn.project %2 by %10 plus %11 : (!attn.value<batch, key, feature of @key : f32>, !attn.value<feature of @key, head 12, size 32 : f32>, !attn.value<head 12, size 32 : f32>) -> !attn.value<batch, key, head 12, size 32 : f32>
      %18 = attn.project %1 by %12 plus %13 : (!attn.value<batch, key, feature of @value : f32>, !attn.value<feature of @value, head 12, size 32 : f32>, !attn.value<head 12, size 32 : f32>) -> !attn.value<batch, key, head 12, size 32 : f32>
      %result, %scores = attn.attention %16, %17, %18 rule zero shape "attention_mask & query_mask & value_mask & key_mask & (!use_causal_mask | causal)" mask {
        %true = arith.constant true
        %20 = attn.own %3 : !attn.value<batch, head 12, query, key : i1>
        %21 = attn.own %4 : !attn.value<batch, query : i1>
        %22 = arith.andi %20, %21 : i1
        %23 = attn.own %5 : !attn.value<batch, key : i1>
        %24 = arith.andi %22, %23 : i1
        %25 = attn.own %6 : !attn.value<batch, key : i1>
        %26 = arith.andi %24, %25 : i1
        %27 = attn.own %7 : !attn.value<i1>
        %28 = arith.xori %27, %true : i1
        %29 = attn.position key
        %30 = attn.position query
        %31 = arith.cmpi sle, %29, %30 : i32
        %32 = arith.ori %28, %31 : i1
        %33 = arith.andi %26, %32 : i1
        attn.yield %33 : i1
      } keys {
      ^bb0(%first_query: index, %last_query: index):
        %c1 = arith.constant 1 : index
        %c0 = arith.constant 0 : index
        %20 = attn.own %7 : !attn.value<i1>
        %21 = arith.addi %last_query, %c1 : index
        %22 = attn.length key
        %23 = arith.index_cast %22 : i32 to index
        %24 = arith.minsi %21, %23 : index
        %25 = arith.select %20, %24, %23 : index
        attn.yield %c0, %25 : index, index
      } blocks {
      ^bb0(%first_query: index, %last_query: index, %first_key: index, %last_key: index):
        %true = arith.constant true
        %least, %most = attn.extremes over pairs {
          %34 = attn.own %3 : !attn.value<batch, head 12, query, key : i1>
          attn.yield %34 : i1
        } : i1
        %least_0, %most_1 = attn.extremes over query {
          %34 = attn.own %4 : !attn.value<batch, query : i1>
          attn.yield %34 : i1
        } : i1
        %20 = arith.andi %most, %most_1 : i1
        %21 = arith.andi %least, %least_0 : i1
        %least_2, %most_3 = attn.extremes over key {
          %34 = attn.own %5 : !attn.value<batch, key : i1>
          attn.yield %34 : i1
        } : i1
        %22 = arith.andi %20, %most_3 : i1
        %23 = arith.andi %21, %least_2 : i1
        %least_4, %most_5 = attn.extremes over key {
          %34 = attn.own %6 : !attn.value<batch, key : i1>
          attn.yield %34 : i1
        } : i1
        %24 = arith.andi %22, %most_5 : i1
        %25 = arith.andi %23, %least_4 : i1
        %26 = attn.own %7 : !attn.value<i1>
        %27 = arith.xori %26, %true : i1
        %28 = arith.cmpi sle, %first_key, %last_query : index
        %29 = arith.cmpi sle, %last_key, %first_query : index
        %30 = arith.ori %27, %28 : i1
        %31 = arith.ori %27, %29 : i1
        %32 = arith.andi %24, %30 : i1
        %33 = arith.andi %25, %31 : i1
        attn.yield %32, %33 : i1, i1
      } : (!attn.value<batch, query, head 12, size 32 : f32>, !attn.value<batch, key, head 12, size 32 : f32>, !attn.value<batch, key, head 12, size 32 : f32>) -> (!attn.value<batch, query, head 12, size 32 : f32>, !attn.value<batch, head 12, query, key : f32>)
      %19 = attn.project %result by %14 plus %15 : (!attn.value<batch, query, head 12, size 32 : f32>, !attn.value<head 12, size 32, feature of @query : f32>, !attn.value<feature of @query : f32>) -> !attn.value<batch, query, feature of @query : f32>
      attn.return "output" %19, "attention_scores" optional %scores : !attn.value<batch, query, feature of @query : f32>, !attn.value<batch, head 12, query, key : f32>
    }
  }
}
