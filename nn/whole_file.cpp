#include <autodiff/error.hpp>
#include <nn/whole_file.hpp>

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

namespace xgrad::nn::detail {

std::string read_whole_file(const std::filesystem::path& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    throw FileError(fmt::format("cannot read {}: it is a folder", path.string()));
  }
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(file), {}};
  if (!file.is_open() || file.bad()) {
    throw FileError(
        fmt::format("cannot read {}: {}", path.string(), std::strerror(errno != 0 ? errno : EIO)));
  }
  return bytes;
}

}  // namespace xgrad::nn::detail
