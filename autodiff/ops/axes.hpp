#pragma once

#include <autodiff/ops/lift.hpp>

#include <concepts>
#include <initializer_list>
#include <limits>
#include <utility>
#include <vector>

/// \file
/// Axes and options of reductions: `sum(x)`, `sum(x, 0)`, `sum(x, {0, -1})`, `sum(x, {0}, keep_dims)`, as in
/// xtensor, and `var(x, 0, {.ddof = 1, .keep = keep_dims})` for further options. Negative axes count from the
/// last. Axes out of range or repeated throw ShapeError.
///
/// xtensor and the standard library have functions of the same names (`sum`, `max`, `median`) that accept any
/// type. With their namespaces open, ours are chosen for Variables because they mirror those overloads and
/// are more specialised. Hence each reduction has three overloads: all axes, axes of any type, and a list in
/// braces, whose type a template cannot deduce otherwise; options are the last argument of each.

namespace xgrad {

/// The option of a reduction to keep the reduced axes, with extent 1 (xtensor's).
using xt::keep_dims;

/// Whether a reduction keeps the reduced axes, with extent 1; converted from xtensor's `keep_dims`.
class KeepDims {
 public:
  /// The type of xtensor's `keep_dims`.
  using Option = std::decay_t<decltype(xt::keep_dims)>;
  constexpr KeepDims() = default;
  constexpr KeepDims(const Option&) : keep_(true) {}
  constexpr explicit operator bool() const { return keep_; }

 private:
  bool keep_ = false;
};

/// A container of integers, not of characters.
template <class R>
concept IntegerRange = requires(const R& r) {
  requires std::integral<std::remove_cvref_t<decltype(*std::begin(r))>>;
  requires !std::same_as<std::remove_cvref_t<decltype(*std::begin(r))>, char>;
  std::end(r);
};

/// The axes of a reduction; all axes if default-constructed.
class Axes {
 public:
  Axes() = default;
  Axes(int axis) : all_(false), axes_{axis} {}
  Axes(std::integral auto axis) : Axes(to_int(axis)) {}
  Axes(std::floating_point auto) = delete;  // in norm(x, 2.0), 2.0 is not an axis
  Axes(std::initializer_list<int> axes) : all_(false), axes_(axes) {}
  template <IntegerRange R>
  Axes(const R& axes) : all_(false) {
    for (const auto axis : axes) axes_.push_back(to_int(axis));
  }

  /// For an array of this shape, true for each axis that is reduced. Throws ShapeError for an axis out of
  /// range or repeated.
  XGRAD_API std::vector<bool> reduced(const char* operation, const Shape& shape) const;

 private:
  /// An integer that does not fit an int is not an axis of any array, and neither is INT_MAX.
  static int to_int(std::integral auto axis) {
    return std::in_range<int>(+axis) ? static_cast<int>(axis) : std::numeric_limits<int>::max();
  }

  bool all_ = true;
  std::vector<int> axes_;
};

namespace detail {

template <class A>
concept AxesArgument = std::constructible_from<Axes, const std::remove_cvref_t<A>&>;

/// The last argument of a reduction: its options, or `keep_dims` alone.
template <class O, class Options>
concept OptionsArgument = std::same_as<O, Options> || std::same_as<O, KeepDims::Option>;

/// Converts such an argument to options.
template <class Options>
Options to_options(const Options& options) {
  return options;
}
template <class Options>
Options to_options(const KeepDims::Option& keep)
  requires(!std::same_as<Options, KeepDims>)
{
  return Options{.keep = keep};
}

}  // namespace detail

}  // namespace xgrad
