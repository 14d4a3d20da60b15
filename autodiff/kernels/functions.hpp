#pragma once

#include <autodiff/kernels/error_function.hpp>
#include <autodiff/kernels/exponential.hpp>
#include <autodiff/kernels/hyperbolic.hpp>
#include <autodiff/kernels/logarithm.hpp>
#include <autodiff/kernels/power.hpp>
#include <autodiff/kernels/trigonometry.hpp>

/// \file
/// The elementary functions of batches, each within 4 units in the last place over the whole range, with
/// IEEE's special values and subnormal numbers. Operations and `elementwise` call these and no others.
