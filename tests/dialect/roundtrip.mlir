// Every operation as its documentation shows it, parsed and printed twice.
// RUN: attn-opt %s | attn-opt | FileCheck %s

// CHECK-LABEL: attn.layer @"model::encoder" fingerprint 0x1122334455667788
attn.layer @"model::encoder" fingerprint 0x1122334455667788 {
  // CHECK: %[[QUERY:.*]] = attn.input "query" : !attn.value<batch, query, feature of @query : f32>
  %query = attn.input "query" : !attn.value<batch, query, feature of @query : f32>
  // CHECK: %[[VALUE:.*]] = attn.input "value" : !attn.value<batch, key, feature of @value : f32>
  %value = attn.input "value" : !attn.value<batch, key, feature of @value : f32>
  // CHECK: %[[KEY:.*]] = attn.input "key" or "value" : !attn.value<batch, key, feature of @key : f32>
  %key = attn.input "key" or "value" : !attn.value<batch, key, feature of @key : f32>
  // CHECK: %[[MASK:.*]] = attn.input "attention_mask" optional : !attn.value<batch, head 2, query, key : i1>
  %mask = attn.input "attention_mask" optional : !attn.value<batch, head 2, query, key : i1>
  // CHECK: %[[CAUSAL:.*]] = attn.input "use_causal_mask" optional : !attn.value<i1>
  %causal = attn.input "use_causal_mask" optional : !attn.value<i1>
  // CHECK: %[[SLOPES:.*]] = attn.input "slopes" : !attn.value<head 2 : f32>
  %slopes = attn.input "slopes" : !attn.value<head 2 : f32>
  // CHECK: %[[WQ:.*]] = attn.weight "query/kernel" : !attn.value<feature of @query, head 2, size 8 : f32>
  %wq = attn.weight "query/kernel" : !attn.value<feature of @query, head 2, size 8 : f32>
  %bq = attn.weight "query/bias" : !attn.value<head 2, size 8 : f32>
  %wk = attn.weight "key/kernel" : !attn.value<feature of @key, head 2, size 8 : f32>
  %wv = attn.weight "value/kernel" : !attn.value<feature of @value, head 2, size 8 : f32>
  %wo = attn.weight "attention_output/kernel" : !attn.value<head 2, size 8, feature of @query : f32>

  // CHECK: attn.project %[[QUERY]] by %[[WQ]] plus %{{.*}} : (
  %q = attn.project %query by %wq plus %bq
      : (!attn.value<batch, query, feature of @query : f32>,
         !attn.value<feature of @query, head 2, size 8 : f32>, !attn.value<head 2, size 8 : f32>)
      -> !attn.value<batch, query, head 2, size 8 : f32>
  // CHECK: attn.project %[[QUERY]] by %[[WQ]] scale 5.000000e-01 : (
  %h = attn.project %query by %wq scale 5.000000e-01
      : (!attn.value<batch, query, feature of @query : f32>,
         !attn.value<feature of @query, head 2, size 8 : f32>)
      -> !attn.value<batch, query, head 2, size 8 : f32>
  %k = attn.project %key by %wk
      : (!attn.value<batch, key, feature of @key : f32>,
         !attn.value<feature of @key, head 2, size 8 : f32>)
      -> !attn.value<batch, key, head 2, size 8 : f32>
  %v = attn.project %value by %wv
      : (!attn.value<batch, key, feature of @value : f32>,
         !attn.value<feature of @value, head 2, size 8 : f32>)
      -> !attn.value<batch, key, head 2, size 8 : f32>

  // CHECK: %[[S:.*]] = attn.scores %{{.*}}, %{{.*}} scale 1.250000e-01 : (
  %s = attn.scores %q, %k scale 1.250000e-01
      : (!attn.value<batch, query, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>)
      -> !attn.value<batch, head 2, query, key : f32>
  // CHECK: %[[M:.*]] = attn.map %[[S]] : (!attn.value<batch, head 2, query, key : f32>) -> !attn.value<batch, head 2, query, key : f32> {
  // CHECK: ^bb0(%[[X:.*]]: f32):
  // CHECK: %[[T:.*]] = math.tanh %[[X]] : f32
  %m = attn.map %s : (!attn.value<batch, head 2, query, key : f32>)
      -> !attn.value<batch, head 2, query, key : f32> {
  ^bb0(%x: f32):
    %t = math.tanh %x : f32
    // CHECK: attn.position head
    %i = attn.position head
    // CHECK: attn.element %[[SLOPES]][%{{.*}}] : !attn.value<head 2 : f32>
    %slope = attn.element %slopes[%i] : !attn.value<head 2 : f32>
    %y = arith.mulf %t, %slope : f32
    // CHECK: attn.yield %{{.*}} : f32
    attn.yield %y : f32
  }
  // CHECK: %[[P:.*]] = attn.softmax %[[M]] rule uniform with_scores zero mask {
  %p = attn.softmax %m rule uniform with_scores zero mask {
    // CHECK: attn.position query
    %i = attn.position query
    %j = attn.position key
    // CHECK: attn.length key
    %n = attn.length key
    // CHECK: attn.own %[[MASK]] : !attn.value<batch, head 2, query, key : i1>
    %visible = attn.own %mask : !attn.value<batch, head 2, query, key : i1>
    // CHECK: attn.own %[[CAUSAL]] : !attn.value<i1>
    %flag = attn.own %causal : !attn.value<i1>
    %before = arith.cmpi sle, %j, %i : i32
    %within = arith.cmpi slt, %j, %n : i32
    %0 = arith.ori %flag, %before : i1
    %1 = arith.andi %0, %visible : i1
    %keep = arith.andi %1, %within : i1
    attn.yield %keep : i1
  // CHECK: } : !attn.value<batch, head 2, query, key : f32>
  } : !attn.value<batch, head 2, query, key : f32>
  // CHECK: attn.softmax %[[M]] rule zero : !attn.value
  %u = attn.softmax %m rule zero : !attn.value<batch, head 2, query, key : f32>
  // CHECK: attn.dropout %[[P]] rate 1.000000e-01 : !attn.value
  %d = attn.dropout %p rate 1.000000e-01 : !attn.value<batch, head 2, query, key : f32>
  // CHECK: attn.share_heads %{{.*}} : (!attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, key, head 6, size 8 : f32>
  %g = attn.share_heads %k : (!attn.value<batch, key, head 2, size 8 : f32>)
      -> !attn.value<batch, key, head 6, size 8 : f32>
  // CHECK: attn.combine %{{.*}}, %{{.*}} : (
  %c = attn.combine %d, %v
      : (!attn.value<batch, head 2, query, key : f32>, !attn.value<batch, key, head 2, size 8 : f32>)
      -> !attn.value<batch, query, head 2, size 8 : f32>

  // CHECK: attn.attention %{{.*}}, %{{.*}}, %{{.*}} rule uniform : (
  %online = attn.attention %q, %k, %v rule uniform
      : (!attn.value<batch, query, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>,
         !attn.value<batch, key, head 2, size 8 : f32>)
      -> !attn.value<batch, query, head 2, size 8 : f32>
  // CHECK: %{{.*}}, %{{.*}} = attn.attention %{{.*}}, %{{.*}}, %{{.*}} scale {{.*}} rule zero mask {
  %a, %r = attn.attention %q, %k, %v scale 1.803369e-01 rule zero mask {
    %i = attn.position query
    %j = attn.position key
    %keep = arith.cmpi sle, %j, %i : i32
    attn.yield %keep : i1
  // CHECK: } keys {
  } keys {
  // CHECK: ^bb0(%{{.*}}: index, %{{.*}}: index):
  ^bb0(%first: index, %last: index):
    %zero = arith.constant 0 : index
    %length = attn.length key
    %end = arith.index_cast %length : i32 to index
    // CHECK: attn.yield %{{.*}}, %{{.*}} : index, index
    attn.yield %zero, %end : index, index
  } : (!attn.value<batch, query, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>,
       !attn.value<batch, key, head 2, size 8 : f32>)
    -> (!attn.value<batch, query, head 2, size 8 : f32>, !attn.value<batch, head 2, query, key : f32>)
  %o = attn.project %c by %wo
      : (!attn.value<batch, query, head 2, size 8 : f32>,
         !attn.value<head 2, size 8, feature of @query : f32>)
      -> !attn.value<batch, query, feature of @query : f32>
  // CHECK: attn.return "output" %{{.*}}, "attention_scores" optional %[[P]] : !attn.value<batch, query, feature of @query : f32>, !attn.value<batch, head 2, query, key : f32>
  attn.return "output" %o, "attention_scores" optional %p
      : !attn.value<batch, query, feature of @query : f32>, !attn.value<batch, head 2, query, key : f32>
}

// Several axes of one kind, and a layer after attn-split-paths.
// CHECK-LABEL: attn.layer @paths fingerprint 0x0000000000000001
attn.layer @paths fingerprint 0x0000000000000001 {
  %query = attn.input "query" : !attn.value<batch, query, feature of @query : f32>
  // CHECK: !attn.value<batch, head 8, query, query.1, key, key.1 : f32>
  %scores = attn.input "scores" : !attn.value<batch, head 8, query, query.1, key, key.1 : f32>
  // CHECK: attn.path "output_decode" phase "decode" most_queries 1 {
  attn.path "output_decode" phase "decode" most_queries 1 {
    attn.return "output" %query : !attn.value<batch, query, feature of @query : f32>
  }
  // CHECK: attn.path "output" {
  attn.path "output" {
    // CHECK: attn.return "output" %{{.*}} : !attn.value<batch, query, feature of @query : f32>
    attn.return "output" %query : !attn.value<batch, query, feature of @query : f32>
  }
  attn.path "output_attention_scores" {
    %p = attn.softmax %scores rule zero mask {
      // CHECK: attn.position query.1
      %i = attn.position query.1
      %j = attn.position key.1
      %keep = arith.cmpi sle, %j, %i : i32
      attn.yield %keep : i1
    } : !attn.value<batch, head 8, query, query.1, key, key.1 : f32>
    attn.return "output" %query, "attention_scores" optional %p
        : !attn.value<batch, query, feature of @query : f32>,
          !attn.value<batch, head 8, query, query.1, key, key.1 : f32>
  }
}

// What a call may bring: masks of numbers, caches, an index.
// CHECK-LABEL: attn.layer @half fingerprint 0x0000000000000002 dtype "mixed_bfloat16" {
attn.layer @half fingerprint 0x2 dtype "mixed_bfloat16" {
  %x = attn.input "x" : !attn.value<batch, query, feature of @x : f32>
  // CHECK: attn.input "above_half" optional reading 3 : !attn.value<batch, key : i1>
  %read = attn.input "above_half" optional reading 3 : !attn.value<batch, key : i1>
  // CHECK: attn.input "soft_mask" optional soft : !attn.value<batch, head 2, query, key : f32>
  %weak = attn.input "soft_mask" optional soft : !attn.value<batch, head 2, query, key : f32>
  // CHECK: %[[CACHE:.*]] = attn.input "cache" optional : !attn.value<batch, slot 2, key, head 2, size 8 : f32>
  %cache = attn.input "cache" optional : !attn.value<batch, slot 2, key, head 2, size 8 : f32>
  // CHECK: %[[AT:.*]] = attn.input "cache_update_index" optional : !attn.value<batch : i32>
  %at = attn.input "cache_update_index" optional : !attn.value<batch : i32>
  %given = attn.input "given" : !attn.value<batch, head 6, query, key : f32>
  %names = attn.input "names" : !attn.value<key : i32>
  %mask = attn.input "mask" optional : !attn.value<batch, head 2, query, key : i1>
  %q = attn.input "q" : !attn.value<batch, query, head 2, size 8 : f32>
  %k = attn.input "k" : !attn.value<batch, key, head 2, size 8 : f32>
  %new_k = attn.input "new_k" : !attn.value<batch, update, head 2, size 8 : f32>
  // CHECK: %[[SCALE:.*]] = attn.weight "scale" : !attn.value<f32>
  %scale = attn.weight "scale" : !attn.value<f32>
  %slopes = attn.weight "slopes" : !attn.value<head 2 : f32>

  // CHECK: attn.scores %{{.*}}, %{{.*}} pair {
  // CHECK: ^bb0(%{{.*}}: f32, %{{.*}}: f32):
  %bahdanau = attn.scores %q, %k pair {
  ^bb0(%a: f32, %b: f32):
    %sum = arith.addf %a, %b : f32
    // CHECK: attn.own %[[SCALE]] : !attn.value<f32>
    %factor = attn.own %scale : !attn.value<f32>
    %scaled = arith.mulf %sum, %factor : f32
    %t = math.tanh %scaled : f32
    attn.yield %t : f32
  } : (!attn.value<batch, query, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, head 2, query, key : f32>
  // CHECK: attn.softmax %{{.*}} rule additive :
  %p = attn.softmax %bahdanau rule additive : !attn.value<batch, head 2, query, key : f32>
  // CHECK: %[[FIRST:.*]] = attn.slice_heads %{{.*}} from 0 : (
  %first = attn.slice_heads %given from 0 : (!attn.value<batch, head 6, query, key : f32>) -> !attn.value<batch, head 2, query, key : f32>
  // CHECK: attn.concat_heads %{{.*}}, %[[FIRST]] : (
  %all = attn.concat_heads %p, %first : (!attn.value<batch, head 2, query, key : f32>, !attn.value<batch, head 2, query, key : f32>) -> !attn.value<batch, head 4, query, key : f32>
  // CHECK: %[[NEW:.*]] = attn.splice %[[CACHE]], %{{.*}}, %{{.*}} at %[[AT]] : (
  %new = attn.splice %cache, %new_k, %new_k at %at : (!attn.value<batch, slot 2, key, head 2, size 8 : f32>, !attn.value<batch, update, head 2, size 8 : f32>, !attn.value<batch, update, head 2, size 8 : f32>, !attn.value<batch : i32>) -> !attn.value<batch, slot 2, key, head 2, size 8 : f32>
  // CHECK: %[[KEPT:.*]] = attn.slot 0 of %[[NEW]] : (
  %kept_k = attn.slot 0 of %new : (!attn.value<batch, slot 2, key, head 2, size 8 : f32>) -> !attn.value<batch, key, head 2, size 8 : f32>
  // CHECK: %[[ALONE:.*]] = attn.as_keys %{{.*}} : (
  %k_alone = attn.as_keys %new_k : (!attn.value<batch, update, head 2, size 8 : f32>) -> !attn.value<batch, key, head 2, size 8 : f32>
  // CHECK: attn.given %[[CACHE]] then %[[KEPT]] else %[[ALONE]] : (
  %key_or_kept = attn.given %cache then %kept_k else %k_alone : (!attn.value<batch, slot 2, key, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, key, head 2, size 8 : f32>
  // CHECK: %[[MADE:.*]] = attn.given %[[AT]] then %[[NEW]] : (
  %made = attn.given %at then %new : (!attn.value<batch : i32>, !attn.value<batch, slot 2, key, head 2, size 8 : f32>) -> !attn.value<batch, slot 2, key, head 2, size 8 : f32>
  // CHECK: attn.attention %{{.*}} scale 1.250000e-01 rule additive pair {
  // CHECK: } score {
  // CHECK-NEXT: ^bb0(%{{.*}}: f32):
  // CHECK: } mask {
  %capped = attn.attention %q, %k, %k scale 1.250000e-01 rule additive pair {
  ^bb0(%a: f32, %b: f32):
    %sum = arith.addf %a, %b : f32
    attn.yield %sum : f32
  } score {
  ^bb0(%s: f32):
    %t = math.tanh %s : f32
    attn.yield %t : f32
  } mask {
    %i = attn.position query
    // CHECK: attn.own %[[AT]] : !attn.value<batch : i32>
    %start = attn.own %at : !attn.value<batch : i32>
    %keep = arith.cmpi sle, %i, %start : i32
    attn.yield %keep : i1
  } : (!attn.value<batch, query, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, query, head 2, size 8 : f32>
  // CHECK: attn.softmax %{{.*}} rule zero sink {
  %sunk = attn.softmax %bahdanau rule zero sink {
    %h = attn.position head
    // CHECK: attn.element %{{.*}}[%{{.*}}] : !attn.value<head 2 : f32>
    %logit = attn.element %slopes[%h] : !attn.value<head 2 : f32>
    attn.yield %logit : f32
  } : !attn.value<batch, head 2, query, key : f32>
  // CHECK: attn.softmax %{{.*}} rule zero sigmoid :
  %alone = attn.softmax %bahdanau rule zero sigmoid : !attn.value<batch, head 2, query, key : f32>
  // CHECK: attn.attention %{{.*}} rule zero shape "causal" mask {
  // CHECK: } blocks {
  // CHECK-NEXT: ^bb0(%{{.*}}: index, %{{.*}}: index, %{{.*}}: index, %{{.*}}: index):
  %told = attn.attention %q, %k, %k rule zero shape "causal" mask {
    %i = attn.position query
    %j = attn.position key
    %keep = arith.cmpi sle, %j, %i : i32
    attn.yield %keep : i1
  } blocks {
  ^bb0(%first0: index, %last0: index, %from: index, %to: index):
    // CHECK: %[[LEAST:.*]], %[[MOST:.*]] = attn.extremes over key {
    %least, %most = attn.extremes over key {
      %j = attn.position key
      %name = attn.element %names[%j] : !attn.value<key : i32>
      attn.yield %name : i32
    // CHECK: } : i32
    } : i32
    // CHECK: attn.extremes over pairs {
    %every, %some = attn.extremes over pairs {
      %own = attn.own %mask : !attn.value<batch, head 2, query, key : i1>
      attn.yield %own : i1
    } : i1
    %least64 = arith.index_cast %least : i32 to index
    %near = arith.cmpi sle, %least64, %last0 : index
    %possible = arith.andi %near, %some : i1
    %most64 = arith.index_cast %most : i32 to index
    %far = arith.cmpi sle, %most64, %first0 : index
    %certain = arith.andi %far, %every : i1
    attn.yield %possible, %certain : i1, i1
  // CHECK: } sink {
  } sink {
    %logit = arith.constant 0.000000e+00 : f32
    attn.yield %logit : f32
  } : (!attn.value<batch, query, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, query, head 2, size 8 : f32>
  // CHECK: attn.attention %{{.*}} rule zero sigmoid :
  %no_sum = attn.attention %q, %k, %k rule zero sigmoid : (!attn.value<batch, query, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, query, head 2, size 8 : f32>
  // CHECK: attn.return "output" %{{.*}}, "attention_scores" optional %{{.*}}, "cache" starts_as @cache %[[MADE]] :
  attn.return "output" %capped, "attention_scores" optional %all, "cache" starts_as @cache %made : !attn.value<batch, query, head 2, size 8 : f32>, !attn.value<batch, head 4, query, key : f32>, !attn.value<batch, slot 2, key, head 2, size 8 : f32>
}

// Double precision, and a path for calls that bring one input and leave out another.
// CHECK-LABEL: attn.layer @double fingerprint 0x0000000000000003 dtype "float64" {
attn.layer @double fingerprint 0x3 dtype "float64" {
  %query = attn.input "query" : !attn.value<batch, query, feature of @query : f64>
  %cache = attn.input "cache" optional : !attn.value<batch, slot 2, key, head 2, size 8 : f64>
  %at = attn.input "cache_update_index" optional : !attn.value<batch : i32>
  // CHECK: attn.path "output_with_cache" given ["cache"] absent ["cache_update_index"] {
  attn.path "output_with_cache" given ["cache"] absent ["cache_update_index"] {
    attn.return "output" %query : !attn.value<batch, query, feature of @query : f64>
  }
}
