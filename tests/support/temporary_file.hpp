#pragma once

#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace check {

/// A temporary file with these bytes, or only a path for one; removed when it leaves scope.
class TemporaryFile {
 public:
  TemporaryFile() : path(new_path()) {}
  explicit TemporaryFile(std::string_view bytes) : path(new_path()) {
    std::ofstream(path, std::ios::binary) << bytes;
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() {
    std::error_code none;
    std::filesystem::remove_all(path, none);
  }

  std::filesystem::path path;

 private:
  static std::filesystem::path new_path() {
    static std::atomic<int> count{0};
    return std::filesystem::temp_directory_path() / fmt::format("xgrad-test-{}-{}", getpid(), count++);
  }
};

inline std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace check
