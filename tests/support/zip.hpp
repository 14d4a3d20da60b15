#pragma once

#include <zlib.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace check {

inline std::string little_endian(std::uint64_t number, int bytes) {
  std::string result;
  for (int i = 0; i < bytes; ++i) result += static_cast<char>(number >> (8 * i) & 0xff);
  return result;
}

/// A zip archive of these members, stored (PKWARE's APPNOTE, 4.3).
inline std::string zip(const std::vector<std::pair<std::string, std::string>>& members) {
  std::string files, directory;
  for (const auto& [name, data] : members) {
    const auto crc = crc32(0, reinterpret_cast<const Bytef*>(data.data()), static_cast<uInt>(data.size()));
    std::string common = little_endian(20, 2) + little_endian(0, 2) + little_endian(0, 2) +
                         little_endian(0, 2) + little_endian(0x21, 2) + little_endian(crc, 4) +
                         little_endian(data.size(), 4) + little_endian(data.size(), 4) +
                         little_endian(name.size(), 2) + little_endian(0, 2);
    directory += "PK\1\2" + little_endian(20, 2) + common + little_endian(0, 2) + little_endian(0, 2) +
                 little_endian(0, 2) + little_endian(0, 4) + little_endian(files.size(), 4) + name;
    files += "PK\3\4" + common + name + data;
  }
  return files + directory + "PK\5\6" + little_endian(0, 2) + little_endian(0, 2) +
         little_endian(members.size(), 2) + little_endian(members.size(), 2) +
         little_endian(directory.size(), 4) + little_endian(files.size(), 4) + little_endian(0, 2);
}

/// A file in NumPy's format: the magic, the version, the header's length, the header, the entries.
inline std::string npy(const std::string& header, const std::string& data, int version = 1) {
  return "\x93NUMPY" + std::string(1, static_cast<char>(version)) + std::string(1, '\0') +
         little_endian(header.size(), version == 1 ? 2 : 4) + header + data;
}

}  // namespace check
