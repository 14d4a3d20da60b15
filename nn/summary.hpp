#pragma once

#include <autodiff/config.hpp>
#include <autodiff/tape.hpp>
#include <autodiff/transforms/grad.hpp>
#include <nn/input.hpp>
#include <nn/module.hpp>

#include <fmt/format.h>

#include <cstddef>
#include <iosfwd>
#include <string>
#include <vector>

namespace xgrad::nn {

/// A row of a summary: a layer with parameters, or an operation without.
struct SummaryRow {
  std::string name;               ///< `conv1`; the operation's name if it has no parameters
  std::string operation;          ///< `conv2d`
  Shape output = {};              ///< the shape of its result
  std::size_t parameters = 0;     ///< weights and biases
  std::size_t multiply_adds = 0;  ///< 0 for an operation without weights
};

/// The layers and operations of a network, in the order of execution.
struct Summary {
  Shape input;                        ///< with the batch axis
  std::vector<SummaryRow> rows = {};  ///< one for each layer or operation
  std::size_t parameters = 0;         ///< of the whole model, each counted once
  std::size_t multiply_adds = 0;      ///< for the whole input
  /// The shapes of parameters that the network used but `parameters` does not list, once for each use: of a
  /// layer missing from fields(), or of another model. They are neither trained nor saved with the model.
  std::vector<Shape> unlisted = {};
};

/// The summary as a table.
XGRAD_API std::string to_string(const Summary& summary);
XGRAD_API std::ostream& operator<<(std::ostream& out, const Summary& summary);

namespace detail {

template <class T>
XGRAD_API Summary summarize(const Tape& tape, const Shape& input,
                            const std::vector<NamedParameter<T>>& parameters);

}  // namespace detail

/// Layers, output shapes, parameters and multiply-adds of any network (Keras' `model.summary()`, torchinfo).
/// The network is run once, in test mode, on an input of zeros of this shape, which includes the batch axis,
/// `{1, 28, 28, 1}` (integers for a model that takes integers), and the summary is read from the tape.
/// Elementwise operations count no multiply-adds. Modes, buffers and the default generator are left
/// unchanged.
///
///     fmt::print("{}", nn::summary(net, {1, 28, 28, 1}));
template <class Net, class T = detail::precision_t<Net>>
Summary summary(Net& net, const Shape& input) {
  const auto list = parameters(net);
  const TestMode mode(net);
  const xgrad::detail::RepeatRandom random(default_generator());
  Tape tape;
  detail::run_on_zeros<T>(net, input);
  return detail::summarize(tape, input, list);
}

}  // namespace xgrad::nn

template <>
struct fmt::formatter<xgrad::nn::Summary> : fmt::formatter<std::string> {
  template <class Context>
  auto format(const xgrad::nn::Summary& summary, Context& context) const {
    return fmt::formatter<std::string>::format(xgrad::nn::to_string(summary), context);
  }
};
