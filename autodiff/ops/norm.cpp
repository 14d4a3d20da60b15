#include <autodiff/instantiate.hpp>
#include <autodiff/kernels/functions.hpp>
#include <autodiff/kernels/reduction.hpp>
#include <autodiff/ops/arithmetic.hpp>
#include <autodiff/ops/detail/fused.hpp>
#include <autodiff/ops/detail/reduced.hpp>
#include <autodiff/ops/norm.hpp>
#include <autodiff/ops/powers.hpp>
#include <autodiff/ops/shape.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace xgrad {

using detail::divide_or_zero;
using detail::entrywise;
using detail::finish_operation;
using detail::Reduced;
using detail::restore;
using detail::sum_to;

namespace {

struct Magnitude {
  template <class V>
  V operator()(V p) const {
    using std::abs;
    using xsimd::abs;
    return abs(p);
  }
};

struct Square {
  template <class V>
  V operator()(V p) const {
    return p * p;
  }
};

/// g sign(x), 0 where x is 0; g and x broadcast. It is linear in g, and its derivative with respect to x is
/// zero.
template <class T>
Variable<T> with_sign_of(const Variable<T>& x, const Variable<T>& g) {
  const auto value = []<class V>(V p, V q) {
    return xsimd::select(p > V(T(0)), q, xsimd::select(p < V(T(0)), -q, V(T(0)) * p));
  };
  return finish_operation(
      "with_sign_of", entrywise("norm", value, x, g),
      {g, [x, s = g.shape()](const Variable<T>& h) { return sum_to(with_sign_of(x, h), s); }});
}

/// The reduction of f(x), with the reduced axes removed or kept.
template <class Op, class T, class F>
Array<T> reduce_mapped(const Array<T>& x, const Reduced& to, F f) {
  return kernels::reduce(kernels::MappedEntries<T, F>{x.data(), f}, x.shape(), to.axes, to.shape, Op{});
}

template <class T>
Variable<T> norm_1(const Variable<T>& x, const Reduced& to) {
  return operation(
      "norm", reduce_mapped<kernels::Sum<T>>(x.value(), to, Magnitude()),
      {x, [x, kept = to.kept](const Variable<T>& g) { return with_sign_of(x, restore(g, kept)); }});
}

/// The largest or smallest magnitude.
template <class Op, class T>
Variable<T> norm_extreme(const Variable<T>& x, const Reduced& to) {
  to.require_entries("norm", Op::is_largest ? "maximum" : "minimum", x.shape());
  return operation("norm", reduce_mapped<Op>(x.value(), to, Magnitude()),
                   {x, [x, to](const Variable<T>& g, const Variable<T>& y) {
                      const Variable<T> magnitude = constant(kernels::map(x.value(), Magnitude()));
                      Array<T> extreme = y.value();
                      extreme.reshape(to.kept);
                      return with_sign_of(x, share_among_equal(restore(g, to.kept), magnitude, extreme, to));
                    }});
}

/// Divisors of the entries of each window that keep their powers in range: the largest magnitude if it is
/// finite and not 0, otherwise 1. With the reduced axes kept.
template <class T>
Array<T> scales(const Array<T>& x, const Reduced& to) {
  Array<T> result = reduce_mapped<kernels::Max<T>>(x, to, Magnitude());
  result.reshape(to.kept);
  for (T& scale : result.storage()) {
    if (!std::isfinite(scale) || scale == 0) scale = 1;
  }
  return result;
}

/// The root of the sum of squares; in windows whose sum leaves the range of full precision, of scaled
/// entries.
template <class T>
Array<T> root_of_squares(const Array<T>& x, const Reduced& to) {
  constexpr T low = std::numeric_limits<T>::min() / std::numeric_limits<T>::epsilon();
  Array<T> plain = reduce_mapped<kernels::Sum<T>>(x, to, Square());
  const auto is_out_of_range = [](T sum) { return sum < low || std::isinf(sum); };
  const auto root = [](auto sum) { return xsimd::sqrt(sum); };
  std::vector<std::size_t> scaled;
  for (std::size_t i = 0; i < plain.size() && to.count > 0; ++i) {
    if (is_out_of_range(plain.data()[i])) scaled.push_back(i);
  }
  kernels::map_into(plain.data(), plain.data(), plain.size(), root);
  if (scaled.empty()) return plain;
  const Array<T> scale = scales(x, to);
  const Array<T> squares =
      kernels::map(x.shape(), x, scale, [](auto p, auto s) { return (p / s) * (p / s); });
  const Array<T> sums = kernels::reduce(squares, to.axes, to.kept, kernels::Sum<T>{});
  const Array<T> roots = kernels::map(to.kept, sums, scale, [=](auto sum, auto s) { return root(sum) * s; });
  for (const std::size_t i : scaled) plain.data()[i] = roots.data()[i];
  return plain;
}

template <class T>
Variable<T> norm_2(const Variable<T>& x, const Reduced& to) {
  return operation("norm", root_of_squares(x.value(), to),
                   {x, [x, kept = to.kept](const Variable<T>& g, const Variable<T>& y) {
                      return restore(divide_or_zero(g, y), kept) * x;
                    }});
}

/// |x|^p, or |x|^p sign(x); 0 at x = 0 unless p = 0, so that infinite powers of 0 in derivatives count as 0.
template <bool with_sign, class T>
Variable<T> power(const Variable<T>& x, T p) {
  const auto value = [p]<class V>(V q) {
    const V magnitude = xsimd::abs(q);
    const V raised = kernels::power_of_number<T>(magnitude, p);
    const V result = xsimd::select(magnitude == V(T(0)), V(p == 0 && !with_sign ? T(1) : T(0)), raised);
    return with_sign ? xsimd::select(q < V(T(0)), -result, result) : result;
  };
  return finish_operation(
      "power", entrywise("norm", value, x),
      {x, [x, p](const Variable<T>& g) { return g * (p * power<!with_sign>(x, p - 1)); }});
}

/// Computed from scaled entries. The scale is factored out of the root and is not differentiated.
template <class T>
Variable<T> norm_p(const Variable<T>& x, T p, const Reduced& to) {
  if (to.count == 0) return restore(sum(x, to.axis_list(), keep_dims), to.shape);
  const Variable<T> scale = constant(scales(x.value(), to));
  const Variable<T> total = sum(power<false>(x / scale, p), to.axis_list(), keep_dims);
  return restore(scale * power<false>(total, 1 / p), to.shape);
}

}  // namespace

template <class T>
Variable<T> detail::norm(const Variable<T>& x, const Axes& axes, const NormOptions& options) {
  const Reduced to("norm", x.shape(), axes, options.keep);
  const double p = options.order;
  if (p == 2) return norm_2(x, to);
  if (p == 1) return norm_1(x, to);
  if (std::isinf(p)) {
    return p > 0 ? norm_extreme<kernels::Max<T>>(x, to) : norm_extreme<kernels::Min<T>>(x, to);
  }
  if (!(p > 0)) {
    throw ValueError(fmt::format("norm: order {}; expected a positive number, infinity or -infinity", p));
  }
  return norm_p(x, static_cast<T>(p), to);
}

#define XGRAD_INSTANTIATE(T) \
  template Variable<T> detail::norm<T>(const Variable<T>&, const Axes&, const NormOptions&);
XGRAD_FOR_EACH_SCALAR(XGRAD_INSTANTIATE)
#undef XGRAD_INSTANTIATE

}  // namespace xgrad
