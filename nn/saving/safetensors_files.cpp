#include <nn/saving/half.hpp>
#include <nn/saving/safetensors_files.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <bit>
#include <limits>
#include <set>
#include <utility>

namespace xgrad::nn::detail {
namespace {

using Json = nlohmann::json;

static_assert(std::endian::native == std::endian::little,
              "safetensors files are little-endian, and arrays are copied as they are in memory");

// ---- Types ----

template <class T>
constexpr std::string_view name_of = "";
template <>
constexpr std::string_view name_of<float> = "F32";
template <>
constexpr std::string_view name_of<double> = "F64";
template <>
constexpr std::string_view name_of<std::int8_t> = "I8";
template <>
constexpr std::string_view name_of<std::int16_t> = "I16";
template <>
constexpr std::string_view name_of<std::int32_t> = "I32";
template <>
constexpr std::string_view name_of<std::int64_t> = "I64";
template <>
constexpr std::string_view name_of<std::uint8_t> = "U8";
template <>
constexpr std::string_view name_of<std::uint16_t> = "U16";
template <>
constexpr std::string_view name_of<std::uint32_t> = "U32";
template <>
constexpr std::string_view name_of<std::uint64_t> = "U64";

/// Reads an array of type T and applies `convert` to each entry.
template <class T, class Convert>
auto read_converted(const files::InputFile& file, const SafetensorsEntry& entry, std::uint64_t data,
                    const Convert& convert) {
  Array<T> stored = empty<T>(entry.shape);
  file.read(data + entry.begin, stored.data(), stored.size() * sizeof(T));
  using To = decltype(convert(T()));
  if constexpr (std::is_same_v<To, T>) {
    return stored;
  } else {
    Array<To> result = empty<To>(entry.shape);
    std::transform(stored.data(), stored.data() + stored.size(), result.data(), convert);
    return result;
  }
}

/// Reads the array as the type of the variant that has its name; false if there is none.
template <class... T>
bool read_plain(const files::InputFile& file, const SafetensorsEntry& entry, std::uint64_t data,
                std::variant<Array<T>...>& array) {
  const std::string_view name = entry.dtype->name == "BOOL" ? name_of<std::uint8_t> : entry.dtype->name;
  return (
      (name == name_of<T> && (array = read_converted<T>(file, entry, data, [](T x) { return x; }), true)) ||
      ...);
}

template <class... T>
bool has_type(std::string_view name, const std::variant<Array<T>...>*) {
  return name == "BOOL" || name == "F16" || name == "BF16" || ((name == name_of<T>) || ...);
}

/// Whether the strides of an array of this shape do not overflow, even if it has no entries.
bool is_addressable(const SafetensorsEntry& entry) {
  std::uint64_t bound = 16;
  return std::all_of(entry.shape.begin(), entry.shape.end(), [&](std::size_t extent) {
    return !__builtin_mul_overflow(bound, std::max<std::uint64_t>(extent, 1), &bound) && bound >> 62 == 0;
  });
}

// ---- Shards ----

/// The `weight_map` of an index: the file of each array.
std::map<std::string, std::string> read_weight_map(const std::filesystem::path& path) {
  const auto fail = [&](const std::string& what) -> FileError {
    return FileError(fmt::format("cannot read {}: {}", path.string(), what));
  };
  Json index;
  try {
    index = Json::parse(files::read_whole_file(path));
  } catch (const Json::exception& error) {
    throw fail(fmt::format("it is not valid JSON: {}", error.what()));
  }
  const auto map = index.is_object() ? index.find("weight_map") : index.end();
  if (map == index.end() || !map->is_object()) throw fail("it has no object \"weight_map\"");
  std::map<std::string, std::string> files;
  for (const auto& [name, file] : map->items()) {
    if (!file.is_string()) throw fail(fmt::format("the file of array \"{}\" is not a string", name));
    const auto shard = file.get<std::string>();
    if (shard.empty() || shard == "." || shard == ".." ||
        shard.find_first_of(std::string_view("/\0", 2)) != std::string::npos) {
      throw fail(fmt::format("array \"{}\" is in \"{}\", expected a file in the same folder", name, shard));
    }
    files[name] = shard;
  }
  return files;
}

}  // namespace

SafetensorsFiles::SafetensorsFiles(const std::filesystem::path& path) {
  if (path.filename().string().ends_with(".index.json")) {
    add_shards(path);
  } else {
    add_part(path);
    metadata_ = parts_[0].header.metadata;
  }
  for (std::size_t i = 0; i < places_.size(); ++i) by_name_.emplace(entry(i).name, i);
}

void SafetensorsFiles::add_part(const std::filesystem::path& path) {
  files::InputFile file(path);
  SafetensorsHeader header = read_safetensors_header(file);
  for (std::size_t i = 0; i < header.entries.size(); ++i) places_.push_back({parts_.size(), i});
  parts_.push_back({std::move(file), std::move(header)});
}

void SafetensorsFiles::add_shards(const std::filesystem::path& index) {
  const auto files = read_weight_map(index);
  std::set<std::string> shards;
  for (const auto& each : files) shards.insert(each.second);
  std::map<std::string, std::string> found;  // the file of each array
  for (const std::string& shard : shards) {
    add_part(index.parent_path() / shard);
    for (const SafetensorsEntry& each : parts_.back().header.entries) {
      const auto [other, is_new] = found.emplace(each.name, shard);
      if (!is_new) parts_.back().file.fail(each.name, fmt::format("it is also in {}", other->second));
    }
  }
  for (const auto& [name, shard] : files) {
    const auto there = found.find(name);
    if (there != found.end() && there->second == shard) continue;
    throw FileError(fmt::format("cannot read {}: array \"{}\" is not in {}", index.string(), name, shard));
  }
}

const SafetensorsEntry& SafetensorsFiles::entry(std::size_t i) const {
  return parts_[places_[i].part].header.entries[places_[i].entry];
}

std::size_t SafetensorsFiles::find(const std::string& name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? size() : found->second;
}

std::string SafetensorsFiles::unreadable(std::size_t i) const {
  const SafetensorsEntry& each = entry(i);
  if (!has_type(each.dtype->name, static_cast<const AnyArray*>(nullptr))) {
    return fmt::format("its type {} is not supported", each.dtype->name);
  }
  if (!is_addressable(each)) return fmt::format("its shape {} is too large", to_string(each.shape));
  return {};
}

AnyArray SafetensorsFiles::read(std::size_t i) const {
  const SafetensorsEntry& each = entry(i);
  const Part& part = parts_[places_[i].part];
  if (const std::string reason = unreadable(i); !reason.empty()) part.file.fail(each.name, reason);
  if (each.dtype->name == "F16")
    return read_converted<std::uint16_t>(part.file, each, part.header.data, from_half);
  if (each.dtype->name == "BF16")
    return read_converted<std::uint16_t>(part.file, each, part.header.data, from_bfloat16);
  AnyArray array;
  read_plain(part.file, each, part.header.data, array);
  return array;
}

std::string_view dtype_name(const AnyArray& array) {
  return std::visit([]<class T>(const Array<T>&) { return name_of<T>; }, array);
}

}  // namespace xgrad::nn::detail
