#pragma once

#include <autodiff/ops/lift.hpp>

#include <concepts>
#include <initializer_list>
#include <utility>
#include <vector>

/// \file
/// Padding of arrays.

namespace xgrad {

/// The values of the padding, shown for {1, 2, 3} with two entries on either side.
enum class PadMode {
  constant,   ///< one number, by default 0: 0 0 | 1 2 3 | 0 0
  edge,       ///< the outermost entry: 1 1 | 1 2 3 | 3 3
  reflect,    ///< mirrored, the outermost entry not repeated: 3 2 | 1 2 3 | 2 1
  symmetric,  ///< mirrored, the outermost entry repeated: 2 1 | 1 2 3 | 3 2
  wrap        ///< continued periodically: 2 3 | 1 2 3 | 1 2
};

/// Options for pad.
struct PadOptions {
  PadMode mode = PadMode::constant;  ///< the values of the padding
  double value = 0;                  ///< the number that `constant` pads with
};

/// The numbers of entries to add before and after an axis.
struct PadWidth {
  template <std::integral A, std::integral B>
  PadWidth(A before_, B after_)
      : before(static_cast<std::ptrdiff_t>(before_)), after(static_cast<std::ptrdiff_t>(after_)) {}

  std::ptrdiff_t before;  ///< number of entries before the first
  std::ptrdiff_t after;   ///< number of entries after the last
};

/// The widths of each axis, {{1, 2}, {0, 0}}, or one pair for all axes, {1, 2}.
class PadWidths {
 public:
  template <std::integral A, std::integral B>
  PadWidths(A before, B after) : widths_{{before, after}} {}
  PadWidths(std::initializer_list<PadWidth> widths) : widths_(widths) {}
  PadWidths(std::vector<PadWidth> widths) : widths_(std::move(widths)) {}

  /// One pair for each axis, or a single pair for all axes.
  const std::vector<PadWidth>& list() const { return widths_; }

 private:
  std::vector<PadWidth> widths_;
};

/// x with entries added before and after each axis: pad(x, 1), pad(x, {1, 2}, {.value = 3}), pad(x, {{0, 0},
/// {1, 1}}, {.mode = PadMode::reflect}). An entry that appears several times gets the sum of its gradients.
/// Throws ShapeError if the number of pairs is neither one nor the number of axes, or if an empty axis would
/// be padded from its own entries, ValueError for a negative width.
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
