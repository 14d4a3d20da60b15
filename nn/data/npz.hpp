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
  /// Those that were read, by name.
  std::map<std::string, AnyArray> arrays;
  /// What else is in the file, by name, and why it was not read: text, dates, objects, complex numbers,
  /// arrays with fields, files that are no arrays.
  std::map<std::string, std::string> skipped = {};

  /// The array of that name, of exactly this type. Throws FileError, listing what there is, where it is
  /// missing, was skipped or is of another type.
  template <class T>
  XGRAD_API const Array<T>& get(const std::string& name) const;
};

/// Reads a file that `numpy.savez` or `numpy.savez_compressed` wrote, as read_npy reads each array. What has
/// no type that is read is listed under `skipped`. Throws FileError, naming the file and the array, where it
/// cannot be read, is damaged or cut short, or has two arrays of one name.
XGRAD_API Npz read_npz(const std::filesystem::path& path);

/// Reads only the arrays of these names. Throws FileError as above, and where one is missing or of a type
/// that is not read.
XGRAD_API Npz read_npz(const std::filesystem::path& path, const std::vector<std::string>& names);

}  // namespace xgrad::nn
