#pragma once

#include <autodiff/record_list.hpp>

/// \file
/// The checks of Tape::check_finite. Private to the engine.

namespace xgrad::detail {

/// Throws NotFiniteError if an operation's value is not finite.
void check_value(const char* operation, const Node& result, std::span<const Link> links,
                 const CallSite& site);

/// Throws NotFiniteError if the gradient with respect to an input of a recorded operation is not finite.
void check_gradient(RecordList& list, const Record& operation, std::size_t input, const Node& gradient);

/// Throws NotFiniteError if the initial cotangent of a backward pass is not finite.
void check_cotangent(const char* caller, const Node& cotangent);

}  // namespace xgrad::detail
