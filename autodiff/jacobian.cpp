#include <autodiff/instantiate.hpp>
#include <autodiff/jacobian.hpp>
#include <autodiff/ops/joining.hpp>
#include <autodiff/ops/shape.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <vector>

namespace xgrad::detail {
namespace {

/// The gradient of each entry of y by x, one replay each.
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

std::vector<std::ptrdiff_t> joined(const Shape& a, const Shape& b) {
  std::vector<std::ptrdiff_t> shape(a.begin(), a.end());
  shape.insert(shape.end(), b.begin(), b.end());
  return shape;
}

/// The rows, of shape {n...} and one for each entry of {m...}, as one array of shape {m..., n...}.
template <class T>
Variable<T> stack(const std::vector<Variable<T>>& rows, const Shape& m, const Shape& n) {
  const std::vector<std::ptrdiff_t> shape = joined(m, n);
  if (rows.empty()) return constant(empty<T>(Shape(shape.begin(), shape.end())));
  std::vector<Variable<T>> flat;
  flat.reserve(rows.size());
  for (const Variable<T>& row : rows) flat.push_back(flatten(row, 0));
  return reshape(concatenate(flat), shape);
}

/// {n..., m...} as {m..., n...}.
template <class T>
Variable<T> swap_sides(const Variable<T>& x, std::size_t n_axes) {
  std::vector<int> order(x.dimension());
  std::iota(order.begin(), order.end(), 0);
  std::rotate(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(n_axes), order.end());
  return permute(x, order);
}

}  // namespace

template <class T, class X>
Variable<X> jacobian(JacobianTapes& tapes, const Variable<T>& y, const Variable<X>& x) {
  const Shape& m = y.shape();
  const Shape& n = x.shape();
  // The rows are stacked when the tape that they were replayed from is closed: it has no use for the copies.
  if (y.size() <= x.size()) {
    tapes.linear.reset();  // before the replays, which nobody is to differentiate by u
    const auto gradients = rows(*tapes.tape, y, x);
    tapes.tape.reset();
    return stack(gradients, m, n);
  }
  const auto u = new_input(Variable<T>(full<T>(m, T(0))));
  const auto product = tapes.tape->gradient(as_result(y), x, u);
  tapes.tape.reset();
  const auto columns = rows(*tapes.linear, product, u);
  tapes.linear.reset();
  return cast<X>(swap_sides(stack(columns, n, m), n.size()));
}

void check_one_number(const char* caller, const Shape& result) {
  if (element_count(result) == 1) return;
  throw ShapeError(
      fmt::format("{}: the function's result has shape {}, not one number", caller, to_string(result)));
}

#define XGRAD_INSTANTIATE(T)                                                                               \
  template Variable<float> jacobian<T, float>(JacobianTapes&, const Variable<T>&, const Variable<float>&); \
  template Variable<double> jacobian<T, double>(JacobianTapes&, const Variable<T>&, const Variable<double>&);
XGRAD_FOR_EACH_SCALAR(XGRAD_INSTANTIATE)
#undef XGRAD_INSTANTIATE

}  // namespace xgrad::detail
