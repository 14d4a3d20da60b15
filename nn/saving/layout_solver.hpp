#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// \file
/// Determines the order in PyTorch of the entries along each axis from relations between the axes. Not
/// installed.

namespace xgrad::nn::detail {

/// The entries of an axis in PyTorch's order: `order[i]` is the index here of PyTorch's entry i.
using Order = std::vector<std::uint32_t>;

bool is_identity(const Order& order);

/// The role of an axis of images: rows or columns (spatial), or channels.
enum class Role : std::uint8_t { none = 0, spatial = 1, channel = 2, both = 3 };

/// How the axes of a value are ordered in PyTorch.
enum class Arrangement {
  unset,           ///< no evidence
  as_here,         ///< as here
  channels_first,  ///< images {N, H, W, C} are {N, C, H, W}
  contradictory,   ///< evidence for both
};

/// The axes here in PyTorch's order, for images of `dimension` axes: {0, dimension - 1, 1, 2, ...}.
std::vector<std::size_t> channels_first_axes(std::size_t dimension);

/// Solves equations between the orders of the entries along axes. Axes of extent 1 need no equations.
class LayoutSolver {
 public:
  std::size_t add_axis(std::size_t extent);
  std::size_t extent(std::size_t axis) const { return axes_[axis].extent; }

  /// Both axes have the same entries, in the same order.
  void equate(std::size_t a, std::size_t b);
  /// `whole` is the product of the factors, the last varying fastest here. `axes_there` is the order of the
  /// factors in PyTorch, as indices into `factors`; if there is none, it follows from the roles.
  void join(std::size_t whole, const std::vector<std::size_t>& factors,
            std::optional<std::vector<std::size_t>> axes_there, bool is_contradictory);
  /// Entry i of `part` is entry places[i] of `whole`, here and in PyTorch. `from_parts`: the whole was
  /// assembled from its parts, as by concatenation; otherwise the part was taken from the whole.
  void cut(std::size_t whole, std::size_t part, std::vector<std::uint32_t> places, bool from_parts);
  /// An operation of unknown structure: its result is right only if the axes that it uses are ordered as
  /// here. `takes_several`: it has several operands. With one operand and no new axis it is a reduction,
  /// which any order suits.
  void hide(const std::vector<std::size_t>& used, const std::vector<std::size_t>& made, bool takes_several,
            const std::string& operation);
  /// The axis must be ordered as here.
  void fix(std::size_t axis, const std::string& reason);
  /// The order of the axis cannot be determined.
  void give_up(std::size_t axis, const std::string& reason);
  /// The origin of the axis is known. A suspected axis is a problem unless it equals one of known origin.
  void vouch(std::size_t axis) { axes_[axis].is_vouched = true; }
  void suspect(std::size_t axis, const std::string& reason) { suspected_.emplace_back(axis, reason); }
  void add_role(std::size_t axis, Role role);

  void solve();

  /// After solve: whether two axes have the same entries.
  bool same(std::size_t a, std::size_t b) const { return root(a) == root(b); }
  Role role(std::size_t axis) const { return axes_[root(axis)].role; }
  /// Whether any axis of this extent has an order other than here, or an unknown one.
  bool is_any_mixed(std::size_t extent) const;
  /// The order of the entries along an axis; null if it is unknown, for which problem() has the reason.
  const Order* order(std::size_t axis) const;
  std::string problem(std::size_t axis) const;
  /// `flattened {5, 5, 16}`; empty if the order is as here.
  std::string description(std::size_t axis) const;

 private:
  struct Axis {
    std::size_t parent;
    std::size_t extent;
    Role role = Role::none;
    std::optional<Order> order = {};
    bool is_default = false;
    bool is_vouched = false;
    std::string problem = {};
  };
  struct Product {
    std::size_t whole;
    std::vector<std::size_t> factors;
    std::optional<std::vector<std::size_t>> axes_there;
    bool is_contradictory;
    bool is_ambiguous = false;
  };
  struct Part {
    std::size_t whole;
    std::size_t part;
    std::vector<std::uint32_t> places;
    bool from_parts;
  };
  struct Hidden {
    std::vector<std::size_t> used, made;
    bool takes_several;
    std::string operation;
  };

  std::size_t root(std::size_t axis) const;
  Axis& at(std::size_t axis) { return axes_[root(axis)]; }
  const Axis& at(std::size_t axis) const { return axes_[root(axis)]; }
  bool set_order(std::size_t axis, Order order);
  void mark(std::size_t axis, const std::string& problem);

  void spread_roles();
  void settle(Product& product);
  Order order_of(const Product& product) const;
  std::optional<Order> factor_of(const Product& product, std::size_t number) const;
  std::optional<Order> part_of(const Part& part) const;
  std::optional<Order> whole_of(std::size_t whole) const;
  bool propagate();
  bool choose_default();
  void mark_suspects();
  void check();
  void spread_problems();
  std::string description(std::size_t axis, int depth) const;

  std::vector<Axis> axes_;
  std::vector<Product> products_;
  std::vector<Part> parts_;
  std::vector<Hidden> hidden_;
  std::vector<std::pair<std::size_t, std::string>> fixed_, suspected_;
};

}  // namespace xgrad::nn::detail
