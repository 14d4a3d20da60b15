#pragma once

#include <autodiff/ops/lift.hpp>

/// \file
/// Activation functions of neural networks, elementwise.

namespace xgrad {

/// The logistic function 1 / (1 + e^-x), without overflow and accurate for small values.
template <class T>
XGRAD_API Variable<T> sigmoid(const Variable<T>& x);

/// max(x, 0), with derivative 1 for x >= 0 (the note's second appendix).
template <class T>
XGRAD_API Variable<T> relu(const Variable<T>& x);

/// The same, in place if no other handle shares the memory of x: relu(conv2d(...)).
template <class T>
XGRAD_API Variable<T> relu(Variable<T>&& x);

/// x for x >= 0, slope x otherwise; the derivative at 0 is 1, as for relu.
template <class T>
XGRAD_API Variable<T> leaky_relu(const Variable<T>& x, double slope = 0.01);

/// x between `low` and `high`, otherwise the bound that it exceeds; the derivative at the bounds is 1.
template <class T>
XGRAD_API Variable<T> hardtanh(const Variable<T>& x, double low = -1, double high = 1);

/// log(1 + e^x), without overflow and accurate for small values.
template <class T>
XGRAD_API Variable<T> softplus(const Variable<T>& x);

/// x sigmoid(x), also called swish.
template <class T>
XGRAD_API Variable<T> silu(const Variable<T>& x);

/// Options for gelu.
struct GeluOptions {
  bool approximate = false;  ///< x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2, off by less than 5e-4
};

/// x times the probability that a standard normal variable is below x, x (1 + erf(x / sqrt(2))) / 2
/// (Hendrycks and Gimpel, arXiv 1606.08415). `gelu(x, {.approximate = true})` is the tanh approximation.
template <class T>
XGRAD_API Variable<T> gelu(const Variable<T>& x, const GeluOptions& options = {});

/// x for x >= 0, alpha (e^x - 1) otherwise (Clevert, Unterthiner, Hochreiter, arXiv 1511.07289); the
/// derivative at 0 is 1.
template <class T>
XGRAD_API Variable<T> elu(const Variable<T>& x, double alpha = 1);

/// lambda (x for x >= 0, alpha (e^x - 1) otherwise) with the constants that preserve mean 0 and variance 1
/// from layer to layer (Klambauer, Unterthiner, Mayr, Hochreiter, arXiv 1706.02515); the derivative at 0 is
/// lambda = 1.0507.
template <class T>
XGRAD_API Variable<T> selu(const Variable<T>& x);

}  // namespace xgrad
