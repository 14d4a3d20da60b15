#include <autodiff/instantiate.hpp>
#include <autodiff/ops/detail/axis.hpp>
#include <autodiff/ops/joining.hpp>
#include <autodiff/ops/shape.hpp>
#include <autodiff/transforms/jacobian.hpp>

#include <fmt/format.h>

#include <vector>

namespace xgrad::detail {
namespace {

/// The gradient of each entry of y with respect to x, one backward pass each.
template <class T, class X>
std::vector<Variable<X>> rows(const Tape& tape, const Variable<T>& y, const Variable<X>& x) {
  const Variable<T> result = as_result(y);
  std::vector<Variable<X>> gradients;
  gradients.reserve(y.size());
  for (std::size_t i = 0; i < y.size(); ++i) {
    Array<T> unit = full<T>(y.shape(), T(0));
    unit.data()[i] = T(1);
    gradients.push_back(tape.gradient(result, x, constant<T>(std::move(unit))));
  }
  return gradients;
}

/// Combines the parts into one array {m..., n...}; the parts run along the leading axes (0) or the trailing
/// axes (-1).
template <class T>
Variable<T> assemble(const std::vector<Variable<T>>& parts, int axis, const Shape& m, const Shape& n) {
  Shape shape = m;
  shape.insert(shape.end(), n.begin(), n.end());
  if (parts.empty()) return constant(empty<T>(shape));
  return reshape(moveaxis(stack(parts), 0, axis), signed_shape(shape));
}

}  // namespace

template <class T, class X>
Variable<X> jacobian(JacobianTapes& tapes, const Variable<T>& y, const Variable<X>& x) {
  const Shape& m = y.shape();
  const Shape& n = x.shape();
  // Stack the rows after closing the tape that computed them, which has no use for recording the copies.
  if (y.size() <= x.size()) {
    tapes.linear.reset();  // before the backward passes, so that it does not record them
    const auto gradients = rows(*tapes.tape, y, x);
    tapes.tape.reset();
    return assemble(gradients, 0, m, n);
  }
  const auto u = new_input(Variable<T>(full<T>(m, T(0))));
  const auto product = tapes.tape->gradient(as_result(y), x, u);
  tapes.tape.reset();
  const auto columns = rows(*tapes.linear, product, u);
  tapes.linear.reset();
  return cast<X>(assemble(columns, -1, m, n));
}

void check_one_number(const char* caller, const Shape& result) {
  if (element_count(result) == 1) return;
  throw ShapeError(
      fmt::format("{}: expected a function result with one entry, got shape {}", caller, to_string(result)));
}

#define XGRAD_INSTANTIATE(T)                                                                               \
  template Variable<float> jacobian<T, float>(JacobianTapes&, const Variable<T>&, const Variable<float>&); \
  template Variable<double> jacobian<T, double>(JacobianTapes&, const Variable<T>&, const Variable<double>&);
XGRAD_FOR_EACH_SCALAR(XGRAD_INSTANTIATE)
#undef XGRAD_INSTANTIATE

}  // namespace xgrad::detail
