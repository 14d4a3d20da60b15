#include <nn/saving/layout_solver.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <utility>

namespace xgrad::nn::detail {
namespace {

Role operator|(Role a, Role b) { return static_cast<Role>(static_cast<int>(a) | static_cast<int>(b)); }

bool has(Role role, Role wanted) { return (static_cast<int>(role) & static_cast<int>(wanted)) != 0; }

Order identity(std::size_t extent) {
  Order order(extent);
  std::iota(order.begin(), order.end(), 0U);
  return order;
}

bool is_permutation(const Order& order) {
  std::vector<bool> taken(order.size(), false);
  for (const std::uint32_t entry : order) {
    if (entry >= order.size() || taken[entry]) return false;
    taken[entry] = true;
  }
  return true;
}

}  // namespace

bool is_identity(const Order& order) {
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (order[i] != i) return false;
  }
  return true;
}

std::vector<std::size_t> channels_first_axes(std::size_t dimension) {
  std::vector<std::size_t> axes(dimension);
  std::iota(axes.begin(), axes.end(), std::size_t{0});
  if (dimension > 2) std::rotate(axes.begin() + 1, axes.end() - 1, axes.end());
  return axes;
}

std::size_t LayoutSolver::add_axis(std::size_t extent) {
  axes_.push_back({axes_.size(), extent});
  if (extent <= 1) axes_.back().order = identity(extent);
  return axes_.size() - 1;
}

std::size_t LayoutSolver::root(std::size_t axis) const {
  while (axes_[axis].parent != axis) axis = axes_[axis].parent;
  return axis;
}

void LayoutSolver::equate(std::size_t a, std::size_t b) {
  const std::size_t first = std::min(root(a), root(b));
  const std::size_t second = std::max(root(a), root(b));
  if (first == second || axes_[first].extent != axes_[second].extent || axes_[first].extent <= 1) return;
  axes_[second].parent = first;
  axes_[first].role = axes_[first].role | axes_[second].role;
  if (axes_[first].problem.empty()) axes_[first].problem = axes_[second].problem;
}

void LayoutSolver::join(std::size_t whole, const std::vector<std::size_t>& factors,
                        std::optional<std::vector<std::size_t>> axes_there, bool is_contradictory) {
  products_.push_back({whole, factors, std::move(axes_there), is_contradictory});
}

void LayoutSolver::cut(std::size_t whole, std::size_t part, std::vector<std::uint32_t> places,
                       bool from_parts) {
  parts_.push_back({whole, part, std::move(places), from_parts});
}

void LayoutSolver::hide(const std::vector<std::size_t>& used, const std::vector<std::size_t>& made,
                        bool takes_several, const std::string& operation) {
  hidden_.push_back({used, made, takes_several, operation});
}

void LayoutSolver::fix(std::size_t axis, const std::string& reason) { fixed_.emplace_back(axis, reason); }

void LayoutSolver::give_up(std::size_t axis, const std::string& reason) {
  if (extent(axis) > 1) mark(axis, reason);
}

void LayoutSolver::mark(std::size_t axis, const std::string& problem) {
  if (at(axis).problem.empty()) at(axis).problem = problem;
}

void LayoutSolver::add_role(std::size_t axis, Role role) { at(axis).role = at(axis).role | role; }

/// Propagates roles: from a product to its factors, the roles common to all factors to the product, and
/// between a whole and its parts.
void LayoutSolver::spread_roles() {
  const auto add = [&](std::size_t axis, Role role) {
    const Role before = at(axis).role;
    if (extent(axis) > 1) add_role(axis, role);
    return at(axis).role != before;
  };
  bool changed = true;
  while (std::exchange(changed, false)) {
    for (const Product& product : products_) {
      const Role whole = at(product.whole).role;
      Role common = Role::both;
      for (const std::size_t factor : product.factors) {
        if (extent(factor) > 1) common = static_cast<Role>(static_cast<int>(common) & int(at(factor).role));
        changed = add(factor, whole) || changed;
      }
      if (!product.factors.empty()) changed = add(product.whole, common) || changed;
    }
    for (const Part& each : parts_) {
      changed = add(each.part, at(each.whole).role) || changed;
      changed = add(each.whole, at(each.part).role) || changed;
    }
  }
}

/// Determines the order of the factors in PyTorch.
void LayoutSolver::settle(Product& product) {
  if (product.axes_there) return;
  // It is either as here or has the channels before the rows and columns: if these agree, it is known.
  std::vector<std::size_t> here, there;
  for (std::size_t i = 0; i < product.factors.size(); ++i) {
    if (extent(product.factors[i]) > 1) here.push_back(i);
  }
  const auto role = [&](std::size_t i) { return at(product.factors[i]).role; };
  there = here;
  // Channels move before the rows and columns that precede them; axes without a role stay in place.
  for (std::size_t i = 1; i < there.size(); ++i) {
    if (role(there[i]) != Role::channel) continue;
    std::size_t to = i;
    for (std::size_t j = i; j-- > 0;) {
      if (has(role(there[j]), Role::spatial)) to = j;
    }
    std::rotate(there.begin() + static_cast<std::ptrdiff_t>(to),
                there.begin() + static_cast<std::ptrdiff_t>(i),
                there.begin() + static_cast<std::ptrdiff_t>(i) + 1);
  }
  if (product.is_contradictory || here != there) {
    product.is_ambiguous = true;
    return;
  }
  std::vector<std::size_t> axes(product.factors.size());
  std::iota(axes.begin(), axes.end(), std::size_t{0});
  product.axes_there = std::move(axes);
}

Order LayoutSolver::order_of(const Product& product) const {
  const std::size_t count = product.factors.size();
  std::vector<std::size_t> stride(count, 1);
  for (std::size_t i = count - 1; i-- > 0;) stride[i] = stride[i + 1] * extent(product.factors[i + 1]);
  Order result{0};
  for (const std::size_t i : *product.axes_there) {
    const Order& own = *at(product.factors[i]).order;
    Order next;
    next.reserve(result.size() * own.size());
    for (const std::uint32_t start : result) {
      for (const std::uint32_t entry : own) {
        next.push_back(start + static_cast<std::uint32_t>(entry * stride[i]));
      }
    }
    result = std::move(next);
  }
  return result;
}

/// The order of a factor, from that of the whole; nullopt if that is inconsistent.
std::optional<Order> LayoutSolver::factor_of(const Product& product, std::size_t number) const {
  const Order& whole = *at(product.whole).order;
  std::size_t stride_here = 1, stride_there = 1;
  for (std::size_t i = number + 1; i < product.factors.size(); ++i) stride_here *= extent(product.factors[i]);
  const auto& there = *product.axes_there;
  for (auto i = std::find(there.begin(), there.end(), number) + 1; i < there.end(); ++i)
    stride_there *= extent(product.factors[*i]);
  Order result;
  for (std::size_t t = 0; t < extent(product.factors[number]); ++t) {
    result.push_back(
        static_cast<std::uint32_t>(whole[t * stride_there] / stride_here % extent(product.factors[number])));
  }
  if (!is_permutation(result)) return std::nullopt;
  return result;
}

std::optional<Order> LayoutSolver::part_of(const Part& part) const {
  const Order& whole = *at(part.whole).order;
  std::map<std::uint32_t, std::uint32_t> number_of;
  for (std::size_t i = 0; i < part.places.size(); ++i) {
    number_of[part.places[i]] = static_cast<std::uint32_t>(i);
  }
  Order result;
  for (const std::uint32_t place : part.places) {
    const auto found = number_of.find(whole[place]);
    if (found == number_of.end()) return std::nullopt;
    result.push_back(found->second);
  }
  return result;
}

/// The order of an axis from those of its parts; entries that belong to no part stay in place.
std::optional<Order> LayoutSolver::whole_of(std::size_t whole) const {
  Order result = identity(extent(whole));
  for (const Part& each : parts_) {
    if (root(each.whole) != root(whole)) continue;
    const Order& own = *at(each.part).order;
    for (std::size_t i = 0; i < own.size(); ++i) result[each.places[i]] = each.places[own[i]];
  }
  if (!is_permutation(result)) return std::nullopt;
  return result;
}

bool LayoutSolver::set_order(std::size_t axis, Order order) {
  Axis& to = at(axis);
  if (to.order) return false;
  to.order = std::move(order);
  return true;
}

bool LayoutSolver::propagate() {
  bool changed = false;
  for (const Product& product : products_) {
    if (!product.axes_there) continue;
    const auto is_known = [&](std::size_t axis) { return at(axis).order.has_value(); };
    if (std::all_of(product.factors.begin(), product.factors.end(), is_known) && !is_known(product.whole)) {
      changed = set_order(product.whole, order_of(product)) || changed;
    } else if (is_known(product.whole)) {
      for (std::size_t i = 0; i < product.factors.size(); ++i) {
        if (is_known(product.factors[i])) continue;
        auto factor = factor_of(product, i);
        if (factor) changed = set_order(product.factors[i], std::move(*factor)) || changed;
      }
    }
  }
  std::set<std::size_t> open;  // wholes with a part of unknown order
  for (const Part& each : parts_) {
    if (!at(each.part).order) open.insert(root(each.whole));
  }
  for (const Part& each : parts_) {
    if (at(each.whole).order && !at(each.part).order) {
      auto part = part_of(each);
      if (part) changed = set_order(each.part, std::move(*part)) || changed;
    } else if (!at(each.whole).order && !open.contains(root(each.whole))) {
      auto whole = whole_of(each.whole);
      if (whole) changed = set_order(each.whole, std::move(*whole)) || changed;
    }
  }
  return changed;
}

/// Gives axes of undetermined order the order here: first those that are neither a whole nor a part, then,
/// one at a time, parts and wholes. Returns whether there was one.
bool LayoutSolver::choose_default() {
  std::set<std::size_t> wholes, parts, doomed;
  for (const Product& product : products_) (product.axes_there ? wholes : doomed).insert(root(product.whole));
  for (const Part& each : parts_) {
    wholes.insert(root(each.whole));
    parts.insert(root(each.part));
  }
  for (std::size_t axis = 0; axis < axes_.size(); ++axis) {
    if (!axes_[axis].problem.empty()) doomed.insert(root(axis));
  }
  for (bool changed = true; std::exchange(changed, false);) {
    for (const Product& product : products_) {
      if (std::any_of(product.factors.begin(), product.factors.end(),
                      [&](std::size_t factor) { return doomed.contains(root(factor)) && !at(factor).order; }))
        changed = doomed.insert(root(product.whole)).second || changed;
    }
    for (const Part& each : parts_) {
      if (doomed.contains(root(each.part)) && !at(each.part).order)
        changed = doomed.insert(root(each.whole)).second || changed;
    }
  }
  for (const bool also_wholes : {false, true}) {
    for (const bool also_parts : {false, true}) {
      bool is_any = false;
      for (std::size_t axis = 0; axis < axes_.size(); ++axis) {
        if (root(axis) != axis || axes_[axis].order || doomed.contains(axis)) continue;
        if ((!also_parts && parts.contains(axis)) || (!also_wholes && wholes.contains(axis))) continue;
        axes_[axis].order = identity(axes_[axis].extent);
        axes_[axis].is_default = is_any = true;
        if (also_wholes || also_parts) return true;  // it may determine others
      }
      if (is_any) return true;
    }
  }
  return false;
}

/// Marks axes whose equations contradict each other.
void LayoutSolver::check() {
  const auto text = [&](const Product& product) {
    std::vector<std::size_t> extents;
    for (const std::size_t factor : product.factors) {
      if (extent(factor) > 1) extents.push_back(extent(factor));
    }
    return fmt::format("{{{}}}", fmt::join(extents, ", "));
  };
  for (const Product& product : products_) {
    if (product.is_ambiguous) {
      if (at(product.whole).order && !at(product.whole).is_default) continue;  // determined otherwise
      mark(product.whole,
           fmt::format("cannot determine whether PyTorch flattens {} in this order or channels first",
                       text(product)));
    } else if (at(product.whole).order &&
               std::all_of(product.factors.begin(), product.factors.end(),
                           [&](std::size_t axis) { return at(axis).order.has_value(); }) &&
               order_of(product) != *at(product.whole).order) {
      mark(product.whole,
           fmt::format("it is used in two incompatible orders: as {} and as another", text(product)));
    }
  }
  for (const Part& each : parts_) {
    if (!at(each.whole).order || !at(each.part).order) continue;
    const auto part = part_of(each);
    if (part && *part == *at(each.part).order) continue;
    const std::string why = fmt::format(
        "{} of the {} entries of an axis are used separately, but differ from those at the same places in "
        "PyTorch's order",
        each.places.size(), extent(each.whole));
    mark(each.part, why);
  }
  for (const auto& [axis, reason] : fixed_) {
    if (at(axis).order && !detail::is_identity(*at(axis).order)) mark(axis, reason);
  }
  for (const Hidden& each : hidden_) {
    const auto is_mixed = [&](std::size_t axis) {
      return !at(axis).order || !detail::is_identity(*at(axis).order) || !at(axis).problem.empty();
    };
    Role used = Role::none;
    for (const std::size_t axis : each.used) used = used | at(axis).role;
    // A new axis made of spatial axes and channels together may be in either order.
    const bool is_unfolded = used == Role::both && !each.made.empty();
    if (each.made.empty() && !each.takes_several) continue;  // a reduction
    if (!is_unfolded && std::none_of(each.used.begin(), each.used.end(), is_mixed)) continue;
    const std::string why =
        fmt::format("the operation \"{}\" is not known to keep the order", each.operation);
    for (const auto* list : {&each.used, &each.made}) {
      for (const std::size_t axis : *list) {
        const bool is_role = list == &each.used && at(axis).role != Role::none;
        if (at(axis).is_default && !is_role) mark(axis, why);
      }
    }
  }
}

void LayoutSolver::spread_problems() {
  const auto pass = [&](std::size_t from, std::size_t to) {
    if (at(from).problem.empty() || !at(to).problem.empty()) return false;
    at(to).problem = at(from).problem;
    return true;
  };
  for (bool changed = true; std::exchange(changed, false);) {
    for (const Product& product : products_) {
      for (const std::size_t factor : product.factors) changed = pass(factor, product.whole) || changed;
    }
    for (const Part& each : parts_) {
      changed = pass(each.part, each.whole) || changed;
      if (!each.from_parts) changed = pass(each.whole, each.part) || changed;
    }
  }
}

/// Marks suspected axes that equal no axis of known origin.
void LayoutSolver::mark_suspects() {
  std::set<std::size_t> vouched;
  for (std::size_t axis = 0; axis < axes_.size(); ++axis) {
    if (axes_[axis].is_vouched) vouched.insert(root(axis));
  }
  for (const auto& [axis, reason] : suspected_) {
    if (!vouched.contains(root(axis)) && extent(axis) > 1) mark(axis, reason);
  }
}

bool LayoutSolver::is_any_mixed(std::size_t extent) const {
  return std::any_of(axes_.begin(), axes_.end(), [&](const Axis& axis) {
    if (axis.extent != extent) return false;
    const Axis& own = axes_[root(axis.parent)];
    return !own.order || !own.problem.empty() || !detail::is_identity(*own.order);
  });
}

void LayoutSolver::solve() {
  spread_roles();
  mark_suspects();
  for (Product& product : products_) settle(product);
  do {
    while (propagate()) {}
  } while (choose_default());
  check();
  spread_problems();
}

const Order* LayoutSolver::order(std::size_t axis) const {
  const Axis& own = at(axis);
  return own.order && own.problem.empty() ? &*own.order : nullptr;
}

std::string LayoutSolver::problem(std::size_t axis) const {
  const Axis& own = at(axis);
  if (!own.problem.empty() || own.order) return own.problem;
  return "the order of its operand is unknown";
}

std::string LayoutSolver::description(std::size_t axis) const { return description(axis, 0); }

std::string LayoutSolver::description(std::size_t axis, int depth) const {
  const Axis& own = at(axis);
  if (!own.order || detail::is_identity(*own.order)) return {};
  for (const Product& product : products_) {
    if (root(product.whole) != root(axis) || !product.axes_there) continue;
    std::vector<std::size_t> extents;
    for (const std::size_t factor : product.factors) {
      if (extent(factor) > 1) extents.push_back(extent(factor));
    }
    return fmt::format("flattened {{{}}}", fmt::join(extents, ", "));
  }
  std::map<std::uint32_t, std::string> parts;
  for (const Part& each : parts_) {
    if (depth > 8) break;
    if (root(each.whole) == root(axis)) {
      const std::string text = description(each.part, depth + 1);
      parts[each.places.front()] = text.empty() ? fmt::format("{} others", extent(each.part)) : text;
    } else if (root(each.part) == root(axis) && parts.empty()) {
      const std::string text = description(each.whole, depth + 1);
      if (!text.empty()) return fmt::format("part of {}", text);
    }
  }
  if (parts.empty()) return "another order";
  std::vector<std::string> texts;
  for (auto& [place, text] : parts) texts.push_back(std::move(text));
  return fmt::format("{}", fmt::join(texts, " and "));
}

}  // namespace xgrad::nn::detail
