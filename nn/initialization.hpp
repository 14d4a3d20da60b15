#pragma once

#include <autodiff/array.hpp>
#include <autodiff/config.hpp>
#include <autodiff/random.hpp>

#include <concepts>
#include <cstddef>
#include <functional>
#include <type_traits>
#include <utility>

/// \file
/// Initial weights w_0 (section 3 of the note leaves them open). The draws below keep the scale of
/// activations and of gradients similar from layer to layer. Weights have shape {out, in} (Linear) or {out,
/// kH, kW, in} (Conv2d); with r = kH kW, or 1 for Linear, a unit has fan_in = r in inputs, and an input feeds
/// fan_out = r out units. Throws ShapeError for a shape of fewer than two axes.

namespace xgrad::nn {

/// The number of inputs of a unit, and the number of units that an input feeds.
struct Fans {
  std::size_t in;   ///< fan_in = r in
  std::size_t out;  ///< fan_out = r out
};

/// The fans of weights of this shape.
XGRAD_API Fans fans(const Shape& weight);

/// Uniform on [-a, a), a = sqrt(6 / (fan_in + fan_out)): for tanh, sigmoid and soft-max (Glorot and Bengio,
/// Understanding the difficulty of training deep feedforward neural networks, 2010, equation 16).
template <class T>
XGRAD_API Array<T> glorot_uniform(const Shape& weight, Generator& generator = default_generator());

/// Normal with mean 0 and variance 2 / (fan_in + fan_out) (Glorot and Bengio 2010, equation 12).
template <class T>
XGRAD_API Array<T> glorot_normal(const Shape& weight, Generator& generator = default_generator());

/// Uniform on [-a, a), a = sqrt(6 / fan_in), with the variance of he_normal: for ReLU.
template <class T>
XGRAD_API Array<T> he_uniform(const Shape& weight, Generator& generator = default_generator());

/// Normal with mean 0 and variance 2 / fan_in: for ReLU, which passes half of its input (He, Zhang, Ren and
/// Sun, Delving deep into rectifiers, 2015, equation 10).
template <class T>
XGRAD_API Array<T> he_normal(const Shape& weight, Generator& generator = default_generator());

/// Draws the weights of a layer: one of the functions above, by name, or any callable that takes a shape and
/// a generator and returns an array of that shape.
template <class T>
class Initializer {
 public:
  /// A function that draws weights of a shape.
  using Function = Array<T>(const Shape&, Generator&);

  Initializer(Function* function) : function_(function) {}  // NOLINT

  template <class F>
    requires(!std::same_as<F, Initializer>) &&
            std::is_invocable_r_v<Array<T>, const F&, const Shape&, Generator&>
  Initializer(F function) : function_(std::move(function)) {}  // NOLINT

  Array<T> operator()(const Shape& shape, Generator& generator) const { return function_(shape, generator); }

 private:
  std::function<Function> function_;
};

/// Sparse initialisation (Martens, Deep learning via Hessian-free optimization, 2010, section 5; Sutskever et
/// al., 2013): each unit has `connections` incoming weights from N(0, deviation^2) at random positions, or
/// all of them if it has no more inputs; the others are zero. Throws ValueError if `connections` is 0 or
/// `deviation` is not a finite number >= 0.
template <class T>
XGRAD_API Initializer<T> sparse_normal(std::size_t connections, double deviation = 1);

}  // namespace xgrad::nn
