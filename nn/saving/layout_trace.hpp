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
/// Finds the order of a model's weights in the same model in PyTorch by tracing the model's operations.

namespace xgrad::nn {

/// The order of one array of a model in a file in PyTorch's order.
struct ArrayOrder {
  /// The order of its axes.
  enum class Axes {
    kept,
    channels_first,          ///< {out, k..., in} -> {out, in, k...}, {N, H, W, C} -> {N, C, H, W}
    transposed_convolution,  ///< {out, k..., in / groups} -> {in, out / groups, k...}
    permuted,                ///< by `positions`
  };

  Axes axes = Axes::kept;                   ///< how its axes are ordered in the file
  std::size_t groups = 1;                   ///< of a transposed convolution
  std::vector<std::size_t> positions = {};  ///< of the axes here, in the order in the file
  /// By axis: the index here of each entry in the file; empty for an axis whose entries keep their order.
  std::vector<std::vector<std::uint32_t>> entries = {};
  std::string text = {};     ///< `columns of flattened {5, 5, 16}`; empty if nothing changes
  std::string problem = {};  ///< why the order is unknown; empty if it is known
};

/// The result of trace_layout, by the names of parameters and buffers. It prints as
///
///     conv1.weight: {out, in, kH, kW}
///     fc1.weight: columns of flattened {5, 5, 16}
struct LayoutTrace {
  std::map<std::string, ArrayOrder> arrays = {};  ///< by the name of the parameter or buffer
};

/// A line for each array whose order in the file differs or is unknown.
XGRAD_API std::string to_string(const LayoutTrace& trace);
XGRAD_API std::ostream& operator<<(std::ostream& out, const LayoutTrace& trace);

namespace detail {

template <class T>
XGRAD_API LayoutTrace trace_layout(const std::vector<NamedParameter<T>>& parameters,
                                   const std::vector<NamedBuffer<T>>& buffers,
                                   const std::function<void()>& forward);

/// Standard normal numbers in this shape, for the model's input at `index`, which seeds them.
template <class T>
XGRAD_API Variable<T> traced_input(const Shape& shape, std::size_t index);

}  // namespace detail

/// Finds the order of a model's weights in a file in PyTorch's order. `forward` must use the model in every
/// way in which its weights are used, `[&] { net(x); net.decode(z); }`. It runs once, in test mode, and is
/// recorded: the trace reads which axes each value has, and where images {N, H, W, C} are flattened to rows
/// or rows are reshaped to images, since PyTorch's images are {N, C, H, W}. Each order is followed through
/// every operation that preserves it: layers and normalisation, activations, dropout, broadcasting,
/// concatenation, slices, reductions, Linear layers.
///
/// A value is taken for images if a convolution, pooling or batch normalisation takes or returns it, directly
/// or through other operations. A value {N, L, C} that a Linear layer or matmul takes or returns has the same
/// axes in PyTorch as here, and so has an input {N, L, C} that no convolution takes. If the order of an axis
/// cannot be determined, or an unknown operation mixes its entries, `save` and `load` throw an error that
/// names the parameter; so they do for a parameter that `forward` does not use. The trace lists all of these.
///
/// Create the inputs before the call. Nothing else may use the model during the call: while `forward` runs,
/// its parameters have other values. Values, modes, buffers and the default generator are restored.
template <class Model, std::invocable Forward, class T = detail::precision_t<Model>>
LayoutTrace trace_layout(Model& model, const Forward& forward) {
  detail::Findings found = detail::find_all(model);
  const TestMode mode(model);
  const xgrad::detail::RepeatRandom random(default_generator());
  return detail::trace_layout<T>(found.template parameters<T>(), found.template buffers<T>(),
                                 [&] { forward(); });
}

/// The same for `model(x)`, with an input x of this shape, including the batch axis:
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
