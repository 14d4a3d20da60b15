#include <autodiff/instantiate.hpp>
#include <nn/saving/layout_reader.hpp>

#include <algorithm>
#include <numeric>

namespace xgrad::nn::detail {
namespace {

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

/// Operations whose pullbacks depend on the order of the entries' values.
bool sorts(std::string_view name) { return name == "sort" || name == "topk" || name == "take_in_rows"; }

}  // namespace

template <class T>
LayoutReader<T>::LayoutReader(const xgrad::detail::Recording<T>& recording) : recording_(recording) {
  for (std::size_t i = 0; i < recording_.size(); ++i) {
    Value value;
    for (const std::size_t extent : shape(i)) value.axes.push_back(solver_.add_axis(extent));
    arrangements_.add();
    values_.push_back(std::move(value));
    if (recording_[i].operation == nullptr) {
      add_input(i);
    } else {
      link(i);
    }
  }
}

/// Negative positions count from the last axis.
template <class T>
std::size_t LayoutReader<T>::axis(std::size_t value, std::ptrdiff_t position) const {
  const auto& axes = values_[value].axes;
  return axes[static_cast<std::size_t>(position < 0 ? position + static_cast<std::ptrdiff_t>(axes.size())
                                                    : position)];
}

/// Whether a value has more than one spatial position; otherwise its arrangement makes no difference.
template <class T>
bool LayoutReader<T>::has_places(std::size_t value) const {
  const Shape& own = shape(value);
  return own.size() > 2 && std::any_of(own.begin() + 1, own.end() - 1, [](std::size_t e) { return e > 1; });
}

template <class T>
void LayoutReader<T>::add_input(std::size_t value) {
  const Recorded& input = recording_[value];
  if (input.parameter != nullptr) {
    value_of_[input.parameter] = value;
    return;
  }
  const bool is_known = !input.is_new || input.is_uniform || !has_images_;
  for (const std::size_t axis : values_[value].axes) {
    if (is_known) {
      solver_.vouch(axis);
      if (!input.is_new && !input.is_uniform)
        solver_.fix(axis, "it is used with flattened images and with an input, whose order is fixed");
    } else {
      solver_.suspect(axis, "it takes a value that the traced pass computed without recording it");
    }
  }
  if (input.shape.size() == 3) arrangements_.say(value, Arrangements::takes_as_here);
  if (input.shape.size() > 3) has_images_ = true;
}

template <class T>
void LayoutReader<T>::link(std::size_t operation) {
  const std::string_view name = recording_[operation].operation;
  const auto& inputs = recording_[operation].inputs;
  if (name == "linear") return link_linear(operation);
  if (name == "conv1d" || name == "conv2d") return link_convolution(operation);
  if (name == "convolution_input_gradient") return link_transposed_convolution(operation);
  if (name == "exchange_channels") return link_exchange(operation);
  if (name == "softmax" || name == "log_softmax" || name == "cast") return link_same(operation);
  if (name == "batch_norm") {
    link_same(operation);
    for (const std::size_t i : {1, 2}) {
      if (inputs[i]) solver_.equate(axis(*inputs[i], 0), axis(operation, -1));
    }
  } else if (name == "matmul") {
    link_matmul(operation);
  } else {
    link_any(operation, {});
  }
  if (shape(operation).size() > 2 && (name == "batch_norm" || contains(name, "_pool"))) {
    has_images_ = true;
    if (has_places(operation)) arrangements_.say(operation, Arrangements::made_channels_first);
    if (inputs[0] && has_places(*inputs[0]))
      arrangements_.say(*inputs[0], Arrangements::takes_channels_first);
  }
}

template <class T>
void LayoutReader<T>::link_linear(std::size_t operation) {
  const auto& inputs = recording_[operation].inputs;
  const Optional x = inputs[0];
  const Optional weight = inputs[1];
  solver_.vouch(axis(operation, 1));
  if (x) {
    solver_.equate(axis(*x, 0), axis(operation, 0));
    if (weight) solver_.equate(axis(*x, 1), axis(*weight, 1));
  } else if (weight && has_images_) {
    solver_.suspect(axis(*weight, 1), "it takes a constant");
  }
  if (weight) solver_.equate(axis(*weight, 0), axis(operation, 1));
  if (inputs.size() > 2 && inputs[2]) solver_.equate(axis(*inputs[2], 0), axis(operation, 1));
  // A Linear layer applied to {N, L, C} reads the last axis, in PyTorch too.
  if (x && values_[*x].reshaped_from) {
    const std::size_t from = *values_[*x].reshaped_from;
    if (has_places(from) && shape(from).back() == shape(*x).back())
      arrangements_.say(from, Arrangements::takes_as_here);
  }
}

/// Relates the channels of a convolution's input and result to those of its weight, which has fewer with
/// groups.
template <class T>
void LayoutReader<T>::link_channels(std::size_t x, std::size_t result, std::size_t groups,
                                    std::size_t weight_in, std::size_t weight_out) {
  if (groups == 1) {
    solver_.equate(x, weight_in);
  } else if (solver_.extent(x) == groups && solver_.extent(result) == groups) {
    solver_.equate(x, result);  // depthwise
  } else {
    for (const std::size_t each : {x, result, weight_out})
      solver_.fix(each, "a grouped convolution reads or writes its channels in another order");
  }
}

template <class T>
void LayoutReader<T>::link_images(std::size_t operation) {
  const auto& images = recording_[operation].inputs[0];
  has_images_ = true;
  for (const std::size_t each : values_[operation].axes) solver_.vouch(each);
  if (has_places(operation)) arrangements_.say(operation, Arrangements::made_channels_first);
  if (!images) return;
  if (has_places(*images)) arrangements_.say(*images, Arrangements::takes_channels_first);
  solver_.equate(axis(*images, 0), axis(operation, 0));
}

template <class T>
void LayoutReader<T>::link_convolution(std::size_t operation) {
  const auto& inputs = recording_[operation].inputs;
  link_images(operation);
  if (inputs[1]) {
    arrangements_.say(*inputs[1], Arrangements::takes_channels_first);
    solver_.equate(axis(*inputs[1], 0), axis(operation, -1));
  }
  if (inputs[0] && inputs[1]) {
    const std::size_t in = shape(*inputs[0]).back();
    link_channels(axis(*inputs[0], -1), axis(operation, -1), in / shape(*inputs[1]).back(),
                  axis(*inputs[1], -1), axis(*inputs[1], 0));
  }
  if (inputs.size() > 2 && inputs[2]) solver_.equate(axis(*inputs[2], 0), axis(operation, -1));
}

template <class T>
void LayoutReader<T>::link_transposed_convolution(std::size_t operation) {
  const auto& inputs = recording_[operation].inputs;
  link_images(operation);
  if (!inputs[1]) return;
  if (inputs[0]) solver_.equate(axis(*inputs[0], -1), axis(*inputs[1], 0));
  const std::size_t groups = shape(operation).back() / shape(*inputs[1]).back();
  link_channels(axis(operation, -1), axis(*inputs[1], 0), groups, axis(*inputs[1], -1), axis(*inputs[1], 0));
  const std::size_t kernel = values_[*inputs[1]].reshaped_from.value_or(*inputs[1]);
  exchanged_[kernel] = groups;
}

/// Relates a kernel {out, k..., in / groups} to its form {in, k..., out / groups}.
template <class T>
void LayoutReader<T>::link_exchange(std::size_t operation) {
  const Optional kernel = recording_[operation].inputs[0];
  if (!kernel) return;
  values_[operation].reshaped_from = kernel;
  if (shape(operation)[0] == shape(*kernel).back()) {
    solver_.equate(axis(*kernel, 0), axis(operation, -1));
    solver_.equate(axis(*kernel, -1), axis(operation, 0));
  } else {
    solver_.fix(axis(*kernel, 0), "a grouped convolution reads or writes its channels in another order");
  }
}

/// The result has the axes of the first input.
template <class T>
void LayoutReader<T>::link_same(std::size_t operation) {
  const Optional x = recording_[operation].inputs[0];
  if (!x) return;
  for (std::size_t i = 0; i < shape(operation).size(); ++i)
    solver_.equate(values_[*x].axes[i], values_[operation].axes[i]);
  arrangements_.equate(*x, operation);
}

template <class T>
void LayoutReader<T>::link_matmul(std::size_t operation) {
  const Optional a = recording_[operation].inputs[0];
  const Optional b = recording_[operation].inputs[1];
  for (const Optional& each : {a, b}) {
    if (each && has_places(*each)) arrangements_.say(*each, Arrangements::takes_as_here);
  }
  if (has_places(operation)) arrangements_.say(operation, Arrangements::made_as_here);
  std::set<std::pair<std::size_t, std::size_t>> summed;
  if (a) summed.insert({0, shape(*a).size() - 1});
  const auto of_b = [&] { return shape(*b).size() - std::min<std::size_t>(2, shape(*b).size()); };
  if (b) summed.insert({1, of_b()});
  if (a && b) {
    solver_.equate(axis(*a, -1), values_[*b].axes[of_b()]);
  } else if (has_images_ && (a || b)) {
    solver_.suspect(a ? axis(*a, -1) : values_[*b].axes[of_b()], "it is multiplied by a constant");
  }
  link_any(operation, summed);
}

template <class T>
void LayoutReader<T>::link_any(std::size_t operation,
                               const std::set<std::pair<std::size_t, std::size_t>>& accounted) {
  const std::string name = recording_[operation].operation;
  const auto& inputs = recording_[operation].inputs;
  const AxisMaps found = sorts(name) ? AxisMaps{{}, std::vector<bool>(inputs.size(), true), false}
                                     : map_axes(recording_, operation);
  if (found.keeps_order && inputs[0]) return link_reshape(*inputs[0], operation);

  auto is_used = accounted;
  std::vector<bool> is_made(shape(operation).size(), false);
  std::vector<std::vector<Optional>> to(inputs.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (inputs[i]) to[i].resize(shape(*inputs[i]).size());
  }
  for (const AxisMap& each : found.maps) {
    const std::size_t own = values_[*inputs[each.input]].axes[each.input_axis];
    const std::size_t result = values_[operation].axes[each.result_axis];
    const auto known = static_cast<std::size_t>(
        std::count_if(each.to.begin(), each.to.end(), [](auto entry) { return entry != AxisMap::no_entry; }));
    if (solver_.extent(own) == solver_.extent(result) && each.is_identity()) {
      solver_.equate(own, result);
    } else if (known == solver_.extent(own)) {
      solver_.cut(result, own, each.to, true);
    } else if (known == solver_.extent(result)) {
      std::vector<std::uint32_t> places(known);
      for (std::size_t b = 0; b < each.to.size(); ++b) {
        if (each.to[b] != AxisMap::no_entry) places[each.to[b]] = static_cast<std::uint32_t>(b);
      }
      solver_.cut(own, result, std::move(places), false);
    } else {
      continue;
    }
    is_used.insert({each.input, each.input_axis});
    is_made[each.result_axis] = true;
    to[each.input][each.input_axis] = each.result_axis;
  }

  std::vector<std::size_t> used, made;
  std::size_t count = 0;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (!inputs[i]) continue;
    ++count;
    for (std::size_t j = 0; j < shape(*inputs[i]).size(); ++j) {
      if (shape(*inputs[i])[j] > 1 && !is_used.contains({i, j})) used.push_back(values_[*inputs[i]].axes[j]);
    }
    if (!found.is_seen[i]) {  // it may affect any axis
      std::vector<std::size_t> all = values_[*inputs[i]].axes;
      all.insert(all.end(), values_[operation].axes.begin(), values_[operation].axes.end());
      solver_.hide(all, {}, true, name);
    }
    link_arrangement(operation, i, to[i]);
  }
  for (std::size_t k = 0; k < is_made.size(); ++k) {
    if (is_made[k] || shape(operation)[k] <= 1) continue;
    made.push_back(values_[operation].axes[k]);
    solver_.vouch(values_[operation].axes[k]);
  }
  solver_.hide(used, made, count > 1, name);
  if (name == "take" && has_places(operation)) arrangements_.say(operation, Arrangements::made_as_here);
}

/// `to`: the axis of the result, if any, that each axis of the input becomes.
template <class T>
void LayoutReader<T>::link_arrangement(std::size_t operation, std::size_t input,
                                       const std::vector<Optional>& to) {
  const std::size_t x = *recording_[operation].inputs[input];
  const Shape& from = shape(x);
  const Shape& result = shape(operation);
  if (from.size() < result.size()) {
    const bool is_some =
        std::any_of(to.begin(), to.end(), [](const Optional& axis) { return axis.has_value(); });
    if (is_some && recording_[x].parameter != nullptr) follows_.try_emplace(x, Follow{operation, to});
    return;
  }
  if (from.size() > result.size()) {
    if (from.size() < 3) return;
    const auto keeps = [&](std::size_t axis) {
      return to[axis].has_value() || (from[axis] == 1 && !result.empty() && result[0] == 1);
    };
    const bool others =
        std::any_of(to.begin() + 1, to.end() - 1, [](const Optional& axis) { return axis.has_value(); });
    arrangements_.drop(x, operation, keeps(0), to.back().has_value(), others);
    return;
  }
  if (from.size() < 3) return;
  std::vector<std::size_t> positions(result.size());
  std::iota(positions.begin(), positions.end(), std::size_t{0});
  const auto moves = [&] {
    for (std::size_t axis = 0; axis < to.size(); ++axis) {
      if (to[axis] && *to[axis] != axis) return true;
    }
    return false;
  }();
  if (!moves) return arrangements_.equate(x, operation);
  // Axes without a known counterpart, as those of extent 1, fill the remaining positions in order.
  std::vector<std::size_t> left;
  std::vector<bool> is_filled(result.size(), false);
  for (std::size_t axis = 0; axis < to.size(); ++axis) {
    if (to[axis]) {
      positions[*to[axis]] = axis;
      is_filled[*to[axis]] = true;
    } else {
      left.push_back(axis);
    }
  }
  for (std::size_t k = 0; k < result.size(); ++k) {
    if (is_filled[k]) continue;
    positions[k] = left.front();
    left.erase(left.begin());
  }
  arrangements_.transpose(x, operation, positions);
}

/// A reshape: axes are merged and split, and the entries keep their order.
template <class T>
void LayoutReader<T>::link_reshape(std::size_t from, std::size_t to) {
  values_[to].reshaped_from = from;
  const Shape& before = shape(from);
  const Shape& after = shape(to);
  bool is_trivial = true;
  std::size_t i = 0, j = 0;
  while (i < before.size() || j < after.size()) {
    std::vector<std::size_t> a, b;
    std::size_t size_a = 1, size_b = 1;
    const auto take = [](const Shape& own, std::size_t& at, std::vector<std::size_t>& group,
                         std::size_t& size) {
      while (at < own.size() && own[at] == 1) ++at;
      if (at == own.size()) return false;
      size *= own[at];
      group.push_back(at++);
      return true;
    };
    const bool is_a = take(before, i, a, size_a);
    const bool is_b = take(after, j, b, size_b);
    if (!is_a || !is_b) break;
    while (size_a != size_b) {
      if (!(size_a < size_b ? take(before, i, a, size_a) : take(after, j, b, size_b))) return;
    }
    is_trivial = is_trivial && a.size() == 1 && b.size() == 1;
    if (a.size() == 1) {
      join(values_[from].axes[a[0]], to, b);
    } else if (b.size() == 1) {
      join(values_[to].axes[b[0]], from, a);
    } else {
      const std::size_t both = solver_.add_axis(size_a);
      join(both, from, a);
      join(both, to, b);
    }
  }
  if (is_trivial && before.size() > 2 && after.size() > 2 && before[0] == after[0] &&
      before.back() == after.back())
    arrangements_.equate(from, to);
  // The result of a Linear layer applied to {N, L, C}.
  const auto& maker = recording_[from];
  if (maker.operation != nullptr && std::string_view(maker.operation) == "linear" && has_places(to) &&
      maker.inputs[0] && values_[*maker.inputs[0]].reshaped_from) {
    const Shape& rows = shape(*values_[*maker.inputs[0]].reshaped_from);
    if (rows.size() == after.size() && std::equal(after.begin(), after.end() - 1, rows.begin()) &&
        after.back() == before.back())
      arrangements_.say(to, Arrangements::made_as_here);
  }
}

template <class T>
void LayoutReader<T>::join(std::size_t whole, std::size_t value, const std::vector<std::size_t>& positions) {
  if (positions.size() == 1) {
    solver_.equate(whole, values_[value].axes[positions[0]]);
  } else {
    joins_.push_back({whole, value, positions});
  }
}

/// Assigns roles to the axes of images and of values of four axes that may be images: inputs, and results
/// that no operation takes.
template <class T>
void LayoutReader<T>::settle_roles() {
  std::vector<bool> is_taken(values_.size(), false);
  for (std::size_t i = 0; i < values_.size(); ++i) {
    for (const Optional& input : recording_[i].inputs) {
      if (input) is_taken[*input] = true;
    }
  }
  for (std::size_t i = 0; i < values_.size(); ++i) {
    const Arrangement own = arrangements_.of(i);
    const bool is_end =
        recording_[i].parameter == nullptr && (recording_[i].operation == nullptr || !is_taken[i]);
    const bool may_be = own == Arrangement::unset && shape(i).size() == 4 && is_end;
    if (shape(i).size() < 3 || !(own == Arrangement::channels_first || may_be)) continue;
    for (std::size_t k = 1; k + 1 < shape(i).size(); ++k) solver_.add_role(values_[i].axes[k], Role::spatial);
    solver_.add_role(values_[i].axes.back(), Role::channel);
  }
}

/// The positions of a value's axes here, in PyTorch's order.
template <class T>
std::vector<std::size_t> LayoutReader<T>::positions_there(std::size_t value) const {
  const std::size_t dimension = shape(value).size();
  if (arrangements_.of(value) != Arrangement::as_here) return channels_first_axes(dimension);
  std::vector<std::size_t> positions(dimension);
  std::iota(positions.begin(), positions.end(), std::size_t{0});
  return positions;
}

template <class T>
void LayoutReader<T>::settle_joins() {
  for (const Join& each : joins_) {
    std::vector<std::size_t> factors, there;
    for (const std::size_t position : each.positions) factors.push_back(values_[each.value].axes[position]);
    for (const std::size_t position : positions_there(each.value)) {
      const auto found = std::find(each.positions.begin(), each.positions.end(), position);
      if (found != each.positions.end())
        there.push_back(static_cast<std::size_t>(found - each.positions.begin()));
    }
    const Arrangement own = arrangements_.of(each.value);
    const bool is_same = std::is_sorted(there.begin(), there.end());
    if (own == Arrangement::contradictory && !is_same) {
      solver_.join(each.whole, factors, std::nullopt, true);
    } else if (own == Arrangement::unset) {
      solver_.join(each.whole, factors, std::nullopt, false);
    } else {
      solver_.join(each.whole, factors, there, false);
    }
  }
}

#define XGRAD_INSTANTIATE(T) template class LayoutReader<T>;
XGRAD_FOR_EACH_SCALAR(XGRAD_INSTANTIATE)
#undef XGRAD_INSTANTIATE

}  // namespace xgrad::nn::detail
