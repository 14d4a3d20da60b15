#include <autodiff/error.hpp>
#include <optim/training/state_reader.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>
#include <string_view>

namespace xgrad::optim::detail {

std::string StateReader::text(const std::string& name) const {
  const auto found = state_.metadata.find(name);
  if (found != state_.metadata.end()) return found->second;
  differences_.push_back(fmt::format("\"{}\" is missing", name));
  return {};
}

template <class Number>
std::vector<Number> StateReader::numbers(const std::string& name, std::size_t count) const {
  std::vector<Number> values(count);
  const auto found = state_.metadata.find(name);
  if (found == state_.metadata.end()) {
    differences_.push_back(fmt::format("\"{}\" is missing", name));
    return values;
  }
  const std::string& all = found->second;
  const char* at = all.data();
  const char* const end = at + all.size();
  bool right = true;
  for (Number& each : values) {
    while (at != end && *at == ' ') ++at;
    const auto read = std::from_chars(at, end, each);
    right = right && read.ec == std::errc();
    at = read.ptr;
  }
  if (right && at == end) return values;
  differences_.push_back(
      fmt::format("\"{0}\": expected {2} number{3}, got \"{1}\"", name, all, count, count == 1 ? "" : "s"));
  return std::vector<Number>(count);
}

template std::vector<double> StateReader::numbers<double>(const std::string&, std::size_t) const;
template std::vector<std::size_t> StateReader::numbers<std::size_t>(const std::string&, std::size_t) const;

void throw_differences(const char* caller, const std::vector<std::string>& differences) {
  if (differences.empty()) return;
  throw ValueError(fmt::format("{}: the state does not fit: {}", caller, fmt::join(differences, "; ")));
}

void add_part(nn::StateDict& whole, const std::string& prefix, nn::StateDict part) {
  for (auto& each : part.arrays) whole.arrays.push_back({prefix + each.name, std::move(each.array)});
  for (auto& [name, text] : part.metadata) whole.metadata[prefix + name] = std::move(text);
}

nn::StateDict part_of(const nn::StateDict& whole, const std::string& prefix) {
  nn::StateDict part;
  for (const auto& each : whole.arrays) {
    if (std::string_view(each.name).starts_with(prefix)) {
      part.arrays.push_back({each.name.substr(prefix.size()), each.array});
    }
  }
  for (const auto& [name, text] : whole.metadata) {
    if (std::string_view(name).starts_with(prefix)) part.metadata[name.substr(prefix.size())] = text;
  }
  return part;
}

}  // namespace xgrad::optim::detail
