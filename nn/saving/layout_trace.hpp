#pragma once

#include <autodiff/config.hpp>
#include <autodiff/transforms/grad.hpp>
#include <autodiff/variable.hpp>
#include <nn/module.hpp>

#include <fmt/format.h>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <map>
#include <string>
#include <vector>

/// \file
/// How the entries of a model's weights are numbered in PyTorch's program of the same model, found by
/// watching the model compute.

namespace xgrad::nn {

/// How one array of a model stands in a file in PyTorch's order.
struct ArrayOrder {
  /// What becomes of its axes.
  enum class Axes {
    kept,
    channels_first,          ///< {out, k..., in} -> {out, in, k...}, {N, H, W, C} -> {N, C, H, W}
    transposed_convolution,  ///< {out, k..., in / groups} -> {in, out / groups, k...}
    permuted,                ///< as `positions` says
  };

  Axes axes = Axes::kept;
  std::size_t groups = 1;                   ///< of a transposed convolution
  std::vector<std::size_t> positions = {};  ///< of the axes here, in the order in the file
  /// By axis: the number here of each entry in the file; empty for an axis whose entries keep their order.
  std::vector<std::vector<std::uint32_t>> entries = {};
  std::string text = {};     ///< `columns of flattened {5, 5, 16}`; empty where nothing changes
  std::string problem = {};  ///< why it is not known; empty where it is
};

/// What trace_layout found, by the names of parameters and buffers. It prints as
///
///     conv1.weight: channels first
///     fc1.weight: columns of flattened {5, 5, 16}
struct LayoutTrace {
  std::map<std::string, ArrayOrder> arrays = {};
};

/// A line for each array that is not written as it is here, and for each whose order is not known.
XGRAD_API std::string to_string(const LayoutTrace& trace);
XGRAD_API std::ostream& operator<<(std::ostream& out, const LayoutTrace& trace);

namespace detail {

template <class T>
XGRAD_API LayoutTrace trace_layout(const std::vector<NamedParameter<T>>& parameters,
                                   const std::vector<NamedBuffer<T>>& buffers,
                                   const std::function<void()>& forward);

/// Random numbers in this shape; of the number `index` of a model's inputs.
template <class T>
XGRAD_API Variable<T> traced_input(const Shape& shape, std::size_t index);

}  // namespace detail

/// Finds how the weights of a model stand in a file in PyTorch's order. `forward` calls the model, in all the
/// ways in which its weights are used, `[&] { net(x); net.decode(z); }`; it runs once, in test mode, and what
/// it does is read off the tape: which axes each value has, and where images {N, H, W, C} are joined to rows
/// or rows split to images, for PyTorch's images are {N, C, H, W}. Each order is followed through everything
/// that keeps it: layers and normalisation, activations, dropout, broadcasting, concatenation, slices,
/// reductions, Linear layers.
///
/// What tells images: a convolution, pooling or batch normalisation that takes or gives them, whatever was
/// done to them in between. A value that a Linear layer or matmul takes or gives, {N, L, C}, has its axes in
/// PyTorch as here, and so has an input {N, L, C} that no convolution takes. An axis whose order nothing
/// tells, or that an unknown operation mixes, becomes an error of `save` and `load` that names the parameter,
/// and so does a parameter that `forward` does not use; the trace itself says them all.
///
/// Inputs are made before the call. The model is used exclusively meanwhile: while `forward` runs, its
/// parameters have other values. Values, modes, buffers and the default generator are left as they were.
template <class Model, std::invocable Forward, class T = detail::precision_t<Model>>
LayoutTrace trace_layout(Model& model, const Forward& forward) {
  detail::Findings found = detail::find_all(model);
  const TestMode mode(model);
  const xgrad::detail::RepeatRandom random(default_generator());
  return detail::trace_layout<T>(found.template parameters<T>(), found.template buffers<T>(),
                                 [&] { forward(); });
}

/// The same for `model(x)`, with an input of this shape, the batch included:
///
///     nn::load(net, "lenet.safetensors", {.layout = nn::channels_first,
///                                         .traced = nn::trace_layout(net, {1, 28, 28, 1})});
template <class Model, class T = detail::precision_t<Model>>
LayoutTrace trace_layout(Model& model, const Shape& input) {
  const Variable<T> x = detail::traced_input<T>(input, 0);
  return trace_layout(model, [&] { model(x); });
}

/// The same for `model(x, y)`.
template <class Model, class T = detail::precision_t<Model>>
LayoutTrace trace_layout(Model& model, const Shape& first, const Shape& second) {
  const Variable<T> x = detail::traced_input<T>(first, 0);
  const Variable<T> y = detail::traced_input<T>(second, 1);
  return trace_layout(model, [&] { model(x, y); });
}

}  // namespace xgrad::nn

template <>
struct fmt::formatter<xgrad::nn::LayoutTrace> : fmt::formatter<std::string> {
  template <class Context>
  auto format(const xgrad::nn::LayoutTrace& trace, Context& context) const {
    return fmt::formatter<std::string>::format(xgrad::nn::to_string(trace), context);
  }
};
