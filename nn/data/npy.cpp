#include <autodiff/files/atomic_file.hpp>
#include <autodiff/files/input_file.hpp>
#include <nn/data/npy.hpp>
#include <nn/data/npy_format.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string>

namespace xgrad::nn {
namespace {

class FileSource : public detail::ByteSource {
 public:
  explicit FileSource(const std::filesystem::path& path) : file_(path) {}

  std::size_t read(char* to, std::size_t count) override {
    return file_.read(reinterpret_cast<std::uint8_t*>(to), count);
  }
  FileError error(const std::string& what) const override { return file_.error(what); }

 private:
  files::GzipFile file_;
};

}  // namespace

AnyArray read_npy(const std::filesystem::path& path) {
  FileSource source(path);
  std::string magic(detail::npy_magic.size(), '\0');
  magic.resize(source.read(magic.data(), magic.size()));
  if (magic != detail::npy_magic) source.fail("it is not a .npy array");
  auto result = detail::read_npy_array(source);
  if (const auto* reason = std::get_if<std::string>(&result)) source.fail(*reason);
  return std::get<AnyArray>(std::move(result));
}

void write_npy(const std::filesystem::path& path, const AnyArray& array) {
  const Shape shape = std::visit([](const auto& any) { return any.shape(); }, array);
  std::string text =
      fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}{}), }}", detail::npy_descr(array),
                  fmt::join(shape, ", "), shape.size() == 1 ? "," : "");
  constexpr std::size_t prefix = 6 + 2 + 4;  // the magic, version 2, the length
  const std::size_t length = (prefix + text.size() + 1 + 63) / 64 * 64 - prefix;
  text.resize(length - 1, ' ');
  text += '\n';
  std::string begin = std::string(detail::npy_magic) + std::string("\x02\x00", 2);
  for (int shift = 0; shift < 32; shift += 8) begin += static_cast<char>(length >> shift & 0xff);

  files::AtomicFile file(path);
  file.write(begin.data(), begin.size());
  file.write(text.data(), text.size());
  std::visit([&]<class T>(const Array<T>& any) { file.write(any.data(), any.size() * sizeof(T)); }, array);
  file.commit();
}

}  // namespace xgrad::nn
