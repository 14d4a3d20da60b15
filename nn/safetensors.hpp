#pragma once

#include <autodiff/array.hpp>
#include <autodiff/config.hpp>

#include <filesystem>
#include <map>
#include <string>
#include <variant>
#include <vector>

/// \file
/// The safetensors format (github.com/huggingface/safetensors), which the Python libraries read and write:
/// the length of a header as 8 bytes, little-endian; the header, JSON, with the type, shape and place of each
/// array; the arrays.

namespace xgrad::nn {

/// An array in a file: dtype F32 or F64.
struct NamedArray {
  std::string name;
  std::variant<Array<float>, Array<double>> array;
};

/// What is in a safetensors file.
struct Safetensors {
  std::vector<NamedArray> arrays;               ///< in the order of their bytes
  std::map<std::string, std::string> metadata;  ///< the header's `__metadata__`
};

/// What something needs to go on later exactly where it is: arrays under names, and texts.
using StateDict = Safetensors;

/// Reads a file (integers named `num_batches_tracked`, which PyTorch saves with batch normalisation, are
/// passed over) and checks it on the way: nothing is allocated for a size that the file does not have. Throws
/// FileError, naming the file and the array, for a file that is missing, cut short or too long, a header that
/// is no proper JSON or over 100 MB, repeated names, arrays of another type than F32 and F64, shapes that do
/// not go with their bytes, and bytes that overlap or belong to no array.
XGRAD_API Safetensors read_safetensors(const std::filesystem::path& path);

/// Writes a file: to a temporary one in the same folder, which then takes the file's place, so that neither a
/// crash nor a full disk leaves half a file. Throws FileError, naming the file and the system's reason,
/// ValueError for names that repeat, or are `__metadata__`, or are not UTF-8.
XGRAD_API void write_safetensors(const std::filesystem::path& path, const Safetensors& contents);

}  // namespace xgrad::nn
