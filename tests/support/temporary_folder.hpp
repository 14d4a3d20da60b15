#pragma once

#include "temporary_file.hpp"

#include <cstddef>
#include <iterator>

namespace check {

/// A temporary folder, removed with its contents when it leaves scope.
class TemporaryFolder : public TemporaryFile {
 public:
  TemporaryFolder() { std::filesystem::create_directories(path); }
  std::size_t files() const {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(path), {}));
  }
};

inline void write_file(const std::filesystem::path& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

}  // namespace check
