#include <nn/data/generator_state.hpp>

#include <locale>
#include <sstream>

namespace xgrad::nn::detail {

std::string generator_text(const Generator& generator) {
  std::ostringstream out;
  out.imbue(std::locale::classic());
  out << generator;
  return std::move(out).str();
}

std::optional<Generator> generator_from(const std::string& text) {
  std::istringstream in(text);
  in.imbue(std::locale::classic());
  Generator generator;
  if (!(in >> generator)) return std::nullopt;
  in >> std::ws;
  if (!in.eof()) return std::nullopt;
  return generator;
}

}  // namespace xgrad::nn::detail
