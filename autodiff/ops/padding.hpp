#pragma once

#include <autodiff/ops/lift.hpp>

#include <concepts>
#include <initializer_list>
#include <utility>
#include <vector>

/// \file
/// Arrays with more entries around them.

namespace xgrad {

/// What stands around a padded array, shown for {1, 2, 3} with two more entries on either side.
enum class PadMode {
  constant,   ///< one number, 0 unless another is given: 0 0 | 1 2 3 | 0 0
  edge,       ///< the outermost entry: 1 1 | 1 2 3 | 3 3
  reflect,    ///< mirrored at the outermost entry: 3 2 | 1 2 3 | 2 1
  symmetric,  ///< mirrored beyond the outermost entry: 2 1 | 1 2 3 | 3 2
  wrap        ///< as if the array repeated: 2 3 | 1 2 3 | 1 2
};

struct PadOptions {
  PadMode mode = PadMode::constant;
  double value = 0;  ///< what `constant` writes
};

/// How many entries come before and after those of an axis.
struct PadWidth {
  template <std::integral A, std::integral B>
  PadWidth(A before_, B after_)
      : before(static_cast<std::ptrdiff_t>(before_)), after(static_cast<std::ptrdiff_t>(after_)) {}

  std::ptrdiff_t before;
  std::ptrdiff_t after;
};

/// The widths of all axes, {{1, 2}, {0, 0}}, or one pair that each axis has, {1, 2}.
class PadWidths {
 public:
  template <std::integral A, std::integral B>
  PadWidths(A before, B after) : widths_{{before, after}} {}
  PadWidths(std::initializer_list<PadWidth> widths) : widths_(widths) {}
  PadWidths(std::vector<PadWidth> widths) : widths_(std::move(widths)) {}

  const std::vector<PadWidth>& list() const { return widths_; }

 private:
  std::vector<PadWidth> widths_;
};

/// x with more entries before and after those of each axis: pad(x, 1), pad(x, {1, 2}, {.value = 3}),
/// pad(x, {{0, 0}, {1, 1}}, {.mode = PadMode::reflect}). Entries that appear several times get the sum of
/// their gradients. Throws ShapeError for another number of pairs than one or that of the axes, or where an
/// empty axis is to be extended by its own entries, ValueError for a negative width.
template <class T, std::integral I>
Variable<T> pad(Variable<T> x, I width, const PadOptions& options = {});
template <class T>
XGRAD_API Variable<T> pad(const Variable<T>& x, const PadWidths& widths, const PadOptions& options = {});

// More specialised than xtensor's `pad`.
template <class T, std::integral I>
Variable<T> pad(Variable<T> x, I width, const PadOptions& options) {
  return pad(x, PadWidths(width, width), options);
}

}  // namespace xgrad
