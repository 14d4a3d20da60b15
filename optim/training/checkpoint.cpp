#include <autodiff/error.hpp>
#include <autodiff/random.hpp>
#include <nn/data/generator_state.hpp>
#include <optim/training/checkpoint.hpp>
#include <optim/training/state_reader.hpp>

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>
#include <type_traits>
#include <vector>

namespace xgrad::optim {
namespace {

constexpr const char* generator_key = "generator";
constexpr const char* format_key = "format";
constexpr const char* checksum_key = "checksum";
constexpr const char* format = "xgrad checkpoint 2";
constexpr const char* format_without_checksum = "xgrad checkpoint 1";

/// A CRC-32 of the contents of a checkpoint: the metadata (without the checksum itself), and the names,
/// types, shapes and bytes of the arrays. The length of each item is included, so that the boundaries between
/// items are covered.
class Checksum {
 public:
  void add(const void* data, std::size_t bytes) {
    const std::uint64_t length = bytes;
    value_ = crc32_z(value_, reinterpret_cast<const Bytef*>(&length), sizeof length);
    value_ = crc32_z(value_, static_cast<const Bytef*>(data), bytes);
  }
  void add(std::string_view text) { add(text.data(), text.size()); }
  void add(const nn::NamedArray& named) {
    add(named.name);
    std::visit(
        [this]<class T>(const Array<T>& array) {
          add(std::is_floating_point_v<T> ? "real" : std::is_signed_v<T> ? "signed" : "unsigned");
          const std::vector<std::uint64_t> extents(array.shape().begin(), array.shape().end());
          add(extents.data(), extents.size() * sizeof extents[0]);
          add(array.data(), array.size() * sizeof(T));
        },
        named.array);
  }
  std::string text() const { return fmt::format("{:08x}", value_); }

 private:
  uLong value_ = 0;
};

std::string checksum_of(const nn::StateDict& whole) {
  Checksum checksum;
  for (const auto& [name, text] : whole.metadata) {
    if (name == checksum_key) continue;
    checksum.add(name);
    checksum.add(text);
  }
  // Sorted by name, because the file orders arrays by the size of their type.
  std::vector<const nn::NamedArray*> arrays;
  for (const nn::NamedArray& each : whole.arrays) arrays.push_back(&each);
  std::sort(arrays.begin(), arrays.end(), [](const auto* a, const auto* b) { return a->name < b->name; });
  for (const nn::NamedArray* each : arrays) checksum.add(*each);
  return checksum.text();
}

void check_format(const nn::Safetensors& whole, const std::filesystem::path& path) {
  const auto text_of = [&](const char* key) {
    const auto found = whole.metadata.find(key);
    return found == whole.metadata.end() ? std::string() : found->second;
  };
  const std::string came = text_of(format_key);
  if (came != format && came != format_without_checksum) {
    throw FileError(fmt::format("cannot read {}: it is not a checkpoint of this version", path.string()));
  }
  if (!whole.skipped.empty()) {
    throw FileError(fmt::format("cannot read {}: damaged: array \"{}\": {}", path.string(),
                                whole.skipped[0].name, whole.skipped[0].reason));
  }
  if (came == format && text_of(checksum_key) != checksum_of(whole)) {
    throw FileError(
        fmt::format("cannot read {}: damaged: it states the checksum \"{}\", its contents have {}",
                    path.string(), text_of(checksum_key), checksum_of(whole)));
  }
}

}  // namespace

void save_checkpoint(const std::filesystem::path& path, const std::map<std::string, nn::StateDict>& parts) {
  nn::StateDict whole;
  whole.metadata = {{format_key, format}, {generator_key, nn::detail::generator_text(default_generator())}};
  for (const auto& [name, part] : parts) {
    if (name.empty() || name.find('.') != std::string::npos) {
      throw ValueError(
          fmt::format("save_checkpoint: expected a non-empty part name without dots, got \"{}\"", name));
    }
    whole.metadata[name + "."] = "";  // records the part's name even if the part is empty
    detail::add_part(whole, name + ".", part);
  }
  whole.metadata[checksum_key] = checksum_of(whole);
  nn::write_safetensors(path, whole);
}

std::map<std::string, nn::StateDict> load_checkpoint(const std::filesystem::path& path) {
  const nn::Safetensors whole = nn::read_safetensors(path);
  check_format(whole, path);
  const auto text = whole.metadata.find(generator_key);
  const auto generator =
      text == whole.metadata.end() ? std::nullopt : nn::detail::generator_from(text->second);
  if (!generator) {
    throw FileError(fmt::format("cannot read {}: its generator state is missing or invalid", path.string()));
  }
  std::map<std::string, nn::StateDict> parts;
  for (const auto& each : whole.metadata) {
    const std::string& name = each.first;
    if (!name.ends_with('.')) continue;
    nn::StateDict part = detail::part_of(whole, name);
    part.metadata.erase("");
    parts[name.substr(0, name.size() - 1)] = std::move(part);
  }
  default_generator() = *generator;
  return parts;
}

}  // namespace xgrad::optim
