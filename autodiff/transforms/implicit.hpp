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
/// Solutions of equations, differentiated by the implicit function theorem: the tapes see the equation at its
/// solution, not the iterations that led there.

namespace xgrad {

/// When an iteration z <- f(z) has arrived.
struct FixedPointOptions {
  /// The largest |f(z) - z| allowed, as a share of max |z|, or of 1 where that is greater; 0 stands for 1e-12
  /// in double and 1e-5 in float.
  double tolerance = 0;
  std::size_t max_iterations = 1000;  ///< evaluations of f before it gives up
};

/// When Newton's method has arrived.
struct RootOptions {
  /// The largest step that is taken as the last one, as a share of max |z|, or of 1 where that is greater; 0
  /// stands for 1e-12 in double and 1e-5 in float.
  double tolerance = 0;
  std::size_t max_iterations = 50;  ///< steps before it gives up
};

namespace detail {

/// The function of z alone.
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
    static_assert(same, "xgrad: f(z, x...) has to have the precision of z");
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

/// The solution of z = f(z, x...) that the iteration z <- f(z, x...) finds from z0: a Variable, an array or a
/// number; z and f(z, x...) have its shape. f has to be a contraction near the solution.
///
/// The iterations are not recorded. The derivative is that of the solution (implicit function theorem): by
/// the x..., by all else that f uses, captured Variables and parameters included, and not by z0. Its pullback
/// iterates w <- g + (df/dz)^T w with the same options; derivatives have every order. The tape keeps copies
/// of f and of the x..., and calls f again when it is replayed: what f captures by reference has to live
/// until then.
///
/// Throws ConvergenceError, with the residual, where an iteration does not arrive, ShapeError where f(z,
/// x...) does not have the shape of z, ValueError for a negative tolerance.
///
///     // sqrt(a), after Heron
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

/// The solution of f(z, x...) = 0 that Newton's method finds from z0; z and f(z, x...) have its shape. For
/// few unknowns: each step replays f once for each, and solves with their dense Jacobian.
///
/// Derivatives are those of the solution, as with `fixed_point`, and ask for nothing but a Jacobian that is
/// not singular there. Throws ConvergenceError, with the residual, where Newton's method does not arrive or
/// meets a singular Jacobian, ShapeError where f(z, x...) does not have the shape of z, ValueError for a
/// negative tolerance.
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
