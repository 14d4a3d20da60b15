#include <autodiff/instantiate.hpp>
#include <autodiff/ops/arithmetic.hpp>
#include <autodiff/ops/detail/axis.hpp>
#include <autodiff/ops/detail/recurrence.hpp>
#include <autodiff/ops/detail/reduced.hpp>
#include <autodiff/ops/powers.hpp>
#include <autodiff/ops/scan.hpp>
#include <autodiff/ops/shape.hpp>

#include <algorithm>

namespace xgrad {

namespace detail {

AxisLoop axis_loop(const char* operation, std::ptrdiff_t axis, const Shape& shape) {
  constexpr std::ptrdiff_t limit = std::numeric_limits<int>::max();
  const int within = static_cast<int>(std::clamp(axis, -limit, limit));
  return AxisLoop(shape, normalize_axis(operation, within, shape));
}

template <class T>
Variable<T> shift(const Variable<T>& x, const AxisLoop& loop, Direction direction, T fill) {
  return operation("shift", kernels::shift(x.value(), loop, direction, fill),
                   {x, [=](const Variable<T>& g) { return shift(g, loop, !direction); }});
}

template <class T>
Variable<T> cumsum(const Variable<T>& x, const AxisLoop& loop, Direction direction) {
  const auto add = [](auto sum, auto p) { return sum + p; };
  return operation("cumsum", kernels::scan(loop, direction, 0.0, add, x.value()),
                   {x, [=](const Variable<T>& g) { return cumsum(g, loop, !direction); }});
}

// The cotangents l of the right-hand sides b of h_k = a_k h_{k-1} + b_k follow the transposed recurrence
// l_k = a_{k+1} l_{k+1} + g_k, and a_k is multiplied by h_{k-1}.
template <class T>
Variable<T> recurrence(const Variable<T>& a, const Variable<T>& b, const AxisLoop& loop,
                       Direction direction) {
  const auto step = [](auto h, auto p, auto q) { return p * h + q; };
  const std::vector<Variable<T>> inputs{a, b};
  return operation("recurrence", kernels::scan(loop, direction, T(0), step, a.value(), b.value()), inputs,
                   [=](const Variable<T>& g, const Variable<T>& h) {
                     const auto l = recurrence(shift(a, loop, !direction), g, loop, !direction);
                     return std::array{l * shift(h, loop, direction), l};
                   });
}

// dy_j/dx_k for j >= k is the product of the entries before k times the product of the entries after k up to
// j. The sums over j of the latter, weighted by g_j, follow a recurrence. There is no division by entries.
template <class T>
Variable<T> cumprod(const Variable<T>& x, const AxisLoop& loop, Direction direction) {
  const auto multiply = [](auto product, auto p) { return product * p; };
  return operation("cumprod", kernels::scan(loop, direction, 1.0, multiply, x.value()),
                   {x, [=](const Variable<T>& g, const Variable<T>& y) {
                      const auto after = recurrence(shift(x, loop, !direction), g, loop, !direction);
                      return shift(y, loop, direction, T(1)) * after;
                    }});
}

template <class T>
Variable<T> cumsum(const Variable<T>& x, std::ptrdiff_t axis) {
  return cumsum(x, axis_loop("cumsum", axis, x.shape()), Direction::forward);
}

template <class T>
Variable<T> cumprod(const Variable<T>& x, std::ptrdiff_t axis) {
  return cumprod(x, axis_loop("cumprod", axis, x.shape()), Direction::forward);
}

// The cotangent of x_k is exp(x_k - y_k) s_k, where s_k is the sum of g_j exp(y_k - y_j) over j >= k, and s_k
// = g_k + exp(y_k - y_{k+1}) s_{k+1}. y never decreases, so that no exponential exceeds 1.
template <class T>
Variable<T> cumlogsumexp(const Variable<T>& x, std::ptrdiff_t axis) {
  const AxisLoop loop = axis_loop("cumlogsumexp", axis, x.shape());
  return operation("cumlogsumexp", kernels::cumlogsumexp(x.value(), loop),
                   {x, [x, loop](const Variable<T>& g, const Variable<T>& y) {
                      const Variable<T> own = zero_for_nothing(y);
                      const Variable<T> next =
                          shift(own, loop, Direction::backward, std::numeric_limits<T>::infinity());
                      return exp(x - own) * recurrence(exp(y - next), g, loop, Direction::backward);
                    }});
}

}  // namespace detail

#define XGRAD_INSTANTIATE(T)                                                                                \
  template Variable<T> detail::shift<T>(const Variable<T>&, const detail::AxisLoop&, detail::Direction, T); \
  template Variable<T> detail::cumprod<T>(const Variable<T>&, const detail::AxisLoop&, detail::Direction);  \
  template Variable<T> detail::cumsum<T>(const Variable<T>&, std::ptrdiff_t);                               \
  template Variable<T> detail::cumprod<T>(const Variable<T>&, std::ptrdiff_t);                              \
  template Variable<T> detail::cumlogsumexp<T>(const Variable<T>&, std::ptrdiff_t);
XGRAD_FOR_EACH_SCALAR(XGRAD_INSTANTIATE)
#undef XGRAD_INSTANTIATE

}  // namespace xgrad
