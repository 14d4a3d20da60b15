#pragma once

#include <autodiff/array.hpp>
#include <autodiff/config.hpp>
#include <autodiff/variable.hpp>
#include <nn/input.hpp>

/// \file
/// Information, entropy and cross entropy (appendix A of the note). Logarithms have base 2 unless another is
/// given: amounts are in bits. Probabilities are Variables, arrays or numbers; the results are Variables.

namespace xgrad::nn::information {

/// The base of the logarithms.
struct Options {
  double base = 2;  ///< > 0 and not 1: e gives nats
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

/// A probability, or several, as a Variable.
template <class X>
auto lifted(const X& x) {
  if constexpr (Number<X>) {
    return Variable<double>(full<double>({}, static_cast<double>(x)));
  } else {
    return nn::detail::as_variable(x);
  }
}

}  // namespace detail

/// What probabilities are given as.
template <class X>
concept Probability = Number<X> || LayerInput<X>;

/// The information -log p of an event of probability p, entry by entry (A.2): infinite for p = 0. Throws
/// ValueError for a p outside [0, 1] or a base that is none, as do all here.
template <Probability P>
auto content(const P& p, const Options& options = {}) {
  return detail::content(detail::lifted(p), options);
}

/// The cross entropy H(q, p) = -q log p - (1 - q) log(1 - p) of Bernoulli distributions (A.3), entry by
/// entry: the average length of a code for a source that gives 1 with probability q, made for probability p.
/// 0 log 0 = 0; infinite where p rules out what q does not. q and p have one shape, or ShapeError is thrown.
template <Probability Q, Probability P>
auto binary_cross_entropy(const Q& q, const P& p, const Options& options = {}) {
  return detail::binary_cross_entropy("binary_cross_entropy", detail::lifted(q), detail::lifted(p), options);
}

/// The entropy H(q) = -q log q - (1 - q) log(1 - q) of a Bernoulli distribution (A.2, figure 5), entry by
/// entry: from 0 for q = 0 and q = 1 to one bit for q = 1/2. Its derivative is infinite at both ends.
template <Probability Q>
auto binary_entropy(const Q& q, const Options& options = {}) {
  const auto own = detail::lifted(q);
  return detail::binary_cross_entropy("binary_entropy", own, own, options);
}

/// The excess H(q, p) - H(q) >= 0 of the cross entropy over the entropy (A.3), "the added average
/// transmission cost", the Kullback-Leibler divergence, of Bernoulli distributions, entry by entry.
template <Probability Q, Probability P>
auto binary_divergence(const Q& q, const P& p, const Options& options = {}) {
  return detail::binary_divergence(detail::lifted(q), detail::lifted(p), options);
}

/// The cross entropy H(q, p) = -sum_i q_i log p_i of distributions along the last axis (A.3): {..., k} give
/// {...}. q and p have one shape, or ShapeError is thrown; ValueError where one is no distribution: entries
/// in [0, 1] with sum 1, to rounding.
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

/// The excess H(q, p) - H(q) >= 0 of distributions along the last axis: the Kullback-Leibler divergence
/// (SciPy's `entropy(q, p)`, PyTorch's `kl_div`).
template <LayerInput Q, LayerInput P>
auto divergence(const Q& q, const P& p, const Options& options = {}) {
  return detail::divergence(detail::lifted(q), detail::lifted(p), options);
}

}  // namespace xgrad::nn::information
