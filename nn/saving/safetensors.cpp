#include <autodiff/error.hpp>
#include <autodiff/files/atomic_file.hpp>
#include <nn/saving/safetensors.hpp>
#include <nn/saving/safetensors_files.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdint>
#include <set>
#include <string_view>

namespace xgrad::nn {
namespace {

using Json = nlohmann::json;

std::size_t entry_bytes(const NamedArray& each) {
  return std::visit([]<class T>(const Array<T>&) { return sizeof(T); }, each.array);
}

std::size_t size_in_bytes(const NamedArray& each) {
  return std::visit([]<class T>(const Array<T>& array) { return array.size() * sizeof(T); }, each.array);
}

/// The arrays in their order or, if one would not begin at a multiple of its element size, those of larger
/// types first: readers that view the bytes in place need aligned arrays.
std::vector<const NamedArray*> order_of_bytes(const StateDict& contents) {
  std::vector<const NamedArray*> order;
  std::size_t position = 0;
  bool aligned = true;
  for (const NamedArray& each : contents.arrays) {
    order.push_back(&each);
    aligned = aligned && position % entry_bytes(each) == 0;
    position += size_in_bytes(each);
  }
  if (!aligned) {
    std::stable_sort(order.begin(), order.end(), [](const NamedArray* a, const NamedArray* b) {
      return entry_bytes(*a) > entry_bytes(*b);
    });
  }
  return order;
}

/// The header, padded with spaces so that the arrays begin at a multiple of 8 bytes.
std::string write_header(const std::vector<const NamedArray*>& order,
                         const std::map<std::string, std::string>& metadata) {
  std::set<std::string_view> names{detail::metadata_key};
  std::uint64_t position = 0;
  std::string text = "{";
  try {
    if (!metadata.empty()) text += fmt::format("\"{}\":{},", detail::metadata_key, Json(metadata).dump());
    for (const NamedArray* each : order) {
      if (!names.insert(each->name).second) {
        throw ValueError(
            fmt::format("write_safetensors: the name \"{}\" is repeated or reserved", each->name));
      }
      const Shape shape = std::visit([](const auto& array) { return array.shape(); }, each->array);
      const std::uint64_t end = position + size_in_bytes(*each);
      text +=
          fmt::format(R"({}:{{"dtype":"{}","shape":[{}],"data_offsets":[{},{}]}},)", Json(each->name).dump(),
                      detail::dtype_name(each->array), fmt::join(shape, ","), position, end);
      position = end;
    }
  } catch (const Json::exception& error) {
    throw ValueError(fmt::format("write_safetensors: {}", error.what()));
  }
  if (text.size() > 1) text.pop_back();  // the last comma
  text += '}';
  text.resize((text.size() + 7) / 8 * 8, ' ');
  return text;
}

}  // namespace

Safetensors read_safetensors(const std::filesystem::path& path) {
  const detail::SafetensorsFiles files(path);
  Safetensors contents;
  contents.metadata = files.metadata();
  for (std::size_t i = 0; i < files.size(); ++i) {
    std::string reason = files.unreadable(i);
    if (reason.empty()) {
      contents.arrays.push_back({files.entry(i).name, files.read(i)});
    } else {
      contents.skipped.push_back({files.entry(i).name, std::move(reason)});
    }
  }
  return contents;
}

Safetensors read_safetensors(const std::filesystem::path& path, const std::vector<std::string>& names) {
  const detail::SafetensorsFiles files(path);
  Safetensors contents;
  contents.metadata = files.metadata();
  for (const std::string& name : names) {
    const std::size_t i = files.find(name);
    if (i == files.size()) {
      throw FileError(fmt::format("cannot read {}: no array is named \"{}\"", path.string(), name));
    }
    contents.arrays.push_back({name, files.read(i)});
  }
  return contents;
}

void write_safetensors(const std::filesystem::path& path, const StateDict& contents) {
  const auto order = order_of_bytes(contents);
  const std::string header = write_header(order, contents.metadata);
  if (header.size() > detail::max_header_bytes) {
    throw ValueError(fmt::format("write_safetensors: expected a header of at most {} bytes, got {}",
                                 detail::max_header_bytes, header.size()));
  }
  files::AtomicFile file(path);
  const std::uint64_t length = header.size();
  file.write(&length, detail::length_bytes);
  file.write(header.data(), header.size());
  for (const NamedArray* each : order) {
    std::visit([&](const auto& array) { file.write(array.data(), size_in_bytes(*each)); }, each->array);
  }
  file.commit();
}

}  // namespace xgrad::nn
