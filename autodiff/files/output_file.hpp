#pragma once

#include <filesystem>
#include <string_view>

/// \file
/// Files that grow, record by record. Not installed.

namespace xgrad::files {

/// A file that records are appended to. Its members throw FileError.
class OutputFile {
 public:
  enum class Mode { add, truncate };

  /// Makes the file, or opens it.
  OutputFile(const std::filesystem::path& path, Mode mode);
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;
  ~OutputFile();

  /// Hands all bytes to the system. If that fails, none of them stays in the file.
  void append(std::string_view bytes);

 private:
  [[noreturn]] void fail() const;

  std::filesystem::path path_;
  int descriptor_;
};

}  // namespace xgrad::files
