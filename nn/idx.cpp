#include <autodiff/error.hpp>
#include <autodiff/instantiate.hpp>
#include <nn/idx.hpp>

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <vector>

namespace xgrad::nn {
namespace {

struct CloseFile {
  void operator()(gzFile file) const { gzclose_r(file); }
};
using File = std::unique_ptr<std::remove_pointer_t<gzFile>, CloseFile>;

/// A file read from its beginning, compressed or not.
class Reader {
 public:
  explicit Reader(const std::string& path) : path_(path), file_(gzopen(path.c_str(), "rb")) {
    if (!file_) throw error(std::strerror(errno));
  }

  FileError error(const std::string& what) const { return FileError(fmt::format("{}: {}", path_, what)); }

  /// Reads up to `count` bytes; fewer only at the end of the file.
  std::size_t read(std::uint8_t* to, std::size_t count) {
    std::size_t done = 0;
    while (done < count) {
      constexpr std::size_t at_most = std::size_t{1} << 20;
      const int got = gzread(file_.get(), to + done, static_cast<unsigned>(std::min(count - done, at_most)));
      if (got < 0) throw_damage();
      if (got == 0) break;
      done += static_cast<std::size_t>(got);
    }
    if (done < count) check_end();
    return done;
  }

  std::uint32_t read_number(const char* what) {
    std::uint8_t bytes[4];
    if (read(bytes, 4) != 4) throw error(fmt::format("the file ends within its {}", what));
    return std::uint32_t{bytes[0]} << 24 | std::uint32_t{bytes[1]} << 16 | std::uint32_t{bytes[2]} << 8 |
           bytes[3];
  }

 private:
  [[noreturn]] void throw_damage() {
    int code = Z_OK;
    const std::string text = gzerror(file_.get(), &code);
    throw error(code == Z_ERRNO ? std::strerror(errno) : "damaged: " + text);
  }
  /// A compressed file that was cut off reads as if it ended there; only its error says so.
  void check_end() {
    int code = Z_OK;
    gzerror(file_.get(), &code);
    if (code != Z_OK && code != Z_STREAM_END) throw_damage();
  }

  std::string path_;
  File file_;
};

Shape read_shape(Reader& file, std::size_t dimension) {
  const std::uint32_t magic = file.read_number("magic number");
  if (magic >> 16 != 0) throw file.error(fmt::format("no IDX file: it starts with {:#010x}", magic));
  if (((magic >> 8) & 0xff) != 0x08) {
    throw file.error(
        fmt::format("entries of type {:#04x}; expected 0x08, unsigned bytes", (magic >> 8) & 0xff));
  }
  if ((magic & 0xff) != dimension) {
    throw file.error(fmt::format("{} dimensions; expected {}", magic & 0xff, dimension));
  }
  Shape shape;
  for (std::size_t i = 0; i < dimension; ++i) shape.push_back(file.read_number("header"));
  return shape;
}

/// The number of entries that the header promises. Extents of 0 count as 1 in the check, since an array's
/// strides have to be numbers even where it has no entries.
std::size_t count_entries(const Reader& file, const Shape& shape) {
  std::ptrdiff_t room = 1;
  bool none = false;
  for (const std::size_t extent : shape) {
    none = none || extent == 0;
    if (__builtin_mul_overflow(room, std::max<std::size_t>(extent, 1), &room)) {
      throw file.error(
          fmt::format("its header promises shape {}, more than any file holds", to_string(shape)));
    }
  }
  return none ? 0 : static_cast<std::size_t>(room);
}

/// All entries that the header promises, no fewer and no more.
std::vector<std::uint8_t> read_entries(Reader& file, const Shape& shape) {
  const std::size_t promised = count_entries(file, shape);
  constexpr std::size_t piece = std::size_t{1} << 22;
  std::vector<std::uint8_t> entries;
  while (entries.size() < promised) {
    const std::size_t old = entries.size();
    const std::size_t next = std::min(piece, promised - old);
    entries.resize(old + next);
    const std::size_t got = file.read(entries.data() + old, next);
    if (got < next) {
      throw file.error(fmt::format("too short: {} entries of the {} that shape {} has", old + got, promised,
                                   to_string(shape)));
    }
  }
  std::uint8_t beyond = 0;
  if (file.read(&beyond, 1) != 0) {
    throw file.error(
        fmt::format("too long: there is more than the {} entries of shape {}", promised, to_string(shape)));
  }
  return entries;
}

}  // namespace

Array<std::uint8_t> read_idx(const std::string& path, std::size_t dimension) {
  Reader file(path);
  const Shape shape = read_shape(file, dimension);
  const std::vector<std::uint8_t> entries = read_entries(file, shape);
  Array<std::uint8_t> result(shape);
  std::copy(entries.begin(), entries.end(), result.data());
  return result;
}

template <class T>
Array<T> read_idx_images(const std::string& path) {
  const Array<std::uint8_t> bytes = read_idx(path, 3);
  Array<T> images(Shape{bytes.shape()[0], bytes.shape()[1], bytes.shape()[2], 1});
  std::transform(bytes.data(), bytes.data() + bytes.size(), images.data(),
                 [](std::uint8_t byte) { return static_cast<T>(byte) / T(255); });
  return images;
}

Array<std::uint8_t> read_idx_labels(const std::string& path) { return read_idx(path, 1); }

namespace {

/// The file of that name, compressed or not.
std::string find_file(const std::filesystem::path& folder, const std::string& name) {
  const std::filesystem::path plain = folder / name;
  for (const auto& path : {plain, std::filesystem::path(plain.string() + ".gz")}) {
    if (std::filesystem::is_regular_file(path)) return path.string();
  }
  throw FileError(fmt::format("{} holds no {} or {}.gz", folder.string(), name, name));
}

}  // namespace

Batch<float, std::uint8_t> read_mnist(const std::filesystem::path& folder, const std::string& part) {
  Batch<float, std::uint8_t> samples{read_idx_images<float>(find_file(folder, part + "-images-idx3-ubyte")),
                                     read_idx_labels(find_file(folder, part + "-labels-idx1-ubyte"))};
  if (samples.images.shape()[0] != samples.labels.size()) {
    throw FileError(fmt::format("{}: {} images and {} labels of {}, expected as many labels as images",
                                folder.string(), samples.images.shape()[0], samples.labels.size(), part));
  }
  return samples;
}

#define XGRAD_INSTANTIATE(T) template Array<T> read_idx_images<T>(const std::string&);
XGRAD_FOR_EACH_SCALAR(XGRAD_INSTANTIATE)
#undef XGRAD_INSTANTIATE

}  // namespace xgrad::nn
