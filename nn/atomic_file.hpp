#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

namespace xgrad::nn::detail {

/// A file that appears under its name when all of it is on disk, or not at all. Until then it is a temporary
/// file in the same folder, which the destructor removes. Every member throws FileError.
class AtomicFile {
 public:
  explicit AtomicFile(const std::filesystem::path& path);
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  ~AtomicFile();

  void write(const void* data, std::size_t bytes);

  /// Puts the file in place, over an older one of that name.
  void commit();

 private:
  [[noreturn]] void fail(const char* what) const;

  std::filesystem::path path_;
  std::string temporary_;
  int descriptor_ = -1;
};

}  // namespace xgrad::nn::detail
