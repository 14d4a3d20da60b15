#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

/// \file
/// Files that are there as a whole, or not at all. Not installed.

namespace xgrad::files {

/// A file that appears under its name when all of it is on disk, or not at all. Until then it is a temporary
/// file in the same folder, `NAME.xxxxxxxx.tmp` (`.xgrad-xxxxxxxx.xxxxxxxx.tmp` where that is too long),
/// which the destructor removes. Those that killed programs left for the same name are removed, too: whoever
/// writes one holds a lock on it (flock), which ends with the process. Every member throws FileError.
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
  bool open_temporary(const std::string& stem);
  [[noreturn]] void fail(const char* what) const;

  std::filesystem::path path_;
  std::string temporary_;
  int descriptor_ = -1;
};

/// Writes a file that appears under its name when all of it is there. Throws FileError.
void write_atomically(const std::filesystem::path& path, std::string_view text);

}  // namespace xgrad::files
