#include <autodiff/instantiate.hpp>
#include <autodiff/ops/detail/places.hpp>
#include <autodiff/ops/padding.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace xgrad {
namespace {

const char* to_string(PadMode mode) {
  switch (mode) {
    case PadMode::edge:
      return "edge";
    case PadMode::reflect:
      return "reflect";
    case PadMode::symmetric:
      return "symmetric";
    case PadMode::wrap:
      return "wrap";
    case PadMode::constant:
      break;
  }
  return "constant";
}

/// The remainder in [0, period).
std::ptrdiff_t modulo(std::ptrdiff_t i, std::ptrdiff_t period) { return (i % period + period) % period; }

/// The index of the entry, in an axis of n entries, at position i of its continuation to both sides; -1 for
/// none.
std::ptrdiff_t continued(PadMode mode, std::ptrdiff_t i, std::ptrdiff_t n) {
  if (i >= 0 && i < n) return i;
  switch (mode) {
    case PadMode::edge:
      return std::clamp<std::ptrdiff_t>(i, 0, n - 1);
    case PadMode::reflect: {
      if (n == 1) return 0;
      const std::ptrdiff_t place = modulo(i, 2 * (n - 1));
      return std::min(place, 2 * (n - 1) - place);
    }
    case PadMode::symmetric: {
      const std::ptrdiff_t place = modulo(i, 2 * n);
      return std::min(place, 2 * n - 1 - place);
    }
    case PadMode::wrap:
      return modulo(i, n);
    case PadMode::constant:
      break;
  }
  return -1;
}

}  // namespace

template <class T>
Variable<T> pad(const Variable<T>& x, const PadWidths& widths, const PadOptions& options) {
  const Shape& shape = x.shape();
  const std::vector<PadWidth>& list = widths.list();
  if (list.size() != 1 && list.size() != shape.size()) {
    throw ShapeError(fmt::format("pad: {} pairs of widths for an array of shape {}; expected {} or one",
                                 list.size(), to_string(shape), shape.size()));
  }
  kernels::Pick pick;
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    const PadWidth& width = list[list.size() == 1 ? 0 : axis];
    if (width.before < 0 || width.after < 0) {
      throw ValueError(fmt::format("pad: widths {} and {} on axis {}; expected nonnegative numbers",
                                   width.before, width.after, axis));
    }
    const auto added = static_cast<std::size_t>(width.before) + static_cast<std::size_t>(width.after);
    pick.shape.push_back(detail::add_extents(shape[axis], added));
  }
  detail::check_size("pad", pick.shape, sizeof(T));
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    const PadWidth& width = list[list.size() == 1 ? 0 : axis];
    const auto n = static_cast<std::ptrdiff_t>(shape[axis]);
    const std::size_t extent = pick.shape[axis];
    pick.axes.push_back({shape[axis], extent});
    if (extent == shape[axis]) continue;
    if (n == 0 && options.mode != PadMode::constant) {
      throw ShapeError(
          fmt::format("pad: axis {} of an array of shape {} is empty; mode '{}' cannot extend it", axis,
                      to_string(shape), to_string(options.mode)));
    }
    detail::check_size("pad", {extent}, sizeof(std::int64_t));  // another axis may be empty
    pick.axes.back().indices = detail::make_indices(extent, [&](std::size_t i) {
      return continued(options.mode, static_cast<std::ptrdiff_t>(i) - width.before, n);
    });
  }
  return operation("pad", kernels::gather(x.value(), pick, static_cast<T>(options.value)),
                   {x, [pick, s = x.shape()](const Variable<T>& g) { return detail::put_at(g, pick, s); }});
}

#define XGRAD_INSTANTIATE(T) \
  template Variable<T> pad<T>(const Variable<T>&, const PadWidths&, const PadOptions&);
XGRAD_FOR_EACH_SCALAR(XGRAD_INSTANTIATE)
#undef XGRAD_INSTANTIATE

}  // namespace xgrad
