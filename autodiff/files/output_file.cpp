#include <autodiff/error.hpp>
#include <autodiff/files/descriptor.hpp>
#include <autodiff/files/output_file.hpp>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace xgrad::files {

OutputFile::OutputFile(const std::filesystem::path& path, Mode mode)
    : path_(path),
      descriptor_(
          open_file(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | (mode == Mode::truncate ? O_TRUNC : 0))) {
  if (descriptor_ < 0) fail();
}

OutputFile::~OutputFile() { (void)close(descriptor_); }

void OutputFile::append(std::string_view bytes) {
  const off_t before = lseek(descriptor_, 0, SEEK_END);  // fails for a pipe, which cannot be truncated
  while (!bytes.empty()) {
    const ssize_t written = write(descriptor_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      const int error = errno;
      if (before >= 0) (void)!ftruncate(descriptor_, before);
      errno = error;
      fail();
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

void OutputFile::fail() const {
  throw FileError(fmt::format("cannot write {}: {}", path_.string(), std::strerror(errno)));
}

}  // namespace xgrad::files
