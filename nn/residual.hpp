#pragma once

#include <nn/fields.hpp>
#include <nn/input.hpp>

#include <utility>

namespace xgrad::nn {

/// Passes its input on.
struct Identity {
  template <LayerInput X>
  auto operator()(const X& x) const {
    return detail::as_variable(x);
  }

  auto fields() { return nn::fields(); }
};

/// A residual block (He, Zhang, Ren and Sun, Deep residual learning for image recognition, 2016):
///
///     y = shortcut(x) + body(x)
///
///     nn::Residual block{nn::Sequential{nn::Conv2d<float>(16, 16, 3, {.padding = 1}),
///     nn::BatchNorm2d<float>(16)}}; nn::Residual down{body, nn::Conv2d<float>(16, 32, 1, {.stride = 2})}; //
///     where the shape changes
///
/// Body and shortcut are layers, models, or functions of a Variable; their parameters are named
/// `body.0.weight` and `shortcut.weight`.
template <class Body, class Shortcut = Identity>
struct Residual {
  Residual(Body block, Shortcut around = {})
      : body(std::move(block)), shortcut(std::move(around)) {}  // NOLINT

  template <LayerInput X>
  auto operator()(const X& x) {
    const auto input = detail::as_variable(x);
    return shortcut(input) + body(input);
  }

  auto fields() { return nn::fields("body", body, "shortcut", shortcut); }

  Body body;
  Shortcut shortcut;
};

}  // namespace xgrad::nn
