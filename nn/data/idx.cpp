#include <autodiff/error.hpp>
#include <autodiff/files/input_file.hpp>
#include <autodiff/instantiate.hpp>
#include <nn/data/idx.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <deque>
#include <type_traits>
#include <vector>

namespace xgrad::nn {
namespace {

std::uint32_t read_number(files::GzipFile& file, const char* what) {
  std::uint8_t bytes[4];
  if (file.read(bytes, 4) != 4) throw file.error(fmt::format("the file ends within its {}", what));
  return std::uint32_t{bytes[0]} << 24 | std::uint32_t{bytes[1]} << 16 | std::uint32_t{bytes[2]} << 8 |
         bytes[3];
}

/// A type of entries and its code in the magic number.
struct EntryType {
  unsigned code;
  const char* name;    // of the entries
  const char* reader;  // of T in read_idx<T>
};

template <class T>
constexpr EntryType entry_type() {
  if constexpr (std::is_same_v<T, std::int8_t>) return {0x09, "signed bytes", "std::int8_t"};
  if constexpr (std::is_same_v<T, std::int16_t>) return {0x0b, "16-bit integers", "std::int16_t"};
  if constexpr (std::is_same_v<T, std::int32_t>) return {0x0c, "32-bit integers", "std::int32_t"};
  if constexpr (std::is_same_v<T, float>) return {0x0d, "float", "float"};
  if constexpr (std::is_same_v<T, double>) return {0x0e, "double", "double"};
  return {0x08, "unsigned bytes", "std::uint8_t"};
}

constexpr EntryType entry_types[] = {entry_type<std::uint8_t>(), entry_type<std::int8_t>(),
                                     entry_type<std::int16_t>(), entry_type<std::int32_t>(),
                                     entry_type<float>(),        entry_type<double>()};

Shape read_shape(files::GzipFile& file, const EntryType& type, std::size_t dimension) {
  const std::uint32_t magic = read_number(file, "magic number");
  if (magic >> 16 != 0) throw file.error(fmt::format("not an IDX file: it starts with {:#010x}", magic));
  const unsigned code = (magic >> 8) & 0xff;
  if (code != type.code) {
    std::string hint;
    for (const EntryType& other : entry_types) {
      if (other.code == code) hint = fmt::format("; read_idx<{}> reads these", other.reader);
    }
    throw file.error(fmt::format("expected entries of type {1:#04x}, {2}, got {0:#04x}{3}", code, type.code,
                                 type.name, hint));
  }
  if ((magic & 0xff) != dimension) {
    throw file.error(fmt::format("expected {1} dimensions, got {0}", magic & 0xff, dimension));
  }
  Shape shape;
  for (std::size_t i = 0; i < dimension; ++i) shape.push_back(read_number(file, "header"));
  return shape;
}

/// The number of entries according to the header. Extents of 0 count as 1 in the check, since the strides of
/// an array must not overflow even if it is empty.
std::size_t count_entries(const files::GzipFile& file, const Shape& shape) {
  std::ptrdiff_t room = 1;
  bool none = false;
  for (const std::size_t extent : shape) {
    none = none || extent == 0;
    if (__builtin_mul_overflow(room, std::max<std::size_t>(extent, 1), &room)) {
      throw file.error(fmt::format("its header has shape {}, more than any file holds", to_string(shape)));
    }
  }
  return none ? 0 : static_cast<std::size_t>(room);
}

/// Reads an entry with the most significant byte first, as in IDX.
template <class T>
T from_big_endian(const std::uint8_t* bytes) {
  std::uint8_t ordered[sizeof(T)];
  std::reverse_copy(bytes, bytes + sizeof(T), ordered);
  if constexpr (std::endian::native == std::endian::big) std::reverse(ordered, ordered + sizeof(T));
  T entry;
  std::memcpy(&entry, ordered, sizeof(T));
  return entry;
}

/// Reads exactly the entries that the header declares. The bytes are read in pieces, each of which is freed
/// once its entries are in the array: together they never take much more memory than the array alone.
template <class T>
Array<T> read_entries(files::GzipFile& file, const Shape& shape) {
  const std::size_t promised = count_entries(file, shape);
  constexpr std::size_t piece = (std::size_t{1} << 22) / sizeof(T);
  std::deque<std::vector<std::uint8_t>> pieces;
  for (std::size_t done = 0; done < promised;) {
    const std::size_t next = std::min(piece, promised - done);
    pieces.emplace_back(next * sizeof(T));
    const std::size_t got = file.read(pieces.back().data(), next * sizeof(T)) / sizeof(T);
    done += got;
    if (got < next) {
      throw file.error(fmt::format("too short: expected {1} entries for shape {2}, got {0}", done, promised,
                                   to_string(shape)));
    }
  }
  std::uint8_t beyond = 0;
  if (file.read(&beyond, 1) != 0) {
    throw file.error(
        fmt::format("too long: expected {} entries for shape {}, got more", promised, to_string(shape)));
  }
  Array<T> entries(shape);
  T* out = entries.data();
  for (; !pieces.empty(); pieces.pop_front()) {
    const std::vector<std::uint8_t>& bytes = pieces.front();
    if constexpr (sizeof(T) == 1) {
      std::memcpy(out, bytes.data(), bytes.size());
      out += bytes.size();
    } else {
      for (std::size_t i = 0; i < bytes.size(); i += sizeof(T)) *out++ = from_big_endian<T>(&bytes[i]);
    }
  }
  return entries;
}

}  // namespace

template <class T>
Array<T> read_idx(const std::string& path, std::size_t dimension) {
  files::GzipFile file(path);
  const Shape shape = read_shape(file, entry_type<T>(), dimension);
  return read_entries<T>(file, shape);
}

template <class T>
Array<T> read_idx_images(const std::string& path) {
  Array<std::uint8_t> bytes = read_idx(path, 3);
  bytes.reshape(Shape{bytes.shape()[0], bytes.shape()[1], bytes.shape()[2], 1});
  if constexpr (std::is_same_v<T, std::uint8_t>) {
    return bytes;
  } else {
    Array<T> images(bytes.shape());
    std::transform(bytes.data(), bytes.data() + bytes.size(), images.data(),
                   [](std::uint8_t byte) { return static_cast<T>(byte) / T(255); });
    return images;
  }
}

Array<std::uint8_t> read_idx_labels(const std::string& path) { return read_idx(path, 1); }

namespace {

/// The file `part-KIND`, compressed or not; some copies have a dot in the name, `train-images.idx3-ubyte`.
std::string find_file(const std::filesystem::path& folder, const std::string& part, const std::string& kind) {
  const std::string name = part + '-' + kind;
  std::string dotted = name;
  dotted[name.rfind("-idx")] = '.';
  for (const std::string& each : {name, name + ".gz", dotted, dotted + ".gz"}) {
    if (std::filesystem::is_regular_file(folder / each)) return (folder / each).string();
  }
  throw FileError(fmt::format("{} holds no {} or {}.gz", folder.string(), name, name));
}

}  // namespace

template <class T>
Batch<T, std::uint8_t> read_mnist(const std::filesystem::path& folder, const std::string& part) {
  Batch<T, std::uint8_t> samples{read_idx_images<T>(find_file(folder, part, "images-idx3-ubyte")),
                                 read_idx_labels(find_file(folder, part, "labels-idx1-ubyte"))};
  if (samples.inputs.shape()[0] != samples.targets.size()) {
    throw FileError(
        fmt::format("{0}: expected as many labels as images in {3}, got {1} images and {2} labels",
                    folder.string(), samples.inputs.shape()[0], samples.targets.size(), part));
  }
  return samples;
}

#define XGRAD_INSTANTIATE(T)                                \
  template Array<T> read_idx_images<T>(const std::string&); \
  template Batch<T, std::uint8_t> read_mnist<T>(const std::filesystem::path&, const std::string&);
XGRAD_FOR_EACH_SCALAR(XGRAD_INSTANTIATE)
XGRAD_INSTANTIATE(std::uint8_t)
#undef XGRAD_INSTANTIATE

#define XGRAD_INSTANTIATE(T) template Array<T> read_idx<T>(const std::string&, std::size_t);
XGRAD_FOR_EACH_SCALAR(XGRAD_INSTANTIATE)
XGRAD_INSTANTIATE(std::uint8_t)
XGRAD_INSTANTIATE(std::int8_t)
XGRAD_INSTANTIATE(std::int16_t)
XGRAD_INSTANTIATE(std::int32_t)
#undef XGRAD_INSTANTIATE

}  // namespace xgrad::nn
