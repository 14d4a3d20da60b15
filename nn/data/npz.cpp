#include <autodiff/error.hpp>
#include <nn/data/npy_format.hpp>
#include <nn/data/npz.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <zip.h>

#include <map>
#include <memory>
#include <utility>
#include <vector>

namespace xgrad::nn {
namespace {

// ---- The archive, read with libzip ----

struct CloseArchive {
  void operator()(zip_t* archive) const { zip_discard(archive); }
};
struct CloseEntry {
  void operator()(zip_file_t* entry) const { zip_fclose(entry); }
};
using Archive = std::unique_ptr<zip_t, CloseArchive>;
using Entry = std::unique_ptr<zip_file_t, CloseEntry>;

Archive open_archive(const std::string& path) {
  int code = 0;
  Archive archive(zip_open(path.c_str(), ZIP_RDONLY | ZIP_CHECKCONS, &code));
  if (!archive) {
    zip_error_t error;
    zip_error_init_with_code(&error, code);
    const std::string reason = zip_error_strerror(&error);
    zip_error_fini(&error);
    throw FileError(fmt::format("cannot read {}: {}", path, reason));
  }
  return archive;
}

/// A member of the archive; its checksum is verified when it is read to its end.
class Member : public detail::ByteSource {
 public:
  Member(zip_t* archive, zip_uint64_t index, std::string where)
      : where_(std::move(where)), entry_(zip_fopen_index(archive, index, 0)) {}

  bool is_open() const { return entry_ != nullptr; }

  std::size_t read(char* to, std::size_t count) override {
    std::size_t done = 0;
    while (done < count) {
      const zip_int64_t got = zip_fread(entry_.get(), to + done, count - done);
      if (got < 0) fail(fmt::format("damaged: {}", zip_file_strerror(entry_.get())));
      if (got == 0) break;
      done += static_cast<std::size_t>(got);
    }
    return done;
  }

  FileError error(const std::string& what) const override {
    return FileError(fmt::format("{}: {}", where_, what));
  }

 private:
  std::string where_;
  Entry entry_;
};

/// An .npz file and the names of its arrays.
class NpzReader {
 public:
  explicit NpzReader(const std::filesystem::path& path)
      : path_(path.string()), archive_(open_archive(path_)) {
    const zip_int64_t count = zip_get_num_entries(archive_.get(), 0);
    for (zip_int64_t i = 0; i < count; ++i) {
      const auto index = static_cast<zip_uint64_t>(i);
      const char* entry = zip_get_name(archive_.get(), index, 0);
      if (entry == nullptr) throw FileError(fmt::format("{}: an array without a name", path_));
      std::string name = entry;
      const bool is_npy = name.ends_with(".npy");
      if (is_npy) name.resize(name.size() - 4);
      if (!members_.emplace(name, Place{index, is_npy}).second) {
        throw FileError(fmt::format("{}: array \"{}\": it appears twice", path_, name));
      }
    }
  }

  std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const auto& each : members_) all.push_back(each.first);
    return all;
  }

  /// Reads a member into `arrays`, or adds it to `skipped`.
  void read(const std::string& name, Npz& contents) const {
    const auto found = members_.find(name);
    if (found == members_.end()) {
      throw FileError(fmt::format("cannot read {}: no array is named \"{}\"; there are: {}", path_, name,
                                  fmt::join(names(), ", ")));
    }
    const auto [index, is_npy] = found->second;
    Member member(archive_.get(), index, fmt::format("{}: array \"{}\"", path_, name));
    std::string magic(detail::npy_magic.size(), '\0');
    if (member.is_open()) magic.resize(member.read(magic.data(), magic.size()));
    if (magic == detail::npy_magic) {
      auto result = detail::read_npy_array(member);
      if (auto* array = std::get_if<AnyArray>(&result)) {
        contents.arrays[name] = std::move(*array);
      } else {
        contents.skipped[name] = std::get<std::string>(result);
      }
    } else if (is_npy) {
      member.fail(member.is_open() ? "it is not a .npy array" : zip_strerror(archive_.get()));
    } else {
      contents.skipped[name] = "it is not a .npy array";
    }
  }

 private:
  struct Place {
    zip_uint64_t index;
    bool is_npy;  // by its name
  };

  std::string path_;
  Archive archive_;
  std::map<std::string, Place> members_;
};

}  // namespace

Npz read_npz(const std::filesystem::path& path) {
  const NpzReader reader(path);
  Npz contents;
  for (const std::string& name : reader.names()) reader.read(name, contents);
  return contents;
}

Npz read_npz(const std::filesystem::path& path, const std::vector<std::string>& names) {
  const NpzReader reader(path);
  Npz contents;
  for (const std::string& name : names) {
    reader.read(name, contents);
    if (const auto reason = contents.skipped.find(name); reason != contents.skipped.end()) {
      throw FileError(fmt::format("{}: array \"{}\": {}", path.string(), name, reason->second));
    }
  }
  return contents;
}

template <class T>
const Array<T>& Npz::get(const std::string& name) const {
  const auto found = arrays.find(name);
  if (found == arrays.end()) {
    std::vector<std::string> names;
    for (const auto& each : arrays) names.push_back(each.first);
    if (const auto reason = skipped.find(name); reason != skipped.end()) {
      throw FileError(fmt::format("Npz: array \"{}\" was skipped: {}", name, reason->second));
    }
    throw FileError(
        fmt::format("Npz: no array is named \"{}\"; there are: {}", name, fmt::join(names, ", ")));
  }
  if (const auto* array = std::get_if<Array<T>>(&found->second)) return *array;
  throw FileError(fmt::format("Npz: expected array \"{0}\" of type {2}, got {1}", name,
                              detail::npy_descr(found->second), detail::npy_descr(Array<T>())));
}

#define XGRAD_INSTANTIATE(T) template XGRAD_API const Array<T>& Npz::get<T>(const std::string&) const;
XGRAD_INSTANTIATE(float)
XGRAD_INSTANTIATE(double)
XGRAD_INSTANTIATE(std::int8_t)
XGRAD_INSTANTIATE(std::int16_t)
XGRAD_INSTANTIATE(std::int32_t)
XGRAD_INSTANTIATE(std::int64_t)
XGRAD_INSTANTIATE(std::uint8_t)
XGRAD_INSTANTIATE(std::uint16_t)
XGRAD_INSTANTIATE(std::uint32_t)
XGRAD_INSTANTIATE(std::uint64_t)
#undef XGRAD_INSTANTIATE

}  // namespace xgrad::nn
