// RUN: attn-opt %s --pass-pipeline='builtin.module(attn.layer(attn-split-paths))' --split-input-file --verify-diagnostics

// expected-error @+1 {{'attn.layer' op attn.given: expected at most 4 inputs that paths differ by, got 5}}
attn.layer @five fingerprint 0x1 {
  %v = attn.input "v" : !attn.value<batch, key, head 2, size 8 : f32>
  %a = attn.input "a" optional : !attn.value<i1>
  %b = attn.input "b" optional : !attn.value<i1>
  %c = attn.input "c" optional : !attn.value<i1>
  %d = attn.input "d" optional : !attn.value<i1>
  %e = attn.input "e" optional : !attn.value<i1>
  %x0 = attn.given %a then %v else %v : (!attn.value<i1>, !attn.value<batch, key, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, key, head 2, size 8 : f32>
  %x1 = attn.given %b then %v else %x0 : (!attn.value<i1>, !attn.value<batch, key, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, key, head 2, size 8 : f32>
  %x2 = attn.given %c then %v else %x1 : (!attn.value<i1>, !attn.value<batch, key, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, key, head 2, size 8 : f32>
  %x3 = attn.given %d then %v else %x2 : (!attn.value<i1>, !attn.value<batch, key, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, key, head 2, size 8 : f32>
  %x4 = attn.given %e then %v else %x3 : (!attn.value<i1>, !attn.value<batch, key, head 2, size 8 : f32>, !attn.value<batch, key, head 2, size 8 : f32>) -> !attn.value<batch, key, head 2, size 8 : f32>
  attn.return "output" %x4 : !attn.value<batch, key, head 2, size 8 : f32>
}
