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
/// NumPy's format of one array, alone in a file or in an archive. Not installed.

namespace xgrad::nn::detail {

static_assert(std::endian::native == std::endian::little, "arrays are read as they lie in the file");

/// Where the bytes of an array come from.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  /// Reads up to `count` bytes; fewer only at the end.
  virtual std::size_t read(char* to, std::size_t count) = 0;
  /// An error that names the place.
  virtual FileError error(const std::string& what) const = 0;
  [[noreturn]] void fail(const std::string& what) const { throw error(what); }

  /// Reads exactly so many bytes, in pieces, so that memory is taken as data comes, never by a header's word.
  std::string read_exactly(std::uint64_t count);
};

inline constexpr std::string_view npy_magic = "\x93NUMPY";

/// Reads an array behind its magic, to the end of the source. An array of a type that is not read comes as
/// the reason why. Fails where something is wrong.
std::variant<AnyArray, std::string> read_npy_array(ByteSource& source);

/// The type of an array in the format, `<f4`.
std::string_view npy_descr(const AnyArray& array);

}  // namespace xgrad::nn::detail
