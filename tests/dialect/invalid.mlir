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
  // expected-error @+1 {{expected elements of f32, f64, i1 or i32, got 'f16'}}
  %x = attn.input "x" : !attn.value<batch : f16>
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
  // expected-error @+1 {{expected the rule 'uniform', 'zero' or 'additive', got 'mean'}}
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
    // expected-error @+1 {{'attn.yield' op mask: expected i1, got 'i32'}}
    attn.yield %i : i32
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
    %c = arith.cmpi eq, %i, %i : i32
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
  // expected-error @+1 {{'attn.dropout' op 'rate': expected a number in [0, 1], got 1.500000e+00}}
  %d = attn.dropout %s rate 1.500000e+00 : !attn.value<batch, head 2, query, key : f32>
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
    %begin = arith.index_cast %i : i32 to index
    attn.yield %begin, %last : index, index
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

// -----

// expected-error @+1 {{'attn.layer' op 'dtype': expected a policy such as "mixed_bfloat16", got "int8"}}
attn.layer @dtype fingerprint 0x1 dtype "int8" {
  %q = attn.input "q" : !attn.value<batch, query, head 6, size 8 : f32>
  attn.return "output" %q : !attn.value<batch, query, head 6, size 8 : f32>
}

// -----

attn.layer @reals fingerprint 0x1 dtype "float64" {
  // expected-error @+1 {{'attn.input' op expected real numbers of 'f64' in a layer of dtype float64, got 'f32'}}
  %q = attn.input "q" : !attn.value<batch, query, head 6, size 8 : f32>
  attn.return "output" %q : !attn.value<batch, query, head 6, size 8 : f32>
}

// -----

attn.layer @soft fingerprint 0x1 {
  // expected-error @+1 {{'attn.input' op 'soft': expected an optional mask of real numbers, got '!attn.value<batch : i1>'}}
  %x = attn.input "x" optional soft : !attn.value<batch : i1>
}

// -----

attn.layer @reading fingerprint 0x1 {
  // expected-error @+1 {{'attn.input' op 'reading': expected a mask of truths, got '!attn.value<i1>'}}
  %x = attn.input "x" optional reading 1 : !attn.value<i1>
}

// -----

attn.layer @reading_number fingerprint 0x1 {
  // expected-error @+1 {{'attn.input' op 'reading': expected a number below 32, got 32}}
  %x = attn.input "x" optional reading 32 : !attn.value<batch : i1>
}

// -----

attn.layer @given_input fingerprint 0x1 {
  %q = attn.input "q" : !attn.value<batch, query, head 6, size 8 : f32>
  // expected-error @+1 {{'attn.path' op 'given': expected an optional input of the layer, got "q"}}
  attn.path "output" given ["q"] {
    attn.return "output" %q : !attn.value<batch, query, head 6, size 8 : f32>
  }
}

// -----

attn.layer @given_and_absent fingerprint 0x1 {
  %q = attn.input "q" : !attn.value<batch, query, head 6, size 8 : f32>
  %x = attn.input "x" optional : !attn.value<batch : i1>
  // expected-error @+1 {{'attn.path' op expected an input given or absent, got "x" twice}}
  attn.path "output" given ["x"] absent ["x"] {
    attn.return "output" %q : !attn.value<batch, query, head 6, size 8 : f32>
  }
}

// -----

attn.layer @starts_as fingerprint 0x1 {
  %q = attn.input "q" : !attn.value<batch, query, head 6, size 8 : f32>
  // expected-error @+1 {{'attn.return' op 'starts_as': expected an input of the layer, got "cache"}}
  attn.return "output" starts_as @cache %q : !attn.value<batch, query, head 6, size 8 : f32>
}

// -----

attn.layer @starts_as_other fingerprint 0x1 {
  %q = attn.input "q" : !attn.value<batch, query, head 6, size 8 : f32>
  %x = attn.input "x" optional : !attn.value<batch : i1>
  // expected-error @+1 {{'attn.return' op 'starts_as': expected an input of '!attn.value<batch, query, head 6, size 8 : f32>', got '!attn.value<batch : i1>'}}
  attn.return "output" starts_as @x %q : !attn.value<batch, query, head 6, size 8 : f32>
}

// -----

attn.layer @given_condition fingerprint 0x1 {
  %q = attn.input "q" : !attn.value<batch, query, head 6, size 8 : f32>
  // expected-error @+1 {{'attn.given' op operand 'condition': expected an optional input, got one that is not}}
  %x = attn.given %q then %q : (!attn.value<batch, query, head 6, size 8 : f32>, !attn.value<batch, query, head 6, size 8 : f32>) -> !attn.value<batch, query, head 6, size 8 : f32>
}

// -----

attn.layer @given_types fingerprint 0x1 {
  %q = attn.input "q" : !attn.value<batch, query, head 6, size 8 : f32>
  %c = attn.input "c" optional : !attn.value<i1>
  // expected-error @+1 {{'attn.given' op result: expected '!attn.value<batch, query, head 6, size 8 : f32>', got '!attn.value<batch, query, head 2, size 8 : f32>'}}
  %x = attn.given %c then %q : (!attn.value<i1>, !attn.value<batch, query, head 6, size 8 : f32>) -> !attn.value<batch, query, head 2, size 8 : f32>
}

// -----

attn.layer @as_keys fingerprint 0x1 {
  %k = attn.input "k" : !attn.value<batch, key, head 2, size 8 : f32>
  // expected-error @+1 {{'attn.as_keys' op operand 'x': expected an update axis, got [batch, key, head 2, size 8]}}
  %x = attn.as_keys %k : (!attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, key, head 2, size 8 : f32>
}

// -----

attn.layer @slot fingerprint 0x1 {
  %c = attn.input "c" : !attn.value<batch, slot 2, key, head 2, size 8 : f32>
  // expected-error @+1 {{'attn.slot' op expected slot 0 or 1, got 2}}
  %x = attn.slot 2 of %c : (!attn.value<batch, slot 2, key, head 2, size 8 : f32>) -> !attn.value<batch, key, head 2, size 8 : f32>
}

// -----

attn.layer @slot_of fingerprint 0x1 {
  %k = attn.input "k" : !attn.value<batch, key, head 2, size 8 : f32>
  // expected-error @+1 {{'attn.slot' op operand 'cache': expected slots, got [batch, key, head 2, size 8]}}
  %x = attn.slot 0 of %k : (!attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, key, head 2, size 8 : f32>
}

// -----

attn.layer @splice fingerprint 0x1 {
  %c = attn.input "c" : !attn.value<batch, slot 2, key, head 2, size 8 : f32>
  %k = attn.input "k" : !attn.value<batch, update, head 3, size 8 : f32>
  %at = attn.input "at" optional : !attn.value<batch : i32>
  // expected-error @+1 {{'attn.splice' op operand 'keys': expected [batch, head 2, size 8] of 'cache', got [batch, head 3, size 8]}}
  %x = attn.splice %c, %k, %k at %at : (!attn.value<batch, slot 2, key, head 2, size 8 : f32>, !attn.value<batch, update, head 3, size 8 : f32>, !attn.value<batch, update, head 3, size 8 : f32>, !attn.value<batch : i32>) -> !attn.value<batch, slot 2, key, head 2, size 8 : f32>
}

// -----

attn.layer @splice_at fingerprint 0x1 {
  %c = attn.input "c" : !attn.value<batch, slot 2, key, head 2, size 8 : f32>
  %k = attn.input "k" : !attn.value<batch, update, head 2, size 8 : f32>
  %at = attn.input "at" optional : !attn.value<batch, key : i32>
  // expected-error @+1 {{'attn.splice' op operand 'index': expected no axes but [batch], got [batch, key]}}
  %x = attn.splice %c, %k, %k at %at : (!attn.value<batch, slot 2, key, head 2, size 8 : f32>, !attn.value<batch, update, head 2, size 8 : f32>, !attn.value<batch, update, head 2, size 8 : f32>, !attn.value<batch, key : i32>) -> !attn.value<batch, slot 2, key, head 2, size 8 : f32>
}

// -----

attn.layer @slice fingerprint 0x1 {
  %p = attn.input "p" : !attn.value<batch, head 3, query, key : f32>
  // expected-error @+1 {{'attn.slice_heads' op expected heads among the 3 of 'x', got 2 from 2 on}}
  %x = attn.slice_heads %p from 2 : (!attn.value<batch, head 3, query, key : f32>) -> !attn.value<batch, head 2, query, key : f32>
}

// -----

attn.layer @concat fingerprint 0x1 {
  %p = attn.input "p" : !attn.value<batch, head 3, query, key : f32>
  %o = attn.input "o" : !attn.value<batch, head 2, query : f32>
  // expected-error @+1 {{'attn.concat_heads' op operand 'second': expected the axes of 'first' [batch, head 3, query, key], of any number of heads, got [batch, head 2, query]}}
  %x = attn.concat_heads %p, %o : (!attn.value<batch, head 3, query, key : f32>, !attn.value<batch, head 2, query : f32>) -> !attn.value<batch, head 5, query, key : f32>
}

// -----

attn.layer @pair fingerprint 0x1 {
  %q = attn.input "q" : !attn.value<batch, query, head 6, size 8 : f32>
  %k = attn.input "k" : !attn.value<batch, key, head 6, size 8 : f32>
  // expected-error @+1 {{'attn.scores' op pair: expected 2 arguments of 'f32', got 1}}
  %s = attn.scores %q, %k pair {
  ^bb0(%a: f32):
    attn.yield %a : f32
  } : (!attn.value<batch, query, head 6, size 8 : f32>, !attn.value<batch, key, head 6, size 8 : f32>) -> !attn.value<batch, head 6, query, key : f32>
}

// -----

attn.layer @sigmoid_sink fingerprint 0x1 {
  %q = attn.input "q" : !attn.value<batch, query, head 6, size 8 : f32>
  %k = attn.input "k" : !attn.value<batch, key, head 6, size 8 : f32>
  // expected-error @+1 {{'attn.attention' op expected 'sigmoid' or a region 'sink', got both}}
  %a = attn.attention %q, %k, %k rule zero sigmoid sink {
    %x = arith.constant 0.0 : f32
    attn.yield %x : f32
  } : (!attn.value<batch, query, head 6, size 8 : f32>, !attn.value<batch, key, head 6, size 8 : f32>, !attn.value<batch, key, head 6, size 8 : f32>) -> !attn.value<batch, query, head 6, size 8 : f32>
}

// -----

attn.layer @sigmoid_additive fingerprint 0x1 {
  %q = attn.input "q" : !attn.value<batch, query, head 6, size 8 : f32>
  %k = attn.input "k" : !attn.value<batch, key, head 6, size 8 : f32>
  %s = attn.scores %q, %k : (!attn.value<batch, query, head 6, size 8 : f32>, !attn.value<batch, key, head 6, size 8 : f32>) -> !attn.value<batch, head 6, query, key : f32>
  // expected-error @+1 {{'attn.softmax' op expected 'sigmoid' beside the rule 'uniform' or 'zero', got 'additive'}}
  %p = attn.softmax %s rule additive sigmoid : !attn.value<batch, head 6, query, key : f32>
}

// -----

attn.layer @sink_yields fingerprint 0x1 {
  %q = attn.input "q" : !attn.value<batch, query, head 6, size 8 : f32>
  %k = attn.input "k" : !attn.value<batch, key, head 6, size 8 : f32>
  %s = attn.scores %q, %k : (!attn.value<batch, query, head 6, size 8 : f32>, !attn.value<batch, key, head 6, size 8 : f32>) -> !attn.value<batch, head 6, query, key : f32>
  %p = attn.softmax %s rule zero sink {
    %x = attn.position query
    // expected-error @+1 {{'attn.yield' op sink: expected f32, got 'i32'}}
    attn.yield %x : i32
  } : !attn.value<batch, head 6, query, key : f32>
}

// -----

attn.layer @sink_of_keys fingerprint 0x1 {
  %q = attn.input "q" : !attn.value<batch, query, head 6, size 8 : f32>
  %k = attn.input "k" : !attn.value<batch, key, head 6, size 8 : f32>
  %s = attn.scores %q, %k : (!attn.value<batch, query, head 6, size 8 : f32>, !attn.value<batch, key, head 6, size 8 : f32>) -> !attn.value<batch, head 6, query, key : f32>
  %p = attn.softmax %s rule zero sink {
    // expected-error @+1 {{'attn.position' op expected an axis of [batch, head 6, query], got key}}
    %j = attn.position key
    %x = arith.constant 0.0 : f32
    attn.yield %x : f32
  } : !attn.value<batch, head 6, query, key : f32>
}

// -----

attn.layer @blocks_arguments fingerprint 0x1 {
  %q = attn.input "q" : !attn.value<batch, query, head 6, size 8 : f32>
  %k = attn.input "k" : !attn.value<batch, key, head 6, size 8 : f32>
  // expected-error @+1 {{'attn.attention' op blocks: expected 4 arguments of 'index', got 2}}
  %a = attn.attention %q, %k, %k rule zero blocks {
  ^bb0(%first: index, %last: index):
    %x = arith.constant true
    attn.yield %x, %x : i1, i1
  } : (!attn.value<batch, query, head 6, size 8 : f32>, !attn.value<batch, key, head 6, size 8 : f32>, !attn.value<batch, key, head 6, size 8 : f32>) -> !attn.value<batch, query, head 6, size 8 : f32>
}

// -----

attn.layer @blocks_position fingerprint 0x1 {
  %q = attn.input "q" : !attn.value<batch, query, head 6, size 8 : f32>
  %k = attn.input "k" : !attn.value<batch, key, head 6, size 8 : f32>
  %a = attn.attention %q, %k, %k rule zero blocks {
  ^bb0(%first: index, %last: index, %from: index, %to: index):
    // expected-error @+1 {{'attn.position' op expected an axis of [batch, head 6], got query}}
    %i = attn.position query
    %x = arith.constant true
    attn.yield %x, %x : i1, i1
  } : (!attn.value<batch, query, head 6, size 8 : f32>, !attn.value<batch, key, head 6, size 8 : f32>, !attn.value<batch, key, head 6, size 8 : f32>) -> !attn.value<batch, query, head 6, size 8 : f32>
}

// -----

attn.layer @extremes_other fingerprint 0x1 {
  %q = attn.input "q" : !attn.value<batch, query, head 6, size 8 : f32>
  %k = attn.input "k" : !attn.value<batch, key, head 6, size 8 : f32>
  %a = attn.attention %q, %k, %k rule zero blocks {
  ^bb0(%first: index, %last: index, %from: index, %to: index):
    %least, %most = attn.extremes over key {
      // expected-error @+1 {{'attn.position' op expected no query axis in a formula over key, got one}}
      %i = attn.position query
      attn.yield %i : i32
    } : i32
    %x = arith.constant true
    attn.yield %x, %x : i1, i1
  } : (!attn.value<batch, query, head 6, size 8 : f32>, !attn.value<batch, key, head 6, size 8 : f32>, !attn.value<batch, key, head 6, size 8 : f32>) -> !attn.value<batch, query, head 6, size 8 : f32>
}

// -----

attn.layer @extremes_of_tile fingerprint 0x1 {
  %q = attn.input "q" : !attn.value<batch, query, head 6, size 8 : f32>
  %k = attn.input "k" : !attn.value<batch, key, head 6, size 8 : f32>
  %a = attn.attention %q, %k, %k rule zero blocks {
  ^bb0(%first: index, %last: index, %from: index, %to: index):
    %least, %most = attn.extremes over key {
      %j = attn.position key
      // expected-error @+1 {{'arith.index_cast' op expected numbers of each query or key, got one of the tile or cell}}
      %n = arith.index_cast %first : index to i32
      %sum = arith.addi %j, %n : i32
      attn.yield %sum : i32
    } : i32
    %x = arith.constant true
    attn.yield %x, %x : i1, i1
  } : (!attn.value<batch, query, head 6, size 8 : f32>, !attn.value<batch, key, head 6, size 8 : f32>, !attn.value<batch, key, head 6, size 8 : f32>) -> !attn.value<batch, query, head 6, size 8 : f32>
}

// -----

attn.layer @extremes_word fingerprint 0x1 {
  %q = attn.input "q" : !attn.value<batch, query, head 6, size 8 : f32>
  %k = attn.input "k" : !attn.value<batch, key, head 6, size 8 : f32>
  %a = attn.attention %q, %k, %k rule zero blocks {
  ^bb0(%first: index, %last: index, %from: index, %to: index):
    // expected-error @+1 {{expected 'query', 'key' or 'pairs', got 'head'}}
    %least, %most = attn.extremes over head {

// -----

attn.layer @extremes_in_mask fingerprint 0x1 {
  %q = attn.input "q" : !attn.value<batch, query, head 6, size 8 : f32>
  %k = attn.input "k" : !attn.value<batch, key, head 6, size 8 : f32>
  %a = attn.attention %q, %k, %k rule zero mask {
    // expected-error @+1 {{'attn.extremes' op expected it inside 'blocks', got it in another formula}}
    %least, %most = attn.extremes over key {
      %x = arith.constant true
      attn.yield %x : i1
    } : i1
    attn.yield %least : i1
  } : (!attn.value<batch, query, head 6, size 8 : f32>, !attn.value<batch, key, head 6, size 8 : f32>, !attn.value<batch, key, head 6, size 8 : f32>) -> !attn.value<batch, query, head 6, size 8 : f32>
}

// -----

attn.layer @flat fingerprint 0x1 {
  %q = attn.input "q" : !attn.value<batch, query, query.1, head 6, size 8 : f32>
  %k = attn.input "k" : !attn.value<batch, key, head 6, size 8 : f32>
  %a = attn.attention %q, %k, %k rule zero mask {
    // expected-error @+1 {{'attn.position' op expected the position among all query axes, got that of query.1}}
    %i = attn.position query.1
    %j = attn.position key
    %x = arith.cmpi sle, %j, %i : i32
    attn.yield %x : i1
  } : (!attn.value<batch, query, query.1, head 6, size 8 : f32>, !attn.value<batch, key, head 6, size 8 : f32>, !attn.value<batch, key, head 6, size 8 : f32>) -> !attn.value<batch, query, query.1, head 6, size 8 : f32>
}
