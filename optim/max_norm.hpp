#pragma once

#include <autodiff/config.hpp>
#include <autodiff/parameter.hpp>
#include <nn/module.hpp>

#include <vector>

namespace xgrad::optim {

/// The max-norm constraint, often combined with dropout (section 5 of the note; Srivastava et al., Dropout,
/// 2014, section 5.1; Keras' `max_norm`): if the Euclidean norm of a unit's incoming weights exceeds
/// `max_norm`, they are multiplied by max_norm / norm.
///
/// The incoming weights of a unit are a slice at one index of the first axis: a row of a Linear layer's
/// weight {out, in}, a kernel of a convolution's weight {out, kH, kW, in}. Parameters of rank less than 2
/// (biases) are unchanged; units within the limit, and units that contain a NaN, are unchanged bit for bit.
/// The optimisers' option `max_norm` applies the constraint after each step. Throws ValueError unless
/// max_norm > 0.
template <class T>
XGRAD_API void constrain_max_norm(ParameterHandle<T> parameter, double max_norm);
template <class T>
XGRAD_API void constrain_max_norm(const std::vector<nn::NamedParameter<T>>& parameters, double max_norm);

}  // namespace xgrad::optim
