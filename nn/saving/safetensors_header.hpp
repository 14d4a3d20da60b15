#pragma once

#include <autodiff/array.hpp>
#include <autodiff/files/input_file.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

/// \file
/// Reads the header of a safetensors file. Not installed.

namespace xgrad::nn::detail {

inline constexpr std::uint64_t length_bytes = 8;
inline constexpr std::uint64_t max_header_bytes = 100'000'000;  // as in the format's own library
inline constexpr std::string_view metadata_key = "__metadata__";

/// A type of the format.
struct Dtype {
  std::string_view name;
  unsigned bits;
};

/// An array's entry in the header; offsets in bytes from the end of the header.
struct SafetensorsEntry {
  std::string name;
  const Dtype* dtype;
  Shape shape;
  std::uint64_t begin;
  std::uint64_t end;
};

struct SafetensorsHeader {
  std::vector<SafetensorsEntry> entries;  ///< in the order of their bytes, without gaps
  std::map<std::string, std::string> metadata;
  std::uint64_t data = 0;  ///< offset in the file of the arrays' bytes
};

/// Reads the header of a file. Accepts what the format's own library accepts, except repeated names. Takes
/// time and memory proportional to the header's length. Throws FileError.
SafetensorsHeader read_safetensors_header(const files::InputFile& file);

}  // namespace xgrad::nn::detail
