#pragma once

#include <nn/saving/any_array.hpp>
#include <nn/saving/safetensors_header.hpp>

#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

/// \file
/// Reads arrays of safetensors files on demand. Not installed.

namespace xgrad::nn::detail {

/// One file, or the shards that an index lists. Its members throw FileError.
class SafetensorsFiles {
 public:
  /// Reads the headers.
  explicit SafetensorsFiles(const std::filesystem::path& path);

  std::size_t size() const { return places_.size(); }
  const SafetensorsEntry& entry(std::size_t i) const;
  const std::map<std::string, std::string>& metadata() const { return metadata_; }

  /// The index of the array of that name; size() if there is none.
  std::size_t find(const std::string& name) const;

  /// Why the array cannot be read; empty if it can.
  std::string unreadable(std::size_t i) const;
  AnyArray read(std::size_t i) const;

 private:
  struct Part {
    files::InputFile file;
    SafetensorsHeader header;
  };
  struct Place {
    std::size_t part, entry;
  };

  void add_part(const std::filesystem::path& path);
  void add_shards(const std::filesystem::path& index);

  std::vector<Part> parts_;
  std::vector<Place> places_;
  std::map<std::string_view, std::size_t> by_name_;
  std::map<std::string, std::string> metadata_;
};

/// The format's name for the type of an array, such as `F32`.
std::string_view dtype_name(const AnyArray& array);

}  // namespace xgrad::nn::detail
