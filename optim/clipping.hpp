#pragma once

#include <autodiff/config.hpp>
#include <autodiff/parameter.hpp>
#include <nn/module.hpp>

#include <vector>

/// \file
/// The length of a gradient, and a limit for it.

namespace xgrad::optim {

namespace detail {

/// The parameters without their names.
template <class T>
std::vector<ParameterHandle<T>> handles(const std::vector<nn::NamedParameter<T>>& parameters) {
  std::vector<ParameterHandle<T>> result;
  result.reserve(parameters.size());
  for (const auto& each : parameters) result.push_back(each.parameter);
  return result;
}

}  // namespace detail

/// The Euclidean norm of the gradients of all these parameters, taken as one vector; 0 where there is none.
/// It is computed in double, does not overflow unless the norm does, and does not depend on the number of
/// threads. A NaN among the entries gives NaN, an infinity (and no NaN) gives infinity.
template <class T>
XGRAD_API double grad_norm(const std::vector<ParameterHandle<T>>& parameters);
template <class T>
XGRAD_API double grad_norm(const std::vector<nn::NamedParameter<T>>& parameters);

/// Clips by the global norm (Pascanu et al., On the difficulty of training recurrent neural networks, 2013):
/// where the norm of all gradients, taken as one vector, is greater than `max_norm`, they are multiplied by
/// max_norm / norm. The direction stays. Returns the norm before clipping.
///
/// A norm that is NaN or infinite is returned and the gradients are left as they are: there is no direction
/// to keep, and the caller may skip the step. The largest norm may be infinity: then nothing is clipped.
/// Each parameter should be listed once. Throws ValueError where max_norm is not greater than 0.
template <class T>
XGRAD_API double clip_grad_norm(const std::vector<ParameterHandle<T>>& parameters, double max_norm);
template <class T>
XGRAD_API double clip_grad_norm(const std::vector<nn::NamedParameter<T>>& parameters, double max_norm);

}  // namespace xgrad::optim
