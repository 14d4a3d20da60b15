#pragma once

#include <nn/saving/layout_solver.hpp>

#include <cstddef>
#include <vector>

/// \file
/// Infers how the axes of values are ordered in the same model in PyTorch, where images are {N, C, H, W}. Not
/// installed.

namespace xgrad::nn::detail {

/// A disjoint-set forest with a node for each value; values with the same arrangement share their evidence.
class Arrangements {
 public:
  /// Evidence for an arrangement: an operation returns the value in it, or takes the value in it.
  enum Evidence : unsigned {
    made_channels_first = 1,
    made_as_here = 2,
    takes_channels_first = 4,
    takes_as_here = 8
  };

  std::size_t add() {
    nodes_.push_back({nodes_.size(), 0});
    return nodes_.size() - 1;
  }
  void equate(std::size_t a, std::size_t b);
  void say(std::size_t value, unsigned evidence) { nodes_[root(value)].evidence |= evidence; }
  /// `to` is `from` with its axes permuted: axis i of `to` is axis positions[i] of `from`.
  void transpose(std::size_t from, std::size_t to, std::vector<std::size_t> positions);
  /// `to` is `from` without some of its axes; the flags say whether the first, the last and any of the other
  /// axes are kept.
  void drop(std::size_t from, std::size_t to, bool keeps_first, bool keeps_last, bool keeps_others);
  /// Propagates evidence through transpositions and dropped axes until nothing changes.
  void solve();

  Arrangement of(std::size_t value) const;

 private:
  struct Node {
    std::size_t parent;
    unsigned evidence;
  };
  struct Transposition {
    std::size_t from, to;
    std::vector<std::size_t> positions;
  };
  struct Dropping {
    std::size_t from, to;
    bool keeps_first, keeps_last, keeps_others;
  };
  std::size_t root(std::size_t value) const;
  bool add_evidence(std::size_t value, unsigned evidence);
  bool pass(const Transposition& each);
  bool pass(const Dropping& each);

  std::vector<Node> nodes_;
  std::vector<Transposition> transpositions_;
  std::vector<Dropping> droppings_;
};

}  // namespace xgrad::nn::detail
