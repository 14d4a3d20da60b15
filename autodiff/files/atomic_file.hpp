#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

/// \file
/// Atomic writing of files. Not installed.

namespace xgrad::files {

/// A file that appears under its name only once it is completely on disk. Until then it is a temporary file
/// in the same folder, `NAME.xxxxxxxx.tmp` (`.xgrad-xxxxxxxx.xxxxxxxx.tmp` if that name is too long), which
/// the destructor removes. The constructor also removes temporary files for the same name that killed
/// programs left behind: a writer holds a lock on its file (flock), which ends with the process. Every member
/// throws FileError.
class AtomicFile {
 public:
  explicit AtomicFile(const std::filesystem::path& path);
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  ~AtomicFile();

  void write(const void* data, std::size_t bytes);

  /// Moves the file to its final name, replacing any existing file.
  void commit();

 private:
  bool open_temporary(const std::string& stem);
  [[noreturn]] void fail(const char* what) const;

  std::filesystem::path path_;
  std::string temporary_;
  int descriptor_ = -1;
};

/// Writes a whole file atomically. Throws FileError.
void write_atomically(const std::filesystem::path& path, std::string_view text);

}  // namespace xgrad::files
