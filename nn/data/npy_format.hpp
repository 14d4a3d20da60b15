#pragma once

#include <autodiff/error.hpp>
#include <nn/saving/any_array.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

/// \file
/// NumPy's format of an array, in a file of its own or in an archive. Not installed.

namespace xgrad::nn::detail {

static_assert(std::endian::native == std::endian::little,
              "little-endian .npy arrays are copied as they are in the file");

/// A source of the bytes of an array.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  /// Reads up to `count` bytes; fewer only at the end.
  virtual std::size_t read(char* to, std::size_t count) = 0;
  /// An error that names the source.
  virtual FileError error(const std::string& what) const = 0;
  [[noreturn]] void fail(const std::string& what) const { throw error(what); }

  /// Reads exactly `count` bytes, in pieces, so that memory is allocated as data is read, whatever a header
  /// says.
  std::string read_exactly(std::uint64_t count);
};

inline constexpr std::string_view npy_magic = "\x93NUMPY";

/// Reads the array after its magic, to the end of the source. For an array of an unsupported type, returns
/// the reason. Fails if something is wrong.
std::variant<AnyArray, std::string> read_npy_array(ByteSource& source);

/// The type of an array in the format, such as `<f4`.
std::string_view npy_descr(const AnyArray& array);

}  // namespace xgrad::nn::detail
