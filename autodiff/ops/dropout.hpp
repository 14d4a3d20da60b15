#pragma once

#include <autodiff/ops/lift.hpp>
#include <autodiff/random.hpp>

/// \file
/// Dropout (section 5 of the note).

namespace xgrad {

/// What survives dropout, and how it is scaled.
struct DropoutOptions {
  double keep = 0.5;      ///< p, the probability to KEEP an entry, in (0, 1]
  bool inverted = true;   ///< scale what is kept by 1 / p; the note instead scales by p at test time
  bool channels = false;  ///< drop whole channels, entries of the last axis, of each sample, together
};

/// x with each entry set to zero independently with probability 1 - keep; with `channels`, each channel of
/// each sample of x {N, ..., C}, whose neighbours in space are alike (Tompson et al., Efficient object
/// localization, 2015, PyTorch's dropout2d). Throws ValueError for a `keep` outside (0, 1], ShapeError for
/// channels of an x with fewer than two axes.
template <class T>
XGRAD_API Variable<T> dropout(const Variable<T>& x, const DropoutOptions& options = {},
                              Generator& generator = default_generator());

}  // namespace xgrad
