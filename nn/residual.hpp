#pragma once

#include <nn/fields.hpp>
#include <nn/input.hpp>

#include <utility>

namespace xgrad::nn {

/// Returns its input.
struct Identity {
  /// x, as a Variable.
  template <LayerInput X>
  auto operator()(const X& x) const {
    return detail::as_variable(x);
  }

  /// No fields: the layer has no parameters.
  auto fields() { return nn::fields(); }
};

/// A residual block (He, Zhang, Ren and Sun, Deep residual learning for image recognition, 2016):
///
///     y = shortcut(x) + body(x)
///
///     nn::Residual block{nn::Sequential{nn::Conv2d<float>(16, 16, 3, {.padding = 1}),
///                                       nn::BatchNorm2d<float>(16)}};
///     nn::Residual down{body, nn::Conv2d<float>(16, 32, 1, {.stride = 2})};  // if the shape changes
///
/// Body and shortcut are layers, models, or functions of a Variable; their parameters are named
/// `body.0.weight` and `shortcut.weight`, for example.
template <class Body, class Shortcut = Identity>
struct Residual {
  Residual(Body block, Shortcut around = {})
      : body(std::move(block)), shortcut(std::move(around)) {}  // NOLINT

  /// shortcut(x) + body(x). Throws ShapeError if their shapes do not broadcast.
  template <LayerInput X>
  auto operator()(const X& x) {
    const auto input = detail::as_variable(x);
    return shortcut(input) + body(input);
  }

  /// The fields `body` and `shortcut`.
  auto fields() { return nn::fields("body", body, "shortcut", shortcut); }

  Body body;          ///< the block that is learned
  Shortcut shortcut;  ///< around it; Identity if the shape does not change
};

}  // namespace xgrad::nn
