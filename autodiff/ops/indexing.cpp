#include <autodiff/instantiate.hpp>
#include <autodiff/kernels/strided.hpp>
#include <autodiff/ops/indexing.hpp>

#include <fmt/format.h>

#include <optional>

namespace xgrad {
namespace {

/// x at the entries that `part` names; its pullback puts them back into zeros, and the pullback of that is
/// this again.
template <class T>
Variable<T> gather(const Variable<T>& x, const kernels::Strided& part);

template <class T>
Variable<T> scatter(const Variable<T>& x, const kernels::Strided& part, const Shape& shape) {
  return operation("view_scatter", kernels::scatter(x.value(), part, shape),
                   {x, [part](const Variable<T>& g) { return gather(g, part); }});
}

template <class T>
Variable<T> gather(const Variable<T>& x, const kernels::Strided& part) {
  return operation("view", kernels::gather(x.value(), part),
                   {x, [part, s = x.shape()](const Variable<T>& g) { return scatter(g, part, s); }});
}

using Bound = std::optional<std::ptrdiff_t>;

Bound to_bound(std::ptrdiff_t value) { return value; }
Bound to_bound(xt::placeholders::xtuph) { return std::nullopt; }

/// What the slices choose, worked out axis by axis.
class SliceReader {
 public:
  SliceReader(const Shape& shape, const xt::xstrided_slice_vector& slices) : shape_(shape) {
    for (const auto& slice : slices) {
      if (xtl::holds_alternative<xt::xellipsis_tag>(slice)) {
        if (has_ellipsis_) throw ShapeError("view: more than one ellipsis");
        has_ellipsis_ = true;
      } else if (!xtl::holds_alternative<xt::xnewaxis_tag>(slice)) {
        ++named_;
      }
    }
    if (named_ > shape.size()) {
      throw ShapeError(fmt::format("view: {} slices for an array of shape {}", named_, to_string(shape)));
    }
    strides_.resize(shape.size(), 1);
    for (std::size_t i = shape.size(); i-- > 1;)
      strides_[i - 1] = strides_[i] * static_cast<std::ptrdiff_t>(shape[i]);
    for (const auto& slice : slices) xtl::visit([this](const auto& s) { read(s); }, slice);
    while (axis_ < shape_.size()) read(xt::xall_tag{});
  }

  const kernels::Strided& part() const { return part_; }

 private:
  void read(std::ptrdiff_t index) {
    const auto extent = static_cast<std::ptrdiff_t>(shape_[axis_]);
    if (index < -extent || index >= extent) {
      throw ShapeError(
          fmt::format("view: index {} on axis {} of an array of shape {}", index, axis_, to_string(shape_)));
    }
    part_.offset += (index < 0 ? index + extent : index) * strides_[axis_++];
  }
  void read(xt::xall_tag) { take(0, static_cast<std::ptrdiff_t>(shape_[axis_]), 1); }
  void read(xt::xnewaxis_tag) {
    part_.shape.push_back(1);
    part_.strides.push_back(0);
  }
  void read(xt::xellipsis_tag) {
    for (std::size_t i = shape_.size() - named_; i > 0; --i) read(xt::xall_tag{});
  }
  template <class A, class B, class C>
  void read(const xt::xrange_adaptor<A, B, C>& range) {
    read_range(to_bound(range.start()), to_bound(range.stop()), to_bound(range.step()).value_or(1));
  }
  void read(const xt::xrange<std::ptrdiff_t>& range) { read_range(range(0), range(0) + range.size(), 1); }
  void read(const xt::xstepped_range<std::ptrdiff_t>& range) {
    const std::ptrdiff_t step = range.step_size();
    const std::ptrdiff_t stop = range(0) + range.size() * step;
    read_range(range(0), step < 0 && stop < 0 ? Bound() : Bound(stop), step);
  }

  /// Bounds as Python's slices have them: negative ones count from the end, and they stop at the ends.
  void read_range(Bound start, Bound stop, std::ptrdiff_t step) {
    if (step == 0) throw ValueError("view: the step of a range is zero");
    const auto extent = static_cast<std::ptrdiff_t>(shape_[axis_]);
    const std::ptrdiff_t lowest = step > 0 ? 0 : -1;
    const std::ptrdiff_t highest = step > 0 ? extent : extent - 1;
    const auto clip = [&](std::ptrdiff_t bound) {
      return std::clamp(bound < 0 ? bound + extent : bound, lowest, highest);
    };
    const std::ptrdiff_t first = start ? clip(*start) : (step > 0 ? lowest : highest);
    const std::ptrdiff_t last = stop ? clip(*stop) : (step > 0 ? highest : lowest);
    const std::ptrdiff_t distance = step > 0 ? last - first : first - last;
    const std::ptrdiff_t width = step > 0 ? step : -step;
    take(first, std::max<std::ptrdiff_t>(0, (distance + width - 1) / width), step);
  }

  void take(std::ptrdiff_t start, std::ptrdiff_t count, std::ptrdiff_t step) {
    part_.shape.push_back(static_cast<std::size_t>(count));
    part_.strides.push_back(step * strides_[axis_]);
    if (count > 0) part_.offset += start * strides_[axis_];
    ++axis_;
  }

  const Shape& shape_;
  std::vector<std::ptrdiff_t> strides_;
  kernels::Strided part_;
  std::size_t axis_ = 0;
  std::size_t named_ = 0;
  bool has_ellipsis_ = false;
};

}  // namespace

namespace detail {

template <class T>
Variable<T> slice(const Variable<T>& x, const xt::xstrided_slice_vector& slices) {
  return gather(x, SliceReader(x.shape(), slices).part());
}

template <class T>
Variable<T> axis_range(const Variable<T>& x, const AxisRange& range) {
  xt::xstrided_slice_vector slices(range.axis, xt::all());
  slices.push_back(xt::xrange<std::ptrdiff_t>(static_cast<std::ptrdiff_t>(range.start),
                                              static_cast<std::ptrdiff_t>(range.start + range.count)));
  return slice(x, slices);
}

}  // namespace detail

#define XGRAD_INSTANTIATE(T)                                                                   \
  template Variable<T> detail::slice<T>(const Variable<T>&, const xt::xstrided_slice_vector&); \
  template Variable<T> detail::axis_range<T>(const Variable<T>&, const AxisRange&);
XGRAD_FOR_EACH_SCALAR(XGRAD_INSTANTIATE)
#undef XGRAD_INSTANTIATE

}  // namespace xgrad
