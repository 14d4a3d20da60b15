#include <autodiff/error.hpp>
#include <nn/layout.hpp>
#include <nn/saving.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace xgrad::nn::detail {
namespace {

template <class T>
constexpr const char* dtype = std::is_same_v<T, float> ? "F32" : "F64";

template <class T>
std::string describe(const Shape& shape) {
  return fmt::format("{} {}", dtype<T>, to_string(shape));
}

/// What differs between an array of a model and the one of its name; empty where nothing does.
template <class T>
std::string difference(const std::string& name, const Shape& wanted, const NamedArray& came) {
  const std::string expected = describe<T>(wanted);
  const std::string found = std::visit(
      [](const auto& array) {
        return describe<typename std::decay_t<decltype(array)>::value_type>(array.shape());
      },
      came.array);
  if (found == expected) return {};
  return fmt::format("\"{}\" is {} in the file, {} in the model", name, found, expected);
}

/// Finds the arrays of a model in a state, and notes what does not fit.
class Matching {
 public:
  explicit Matching(const StateDict& state) {
    for (const NamedArray& each : state.arrays) by_name_[each.name] = &each;
  }

  template <class T>
  const Array<T>* find(const std::string& name, const Shape& shape) {
    const auto found = by_name_.find(name);
    if (found == by_name_.end()) {
      differences_.push_back(fmt::format("\"{}\" is missing", name));
      return nullptr;
    }
    const NamedArray* came = found->second;
    by_name_.erase(found);
    std::string text = difference<T>(name, shape, *came);
    if (text.empty()) return &std::get<Array<T>>(came->array);
    differences_.push_back(std::move(text));
    return nullptr;
  }

  /// Throws where anything differed or was left over.
  void finish(const StateDict& state, const std::string& where) {
    for (const NamedArray& each : state.arrays) {
      if (by_name_.contains(each.name))
        differences_.push_back(fmt::format("\"{}\" is not in the model", each.name));
    }
    if (differences_.empty()) return;
    throw FileError(fmt::format("load: {} does not fit the model: {}", where, fmt::join(differences_, "; ")));
  }

 private:
  std::map<std::string, const NamedArray*> by_name_;
  std::vector<std::string> differences_;
};

}  // namespace

template <class T>
StateDict state_dict(const SavedParts<T>& parts, const SavingOptions& options) {
  const auto reorderings = reorderings_of(parts.parameters, options);
  StateDict state;
  state.metadata["producer"] = "xgrad";
  for (std::size_t i = 0; i < parts.parameters.size(); ++i) {
    const auto& each = parts.parameters[i];
    state.arrays.push_back({each.name, reorderings[i].to_file(each.parameter.value())});
  }
  for (const auto& each : parts.buffers) state.arrays.push_back({each.name, each.buffer->value()});
  return state;
}

template <class T>
void load_state_dict(const SavedParts<T>& parts, const StateDict& state, const SavingOptions& options,
                     const std::string& where) {
  const auto reorderings = reorderings_of(parts.parameters, options);
  Matching matching(state);
  std::vector<const Array<T>*> values, buffer_values;
  for (std::size_t i = 0; i < parts.parameters.size(); ++i) {
    const auto& each = parts.parameters[i];
    values.push_back(matching.find<T>(each.name, reorderings[i].shape_in_file(each.parameter.shape())));
  }
  for (const auto& each : parts.buffers) {
    buffer_values.push_back(matching.find<T>(each.name, each.buffer->value().shape()));
  }
  matching.finish(state, where);
  for (std::size_t i = 0; i < values.size(); ++i) {
    ParameterHandle<T> parameter = parts.parameters[i].parameter;
    parameter.set_value(reorderings[i].from_file(*values[i], parameter.shape()));
  }
  for (std::size_t i = 0; i < buffer_values.size(); ++i) {
    parts.buffers[i].buffer->mutable_value() = *buffer_values[i];
  }
}

#define XGRAD_INSTANTIATE(T)                                                                               \
  template XGRAD_API StateDict state_dict<T>(const SavedParts<T>&, const SavingOptions&);                  \
  template XGRAD_API void load_state_dict<T>(const SavedParts<T>&, const StateDict&, const SavingOptions&, \
                                             const std::string&);
XGRAD_INSTANTIATE(float)
XGRAD_INSTANTIATE(double)
#undef XGRAD_INSTANTIATE

}  // namespace xgrad::nn::detail
