#pragma once

#include <filesystem>
#include <string_view>

namespace xgrad::optim::detail {

/// Writes a file that appears under its name when all of it is there. Throws FileError.
void write_text_file(const std::filesystem::path& path, std::string_view text);

}  // namespace xgrad::optim::detail
