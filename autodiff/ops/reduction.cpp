#include <autodiff/instantiate.hpp>
#include <autodiff/kernels/reduction.hpp>
#include <autodiff/ops/arithmetic.hpp>
#include <autodiff/ops/axis.hpp>
#include <autodiff/ops/elementwise.hpp>
#include <autodiff/ops/reduction.hpp>
#include <autodiff/ops/shape.hpp>

#include <fmt/format.h>

namespace xgrad {

std::vector<bool> Axes::reduced(const char* operation, const Shape& shape) const {
  std::vector<bool> result(shape.size(), all_);
  for (const int axis : axes_) {
    const std::size_t index = detail::normalize_axis(operation, axis, shape);
    if (result[index]) {
      throw ShapeError(fmt::format("{}: axis {} of an array of shape {} is named twice", operation, axis,
                                   to_string(shape)));
    }
    result[index] = true;
  }
  return result;
}

namespace {

/// The shapes of a reduction's result, and how many entries make one of its.
struct Reduced {
  std::vector<bool> axes;
  Shape kept;   // with the reduced axes, of extent 1
  Shape shape;  // as asked for
  std::size_t count = 1;

  Reduced(const char* operation, const Shape& from, const Axes& which, KeepDims keep)
      : axes(which.reduced(operation, from)), kept(from) {
    for (std::size_t i = 0; i < from.size(); ++i) {
      if (axes[i]) {
        kept[i] = 1;
        count *= from[i];
      }
      if (!axes[i] || keep) shape.push_back(kept[i]);
    }
  }
};

/// A result or its cotangent with the reduced axes back, so that it broadcasts against the operand.
template <class T>
Variable<T> restore(const Variable<T>& x, const Shape& kept) {
  return x.shape() == kept ? x : reshape(x, detail::signed_shape(kept));
}

/// For each entry, its share in being the largest of its window: 1 / (number of ties), or 0.
template <class T>
Variable<T> share_of_max(const Variable<T>& x, const Variable<T>& y, const Reduced& to) {
  Array<T> largest = y.value();
  largest.reshape(to.kept);
  Array<T> ties = kernels::map(x.shape(), x.value(), largest,
                               []<class V>(V p, V q) { return xsimd::select(p == q, V(T(1)), V(T(0))); });
  const Array<T> counts = kernels::reduce(ties, to.axes, to.kept, kernels::Sum<T>{});
  return constant(kernels::map(x.shape(), ties, counts, [](auto p, auto q) { return p / q; }));
}

/// The largest entry where it is finite, 0 elsewhere: what logsumexp may subtract.
template <class T>
Array<T> finite_max(const Array<T>& x, const Reduced& to) {
  return kernels::map(kernels::reduce(x, to.axes, to.kept, kernels::Max<T>{}), []<class V>(V p) {
    return xsimd::select(xsimd::abs(p) < V(std::numeric_limits<T>::infinity()), p, V(T(0)));
  });
}

}  // namespace

namespace detail {

template <class T>
Variable<T> sum(const Variable<T>& x, const Axes& axes, KeepDims keep) {
  const Reduced to("sum", x.shape(), axes, keep);
  return operation("sum", kernels::reduce(x.value(), to.axes, to.shape, kernels::Sum<T>{}),
                   {x, [kept = to.kept, s = x.shape()](const Variable<T>& g) {
                      return broadcast_to(restore(g, kept), s);
                    }});
}

template <class T>
Variable<T> mean(const Variable<T>& x, const Axes& axes, KeepDims keep) {
  const Reduced to("mean", x.shape(), axes, keep);
  return sum(x, axes, keep) / static_cast<T>(to.count);
}

template <class T>
Variable<T> max(const Variable<T>& x, const Axes& axes, KeepDims keep) {
  const Reduced to("max", x.shape(), axes, keep);
  if (to.count == 0) {
    throw ShapeError(
        fmt::format("max: nothing to take the maximum of in an array of shape {}", to_string(x.shape())));
  }
  return operation("max", kernels::reduce(x.value(), to.axes, to.shape, kernels::Max<T>{}),
                   {x, [x, to](const Variable<T>& g, const Variable<T>& y) {
                      return restore(g, to.kept) * share_of_max(x, y, to);
                    }});
}

template <class T>
Variable<T> sum_to(const Variable<T>& x, const Shape& shape) {
  if (x.shape() == shape) return x;
  const std::size_t added = x.dimension() - shape.size();
  std::vector<int> axes;
  for (std::size_t i = 0; i < x.dimension(); ++i) {
    if (i < added || (shape[i - added] == 1 && x.shape()[i] != 1)) axes.push_back(static_cast<int>(i));
  }
  return restore(sum(x, axes, {}), shape);
}

}  // namespace detail

template <class T>
Variable<T> logsumexp(const Variable<T>& x, const Axes& axes, KeepDims keep) {
  const Reduced to("logsumexp", x.shape(), axes, keep);
  const Array<T> shift = finite_max(x.value(), to);
  const Array<T> powers =
      kernels::map(x.shape(), x.value(), shift, [](auto p, auto m) { return xsimd::exp(p - m); });
  Array<T> value = kernels::map(to.kept, kernels::reduce(powers, to.axes, to.kept, kernels::Sum<T>{}), shift,
                                [](auto s, auto m) { return m + xsimd::log(s); });
  value.reshape(to.shape);
  return operation("logsumexp", std::move(value),
                   {x, [x, kept = to.kept](const Variable<T>& g, const Variable<T>& y) {
                      return restore(g, kept) * exp(x - restore(y, kept));
                    }});
}

#define XGRAD_INSTANTIATE(T)                                                       \
  template Variable<T> detail::sum<T>(const Variable<T>&, const Axes&, KeepDims);  \
  template Variable<T> detail::mean<T>(const Variable<T>&, const Axes&, KeepDims); \
  template Variable<T> detail::max<T>(const Variable<T>&, const Axes&, KeepDims);  \
  template Variable<T> detail::sum_to<T>(const Variable<T>&, const Shape&);        \
  template Variable<T> logsumexp<T>(const Variable<T>&, const Axes&, KeepDims);
XGRAD_FOR_EACH_SCALAR(XGRAD_INSTANTIATE)
#undef XGRAD_INSTANTIATE

}  // namespace xgrad
