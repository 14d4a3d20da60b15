#include <autodiff/error.hpp>
#include <autodiff/random.hpp>
#include <optim/checkpoint.hpp>
#include <optim/state_reader.hpp>

#include <fmt/format.h>

#include <set>
#include <sstream>

namespace xgrad::optim {
namespace {

constexpr const char* generator_key = "generator";
constexpr const char* format_key = "format";
constexpr const char* format = "xgrad checkpoint 1";

}  // namespace

void save_checkpoint(const std::filesystem::path& path, const std::map<std::string, nn::StateDict>& parts) {
  nn::StateDict whole;
  std::ostringstream generator;
  generator << default_generator();
  whole.metadata = {{format_key, format}, {generator_key, generator.str()}};
  for (const auto& [name, part] : parts) {
    if (name.empty() || name.find('.') != std::string::npos) {
      throw ValueError(
          fmt::format("save_checkpoint: a part named \"{}\" came, expected a name without dots", name));
    }
    whole.metadata[name + "."] = "";  // a part may be empty
    detail::add_part(whole, name + ".", part);
  }
  nn::write_safetensors(path, whole);
}

std::map<std::string, nn::StateDict> load_checkpoint(const std::filesystem::path& path) {
  const nn::StateDict whole = nn::read_safetensors(path);
  const auto found = whole.metadata.find(format_key);
  if (found == whole.metadata.end() || found->second != format) {
    throw FileError(fmt::format("cannot read {}: it is no checkpoint of this version", path.string()));
  }
  const auto text = whole.metadata.find(generator_key);
  Generator generator;
  if (text == whole.metadata.end() || !(std::istringstream(text->second) >> generator)) {
    throw FileError(fmt::format("cannot read {}: it has no proper state of the generator", path.string()));
  }
  std::map<std::string, nn::StateDict> parts;
  for (const auto& each : whole.metadata) {
    const std::string& name = each.first;
    if (!name.ends_with('.')) continue;
    nn::StateDict part = detail::part_of(whole, name);
    part.metadata.erase("");
    parts[name.substr(0, name.size() - 1)] = std::move(part);
  }
  default_generator() = generator;
  return parts;
}

}  // namespace xgrad::optim
