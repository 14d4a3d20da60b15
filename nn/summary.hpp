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

/// A line of a summary: a layer with parameters, or an operation without.
struct SummaryRow {
  std::string name;            ///< `conv1`; the operation's name where it has no parameters
  std::string operation;       ///< `conv2d`
  Shape output = {};           ///< the shape of its result
  std::size_t parameters = 0;  ///< weights and biases
  std::size_t multiply_adds = 0;
};

/// What a network consists of, in the order in which it computes.
struct Summary {
  Shape input;
  std::vector<SummaryRow> rows = {};
  std::size_t parameters = 0;     ///< of the whole model, each counted once
  std::size_t multiply_adds = 0;  ///< for the whole input
  /// The shapes of parameters that the network used and `parameters` does not list, each as often as it was
  /// used: a layer forgotten in fields(), or one of another model. They are neither trained with the model
  /// nor saved.
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

/// Layers, output shapes, parameters and multiply-adds of a network (Keras' `model.summary()`, torchinfo), of
/// any form: it is run once, in test mode, on an input of zeros of this shape, the batch included, `{1, 28,
/// 28, 1}` (of integers for a model that takes integers), and what it does is read off the tape. Operations
/// that work entry by entry count no multiply-adds. Modes, buffers and the default generator are left as they
/// were.
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
