#pragma once

#include <array>
#include <cstdint>
#include <string>

/// \file
/// Where in the user's program an operation was called. Private to the engine.

namespace xgrad::detail {

/// Return addresses on the stack outside this library, innermost first; zeros after the last.
struct CallSite {
  std::array<std::uintptr_t, 16> addresses{};
};

/// The stack as it is now. Costs microseconds.
CallSite call_site();

/// The innermost function that is not xgrad's own, nor the standard library's: `at FILE:LINE` where the
/// program has debug information, `in FUNCTION` or `at MODULE+OFFSET` elsewhere. Empty where the platform
/// tells nothing. Costs as much as reading the program's debug information.
std::string place_in_program(const CallSite& site);

}  // namespace xgrad::detail
