#include <autodiff/instantiate.hpp>
#include <autodiff/kernels/lapack.hpp>
#include <autodiff/operation.hpp>
#include <autodiff/transforms/implicit.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <vector>

// Both solvers share one design. They find z with z = f(z), or f(z) = 0, without recording. The tapes then
// record one operation, whose inputs are the Variables that f uses besides z; recording f once finds them.
// The pullback turns the cotangent g of z into w, where (J = df/dz)
//
//     w = g + J^T w  for a fixed point,        0 = g + J^T w  for a root,
//
// and then w into the cotangents of the inputs by the vjp of f. The equation for w is itself a fixed point,
// or root, of w -> g + J^T w: if outer tapes record the pullback, w is recorded in the same way as z, so
// derivatives of every order exist.

namespace xgrad::detail {
namespace {

template <class T>
T largest(const Array<T>& x) {
  T most = 0;
  for (const T entry : x) most = std::isnan(entry) || std::abs(entry) > most ? std::abs(entry) : most;
  return most;
}

template <class T>
T largest_difference(const Array<T>& a, const Array<T>& b) {
  T most = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const T distance = std::abs(a.data()[i] - b.data()[i]);
    if (std::isnan(distance)) return distance;
    most = std::max(most, distance);
  }
  return most;
}

template <class T, class Options>
T tolerance_of(const char* name, const Options& options) {
  if (!(options.tolerance >= 0)) {
    throw ValueError(fmt::format("{}: expected a tolerance >= 0, got {}", name, options.tolerance));
  }
  if (options.tolerance > 0) return static_cast<T>(options.tolerance);
  return std::is_same_v<T, float> ? T(1e-5) : T(1e-12);
}

void check_map(const char* name, const Shape& result, const Shape& z) {
  if (result != z) {
    throw ShapeError(fmt::format("{}: f(z) has shape {}, expected the shape {} of z", name, to_string(result),
                                 to_string(z)));
  }
}

/// f recorded at z on its own tape while all others are paused, to compute J^T w without recording.
template <class T>
class Linearized {
 public:
  Linearized(const char* name, const Map<T>& f, const Array<T>& z)
      : input_(new_input(Variable<T>(Array<T>(z)))), result_(as_result(f(input_))) {
    check_map(name, result_.shape(), z.shape());
  }

  const Array<T>& value() const { return result_.value(); }

  /// J^T w.
  Array<T> transposed_times(const Array<T>& w) const {
    return tape_.gradient(result_, input_, constant<T>(Array<T>(w))).value();
  }

  /// The cotangents of f's captured Variables, for the cotangent w of its result.
  std::vector<Variable<T>> pull(const std::vector<Variable<T>>& captured, const Array<T>& w) const {
    for (const Variable<T>& each : captured) as_input(each);
    return tape_.gradient(result_, captured, constant<T>(Array<T>(w)));
  }

  /// The solution of J s = b, or of J^T s = b. Throws ConvergenceError if J is singular.
  Array<T> solve(const char* name, const Array<T>& b, bool transposed) const;

 private:
  Pause pause_;
  Tape tape_;
  Variable<T> input_;
  Variable<T> result_;
};

template <class T>
Array<T> Linearized<T>::solve(const char* name, const Array<T>& b, bool transposed) const {
  const std::size_t n = b.size();
  if (n == 0) return b;
  Array<T> matrix(Shape{n, n});
  for (std::size_t i = 0; i < n; ++i) {
    Array<T> unit = full<T>(b.shape(), T(0));
    unit.data()[i] = T(1);
    std::copy_n(transposed_times(unit).data(), n, matrix.data() + i * n);
  }
  std::vector<int> pivots(n);
  if (kernels::lu(n, matrix.data(), pivots.data()) != 0) {
    throw ConvergenceError(
        fmt::format("{}: the Jacobian, of shape {{{}, {}}}, is singular; the residual is "
                    "max |f(z)| = {:.3g}",
                    name, n, n, largest(value())));
  }
  Array<T> solution = b;
  kernels::lu_solve(transposed, n, 1, matrix.data(), pivots.data(), solution.data());
  return solution;
}

/// Iterates z <- next(z) until max |next(z) - z| <= tolerance max(max |z|, least).
template <class T, class F>
Array<T> iterate(const char* what, const FixedPointOptions& options, const F& next, Array<T> z, T least) {
  const T tolerance = tolerance_of<T>(what, options);
  T residual = std::numeric_limits<T>::infinity();
  for (std::size_t k = 1; k <= options.max_iterations; ++k) {
    Array<T> following = next(z);
    residual = largest_difference(following, z);
    std::swap(z, following);
    if (!std::isfinite(residual)) {
      throw ConvergenceError(
          fmt::format("{}: diverged: the residual is {} after {} iterations", what, residual, k));
    }
    if (residual <= tolerance * std::max(largest(z), least)) return z;
  }
  throw ConvergenceError(
      fmt::format("{}: no convergence in {} iterations: the residual max |f(z) - z| is {:.3g}, the tolerance "
                  "{:.3g}",
                  what, options.max_iterations, residual, tolerance * std::max(largest(z), least)));
}

/// The parts in which the two solvers differ.
template <class T>
struct FixedPoint {
  static constexpr const char* name = "fixed_point";
  FixedPointOptions options;

  Array<T> find(const Map<T>& f, const Array<T>& start) const {
    const Pause pause;
    const auto next = [&](const Array<T>& z) {
      Array<T> result = f(constant<T>(Array<T>(z))).value();
      check_map(name, result.shape(), z.shape());
      return result;
    };
    return iterate(name, options, next, start, T(1));
  }

  /// w = g + J^T w.
  Array<T> find_adjoint(const Linearized<T>& f, const Array<T>& g) const {
    const auto next = [&](const Array<T>& w) {
      Array<T> sum = f.transposed_times(w);
      for (std::size_t i = 0; i < sum.size(); ++i) sum.data()[i] += g.data()[i];
      return sum;
    };
    return iterate("fixed_point (in its pullback)", options, next, g, T(0));
  }
};

template <class T>
struct Root {
  static constexpr const char* name = "root";
  RootOptions options;

  Array<T> find(const Map<T>& f, Array<T> z) const {
    const T tolerance = tolerance_of<T>(name, options);
    T residual = 0;
    for (std::size_t k = 0; k <= options.max_iterations; ++k) {
      const Linearized<T> at_z(name, f, z);
      residual = largest(at_z.value());
      if (!std::isfinite(residual)) {
        throw ConvergenceError(
            fmt::format("root: diverged: the residual max |f(z)| is {} after {} steps", residual, k));
      }
      if (residual == 0) return z;
      if (k == options.max_iterations) break;
      const Array<T> step = at_z.solve(name, at_z.value(), false);
      for (std::size_t i = 0; i < z.size(); ++i) z.data()[i] -= step.data()[i];
      if (largest(step) <= tolerance * std::max(largest(z), T(1))) return z;
    }
    throw ConvergenceError(fmt::format("root: no convergence in {} steps: the residual max |f(z)| is {:.3g}",
                                       options.max_iterations, residual));
  }

  /// 0 = g + J^T w.
  Array<T> find_adjoint(const Linearized<T>& f, const Array<T>& g) const {
    Array<T> w = f.solve("root (in its pullback)", g, true);
    for (T& entry : w) entry = -entry;
    return w;
  }
};

/// The Variables that f(z) depends on besides z. These are handles only: the nodes may have another
/// precision.
template <class T>
std::vector<Variable<T>> captured_by(const Map<T>& f, const Array<T>& z) {
  const Pause pause;
  const Tape tape;
  const Captures captures;
  const auto input = new_input(Variable<T>(Array<T>(z)));
  as_result(f(input));
  std::vector<Variable<T>> handles;
  for (NodePointer& node : captures.nodes()) {
    if (node->id != input.node()->id) handles.emplace_back(std::move(node));
  }
  return handles;
}

/// The gradients of sum(w f(z)) with respect to `inputs`.
template <class T>
std::vector<Variable<T>> vjp_by(const std::vector<Variable<T>>& inputs, const Map<T>& f, const Variable<T>& z,
                                const Variable<T>& w) {
  const Tape tape;
  const auto y = as_result(f(z));
  for (const Variable<T>& each : inputs) as_input(each);
  return tape.gradient(y, inputs, w);
}

/// w -> g + J^T w.
template <class T>
Map<T> adjoint_map(const Map<T>& f, const Variable<T>& z, const Variable<T>& g) {
  return [f, z, g](const Variable<T>& w) {
    const Tape tape;
    const auto input = new_input(z);
    const auto y = as_result(f(input));
    return g + tape.gradient(y, input, w);
  };
}

/// Records the solution z as one operation.
template <class T, class Solver>
Variable<T> record(const Solver& solver, const Map<T>& f, Array<T> z) {
  if (!is_recording()) {
    Variable<T> result(std::move(z));
    mark_computed(*result.node(), false);
    return result;
  }
  const auto captured = captured_by(f, z);
  const auto pullback = [solver, f, captured](const Variable<T>& g, const Variable<T>& solution) {
    const bool differentiable = is_recording();
    std::optional<Linearized<T>> here(std::in_place, Solver::name, f, solution.value());
    Array<T> w = solver.find_adjoint(*here, g.value());
    if (!differentiable) return here->pull(captured, w);
    here.reset();  // the outer tapes record again
    return vjp_by(captured, f, solution, record<T>(solver, adjoint_map(f, solution, g), std::move(w)));
  };
  return operation(Solver::name, std::move(z), captured, pullback);
}

}  // namespace

template <class T>
Variable<T> fixed_point(const FixedPointOptions& options, const Map<T>& f, const Variable<T>& start) {
  const FixedPoint<T> solver{options};
  return record<T>(solver, f, solver.find(f, start.value()));
}

template <class T>
Variable<T> root(const RootOptions& options, const Map<T>& f, const Variable<T>& start) {
  const Root<T> solver{options};
  return record<T>(solver, f, solver.find(f, start.value()));
}

#define XGRAD_INSTANTIATE(T)                                                                        \
  template Variable<T> fixed_point<T>(const FixedPointOptions&, const Map<T>&, const Variable<T>&); \
  template Variable<T> root<T>(const RootOptions&, const Map<T>&, const Variable<T>&);
XGRAD_FOR_EACH_SCALAR(XGRAD_INSTANTIATE)
#undef XGRAD_INSTANTIATE

}  // namespace xgrad::detail
