#pragma once

#include <autodiff/array.hpp>
#include <autodiff/config.hpp>
#include <nn/saving/any_array.hpp>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

/// \file
/// The safetensors format (github.com/huggingface/safetensors), which the Python libraries read and write:
/// the length of a header as 8 bytes, little-endian; the header, JSON, with the type, shape and place of each
/// array; the arrays.

namespace xgrad::nn {

/// An array and its name in a file.
struct NamedArray {
  std::string name;
  AnyArray array;
};

/// An array of a file that was not read, and why.
struct SkippedArray {
  std::string name;
  std::string reason;  ///< `its type is F8_E4M3, which is not read`
};

/// What is in a safetensors file.
struct Safetensors {
  std::vector<NamedArray> arrays;               ///< in the order of their bytes
  std::map<std::string, std::string> metadata;  ///< the header's `__metadata__`
  std::vector<SkippedArray> skipped = {};       ///< what read_safetensors could not read
};

/// What something needs to go on later exactly where it is: arrays under names, and texts.
using StateDict = Safetensors;

/// Reads a file, or all the files of one that was split into shards, by its index
/// (`model.safetensors.index.json`). F16 and BF16 arrays come as float, without rounding, BOOL ones as bytes;
/// arrays of types without a C++ counterpart (F8_E4M3, C64) are listed under `skipped`. What is malformed,
/// the format's Python library decides, but that a name that comes twice is refused. Nothing is allocated for
/// a size that the file does not have; reading the header takes time and memory in proportion to its length.
/// Throws FileError, naming the file and the array, for a file that is missing, cut short or too long, a
/// header that is no proper JSON or over 100 MB, repeated names, shapes that do not go with their bytes,
/// bytes that overlap or belong to no array, and shards that are missing or lack an array of the index.
XGRAD_API Safetensors read_safetensors(const std::filesystem::path& path);

/// Reads only the arrays of these names, in this order. Throws FileError as above, and where a file has no
/// array of a name, or one that cannot be read.
XGRAD_API Safetensors read_safetensors(const std::filesystem::path& path,
                                       const std::vector<std::string>& names);

/// Writes a file: to a temporary one in the same folder, which then takes the file's place, so that neither a
/// crash nor a full disk leaves half a file. Where an array would not begin at a multiple of its entries'
/// size, those of larger types come first. Throws FileError, naming the file and the system's reason,
/// ValueError for names that repeat, or are `__metadata__`, or are not UTF-8.
XGRAD_API void write_safetensors(const std::filesystem::path& path, const Safetensors& contents);

}  // namespace xgrad::nn
