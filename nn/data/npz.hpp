#pragma once

#include <autodiff/array.hpp>
#include <autodiff/config.hpp>
#include <nn/saving/any_array.hpp>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace xgrad::nn {

/// The arrays of an .npz file.
class Npz {
 public:
  /// The arrays that were read, by name.
  std::map<std::string, AnyArray> arrays;
  /// The other members of the file, by name, and why they were not read: text, dates, objects, complex
  /// numbers, arrays with fields, files that are not arrays.
  std::map<std::string, std::string> skipped = {};

  /// The array of this name, of exactly this type. Throws FileError if it is missing (the error lists those
  /// that are there), was skipped or has another type.
  template <class T>
  XGRAD_API const Array<T>& get(const std::string& name) const;
};

/// Reads a file written by `numpy.savez` or `numpy.savez_compressed`, each array as by read_npy. Members of
/// an unsupported type are listed under `skipped`. Throws FileError, naming the file and the array, if it
/// cannot be read, is damaged or truncated, or has two arrays of the same name.
XGRAD_API Npz read_npz(const std::filesystem::path& path);

/// Reads only the arrays of these names. Throws FileError as above, and if one is missing or of an
/// unsupported type.
XGRAD_API Npz read_npz(const std::filesystem::path& path, const std::vector<std::string>& names);

}  // namespace xgrad::nn
