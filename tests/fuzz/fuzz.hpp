#pragma once

#include <autodiff/error.hpp>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>

/// \file
/// Helpers for the fuzz targets: the input as a file in memory, and the exceptions that a reader may throw.

namespace fuzz {

/// A file in memory with these bytes and a path.
class File {
 public:
  File(const std::uint8_t* data, std::size_t size) : descriptor_(memfd_create("fuzz", MFD_CLOEXEC)) {
    if (descriptor_ < 0 || write(descriptor_, data, size) != static_cast<ssize_t>(size)) std::abort();
    path = "/proc/self/fd/" + std::to_string(descriptor_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() { close(descriptor_); }

  std::filesystem::path path;

 private:
  int descriptor_;
};

/// Calls `read(path)` with the input as a file. A reader rejects a file by one of the library's errors; any
/// other exception ends the program.
template <class Read>
void run(const std::uint8_t* data, std::size_t size, const Read& read) {
  const File file(data, size);
  try {
    read(file.path);
  } catch (const xgrad::Error&) {}
}

}  // namespace fuzz
