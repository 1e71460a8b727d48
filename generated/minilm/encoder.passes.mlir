// Written by attnc show --stage passes --target avx2; `./dev generated` refreshes it.
// ---- input
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

// ---- canonicalize
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
      %true = arith.constant true
      %21 = attn.own %3 : !attn.value<batch, head 12, query, key : i1>
      %22 = attn.own %4 : !attn.value<i1>
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

// ---- attn-fold-scale
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
    %15 = attn.scores %13, %14 scale 0.176776692 : (!attn.value<batch, query, head 12, size 32 : f32>, !attn.value<batch, key, head 12, size 32 : f32>) -> !attn.value<batch, head 12, query, key : f32>
    %16 = attn.softmax %15 rule uniform with_scores zero mask {
      %true = arith.constant true
      %20 = attn.own %3 : !attn.value<batch, head 12, query, key : i1>
      %21 = attn.own %4 : !attn.value<i1>
      %22 = arith.xori %21, %true : i1
      %23 = attn.position key
      %24 = attn.position query
      %25 = arith.cmpi sle, %23, %24 : index
      %26 = arith.ori %22, %25 : i1
      %27 = arith.andi %20, %26 : i1
      attn.yield %27 : i1
    } : !attn.value<batch, head 12, query, key : f32>
    %17 = attn.project %1 by %9 plus %10 : (!attn.value<batch, key, feature of @value : f32>, !attn.value<feature of @value, head 12, size 32 : f32>, !attn.value<head 12, size 32 : f32>) -> !attn.value<batch, key, head 12, size 32 : f32>
    %18 = attn.combine %16, %17 : (!attn.value<batch, head 12, query, key : f32>, !attn.value<batch, key, head 12, size 32 : f32>) -> !attn.value<batch, query, head 12, size 32 : f32>
    %19 = attn.project %18 by %11 plus %12 : (!attn.value<batch, query, head 12, size 32 : f32>, !attn.value<head 12, size 32, feature of @query : f32>, !attn.value<feature of @query : f32>) -> !attn.value<batch, query, feature of @query : f32>
    attn.return "output" %19, "attention_scores" optional %16 : !attn.value<batch, query, feature of @query : f32>, !attn.value<batch, head 12, query, key : f32>
  }
}

// ---- attn-split-paths
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
    attn.path "output" {
      %13 = attn.project %0 by %5 plus %6 : (!attn.value<batch, query, feature of @query : f32>, !attn.value<feature of @query, head 12, size 32 : f32>, !attn.value<head 12, size 32 : f32>) -> !attn.value<batch, query, head 12, size 32 : f32>
      %14 = attn.project %2 by %7 plus %8 : (!attn.value<batch, key, feature of @key : f32>, !attn.value<feature of @key, head 12, size 32 : f32>, !attn.value<head 12, size 32 : f32>) -> !attn.value<batch, key, head 12, size 32 : f32>
      %15 = attn.scores %13, %14 scale 0.176776692 : (!attn.value<batch, query, head 12, size 32 : f32>, !attn.value<batch, key, head 12, size 32 : f32>) -> !attn.value<batch, head 12, query, key : f32>
      %16 = attn.softmax %15 rule uniform mask {
        %true = arith.constant true
        %20 = attn.own %3 : !attn.value<batch, head 12, query, key : i1>
        %21 = attn.own %4 : !attn.value<i1>
        %22 = arith.xori %21, %true : i1
        %23 = attn.position key
        %24 = attn.position query
        %25 = arith.cmpi sle, %23, %24 : index
        %26 = arith.ori %22, %25 : i1
        %27 = arith.andi %20, %26 : i1
        attn.yield %27 : i1
      } : !attn.value<batch, head 12, query, key : f32>
      %17 = attn.project %1 by %9 plus %10 : (!attn.value<batch, key, feature of @value : f32>, !attn.value<feature of @value, head 12, size 32 : f32>, !attn.value<head 12, size 32 : f32>) -> !attn.value<batch, key, head 12, size 32 : f32>
      %18 = attn.combine %16, %17 : (!attn.value<batch, head 12, query, key : f32>, !attn.value<batch, key, head 12, size 32 : f32>) -> !attn.value<batch, query, head 12, size 32 : f32>
      %19 = attn.project %18 by %11 plus %12 : (!attn.value<batch, query, head 12, size 32 : f32>, !attn.value<head 12, size 32, feature of @query : f32>, !attn.value<feature of @query : f32>) -> !attn.value<batch, query, feature of @query : f32>
      attn.return "output" %19 : !attn.value<batch, query, feature of @query : f32>
    }
    attn.path "output_attention_scores" {
      %13 = attn.project %0 by %5 plus %6 : (!attn.value<batch, query, feature of @query : f32>, !attn.value<feature of @query, head 12, size 32 : f32>, !attn.value<head 12, size 32 : f32>) -> !attn.value<batch, query, head 12, size 32 : f32>
      %14 = attn.project %2 by %7 plus %8 : (!attn.value<batch, key, feature of @key : f32>, !attn.value<feature of @key, head 12, size 32 : f32>, !attn.value<head 12, size 32 : f32>) -> !attn.value<batch, key, head 12, size 32 : f32>
      %15 = attn.scores %13, %14 scale 0.176776692 : (!attn.value<batch, query, head 12, size 32 : f32>, !attn.value<batch, key, head 12, size 32 : f32>) -> !attn.value<batch, head 12, query, key : f32>
      %16 = attn.softmax %15 rule zero mask {
        %true = arith.constant true
        %20 = attn.own %3 : !attn.value<batch, head 12, query, key : i1>
        %21 = attn.own %4 : !attn.value<i1>
        %22 = arith.xori %21, %true : i1
        %23 = attn.position key
        %24 = attn.position query
        %25 = arith.cmpi sle, %23, %24 : index
        %26 = arith.ori %22, %25 : i1
        %27 = arith.andi %20, %26 : i1
        attn.yield %27 : i1
      } : !attn.value<batch, head 12, query, key : f32>
      %17 = attn.project %1 by %9 plus %10 : (!attn.value<batch, key, feature of @value : f32>, !attn.value<feature of @value, head 12, size 32 : f32>, !attn.value<head 12, size 32 : f32>) -> !attn.value<batch, key, head 12, size 32 : f32>
      %18 = attn.combine %16, %17 : (!attn.value<batch, head 12, query, key : f32>, !attn.value<batch, key, head 12, size 32 : f32>) -> !attn.value<batch, query, head 12, size 32 : f32>
      %19 = attn.project %18 by %11 plus %12 : (!attn.value<batch, query, head 12, size 32 : f32>, !attn.value<head 12, size 32, feature of @query : f32>, !attn.value<feature of @query : f32>) -> !attn.value<batch, query, feature of @query : f32>
      attn.return "output" %19, "attention_scores" optional %16 : !attn.value<batch, query, feature of @query : f32>, !attn.value<batch, head 12, query, key : f32>
    }
  }
}

// ---- attn-form-attention
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
    attn.path "output" {
      %13 = attn.project %0 by %5 plus %6 : (!attn.value<batch, query, feature of @query : f32>, !attn.value<feature of @query, head 12, size 32 : f32>, !attn.value<head 12, size 32 : f32>) -> !attn.value<batch, query, head 12, size 32 : f32>
      %14 = attn.project %2 by %7 plus %8 : (!attn.value<batch, key, feature of @key : f32>, !attn.value<feature of @key, head 12, size 32 : f32>, !attn.value<head 12, size 32 : f32>) -> !attn.value<batch, key, head 12, size 32 : f32>
      %15 = attn.project %1 by %9 plus %10 : (!attn.value<batch, key, feature of @value : f32>, !attn.value<feature of @value, head 12, size 32 : f32>, !attn.value<head 12, size 32 : f32>) -> !attn.value<batch, key, head 12, size 32 : f32>
      %result = attn.attention %13, %14, %15 scale 0.255034864 rule uniform mask {
        %true = arith.constant true
        %17 = attn.own %3 : !attn.value<batch, head 12, query, key : i1>
        %18 = attn.own %4 : !attn.value<i1>
        %19 = arith.xori %18, %true : i1
        %20 = attn.position key
        %21 = attn.position query
        %22 = arith.cmpi sle, %20, %21 : index
        %23 = arith.ori %19, %22 : i1
        %24 = arith.andi %17, %23 : i1
        attn.yield %24 : i1
      } : (!attn.value<batch, query, head 12, size 32 : f32>, !attn.value<batch, key, head 12, size 32 : f32>, !attn.value<batch, key, head 12, size 32 : f32>) -> !attn.value<batch, query, head 12, size 32 : f32>
      %16 = attn.project %result by %11 plus %12 : (!attn.value<batch, query, head 12, size 32 : f32>, !attn.value<head 12, size 32, feature of @query : f32>, !attn.value<feature of @query : f32>) -> !attn.value<batch, query, feature of @query : f32>
      attn.return "output" %16 : !attn.value<batch, query, feature of @query : f32>
    }
    attn.path "output_attention_scores" {
      %13 = attn.project %0 by %5 plus %6 : (!attn.value<batch, query, feature of @query : f32>, !attn.value<feature of @query, head 12, size 32 : f32>, !attn.value<head 12, size 32 : f32>) -> !attn.value<batch, query, head 12, size 32 : f32>
      %14 = attn.project %2 by %7 plus %8 : (!attn.value<batch, key, feature of @key : f32>, !attn.value<feature of @key, head 12, size 32 : f32>, !attn.value<head 12, size 32 : f32>) -> !attn.value<batch, key, head 12, size 32 : f32>
      %15 = attn.project %1 by %9 plus %10 : (!attn.value<batch, key, feature of @value : f32>, !attn.value<feature of @value, head 12, size 32 : f32>, !attn.value<head 12, size 32 : f32>) -> !attn.value<batch, key, head 12, size 32 : f32>
      %result, %scores = attn.attention %13, %14, %15 scale 0.255034864 rule zero mask {
        %true = arith.constant true
        %17 = attn.own %3 : !attn.value<batch, head 12, query, key : i1>
        %18 = attn.own %4 : !attn.value<i1>
        %19 = arith.xori %18, %true : i1
        %20 = attn.position key
        %21 = attn.position query
        %22 = arith.cmpi sle, %20, %21 : index
        %23 = arith.ori %19, %22 : i1
        %24 = arith.andi %17, %23 : i1
        attn.yield %24 : i1
      } : (!attn.value<batch, query, head 12, size 32 : f32>, !attn.value<batch, key, head 12, size 32 : f32>, !attn.value<batch, key, head 12, size 32 : f32>) -> (!attn.value<batch, query, head 12, size 32 : f32>, !attn.value<batch, head 12, query, key : f32>)
      %16 = attn.project %result by %11 plus %12 : (!attn.value<batch, query, head 12, size 32 : f32>, !attn.value<head 12, size 32, feature of @query : f32>, !attn.value<feature of @query : f32>) -> !attn.value<batch, query, feature of @query : f32>
      attn.return "output" %16, "attention_scores" optional %scores : !attn.value<batch, query, feature of @query : f32>, !attn.value<batch, head 12, query, key : f32>
    }
  }
}

// ---- attn-bound-keys
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
    attn.path "output" {
      %13 = attn.project %0 by %5 plus %6 : (!attn.value<batch, query, feature of @query : f32>, !attn.value<feature of @query, head 12, size 32 : f32>, !attn.value<head 12, size 32 : f32>) -> !attn.value<batch, query, head 12, size 32 : f32>
      %14 = attn.project %2 by %7 plus %8 : (!attn.value<batch, key, feature of @key : f32>, !attn.value<feature of @key, head 12, size 32 : f32>, !attn.value<head 12, size 32 : f32>) -> !attn.value<batch, key, head 12, size 32 : f32>
      %15 = attn.project %1 by %9 plus %10 : (!attn.value<batch, key, feature of @value : f32>, !attn.value<feature of @value, head 12, size 32 : f32>, !attn.value<head 12, size 32 : f32>) -> !attn.value<batch, key, head 12, size 32 : f32>
      %result = attn.attention %13, %14, %15 scale 0.255034864 rule uniform mask {
        %true = arith.constant true
        %17 = attn.own %3 : !attn.value<batch, head 12, query, key : i1>
        %18 = attn.own %4 : !attn.value<i1>
        %19 = arith.xori %18, %true : i1
        %20 = attn.position key
        %21 = attn.position query
        %22 = arith.cmpi sle, %20, %21 : index
        %23 = arith.ori %19, %22 : i1
        %24 = arith.andi %17, %23 : i1
        attn.yield %24 : i1
      } keys {
      ^bb0(%arg0: index, %arg1: index):
        %c0 = arith.constant 0 : index
        %17 = attn.own %4 : !attn.value<i1>
        %c1 = arith.constant 1 : index
        %18 = arith.addi %arg1, %c1 : index
        %19 = attn.length key
        %20 = arith.minsi %18, %19 : index
        %21 = arith.select %17, %20, %19 : index
        attn.yield %c0, %21 : index, index
      } : (!attn.value<batch, query, head 12, size 32 : f32>, !attn.value<batch, key, head 12, size 32 : f32>, !attn.value<batch, key, head 12, size 32 : f32>) -> !attn.value<batch, query, head 12, size 32 : f32>
      %16 = attn.project %result by %11 plus %12 : (!attn.value<batch, query, head 12, size 32 : f32>, !attn.value<head 12, size 32, feature of @query : f32>, !attn.value<feature of @query : f32>) -> !attn.value<batch, query, feature of @query : f32>
      attn.return "output" %16 : !attn.value<batch, query, feature of @query : f32>
    }
    attn.path "output_attention_scores" {
      %13 = attn.project %0 by %5 plus %6 : (!attn.value<batch, query, feature of @query : f32>, !attn.value<feature of @query, head 12, size 32 : f32>, !attn.value<head 12, size 32 : f32>) -> !attn.value<batch, query, head 12, size 32 : f32>
      %14 = attn.project %2 by %7 plus %8 : (!attn.value<batch, key, feature of @key : f32>, !attn.value<feature of @key, head 12, size 32 : f32>, !attn.value<head 12, size 32 : f32>) -> !attn.value<batch, key, head 12, size 32 : f32>
      %15 = attn.project %1 by %9 plus %10 : (!attn.value<batch, key, feature of @value : f32>, !attn.value<feature of @value, head 12, size 32 : f32>, !attn.value<head 12, size 32 : f32>) -> !attn.value<batch, key, head 12, size 32 : f32>
      %result, %scores = attn.attention %13, %14, %15 scale 0.255034864 rule zero mask {
        %true = arith.constant true
        %17 = attn.own %3 : !attn.value<batch, head 12, query, key : i1>
        %18 = attn.own %4 : !attn.value<i1>
        %19 = arith.xori %18, %true : i1
        %20 = attn.position key
        %21 = attn.position query
        %22 = arith.cmpi sle, %20, %21 : index
        %23 = arith.ori %19, %22 : i1
        %24 = arith.andi %17, %23 : i1
        attn.yield %24 : i1
      } keys {
      ^bb0(%arg0: index, %arg1: index):
        %c0 = arith.constant 0 : index
        %17 = attn.own %4 : !attn.value<i1>
        %c1 = arith.constant 1 : index
        %18 = arith.addi %arg1, %c1 : index
        %19 = attn.length key
        %20 = arith.minsi %18, %19 : index
        %21 = arith.select %17, %20, %19 : index
        attn.yield %c0, %21 : index, index
      } : (!attn.value<batch, query, head 12, size 32 : f32>, !attn.value<batch, key, head 12, size 32 : f32>, !attn.value<batch, key, head 12, size 32 : f32>) -> (!attn.value<batch, query, head 12, size 32 : f32>, !attn.value<batch, head 12, query, key : f32>)
      %16 = attn.project %result by %11 plus %12 : (!attn.value<batch, query, head 12, size 32 : f32>, !attn.value<head 12, size 32, feature of @query : f32>, !attn.value<feature of @query : f32>) -> !attn.value<batch, query, feature of @query : f32>
      attn.return "output" %16, "attention_scores" optional %scores : !attn.value<batch, query, feature of @query : f32>, !attn.value<batch, head 12, query, key : f32>
    }
  }
}

// ---- attn-fold-projection-scale
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
    attn.path "output" {
      %13 = attn.project %0 by %5 plus %6 scale 0.255034864 : (!attn.value<batch, query, feature of @query : f32>, !attn.value<feature of @query, head 12, size 32 : f32>, !attn.value<head 12, size 32 : f32>) -> !attn.value<batch, query, head 12, size 32 : f32>
      %14 = attn.project %2 by %7 plus %8 : (!attn.value<batch, key, feature of @key : f32>, !attn.value<feature of @key, head 12, size 32 : f32>, !attn.value<head 12, size 32 : f32>) -> !attn.value<batch, key, head 12, size 32 : f32>
      %15 = attn.project %1 by %9 plus %10 : (!attn.value<batch, key, feature of @value : f32>, !attn.value<feature of @value, head 12, size 32 : f32>, !attn.value<head 12, size 32 : f32>) -> !attn.value<batch, key, head 12, size 32 : f32>
      %result = attn.attention %13, %14, %15 rule uniform mask {
        %true = arith.constant true
        %17 = attn.own %3 : !attn.value<batch, head 12, query, key : i1>
        %18 = attn.own %4 : !attn.value<i1>
        %19 = arith.xori %18, %true : i1
        %20 = attn.position key
        %21 = attn.position query
        %22 = arith.cmpi sle, %20, %21 : index
        %23 = arith.ori %19, %22 : i1
        %24 = arith.andi %17, %23 : i1
        attn.yield %24 : i1
      } keys {
      ^bb0(%arg0: index, %arg1: index):
        %c0 = arith.constant 0 : index
        %17 = attn.own %4 : !attn.value<i1>
        %c1 = arith.constant 1 : index
        %18 = arith.addi %arg1, %c1 : index
        %19 = attn.length key
        %20 = arith.minsi %18, %19 : index
        %21 = arith.select %17, %20, %19 : index
        attn.yield %c0, %21 : index, index
      } : (!attn.value<batch, query, head 12, size 32 : f32>, !attn.value<batch, key, head 12, size 32 : f32>, !attn.value<batch, key, head 12, size 32 : f32>) -> !attn.value<batch, query, head 12, size 32 : f32>
      %16 = attn.project %result by %11 plus %12 : (!attn.value<batch, query, head 12, size 32 : f32>, !attn.value<head 12, size 32, feature of @query : f32>, !attn.value<feature of @query : f32>) -> !attn.value<batch, query, feature of @query : f32>
      attn.return "output" %16 : !attn.value<batch, query, feature of @query : f32>
    }
    attn.path "output_attention_scores" {
      %13 = attn.project %0 by %5 plus %6 scale 0.255034864 : (!attn.value<batch, query, feature of @query : f32>, !attn.value<feature of @query, head 12, size 32 : f32>, !attn.value<head 12, size 32 : f32>) -> !attn.value<batch, query, head 12, size 32 : f32>
      %14 = attn.project %2 by %7 plus %8 : (!attn.value<batch, key, feature of @key : f32>, !attn.value<feature of @key, head 12, size 32 : f32>, !attn.value<head 12, size 32 : f32>) -> !attn.value<batch, key, head 12, size 32 : f32>
      %15 = attn.project %1 by %9 plus %10 : (!attn.value<batch, key, feature of @value : f32>, !attn.value<feature of @value, head 12, size 32 : f32>, !attn.value<head 12, size 32 : f32>) -> !attn.value<batch, key, head 12, size 32 : f32>
      %result, %scores = attn.attention %13, %14, %15 rule zero mask {
        %true = arith.constant true
        %17 = attn.own %3 : !attn.value<batch, head 12, query, key : i1>
        %18 = attn.own %4 : !attn.value<i1>
        %19 = arith.xori %18, %true : i1
        %20 = attn.position key
        %21 = attn.position query
        %22 = arith.cmpi sle, %20, %21 : index
        %23 = arith.ori %19, %22 : i1
        %24 = arith.andi %17, %23 : i1
        attn.yield %24 : i1
      } keys {
      ^bb0(%arg0: index, %arg1: index):
        %c0 = arith.constant 0 : index
        %17 = attn.own %4 : !attn.value<i1>
        %c1 = arith.constant 1 : index
        %18 = arith.addi %arg1, %c1 : index
        %19 = attn.length key
        %20 = arith.minsi %18, %19 : index
        %21 = arith.select %17, %20, %19 : index
        attn.yield %c0, %21 : index, index
      } : (!attn.value<batch, query, head 12, size 32 : f32>, !attn.value<batch, key, head 12, size 32 : f32>, !attn.value<batch, key, head 12, size 32 : f32>) -> (!attn.value<batch, query, head 12, size 32 : f32>, !attn.value<batch, head 12, query, key : f32>)
      %16 = attn.project %result by %11 plus %12 : (!attn.value<batch, query, head 12, size 32 : f32>, !attn.value<head 12, size 32, feature of @query : f32>, !attn.value<feature of @query : f32>) -> !attn.value<batch, query, feature of @query : f32>
      attn.return "output" %16, "attention_scores" optional %scores : !attn.value<batch, query, feature of @query : f32>, !attn.value<batch, head 12, query, key : f32>
    }
  }
}

// ---- canonicalize
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
    attn.path "output" {
      %13 = attn.project %0 by %5 plus %6 scale 0.255034864 : (!attn.value<batch, query, feature of @query : f32>, !attn.value<feature of @query, head 12, size 32 : f32>, !attn.value<head 12, size 32 : f32>) -> !attn.value<batch, query, head 12, size 32 : f32>
      %14 = attn.project %2 by %7 plus %8 : (!attn.value<batch, key, feature of @key : f32>, !attn.value<feature of @key, head 12, size 32 : f32>, !attn.value<head 12, size 32 : f32>) -> !attn.value<batch, key, head 12, size 32 : f32>
      %15 = attn.project %1 by %9 plus %10 : (!attn.value<batch, key, feature of @value : f32>, !attn.value<feature of @value, head 12, size 32 : f32>, !attn.value<head 12, size 32 : f32>) -> !attn.value<batch, key, head 12, size 32 : f32>
      %result = attn.attention %13, %14, %15 rule uniform mask {
        %true = arith.constant true
        %17 = attn.own %3 : !attn.value<batch, head 12, query, key : i1>
        %18 = attn.own %4 : !attn.value<i1>
        %19 = arith.xori %18, %true : i1
        %20 = attn.position key
        %21 = attn.position query
        %22 = arith.cmpi sle, %20, %21 : index
        %23 = arith.ori %19, %22 : i1
        %24 = arith.andi %17, %23 : i1
        attn.yield %24 : i1
      } keys {
      ^bb0(%arg0: index, %arg1: index):
        %c1 = arith.constant 1 : index
        %c0 = arith.constant 0 : index
        %17 = attn.own %4 : !attn.value<i1>
        %18 = arith.addi %arg1, %c1 : index
        %19 = attn.length key
        %20 = arith.minsi %18, %19 : index
        %21 = arith.select %17, %20, %19 : index
        attn.yield %c0, %21 : index, index
      } : (!attn.value<batch, query, head 12, size 32 : f32>, !attn.value<batch, key, head 12, size 32 : f32>, !attn.value<batch, key, head 12, size 32 : f32>) -> !attn.value<batch, query, head 12, size 32 : f32>
      %16 = attn.project %result by %11 plus %12 : (!attn.value<batch, query, head 12, size 32 : f32>, !attn.value<head 12, size 32, feature of @query : f32>, !attn.value<feature of @query : f32>) -> !attn.value<batch, query, feature of @query : f32>
      attn.return "output" %16 : !attn.value<batch, query, feature of @query : f32>
    }
    attn.path "output_attention_scores" {
      %13 = attn.project %0 by %5 plus %6 scale 0.255034864 : (!attn.value<batch, query, feature of @query : f32>, !attn.value<feature of @query, head 12, size 32 : f32>, !attn.value<head 12, size 32 : f32>) -> !attn.value<batch, query, head 12, size 32 : f32>
      %14 = attn.project %2 by %7 plus %8 : (!attn.value<batch, key, feature of @key : f32>, !attn.value<feature of @key, head 12, size 32 : f32>, !attn.value<head 12, size 32 : f32>) -> !attn.value<batch, key, head 12, size 32 : f32>
      %15 = attn.project %1 by %9 plus %10 : (!attn.value<batch, key, feature of @value : f32>, !attn.value<feature of @value, head 12, size 32 : f32>, !attn.value<head 12, size 32 : f32>) -> !attn.value<batch, key, head 12, size 32 : f32>
      %result, %scores = attn.attention %13, %14, %15 rule zero mask {
        %true = arith.constant true
        %17 = attn.own %3 : !attn.value<batch, head 12, query, key : i1>
        %18 = attn.own %4 : !attn.value<i1>
        %19 = arith.xori %18, %true : i1
        %20 = attn.position key
        %21 = attn.position query
        %22 = arith.cmpi sle, %20, %21 : index
        %23 = arith.ori %19, %22 : i1
        %24 = arith.andi %17, %23 : i1
        attn.yield %24 : i1
      } keys {
      ^bb0(%arg0: index, %arg1: index):
        %c1 = arith.constant 1 : index
        %c0 = arith.constant 0 : index
        %17 = attn.own %4 : !attn.value<i1>
        %18 = arith.addi %arg1, %c1 : index
        %19 = attn.length key
        %20 = arith.minsi %18, %19 : index
        %21 = arith.select %17, %20, %19 : index
        attn.yield %c0, %21 : index, index
      } : (!attn.value<batch, query, head 12, size 32 : f32>, !attn.value<batch, key, head 12, size 32 : f32>, !attn.value<batch, key, head 12, size 32 : f32>) -> (!attn.value<batch, query, head 12, size 32 : f32>, !attn.value<batch, head 12, query, key : f32>)
      %16 = attn.project %result by %11 plus %12 : (!attn.value<batch, query, head 12, size 32 : f32>, !attn.value<head 12, size 32, feature of @query : f32>, !attn.value<feature of @query : f32>) -> !attn.value<batch, query, feature of @query : f32>
      attn.return "output" %16, "attention_scores" optional %scores : !attn.value<batch, query, feature of @query : f32>, !attn.value<batch, head 12, query, key : f32>
    }
  }
}
