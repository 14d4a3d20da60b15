#include <autodiff/error.hpp>
#include <nn/npz.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <zip.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

namespace xgrad::nn {
namespace {

static_assert(std::endian::native == std::endian::little, "arrays are read as they lie in the file");

// ---- The archive, by libzip ----

struct CloseArchive {
  void operator()(zip_t* archive) const { zip_discard(archive); }
};
struct CloseEntry {
  void operator()(zip_file_t* entry) const { zip_fclose(entry); }
};
using Archive = std::unique_ptr<zip_t, CloseArchive>;
using Entry = std::unique_ptr<zip_file_t, CloseEntry>;

Archive open_archive(const std::string& path) {
  int code = 0;
  Archive archive(zip_open(path.c_str(), ZIP_RDONLY | ZIP_CHECKCONS, &code));
  if (!archive) {
    zip_error_t error;
    zip_error_init_with_code(&error, code);
    const std::string reason = zip_error_strerror(&error);
    zip_error_fini(&error);
    throw FileError(fmt::format("cannot read {}: {}", path, reason));
  }
  return archive;
}

/// Reads one entry of the archive, checked by its own checksum.
class Reader {
 public:
  Reader(zip_t* archive, zip_uint64_t index, std::string where)
      : where_(std::move(where)), entry_(zip_fopen_index(archive, index, 0)) {
    if (!entry_) fail(zip_strerror(archive));
  }

  [[noreturn]] void fail(const std::string& what) const {
    throw FileError(fmt::format("{}: {}", where_, what));
  }

  /// Reads so many bytes in pieces, so that memory is taken as data comes, never by the header's word.
  std::string read(std::uint64_t count) {
    constexpr std::uint64_t piece = std::uint64_t{1} << 20;
    std::string bytes;
    while (bytes.size() < count) {
      const std::size_t done = bytes.size();
      bytes.resize(done + static_cast<std::size_t>(std::min(piece, count - done)));
      const zip_int64_t got = zip_fread(entry_.get(), bytes.data() + done, bytes.size() - done);
      if (got < 0) fail(fmt::format("damaged: {}", zip_file_strerror(entry_.get())));
      if (got == 0) fail(fmt::format("it ends after {} bytes of {}", done, count));
      bytes.resize(done + static_cast<std::size_t>(got));
    }
    return bytes;
  }

  /// Whether nothing more comes; reading to the end also checks the checksum.
  bool at_end() {
    char byte = 0;
    const zip_int64_t got = zip_fread(entry_.get(), &byte, 1);
    if (got < 0) fail(fmt::format("damaged: {}", zip_file_strerror(entry_.get())));
    return got == 0;
  }

 private:
  std::string where_;
  Entry entry_;
};

// ---- The format of an array (numpy.lib.format) ----

struct Header {
  std::string descr;
  bool fortran_order = false;
  Shape shape;
};

/// What follows a key of the header's dictionary.
std::string_view after_key(const Reader& reader, std::string_view text, std::string_view key) {
  const std::string quoted = fmt::format("'{}':", key);
  const std::size_t at = text.find(quoted);
  if (at == std::string_view::npos) reader.fail(fmt::format("its header has no {}", key));
  text.remove_prefix(at + quoted.size());
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  return text;
}

Shape parse_shape(const Reader& reader, std::string_view text) {
  const std::size_t end = text.find(')');
  if (!text.starts_with('(') || end == std::string_view::npos) reader.fail("its header has no proper shape");
  Shape shape;
  std::uint64_t extent = 0, bound = 16;
  bool digits = false;
  for (const char c : text.substr(1, end)) {
    if (c >= '0' && c <= '9') {
      if (extent > (std::uint64_t{1} << 58)) reader.fail("its shape is too large");
      extent = 10 * extent + static_cast<std::uint64_t>(c - '0');
      digits = true;
    } else if (c == ',' || c == ')') {
      if (digits) shape.push_back(static_cast<std::size_t>(extent));
      if (digits &&
          (__builtin_mul_overflow(bound, std::max<std::uint64_t>(extent, 1), &bound) || bound >> 62 != 0)) {
        reader.fail("its shape is too large");
      }
      extent = 0, digits = false;
    } else if (c != ' ') {
      reader.fail("its header has no proper shape");
    }
  }
  return shape;
}

Header read_header(Reader& reader) {
  const std::string magic = reader.read(8);
  if (!std::string_view(magic).starts_with("\x93NUMPY")) reader.fail("it is no .npy array");
  const int version = magic[6];
  if (version < 1 || version > 3) reader.fail(fmt::format("version {} of the format is not known", version));
  const std::string length_bytes = reader.read(version == 1 ? 2 : 4);
  std::uint32_t length = 0;
  std::memcpy(&length, length_bytes.data(), length_bytes.size());
  const std::string text = reader.read(length);
  Header header;
  const std::string_view descr = after_key(reader, text, "descr");
  const std::size_t end = descr.size() > 1 && descr[0] == '\'' ? descr.find('\'', 1) : std::string_view::npos;
  if (end == std::string_view::npos) reader.fail("its type is none of NumPy's real types");
  header.descr = descr.substr(1, end - 1);
  header.fortran_order = after_key(reader, text, "fortran_order").starts_with("True");
  header.shape = parse_shape(reader, after_key(reader, text, "shape"));
  return header;
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
Array<T> read_entries(Reader& reader, const Header& header) {
  const std::uint64_t count = element_count(header.shape);
  const std::string bytes = reader.read(count * sizeof(T));
  if (!reader.at_end()) reader.fail("bytes follow after its last entry");
  Array<T> array(header.shape);
  if (!bytes.empty()) std::memcpy(array.data(), bytes.data(), bytes.size());
  return header.fortran_order && header.shape.size() > 1 ? from_fortran(array, header.shape) : array;
}

template <class T>
constexpr std::string_view descr = "";
template <>
constexpr std::string_view descr<float> = "<f4";
template <>
constexpr std::string_view descr<double> = "<f8";
template <>
constexpr std::string_view descr<std::int8_t> = "|i1";
template <>
constexpr std::string_view descr<std::int16_t> = "<i2";
template <>
constexpr std::string_view descr<std::int32_t> = "<i4";
template <>
constexpr std::string_view descr<std::int64_t> = "<i8";
template <>
constexpr std::string_view descr<std::uint8_t> = "|u1";
template <>
constexpr std::string_view descr<std::uint16_t> = "<u2";
template <>
constexpr std::string_view descr<std::uint32_t> = "<u4";
template <>
constexpr std::string_view descr<std::uint64_t> = "<u8";

template <class... T>
AnyArray read_as(Reader& reader, const Header& header, std::variant<Array<T>...>*) {
  const std::string_view wanted = header.descr == "|b1" ? "|u1" : std::string_view(header.descr);
  AnyArray array;
  const bool known = ((wanted == descr<T> && (array = read_entries<T>(reader, header), true)) || ...);
  if (!known) reader.fail(fmt::format("its type is {}, none of the real types that are read", header.descr));
  return array;
}

}  // namespace

Npz read_npz(const std::filesystem::path& path) {
  const std::string name = path.string();
  const Archive archive = open_archive(name);
  Npz contents;
  const zip_int64_t count = zip_get_num_entries(archive.get(), 0);
  for (zip_int64_t i = 0; i < count; ++i) {
    const auto index = static_cast<zip_uint64_t>(i);
    const char* entry = zip_get_name(archive.get(), index, 0);
    if (entry == nullptr) throw FileError(fmt::format("{}: an array without a name", name));
    std::string key = entry;
    if (key.ends_with(".npy")) key.resize(key.size() - 4);
    Reader reader(archive.get(), index, fmt::format("{}: array \"{}\"", name, key));
    const Header header = read_header(reader);
    contents.arrays[key] = read_as(reader, header, static_cast<AnyArray*>(nullptr));
  }
  return contents;
}

template <class T>
const Array<T>& Npz::get(const std::string& name) const {
  const auto found = arrays.find(name);
  if (found == arrays.end()) {
    std::vector<std::string> names;
    for (const auto& each : arrays) names.push_back(each.first);
    throw FileError(
        fmt::format("Npz: no array is named \"{}\"; there are: {}", name, fmt::join(names, ", ")));
  }
  if (const auto* array = std::get_if<Array<T>>(&found->second)) return *array;
  const std::string_view came = std::visit([]<class U>(const Array<U>&) { return descr<U>; }, found->second);
  throw FileError(fmt::format("Npz: array \"{}\" is of type {}, asked for {}", name, came, descr<T>));
}

#define XGRAD_INSTANTIATE(T) template XGRAD_API const Array<T>& Npz::get<T>(const std::string&) const;
XGRAD_INSTANTIATE(float)
XGRAD_INSTANTIATE(double)
XGRAD_INSTANTIATE(std::int8_t)
XGRAD_INSTANTIATE(std::int16_t)
XGRAD_INSTANTIATE(std::int32_t)
XGRAD_INSTANTIATE(std::int64_t)
XGRAD_INSTANTIATE(std::uint8_t)
XGRAD_INSTANTIATE(std::uint16_t)
XGRAD_INSTANTIATE(std::uint32_t)
XGRAD_INSTANTIATE(std::uint64_t)
#undef XGRAD_INSTANTIATE

}  // namespace xgrad::nn
