#include <autodiff/instantiate.hpp>
#include <autodiff/operation.hpp>
#include <autodiff/record_list.hpp>
#include <autodiff/tape_input.hpp>

namespace xgrad::detail {
namespace {

/// The same value in a new Variable, recorded as an identity operation.
template <class T>
Variable<T> alias(const Variable<T>& x) {
  return operation("identity", Array<T>(x.value()), {x, [](Variable<T>&& g) { return std::move(g); }});
}

}  // namespace

template <class T>
Variable<T> as_input(const Variable<T>& x) {
  Variable<T> input = x.node() && x.node()->constant ? Variable<T>(Array<T>(x.value())) : x;
  if (!input) throw_empty_variable();
  record_list().find_or_add(*input.node(), "grad");
  return input;
}

template <class T>
Variable<T> new_input(Variable<T> x) {
  if (!x) throw_empty_variable();
  return as_input(x.node().is_unique() || x.node()->constant ? x : alias(x));
}

template <class T>
Variable<T> as_result(const Variable<T>& y) {
  if (!y) throw_empty_variable();
  RecordList& list = record_list();
  const std::uint32_t index = list.find(*y.node());
  const bool is_computed_here =
      index != no_record && index >= list.tapes.back().first && list[index].name != nullptr;
  return is_computed_here || y.node()->constant ? y : alias(y);
}

#define XGRAD_INSTANTIATE(T)                            \
  template Variable<T> as_input<T>(const Variable<T>&); \
  template Variable<T> new_input<T>(Variable<T>);       \
  template Variable<T> as_result<T>(const Variable<T>&);
XGRAD_FOR_EACH_SCALAR(XGRAD_INSTANTIATE)
#undef XGRAD_INSTANTIATE

}  // namespace xgrad::detail
