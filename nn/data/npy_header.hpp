#pragma once

#include <autodiff/array.hpp>

#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>

/// \file
/// The header of a NumPy array: a dictionary as Python writes it. Not installed.

namespace xgrad::nn::detail {

struct NpyHeader {
  /// The type, such as `<f4`; for a type with fields, the text in brackets.
  std::string descr;
  bool is_structured = false;
  bool fortran_order = false;
  Shape shape;
};

/// An error in a header.
class NpyHeaderError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Reads the dictionary as NumPy does: keys in any order, quotes of both kinds, and in versions 1 and 2
/// Python 2's `10L`. Throws NpyHeaderError if it is malformed.
NpyHeader parse_npy_header(std::string_view text, int version);

/// Whether a shape's entries can be counted and addressed.
bool is_addressable(const Shape& shape);

}  // namespace xgrad::nn::detail
