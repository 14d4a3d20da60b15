#pragma once

#include <autodiff/recorder.hpp>
#include <autodiff/transforms/grad.hpp>

#include <functional>
#include <tuple>
#include <utility>

/// \file
/// Gradient checkpointing: saves memory by recomputing parts of the computation in the backward pass.

namespace xgrad {

namespace detail {

/// A function and its arguments.
template <class T>
using Block = std::function<Variable<T>()>;

template <class T>
XGRAD_API Variable<T> checkpoint(Block<T> block);

}  // namespace detail

/// f(inputs...), for which tapes save only the inputs: the backward pass calls f again, and the values that
/// its operations save live only while their pullbacks run. A chain of n blocks with a checkpoint around
/// every sqrt(n) blocks needs memory proportional to sqrt(n), at the cost of one more forward pass.
///
///     for (auto& stage : stages) h = checkpoint([&](const auto& x) { return stage(x); }, h);
///
/// Values and gradients of any order are bit-identical to those without checkpoint, with respect to the
/// inputs and everything else that f uses, including captured Variables and parameters. The recomputation
/// draws the same numbers from the default generator (dropout); draws from other generators are not repeated.
///
/// The inputs are Variables, arrays or numbers, and are passed to f unchanged. The tape stores copies of f
/// and the inputs. What f captures by reference, such as a model (or std::ref(net)), must live until the
/// backward pass and must not change: if a parameter was changed or a captured Variable assigned to in
/// between, the backward pass throws VersionError. If no tape records, this just calls f.
template <class F, class... X>
auto checkpoint(F f, const X&... inputs) {
  detail::check_kept<F>();
  using Result = decltype(detail::call(f, inputs...));
  using T = typename Result::value_type;
  if (!detail::is_recording()) return Result(detail::call(f, inputs...));
  return detail::checkpoint<T>([f = std::move(f), kept = std::tuple(detail::kept(inputs)...)]() mutable {
    return std::apply([&](const auto&... each) { return detail::call(f, each...); }, kept);
  });
}

}  // namespace xgrad
