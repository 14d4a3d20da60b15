#include <autodiff/error.hpp>
#include <nn/atomic_file.hpp>
#include <nn/safetensors.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <set>
#include <string_view>

namespace xgrad::nn {
namespace {

static_assert(std::endian::native == std::endian::little,
              "safetensors files are written as they lie in memory");

using Json = nlohmann::json;

constexpr std::uint64_t length_bytes = 8;
constexpr std::uint64_t max_header_bytes = 100'000'000;  // as in the format's own library
constexpr const char* metadata_key = "__metadata__";

// ---- Reading ----

/// An open file, its size, and the way in which what is wrong with it is said.
class Reader {
 public:
  explicit Reader(const std::filesystem::path& path) : name_(path.string()) {
    std::error_code error;
    const auto status = std::filesystem::status(path, error);
    if (!std::filesystem::exists(status)) fail(error ? error.message() : std::strerror(ENOENT));
    if (!std::filesystem::is_regular_file(status)) fail("it is no regular file");
    size_ = std::filesystem::file_size(path, error);
    if (error) fail(error.message());
    stream_.open(path, std::ios::binary);
    if (!stream_) fail(std::strerror(errno));
  }

  std::uint64_t size() const { return size_; }

  /// Copies bytes [offset, offset + bytes) of the file.
  void read(std::uint64_t offset, void* to, std::size_t bytes) {
    if (bytes == 0) return;
    stream_.seekg(static_cast<std::streamoff>(offset));
    stream_.read(static_cast<char*>(to), static_cast<std::streamsize>(bytes));
    if (!stream_) fail(fmt::format("{} bytes at offset {} cannot be read", bytes, offset));
  }

  [[noreturn]] void fail(std::string_view reason) const {
    throw FileError(fmt::format("cannot read {}: {}", name_, reason));
  }
  [[noreturn]] void fail(std::string_view array, std::string_view reason) const {
    fail(fmt::format("array \"{}\": {}", array, reason));
  }

 private:
  std::string name_;
  std::ifstream stream_;
  std::uint64_t size_ = 0;
};

/// What the header says of an array; offsets count from the end of the header.
struct Entry {
  std::string name;
  bool is_double;
  bool is_counter;  // PyTorch's count of the batches that a normalisation saw
  Shape shape;
  std::uint64_t begin;
  std::uint64_t end;
};

std::string read_header_text(Reader& file) {
  if (file.size() < length_bytes) file.fail(fmt::format("{} bytes are no safetensors file", file.size()));
  std::uint64_t length = 0;
  file.read(0, &length, length_bytes);
  if (length > max_header_bytes) {
    file.fail(fmt::format("a header of {} bytes; {} at most are allowed", length, max_header_bytes));
  }
  if (length > file.size() - length_bytes) {
    file.fail(fmt::format("a header of {} bytes in a file of {} bytes", length, file.size()));
  }
  std::string text(length, '\0');
  file.read(length_bytes, text.data(), text.size());
  return text;
}

/// JSON as it is, but for keys that repeat, which the parser would accept.
Json parse_header(const Reader& file, const std::string& text) {
  std::set<std::string> keys;
  const auto check = [&](int depth, Json::parse_event_t event, Json& parsed) {
    if (event == Json::parse_event_t::key && depth == 1 && !keys.insert(parsed.get<std::string>()).second) {
      file.fail(parsed.get<std::string>(), "it is there twice");
    }
    return true;
  };
  if (text.empty() || text.front() != '{') file.fail("its header is no JSON object");
  try {
    return Json::parse(text, check);
  } catch (const Json::exception& error) {
    file.fail(fmt::format("its header is no proper JSON: {}", error.what()));
  }
}

/// A list of whole numbers under a key of an array's description.
std::vector<std::uint64_t> read_numbers(const Reader& file, const std::string& name, const Json& description,
                                        const char* key) {
  const auto found = description.find(key);
  if (found == description.end() || !found->is_array() ||
      !std::all_of(found->begin(), found->end(),
                   [](const Json& each) { return each.is_number_unsigned(); })) {
    file.fail(name, fmt::format("its {} is no list of whole numbers", key));
  }
  return found->get<std::vector<std::uint64_t>>();
}

/// The number of bytes of an array, or a failure where no file could hold it.
std::uint64_t count_bytes(const Reader& file, const std::string& name, const Shape& shape,
                          std::uint64_t entry_bytes) {
  std::uint64_t bound = entry_bytes;  // what the strides need, also of an array without entries
  bool empty = false;
  for (const std::size_t extent : shape) {
    empty = empty || extent == 0;
    if (__builtin_mul_overflow(bound, std::max<std::uint64_t>(extent, 1), &bound) || bound >> 62 != 0) {
      file.fail(name, fmt::format("its shape {} is too large", to_string(shape)));
    }
  }
  return empty ? 0 : bound;
}

Entry read_entry(const Reader& file, const std::string& name, const Json& description) {
  if (!description.is_object()) file.fail(name, "its description is no JSON object");
  const auto dtype = description.find("dtype");
  if (dtype == description.end() || !dtype->is_string()) file.fail(name, "it has no dtype");
  const auto type = dtype->get<std::string>();
  const bool is_counter = type == "I64" && name.ends_with("num_batches_tracked");
  if (type != "F32" && type != "F64" && !is_counter)
    file.fail(name, fmt::format("dtype {} came; expected F32 or F64", type));

  const auto extents = read_numbers(file, name, description, "shape");
  const auto offsets = read_numbers(file, name, description, "data_offsets");
  if (offsets.size() != 2) file.fail(name, fmt::format("{} data_offsets; expected two", offsets.size()));
  Entry entry{name, type == "F64", is_counter, Shape(extents.begin(), extents.end()), offsets[0], offsets[1]};

  const std::uint64_t bytes = count_bytes(file, name, entry.shape, type == "F32" ? 4 : 8);
  if (entry.end < entry.begin || entry.end - entry.begin != bytes) {
    file.fail(name, fmt::format("shape {} in {} takes {} bytes; its offsets are {} and {}",
                                to_string(entry.shape), type, bytes, entry.begin, entry.end));
  }
  return entry;
}

std::map<std::string, std::string> read_metadata(const Reader& file, const Json& header) {
  std::map<std::string, std::string> metadata;
  const auto found = header.find(metadata_key);
  if (found == header.end()) return metadata;
  if (!found->is_object()) file.fail(fmt::format("{} is no JSON object", metadata_key));
  for (const auto& [key, value] : found->items()) {
    if (!value.is_string()) file.fail(fmt::format("{}: \"{}\" is no text", metadata_key, key));
    metadata[key] = value.get<std::string>();
  }
  return metadata;
}

/// The arrays in the order of their bytes, which they fill without gaps or overlaps.
std::vector<Entry> read_entries(const Reader& file, const Json& header, std::uint64_t data_bytes) {
  std::vector<Entry> entries;
  for (const auto& [name, description] : header.items()) {
    if (name != metadata_key) entries.push_back(read_entry(file, name, description));
  }
  std::stable_sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  std::uint64_t position = 0;
  for (const Entry& entry : entries) {
    if (entry.begin != position) {
      file.fail(entry.name, fmt::format("it begins at byte {}; expected {}, where the array before it ends",
                                        entry.begin, position));
    }
    if (entry.end > data_bytes) {
      file.fail(entry.name,
                fmt::format("it ends at byte {} of {}: the file was cut short", entry.end, data_bytes));
    }
    position = entry.end;
  }
  if (position != data_bytes)
    file.fail(fmt::format("{} bytes at its end belong to no array", data_bytes - position));
  return entries;
}

template <class T>
NamedArray read_array(Reader& file, const Entry& entry, std::uint64_t data) {
  Array<T> array(entry.shape);
  file.read(data + entry.begin, array.data(), array.size() * sizeof(T));
  return {entry.name, std::move(array)};
}

// ---- Writing ----

std::size_t size_in_bytes(const NamedArray& each) {
  return std::visit([]<class T>(const Array<T>& array) { return array.size() * sizeof(T); }, each.array);
}

/// The header, filled up with spaces so that the arrays begin at a multiple of 8 bytes.
std::string write_header(const Safetensors& contents) {
  Json header = Json::object();
  if (!contents.metadata.empty()) header[metadata_key] = contents.metadata;
  std::uint64_t position = 0;
  for (const NamedArray& each : contents.arrays) {
    if (each.name == metadata_key || header.contains(each.name)) {
      throw ValueError(
          fmt::format("write_safetensors: the name \"{}\" came twice, or is reserved", each.name));
    }
    const bool is_double = std::holds_alternative<Array<double>>(each.array);
    const auto shape = std::visit([](const auto& array) { return array.shape(); }, each.array);
    const std::uint64_t end = position + size_in_bytes(each);
    header[each.name] = {{"dtype", is_double ? "F64" : "F32"},
                         {"shape", std::vector<std::uint64_t>(shape.begin(), shape.end())},
                         {"data_offsets", {position, end}}};
    position = end;
  }
  try {
    std::string text = header.dump();
    text.resize((text.size() + 7) / 8 * 8, ' ');
    return text;
  } catch (const Json::exception& error) {
    throw ValueError(fmt::format("write_safetensors: {}", error.what()));
  }
}

}  // namespace

Safetensors read_safetensors(const std::filesystem::path& path) {
  Reader file(path);
  const std::string text = read_header_text(file);
  const Json header = parse_header(file, text);
  const std::uint64_t data = length_bytes + text.size();
  Safetensors contents;
  contents.metadata = read_metadata(file, header);
  for (const Entry& entry : read_entries(file, header, file.size() - data)) {
    if (entry.is_counter) continue;
    contents.arrays.push_back(entry.is_double ? read_array<double>(file, entry, data)
                                              : read_array<float>(file, entry, data));
  }
  return contents;
}

void write_safetensors(const std::filesystem::path& path, const Safetensors& contents) {
  const std::string header = write_header(contents);
  if (header.size() > max_header_bytes) {
    throw ValueError(fmt::format("write_safetensors: a header of {} bytes; {} at most are allowed",
                                 header.size(), max_header_bytes));
  }
  detail::AtomicFile file(path);
  const std::uint64_t length = header.size();
  file.write(&length, length_bytes);
  file.write(header.data(), header.size());
  for (const NamedArray& each : contents.arrays) {
    std::visit([&](const auto& array) { file.write(array.data(), size_in_bytes(each)); }, each.array);
  }
  file.commit();
}

}  // namespace xgrad::nn
