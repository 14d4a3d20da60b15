#pragma once

#include <autodiff/array.hpp>
#include <autodiff/config.hpp>
#include <autodiff/variable.hpp>
#include <nn/input.hpp>

/// \file
/// Information, entropy and cross entropy (appendix A of the note). Logarithms have base 2 by default, so
/// that results are in bits. Probabilities are Variables, arrays or numbers; results are Variables.

namespace xgrad::nn::information {

/// Options for the functions of this file.
struct Options {
  double base = 2;  ///< of the logarithms, > 0 and not 1; e for nats
};

namespace detail {

template <class T>
XGRAD_API Variable<T> content(const Variable<T>& p, const Options& options);
template <class T>
XGRAD_API Variable<T> binary_cross_entropy(const char* name, const Variable<T>& q, const Variable<T>& p,
                                           const Options& options);
template <class T>
XGRAD_API Variable<T> cross_entropy(const char* name, const Variable<T>& q, const Variable<T>& p,
                                    const Options& options);
template <class T>
XGRAD_API Variable<T> binary_divergence(const Variable<T>& q, const Variable<T>& p, const Options& options);
template <class T>
XGRAD_API Variable<T> divergence(const Variable<T>& q, const Variable<T>& p, const Options& options);

/// A probability or an array of probabilities as a Variable.
template <class X>
auto lifted(const X& x) {
  if constexpr (Number<X>) {
    return Variable<double>(full<double>({}, static_cast<double>(x)));
  } else {
    return nn::detail::as_variable(x);
  }
}

}  // namespace detail

/// The type of probabilities: a number, a Variable or an array.
template <class X>
concept Probability = Number<X> || LayerInput<X>;

/// The information -log p of an event of probability p, elementwise (A.2): infinite for p = 0. Throws
/// ValueError if p is outside [0, 1] or the base is invalid, like all functions here.
template <Probability P>
auto content(const P& p, const Options& options = {}) {
  return detail::content(detail::lifted(p), options);
}

/// The cross entropy H(q, p) = -q log p - (1 - q) log(1 - p) of Bernoulli distributions (A.3), elementwise:
/// the average code length for a source that emits 1 with probability q, with a code made for probability p.
/// 0 log 0 = 0; infinite if p excludes an outcome that q allows. Throws ShapeError if q and p differ in
/// shape.
template <Probability Q, Probability P>
auto binary_cross_entropy(const Q& q, const P& p, const Options& options = {}) {
  return detail::binary_cross_entropy("binary_cross_entropy", detail::lifted(q), detail::lifted(p), options);
}

/// The entropy H(q) = -q log q - (1 - q) log(1 - q) of a Bernoulli distribution (A.2, figure 5), elementwise:
/// from 0 for q = 0 and q = 1 to one bit for q = 1/2. Its derivative is infinite at both ends.
template <Probability Q>
auto binary_entropy(const Q& q, const Options& options = {}) {
  const auto own = detail::lifted(q);
  return detail::binary_cross_entropy("binary_entropy", own, own, options);
}

/// The Kullback-Leibler divergence H(q, p) - H(q) >= 0 of Bernoulli distributions, elementwise: the excess of
/// the cross entropy over the entropy (A.3), "the added average transmission cost".
template <Probability Q, Probability P>
auto binary_divergence(const Q& q, const P& p, const Options& options = {}) {
  return detail::binary_divergence(detail::lifted(q), detail::lifted(p), options);
}

/// The cross entropy H(q, p) = -sum_i q_i log p_i of distributions along the last axis (A.3): {..., k} to
/// {...}. Throws ShapeError if q and p differ in shape, ValueError if one is not a distribution: entries in
/// [0, 1] with sum 1, up to rounding.
template <LayerInput Q, LayerInput P>
auto cross_entropy(const Q& q, const P& p, const Options& options = {}) {
  return detail::cross_entropy("cross_entropy", detail::lifted(q), detail::lifted(p), options);
}

/// The entropy H(q) = -sum_i q_i log q_i of distributions along the last axis (A.3).
template <LayerInput Q>
auto entropy(const Q& q, const Options& options = {}) {
  const auto own = detail::lifted(q);
  return detail::cross_entropy("entropy", own, own, options);
}

/// The Kullback-Leibler divergence H(q, p) - H(q) >= 0 of distributions along the last axis (SciPy's
/// `entropy(q, p)`, PyTorch's `kl_div`).
template <LayerInput Q, LayerInput P>
auto divergence(const Q& q, const P& p, const Options& options = {}) {
  return detail::divergence(detail::lifted(q), detail::lifted(p), options);
}

}  // namespace xgrad::nn::information
