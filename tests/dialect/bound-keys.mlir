// RUN: attn-opt %s --attn-bound-keys --canonicalize --cse | FileCheck %s

// CHECK-LABEL: attn.layer @causal
// CHECK: } keys {
// CHECK-NEXT: ^bb0(%{{.*}}: index, %[[LAST:.*]]: index):
// CHECK-DAG: %[[ZERO:.*]] = arith.constant 0 : index
// CHECK-DAG: %[[ONE:.*]] = arith.constant 1 : index
// CHECK-DAG: %[[S:.*]] = attn.length key
// CHECK-DAG: %[[AFTER:.*]] = arith.addi %[[LAST]], %[[ONE]] : index
// CHECK: %[[END:.*]] = arith.minsi
// CHECK-NEXT: attn.yield %[[ZERO]], %[[END]] : index, index
attn.layer @causal fingerprint 0x1 {
  %q = attn.input "q" : !attn.value<batch, query, head 2, size 8 : f32>
  %k = attn.input "k" : !attn.value<batch, key, head 2, size 8 : f32>
  %v = attn.input "v" : !attn.value<batch, key, head 2, size 8 : f32>
  %a = attn.attention %q, %k, %v rule zero mask {
    %i = attn.position query
    %j = attn.position key
    %keep = arith.cmpi sle, %j, %i : i32
    attn.yield %keep : i1
  } : (!attn.value<batch, query, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, query, head 2, size 8 : f32>
  attn.return "output" %a : !attn.value<batch, query, head 2, size 8 : f32>
}

// What the call says stays a choice; a table of the call may be anything.
// CHECK-LABEL: attn.layer @causal_by_call
// CHECK: %[[F:.*]] = attn.input "use_causal_mask"
// CHECK: } keys {
// CHECK: %[[OWN:.*]] = attn.own %[[F]] : !attn.value<i1>
// CHECK: %[[LENGTH:.*]] = attn.length key
// CHECK: %[[S:.*]] = arith.index_cast %[[LENGTH]] : i32 to index
// CHECK: %[[MIN:.*]] = arith.minsi
// CHECK: %[[END:.*]] = arith.select %[[OWN]], %[[MIN]], %[[S]] : index
// CHECK: attn.yield %{{.*}}, %[[END]]
attn.layer @causal_by_call fingerprint 0x1 {
  %q = attn.input "q" : !attn.value<batch, query, head 2, size 8 : f32>
  %k = attn.input "k" : !attn.value<batch, key, head 2, size 8 : f32>
  %v = attn.input "v" : !attn.value<batch, key, head 2, size 8 : f32>
  %f = attn.input "use_causal_mask" optional : !attn.value<i1>
  %m = attn.input "mask" optional : !attn.value<batch, head 2, query, key : i1>
  %a = attn.attention %q, %k, %v rule zero mask {
    %i = attn.position query
    %j = attn.position key
    %true = arith.constant true
    %flag = attn.own %f : !attn.value<i1>
    %any_order = arith.xori %flag, %true : i1
    %before = arith.cmpi sle, %j, %i : i32
    %0 = arith.ori %any_order, %before : i1
    %given = attn.own %m : !attn.value<batch, head 2, query, key : i1>
    %keep = arith.andi %0, %given : i1
    attn.yield %keep : i1
  } : (!attn.value<batch, query, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, query, head 2, size 8 : f32>
  attn.return "output" %a : !attn.value<batch, query, head 2, size 8 : f32>
}

// A window on both sides: begin is max(0, first - 2), end min(S, last + 3).
// CHECK-LABEL: attn.layer @window
// CHECK: } keys {
// CHECK-NEXT: ^bb0(%[[FIRST:.*]]: index, %[[LAST:.*]]: index):
// CHECK-DAG: arith.addi %[[LAST]], %c3 : index
// CHECK-DAG: arith.addi %[[FIRST]], %c-2 : index
// CHECK-DAG: arith.minsi
// CHECK-DAG: arith.maxsi
// CHECK: attn.yield
attn.layer @window fingerprint 0x1 {
  %q = attn.input "q" : !attn.value<batch, query, head 2, size 8 : f32>
  %k = attn.input "k" : !attn.value<batch, key, head 2, size 8 : f32>
  %v = attn.input "v" : !attn.value<batch, key, head 2, size 8 : f32>
  %a = attn.attention %q, %k, %v rule zero mask {
    %i = attn.position query
    %j = attn.position key
    %c3 = arith.constant 3 : i32
    %d = arith.subi %i, %j : i32
    %distance = math.absi %d : i32
    %keep = arith.cmpi slt, %distance, %c3 : i32
    attn.yield %keep : i1
  } : (!attn.value<batch, query, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, query, head 2, size 8 : f32>
  attn.return "output" %a : !attn.value<batch, query, head 2, size 8 : f32>
}

// Nothing is known of a table, or of a remainder: every key, so no bounds are written.
// CHECK-LABEL: attn.layer @unknown
// CHECK-NOT: keys {
// CHECK: attn.return
attn.layer @unknown fingerprint 0x1 {
  %q = attn.input "q" : !attn.value<batch, query, head 2, size 8 : f32>
  %k = attn.input "k" : !attn.value<batch, key, head 2, size 8 : f32>
  %v = attn.input "v" : !attn.value<batch, key, head 2, size 8 : f32>
  %m = attn.input "mask" optional : !attn.value<batch, head 2, query, key : i1>
  %a = attn.attention %q, %k, %v rule zero mask {
    %j = attn.position key
    %c2 = arith.constant 2 : i32
    %c0 = arith.constant 0 : i32
    %r = arith.remsi %j, %c2 : i32
    %even = arith.cmpi eq, %r, %c0 : i32
    %given = attn.own %m : !attn.value<batch, head 2, query, key : i1>
    %keep = arith.andi %even, %given : i1
    attn.yield %keep : i1
  } : (!attn.value<batch, query, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, query, head 2, size 8 : f32>
  attn.return "output" %a : !attn.value<batch, query, head 2, size 8 : f32>
}

// An index of each sequence stays a number: min(S, last + start + 1), which may be negative. Where
// last + start leaves 32 bits, the mask's sum wraps around: every key.
// CHECK-LABEL: attn.layer @from_an_index
// CHECK: %[[START:.*]] = attn.input "start"
// CHECK: } keys {
// CHECK: %[[OWN:.*]] = attn.own %[[START]] : !attn.value<batch : i32>
// CHECK: %[[WIDE:.*]] = arith.index_cast %[[OWN]] : i32 to index
// CHECK: %[[LEFT:.*]] = arith.subi %{{.*}}, %[[WIDE]]
// CHECK: %[[EXACT:.*]] = arith.cmpi sge, %[[LEFT]], %c0
// CHECK: arith.addi %{{.*}}, %[[WIDE]]
// CHECK: %[[S:.*]] = arith.index_cast %{{.*}} : i32 to index
// CHECK: arith.minsi
// CHECK: %[[SOME:.*]] = arith.maxsi
// CHECK: %[[END:.*]] = arith.select %[[EXACT]], %[[SOME]], %[[S]]
// CHECK: attn.yield %{{.*}}, %[[END]]
attn.layer @from_an_index fingerprint 0x1 {
  %q = attn.input "q" : !attn.value<batch, query, head 2, size 8 : f32>
  %k = attn.input "k" : !attn.value<batch, key, head 2, size 8 : f32>
  %start = attn.input "start" optional : !attn.value<batch : i32>
  %a = attn.attention %q, %k, %k rule zero mask {
    %i = attn.position query
    %j = attn.position key
    %own = attn.own %start : !attn.value<batch : i32>
    %end = arith.addi %i, %own : i32
    %keep = arith.cmpi sle, %j, %end : i32
    attn.yield %keep : i1
  } : (!attn.value<batch, query, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, query, head 2, size 8 : f32>
  attn.return "output" %a : !attn.value<batch, query, head 2, size 8 : f32>
}

// Under the rule `additive` hidden keys may count.
// CHECK-LABEL: attn.layer @additive
// CHECK-NOT: keys {
// CHECK: attn.return
attn.layer @additive fingerprint 0x1 {
  %q = attn.input "q" : !attn.value<batch, query, head 2, size 8 : f32>
  %k = attn.input "k" : !attn.value<batch, key, head 2, size 8 : f32>
  %a = attn.attention %q, %k, %k rule additive mask {
    %i = attn.position query
    %j = attn.position key
    %keep = arith.cmpi sle, %j, %i : i32
    attn.yield %keep : i1
  } : (!attn.value<batch, query, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, query, head 2, size 8 : f32>
  attn.return "output" %a : !attn.value<batch, query, head 2, size 8 : f32>
}

// 1000003 * query leaves 32 bits from the query 2147 on: what is solved holds where no query of the tile
// does that.
// CHECK-LABEL: attn.layer @large
// CHECK: } keys {
// CHECK-NEXT: ^bb0(%{{.*}}: index, %[[LAST:.*]]: index):
// CHECK: %[[MOST:.*]] = arith.muli %[[LAST]], %c1000003 : index
// CHECK: %[[LEFT:.*]] = arith.subi %c2147483647, %[[MOST]] : index
// CHECK: %[[EXACT:.*]] = arith.cmpi sge, %[[LEFT]], %c0 : index
// CHECK: arith.select %[[EXACT]]
attn.layer @large fingerprint 0x1 {
  %q = attn.input "q" : !attn.value<batch, query, head 2, size 8 : f32>
  %k = attn.input "k" : !attn.value<batch, key, head 2, size 8 : f32>
  %a = attn.attention %q, %k, %k rule zero mask {
    %i = attn.position query
    %j = attn.position key
    %n = arith.constant 1000003 : i32
    %end = arith.muli %i, %n : i32
    %keep = arith.cmpi sle, %j, %end : i32
    attn.yield %keep : i1
  } : (!attn.value<batch, query, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, query, head 2, size 8 : f32>
  attn.return "output" %a : !attn.value<batch, query, head 2, size 8 : f32>
}

// Three factors of 2^31 leave 64 bits: nothing is known.
// CHECK-LABEL: attn.layer @beyond
// CHECK-NOT: keys {
// CHECK: attn.return
attn.layer @beyond fingerprint 0x1 {
  %q = attn.input "q" : !attn.value<batch, query, head 2, size 8 : f32>
  %k = attn.input "k" : !attn.value<batch, key, head 2, size 8 : f32>
  %a = attn.attention %q, %k, %k rule zero mask {
    %i = attn.position query
    %j = attn.position key
    %n = arith.constant 2147483647 : i32
    %once = arith.muli %i, %n : i32
    %end = arith.muli %once, %n : i32
    %keep = arith.cmpi sle, %j, %end : i32
    attn.yield %keep : i1
  } : (!attn.value<batch, query, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, query, head 2, size 8 : f32>
  attn.return "output" %a : !attn.value<batch, query, head 2, size 8 : f32>
}
