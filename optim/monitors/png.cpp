#include <autodiff/error.hpp>
#include <optim/monitors/png.hpp>

#include <zlib.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string_view>
#include <vector>

namespace xgrad::optim::detail {
namespace {

void append_number(std::string& bytes, std::uint32_t number) {
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(number >> shift & 0xff);
}

/// A chunk consists of length, name, data and checksum.
void append_chunk(std::string& png, std::string_view name, std::string_view data) {
  append_number(png, static_cast<std::uint32_t>(data.size()));
  std::string checked(name);
  checked += data;
  png += checked;
  append_number(png, static_cast<std::uint32_t>(crc32(0, reinterpret_cast<const Bytef*>(checked.data()),
                                                      static_cast<uInt>(checked.size()))));
}

std::string deflated(const std::string& bytes) {
  uLongf size = compressBound(bytes.size());
  std::string result(size, '\0');
  if (compress2(reinterpret_cast<Bytef*>(result.data()), &size, reinterpret_cast<const Bytef*>(bytes.data()),
                bytes.size(), Z_BEST_COMPRESSION) != Z_OK) {
    throw Error("png: zlib could not compress");
  }
  result.resize(size);
  return result;
}

std::string base64(std::string_view bytes) {
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const auto byte = [&](std::size_t k) {
      return k < bytes.size() ? static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[k])) : 0;
    };
    const std::uint32_t three = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
    for (std::size_t k = 0; k < 4; ++k) {
      text += i + k > bytes.size() ? '=' : digits[three >> (18 - 6 * k) & 63];
    }
  }
  return text;
}

}  // namespace

std::string png_address(const Array<float>& image) {
  const std::size_t rows = image.shape()[0], columns = image.shape()[1], came = image.shape()[2];
  const std::size_t channels = came == 3 ? 3 : 1;
  float low = std::numeric_limits<float>::infinity(), high = -low;
  for (const float value : image.storage()) {
    if (std::isfinite(value)) low = std::min(low, value), high = std::max(high, value);
  }
  const float range = high > low ? high - low : 1;
  std::string lines;
  for (std::size_t r = 0; r < rows; ++r) {
    lines += '\0';  // no filter
    for (std::size_t c = 0; c < columns; ++c) {
      for (std::size_t k = 0; k < channels; ++k) {
        const float value = (image.data()[(r * columns + c) * came + k] - low) / range;
        lines +=
            static_cast<char>(std::isfinite(value) ? std::lround(255 * std::clamp(value, 0.0F, 1.0F)) : 0);
      }
    }
  }
  std::string header;
  append_number(header, static_cast<std::uint32_t>(columns));
  append_number(header, static_cast<std::uint32_t>(rows));
  // Bit depth, color type (RGB or gray), compression, filter, interlace.
  header += {8, static_cast<char>(channels == 3 ? 2 : 0), 0, 0, 0};
  std::string png = "\x89PNG\r\n\x1a\n";
  append_chunk(png, "IHDR", header);
  append_chunk(png, "IDAT", deflated(lines));
  append_chunk(png, "IEND", "");
  return "data:image/png;base64," + base64(png);
}

}  // namespace xgrad::optim::detail
