#pragma once

#include <autodiff/error.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

/// \file
/// Binary input without streams, which depend on the global locale. Not installed.

namespace xgrad::files {

/// A regular file with random access. Every member throws FileError, `cannot read NAME: ...`.
class InputFile {
 public:
  explicit InputFile(const std::filesystem::path& path);
  InputFile(InputFile&& other) noexcept;
  InputFile& operator=(InputFile&&) = delete;
  ~InputFile();

  std::uint64_t size() const { return size_; }

  /// Copies bytes [offset, offset + bytes) of the file.
  void read(std::uint64_t offset, void* to, std::size_t bytes) const;

  [[noreturn]] void fail(std::string_view reason) const;
  [[noreturn]] void fail(std::string_view array, std::string_view reason) const;

 private:
  std::string name_;
  int descriptor_ = -1;
  std::uint64_t size_ = 0;
};

/// A file read sequentially, decompressed if it is gzip-compressed. Bytes after a complete gzip stream are
/// ignored, as by gzip itself.
class GzipFile {
 public:
  explicit GzipFile(const std::filesystem::path& path);

  /// Reads up to `count` bytes; fewer only at the end of the file.
  std::size_t read(std::uint8_t* to, std::size_t count);

  /// An error with the message `NAME: what`.
  FileError error(const std::string& what) const;

 private:
  struct Close {
    void operator()(void* file) const;
  };
  [[noreturn]] void throw_damage();
  void check_end();

  std::string path_;
  std::unique_ptr<void, Close> file_;
};

/// The bytes of a file, decompressed if it is gzip-compressed. Throws FileError with the file's name and the
/// reason.
std::string read_whole_file(const std::filesystem::path& path);

}  // namespace xgrad::files
