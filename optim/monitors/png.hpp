#pragma once

#include <autodiff/array.hpp>

#include <string>

/// \file
/// PNG images as data URLs. Not installed.

namespace xgrad::optim::detail {

/// Encodes an image {H, W, 1} or {H, W, 3} as a PNG file (ISO/IEC 15948) in a `data:` URL. Values are scaled
/// linearly from their minimum (black) to their maximum (white); values that are not finite are black. With
/// another number of channels only the first is shown.
std::string png_address(const Array<float>& image);

}  // namespace xgrad::optim::detail
