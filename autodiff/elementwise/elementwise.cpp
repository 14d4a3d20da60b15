#include <autodiff/elementwise/dual.hpp>
#include <autodiff/elementwise/elementwise.hpp>
#include <autodiff/instantiate.hpp>
#include <autodiff/ops/arithmetic.hpp>
#include <autodiff/ops/detail/fused.hpp>
#include <autodiff/record_list.hpp>

#include <algorithm>

namespace xgrad::detail {
namespace {

using FormulaPointer = std::shared_ptr<const Formula>;

template <class T>
std::vector<const Array<T>*> values_of(const std::vector<Variable<T>>& inputs) {
  std::vector<const Array<T>*> values;
  for (const Variable<T>& input : inputs) values.push_back(&input.value());
  return values;
}

/// Recomputes the formula from the inputs together with its derivatives, which is cheaper than the memory
/// traffic of saving intermediate values.
template <class T>
class FormulaPullback final : public Pullback {
 public:
  struct Saved {
    FormulaPointer formula;
    std::vector<Variable<T>> inputs;
  };
  explicit FormulaPullback(Saved&& saved) : Pullback(false), saved_(std::move(saved)) {}

  bool add_to(NodePointer& cotangent, std::span<NodePointer* const> sums) override {
    Variable<T> g(std::move(cotangent));
    std::vector<std::size_t> wanted;
    for (std::size_t k = 0; k < sums.size(); ++k) {
      if (sums[k] != nullptr) wanted.push_back(k);
    }
    std::vector<Variable<T>> products = is_recording() ? recorded(g, wanted) : computed(g, wanted);
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      const Shape& shape = saved_.inputs[wanted[i]].shape();
      add_to_sum(*sums[wanted[i]], sum_to(std::move(products[i]), shape).release());
    }
    return true;
  }

 private:
  std::vector<Variable<T>> recorded(const Variable<T>& g, const std::vector<std::size_t>& wanted) const {
    std::vector<Variable<T>> products;
    for (const std::size_t k : wanted) {
      products.push_back(g * detail::elementwise<T>(derivative(*saved_.formula, k), saved_.inputs));
    }
    return products;
  }

  std::vector<Variable<T>> computed(const Variable<T>& g, const std::vector<std::size_t>& wanted) const {
    const Pass pass = gradient_pass(*saved_.formula, wanted);
    std::vector<Variable<T>> products;
    std::vector<T*> out;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      products.push_back(new_variable<T>(g.shape()));
      out.push_back(entries(products.back()).data());
    }
    auto values = values_of(saved_.inputs);
    values.push_back(&g.value());
    kernels::run<T>(pass.formula->program, pass.results, g.shape(), values, out);
    const bool constant = g.node()->constant && std::ranges::all_of(saved_.inputs, [](const auto& input) {
                            return input.node()->constant;
                          });
    for (const Variable<T>& product : products) mark_computed(*product.node(), constant);
    return products;
  }

  Saved saved_;
};

}  // namespace

template <class T>
Variable<T> elementwise(FormulaPointer formula, std::vector<Variable<T>> inputs) {
  constexpr const char* name = "elementwise";
  Shape shape = inputs.front().shape();
  for (const Variable<T>& input : inputs) {
    if (input.shape() != shape) shape = broadcast_shape(name, shape, input.shape());
  }
  Variable<T> result = new_variable<T>(shape);
  T* const out = entries(result).data();
  kernels::run<T>(formula->program, std::span(&formula->result, 1), shape, values_of(inputs),
                  std::span(&out, 1));
  std::vector<Link> links;
  for (const Variable<T>& input : inputs) links.push_back({input.node().get(), nullptr});
  if (std::ranges::any_of(links, [](const Link& link) { return is_recorded(link.input); })) {
    using Own = FormulaPullback<T>;
    links.front().pullback = in_arena<Own>(typename Own::Saved{formula, inputs});
  }
  return Variable<T>(finish_joint(name, std::move(result).release(), links));
}

#define XGRAD_INSTANTIATE(T) template Variable<T> elementwise<T>(FormulaPointer, std::vector<Variable<T>>);
XGRAD_FOR_EACH_SCALAR(XGRAD_INSTANTIATE)
#undef XGRAD_INSTANTIATE

}  // namespace xgrad::detail
