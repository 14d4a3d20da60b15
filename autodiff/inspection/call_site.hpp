#pragma once

#include <array>
#include <cstdint>
#include <string>

/// \file
/// Finds where the user's program called an operation. Private to the engine.

namespace xgrad::detail {

/// Return addresses on the stack outside this library, innermost first; zeros after the last.
struct CallSite {
  std::array<std::uintptr_t, 16> addresses{};
};

/// Captures the current call stack. Takes microseconds.
CallSite call_site();

/// The innermost function that is neither xgrad's nor the standard library's: `at FILE:LINE` if the program
/// has debug information, otherwise `in FUNCTION` or `at MODULE+OFFSET`. Empty if the platform provides no
/// information. Slow: reads the program's debug information.
std::string place_in_program(const CallSite& site);

}  // namespace xgrad::detail
