#pragma once

#include <autodiff/tape.hpp>

/// \file
/// Inputs and results of the innermost tape, for what opens a tape to differentiate a function.

namespace xgrad::detail {

/// Records x as an input of the innermost tape, whether or not the function uses it.
template <class T>
XGRAD_API Variable<T> as_input(const Variable<T>& x);

/// A new input of the innermost tape with the value of x and no other handles; on outer tapes it is derived
/// from x.
template <class T>
XGRAD_API Variable<T> new_input(Variable<T> x);

/// y as a result recorded by the innermost tape, even if the function returns one of its arguments or a value
/// computed before the tape was opened.
template <class T>
XGRAD_API Variable<T> as_result(const Variable<T>& y);

}  // namespace xgrad::detail
