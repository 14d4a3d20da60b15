#pragma once

#include <filesystem>
#include <string>

namespace xgrad::nn::detail {

/// The bytes of a file. Throws FileError, naming it and the system's reason.
std::string read_whole_file(const std::filesystem::path& path);

}  // namespace xgrad::nn::detail
