#include <autodiff/error.hpp>
#include <nn/layout.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace xgrad::nn::detail {

Shape Reordering::shape_in_file(const Shape& shape) const {
  switch (kind_) {
    case Kind::channels_before_taps: {  // {out, k..., in} -> {out, in, k...}
      Shape result = shape;
      std::rotate(result.begin() + 1, result.end() - 1, result.end());
      return result;
    }
    case Kind::transposed_convolution:  // {out, kH, kW, in / groups} -> {in, out / groups, kH, kW}
      return {shape[3] * count_, shape[0] / count_, shape[1], shape[2]};
    default:
      return shape;
  }
}

/// Calls `copy(place in memory, place in the file)` for each entry.
template <class T, class Copy>
void Reordering::for_each_entry(const Shape& shape, const Copy& copy) const {
  // Every case moves the channels of a block {outer, taps, channels} in front of its taps.
  const std::size_t channels = kind_ == Kind::flattened_columns ? count_ : shape.back();
  const std::size_t outer = shape[0];
  const std::size_t taps = element_count(shape) / (outer * channels);
  const std::size_t out_of_group = outer / count_;
  for (std::size_t o = 0; o < outer; ++o) {
    for (std::size_t t = 0; t < taps; ++t) {
      for (std::size_t c = 0; c < channels; ++c) {
        const std::size_t here = (o * taps + t) * channels + c;
        if (kind_ == Kind::transposed_convolution) {
          const std::size_t in = o / out_of_group * channels + c;
          copy(here, (in * out_of_group + o % out_of_group) * taps + t);
        } else {
          copy(here, (o * channels + c) * taps + t);
        }
      }
    }
  }
}

template <class T>
Array<T> Reordering::to_file(const Array<T>& value) const {
  if (kind_ == Kind::none) return value;
  Array<T> result(shape_in_file(value.shape()));
  for_each_entry<T>(value.shape(),
                    [&](std::size_t here, std::size_t there) { result.data()[there] = value.data()[here]; });
  return result;
}

template <class T>
Array<T> Reordering::from_file(const Array<T>& value, const Shape& shape) const {
  if (kind_ == Kind::none) return value;
  Array<T> result(shape);
  for_each_entry<T>(shape,
                    [&](std::size_t here, std::size_t there) { result.data()[here] = value.data()[there]; });
  return result;
}

namespace {

void check_flattened(const std::string& name, bool is_linear, std::size_t inputs, std::size_t channels) {
  if (!is_linear) {
    throw ValueError(fmt::format("flattened: \"{}\" is no weight of a Linear layer of the model", name));
  }
  if (channels != 0 && inputs % channels != 0) {
    throw ValueError(
        fmt::format("flattened: {} channels do not divide the {} inputs of \"{}\"", channels, inputs, name));
  }
}

template <class T>
void check_flattened(const std::vector<NamedParameter<T>>& parameters, const SavingOptions& options) {
  for (const auto& [name, channels] : options.flattened) {
    const auto named = std::find_if(parameters.begin(), parameters.end(),
                                    [&wanted = name](const auto& each) { return each.name == wanted; });
    const bool is_linear = named != parameters.end() && named->kind == LayerKind::linear;
    check_flattened(name, is_linear, is_linear ? named->parameter.shape()[1] : 0, channels);
  }
}

}  // namespace

template <class T>
std::vector<Reordering> reorderings_of(const std::vector<NamedParameter<T>>& parameters,
                                       const SavingOptions& options) {
  using Kind = Reordering::Kind;
  check_flattened(parameters, options);
  std::vector<Reordering> result(parameters.size());
  if (options.layout == channels_last) return result;
  std::size_t channels = 0;  // of the last convolution that no Linear layer followed so far
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const auto& each = parameters[i];
    const Shape& shape = each.parameter.shape();
    switch (each.kind) {
      case LayerKind::conv1d:
      case LayerKind::conv2d:
        result[i] = {Kind::channels_before_taps, 1};
        channels = shape[0];
        break;
      case LayerKind::conv_transpose2d:
        result[i] = {Kind::transposed_convolution, each.groups};
        channels = shape[0];
        break;
      case LayerKind::linear: {
        const std::size_t inputs = shape[1];
        const auto said = options.flattened.find(each.name);
        const bool is_multiple = channels != 0 && inputs > channels && inputs % channels == 0;
        const std::size_t own = said != options.flattened.end() ? said->second : is_multiple ? channels : 0;
        if (own != 0) result[i] = {Kind::flattened_columns, own};
        channels = 0;
        break;
      }
      case LayerKind::other:
        break;
    }
  }
  return result;
}

#define XGRAD_INSTANTIATE(T)                                                                \
  template Array<T> Reordering::to_file<T>(const Array<T>&) const;                          \
  template Array<T> Reordering::from_file<T>(const Array<T>&, const Shape&) const;          \
  template std::vector<Reordering> reorderings_of<T>(const std::vector<NamedParameter<T>>&, \
                                                     const SavingOptions&);
XGRAD_INSTANTIATE(float)
XGRAD_INSTANTIATE(double)
#undef XGRAD_INSTANTIATE

}  // namespace xgrad::nn::detail
