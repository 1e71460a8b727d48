// Every sentence of the verifiers and parsers.
// RUN: attn-opt %s --split-input-file --verify-diagnostics

attn.layer @kind fingerprint 0x1 {
  // expected-error @+1 {{expected an axis such as 'query' or 'query.1', got 'rows'}}
  %x = attn.input "x" : !attn.value<batch, rows : f32>
}

// -----

attn.layer @extent fingerprint 0x1 {
  // expected-error @+1 {{expected a positive extent, got -3}}
  %x = attn.input "x" : !attn.value<head -3 : f32>
}

// -----

attn.layer @element fingerprint 0x1 {
  // expected-error @+1 {{expected elements of f32, i1 or index, got 'f64'}}
  %x = attn.input "x" : !attn.value<batch : f64>
}

// -----

attn.layer @twice fingerprint 0x1 {
  // expected-error @+1 {{axis 'query': expected it once, got it twice}}
  %x = attn.input "x" : !attn.value<query, query : f32>
}

// -----

attn.layer @of fingerprint 0x1 {
  // expected-error @+1 {{axis 'head': expected 'of' at a free feature axis only}}
  %x = attn.input "x" : !attn.value<head of @x : f32>
}

// -----

attn.layer @rule fingerprint 0x1 {
  %q = attn.input "q" : !attn.value<batch, query, head 2, size 8 : f32>
  %k = attn.input "k" : !attn.value<batch, key, head 2, size 8 : f32>
  %v = attn.input "v" : !attn.value<batch, key, head 2, size 8 : f32>
  %s = attn.scores %q, %k : (!attn.value<batch, query, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, head 2, query, key : f32>
  // expected-error @+1 {{expected the rule 'uniform' or 'zero', got 'mean'}}
  %p = attn.softmax %s rule mean : !attn.value<batch, head 2, query, key : f32>
}

// -----

attn.layer @later_input fingerprint 0x1 {
  // expected-error @+1 {{'attn.input' op 'or': expected an earlier input, got "later"}}
  %x = attn.input "x" or "later" : !attn.value<batch, query, head 2, size 8 : f32>
  attn.return "output" %x : !attn.value<batch, query, head 2, size 8 : f32>
}

// -----

attn.layer @same_input fingerprint 0x1 {
  %q = attn.input "q" : !attn.value<batch, query, head 2, size 8 : f32>
  // expected-error @+1 {{'attn.input' op 'name': expected it once a layer, got "q" twice}}
  %x = attn.input "q" : !attn.value<batch, query, head 2, size 8 : f32>
  attn.return "output" %x : !attn.value<batch, query, head 2, size 8 : f32>
}

// -----

attn.layer @optional_or fingerprint 0x1 {
  %q = attn.input "q" : !attn.value<batch, query, head 2, size 8 : f32>
  // expected-error @+1 {{'attn.input' op expected 'optional' or 'or', got both}}
  %x = attn.input "x" optional or "q" : !attn.value<batch, query, head 2, size 8 : f32>
  attn.return "output" %x : !attn.value<batch, query, head 2, size 8 : f32>
}

// -----

// expected-error @+1 {{'attn.layer' op expected either attn.return or paths, got neither}}
attn.layer @no_return fingerprint 0x1 {
  %q = attn.input "q" : !attn.value<batch, query, head 2, size 8 : f32>
}

// -----

attn.layer @project_kernel fingerprint 0x1 {
  %q = attn.input "q" : !attn.value<batch, query, head 2, size 8 : f32>
  %w = attn.weight "kernel" : !attn.value<feature 4, head 2 : f32>
  // expected-error @+1 {{'attn.project' op operand 'kernel': expected leading axes of 'x' [batch, query, head 2, size 8], got [feature 4, head 2]}}
  %p = attn.project %q by %w : (!attn.value<batch, query, head 2, size 8 : f32>, !attn.value<feature 4, head 2 : f32>) -> !attn.value<batch, query, head 2, size 8 : f32>
}

// -----

attn.layer @project_extent fingerprint 0x1 {
  %q = attn.input "q" : !attn.value<batch, query, head 2, size 8 : f32>
  %w = attn.weight "kernel" : !attn.value<head 3, size 8, feature 4 : f32>
  // expected-error @+1 {{'attn.project' op operand 'kernel': expected [head 2] of 'x', got [head 3]}}
  %p = attn.project %q by %w : (!attn.value<batch, query, head 2, size 8 : f32>, !attn.value<head 3, size 8, feature 4 : f32>) -> !attn.value<batch, query, feature 4 : f32>
}

// -----

attn.layer @project_result fingerprint 0x1 {
  %q = attn.input "q" : !attn.value<batch, query, head 2, size 8 : f32>
  %w = attn.weight "kernel" : !attn.value<head 2, size 8, feature 4 : f32>
  // expected-error @+1 {{'attn.project' op result: expected axes [batch, query, feature 4], got [batch, query, feature 5]}}
  %p = attn.project %q by %w : (!attn.value<batch, query, head 2, size 8 : f32>, !attn.value<head 2, size 8, feature 4 : f32>) -> !attn.value<batch, query, feature 5 : f32>
}

// -----

attn.layer @project_bias fingerprint 0x1 {
  %q = attn.input "q" : !attn.value<batch, query, head 2, size 8 : f32>
  %w = attn.weight "kernel" : !attn.value<head 2, size 8, feature 4 : f32>
  %b = attn.weight "bias" : !attn.value<feature 5 : f32>
  // expected-error @+1 {{'attn.project' op operand 'bias': expected axes [feature 4], got [feature 5]}}
  %p = attn.project %q by %w plus %b : (!attn.value<batch, query, head 2, size 8 : f32>, !attn.value<head 2, size 8, feature 4 : f32>, !attn.value<feature 5 : f32>) -> !attn.value<batch, query, feature 4 : f32>
}

// -----

attn.layer @scores_query fingerprint 0x1 {
  %q = attn.input "q" : !attn.value<batch, query, head 2, size 8 : f32>
  %k = attn.input "k" : !attn.value<batch, key, head 2, size 8 : f32>
  %v = attn.input "v" : !attn.value<batch, key, head 2, size 8 : f32>
  // expected-error @+1 {{'attn.scores' op operand 'query': expected a query axis, got [batch, key, head 2, size 8]}}
  %s = attn.scores %k, %k : (!attn.value<batch, key, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, head 2, query, key : f32>
}

// -----

attn.layer @scores_key fingerprint 0x1 {
  %q = attn.input "q" : !attn.value<batch, query, head 2, size 8 : f32>
  %k = attn.input "k" : !attn.value<batch, key, head 2, size 8 : f32>
  %v = attn.input "v" : !attn.value<batch, key, head 2, size 8 : f32>
  // expected-error @+1 {{'attn.scores' op operand 'key': expected a key axis, got [batch, query, head 2, size 8]}}
  %s = attn.scores %q, %q : (!attn.value<batch, query, head 2, size 8 : f32>, !attn.value<batch, query, head 2, size 8 : f32>) -> !attn.value<batch, head 2, query, key : f32>
}

// -----

attn.layer @scores_heads fingerprint 0x1 {
  %q = attn.input "q" : !attn.value<batch, query, head 2, size 8 : f32>
  %k = attn.input "k" : !attn.value<batch, key, head 2, size 8 : f32>
  %v = attn.input "v" : !attn.value<batch, key, head 2, size 8 : f32>
  %k3 = attn.input "k3" : !attn.value<batch, key, head 3, size 8 : f32>
  // expected-error @+1 {{'attn.scores' op operand 'key': expected [head 2] of 'query', got [head 3]}}
  %s = attn.scores %q, %k3 : (!attn.value<batch, query, head 2, size 8 : f32>, !attn.value<batch, key, head 3, size 8 : f32>) -> !attn.value<batch, head 2, query, key : f32>
}

// -----

attn.layer @scores_result fingerprint 0x1 {
  %q = attn.input "q" : !attn.value<batch, query, head 2, size 8 : f32>
  %k = attn.input "k" : !attn.value<batch, key, head 2, size 8 : f32>
  %v = attn.input "v" : !attn.value<batch, key, head 2, size 8 : f32>
  // expected-error @+1 {{'attn.scores' op result: expected axes [batch, head 2, query, key], got [batch, query, head 2, size 8]}}
  %s = attn.scores %q, %k : (!attn.value<batch, query, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, query, head 2, size 8 : f32>
}

// -----

attn.layer @softmax_key fingerprint 0x1 {
  %q = attn.input "q" : !attn.value<batch, query, head 2, size 8 : f32>
  %k = attn.input "k" : !attn.value<batch, key, head 2, size 8 : f32>
  %v = attn.input "v" : !attn.value<batch, key, head 2, size 8 : f32>
  // expected-error @+1 {{'attn.softmax' op operand 'scores': expected a key axis, got [batch, query, head 2, size 8]}}
  %p = attn.softmax %q rule zero : !attn.value<batch, query, head 2, size 8 : f32>
}

// -----

attn.layer @mask_yield fingerprint 0x1 {
  %q = attn.input "q" : !attn.value<batch, query, head 2, size 8 : f32>
  %k = attn.input "k" : !attn.value<batch, key, head 2, size 8 : f32>
  %v = attn.input "v" : !attn.value<batch, key, head 2, size 8 : f32>
  %s = attn.scores %q, %k : (!attn.value<batch, query, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, head 2, query, key : f32>
  %p = attn.softmax %s rule zero mask {
    %i = attn.position query
    // expected-error @+1 {{'attn.yield' op mask: expected i1, got 'index'}}
    attn.yield %i : index
  } : !attn.value<batch, head 2, query, key : f32>
}

// -----

attn.layer @mask_axis fingerprint 0x1 {
  %q = attn.input "q" : !attn.value<batch, query, head 2, size 8 : f32>
  %k = attn.input "k" : !attn.value<batch, key, head 2, size 8 : f32>
  %v = attn.input "v" : !attn.value<batch, key, head 2, size 8 : f32>
  %s = attn.scores %q, %k : (!attn.value<batch, query, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, head 2, query, key : f32>
  %p = attn.softmax %s rule zero mask {
    // expected-error @+1 {{'attn.position' op expected an axis of [batch, head 2, query, key], got query.1}}
    %i = attn.position query.1
    %c = arith.cmpi eq, %i, %i : index
    attn.yield %c : i1
  } : !attn.value<batch, head 2, query, key : f32>
}

// -----

attn.layer @own_axis fingerprint 0x1 {
  %q = attn.input "q" : !attn.value<batch, query, head 2, size 8 : f32>
  %k = attn.input "k" : !attn.value<batch, key, head 2, size 8 : f32>
  %v = attn.input "v" : !attn.value<batch, key, head 2, size 8 : f32>
  %s = attn.scores %q, %k : (!attn.value<batch, query, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, head 2, query, key : f32>
  %m = attn.input "m" : !attn.value<slot : i1>
  %p = attn.softmax %s rule zero mask {
    // expected-error @+1 {{'attn.own' op operand 'table': expected axes of [batch, head 2, query, key], got slot}}
    %c = attn.own %m : !attn.value<slot : i1>
    attn.yield %c : i1
  } : !attn.value<batch, head 2, query, key : f32>
}

// -----

attn.layer @element_indices fingerprint 0x1 {
  %q = attn.input "q" : !attn.value<batch, query, head 2, size 8 : f32>
  %k = attn.input "k" : !attn.value<batch, key, head 2, size 8 : f32>
  %v = attn.input "v" : !attn.value<batch, key, head 2, size 8 : f32>
  %s = attn.scores %q, %k : (!attn.value<batch, query, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, head 2, query, key : f32>
  %m = attn.input "m" : !attn.value<key : i1>
  %p = attn.softmax %s rule zero mask {
    // expected-error @+1 {{'attn.element' op operand 'indices': expected 1 of them, got 0}}
    %c = attn.element %m[] : !attn.value<key : i1>
    attn.yield %c : i1
  } : !attn.value<batch, head 2, query, key : f32>
}

// -----

attn.layer @map_result fingerprint 0x1 {
  %q = attn.input "q" : !attn.value<batch, query, head 2, size 8 : f32>
  %k = attn.input "k" : !attn.value<batch, key, head 2, size 8 : f32>
  %v = attn.input "v" : !attn.value<batch, key, head 2, size 8 : f32>
  %s = attn.scores %q, %k : (!attn.value<batch, query, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, head 2, query, key : f32>
  // expected-error @+1 {{'attn.map' op result: expected '!attn.value<batch, head 2, query, key : f32>', got '!attn.value<batch, query, head 2, size 8 : f32>'}}
  %m = attn.map %s : (!attn.value<batch, head 2, query, key : f32>) -> !attn.value<batch, query, head 2, size 8 : f32> {
  ^bb0(%x: f32):
    attn.yield %x : f32
  }
}

// -----

attn.layer @map_arguments fingerprint 0x1 {
  %q = attn.input "q" : !attn.value<batch, query, head 2, size 8 : f32>
  %k = attn.input "k" : !attn.value<batch, key, head 2, size 8 : f32>
  %v = attn.input "v" : !attn.value<batch, key, head 2, size 8 : f32>
  %s = attn.scores %q, %k : (!attn.value<batch, query, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, head 2, query, key : f32>
  // expected-error @+1 {{'attn.map' op formula: expected 1 arguments of 'f32', got 2}}
  %m = attn.map %s : (!attn.value<batch, head 2, query, key : f32>) -> !attn.value<batch, head 2, query, key : f32> {
  ^bb0(%x: f32, %y: f32):
    attn.yield %x : f32
  }
}

// -----

attn.layer @dropout_rate fingerprint 0x1 {
  %q = attn.input "q" : !attn.value<batch, query, head 2, size 8 : f32>
  %k = attn.input "k" : !attn.value<batch, key, head 2, size 8 : f32>
  %v = attn.input "v" : !attn.value<batch, key, head 2, size 8 : f32>
  %s = attn.scores %q, %k : (!attn.value<batch, query, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, head 2, query, key : f32>
  // expected-error @+1 {{'attn.dropout' op 'rate': expected a number in [0, 1), got 1}}
  %d = attn.dropout %s rate 1.000000e+00 : !attn.value<batch, head 2, query, key : f32>
}

// -----

attn.layer @combine_value fingerprint 0x1 {
  %q = attn.input "q" : !attn.value<batch, query, head 2, size 8 : f32>
  %k = attn.input "k" : !attn.value<batch, key, head 2, size 8 : f32>
  %v = attn.input "v" : !attn.value<batch, key, head 2, size 8 : f32>
  %s = attn.scores %q, %k : (!attn.value<batch, query, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, head 2, query, key : f32>
  %v3 = attn.input "v3" : !attn.value<batch, key, head 3, size 8 : f32>
  // expected-error @+1 {{'attn.combine' op operand 'value': expected [head 2] of the probabilities, got [head 3]}}
  %c = attn.combine %s, %v3 : (!attn.value<batch, head 2, query, key : f32>, !attn.value<batch, key, head 3, size 8 : f32>) -> !attn.value<batch, query, head 2, size 8 : f32>
}

// -----

attn.layer @keys_position fingerprint 0x1 {
  %q = attn.input "q" : !attn.value<batch, query, head 2, size 8 : f32>
  %k = attn.input "k" : !attn.value<batch, key, head 2, size 8 : f32>
  %v = attn.input "v" : !attn.value<batch, key, head 2, size 8 : f32>
  %a = attn.attention %q, %k, %v rule zero keys {
  ^bb0(%first: index, %last: index):
    // expected-error @+1 {{'attn.position' op keys: expected the tile's first and last query, got a position}}
    %i = attn.position query
    attn.yield %i, %last : index, index
  } : (!attn.value<batch, query, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, query, head 2, size 8 : f32>
}

// -----

attn.layer @keys_yield fingerprint 0x1 {
  %q = attn.input "q" : !attn.value<batch, query, head 2, size 8 : f32>
  %k = attn.input "k" : !attn.value<batch, key, head 2, size 8 : f32>
  %v = attn.input "v" : !attn.value<batch, key, head 2, size 8 : f32>
  %a = attn.attention %q, %k, %v rule zero keys {
  ^bb0(%first: index, %last: index):
    // expected-error @+1 {{'attn.yield' op keys: expected index, index, got 'index'}}
    attn.yield %last : index
  } : (!attn.value<batch, query, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, query, head 2, size 8 : f32>
}

// -----

attn.layer @shared_heads fingerprint 0x1 {
  %q = attn.input "q" : !attn.value<batch, query, head 6, size 8 : f32>
  %k = attn.input "k" : !attn.value<batch, key, head 4, size 8 : f32>
  %v = attn.input "v" : !attn.value<batch, key, head 3, size 8 : f32>
  // expected-error @+1 {{'attn.share_heads' op result: expected a multiple of the 4 heads of 'x', got 6}}
  %s = attn.share_heads %k : (!attn.value<batch, key, head 4, size 8 : f32>) -> !attn.value<batch, key, head 6, size 8 : f32>
}

// -----

attn.layer @shared_axes fingerprint 0x1 {
  %q = attn.input "q" : !attn.value<batch, query, head 6, size 8 : f32>
  %k = attn.input "k" : !attn.value<batch, key, head 4, size 8 : f32>
  %v = attn.input "v" : !attn.value<batch, key, head 3, size 8 : f32>
  // expected-error @+1 {{'attn.share_heads' op result: expected axes [batch, key, head 8, size 8], got [batch, key, head 8, size 4]}}
  %s = attn.share_heads %k : (!attn.value<batch, key, head 4, size 8 : f32>) -> !attn.value<batch, key, head 8, size 4 : f32>
}

// -----

attn.layer @attention_heads fingerprint 0x1 {
  %q = attn.input "q" : !attn.value<batch, query, head 6, size 8 : f32>
  %k = attn.input "k" : !attn.value<batch, key, head 4, size 8 : f32>
  %v = attn.input "v" : !attn.value<batch, key, head 3, size 8 : f32>
  // expected-error @+1 {{'attn.attention' op operand 'key': expected heads that divide [head 6] of 'query', got [head 4]}}
  %a = attn.attention %q, %k, %k rule zero : (!attn.value<batch, query, head 6, size 8 : f32>, !attn.value<batch, key, head 4, size 8 : f32>, !attn.value<batch, key, head 4, size 8 : f32>) -> !attn.value<batch, query, head 6, size 8 : f32>
}

// -----

attn.layer @attention_value_heads fingerprint 0x1 {
  %q = attn.input "q" : !attn.value<batch, query, head 6, size 8 : f32>
  %k = attn.input "k" : !attn.value<batch, key, head 4, size 8 : f32>
  %v = attn.input "v" : !attn.value<batch, key, head 3, size 8 : f32>
  %k2 = attn.input "k2" : !attn.value<batch, key, head 2, size 8 : f32>
  // expected-error @+1 {{'attn.attention' op operand 'value': expected [head 2] of 'key', got [head 3]}}
  %a = attn.attention %q, %k2, %v rule zero : (!attn.value<batch, query, head 6, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>, !attn.value<batch, key, head 3, size 8 : f32>) -> !attn.value<batch, query, head 6, size 8 : f32>
}

// -----

attn.layer @phase_without_queries fingerprint 0x1 {
  %q = attn.input "q" : !attn.value<batch, query, head 6, size 8 : f32>
  %k = attn.input "k" : !attn.value<batch, key, head 4, size 8 : f32>
  %v = attn.input "v" : !attn.value<batch, key, head 3, size 8 : f32>
  // expected-error @+1 {{'attn.path' op expected 'phase' and 'most_queries' together, got 'phase' alone}}
  attn.path "output_decode" phase "decode" {
    attn.return "output" %q : !attn.value<batch, query, head 6, size 8 : f32>
  }
}

// -----

attn.layer @phase_of_negative_queries fingerprint 0x1 {
  %q = attn.input "q" : !attn.value<batch, query, head 6, size 8 : f32>
  %k = attn.input "k" : !attn.value<batch, key, head 4, size 8 : f32>
  %v = attn.input "v" : !attn.value<batch, key, head 3, size 8 : f32>
  // expected-error @+1 {{'attn.path' op 'most_queries': expected at least 1, or none of it, got -1}}
  attn.path "output_decode" phase "decode" most_queries -1 {
    attn.return "output" %q : !attn.value<batch, query, head 6, size 8 : f32>
  }
}
