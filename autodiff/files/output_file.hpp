#pragma once

#include <filesystem>
#include <string_view>

/// \file
/// Files that records are appended to. Not installed.

namespace xgrad::files {

/// A file that records are appended to. Its members throw FileError.
class OutputFile {
 public:
  enum class Mode { add, truncate };

  /// Opens the file, creating it if necessary.
  OutputFile(const std::filesystem::path& path, Mode mode);
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;
  ~OutputFile();

  /// Writes all bytes. On failure the file is truncated to its previous length.
  void append(std::string_view bytes);

 private:
  [[noreturn]] void fail() const;

  std::filesystem::path path_;
  int descriptor_;
};

}  // namespace xgrad::files
