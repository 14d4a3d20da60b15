#pragma once

#include <autodiff/array.hpp>

#include <string>

/// \file
/// Images for pages. Not installed.

namespace xgrad::optim::detail {

/// An image {H, W, 1} or {H, W, 3} as a PNG file (ISO/IEC 15948) in a `data:` address; values are stretched
/// from their least and largest to black and white. Other numbers of channels show their first.
std::string png_address(const Array<float>& image);

}  // namespace xgrad::optim::detail
