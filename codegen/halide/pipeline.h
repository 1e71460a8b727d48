// pipeline.h - one path of a plan as one Halide pipeline, under construction.
//
// Stages are added in order; each reads values that earlier ones made and leaves its own. A value is
// whatever gives an element for a column, a position and a batch; how it lies in memory is between
// its maker and its reader (Layout in plan.h). One file a kernel family: projection.cpp,
// attention_online.cpp, attention_with_scores.cpp; in each the algorithm comes first and whole, the
// schedule after it.
#pragma once
#include <Halide.h>

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "halide/formula.h"
#include "halide/internal_check.h"
#include "halide/numerics.h"
#include "plan/plan.h"

namespace attnc {

/// A value of a path. Which Funcs and dimensions it has follows from its layout; dimensions are those
/// of ATTN_FORM_... in kernel_abi.h:
///   made outside             image, in the form of its layout
///   rows, heads, pairs       func(column, position, batch), func(size, head, position, batch),
///                            func(key, query, head, batch)
///   cache                    func(size, head, key, slot, batch)
///   query_rows, value_rows   func(column, batch * positions + position)
///   key_panels               func(lane, column, panel, batch), lanes count keys
/// Keys (and values) that come as heads are packed on the way in, where a stage wants panels (or
/// rows that are whole vectors), once for all stages that read them.
struct Made {
  Halide::Func func, packed_keys, packed_values;
  Halide::ImageParam image;
};

class PathPipeline {
 public:
  /// Throws Halide::Error where a plan cannot be a pipeline (ours: plans are checked before).
  PathPipeline(const Plan& plan, int path, const Halide::Target& target);

  Halide::Pipeline pipeline() const { return Halide::Pipeline(outputs_); }
  /// Inputs, flags, packed weights and lengths, in the order of path_arguments.
  std::vector<Halide::Argument> arguments() const;
  /// Every buffer of the call by name, outputs too: for expressions over their extents.
  const std::vector<Halide::ImageParam>& buffers() const { return buffers_; }

 private:
  // projection.cpp
  void add(const Projection& stage);
  void make_rows(const Projection& stage, Halide::Func out, bool is_output);
  void make_key_panels(const Projection& stage, Halide::Func out);
  Halide::Expr row(const Projection& stage, const Halide::Expr& column,
                   const Halide::Expr& flat_row) const;
  // attention_*.cpp
  void add(const Attention& stage);
  void add_online(const Attention& stage);
  void add_with_scores(const Attention& stage);
  void add_decode(const Attention& stage);  // one query
  void add(const Combine& stage);
  // rearranged.cpp
  void add(const Splice& stage);
  void add(const Map& stage);
  void add(const ConcatHeads& stage);

  // attention_operands.cpp: how attention reads its operands, and where its result goes
  struct Values {  // what a weighted sum of values is of
    int value, result, heads, value_heads, value_size, value_size_padded;
  };
  static Values values_of(const Attention& s) {
    return {s.value, s.result, s.heads, s.key_heads, s.value_size, s.value_size_padded};
  }
  static Values values_of(const Combine& s) {
    return {s.value, s.result, s.heads, s.value_heads, s.value_size, s.value_size_padded};
  }
  void pack_keys(const Attention& stage);
  void pack_values(const Values& stage);
  /// `tile_of`(x, row, tile, head, batch), x < padded value size, becomes the stage's result: an
  /// output [batch, query, head, size] or rows for a later stage. Returns what to compute the tile
  /// at.
  Halide::LoopLevel make_result(const Values& stage, const Halide::Func& tile_of, int tile);
  /// probabilities(key, query, head, batch) times values, in tiles of `tile` queries.
  void make_weighted_sum(
      const Values& stage, int tile,
      const std::function<Halide::Expr(const Halide::Expr& key, const Halide::Expr& query,
                                       const Halide::Expr& head, const Halide::Expr& batch)>&
          probability);
  Halide::Expr query_element(const Attention& stage, const Halide::Expr& head,
                             const Halide::Expr& d, const Halide::Expr& position,
                             const Halide::Expr& batch) const;
  Halide::Expr value_element(const Values& stage, const Halide::Expr& head, const Halide::Expr& x,
                             const Halide::Expr& position, const Halide::Expr& batch) const;
  /// The key at lane `lane` of panel `panel`, element d of a head. Panels past the end repeat the
  /// last.
  Halide::Expr key_element(const Attention& stage, const Halide::Expr& head, const Halide::Expr& d,
                           const Halide::Expr& panel, const Halide::Expr& lane,
                           const Halide::Expr& batch) const;

  // attention_scores.cpp: from products to the scores that the softmax takes
  /// A run-time mask's numbers for the scores at hand. Masks come through such a tile, so that the
  /// caller's strides meet one short loop.
  struct MaskTile {
    Halide::Func numbers;
    Halide::ImageParam image;
  };
  /// One term of the sum that makes a score.
  Halide::Expr product_of(const Attention& stage, const Halide::Expr& query,
                          const Halide::Expr& key, const Site& at) const;
  /// The score of the pair at `at`, masked_score where the key does not exist (`exists`
  /// false) or counts for nothing. Without `exists` it exists and counts. Run-time masks are read through tiles over `arguments`, which are
  /// the caller's to schedule.
  Halide::Expr score_of(const Attention& stage, const Halide::Expr& sum, const Halide::Expr& exists,
                        Site at, const std::vector<Halide::Var>& arguments,
                        std::vector<MaskTile>& tiles) const;
  /// Whether a formula may differ along an axis: it reads its position, or an input that has it.
  bool differs_along(const PlanFormula& formula, attn::Kind kind) const;
  /// [first, end) of the keys that queries `first_query` to `last_query` can see, first at the
  /// beginning of a panel. Of all heads together where `head` is undefined.
  std::pair<Halide::Expr, Halide::Expr> visible_keys(const Attention& stage,
                                                     const Halide::Expr& head,
                                                     const Halide::Expr& batch,
                                                     const Halide::Expr& first_query,
                                                     const Halide::Expr& last_query) const;
  void schedule_mask_tile(const MaskTile& mask, const Halide::Var& key) const;
  /// The maximum and the sum of a row before any key: a sink's, or of none.
  std::pair<Halide::Expr, Halide::Expr> sink_of(const Attention& stage, const Site& at) const;
  /// Where a row has no key. One with a sink or of sigmoids is zero then by itself.
  bool is_uniform(const Attention& stage) const {
    return stage.rule == attn::FullyMasked::uniform && !stage.mask.empty() && !stage.sigmoid;
  }

  // attention_walk.cpp: the runs of keys that a tile of queries walks
  struct Walk {
    Halide::RDom runs;  // y: where one begins, x: how many cells more than one it has
    bool open = false;  // every pair is visible, and every key exists
    int most = 0;       // keys of a run, at most
    /// Where a run begins, and how many keys it has.
    std::function<Halide::Expr(const Halide::Expr& longer, const Halide::Expr& at)> panel;
    std::function<Halide::Expr(const Halide::Expr& longer, const Halide::Expr& at)> count;
  };
  std::vector<Walk> walks_of(const Attention& stage, const Halide::Var& qt, const Halide::Var& h,
                             const Halide::Var& b);
  /// Whether a query of a call of one may see keys [from, from + count).
  Halide::Expr is_seen(const Attention& stage, const Halide::Expr& b, const Halide::Expr& from,
                       int count) const;
  /// Least and most of each of the stage's extremes, for a tile and a cell.
  std::vector<Halide::Expr> extremes_of(const Attention& stage, const Halide::Expr& qt,
                                        const Halide::Expr& cell, const Halide::Expr& h,
                                        const Halide::Expr& b);
  std::vector<Halide::Func> walk_kinds_;  // to be computed where a task is

  // attention_block.cpp: one run
  struct BlockFuncs {
    Halide::Func dot, score, lane_maximum, maximum, p, lane_sum, sum, weighted;
    std::vector<MaskTile> masks;
    Halide::Var i, lane;
    Halide::RDom d, v, k, l;
  };
  /// `args` are (x, q, longer, at, qt, h, b) of `weighted`; the others have no x, or a key in its place.
  BlockFuncs block_of(const Attention& stage, const Walk& walk,
                      const std::vector<Halide::Var>& args);
  void schedule_block(const Attention& stage, BlockFuncs& block, const Walk& walk,
                      const std::vector<Halide::Var>& args, const Halide::LoopLevel& at);

  Site site(const Halide::Expr& batch, const Halide::Expr& head, const Halide::Expr& query,
            const Halide::Expr& key) const;
  /// Flags, indices, tables and packed weights; masks only where they are read one by one.
  Halide::Expr read(const PlanStep& step, const std::vector<Halide::Expr>& indices,
                    const Site& at) const;
  Halide::Expr packed_number(const PlanStep& step, const std::vector<Halide::Expr>& indices) const;
  Halide::Expr table_number(const PlanStep& step, const std::vector<Halide::Expr>& indices) const;
  /// The number of a value at a place of its layout's form, in the type that is computed with.
  Halide::Expr element(int value, std::vector<Halide::Expr> at) const;
  Halide::Expr number(double v) const { return Halide::Internal::make_const(real_, v); }
  /// As tensors hold it.
  Halide::Expr stored(const Halide::Expr& v) const { return Halide::cast(stored_, v); }

  int lanes_of(int size) const;           // vector lanes for rows of `size` numbers
  int vectors_of(int padded_size) const;  // vectors of a register tile over such rows

  Halide::Expr extent(attn::Kind kind) const;  // batch, query, key, update
  attn::Kind positions_of(int value) const;    // what a value's positions count
  const Schedule& schedule() const { return plan_.schedule; }
  Made& made(int value) { return made_.at(static_cast<size_t>(value)); }
  const Made& made(int value) const { return made_.at(static_cast<size_t>(value)); }
  const PlanValue& value(int v) const { return path_.values.at(static_cast<size_t>(v)); }
  int output_of(int value) const;  // index into path_.outputs, or -1
  /// The name of an output, else `otherwise`: what `attnc show` prints reads better.
  std::string name_of(int value, const std::string& otherwise) const;
  /// `func` is the value, and the output where it is one.
  void define(int value, const Halide::Func& func);

  const Plan& plan_;
  const Path& path_;
  const Halide::Target target_;
  const Halide::Type real_, stored_;                               // computed with; of tensors
  std::vector<Made> made_;                                         // by value
  std::map<int, Halide::ImageParam> inputs_;                       // by input, but for flags
  std::map<int, Halide::Param<uint8_t>> flags_;                    // by input
  std::map<std::pair<int, int>, Halide::Param<int32_t>> lengths_;  // of single axes: kind, number
  std::map<int, Halide::ImageParam> packed_;                       // by packing
  Halide::Expr cache_positions_;  // of the cache that the path writes, which is no input of it
  std::vector<Halide::Func> outputs_;
  std::vector<Halide::ImageParam> buffers_;
};

/// What a path uses, in the order of its arguments; outputs come after.
struct PathUses {
  std::vector<int> inputs, packings;
  std::vector<std::pair<int, int>> lengths;  // of single axes: kind, number
};
PathUses uses_of(const Path& path);

/// ATTN_FORM_... of an input or a value.
uint8_t form_of(Layout layout);
uint8_t form_of_input(const Plan& plan, const Path& path, int input);

}  // namespace attnc
