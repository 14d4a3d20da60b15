#include <nn/module.hpp>

#include <algorithm>

namespace xgrad::nn::detail {

template <class T>
void Findings::add(std::string_view name, const Parameter<T>& parameter) {
  if (!parameter) return;
  auto& list = parameters<T>();
  const ParameterHandle<T> handle = parameter.handle();
  const bool known =
      std::any_of(list.begin(), list.end(), [&](const auto& each) { return each.parameter == handle; });
  if (!known) list.push_back({std::string(name), handle});
}

template <class T>
void Findings::add(std::string_view name, Buffer<T>& buffer) {
  if (buffer.is_none()) return;
  auto& list = buffers<T>();
  const bool known =
      std::any_of(list.begin(), list.end(), [&](const auto& each) { return each.buffer == &buffer; });
  if (!known) list.push_back({std::string(name), &buffer});
}

void Findings::set_kind(std::string_view name, LayerKind kind, std::size_t groups) {
  const auto set = [&](auto& list) {
    for (auto& each : list) {
      if (each.name == name) each.kind = kind, each.groups = groups;
    }
  };
  set(single);
  set(real);
}

template XGRAD_API void Findings::add<float>(std::string_view, Buffer<float>&);
template XGRAD_API void Findings::add<double>(std::string_view, Buffer<double>&);
template XGRAD_API void Findings::add<float>(std::string_view, const Parameter<float>&);
template XGRAD_API void Findings::add<double>(std::string_view, const Parameter<double>&);

KeepModes::KeepModes(std::vector<bool*> modes, bool training) {
  for (bool* each : modes) {
    modes_.emplace_back(each, *each);
    *each = training;
  }
}

KeepModes::~KeepModes() {
  for (const auto& each : modes_) *each.first = each.second;
}

std::string join_names(std::string_view outer, std::string_view inner) {
  std::string name(outer);
  if (!outer.empty() && !inner.empty()) name += '.';
  name += inner;
  return name;
}

}  // namespace xgrad::nn::detail
