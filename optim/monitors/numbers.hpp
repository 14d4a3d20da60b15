#pragma once

#include <optional>
#include <string>

/// \file
/// Numbers as people read them, in few characters. Not installed.

namespace xgrad::optim::detail {

/// Five digits, at most 8 characters: `0.3412`, `12.346`, `3.41e-05`, `1.2e+10`, `inf`, `nan`.
std::string short_number(double value);

/// A share as `12.31 %`, `100 %`; a dash if there is none.
std::string percent(const std::optional<double>& share);

/// `0.52 s`, `7.1 s`, `2:05`, `1:23:45`, `3 d 4 h`.
std::string duration(double seconds);

}  // namespace xgrad::optim::detail
