#include <autodiff/instantiate.hpp>
#include <nn/saving/layout_reader.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <numeric>

namespace xgrad::nn::detail {
namespace {

bool is_convolution(LayerKind kind) {
  return kind == LayerKind::conv1d || kind == LayerKind::conv2d || kind == LayerKind::conv_transpose2d;
}

void add_text(ArrayOrder& order, const std::string& text) {
  if (!order.text.empty() && !text.empty()) order.text += ", ";
  order.text += text;
}

}  // namespace

std::string layer_of(const std::string& name) {
  const std::size_t dot = name.rfind('.');
  return dot == std::string::npos ? std::string() : name.substr(0, dot);
}

ArrayOrder order_by_kind(LayerKind kind, std::size_t groups) {
  ArrayOrder order;
  if (kind == LayerKind::conv_transpose2d) {
    order.axes = ArrayOrder::Axes::transposed_convolution;
    order.groups = groups;
    order.text = "{in, out, kH, kW}";
  } else if (is_convolution(kind)) {
    order.axes = ArrayOrder::Axes::channels_first;
    order.text = kind == LayerKind::conv1d ? "{out, in, k}" : "{out, in, kH, kW}";
  }
  return order;
}

/// Sets the order in PyTorch of the axes of a parameter that has three or more, or that broadcasts with
/// images.
template <class T>
void LayoutReader<T>::arrange_own(std::size_t value, ArrayOrder& order) const {
  const Shape& own = shape(value);
  if (const auto kernel = exchanged_.find(value); kernel != exchanged_.end()) {
    order = order_by_kind(LayerKind::conv_transpose2d, kernel->second);
    return;
  }
  std::vector<std::size_t> there = channels_first_axes(own.size());
  Arrangement arrangement = arrangements_.of(value);
  if (const auto follow = follows_.find(value); follow != follows_.end()) {
    arrangement = arrangements_.of(follow->second.other);
    std::iota(there.begin(), there.end(), std::size_t{0});
    const std::vector<std::size_t> other = channels_first_axes(shape(follow->second.other).size());
    const std::size_t missing = other.size() - own.size();  // broadcasting aligns the last axes
    std::stable_sort(there.begin(), there.end(), [&](std::size_t a, std::size_t b) {
      const auto at = [&](std::size_t axis) { return std::find(other.begin(), other.end(), axis + missing); };
      return at(a) < at(b);
    });
  } else if (own.size() < 3) {
    return;
  }
  if (std::is_sorted(there.begin(), there.end())) return;
  if (arrangement == Arrangement::unset) {
    const auto& axes = values_[value].axes;
    const bool may_be = std::any_of(axes.begin(), axes.end() - 1, [&](std::size_t axis) {
      return (static_cast<int>(solver_.role(axis)) & static_cast<int>(Role::spatial)) != 0;
    });
    if (!may_be || solver_.role(axes.back()) != Role::channel) return;
    arrangement = Arrangement::contradictory;
  }
  if (arrangement == Arrangement::contradictory) {
    order.problem = "cannot determine whether its last axis, of channels, comes first in PyTorch";
  } else if (arrangement == Arrangement::channels_first) {
    order.axes = ArrayOrder::Axes::permuted;
    order.positions = there;
    order.text = fmt::format("channels first");
  }
}

template <class T>
void LayoutReader<T>::set_entries(std::size_t value, ArrayOrder& order) const {
  const auto& axes = values_[value].axes;
  order.entries.assign(axes.size(), {});
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const Order* own = solver_.order(axes[i]);
    if (own == nullptr) {
      if (order.problem.empty()) order.problem = solver_.problem(axes[i]);
      continue;
    }
    if (is_identity(*own)) continue;
    order.entries[i] = *own;
    const bool is_first = i == 0;
    const bool is_last = i + 1 == axes.size();
    const char* what = axes.size() == 1 ? "entries" : is_first ? "rows" : is_last ? "columns" : "an axis";
    add_text(order, fmt::format("{} of {}", what, solver_.description(axes[i])));
  }
  const bool is_mixed = std::any_of(order.entries.begin(), order.entries.end(),
                                    [](const auto& entries) { return !entries.empty(); });
  if (is_mixed && order.axes == ArrayOrder::Axes::transposed_convolution && order.groups > 1)
    order.problem = "a grouped transposed convolution reads or writes flattened images";
}

template <class T>
ArrayOrder LayoutReader<T>::order_of(const NamedParameter<T>& parameter, LayerKind layer) const {
  ArrayOrder order = order_by_kind(parameter.kind, parameter.groups);
  const auto found = value_of_.find(parameter.parameter.variable().node()->parameter);
  if (found == value_of_.end()) {
    // Kernels and biases of convolutions and the vectors of BatchNorm2d need no trace: their entries are
    // channels.
    if (!is_convolution(layer) && layer != LayerKind::batch_norm2d)
      order.problem = "the traced pass does not use it";
    return order;
  }
  if (!is_convolution(parameter.kind)) arrange_own(found->second, order);
  set_entries(found->second, order);
  return order;
}

/// Buffers are not Variables, so a trace does not see their uses: the order is unknown if the buffer may
/// share an axis whose order differs.
template <class T>
ArrayOrder LayoutReader<T>::order_of_buffer(const Shape& shape) const {
  ArrayOrder order;
  const bool is_mixed = std::any_of(shape.begin(), shape.end(),
                                    [&](std::size_t e) { return e > 1 && solver_.is_any_mixed(e); });
  if (is_mixed || (shape.size() > 2 && has_images_))
    order.problem = "it is a buffer, whose uses a trace does not see";
  return order;
}

template <class T>
LayoutTrace LayoutReader<T>::read(const std::vector<NamedParameter<T>>& parameters,
                                  const std::vector<NamedBuffer<T>>& buffers) {
  arrangements_.solve();
  settle_roles();
  settle_joins();
  solver_.solve();
  LayoutTrace trace;
  std::map<std::string, LayerKind> layers;
  for (const auto& each : parameters) {
    if (each.kind != LayerKind::other) layers[layer_of(each.name)] = each.kind;
  }
  std::map<std::string, std::string> vectors;  // names of batch normalisation's vectors, by layer
  for (const auto& each : parameters) {
    const std::string layer = layer_of(each.name);
    const auto kind = layers.find(layer);
    trace.arrays[each.name] = order_of(each, kind == layers.end() ? LayerKind::other : kind->second);
    if (each.kind == LayerKind::batch_norm1d || each.kind == LayerKind::batch_norm2d)
      vectors[layer] = each.name;
  }
  for (const auto& each : buffers) {
    const auto vector = vectors.find(layer_of(each.name));
    trace.arrays[each.name] = vector != vectors.end() ? trace.arrays.at(vector->second)
                                                      : order_of_buffer(each.buffer->value().shape());
  }
  return trace;
}

#define XGRAD_INSTANTIATE(T)                                                        \
  template LayoutTrace LayoutReader<T>::read(const std::vector<NamedParameter<T>>&, \
                                             const std::vector<NamedBuffer<T>>&);
XGRAD_FOR_EACH_SCALAR(XGRAD_INSTANTIATE)
#undef XGRAD_INSTANTIATE

}  // namespace xgrad::nn::detail
