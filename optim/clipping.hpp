#pragma once

#include <autodiff/config.hpp>
#include <autodiff/parameter.hpp>
#include <nn/module.hpp>

#include <vector>

/// \file
/// The norm of the gradients, and clipping by it.

namespace xgrad::optim {

namespace detail {

/// Drops the names of the parameters.
template <class T>
std::vector<ParameterHandle<T>> handles(const std::vector<nn::NamedParameter<T>>& parameters) {
  std::vector<ParameterHandle<T>> result;
  result.reserve(parameters.size());
  for (const auto& each : parameters) result.push_back(each.parameter);
  return result;
}

}  // namespace detail

/// The Euclidean norm of the gradients of these parameters, taken as one vector; 0 if no parameter has a
/// gradient. It is computed in double, overflows only if the norm itself does, and does not depend on the
/// number of threads. It is NaN if an entry is NaN, otherwise infinite if an entry is infinite.
template <class T>
XGRAD_API double grad_norm(const std::vector<ParameterHandle<T>>& parameters);
template <class T>
XGRAD_API double grad_norm(const std::vector<nn::NamedParameter<T>>& parameters);

/// Clips by the global norm (Pascanu et al., On the difficulty of training recurrent neural networks, 2013):
/// if the norm of all gradients, taken as one vector, exceeds `max_norm`, they are multiplied by
/// max_norm / norm, which keeps their direction. Returns the norm before clipping.
///
/// If the norm is NaN or infinite, it is returned and the gradients are unchanged, so that the caller can
/// skip the step. max_norm may be infinite, in which case nothing is clipped. Each parameter should be listed
/// once. Throws ValueError unless max_norm > 0.
template <class T>
XGRAD_API double clip_grad_norm(const std::vector<ParameterHandle<T>>& parameters, double max_norm);
template <class T>
XGRAD_API double clip_grad_norm(const std::vector<nn::NamedParameter<T>>& parameters, double max_norm);

}  // namespace xgrad::optim
