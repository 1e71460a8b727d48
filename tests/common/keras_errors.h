// keras_errors.h - the errors that the originals raise (tests/fixtures/common/errors.json), and
// where our equivalents are: a configuration that is refused, a call that is refused, or a reason
// why there is none. tests/codegen/import/errors_test.cpp checks that every case is in exactly one
// of these lists.
#pragma once
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace keras_errors {

using nlohmann::json;

inline json cases(const std::string& file) { return json::parse(std::ifstream(file)); }

/// Identifies a case: layer, arguments, shapes, and the note that was recorded with it.
inline std::string id(const json& c) {
  const json kwargs = c.value("call_kwargs", json::object());
  const json shapes = c.value("call_shapes", json());
  std::string out = c["layer"].get<std::string>() + " " + c["ctor"].dump();
  if (!shapes.is_null()) out += " " + shapes.dump();
  if (!kwargs.empty()) out += " " + kwargs.dump();
  if (!c.value("desc", "").empty()) out += " (" + c.value("desc", "") + ")";
  return out;
}

/// A call that the runtime refuses: the generated layer to call, and parts of the error message.
struct Call {
  const char* id;
  const char* layer;
  std::vector<const char*> says;
};
inline const std::vector<Call>& calls() {
  static const std::vector<Call> all = {
      {R"id(MultiHeadAttention {"flash_attention":true,"key_dim":4,"num_heads":2} {"query":[2,4,6],"value":[2,4,6]} {"return_attention_scores":true})id",
       "mha_flash",
       {"`attention_scores`"}},
      {R"id(MultiHeadAttention {"key_dim":4,"num_heads":2} {"key":[2,4,6],"query":[2,4,6],"value":[2,5,6]})id",
       "mha",
       {"`key`", "`value`"}},
      {R"id(MultiHeadAttention {"key_dim":4,"num_heads":2} {"query":[2,4,6],"value":[3,5,6]} (batch mismatch: backend error))id",
       "mha",
       {"`value`", "`query`"}},
      {R"id(MultiHeadAttention {"key_dim":4,"num_heads":2} {"attention_mask":[2,4,4],"query":[2,4,6],"value":[2,5,6]} (fused path, bad mask: backend error))id",
       "mha",
       {"`attention_mask`"}},
      {R"id(MultiHeadAttention {"key_dim":4,"num_heads":2} {"attention_mask":[2,4,4],"query":[2,4,6],"value":[2,5,6]} {"return_attention_scores":true})id",
       "mha",
       {"`attention_mask`"}},
      {R"id(MultiHeadAttention {"key_dim":4,"num_heads":2} {"attention_mask":[5],"query":[2,4,6],"value":[2,5,6]})id",
       "mha",
       {"`attention_mask`"}},
      {R"id(CachedMultiHeadAttention {"flash_attention":true,"key_dim":4,"num_heads":2} {"query":[2,4,6],"value":[2,4,6]} {"return_attention_scores":true})id",
       "cached_flash",
       {"`attention_scores`"}},
      {R"id(CachedMultiHeadAttention {"key_dim":4,"num_heads":2} {"key":[2,4,6],"query":[2,4,6],"value":[2,5,6]})id",
       "cached",
       {"`key`", "`value`"}},
      {R"id(CachedMultiHeadAttention {"key_dim":4,"num_heads":2} {"query":[2,4,6],"value":[3,5,6]} (batch mismatch: backend error))id",
       "cached",
       {"`value`", "`query`"}},
      {R"id(CachedMultiHeadAttention {"key_dim":4,"num_heads":2} {"attention_mask":[2,4,4],"query":[2,4,6],"value":[2,5,6]} (fused path, bad mask: backend error))id",
       "cached",
       {"`attention_mask`"}},
      {R"id(CachedMultiHeadAttention {"key_dim":4,"num_heads":2} {"attention_mask":[2,4,4],"query":[2,4,6],"value":[2,5,6]} {"return_attention_scores":true})id",
       "cached",
       {"`attention_mask`"}},
      {R"id(CachedMultiHeadAttention {"key_dim":4,"num_heads":2} {"attention_mask":[5],"query":[2,4,6],"value":[2,5,6]})id",
       "cached",
       {"`attention_mask`"}},
      {R"id(CachedMultiHeadAttention {"key_dim":4,"num_heads":2} {"query":[2,4,6],"value":[2,4,6]} {"cache_update_index":1})id",
       "cached",
       {"`cache`"}},
      {R"id(CachedMultiHeadAttention {"key_dim":4,"num_heads":2} {"cache":[2,2,8,2,4],"query":[2,9,6],"value":[2,9,6]} {"cache_update_index":0} (update longer than the cache))id",
       "cached",
       {"`cache`"}},
      {R"id(CachedMultiHeadAttention {"key_dim":4,"num_heads":2,"value_dim":5} {"cache":[2,2,8,2,4],"query":[2,2,6],"value":[2,2,6]} {"cache_update_index":0} (value_dim != key_dim cannot be cached))id",
       "cached_values",
       {"`cache`"}},
      {R"id(GroupedQueryAttention {"flash_attention":true,"head_dim":4,"num_key_value_heads":2,"num_query_heads":4} {"query":[2,4,6],"value":[2,4,6]} {"return_attention_scores":true})id",
       "grouped_flash",
       {"`attention_scores`"}},
      {R"id(GroupedQueryAttention {"head_dim":4,"num_key_value_heads":2,"num_query_heads":4} {"key":[2,4,6],"query":[2,4,6],"value":[2,5,6]} (key/value length mismatch: backend error in eager))id",
       "grouped",
       {"`key`", "`value`"}},
      {R"id(GroupedQueryAttention {"head_dim":4,"num_key_value_heads":2,"num_query_heads":4} {"attention_mask":[2,4,4],"query":[2,4,6],"value":[2,5,6]} {"return_attention_scores":true})id",
       "grouped",
       {"`attention_mask`"}},
      {R"id(Attention {} {"query":[2,4,6]})id", "luong", {"`value`"}},
      {R"id(Attention {"score_mode":"concat"} {"query":[2,4,6],"value":[2,5,7]} (broadcast error))id",
       "concat_values",
       {"`key`"}},
      {R"id(Attention {} {"query":[2,4,6],"value":[2,5,7]} (matmul error))id",
       "dot_values",
       {"`key`"}},
      {R"id(ReuseMultiHeadAttention {"key_dim":4,"num_heads":3,"reuse_attention":1} {"query":[2,4,6],"value":[2,4,6]})id",
       "reuse_one",
       {"`reuse_attention_scores`"}},
      {R"id(ReuseMultiHeadAttention {"key_dim":4,"num_heads":3,"reuse_attention":-1} {"query":[2,4,6],"value":[2,4,6]})id",
       "reuse_all",
       {"`reuse_attention_scores`"}},
      {R"id(ReuseMultiHeadAttention {"key_dim":4,"num_heads":3} {"key":[2,4,6],"query":[2,4,6],"value":[2,5,6]} (backend error))id",
       "reuse_none",
       {"`key`", "`value`"}},
      {R"id(ReuseMultiHeadAttention {"key_dim":4,"num_heads":3,"reuse_attention":2} {"query":[2,4,6],"reuse_attention_scores":[2,1,4,5],"value":[2,5,6]} (too few heads: backend error))id",
       "reuse_two",
       {"`reuse_attention_scores`"}},
  };
  return all;
}

/// A case that our API cannot express, or treats differently on purpose, and the reason.
struct Exception {
  const char* id;
  const char* reason;
};
inline const std::vector<Exception>& exceptions() {
  static const std::vector<Exception> all = {
      {R"id(MultiHeadAttention {"flash_attention":true,"key_dim":4,"num_heads":2} {"query":[2,4,6],"value":[2,4,6]} (tensorflow backend has no flash path))id",
       "a backend without such a kernel is no mistake of the caller: ours never store scores"},
      {R"id(CachedMultiHeadAttention {"flash_attention":true,"key_dim":4,"num_heads":2} {"query":[2,4,6],"value":[2,4,6]} (tensorflow backend has no flash path))id",
       "a backend without such a kernel is no mistake of the caller: ours never store scores"},
      {R"id(CachedMultiHeadAttention {"key_dim":4,"num_heads":2} {"query":[2,2,6],"value":[2,2,6]} {"use_causal_mask":true} (CachedMHA.call has no use_causal_mask))id",
       "ours takes it beyond KerasHub: keys up to cache_update_index + query"},
      {R"id(GroupedQueryAttention {"flash_attention":true,"head_dim":4,"num_key_value_heads":2,"num_query_heads":4} {"query":[2,4,6],"value":[2,4,6]})id",
       "a backend without such a kernel is no mistake of the caller: ours never store scores"},
      {R"id(GroupedQueryAttention {"head_dim":4,"num_key_value_heads":2,"num_query_heads":4} ["(4, 6)","(7, 10)","None"])id",
       "about shapes without data, which the same layer takes with data"},
      {R"id(GroupedQueryAttention {"head_dim":4,"num_key_value_heads":2,"num_query_heads":4} ["(4, 6)","(7, 6)","(5, 6)"])id",
       "about shapes without data; the call with data is asked"},
      {R"id(Attention {} (tuple))id", "tensors go by name here, not in a list"},
      {R"id(Attention {} (tensor))id", "tensors go by name here, not in a list"},
      {R"id(Attention {} (4 inputs))id", "tensors go by name here, not in a list"},
      {R"id(Attention {} (mask not list))id", "masks go by name here, not in a list"},
      {R"id(Attention {} (mask len 1))id", "masks go by name here, not in a list"},
      {R"id(ReuseMultiHeadAttention {"key_dim":4,"max_sequence_length":8,"num_heads":3} (doc says max_sequence_length; real name is pe_max_seq_length))id",
       "both names are read: the paper's, and that of the original's code"},
  };
  return all;
}

}  // namespace keras_errors
