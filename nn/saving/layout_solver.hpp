#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// \file
/// How the entries along axes are numbered in PyTorch's program, worked out from what the axes have to do
/// with each other. Not installed.

namespace xgrad::nn::detail {

/// The entries of an axis in PyTorch's order: `order[i]` is the number here of its entry i.
using Order = std::vector<std::uint32_t>;

bool is_identity(const Order& order);

/// What is known of axes of images: rows and columns, or channels.
enum class Role : std::uint8_t { none = 0, spatial = 1, channel = 2, both = 3 };

/// How the axes of a value are ordered in PyTorch's program.
enum class Arrangement {
  unset,           ///< nothing tells
  as_here,         ///< as here
  channels_first,  ///< images {N, H, W, C} are {N, C, H, W}
  contradictory,   ///< it would have to be both
};

/// The axes' positions here, as PyTorch has them, for values of `dimension` axes.
std::vector<std::size_t> channels_first_axes(std::size_t dimension);

/// Axes of values, and equations between the orders of their entries. Axes of one extent are free: nothing
/// has to be said of them.
class LayoutSolver {
 public:
  std::size_t add_axis(std::size_t extent);
  std::size_t extent(std::size_t axis) const { return axes_[axis].extent; }

  /// Both number the same entries.
  void equate(std::size_t a, std::size_t b);
  /// `whole` is the product of the factors, the last running fastest here. In PyTorch the factors stand in
  /// the order of `axes_there`, positions among them; where there is none, roles have to tell.
  void join(std::size_t whole, const std::vector<std::size_t>& factors,
            std::optional<std::vector<std::size_t>> axes_there, bool is_contradictory);
  /// Entry i of `part` is entry places[i] of `whole`, here and in PyTorch. `from_parts`: the whole was made
  /// of its parts, not they of it.
  void cut(std::size_t whole, std::size_t part, std::vector<std::uint32_t> places, bool from_parts);
  /// An operation whose inner workings are not known: it is right only where the axes that it uses are
  /// numbered as here.
  /// `takes_several`: values; a reduction takes one.
  void hide(const std::vector<std::size_t>& used, const std::vector<std::size_t>& made, bool takes_several,
            const std::string& operation);
  /// The axis has to be numbered as here.
  void fix(std::size_t axis, const std::string& reason);
  /// Nothing is known of the axis.
  void give_up(std::size_t axis, const std::string& reason);
  /// The axis was made by something that is known; an axis that is only suspected is a problem.
  void vouch(std::size_t axis) { axes_[axis].is_vouched = true; }
  void suspect(std::size_t axis, const std::string& reason) { suspected_.emplace_back(axis, reason); }
  void add_role(std::size_t axis, Role role);

  void solve();

  /// After solve: whether two axes number the same entries.
  bool same(std::size_t a, std::size_t b) const { return root(a) == root(b); }
  Role role(std::size_t axis) const { return axes_[root(axis)].role; }
  /// Whether any axis of this extent has another order than here, or an unknown one.
  bool is_any_mixed(std::size_t extent) const;
  /// The order of an axis' entries; null where problem() says why it is not known.
  const Order* order(std::size_t axis) const;
  std::string problem(std::size_t axis) const;
  /// `flattened {5, 5, 16}`; empty where the order is that here.
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
