#pragma once

#include <nn/saving/layout_solver.hpp>

#include <cstddef>
#include <vector>

/// \file
/// How the axes of values are ordered in PyTorch's program: images there are {N, C, H, W}. Not installed.

namespace xgrad::nn::detail {

/// One node for each value; what is said of one holds for all that are arranged alike.
class Arrangements {
 public:
  /// What speaks for an arrangement: that a value comes out of an operation so, or that one takes it so.
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
  /// `to` is `from` with its axes in another order, `positions`.
  void transpose(std::size_t from, std::size_t to, std::vector<std::size_t> positions);
  /// `to` is `from` without some of its axes; whether the first and the last are kept, and others.
  void drop(std::size_t from, std::size_t to, bool keeps_first, bool keeps_last, bool keeps_others);
  /// Passes on what is known along transpositions and dropped axes.
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
