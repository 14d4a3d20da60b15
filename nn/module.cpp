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

template XGRAD_API void Findings::add<float>(std::string_view, const Parameter<float>&);
template XGRAD_API void Findings::add<double>(std::string_view, const Parameter<double>&);

std::string join_names(std::string_view outer, std::string_view inner) {
  std::string name(outer);
  if (!outer.empty() && !inner.empty()) name += '.';
  name += inner;
  return name;
}

}  // namespace xgrad::nn::detail
