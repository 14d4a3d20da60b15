#include <autodiff/error.hpp>
#include <autodiff/instantiate.hpp>
#include <nn/saving/layout.hpp>
#include <nn/saving/layout_reader.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <optional>

namespace xgrad::nn::detail {
namespace {

/// How an array is traversed in the order of the file: its shape here, with groups as an axis of their own,
/// these axes in the file's order, and the order of the entries along each.
struct Taken {
  Shape shape;
  std::vector<std::size_t> positions;
  std::vector<std::vector<std::uint32_t>> entries;
};

Taken take_apart(const ArrayOrder& order, const Shape& shape) {
  Taken taken{shape, {}, order.entries};
  taken.entries.resize(shape.size());
  const std::size_t dimension = shape.size();
  switch (order.axes) {
    case ArrayOrder::Axes::kept:
      taken.positions.resize(dimension);
      std::iota(taken.positions.begin(), taken.positions.end(), std::size_t{0});
      break;
    case ArrayOrder::Axes::channels_first:
      taken.positions = channels_first_axes(dimension);
      break;
    case ArrayOrder::Axes::permuted:
      taken.positions = order.positions;
      break;
    case ArrayOrder::Axes::transposed_convolution:  // {groups, out / groups, k..., in / groups}
      taken.shape.insert(taken.shape.begin(), order.groups);
      taken.shape[1] /= order.groups;
      taken.entries.insert(taken.entries.begin(), std::vector<std::uint32_t>{});
      taken.positions = {0, dimension, 1};
      for (std::size_t axis = 2; axis < dimension; ++axis) taken.positions.push_back(axis);
      break;
  }
  return taken;
}

/// Calls `copy(index in memory, index in the file)` for each entry.
template <class Copy>
void for_each_entry(const ArrayOrder& order, const Shape& shape, const Copy& copy) {
  const Taken taken = take_apart(order, shape);
  std::vector<std::size_t> stride(taken.shape.size(), 1);
  for (std::size_t i = taken.shape.size(); i-- > 1;) stride[i - 1] = stride[i] * taken.shape[i];
  std::vector<std::size_t> at(taken.positions.size(), 0);
  const auto offset = [&](std::size_t i) {
    const std::size_t axis = taken.positions[i];
    const auto& entries = taken.entries[axis];
    return stride[axis] * (entries.empty() ? at[i] : entries[at[i]]);
  };
  const std::size_t size = element_count(shape);
  for (std::size_t there = 0; there < size; ++there) {
    std::size_t here = 0;
    for (std::size_t i = 0; i < at.size(); ++i) here += offset(i);
    copy(here, there);
    for (std::size_t i = at.size(); i-- > 0 && ++at[i] == taken.shape[taken.positions[i]];) at[i] = 0;
  }
}

bool changes_nothing(const ArrayOrder& order) {
  return order.axes == ArrayOrder::Axes::kept &&
         std::all_of(order.entries.begin(), order.entries.end(),
                     [](const auto& entries) { return entries.empty(); });
}

/// The order of `extent` entries that are (position, channel) here and (channel, position) in the file; empty
/// for 0 channels.
std::vector<std::uint32_t> channels_in_front(std::size_t extent, std::size_t channels) {
  std::vector<std::uint32_t> entries;
  if (channels == 0) return entries;
  for (std::size_t channel = 0; channel < channels; ++channel) {
    for (std::size_t at = channel; at < extent; at += channels)
      entries.push_back(static_cast<std::uint32_t>(at));
  }
  return entries;
}

/// What the options specify for an array, by its name or with its layer.
class Said {
 public:
  explicit Said(const SavingOptions& options) : options_(options) {}

  /// Applies the options to the order of an array of this name and shape.
  void apply(const std::string& name, const Shape& shape, ArrayOrder& order) {
    if (shape.empty()) return;
    // Options that specify a layer's columns imply that its rows keep their order.
    if (shape.size() == 1 && options_.flattened.contains(join_names(layer_of(name), "weight")))
      order.problem.clear();
    if (const auto channels = find(options_.flattened, "flattened", name, shape.size() == 1))
      set("flattened", name, shape, shape.size() - 1, *channels, order);
    if (const auto channels = find(options_.unflattened, "unflattened", name, shape.size() == 1))
      set("unflattened", name, shape, 0, *channels, order);
  }

  /// Throws if a name in the options belongs to no array.
  void finish() const {
    const auto check = [&](const char* option, const std::map<std::string, std::size_t>& map) {
      for (const auto& [name, channels] : map) {
        if (used_.contains({option, name})) continue;
        throw ValueError(fmt::format("{}: \"{}\" is not a parameter or buffer of the model", option, name));
      }
    };
    check("flattened", options_.flattened);
    check("unflattened", options_.unflattened);
  }

 private:
  /// A vector without an option of its own follows the weight of its layer: a bias the rows, the vectors of
  /// BatchNorm1d the entries.
  std::optional<std::size_t> find(const std::map<std::string, std::size_t>& map, const std::string& option,
                                  const std::string& name, bool is_vector) {
    auto said = map.find(name);
    if (said == map.end() && is_vector) {
      const std::string weight = join_names(layer_of(name), "weight");
      if (option == "unflattened" || vectors_.contains(weight)) said = map.find(weight);
    }
    if (said == map.end()) return std::nullopt;
    if (is_vector) vectors_.insert(name);
    used_.insert({option, said->first});
    return said->second;
  }

  static void set(const char* option, const std::string& name, const Shape& shape, std::size_t axis,
                  std::size_t channels, ArrayOrder& order) {
    if (channels != 0 && shape[axis] % channels != 0) {
      throw ValueError(fmt::format("{}: {} channels do not divide the {} {} of \"{}\"", option, channels,
                                   shape[axis],
                                   shape.size() == 1 ? "entries"
                                   : axis == 0       ? "outputs"
                                                     : "inputs",
                                   name));
    }
    order.problem.clear();
    order.entries.resize(shape.size());
    order.entries[axis] = channels_in_front(shape[axis], channels);
  }

  const SavingOptions& options_;
  std::set<std::pair<std::string, std::string>> used_;
  std::set<std::string> vectors_;
};

/// Without a trace, the order is known only for layers whose axes are channels: convolutions and BatchNorm2d.
ArrayOrder untraced(const std::string& name, const Shape& shape, LayerKind own, std::size_t groups,
                    const std::map<std::string, LayerKind>& layers) {
  ArrayOrder order = order_by_kind(own, groups);
  const auto layer = layers.find(layer_of(name));
  const LayerKind kind = layer == layers.end() ? LayerKind::other : layer->second;
  const bool is_known = kind == LayerKind::conv1d || kind == LayerKind::conv2d ||
                        kind == LayerKind::conv_transpose2d || kind == LayerKind::batch_norm2d;
  if (!is_known && element_count(shape) > 1) order.problem = "it depends on how the model uses it";
  return order;
}

template <class T>
std::map<std::string, LayerKind> layers_of(const SavedParts<T>& parts) {
  std::map<std::string, LayerKind> layers;
  for (const auto& each : parts.parameters) {
    if (each.kind != LayerKind::other) layers[layer_of(each.name)] = each.kind;
  }
  return layers;
}

/// Reports arrays of unknown order, and the options that specify it.
class Problems {
 public:
  void add(const std::string& name, const Shape& shape, const ArrayOrder& order) {
    if (order.problem.empty()) return;
    if (names_.empty()) reason_ = order.problem;
    names_.push_back(fmt::format("\"{}\"", name));
    if (columns_.empty() && shape.size() > 1) columns_ = name;
  }

  void finish(bool is_traced) const {
    if (names_.empty()) return;
    constexpr std::size_t most = 6;
    const auto end = names_.begin() + static_cast<std::ptrdiff_t>(std::min(most, names_.size()));
    const std::string others =
        names_.size() > most ? fmt::format(" and {} others", names_.size() - most) : std::string();
    throw ValueError(fmt::format(
        "channels_first: PyTorch's order of {}{} is unknown: {}. {}specify it by name: "
        ".flattened = {{{{\"{}\", "
        "channels}}}} for columns, .unflattened for rows and vectors, 0 channels for no change",
        fmt::join(names_.begin(), end, ", "), others, reason_,
        is_traced ? "Trace all uses of it, or " : "Set .traced = nn::trace_layout(model, input shape), or ",
        columns_.empty() ? "fc1.weight" : columns_));
  }

 private:
  std::vector<std::string> names_;
  std::string reason_, columns_;
};

}  // namespace

Shape shape_in_file(const ArrayOrder& order, const Shape& shape) {
  if (order.axes == ArrayOrder::Axes::transposed_convolution) {
    Shape result{shape.back() * order.groups, shape[0] / order.groups};
    result.insert(result.end(), shape.begin() + 1, shape.end() - 1);
    return result;
  }
  Shape result;
  for (const std::size_t position : take_apart(order, shape).positions) result.push_back(shape[position]);
  return result;
}

template <class T>
Array<T> to_file(const ArrayOrder& order, const Array<T>& value) {
  if (changes_nothing(order)) return value;
  Array<T> result(shape_in_file(order, value.shape()));
  for_each_entry(order, value.shape(),
                 [&](std::size_t here, std::size_t there) { result.data()[there] = value.data()[here]; });
  return result;
}

template <class T>
Array<T> from_file(const ArrayOrder& order, const Array<T>& value, const Shape& shape) {
  if (changes_nothing(order)) return value;
  Array<T> result(shape);
  for_each_entry(order, shape,
                 [&](std::size_t here, std::size_t there) { result.data()[here] = value.data()[there]; });
  return result;
}

template <class T>
FileOrders file_orders(const SavedParts<T>& parts, const SavingOptions& options) {
  FileOrders orders;
  orders.parameters.resize(parts.parameters.size());
  orders.buffers.resize(parts.buffers.size());
  Said said(options);
  Problems unknown;
  const auto layers = layers_of(parts);
  const bool is_traced = !options.traced.arrays.empty();
  const auto decide = [&](const std::string& name, const Shape& shape, LayerKind kind, std::size_t groups,
                          ArrayOrder& order) {
    if (const auto found = options.traced.arrays.find(name); found != options.traced.arrays.end()) {
      order = found->second;
    } else {
      order = untraced(name, shape, kind, groups, layers);
    }
    said.apply(name, shape, order);
    unknown.add(name, shape, order);
  };
  for (std::size_t i = 0; i < parts.parameters.size(); ++i) {
    const auto& each = parts.parameters[i];
    decide(each.name, each.parameter.shape(), each.kind, each.groups, orders.parameters[i]);
  }
  for (std::size_t i = 0; i < parts.buffers.size(); ++i) {
    const auto& each = parts.buffers[i];
    decide(each.name, each.buffer->value().shape(), LayerKind::other, 1, orders.buffers[i]);
  }
  said.finish();
  if (options.layout == channels_last) {
    return {std::vector<ArrayOrder>(parts.parameters.size()), std::vector<ArrayOrder>(parts.buffers.size())};
  }
  unknown.finish(is_traced);
  return orders;
}

#define XGRAD_INSTANTIATE(T)                                                        \
  template Array<T> to_file<T>(const ArrayOrder&, const Array<T>&);                 \
  template Array<T> from_file<T>(const ArrayOrder&, const Array<T>&, const Shape&); \
  template FileOrders file_orders<T>(const SavedParts<T>&, const SavingOptions&);
XGRAD_FOR_EACH_SCALAR(XGRAD_INSTANTIATE)
#undef XGRAD_INSTANTIATE

}  // namespace xgrad::nn::detail
