#pragma once

#include <optional>
#include <string>

/// \file
/// Short, human-readable formats of numbers. Not installed.

namespace xgrad::optim::detail {

/// About five significant digits in at most 8 characters: `0.3412`, `12.346`, `3.41e-05`, `1.2e+10`, `inf`,
/// `nan`.
std::string short_number(double value);

/// A fraction as a percentage: `12.31 %`, `100 %`; a dash if it is empty.
std::string percent(const std::optional<double>& share);

/// A duration: `0.52 s`, `7.1 s`, `2:05`, `1:23:45`, `4 d 5 h`; `?` if it is negative or NaN.
std::string duration(double seconds);

}  // namespace xgrad::optim::detail
