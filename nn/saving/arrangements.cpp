#include <nn/saving/arrangements.hpp>

#include <algorithm>
#include <numeric>
#include <utility>

namespace xgrad::nn::detail {

std::size_t Arrangements::root(std::size_t value) const {
  while (nodes_[value].parent != value) value = nodes_[value].parent;
  return value;
}

void Arrangements::equate(std::size_t a, std::size_t b) {
  const std::size_t first = root(a);
  const std::size_t second = root(b);
  if (first == second) return;
  nodes_[second].parent = first;
  nodes_[first].evidence |= nodes_[second].evidence;
}

void Arrangements::transpose(std::size_t from, std::size_t to, std::vector<std::size_t> positions) {
  transpositions_.push_back({from, to, std::move(positions)});
}

void Arrangements::drop(std::size_t from, std::size_t to, bool keeps_first, bool keeps_last,
                        bool keeps_others) {
  droppings_.push_back({from, to, keeps_first, keeps_last, keeps_others});
}

Arrangement Arrangements::of(std::size_t value) const {
  const unsigned evidence = nodes_[root(value)].evidence;
  const auto is = [&](Evidence each) { return (evidence & each) != 0; };
  if (is(made_channels_first))
    return is(made_as_here) ? Arrangement::contradictory : Arrangement::channels_first;
  if (is(made_as_here)) return is(takes_channels_first) ? Arrangement::contradictory : Arrangement::as_here;
  if (is(takes_channels_first)) return Arrangement::channels_first;
  return is(takes_as_here) ? Arrangement::as_here : Arrangement::unset;
}

bool Arrangements::add_evidence(std::size_t value, unsigned evidence) {
  Node& node = nodes_[root(value)];
  return std::exchange(node.evidence, node.evidence | evidence) != node.evidence;
}

bool Arrangements::pass(const Transposition& each) {
  const std::vector<std::size_t> first = channels_first_axes(each.positions.size());
  // The result of transposing {N, H, W, C} to {N, C, H, W} has PyTorch's order already, and so does the
  // operand of the inverse.
  std::vector<std::size_t> last(first.size());
  for (std::size_t i = 0; i < first.size(); ++i) last[first[i]] = i;
  const Arrangement from = of(each.from);
  const Arrangement to = of(each.to);
  bool changed = false;
  if (each.positions == first && from == Arrangement::channels_first)
    changed = add_evidence(each.to, made_as_here) || changed;
  if (each.positions == last && to == Arrangement::channels_first)
    changed = add_evidence(each.from, takes_as_here) || changed;
  if (each.positions != first && from == Arrangement::channels_first)
    changed = add_evidence(each.to, made_channels_first | made_as_here) || changed;
  if (from == Arrangement::as_here && each.positions != last)
    changed = add_evidence(each.to, takes_as_here) || changed;
  if (to == Arrangement::as_here && (from == Arrangement::unset))
    changed = add_evidence(each.from, takes_as_here) || changed;
  return changed;
}

bool Arrangements::pass(const Dropping& each) {
  const Arrangement from = of(each.from);
  const Arrangement to = of(each.to);
  bool changed = false;
  if (from == Arrangement::channels_first) {
    const bool are_images = each.keeps_first && each.keeps_last && each.keeps_others;
    const bool is_unclear = !each.keeps_first && each.keeps_last && each.keeps_others;
    changed = add_evidence(each.to, are_images   ? made_channels_first
                                    : is_unclear ? made_channels_first | made_as_here
                                                 : made_as_here);
  }
  if (from == Arrangement::as_here) changed = add_evidence(each.to, takes_as_here) || changed;
  if (to == Arrangement::as_here && from == Arrangement::unset)
    changed = add_evidence(each.from, takes_as_here) || changed;
  return changed;
}

void Arrangements::solve() {
  for (bool changed = true; std::exchange(changed, false);) {
    for (const Transposition& each : transpositions_) changed = pass(each) || changed;
    for (const Dropping& each : droppings_) changed = pass(each) || changed;
  }
}

}  // namespace xgrad::nn::detail
