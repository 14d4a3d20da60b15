#pragma once

#include <autodiff/ops/lift.hpp>

#include <initializer_list>
#include <vector>

/// \file
/// Reductions over axes: `sum(x)`, `sum(x, 0)`, `sum(x, {0, -1})`, `sum(x, {0}, keep_dims)`, as xtensor
/// spells them. Negative axes count from the last. Axes out of range or repeated throw ShapeError.

namespace xgrad {

/// Asks a reduction to keep the reduced axes with extent 1 (xtensor's own option).
using xt::keep_dims;

/// Whether a reduction keeps the reduced axes with extent 1; made from xtensor's `keep_dims`.
class KeepDims {
 public:
  using Option = std::decay_t<decltype(xt::keep_dims)>;
  constexpr KeepDims() = default;
  constexpr KeepDims(const Option&) : keep_(true) {}
  constexpr explicit operator bool() const { return keep_; }

 private:
  bool keep_ = false;
};

/// A container of integers.
template <class R>
concept IntegerRange = requires(const R& r) {
  { *std::begin(r) } -> std::convertible_to<int>;
  std::end(r);
};

/// The axes of a reduction; default-constructed, all of them.
class Axes {
 public:
  Axes() = default;
  Axes(int axis) : all_(false), axes_{axis} {}
  Axes(std::initializer_list<int> axes) : all_(false), axes_(axes) {}
  template <IntegerRange R>
  Axes(const R& axes) : all_(false), axes_(std::begin(axes), std::end(axes)) {}

  /// For an array of `dimension` axes: true for each that is reduced. Throws ShapeError.
  XGRAD_API std::vector<bool> reduced(const char* operation, const Shape& shape) const;

 private:
  bool all_ = true;
  std::vector<int> axes_;
};

/// log(sum(exp(x))), without overflow.
template <class T>
XGRAD_API Variable<T> logsumexp(const Variable<T>& x, const Axes& axes = {}, KeepDims keep = {});

namespace detail {

template <class T>
XGRAD_API Variable<T> sum(const Variable<T>& x, const Axes& axes, KeepDims keep);
template <class T>
XGRAD_API Variable<T> mean(const Variable<T>& x, const Axes& axes, KeepDims keep);
template <class T>
XGRAD_API Variable<T> max(const Variable<T>& x, const Axes& axes, KeepDims keep);

/// Sums x over the axes along which `shape` was broadcast to its own: the pullback of broadcasting.
template <class T>
XGRAD_API Variable<T> sum_to(const Variable<T>& x, const Shape& shape);

template <class A>
concept AxesArgument = std::constructible_from < Axes,
        const std::remove_cvref_t<A>
& > ;

}  // namespace detail

// xtensor has functions `sum` and `mean` that take anything, and the standard library such a `max`; with the
// other namespaces open, ours are chosen for Variables because they mirror xtensor's overloads and are more
// specialised.

/// The sum of the entries over the axes given, all of them by default; 0 over none.
template <class T>
Variable<T> sum(Variable<T> x) {
  return detail::sum<T>(x, {}, {});
}
template <class T>
Variable<T> sum(Variable<T> x, KeepDims::Option keep) {
  return detail::sum<T>(x, {}, keep);
}
template <class T, detail::AxesArgument A>
Variable<T> sum(Variable<T> x, A&& axes) {
  return detail::sum<T>(x, axes, {});
}
template <class T, detail::AxesArgument A>
Variable<T> sum(Variable<T> x, A&& axes, KeepDims::Option keep) {
  return detail::sum<T>(x, axes, keep);
}
template <class T, class I, std::size_t N>
Variable<T> sum(Variable<T> x, const I (&axes)[N]) {
  return detail::sum<T>(x, axes, {});
}
template <class T, class I, std::size_t N>
Variable<T> sum(Variable<T> x, const I (&axes)[N], KeepDims::Option keep) {
  return detail::sum<T>(x, axes, keep);
}

/// The mean of the entries over the axes given, all of them by default; NaN over none.
template <class T>
Variable<T> mean(Variable<T> x) {
  return detail::mean<T>(x, {}, {});
}
template <class T>
Variable<T> mean(Variable<T> x, KeepDims::Option keep) {
  return detail::mean<T>(x, {}, keep);
}
template <class T, detail::AxesArgument A>
Variable<T> mean(Variable<T> x, A&& axes) {
  return detail::mean<T>(x, axes, {});
}
template <class T, detail::AxesArgument A>
Variable<T> mean(Variable<T> x, A&& axes, KeepDims::Option keep) {
  return detail::mean<T>(x, axes, keep);
}
template <class T, class I, std::size_t N>
Variable<T> mean(Variable<T> x, const I (&axes)[N]) {
  return detail::mean<T>(x, axes, {});
}
template <class T, class I, std::size_t N>
Variable<T> mean(Variable<T> x, const I (&axes)[N], KeepDims::Option keep) {
  return detail::mean<T>(x, axes, keep);
}

/// The largest entry over the axes given, all of them by default; NaN where one is. Ties share the gradient
/// equally. Throws ShapeError over none.
template <class T>
Variable<T> max(Variable<T> x) {
  return detail::max<T>(x, {}, {});
}
template <class T>
Variable<T> max(Variable<T> x, KeepDims::Option keep) {
  return detail::max<T>(x, {}, keep);
}
template <class T, detail::AxesArgument A>
Variable<T> max(Variable<T> x, A&& axes) {
  return detail::max<T>(x, axes, {});
}
template <class T, detail::AxesArgument A>
Variable<T> max(Variable<T> x, A&& axes, KeepDims::Option keep) {
  return detail::max<T>(x, axes, keep);
}
template <class T, class I, std::size_t N>
Variable<T> max(Variable<T> x, const I (&axes)[N]) {
  return detail::max<T>(x, axes, {});
}
template <class T, class I, std::size_t N>
Variable<T> max(Variable<T> x, const I (&axes)[N], KeepDims::Option keep) {
  return detail::max<T>(x, axes, keep);
}

}  // namespace xgrad
