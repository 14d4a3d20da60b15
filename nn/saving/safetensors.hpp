#pragma once

#include <autodiff/array.hpp>
#include <autodiff/config.hpp>
#include <nn/saving/state_dict.hpp>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

/// \file
/// Reads and writes the safetensors format (github.com/huggingface/safetensors) of the Python libraries: the
/// length of the header as 8 bytes, little-endian; the header, JSON, with the type, shape and byte range of
/// each array; the arrays.

namespace xgrad::nn {

/// An array of a file that was not read, with the reason.
struct SkippedArray {
  std::string name;    ///< in the file
  std::string reason;  ///< `its type F8_E4M3 is not supported`
};

/// The contents of a safetensors file: its arrays in the order of their bytes, and the header's
/// `__metadata__`.
struct Safetensors : StateDict {
  std::vector<SkippedArray> skipped = {};  ///< arrays that read_safetensors could not read
};

/// Reads a file, or all shards of a split file through their index (`model.safetensors.index.json`). F16 and
/// BF16 arrays are converted to float, without rounding, and BOOL arrays to bytes; arrays of types without a
/// C++ counterpart (F8_E4M3, C64) are listed under `skipped`. Accepts what the format's Python library
/// accepts, except repeated names. Allocates no memory for sizes beyond the file's; reading the header takes
/// time and memory proportional to its length. Throws FileError, naming the file and the array, for a file
/// that is missing, truncated or too long, a header that is not valid JSON or over 100 MB, repeated names,
/// shapes that do not match their bytes, bytes that overlap or belong to no array, and shards that are
/// missing or lack an array of the index.
XGRAD_API Safetensors read_safetensors(const std::filesystem::path& path);

/// Reads only the arrays of these names, in this order. Throws FileError as above, and if there is no array
/// of a name, or if it cannot be read.
XGRAD_API Safetensors read_safetensors(const std::filesystem::path& path,
                                       const std::vector<std::string>& names);

/// Writes a temporary file in the same folder, then replaces the file with it, so that neither a crash nor a
/// full disk leaves a partial file. If an array would not begin at a multiple of its element size, arrays of
/// larger types come first. Throws FileError with the file and the system's reason, ValueError for names that
/// are repeated, `__metadata__` or not UTF-8.
XGRAD_API void write_safetensors(const std::filesystem::path& path, const StateDict& contents);

}  // namespace xgrad::nn
