#pragma once

#include <autodiff/array.hpp>
#include <autodiff/config.hpp>

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <variant>

namespace xgrad::nn {

/// An array of any of NumPy's real types; booleans are bytes.
using AnyArray = std::variant<Array<float>, Array<double>, Array<std::int8_t>, Array<std::int16_t>,
                              Array<std::int32_t>, Array<std::int64_t>, Array<std::uint8_t>,
                              Array<std::uint16_t>, Array<std::uint32_t>, Array<std::uint64_t>>;

/// The arrays of an .npz file.
class Npz {
 public:
  /// All of them, by name.
  std::map<std::string, AnyArray> arrays;

  /// The array of that name, of exactly this type. Throws FileError, listing what there is, where it is
  /// missing or of another type.
  template <class T>
  XGRAD_API const Array<T>& get(const std::string& name) const;
};

/// Reads a file that `numpy.savez` or `numpy.savez_compressed` wrote. Arrays in Fortran's order are turned
/// into row-major ones. Throws FileError, naming the file and the array, where it cannot be read, is damaged
/// or cut short, or holds arrays of another type (text, objects, complex numbers, big-endian ones).
XGRAD_API Npz read_npz(const std::filesystem::path& path);

}  // namespace xgrad::nn
