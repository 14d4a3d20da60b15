#include <autodiff/instantiate.hpp>
#include <autodiff/ops/detail/axis.hpp>
#include <autodiff/ops/detail/places.hpp>
#include <autodiff/ops/indexing.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace xgrad {
namespace {

/// Offsets of entries from the start of an array.
using Offsets = Array<std::int64_t>;

/// All sums of an entry of `offsets` and one of step(0) ... step(count - 1), the latter varying fastest.
template <class F>
Offsets plus_each(const Offsets& offsets, std::size_t count, const F& step) {
  Offsets result(Shape{offsets.size() * count});
  std::int64_t* out = result.data();
  for (const std::int64_t start : offsets.storage()) {
    for (std::size_t i = 0; i < count; ++i) *out++ = start + step(i);
  }
  return result;
}

/// The entries that a list of indices selects, determined axis by axis.
class Selection {
 public:
  Selection(const char* operation, const Shape& shape, std::span<const detail::Index> indices)
      : operation_(operation), shape_(shape), strides_(kernels::contiguous_strides(shape)) {
    std::size_t ellipses = 0;
    for (const detail::Index& index : indices) {
      if (const auto* mask = std::get_if<Array<bool>>(&index)) {
        named_ += mask->dimension();
      } else if (std::holds_alternative<detail::Ellipsis>(index)) {
        ++ellipses;
      } else if (!std::holds_alternative<detail::NewAxis>(index)) {
        ++named_;
      }
    }
    if (ellipses > 1) throw ShapeError(fmt::format("{}: more than one ellipsis", operation_));
    if (named_ > shape.size()) {
      throw ShapeError(
          fmt::format("{}: {} indices for an array of shape {}", operation_, named_, to_string(shape)));
    }
    for (const detail::Index& index : indices) {
      std::visit([this](const auto& i) { read(i); }, index);
      ++item_;
    }
    while (axis_ < shape_.size()) read(detail::Slice{});
  }

  /// Calls f(places), with a kernels::Strided if no index is an array, otherwise with a kernels::Pick.
  template <class F>
  auto visit(const F& f) const {
    return has_lists_ ? f(pick()) : f(part_);
  }

  /// The shape of the selected part.
  Shape shape() const {
    if (!has_lists_) return part_.shape;
    Shape result(part_.shape.begin(), part_.shape.begin() + static_cast<std::ptrdiff_t>(place()));
    std::copy(lists_.shape().begin(), lists_.shape().end(), std::back_inserter(result));
    std::copy(part_.shape.begin() + static_cast<std::ptrdiff_t>(place()), part_.shape.end(),
              std::back_inserter(result));
    return result;
  }

  /// As `visit`, but only the last occurrence is kept of a place that is selected several times.
  template <class F>
  auto visit_last(const F& f) const {
    return has_lists_ ? f(without_repeats(pick())) : f(part_);
  }

 private:
  void read(std::ptrdiff_t index) {
    part_.offset += checked(index) * strides_[axis_++];
    note_list();
  }

  void read(const detail::NewAxis&) {
    part_.shape.push_back(1);
    part_.strides.push_back(0);
  }

  void read(const detail::Ellipsis&) {
    for (std::size_t i = shape_.size() - named_; i > 0; --i) read(detail::Slice{});
  }

  /// Bounds as in Python's slices: negative ones count from the end, and all are clamped to the extent.
  void read(const detail::Slice& range) {
    const std::ptrdiff_t step = range.step.value_or(1);
    if (step == 0) throw ValueError(fmt::format("{}: the step of a range is zero", operation_));
    const auto extent = static_cast<std::ptrdiff_t>(shape_[axis_]);
    const std::ptrdiff_t lowest = step > 0 ? 0 : -1;
    const std::ptrdiff_t highest = step > 0 ? extent : extent - 1;
    const auto clip = [&](std::ptrdiff_t bound) {
      return std::clamp(bound < 0 ? bound + extent : bound, lowest, highest);
    };
    const std::ptrdiff_t first = range.start ? clip(*range.start) : (step > 0 ? lowest : highest);
    const std::ptrdiff_t last = range.stop ? clip(*range.stop) : (step > 0 ? highest : lowest);
    const std::ptrdiff_t distance = std::max<std::ptrdiff_t>(0, step > 0 ? last - first : first - last);
    // Unsigned, because the magnitude of the lowest step does not fit a signed integer.
    const std::size_t width = step > 0 ? static_cast<std::size_t>(step) : -static_cast<std::size_t>(step);
    const auto way = static_cast<std::size_t>(distance);
    const std::size_t count = way / width + (way % width != 0 ? 1 : 0);
    part_.shape.push_back(count);
    part_.strides.push_back(count > 1 ? step * strides_[axis_] : strides_[axis_]);
    if (count > 0) part_.offset += first * strides_[axis_];
    ++axis_;
  }

  void read(const Array<std::int64_t>& positions) {
    Offsets offsets = positions;
    for (std::int64_t& offset : offsets.storage()) {
      offset = static_cast<std::int64_t>(checked(offset) * strides_[axis_]);
    }
    ++axis_;
    has_lists_ = true;
    note_list();
    join_list(std::move(offsets));
  }

  void read(const Array<bool>& mask) {
    const auto first = shape_.begin() + static_cast<std::ptrdiff_t>(axis_);
    if (!std::equal(mask.shape().begin(), mask.shape().end(), first)) {
      throw ShapeError(
          fmt::format("{}: a mask of shape {} at axis {} of an array of shape {}; expected "
                      "the extents from this axis on",
                      operation_, to_string(mask.shape()), axis_, to_string(shape_)));
    }
    axis_ += mask.dimension();
    const auto entry = static_cast<std::int64_t>(mask.dimension() == 0 ? 0 : strides_[axis_ - 1]);
    Offsets offsets(Shape{static_cast<std::size_t>(std::count(mask.begin(), mask.end(), true))});
    std::int64_t* out = offsets.data();
    for (std::size_t i = 0, found = 0; found < offsets.size(); ++i) {  // without branching on the mask
      out[found] = static_cast<std::int64_t>(i) * entry;
      found += mask.data()[i] ? 1 : 0;
    }
    has_lists_ = true;
    note_list();
    join_list(std::move(offsets));
  }

  /// The index of the current axis, counted from the front. Throws ShapeError if it is out of range.
  std::ptrdiff_t checked(std::ptrdiff_t index) const {
    const auto extent = static_cast<std::ptrdiff_t>(shape_[axis_]);
    if (index < -extent || index >= extent) {
      detail::throw_index(operation_, index, axis_, shape_);
    }
    return index < 0 ? index + extent : index;
  }

  /// Notes that an integer or an array was read: the axes of the arrays go where the first of these indices
  /// is, unless another index separates them.
  void note_list() {
    if (last_list_ == 0) {
      first_list_ = part_.shape.size();
    } else if (last_list_ != item_) {
      is_separated_ = true;
    }
    last_list_ = item_ + 1;
  }

  void join_list(Offsets&& offsets) {
    if (lists_.dimension() == 0) {
      const std::int64_t before = lists_.data()[0];
      lists_ = std::move(offsets);
      if (before == 0) return;
      for (std::int64_t& offset : lists_.storage()) offset += before;
      return;
    }
    const Shape shape = broadcast_shape(operation_, lists_.shape(), offsets.shape());
    Offsets sum(shape);
    xt::noalias(sum) = xt::broadcast(lists_, shape) + xt::broadcast(offsets, shape);
    lists_ = std::move(sum);
  }

  /// The axis of the result at which the axes of the arrays begin.
  std::size_t place() const { return is_separated_ ? 0 : first_list_; }

  /// The number of entries in the last axes that are taken whole: each place then stands for such a row.
  std::size_t row() const {
    std::size_t row = 1;
    for (std::size_t i = part_.shape.size(), axis = shape_.size(); i-- > place() && axis-- > 0;) {
      if (part_.shape[i] != shape_[axis] || part_.strides[i] != strides_[axis]) break;
      row *= shape_[axis];
    }
    return row;
  }

  kernels::Pick pick() const {
    kernels::Pick result{shape(), {}};
    if (element_count(result.shape) == 0) return result;
    const std::size_t row = this->row();
    const std::size_t rows = element_count(result.shape) / row;
    Offsets offsets(Shape{1}, part_.offset);
    for (std::size_t i = 0; i <= part_.shape.size(); ++i) {
      if (i == place()) {
        offsets = plus_each(offsets, lists_.size(), [&](std::size_t k) { return lists_.data()[k]; });
      }
      if (i == part_.shape.size() || offsets.size() == rows) continue;  // the rest are rows
      const std::ptrdiff_t stride = part_.strides[i];
      offsets = plus_each(offsets, part_.shape[i],
                          [=](std::size_t k) { return static_cast<std::ptrdiff_t>(k) * stride; });
    }
    if (row > 1) {
      for (std::int64_t& offset : offsets.storage()) offset /= static_cast<std::int64_t>(row);
    }
    result.axes.push_back({element_count(shape_) / row, rows, detail::share(std::move(offsets))});
    result.axes.push_back({row, row});
    return result;
  }

  static kernels::Pick without_repeats(kernels::Pick pick) {
    if (pick.axes.empty()) return pick;
    kernels::PickAxis& axis = pick.axes.front();
    Array<std::int64_t> indices = *axis.indices;
    Array<bool> is_taken = full<bool>({axis.from}, false);
    for (std::size_t i = indices.size(); i-- > 0;) {
      bool& taken = is_taken.data()[indices.data()[i]];
      if (taken) indices.data()[i] = -1;
      taken = true;
    }
    axis.indices = detail::share(std::move(indices));
    return pick;
  }

  const char* operation_;
  const Shape& shape_;
  xt::svector<std::ptrdiff_t, 4> strides_;
  kernels::Strided part_;  // of the axes with slices
  std::size_t axis_ = 0;
  std::size_t item_ = 0;
  std::size_t named_ = 0;
  bool has_lists_ = false;
  Offsets lists_ = full<std::int64_t>({}, 0);  // offsets of the arrays
  std::size_t first_list_ = 0;
  std::size_t last_list_ = 0;  // its item plus 1, or 0 for none
  bool is_separated_ = false;
};

/// x with zeros at these places.
template <class T, class Places>
Variable<T> without(Variable<T>&& x, const Places& places) {
  if (!detail::is_recording() && x.node().is_unique()) {
    const bool constant = x.node()->constant;
    Variable<T> result = detail::renewed(std::move(x));
    kernels::clear_at(detail::entries(result), places);
    detail::mark_computed(*result.node(), constant);
    return result;
  }
  Array<T> value = x.value();
  kernels::clear_at(value, places);
  return operation("index_update", std::move(value),
                   {x, [places](Variable<T>&& g) { return without(std::move(g), places); }});
}

template <class T, class Places>
Variable<T> set_entries(const Variable<T>& x, const Places& places, const Variable<T>& value) {
  Array<T> result = x.value();
  kernels::set_at(result, places, value.value());
  return operation(
      "index_update", std::move(result),
      {{x, [places](Variable<T>&& g) { return without(std::move(g), places); }},
       {value, [places](const Variable<T>& g) { return detail::entries_at("entries", g, places); }}});
}

}  // namespace

namespace detail {

void throw_index(const char* operation, std::ptrdiff_t index, std::size_t axis, const Shape& shape) {
  throw ShapeError(fmt::format("{}: index {} is out of range for axis {} of an array of shape {}", operation,
                               index, axis, to_string(shape)));
}

template <class T>
Variable<T> view(const Variable<T>& x, std::span<const Index> indices) {
  return Selection("view", x.shape(), indices).visit([&](const auto& places) {
    return entries_at("view", x, places);
  });
}

template <class T>
Variable<T> masked_select(const Variable<T>& x, const Array<bool>& mask) {
  const Index indices[] = {mask};
  return Selection("masked_select", x.shape(), indices).visit([&](const auto& places) {
    return entries_at("masked_select", x, places);
  });
}

template <class T>
Variable<T> index_update(const Variable<T>& x, std::span<const Index> indices, const Variable<T>& value) {
  const Selection chosen("index_update", x.shape(), indices);
  const Variable<T> fitting = fit_value("index_update", value, chosen.shape());
  return chosen.visit_last([&](const auto& places) { return set_entries(x, places, fitting); });
}

template <class T>
Variable<T> index_add(const Variable<T>& x, std::span<const Index> indices, const Variable<T>& value) {
  const Selection chosen("index_add", x.shape(), indices);
  const Variable<T> fitting = fit_value("index_add", value, chosen.shape());
  return chosen.visit([&](const auto& places) { return add_entries("index_add", x, places, fitting); });
}

}  // namespace detail

#define XGRAD_INSTANTIATE(T)                                                                       \
  template Variable<T> detail::view<T>(const Variable<T>&, std::span<const detail::Index>);        \
  template Variable<T> detail::masked_select<T>(const Variable<T>&, const Array<bool>&);           \
  template Variable<T> detail::index_update<T>(const Variable<T>&, std::span<const detail::Index>, \
                                               const Variable<T>&);                                \
  template Variable<T> detail::index_add<T>(const Variable<T>&, std::span<const detail::Index>,    \
                                            const Variable<T>&);
XGRAD_FOR_EACH_SCALAR(XGRAD_INSTANTIATE)
#undef XGRAD_INSTANTIATE

}  // namespace xgrad
