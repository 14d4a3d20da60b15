#pragma once

#include <autodiff/ops/lift.hpp>
#include <autodiff/random.hpp>

/// \file
/// Dropout (section 5 of the note).

namespace xgrad {

/// Options for dropout.
struct DropoutOptions {
  double keep = 0.5;      ///< p, the probability to KEEP an entry, in (0, 1]
  bool inverted = true;   ///< scale kept entries by 1 / p; the note instead scales by p at test time
  bool channels = false;  ///< drop whole channels (indices of the last axis) of each sample
};

/// x with each entry set to zero independently with probability 1 - keep; with `channels`, each channel of
/// each sample of x {N, ..., C}, because adjacent entries are correlated (Tompson et al., Efficient object
/// localization, 2015, PyTorch's dropout2d). Throws ValueError for a `keep` outside (0, 1], ShapeError for
/// `channels` and an x with fewer than two axes.
template <class T>
XGRAD_API Variable<T> dropout(const Variable<T>& x, const DropoutOptions& options = {},
                              Generator& generator = default_generator());

}  // namespace xgrad
