#include "plan/block_map.h"

#include <algorithm>

#include "plan/evaluate.h"

namespace attnc {

namespace {

using attn::Fn;
using attn::Kind;

class Walk {
 public:
  Walk(const Attention& attention, const MapCall& call) : a_(attention), call_(call) {
    place_.batch = call.batch;
    place_.head = call.head;
    place_.query_length = call.queries;
    place_.key_length = call.keys;
    place_.length = call.length;
    place_.read = [this](const PlanStep& s, std::span<const int64_t> indices) {
      return call_.read ? call_.read(s, indices) : 0.0;
    };
  }

  bool known(const PlanStep& s) const { return !call_.known || call_.known(s); }

  /// [begin, end) of the keys that a tile can see.
  std::pair<int64_t, int64_t> keys(int64_t first, int64_t last) {
    if (a_.keys.empty()) return {0, call_.keys};
    place_.query = first;
    place_.last_query = last;
    const std::vector<Known> v = evaluate(a_.keys, place_, {}, call_.known);
    auto within = [&](const Known& x, int64_t otherwise) {
      return x ? std::clamp(static_cast<int64_t>(*x), int64_t{0}, call_.keys) : otherwise;
    };
    return {within(v.at(0), 0), within(v.at(1), call_.keys)};
  }

  /// The minimum and maximum of every extreme over `over`, for one tile or cell; nullopt for the
  /// other extremes.
  std::vector<Known> extremes(std::optional<Kind> over, int64_t first, int64_t last) {
    (over == Kind::query ? place_.query : place_.key) = first;
    (over == Kind::query ? place_.last_query : place_.last_key) = last;
    std::vector<Known> out;
    for (const Extremes& e : a_.extremes) {
      const auto [least, most] = e.over != over ? std::pair<Known, Known>()
                                 : over         ? extremes_of(e, place_, call_.known)
                                                : at_a_glance(e);
      out.push_back(least);
      out.push_back(most);
    }
    return out;
  }

  /// What a block is, given the extremes of its tile and of its cell.
  Block look(int64_t first, int64_t last, int64_t from, int64_t to,
             const std::vector<Known>& of_tile, const std::vector<Known>& of_cell) {
    place_.query = first;
    place_.last_query = last;
    place_.key = from;
    place_.last_key = to;
    std::vector<Known> known;
    for (size_t i = 0; i < a_.extremes.size(); ++i) {
      const std::optional<Kind> over = a_.extremes[i].over;
      for (size_t k = 2 * i; k < 2 * i + 2; ++k)
        known.push_back(over == Kind::key     ? of_cell[k]
                        : over == Kind::query ? of_tile[k]
                                              : pairs_[k]);
    }
    const Sight sight = attnc::look(a_, place_, known, call_.known);
    return !sight.possible ? Block::skipped : sight.certain ? Block::full : Block::partial;
  }

  /// Computes the extremes over all pairs, as far as a kernel knows them from the masks' strides.
  void look_at_pairs() { pairs_ = extremes(std::nullopt, 0, 0); }

  bool visible(int64_t query, int64_t key) {
    place_.query = place_.last_query = query;
    place_.key = place_.last_key = key;
    return evaluate(a_.mask, place_).at(0) != 0;
  }

 private:
  const Attention& a_;
  const MapCall& call_;
  PlanPlace place_;
  std::vector<Known> pairs_;

  /// For a mask that is one number for all pairs, its value as both minimum and maximum; for any
  /// other mask false and true.
  std::pair<Known, Known> at_a_glance(const Extremes& e) {
    for (const PlanStep& s : e.formula.steps) {
      const bool same = !reads_input(s) || !known(s) || (call_.constant && call_.constant(s));
      if (!same) return {0.0, 1.0};
    }
    PlanPlace first_pair = place_;
    first_pair.query = first_pair.last_query = first_pair.key = first_pair.last_key = 0;
    return extremes_of(e, first_pair, call_.known);
  }
};

}  // namespace

BlockMap map_blocks(const Attention& attention, const Schedule& schedule, const MapCall& call) {
  BlockMap map{.queries = call.queries, .keys = call.keys};
  map.query_tile = schedule.query_tile;
  map.cell_keys = cell_keys(schedule, attention);
  map.tiles = (map.queries + map.query_tile - 1) / map.query_tile;
  map.cells = (map.keys + map.cell_keys - 1) / map.cell_keys;
  map.blocks.assign(static_cast<size_t>(map.tiles * map.cells), Block::skipped);
  Walk walk(attention, call);
  walk.look_at_pairs();
  auto last_key = [&](int64_t cell) { return std::min((cell + 1) * map.cell_keys, map.keys) - 1; };
  std::vector<std::vector<Known>> of_cells;
  for (int64_t c = 0; c < map.cells; ++c)
    of_cells.push_back(walk.extremes(Kind::key, c * map.cell_keys, last_key(c)));
  for (int64_t t = 0; t < map.tiles; ++t) {
    const int64_t first = t * map.query_tile;
    const int64_t last = std::min(first + map.query_tile, map.queries) - 1;
    const auto [begin, end] = walk.keys(first, last);
    const std::vector<Known> of_tile = walk.extremes(Kind::query, first, last);
    for (int64_t c = 0; c < map.cells; ++c) {
      const int64_t from = c * map.cell_keys, to = last_key(c);
      Block block = Block::skipped;
      if (from < end && from + map.cell_keys > begin)
        block = walk.look(first, last, from, to, of_tile, of_cells[static_cast<size_t>(c)]);
      // A kernel tests every key of the last cell if the keys do not fill it.
      if (block == Block::full && from + map.cell_keys > map.keys) block = Block::partial;
      map.blocks[static_cast<size_t>(t * map.cells + c)] = block;
      ++(block == Block::skipped ? map.skipped : block == Block::full ? map.full : map.partial);
      if (block != Block::skipped) map.pairs_visited += (last - first + 1) * (to - from + 1);
    }
  }
  return map;
}

std::optional<int64_t> count_visible(const Attention& attention, const BlockMap& map,
                                     const MapCall& call, int64_t most) {
  Walk walk(attention, call);
  for (const PlanStep& s : attention.mask.steps) {
    if (reads_input(s) && !walk.known(s)) return {};
  }
  if (map.partial > most / (int64_t{map.query_tile} * map.cell_keys)) return {};
  int64_t visible = 0;
  for (int64_t t = 0; t < map.tiles; ++t) {
    const int64_t first = t * map.query_tile;
    const int64_t end = std::min(first + map.query_tile, map.queries);
    for (int64_t c = 0; c < map.cells; ++c) {
      const int64_t from = c * map.cell_keys, to = std::min(from + map.cell_keys, map.keys);
      if (map.at(t, c) == Block::full) visible += (end - first) * (to - from);
      if (map.at(t, c) != Block::partial) continue;
      for (int64_t q = first; q < end; ++q)
        for (int64_t k = from; k < to; ++k) visible += attention.mask.empty() || walk.visible(q, k);
    }
  }
  return visible;
}

std::vector<uint64_t> unknown_tables(const Attention& attention, const MapCall& call) {
  const Walk walk(attention, call);
  std::vector<uint64_t> out;
  auto look = [&](const PlanFormula& f) {
    for (const PlanStep& s : f.steps) {
      if (reads_input(s) && !walk.known(s) &&
          std::find(out.begin(), out.end(), s.bits) == out.end())
        out.push_back(s.bits);
    }
  };
  look(attention.mask);
  look(attention.keys);
  look(attention.blocks);
  for (const Extremes& e : attention.extremes) look(e.formula);
  return out;
}

}  // namespace attnc
