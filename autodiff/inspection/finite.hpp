#pragma once

#include <autodiff/record_list.hpp>

/// \file
/// What Tape::check_finite does. Private to the engine.

namespace xgrad::detail {

/// Throws NotFiniteError where the value that an operation has computed is not finite.
void check_value(const char* operation, const Node& result, std::span<const Link> links,
                 const CallSite& site);

/// Throws NotFiniteError where the gradient by an input of a recorded operation is not finite.
void check_gradient(RecordList& list, const Record& operation, std::size_t input, const Node& gradient);

/// Throws NotFiniteError where the cotangent that a replay is to start from is not finite.
void check_cotangent(const char* caller, const Node& cotangent);

}  // namespace xgrad::detail
