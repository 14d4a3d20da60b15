#include <nn/atomic_file.hpp>
#include <optim/text_file.hpp>

namespace xgrad::optim::detail {

void write_text_file(const std::filesystem::path& path, std::string_view text) {
  nn::detail::AtomicFile file(path);
  file.write(text.data(), text.size());
  file.commit();
}

}  // namespace xgrad::optim::detail
