#pragma once

#include <autodiff/ops/lift.hpp>
#include <autodiff/transforms/grad.hpp>

#include <concepts>
#include <cstddef>
#include <functional>
#include <tuple>
#include <type_traits>
#include <utility>

/// \file
/// Solvers of equations, differentiated by the implicit function theorem: tapes record the equation at its
/// solution, not the iterations.

namespace xgrad {

/// Options for fixed_point: when the iteration z <- f(z) stops.
struct FixedPointOptions {
  /// Bound on max |f(z) - z|, relative to max(max |z|, 1); 0 means 1e-12 in double and 1e-5 in float.
  double tolerance = 0;
  std::size_t max_iterations = 1000;  ///< evaluations of f before ConvergenceError is thrown
};

/// Options for root: when Newton's method stops.
struct RootOptions {
  /// Newton's method stops after a step of at most this size, relative to max(max |z|, 1); 0 means 1e-12 in
  /// double and 1e-5 in float.
  double tolerance = 0;
  std::size_t max_iterations = 50;  ///< steps before ConvergenceError is thrown
};

namespace detail {

/// f as a function of z only.
template <class T>
using Map = std::function<Variable<T>(const Variable<T>&)>;

template <class T>
XGRAD_API Variable<T> fixed_point(const FixedPointOptions& options, const Map<T>& f,
                                  const Variable<T>& start);
template <class T>
XGRAD_API Variable<T> root(const RootOptions& options, const Map<T>& f, const Variable<T>& start);

/// z -> f(z, x...), with copies of f and of the arguments.
template <class T, class F, class... X>
Map<T> map_of(F f, const X&... x) {
  check_kept<F>();
  return [f = std::move(f), arguments = std::tuple(kept(x)...)](const Variable<T>& z) -> Variable<T> {
    const auto y = std::apply([&](const auto&... each) { return call(f, z, each...); }, arguments);
    constexpr bool same = std::is_same_v<std::remove_cv_t<decltype(y)>, Variable<T>>;
    static_assert(same, "xgrad: f(z, x...) must have the precision of z");
    if constexpr (same) {
      return y;
    } else {
      return Variable<T>();
    }
  };
}

template <class F, class Options>
concept NotOptions = !std::same_as<std::remove_cvref_t<F>, Options>;

}  // namespace detail

/// The solution of z = f(z, x...), found by the iteration z <- f(z, x...) from z0, which is a Variable, an
/// array or a number; z and f(z, x...) have the shape of z0. f must be a contraction near the solution.
///
/// The iterations are not recorded. The derivative is that of the solution (implicit function theorem), with
/// respect to the x... and everything else that f uses, including captured Variables and parameters, but not
/// z0. Its pullback iterates w <- g + (df/dz)^T w with the same options; derivatives of every order exist.
/// The tape stores copies of f and the x..., and calls f again in the backward pass: what f captures by
/// reference must live until then.
///
/// Throws ConvergenceError, with the residual, if an iteration does not converge; ShapeError if f(z, x...)
/// does not have the shape of z; ValueError for a negative tolerance.
///
///     // sqrt(a) by Heron's method
///     const auto root = fixed_point([](const auto& z, const auto& a) { return (z + a / z) / 2; }, 1.0, a);
template <class F, class Z, class... X>
auto fixed_point(const FixedPointOptions& options, F f, const Z& z0, const X&... x) {
  using T = detail::scalar_t<Z>;
  return detail::fixed_point<T>(options, detail::map_of<T>(std::move(f), x...), detail::to_variable(z0));
}

template <detail::NotOptions<FixedPointOptions> F, class Z, class... X>
auto fixed_point(F f, const Z& z0, const X&... x) {
  return fixed_point(FixedPointOptions(), std::move(f), z0, x...);
}

/// The solution of f(z, x...) = 0, found by Newton's method from z0; z and f(z, x...) have the shape of z0.
/// For few unknowns: each step runs one backward pass per unknown and solves with the dense Jacobian.
///
/// Derivatives are those of the solution, as for `fixed_point`, and only require a non-singular Jacobian
/// there. Throws ConvergenceError, with the residual, if Newton's method does not converge or meets a
/// singular Jacobian; ShapeError if f(z, x...) does not have the shape of z; ValueError for a negative
/// tolerance.
///
///     // Kepler's equation for the eccentric anomaly
///     const auto anomaly = root([&](const auto& E) { return E - e * sin(E) - M; }, M);
template <class F, class Z, class... X>
auto root(const RootOptions& options, F f, const Z& z0, const X&... x) {
  using T = detail::scalar_t<Z>;
  return detail::root<T>(options, detail::map_of<T>(std::move(f), x...), detail::to_variable(z0));
}

template <detail::NotOptions<RootOptions> F, class Z, class... X>
auto root(F f, const Z& z0, const X&... x) {
  return root(RootOptions(), std::move(f), z0, x...);
}

}  // namespace xgrad
