#include <autodiff/files/input_file.hpp>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace xgrad::files {

// ---- Random access ----

InputFile::InputFile(const std::filesystem::path& path) : name_(path.string()) {
  // Without O_NONBLOCK, opening a named pipe without a writer would block.
  const int descriptor = open(name_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) fail(std::strerror(errno));
  struct stat status{};
  const bool known = fstat(descriptor, &status) == 0;
  const int reason = errno;
  if (!known || !S_ISREG(status.st_mode)) {
    (void)close(descriptor);
    fail(known ? "it is not a regular file" : std::strerror(reason));
  }
  descriptor_ = descriptor;
  size_ = static_cast<std::uint64_t>(status.st_size);
}

InputFile::InputFile(InputFile&& other) noexcept
    : name_(std::move(other.name_)), descriptor_(std::exchange(other.descriptor_, -1)), size_(other.size_) {}

InputFile::~InputFile() {
  if (descriptor_ >= 0) (void)close(descriptor_);
}

void InputFile::read(std::uint64_t offset, void* to, std::size_t bytes) const {
  char* next = static_cast<char*>(to);
  std::size_t left = bytes;
  while (left > 0) {
    const auto place = static_cast<off_t>(offset + (bytes - left));
    const ssize_t got = pread(descriptor_, next, std::min(left, std::size_t{1} << 30), place);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      fail(fmt::format("{} bytes at offset {} cannot be read: {}", bytes, offset,
                       got < 0 ? std::strerror(errno) : "the file ends there"));
    }
    next += got;
    left -= static_cast<std::size_t>(got);
  }
}

void InputFile::fail(std::string_view reason) const {
  throw FileError(fmt::format("cannot read {}: {}", name_, reason));
}

void InputFile::fail(std::string_view array, std::string_view reason) const {
  fail(fmt::format("array \"{}\": {}", array, reason));
}

// ---- Sequential access ----

void GzipFile::Close::operator()(void* file) const { gzclose_r(static_cast<gzFile>(file)); }

GzipFile::GzipFile(const std::filesystem::path& path)
    : path_(path.string()), file_(gzopen(path_.c_str(), "rb")) {
  if (!file_) throw FileError(fmt::format("cannot read {}: {}", path_, std::strerror(errno)));
}

FileError GzipFile::error(const std::string& what) const {
  return FileError(fmt::format("{}: {}", path_, what));
}

std::size_t GzipFile::read(std::uint8_t* to, std::size_t count) {
  std::size_t done = 0;
  while (done < count) {
    constexpr std::size_t at_most = std::size_t{1} << 20;
    const auto wanted = static_cast<unsigned>(std::min(count - done, at_most));
    const int got = gzread(static_cast<gzFile>(file_.get()), to + done, wanted);
    if (got < 0) throw_damage();
    check_end();
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

void GzipFile::throw_damage() {
  int code = Z_OK;
  const std::string text = gzerror(static_cast<gzFile>(file_.get()), &code);
  if (code == Z_ERRNO) throw FileError(fmt::format("cannot read {}: {}", path_, std::strerror(errno)));
  throw error("damaged: " + text);
}

/// Throws for a truncated compressed file. zlib reads it as if it ended there: only the stream's error status
/// shows it, and in zlib 1.3.2 the next read clears that.
void GzipFile::check_end() {
  int code = Z_OK;
  gzerror(static_cast<gzFile>(file_.get()), &code);
  if (code != Z_OK && code != Z_STREAM_END) throw_damage();
}

std::string read_whole_file(const std::filesystem::path& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    throw FileError(fmt::format("cannot read {}: it is a folder", path.string()));
  }
  GzipFile file(path);
  std::string bytes;
  constexpr std::size_t piece = std::size_t{1} << 16;
  for (std::size_t next = piece, got = next; got == next; next = std::max(piece, bytes.size())) {
    const std::size_t old = bytes.size();
    bytes.resize(old + next);
    got = file.read(reinterpret_cast<std::uint8_t*>(bytes.data()) + old, next);
    bytes.resize(old + got);
    if (got < next) break;
  }
  return bytes;
}

}  // namespace xgrad::files
