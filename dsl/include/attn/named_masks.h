// named_masks.h - masks with a name.
//
//   .mask = attn::causal & attn::sliding_window(4096)
//   .mask = attn::causal & (attn::first_keys(4) | attn::sliding_window(1024))
//   .mask = attn::causal & attn::same_document("document")
//
// Each is one lambda, to be copied and changed. Tables hold indices and come with each call; they
// are named, or given as a value.
// Not here: what masks are and how they compose (mask.h); score functions (named_scores.h).
#pragma once
#include "attn/mask.h"

namespace attn {

// ---- order

/// Keys up to the query's own position.
inline constexpr Mask causal = [](auto at) { return at.key <= at.query; };
/// The same where the last query is at the position of the last key: a few new queries, with the
/// keys of everything before them.
inline constexpr Mask causal_from_the_end = [](auto at) {
  return at.key <= at.query + (at.key_length - at.query_length);
};
/// Causal, but every query sees the first `keys` keys (prefix-LM; Raffel et al. 2019).
constexpr auto prefix_lm(int keys) {
  return named<Mask>(
      [keys](auto at) { return (at.key <= at.query) | (at.key < keys); },
      error_unless<"`prefix_lm` needs a prefix of 0 keys or more, not {}">(keys >= 0, keys));
}
/// The same with a prefix per sequence: `keys` is [batch].
template <class T>
requires(!std::convertible_to<const T&, int>) constexpr auto prefix_lm(const T& keys) {
  return named<Mask>([keys = index_table_of(keys)](
                         auto at) { return (at.key <= at.query) | (at.key < keys[at.batch]); },
                     unless_indices(keys));
}

// ---- distance

/// Keys nearer than `width`, on both sides. With `causal` the window of Longformer (Beltagy et al.
/// 2020) and Mistral (Jiang et al. 2023): `width` keys, the query's own among them.
constexpr auto sliding_window(int width) {
  return named<Mask>([width](auto at) { return abs(at.query - at.key) < width; },
                     error_unless<"`sliding_window` must be positive, not {}">(width > 0, width));
}
/// `before` keys before the query's own, and `after` keys after it.
constexpr auto sliding_window(int before, int after) {
  return named<Mask>(
      [before, after](auto at) {
        return (at.query - at.key <= before) & (at.key - at.query <= after);
      },
      error_unless<"`sliding_window` needs 0 keys or more on either side, not {} before and {} "
                   "after">(before >= 0 && after >= 0, before, after));
}
/// Every `step`-th key, counted from the query's own (Sparse Transformer; Child et al. 2019).
constexpr auto dilated(int step) {
  const Error e = error_unless<"`dilated` needs a positive step, not {}">(step > 0, step);
  // A step below 1 lets every key through: on plain numbers there is no way to report it, and no
  // number may be divided by zero.
  return named<Mask>([step = e ? 1 : step](auto at) { return (at.query - at.key) % step == 0; }, e);
}
/// Blocks of `size` positions: a query sees the keys of its own block.
constexpr auto same_block(int size) {
  const Error e = error_unless<"`same_block` needs a positive size, not {}">(size > 0, size);
  return named<Mask>([size = e ? 1 : size](auto at) { return at.query / size == at.key / size; },
                     e);
}
/// In two dimensions (`attention_axes` names two): keys at most so many rows and so many columns
/// away (Hassani et al. 2023; but a neighbourhood at the border is cut off, not moved inwards).
constexpr auto neighbourhood(int rows, int columns) {
  return named<Mask>(
      [rows, columns](auto at) {
        return (abs(at.queries[0] - at.keys[0]) <= rows) &
               (abs(at.queries[1] - at.keys[1]) <= columns);
      },
      error_unless<"`neighbourhood` needs distances of 0 or more, not {} rows and {} columns">(
          rows >= 0 && columns >= 0, rows, columns));
}

// ---- single keys

/// The first `keys` keys of every sequence: with a window, the attention sinks of StreamingLLM
/// (Xiao et al. 2023).
constexpr auto first_keys(int keys) {
  return named<Mask>([keys](auto at) { return at.key < keys; },
                     error_unless<"`first_keys` needs a positive number, not {}">(keys > 0, keys));
}
/// Sequences of different lengths in one tensor: `lengths` is [batch].
constexpr auto padding(const auto& lengths) {
  return named<Mask>(
      [lengths = index_table_of(lengths)](auto at) { return at.key < lengths[at.batch]; },
      unless_indices(lengths));
}

// ---- groups

/// Documents packed into one sequence: `document` is [batch, position] and holds the number of each
/// position's document. Queries and keys are the same positions.
constexpr auto same_document(const auto& document) {
  return named<Mask>(
      [document = index_table_of(document)](auto at) {
        return document[at.batch][at.query] == document[at.batch][at.key];
      },
      unless_indices(document));
}
/// A tree of drafted tokens (SpecInfer, Miao et al. 2023; Medusa, Cai et al. 2024): each sees
/// itself and its ancestors. `enter` and `leave` are [batch, key]: the times at which a depth-first
/// walk enters and leaves a token. Committed tokens have 0 and a number above all others, so that
/// every drafted token sees them. Queries are the last keys.
constexpr auto tree(const auto& enter, const auto& leave) {
  return named<Mask>(
      [enter = index_table_of(enter), leave = index_table_of(leave)](auto at) {
        const auto own = at.query + (at.key_length - at.query_length);
        return (enter[at.batch][at.key] <= enter[at.batch][own]) &
               (leave[at.batch][own] <= leave[at.batch][at.key]);
      },
      unless_indices(enter, leave));
}

}  // namespace attn
