#pragma once

#include <autodiff/recorder.hpp>
#include <autodiff/transforms/grad.hpp>

#include <functional>
#include <tuple>
#include <utility>

/// \file
/// Time for memory: a part of a computation that is computed again where its gradient is needed.

namespace xgrad {

namespace detail {

/// A function and its arguments.
template <class T>
using Block = std::function<Variable<T>()>;

template <class T>
XGRAD_API Variable<T> checkpoint(Block<T> block);

}  // namespace detail

/// f(inputs...), of which the tapes keep the inputs alone: the backward pass calls f again, and what its
/// operations save lives only while they are replayed. A chain of n blocks with a checkpoint around every
/// sqrt(n) of them needs memory in proportion to sqrt(n), and the time of one more forward pass.
///
///     for (auto& stage : stages) h = checkpoint([&](const auto& x) { return stage(x); }, h);
///
/// Values and gradients have the bits that they have without it, to any order, by the inputs and by all else
/// that f uses, captured Variables and parameters included. f draws the same numbers from the default
/// generator again (dropout); those from a generator of its own are not repeated.
///
/// The inputs are Variables, arrays and numbers, and reach f as they are. The tape keeps copies of f and of
/// the inputs; what f captures by reference, such as a model (std::ref(net) does), has to live until the tape
/// is replayed, and to be what it was: a parameter that was changed meanwhile, or a captured Variable that
/// was assigned to, makes the backward pass throw VersionError. Where no tape records, this is a call of f.
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
