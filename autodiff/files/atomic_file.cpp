#include <autodiff/error.hpp>
#include <autodiff/files/atomic_file.hpp>
#include <autodiff/files/descriptor.hpp>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <random>
#include <string_view>
#include <utility>

namespace xgrad::files {
namespace {

/// The path of the file to write, with symbolic links resolved.
std::filesystem::path final_path(const std::filesystem::path& path) {
  std::error_code error;
  const auto target = std::filesystem::canonical(path, error);
  return error ? path : target;
}

/// Copies the permissions of the file that is replaced.
void copy_permissions(const std::filesystem::path& from, int to) {
  struct stat status;
  if (stat(from.c_str(), &status) == 0) (void)!fchmod(to, status.st_mode & 07777);
}

/// Syncs the folder to disk, so that a renamed file survives a power cut. Errors are ignored: some file
/// systems do not support this.
void sync_folder(const std::filesystem::path& file) {
  const auto folder = file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
  const int descriptor = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  (void)fsync(descriptor);
  (void)close(descriptor);
}

constexpr std::size_t digits = 8;
constexpr std::string_view ending = ".tmp";

/// The prefix of temporary files for this name. The short form fits any name.
std::string stem_of(const std::filesystem::path& path, bool is_short) {
  const std::string name = path.filename().string();
  if (!is_short) return name + '.';
  const auto* bytes = reinterpret_cast<const Bytef*>(name.data());
  return fmt::format(".xgrad-{:08x}.", crc32_z(0, bytes, name.size()));
}

bool is_temporary(std::string_view name, std::string_view stem) {
  if (name.size() != stem.size() + digits + ending.size() || !name.starts_with(stem) ||
      !name.ends_with(ending)) {
    return false;
  }
  const std::string_view number = name.substr(stem.size(), digits);
  return number.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

/// Removes a temporary file unless a process holds the lock on it.
void remove_if_abandoned(const std::string& path) {
  const int descriptor = open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (descriptor < 0) return;
  if (flock(descriptor, LOCK_EX | LOCK_NB) == 0) (void)unlink(path.c_str());
  (void)close(descriptor);
}

/// Removes temporary files that killed programs left behind while writing this file.
void remove_abandoned(const std::filesystem::path& path) {
  const auto folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  const std::string stems[] = {stem_of(path, false), stem_of(path, true)};
  std::error_code error;
  for (std::filesystem::directory_iterator each(folder, error), end; !error && each != end;
       each.increment(error)) {
    const std::string name = each->path().filename().string();
    if (is_temporary(name, stems[0]) || is_temporary(name, stems[1])) remove_if_abandoned(each->path());
  }
}

}  // namespace

AtomicFile::AtomicFile(const std::filesystem::path& path) : path_(final_path(path)) {
  std::error_code error;
  const auto status = std::filesystem::status(path_, error);
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
    throw FileError(fmt::format("cannot write {}: it exists and is not a regular file", path_.string()));
  }
  if (error == std::errc::filename_too_long) {
    throw FileError(fmt::format("cannot write {}: {}", path_.string(), error.message()));
  }
  remove_abandoned(path_);
  if (!open_temporary(stem_of(path_, false)) &&
      (errno != ENAMETOOLONG || !open_temporary(stem_of(path_, true)))) {
    temporary_.clear();
    fail("cannot write");
  }
  copy_permissions(path_, descriptor_);
}

/// Creates a new file and locks it. Returns false and sets errno on failure.
bool AtomicFile::open_temporary(const std::string& stem) {
  std::random_device random;  // not reproducible: parallel runs must not share names
  while (true) {
    temporary_ = (path_.parent_path() / fmt::format("{}{:08x}{}", stem, random(), ending)).string();
    descriptor_ = open(temporary_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor_ < 0 && errno == EEXIST) continue;
    if (descriptor_ < 0) return false;
    // Before the lock, another process may have treated the file as abandoned and removed it. File systems
    // without locks are not an error: nothing is removed there.
    (void)flock(descriptor_, LOCK_EX);
    struct stat status{};
    if (fstat(descriptor_, &status) != 0 || status.st_nlink > 0) return true;
    (void)close(std::exchange(descriptor_, -1));
  }
}

AtomicFile::~AtomicFile() {
  if (!temporary_.empty()) unlink(temporary_.c_str());
  if (descriptor_ >= 0) close(descriptor_);
}

void AtomicFile::write(const void* data, std::size_t bytes) {
  const char* next = static_cast<const char*>(data);
  while (bytes > 0) {
    const ssize_t written = ::write(descriptor_, next, std::min(bytes, std::size_t{1} << 30));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail("cannot write");
    next += written;
    bytes -= static_cast<std::size_t>(written);
  }
}

void AtomicFile::commit() {
  if (fsync(descriptor_) != 0) fail("cannot write");
  // The lock is held until the temporary name is gone.
  if (std::rename(temporary_.c_str(), path_.c_str()) != 0) fail("cannot replace");
  temporary_.clear();
  (void)close(std::exchange(descriptor_, -1));
  sync_folder(path_);
}

void AtomicFile::fail(const char* what) const {
  throw FileError(fmt::format("{} {}: {}", what, path_.string(), std::strerror(errno)));
}

void write_atomically(const std::filesystem::path& path, std::string_view text) {
  AtomicFile file(path);
  file.write(text.data(), text.size());
  file.commit();
}

}  // namespace xgrad::files
