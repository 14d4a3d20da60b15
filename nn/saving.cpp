#include <autodiff/error.hpp>
#include <nn/safetensors.hpp>
#include <nn/saving.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>
#include <string>
#include <utility>

namespace xgrad::nn::detail {
namespace {

template <class T>
constexpr const char* dtype = std::is_same_v<T, float> ? "F32" : "F64";

template <class T>
std::string describe(const Array<T>& array) {
  return fmt::format("{} {}", dtype<T>, to_string(array.shape()));
}

/// What differs between a parameter and the array of its name; empty where nothing does.
template <class T>
std::string difference(const NamedParameter<T>& wanted, const NamedArray& came) {
  const std::string expected = describe(wanted.parameter.value());
  const std::string found = std::visit([](const auto& array) { return describe(array); }, came.array);
  if (found == expected) return {};
  return fmt::format("\"{}\" is {} in the file, {} in the model", wanted.name, found, expected);
}

}  // namespace

template <class T>
void save(const std::vector<NamedParameter<T>>& parameters, const std::filesystem::path& path) {
  Safetensors contents;
  contents.metadata["producer"] = "xgrad";
  for (const auto& [name, parameter] : parameters) contents.arrays.push_back({name, parameter.value()});
  write_safetensors(path, contents);
}

template <class T>
void load(const std::vector<NamedParameter<T>>& parameters, const std::filesystem::path& path) {
  Safetensors contents = read_safetensors(path);
  std::map<std::string, NamedArray*> by_name;
  for (NamedArray& each : contents.arrays) by_name[each.name] = &each;

  std::vector<std::string> differences;
  std::vector<NamedArray*> in_order;
  for (const auto& wanted : parameters) {
    const auto found = by_name.find(wanted.name);
    if (found == by_name.end()) {
      differences.push_back(fmt::format("\"{}\" is missing", wanted.name));
      continue;
    }
    if (auto text = difference(wanted, *found->second); !text.empty()) differences.push_back(std::move(text));
    in_order.push_back(found->second);
    by_name.erase(found);
  }
  for (const NamedArray& each : contents.arrays) {
    if (by_name.contains(each.name))
      differences.push_back(fmt::format("\"{}\" is not in the model", each.name));
  }
  if (!differences.empty()) {
    throw FileError(
        fmt::format("load: {} does not fit the model: {}", path.string(), fmt::join(differences, "; ")));
  }
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    ParameterHandle<T>(parameters[i].parameter).set_value(std::move(std::get<Array<T>>(in_order[i]->array)));
  }
}

template XGRAD_API void save<float>(const std::vector<NamedParameter<float>>&, const std::filesystem::path&);
template XGRAD_API void save<double>(const std::vector<NamedParameter<double>>&,
                                     const std::filesystem::path&);
template XGRAD_API void load<float>(const std::vector<NamedParameter<float>>&, const std::filesystem::path&);
template XGRAD_API void load<double>(const std::vector<NamedParameter<double>>&,
                                     const std::filesystem::path&);

}  // namespace xgrad::nn::detail
