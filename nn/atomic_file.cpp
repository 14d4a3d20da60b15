#include <autodiff/error.hpp>
#include <nn/atomic_file.hpp>
#include <nn/descriptor.hpp>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <random>
#include <utility>

namespace xgrad::nn::detail {
namespace {

/// What is written in the end: behind symbolic links, the file that they lead to.
std::filesystem::path final_path(const std::filesystem::path& path) {
  std::error_code error;
  const auto target = std::filesystem::canonical(path, error);
  return error ? path : target;
}

/// Makes permissions of the file those of the one that it replaces.
void copy_permissions(const std::filesystem::path& from, int to) {
  struct stat status;
  if (stat(from.c_str(), &status) == 0) (void)!fchmod(to, status.st_mode & 07777);
}

/// A renamed file survives a power cut once its folder is on disk, too. Some file systems cannot do that: no
/// error.
void sync_folder(const std::filesystem::path& file) {
  const auto folder = file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
  const int descriptor = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  (void)fsync(descriptor);
  (void)close(descriptor);
}

}  // namespace

AtomicFile::AtomicFile(const std::filesystem::path& path) : path_(final_path(path)) {
  std::error_code error;
  const auto status = std::filesystem::status(path_, error);
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
    throw FileError(fmt::format("cannot write {}: it exists and is no regular file", path_.string()));
  }
  std::random_device random;  // names need not repeat from run to run, and parallel runs must not share them
  do {
    temporary_ = fmt::format("{}.{:08x}.tmp", path_.string(), random());
    descriptor_ = open_file(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL);
  } while (descriptor_ < 0 && errno == EEXIST);
  if (descriptor_ < 0) fail("cannot write");
  copy_permissions(path_, descriptor_);
}

AtomicFile::~AtomicFile() {
  if (descriptor_ >= 0) close(descriptor_);
  if (!temporary_.empty()) unlink(temporary_.c_str());
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
  if (close(std::exchange(descriptor_, -1)) != 0) fail("cannot write");
  if (std::rename(temporary_.c_str(), path_.c_str()) != 0) fail("cannot replace");
  temporary_.clear();
  sync_folder(path_);
}

void AtomicFile::fail(const char* what) const {
  throw FileError(fmt::format("{} {}: {}", what, path_.string(), std::strerror(errno)));
}

}  // namespace xgrad::nn::detail
