#pragma once

#include <string>
#include <string_view>
#include <vector>

/// \file
/// Layout of texts in drawings: subscripts, superscripts and estimated widths. Not installed.

namespace xgrad::optim::detail {

/// A part of a text: on the baseline, a subscript (low, `_{i}`) or a superscript (high, `^{i}`).
struct Span {
  std::string_view text;
  enum Place { on_line, low, high } place;
};

/// Splits a text into its parts.
std::vector<Span> split_scripts(std::string_view text);

/// Size of subscripts and superscripts relative to the text.
constexpr double script_size = 0.7;

/// The width of a text, in the units of `size`, set in DejaVu Sans, the widest of the fonts that browsers use
/// for `sans-serif`; other fonts take less room.
double text_width(std::string_view text, double size, bool bold = false);

/// The text if its width is at most `most`; otherwise its beginning and an ellipsis, within that width.
std::string shortened(std::string_view text, double size, double most, bool bold = false);

}  // namespace xgrad::optim::detail
