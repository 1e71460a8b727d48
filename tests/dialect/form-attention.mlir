// RUN: attn-opt %s --attn-form-attention | FileCheck %s

// CHECK-LABEL: attn.layer @online
// CHECK-NOT: attn.softmax
// CHECK: %[[A:.*]] = attn.attention %{{.*}}, %{{.*}}, %{{.*}} scale 1.250000e-01 rule zero mask {
// CHECK:   arith.cmpi sle
// CHECK:   attn.yield
// CHECK: } : (
// CHECK: attn.return "output" %[[A]]
attn.layer @online fingerprint 0x1 {
  %q = attn.input "q" : !attn.value<batch, query, head 2, size 8 : f32>
  %k = attn.input "k" : !attn.value<batch, key, head 2, size 8 : f32>
  %v = attn.input "v" : !attn.value<batch, key, head 2, size 8 : f32>
  %s = attn.scores %q, %k scale 1.250000e-01 : (!attn.value<batch, query, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, head 2, query, key : f32>
  %p = attn.softmax %s rule zero mask {
    %i = attn.position query
    %j = attn.position key
    %keep = arith.cmpi sle, %j, %i : i32
    attn.yield %keep : i1
  } : !attn.value<batch, head 2, query, key : f32>
  %c = attn.combine %p, %v : (!attn.value<batch, head 2, query, key : f32>, !attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, query, head 2, size 8 : f32>
  attn.return "output" %c : !attn.value<batch, query, head 2, size 8 : f32>
}

// CHECK-LABEL: attn.layer @stored
// CHECK: %[[A:.*]], %[[P:.*]] = attn.attention %{{.*}} rule uniform : (
// CHECK: attn.return "output" %[[A]], "attention_scores" optional %[[P]]
attn.layer @stored fingerprint 0x1 {
  %q = attn.input "q" : !attn.value<batch, query, head 2, size 8 : f32>
  %k = attn.input "k" : !attn.value<batch, key, head 2, size 8 : f32>
  %v = attn.input "v" : !attn.value<batch, key, head 2, size 8 : f32>
  %s = attn.scores %q, %k : (!attn.value<batch, query, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, head 2, query, key : f32>
  %p = attn.softmax %s rule uniform : !attn.value<batch, head 2, query, key : f32>
  %c = attn.combine %p, %v : (!attn.value<batch, head 2, query, key : f32>, !attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, query, head 2, size 8 : f32>
  attn.return "output" %c, "attention_scores" optional %p : !attn.value<batch, query, head 2, size 8 : f32>, !attn.value<batch, head 2, query, key : f32>
}

// A score function stands between: it goes into attention.
// CHECK-LABEL: attn.layer @between
// CHECK-NOT: attn.map
// CHECK: attn.attention %{{.*}}, %{{.*}}, %{{.*}} rule zero score {
// CHECK-NEXT: ^bb0(%[[S:.*]]: f32):
// CHECK-NEXT:   %[[T:.*]] = math.tanh %[[S]] : f32
// CHECK-NEXT:   attn.yield %[[T]] : f32
// CHECK-NEXT: } : (
// CHECK-NOT: attn.combine
attn.layer @between fingerprint 0x1 {
  %q = attn.input "q" : !attn.value<batch, query, head 2, size 8 : f32>
  %k = attn.input "k" : !attn.value<batch, key, head 2, size 8 : f32>
  %v = attn.input "v" : !attn.value<batch, key, head 2, size 8 : f32>
  %s = attn.scores %q, %k : (!attn.value<batch, query, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, head 2, query, key : f32>
  %m = attn.map %s : (!attn.value<batch, head 2, query, key : f32>) -> !attn.value<batch, head 2, query, key : f32> {
  ^bb0(%x: f32):
    %t = math.tanh %x : f32
    attn.yield %t : f32
  }
  %p = attn.softmax %m rule zero : !attn.value<batch, head 2, query, key : f32>
  %c = attn.combine %p, %v : (!attn.value<batch, head 2, query, key : f32>, !attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, query, head 2, size 8 : f32>
  attn.return "output" %c : !attn.value<batch, query, head 2, size 8 : f32>
}

// Two rules: the paths are not split yet.
// CHECK-LABEL: attn.layer @unsplit
// CHECK-NOT: attn.attention
attn.layer @unsplit fingerprint 0x1 {
  %q = attn.input "q" : !attn.value<batch, query, head 2, size 8 : f32>
  %k = attn.input "k" : !attn.value<batch, key, head 2, size 8 : f32>
  %v = attn.input "v" : !attn.value<batch, key, head 2, size 8 : f32>
  %s = attn.scores %q, %k : (!attn.value<batch, query, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, head 2, query, key : f32>
  %p = attn.softmax %s rule uniform with_scores zero : !attn.value<batch, head 2, query, key : f32>
  %c = attn.combine %p, %v : (!attn.value<batch, head 2, query, key : f32>, !attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, query, head 2, size 8 : f32>
  attn.return "output" %c, "attention_scores" optional %p : !attn.value<batch, query, head 2, size 8 : f32>, !attn.value<batch, head 2, query, key : f32>
}

// Six query heads read two key and value heads, which attention takes as they are.
// CHECK-LABEL: attn.layer @grouped
// CHECK: %[[Q:.*]] = attn.input "q"
// CHECK: %[[K:.*]] = attn.input "k"
// CHECK: %[[V:.*]] = attn.input "v"
// CHECK-NOT: attn.share_heads
// CHECK: attn.attention %[[Q]], %[[K]], %[[V]] rule zero : (!attn.value<batch, query, head 6, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, query, head 6, size 8 : f32>
attn.layer @grouped fingerprint 0x1 {
  %q = attn.input "q" : !attn.value<batch, query, head 6, size 8 : f32>
  %k = attn.input "k" : !attn.value<batch, key, head 2, size 8 : f32>
  %v = attn.input "v" : !attn.value<batch, key, head 2, size 8 : f32>
  %k3 = attn.share_heads %k : (!attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, key, head 6, size 8 : f32>
  %s = attn.scores %q, %k3 : (!attn.value<batch, query, head 6, size 8 : f32>, !attn.value<batch, key, head 6, size 8 : f32>) -> !attn.value<batch, head 6, query, key : f32>
  %p = attn.softmax %s rule zero : !attn.value<batch, head 6, query, key : f32>
  %v3 = attn.share_heads %v : (!attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, key, head 6, size 8 : f32>
  %c = attn.combine %p, %v3 : (!attn.value<batch, head 6, query, key : f32>, !attn.value<batch, key, head 6, size 8 : f32>) -> !attn.value<batch, query, head 6, size 8 : f32>
  attn.return "output" %c : !attn.value<batch, query, head 6, size 8 : f32>
}

// Keys are shared by more heads than values: attention has one number of heads for both.
// CHECK-LABEL: attn.layer @differently
// CHECK: %[[K:.*]] = attn.share_heads
// CHECK: %[[V:.*]] = attn.share_heads
// CHECK: attn.attention %{{.*}}, %[[K]], %[[V]]
attn.layer @differently fingerprint 0x1 {
  %q = attn.input "q" : !attn.value<batch, query, head 6, size 8 : f32>
  %k = attn.input "k" : !attn.value<batch, key, head 2, size 8 : f32>
  %v = attn.input "v" : !attn.value<batch, key, head 3, size 8 : f32>
  %k3 = attn.share_heads %k : (!attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, key, head 6, size 8 : f32>
  %s = attn.scores %q, %k3 : (!attn.value<batch, query, head 6, size 8 : f32>, !attn.value<batch, key, head 6, size 8 : f32>) -> !attn.value<batch, head 6, query, key : f32>
  %p = attn.softmax %s rule zero : !attn.value<batch, head 6, query, key : f32>
  %v2 = attn.share_heads %v : (!attn.value<batch, key, head 3, size 8 : f32>) -> !attn.value<batch, key, head 6, size 8 : f32>
  %c = attn.combine %p, %v2 : (!attn.value<batch, head 6, query, key : f32>, !attn.value<batch, key, head 6, size 8 : f32>) -> !attn.value<batch, query, head 6, size 8 : f32>
  attn.return "output" %c : !attn.value<batch, query, head 6, size 8 : f32>
}

// Two maps become one formula; the probabilities are read elsewhere too.
// CHECK-LABEL: attn.layer @maps
// CHECK: %[[SOFT:.*]] = attn.input "soft"
// CHECK: %[[A:.*]], %[[P:.*]] = attn.attention %{{.*}} scale 5.000000e-01 rule uniform score {
// CHECK-NEXT: ^bb0(%[[S:.*]]: f32):
// CHECK-NEXT:   %[[T:.*]] = math.tanh %[[S]] : f32
// CHECK-NEXT:   %[[M:.*]] = attn.own %[[SOFT]]
// CHECK-NEXT:   %[[Y:.*]] = arith.addf %[[T]], %[[M]] : f32
// CHECK-NEXT:   attn.yield %[[Y]] : f32
// CHECK: attn.concat_heads %[[P]],
attn.layer @maps fingerprint 0x1 {
  %q = attn.input "q" : !attn.value<batch, query, head 2, size 8 : f32>
  %k = attn.input "k" : !attn.value<batch, key, head 2, size 8 : f32>
  %v = attn.input "v" : !attn.value<batch, key, head 2, size 8 : f32>
  %soft = attn.input "soft" optional soft : !attn.value<batch, head 2, query, key : f32>
  %s = attn.scores %q, %k scale 5.000000e-01 : (!attn.value<batch, query, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, head 2, query, key : f32>
  %m = attn.map %s : (!attn.value<batch, head 2, query, key : f32>) -> !attn.value<batch, head 2, query, key : f32> {
  ^bb0(%x: f32):
    %t = math.tanh %x : f32
    attn.yield %t : f32
  }
  %n = attn.map %m : (!attn.value<batch, head 2, query, key : f32>) -> !attn.value<batch, head 2, query, key : f32> {
  ^bb0(%x: f32):
    %own = attn.own %soft : !attn.value<batch, head 2, query, key : f32>
    %y = arith.addf %x, %own : f32
    attn.yield %y : f32
  }
  %p = attn.softmax %n rule uniform : !attn.value<batch, head 2, query, key : f32>
  %c = attn.combine %p, %v : (!attn.value<batch, head 2, query, key : f32>, !attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, query, head 2, size 8 : f32>
  %all = attn.concat_heads %p, %p : (!attn.value<batch, head 2, query, key : f32>, !attn.value<batch, head 2, query, key : f32>) -> !attn.value<batch, head 4, query, key : f32>
  attn.return "output" %c, "attention_scores" optional %all : !attn.value<batch, query, head 2, size 8 : f32>, !attn.value<batch, head 4, query, key : f32>
}

// The rule `additive` and a pair function go along.
// CHECK-LABEL: attn.layer @additive
// CHECK: attn.attention %{{.*}}, %{{.*}}, %{{.*}} rule additive pair {
// CHECK-NEXT: ^bb0(%[[A:.*]]: f32, %[[B:.*]]: f32):
// CHECK-NEXT:   arith.maximumf %[[A]], %[[B]]
attn.layer @additive fingerprint 0x1 {
  %q = attn.input "q" : !attn.value<query, size 8 : f32>
  %k = attn.input "k" : !attn.value<key, size 8 : f32>
  %s = attn.scores %q, %k pair {
  ^bb0(%a: f32, %b: f32):
    %y = arith.maximumf %a, %b : f32
    attn.yield %y : f32
  } : (!attn.value<query, size 8 : f32>, !attn.value<key, size 8 : f32>) -> !attn.value<query, key : f32>
  %p = attn.softmax %s rule additive : !attn.value<query, key : f32>
  %c = attn.combine %p, %k : (!attn.value<query, key : f32>, !attn.value<key, size 8 : f32>) -> !attn.value<query, size 8 : f32>
  attn.return "output" %c : !attn.value<query, size 8 : f32>
}

// A pair function alone.
// CHECK-LABEL: attn.layer @pair
// CHECK: attn.attention %{{.*}}, %{{.*}}, %{{.*}} rule zero pair {
attn.layer @pair fingerprint 0x1 {
  %q = attn.input "q" : !attn.value<batch, query, head 2, size 8 : f32>
  %k = attn.input "k" : !attn.value<batch, key, head 2, size 8 : f32>
  %s = attn.scores %q, %k pair {
  ^bb0(%a: f32, %b: f32):
    %y = arith.maximumf %a, %b : f32
    attn.yield %y : f32
  } : (!attn.value<batch, query, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, head 2, query, key : f32>
  %p = attn.softmax %s rule zero : !attn.value<batch, head 2, query, key : f32>
  %c = attn.combine %p, %k : (!attn.value<batch, head 2, query, key : f32>, !attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, query, head 2, size 8 : f32>
  attn.return "output" %c : !attn.value<batch, query, head 2, size 8 : f32>
}

// Probabilities that come with the call are no softmax.
// CHECK-LABEL: attn.layer @reused
// CHECK: attn.combine
attn.layer @reused fingerprint 0x1 {
  %p = attn.input "p" : !attn.value<batch, head 2, query, key : f32>
  %v = attn.input "v" : !attn.value<batch, key, head 2, size 8 : f32>
  %c = attn.combine %p, %v : (!attn.value<batch, head 2, query, key : f32>, !attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, query, head 2, size 8 : f32>
  attn.return "output" %c : !attn.value<batch, query, head 2, size 8 : f32>
}

// A sink, and sigmoids.
// CHECK-LABEL: attn.layer @sink
// CHECK: attn.attention %{{.*}} rule zero sink {
// CHECK:   attn.element
// CHECK: attn.attention %{{.*}} rule zero sigmoid :
attn.layer @sink fingerprint 0x1 {
  %q = attn.input "q" : !attn.value<batch, query, head 2, size 8 : f32>
  %k = attn.input "k" : !attn.value<batch, key, head 2, size 8 : f32>
  %sinks = attn.weight "sinks" : !attn.value<head 2 : f32>
  %s = attn.scores %q, %k : (!attn.value<batch, query, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, head 2, query, key : f32>
  %p = attn.softmax %s rule zero sink {
    %h = attn.position head
    %logit = attn.element %sinks[%h] : !attn.value<head 2 : f32>
    attn.yield %logit : f32
  } : !attn.value<batch, head 2, query, key : f32>
  %c = attn.combine %p, %k : (!attn.value<batch, head 2, query, key : f32>, !attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, query, head 2, size 8 : f32>
  %alone = attn.softmax %s rule zero sigmoid : !attn.value<batch, head 2, query, key : f32>
  %d = attn.combine %alone, %k : (!attn.value<batch, head 2, query, key : f32>, !attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, query, head 2, size 8 : f32>
  attn.return "output" %c, "other" %d : !attn.value<batch, query, head 2, size 8 : f32>, !attn.value<batch, query, head 2, size 8 : f32>
}

// Several axes of queries count as one, and so do several of keys: their numbers and lengths are
// told by those of all.
// CHECK-LABEL: attn.layer @axes
// CHECK: mask {
// CHECK-NEXT:   %[[Q0:.*]] = attn.position query
// CHECK-NEXT:   %[[W0:.*]] = attn.length query.1
// CHECK-NEXT:   %[[ROW:.*]] = arith.divsi %[[Q0]], %[[W0]] : i32
// CHECK-NEXT:   %[[Q1:.*]] = attn.position query
// CHECK-NEXT:   %[[W1:.*]] = attn.length query.1
// CHECK-NEXT:   %[[COLUMN:.*]] = arith.remsi %[[Q1]], %[[W1]] : i32
// CHECK-NEXT:   %[[K0:.*]] = attn.position key
// CHECK-NEXT:   %[[C4:.*]] = arith.constant 4 : i32
// CHECK-NEXT:   arith.divsi %[[K0]], %[[C4]] : i32
// CHECK-NEXT:   %[[T:.*]] = attn.length query
// CHECK-NEXT:   %[[W2:.*]] = attn.length query.1
// CHECK-NEXT:   arith.divsi %[[T]], %[[W2]] : i32
attn.layer @axes fingerprint 0x1 {
  %q = attn.input "q" : !attn.value<batch, query, query.1, head 2, size 8 : f32>
  %k = attn.input "k" : !attn.value<batch, key, key.1 4, head 2, size 8 : f32>
  %s = attn.scores %q, %k : (!attn.value<batch, query, query.1, head 2, size 8 : f32>, !attn.value<batch, key, key.1 4, head 2, size 8 : f32>) -> !attn.value<batch, head 2, query, query.1, key, key.1 4 : f32>
  %p = attn.softmax %s rule zero mask {
    %row = attn.position query
    %column = attn.position query.1
    %other = attn.position key
    %rows = attn.length query
    %a = arith.cmpi sle, %other, %row : i32
    %b = arith.cmpi slt, %column, %rows : i32
    %keep = arith.andi %a, %b : i1
    attn.yield %keep : i1
  } : !attn.value<batch, head 2, query, query.1, key, key.1 4 : f32>
  %c = attn.combine %p, %k : (!attn.value<batch, head 2, query, query.1, key, key.1 4 : f32>, !attn.value<batch, key, key.1 4, head 2, size 8 : f32>) -> !attn.value<batch, query, query.1, head 2, size 8 : f32>
  attn.return "output" %c : !attn.value<batch, query, query.1, head 2, size 8 : f32>
}
