#pragma once

#include <autodiff/config.hpp>
#include <autodiff/parameter.hpp>
#include <nn/module.hpp>

#include <vector>

namespace xgrad::optim {

/// The max-norm constraint, which goes well with dropout (section 5 of the note; Srivastava et al., Dropout,
/// 2014, section 5.1; Keras' `max_norm`): where the Euclidean norm of a unit's incoming weights is greater
/// than `max_norm`, they are multiplied by max_norm / norm.
///
/// The incoming weights of a unit are those of one entry of the first axis: a row of a Linear layer's
/// {out, in}, a kernel of a convolution's {out, kH, kW, in}. Parameters of fewer than two axes, biases, are
/// left alone, and units within the limit stay as they are to the last bit. A unit with a NaN stays, too.
/// Optimisers have an option `max_norm` that does this after each step. Throws ValueError where max_norm is
/// not greater than 0.
template <class T>
XGRAD_API void constrain_max_norm(ParameterHandle<T> parameter, double max_norm);
template <class T>
XGRAD_API void constrain_max_norm(const std::vector<nn::NamedParameter<T>>& parameters, double max_norm);

}  // namespace xgrad::optim
