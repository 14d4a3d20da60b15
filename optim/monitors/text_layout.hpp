#pragma once

#include <string>
#include <string_view>
#include <vector>

/// \file
/// Texts of drawings: parts that are set low or high, and how wide a text is. Not installed.

namespace xgrad::optim::detail {

/// A part of a text: on its line, or low (`_{i}`) or high (`^{i}`).
struct Span {
  std::string_view text;
  enum Place { on_line, low, high } place;
};

std::vector<Span> split_scripts(std::string_view text);

/// Low and high parts are smaller by this factor.
constexpr double script_size = 0.7;

/// The width of a text, in the units of `size`. It is that of DejaVu Sans, the widest of the fonts that
/// browsers use for `sans-serif`; with others there is some room left.
double text_width(std::string_view text, double size, bool bold = false);

/// The text, or as much of it as is at most `most` wide, followed by an ellipsis.
std::string shortened(std::string_view text, double size, double most, bool bold = false);

}  // namespace xgrad::optim::detail
