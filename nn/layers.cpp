#include <autodiff/error.hpp>
#include <autodiff/ops/arithmetic.hpp>
#include <autodiff/ops/linalg.hpp>
#include <nn/layers.hpp>

#include <fmt/format.h>

namespace xgrad::nn {
namespace {

template <class T>
Parameter<T> draw_weight(const char* layer, const Shape& shape, const Initializer<T>& initialization,
                         Generator& generator) {
  for (const std::size_t extent : shape) {
    if (extent == 0) {
      throw ValueError(fmt::format("{}: expected extents of at least 1, got weights of shape {}", layer,
                                   to_string(shape)));
    }
  }
  Array<T> weight = initialization(shape, generator);
  if (weight.shape() != shape) {
    throw ShapeError(fmt::format("{0}: expected the initialization to return shape {2}, got {1}", layer,
                                 to_string(weight.shape()), to_string(shape)));
  }
  return Parameter<T>(std::move(weight));
}

/// The number of input channels of each kernel.
std::size_t channels_of_group(const char* layer, std::size_t in, std::size_t out, Count groups) {
  if (groups == 0 || in % groups != 0 || out % groups != 0) {
    throw ValueError(fmt::format(
        "{}: expected groups that divide both numbers of channels, got {} in, {} out and {} groups", layer,
        in, out, static_cast<std::ptrdiff_t>(groups.value)));
  }
  return in / groups;
}

template <class T>
Parameter<T> zero_bias(bool wanted, std::size_t count) {
  return wanted ? Parameter<T>(full<T>({count}, T(0))) : Parameter<T>();
}

}  // namespace

template <class T>
Linear<T>::Linear(std::size_t in, std::size_t out, const LinearOptions<T>& options, Generator& generator)
    : weight(draw_weight<T>("Linear", {out, in}, options.initialization, generator)),
      bias(zero_bias<T>(options.bias, out)) {}

template <class T>
Variable<T> Linear<T>::operator()(const Variable<T>& x) const {
  if (x.dimension() == 0 || x.shape().back() != weight.shape(1)) {
    throw ShapeError(fmt::format("Linear: expected an input {{..., {1}}}, got shape {0}",
                                 to_string(x.shape()), weight.shape(1)));
  }
  return linear(x, weight, bias);
}

template <class T>
Conv2d<T>::Conv2d(std::size_t in, std::size_t out, Size2d kernel, const Conv2dOptions<T>& options,
                  Generator& generator)
    : weight(draw_weight<T>(
          "Conv2d", {out, kernel.rows, kernel.columns, channels_of_group("Conv2d", in, out, options.groups)},
          options.initialization, generator)),
      bias(zero_bias<T>(options.bias, out)),
      geometry{.stride = options.stride,
               .padding = options.padding,
               .dilation = options.dilation,
               .groups = options.groups} {}

template <class T>
Variable<T> Conv2d<T>::operator()(const Variable<T>& images) const {
  return conv2d(images, weight, bias, geometry);
}

template <class T>
Conv1d<T>::Conv1d(std::size_t in, std::size_t out, Count kernel, const Conv1dOptions<T>& options,
                  Generator& generator)
    : weight(draw_weight<T>("Conv1d", {out, kernel, channels_of_group("Conv1d", in, out, options.groups)},
                            options.initialization, generator)),
      bias(zero_bias<T>(options.bias, out)),
      geometry{.stride = options.stride,
               .padding = options.padding,
               .dilation = options.dilation,
               .groups = options.groups} {}

template <class T>
Variable<T> Conv1d<T>::operator()(const Variable<T>& sequences) const {
  return conv1d(sequences, weight, bias, geometry);
}

template <class T>
ConvTranspose2d<T>::ConvTranspose2d(std::size_t in, std::size_t out, Size2d kernel,
                                    const ConvTranspose2dOptions<T>& options, Generator& generator)
    : weight(draw_weight<T>(
          "ConvTranspose2d",
          {out, kernel.rows, kernel.columns, channels_of_group("ConvTranspose2d", in, out, options.groups)},
          options.initialization, generator)),
      bias(zero_bias<T>(options.bias, out)),
      geometry{.stride = options.stride,
               .padding = options.padding,
               .output_padding = options.output_padding,
               .dilation = options.dilation,
               .groups = options.groups} {}

template <class T>
Variable<T> ConvTranspose2d<T>::operator()(const Variable<T>& images) const {
  return conv_transpose2d(images, weight, bias, geometry);
}

Dropout::Dropout(const DropoutOptions& chosen) : options(chosen) {
  if (!(options.keep > 0 && options.keep <= 1)) {
    throw ValueError(fmt::format("Dropout: expected keep in (0, 1], got {}", options.keep));
  }
}

Dropout2d::Dropout2d(DropoutOptions chosen)
    : Dropout([&] {
        chosen.channels = true;
        return chosen;
      }()) {}

template <class T>
Variable<T> Dropout::apply(const Variable<T>& x, Generator& generator) const {
  if (training) return dropout(x, options, generator);
  return options.inverted ? x : options.keep * x;
}

template struct Linear<float>;
template struct Linear<double>;
template struct Conv2d<float>;
template struct Conv2d<double>;
template struct Conv1d<float>;
template struct Conv1d<double>;
template struct ConvTranspose2d<float>;
template struct ConvTranspose2d<double>;
template Variable<float> Dropout::apply<float>(const Variable<float>&, Generator&) const;
template Variable<double> Dropout::apply<double>(const Variable<double>&, Generator&) const;

}  // namespace xgrad::nn
