#include <nn/data/npy_format.hpp>
#include <nn/data/npy_header.hpp>
#include <nn/saving/half.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace xgrad::nn::detail {
namespace {

constexpr std::uint32_t max_header_bytes = 1U << 20;

template <class T>
constexpr std::string_view descr_of = "";
template <>
constexpr std::string_view descr_of<float> = "<f4";
template <>
constexpr std::string_view descr_of<double> = "<f8";
template <>
constexpr std::string_view descr_of<std::int8_t> = "|i1";
template <>
constexpr std::string_view descr_of<std::int16_t> = "<i2";
template <>
constexpr std::string_view descr_of<std::int32_t> = "<i4";
template <>
constexpr std::string_view descr_of<std::int64_t> = "<i8";
template <>
constexpr std::string_view descr_of<std::uint8_t> = "|u1";
template <>
constexpr std::string_view descr_of<std::uint16_t> = "<u2";
template <>
constexpr std::string_view descr_of<std::uint32_t> = "<u4";
template <>
constexpr std::string_view descr_of<std::uint64_t> = "<u8";

/// A type without its byte order, such as `f4`, and whether its bytes are to be swapped.
struct EntryType {
  std::string_view name;
  bool swapped;
};

EntryType entry_type(std::string_view descr) {
  const bool has_order = !descr.empty() && std::string_view("<>=|").find(descr[0]) != std::string_view::npos;
  std::string_view name = has_order ? descr.substr(1) : descr;
  if (name == "b1" || name == "?") name = "u1";
  return {name, has_order && descr[0] == '>'};
}

/// The same entries in row-major order.
template <class T>
Array<T> from_fortran(const Array<T>& columns, const Shape& shape) {
  Array<T> rows(shape);
  for (std::size_t place = 0; place < rows.size(); ++place) {
    std::size_t there = 0, rest = place, stride = rows.size();
    for (std::size_t axis = shape.size(); axis-- > 0;) {
      stride /= shape[axis];
      there += rest % shape[axis] * stride;
      rest /= shape[axis];
    }
    rows.data()[place] = columns.data()[there];
  }
  return rows;
}

template <class T>
Array<T> read_entries(ByteSource& source, const NpyHeader& header, bool swapped) {
  std::string bytes = source.read_exactly(element_count(header.shape) * sizeof(T));
  char beyond = 0;
  if (source.read(&beyond, 1) != 0) source.fail("there are bytes after its last entry");
  if (swapped) {
    for (std::size_t i = 0; i < bytes.size(); i += sizeof(T)) {
      std::reverse(bytes.data() + i, bytes.data() + i + sizeof(T));
    }
  }
  Array<T> array(header.shape);
  if (!bytes.empty()) std::memcpy(array.data(), bytes.data(), bytes.size());
  return header.fortran_order && header.shape.size() > 1 ? from_fortran(array, header.shape) : array;
}

NpyHeader read_header(ByteSource& source) {
  const int version = source.read_exactly(2)[0];
  if (version < 1 || version > 3) {
    source.fail(fmt::format("version {} of the format is not supported", version));
  }
  const std::string length_bytes = source.read_exactly(version == 1 ? 2 : 4);
  std::uint32_t length = 0;
  std::memcpy(&length, length_bytes.data(), length_bytes.size());
  if (length > max_header_bytes) {
    source.fail(fmt::format("expected a header of at most {1} bytes, got {0}", length, max_header_bytes));
  }
  const std::string text = source.read_exactly(length);
  try {
    return parse_npy_header(text, version);
  } catch (const NpyHeaderError& error) {
    source.fail(error.what());
  }
}

/// Reads the array as the type of the variant that has its name; false if none has.
template <class... T>
bool read_as(ByteSource& source, const NpyHeader& header, std::variant<Array<T>...>& array) {
  const EntryType type = entry_type(header.descr);
  return (
      (type.name == descr_of<T>.substr(1) && (array = read_entries<T>(source, header, type.swapped), true)) ||
      ...);
}

}  // namespace

std::string ByteSource::read_exactly(std::uint64_t count) {
  constexpr std::uint64_t piece = std::uint64_t{1} << 20;
  std::string bytes;
  while (bytes.size() < count) {
    const std::size_t done = bytes.size();
    const auto next = static_cast<std::size_t>(std::min(std::max<std::uint64_t>(piece, done), count - done));
    bytes.resize(done + next);
    const std::size_t got = read(bytes.data() + done, next);
    if (got < next) fail(fmt::format("it ends after {} bytes of {}", done + got, count));
  }
  return bytes;
}

std::variant<AnyArray, std::string> read_npy_array(ByteSource& source) {
  const NpyHeader header = read_header(source);
  const auto other_type = [&] { return fmt::format("its type {} is not supported", header.descr); };
  if (header.is_structured) return other_type();
  if (!is_addressable(header.shape)) source.fail("its shape is too large");
  const EntryType type = entry_type(header.descr);
  if (type.name == "f2") {
    const Array<std::uint16_t> halves = read_entries<std::uint16_t>(source, header, type.swapped);
    Array<float> array(header.shape);
    std::transform(halves.data(), halves.data() + halves.size(), array.data(), from_half);
    return AnyArray(std::move(array));
  }
  AnyArray array;
  if (!read_as(source, header, array)) return other_type();
  return array;
}

std::string_view npy_descr(const AnyArray& array) {
  return std::visit([]<class T>(const Array<T>&) { return descr_of<T>; }, array);
}

}  // namespace xgrad::nn::detail
