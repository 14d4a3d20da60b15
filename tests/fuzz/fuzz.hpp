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
/// What the fuzz targets share: the input as a file in memory, and what a reader may throw.

namespace fuzz {

/// A file in memory with these bytes, under a name.
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

/// Reads the input as `read(path)` does. The library's errors are how a reader refuses a file; anything else
/// ends the program.
template <class Read>
void run(const std::uint8_t* data, std::size_t size, const Read& read) {
  const File file(data, size);
  try {
    read(file.path);
  } catch (const xgrad::Error&) {}
}

}  // namespace fuzz
