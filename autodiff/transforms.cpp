#include <autodiff/instantiate.hpp>
#include <autodiff/record_list.hpp>
#include <autodiff/transforms.hpp>

namespace xgrad::detail {

template <class T>
Variable<T> as_input(const Variable<T>& x) {
  Variable<T> input = x.node() && x.node()->constant ? Variable<T>(Array<T>(x.value())) : x;
  if (!input) throw_empty_variable();
  record_list().find_or_add(*input.node(), "grad");
  return input;
}

#define XGRAD_INSTANTIATE(T) template Variable<T> as_input<T>(const Variable<T>&);
XGRAD_FOR_EACH_SCALAR(XGRAD_INSTANTIATE)
#undef XGRAD_INSTANTIATE

}  // namespace xgrad::detail
