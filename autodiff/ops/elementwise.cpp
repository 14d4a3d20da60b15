#include <autodiff/instantiate.hpp>
#include <autodiff/ops/arithmetic.hpp>
#include <autodiff/ops/elementwise.hpp>
#include <autodiff/ops/fused.hpp>
#include <autodiff/ops/reduction.hpp>

#include <memory>

namespace xgrad {

using detail::entrywise;
using detail::finish_operation;
using detail::pull;

template <class T>
Variable<T> exp(const Variable<T>& x) {
  return finish_operation("exp",
                          entrywise(
                              "exp", [](auto p) { return xsimd::exp(p); }, x),
                          {x, [](Variable<T>&& g, const Variable<T>& y) {
                             return pull([](const auto& q, const auto& e) { return q * e; }, std::move(g), y);
                           }});
}

template <class T>
Variable<T> log(const Variable<T>& x) {
  return finish_operation("log",
                          entrywise(
                              "log", [](auto p) { return xsimd::log(p); }, x),
                          {x, [x](Variable<T>&& g) {
                             return pull([](const auto& q, const auto& p) { return q / p; }, std::move(g), x);
                           }});
}

template <class T>
Variable<T> sin(const Variable<T>& x) {
  return finish_operation("sin",
                          entrywise(
                              "sin", [](auto p) { return xsimd::sin(p); }, x),
                          {x, [x](Variable<T>&& g) {
                             return pull([](const auto& q, const auto& p) { return q * cos(p); },
                                         std::move(g), x);
                           }});
}

template <class T>
Variable<T> cos(const Variable<T>& x) {
  return finish_operation("cos",
                          entrywise(
                              "cos", [](auto p) { return xsimd::cos(p); }, x),
                          {x, [x](Variable<T>&& g) {
                             return pull([](const auto& q, const auto& p) { return -(q * sin(p)); },
                                         std::move(g), x);
                           }});
}

template <class T>
Variable<T> sqrt(const Variable<T>& x) {
  return finish_operation("sqrt",
                          entrywise(
                              "sqrt", [](auto p) { return xsimd::sqrt(p); }, x),
                          {x, [](Variable<T>&& g, const Variable<T>& y) {
                             return pull([](const auto& q, const auto& r) { return q / (T(2) * r); },
                                         std::move(g), y);
                           }});
}

template <class T>
Variable<T> square(const Variable<T>& x) {
  return finish_operation("square",
                          entrywise(
                              "square", [](auto p) { return p * p; }, x),
                          {x, [x](Variable<T>&& g) {
                             return pull([](const auto& q, const auto& p) { return T(2) * q * p; },
                                         std::move(g), x);
                           }});
}

template <class T>
Variable<T> tanh(const Variable<T>& x) {
  return finish_operation("tanh",
                          entrywise(
                              "tanh", [](auto p) { return xsimd::tanh(p); }, x),
                          {x, [](Variable<T>&& g, const Variable<T>& y) {
                             return pull([](const auto& q, const auto& r) { return q * (T(1) - r * r); },
                                         std::move(g), y);
                           }});
}

template <class T>
Variable<T> sigmoid(const Variable<T>& x) {
  // e^-|x| never overflows, and for negative x the small result comes from a small numerator.
  const auto value = []<class V>(V p) {
    const V small = xsimd::exp(-xsimd::abs(p));
    return xsimd::select(p < V(T(0)), small, V(T(1))) / (V(T(1)) + small);
  };
  return finish_operation("sigmoid", entrywise("sigmoid", value, x),
                          {x, [](Variable<T>&& g, const Variable<T>& y) {
                             return pull([](const auto& q, const auto& r) { return q * r * (T(1) - r); },
                                         std::move(g), y);
                           }});
}

namespace {

/// Where ReLU's operand was not negative: all that its derivative needs of it.
using Mask = std::shared_ptr<const Array<std::uint8_t>>;

/// g where the mask is set (the note's second appendix), 0 elsewhere.
template <class T>
Variable<T> pass_where(const Mask& mask, Variable<T>&& g) {
  const bool in_place = g.node().is_unique() && !detail::is_recorded(g.node().get());
  Variable<T> result = in_place ? detail::renewed(std::move(g)) : detail::new_variable<T>(g.shape());
  const T* in = (in_place ? result : g).value().data();
  T* out = detail::entries(result).data();
  const std::uint8_t* pass = mask->data();
  kernels::parallel_for(result.size(), kernels::elementwise_grain, [=](std::size_t begin, std::size_t end) {
#pragma omp simd
    for (std::size_t i = begin; i < end; ++i) {
      const T share = in[i];
      out[i] = pass[i] != 0 ? share : T(0);
    }
  });
  if (in_place) return result;
  return finish_operation("relu_gradient", std::move(result),
                          {g, [mask](Variable<T>&& h) { return pass_where(mask, std::move(h)); }});
}

/// max(x, 0) into `out`, which may be where x is, and the mask of x.
template <class T>
void relu_into(T* out, const T* in, std::uint8_t* mask, std::size_t count) {
#pragma omp simd
  for (std::size_t i = 0; i < count; ++i) {
    const T x = in[i];
    mask[i] = x < T(0) ? 0 : 1;
    out[i] = x < T(0) ? T(0) : x;
  }
}

template <class T>
Variable<T> relu_of(const Variable<T>& x, Variable<T>&& result, const T* in) {
  T* out = detail::entries(result).data();
  if (!detail::is_recorded(x.node().get())) {
    kernels::map_into(out, in, result.size(),
                      []<class V>(V p) { return xsimd::select(p < V(T(0)), V(T(0)), p); });
    return finish_operation("relu", std::move(result), {x, [](const Variable<T>& g) { return g; }});
  }
  auto mask = std::allocate_shared<Array<std::uint8_t>>(PoolAllocator<Array<std::uint8_t>>(), result.shape());
  std::uint8_t* pass = mask->data();
  kernels::parallel_for(result.size(), kernels::elementwise_grain, [=](std::size_t begin, std::size_t end) {
    relu_into(out + begin, in + begin, pass + begin, end - begin);
  });
  return finish_operation("relu", std::move(result), {x, [mask = Mask(std::move(mask))](Variable<T>&& g) {
                                                        return pass_where(mask, std::move(g));
                                                      }});
}

using Condition = std::shared_ptr<const Array<bool>>;

template <class T>
Variable<T> choose(const Condition& condition, const Variable<T>& a, const Variable<T>& b) {
  const Shape both = broadcast_shape("where", a.shape(), b.shape());
  Array<T> value(broadcast_shape("where", condition->shape(), both));
  const kernels::BroadcastLoop<3> loop(value.shape(), {&condition->shape(), &a.shape(), &b.shape()});
  kernels::parallel_rows(loop, [&](std::size_t row, std::size_t begin, std::size_t end, const auto& offsets) {
    const bool* c = condition->data() + offsets[0];
    const T* pa = a.value().data() + offsets[1];
    const T* pb = b.value().data() + offsets[2];
    T* out = value.data() + row * loop.inner;
    for (std::size_t i = begin; i < end; ++i) {
      out[i] = c[i * loop.step[0]] ? pa[i * loop.step[1]] : pb[i * loop.step[2]];
    }
  });
  const auto zero = [] { return constant(full<T>(Shape{}, T(0))); };
  return operation(
      "where", std::move(value),
      {{a,
        [=, s = a.shape()](const Variable<T>& g) { return detail::sum_to(choose(condition, g, zero()), s); }},
       {b, [=, s = b.shape()](const Variable<T>& g) {
          return detail::sum_to(choose(condition, zero(), g), s);
        }}});
}

}  // namespace

template <class T>
Variable<T> relu(const Variable<T>& x) {
  return relu_of(x, detail::new_variable<T>(x.shape()), x.value().data());
}

template <class T>
Variable<T> relu(Variable<T>&& x) {
  if (x.shape().empty() || !x.node().is_unique() || !detail::is_result(*x.node()))
    return relu(std::as_const(x));
  const Variable<T> last = std::move(x);
  Variable<T> result(std::move(detail::entries(last)));
  const T* in = result.value().data();
  return relu_of(last, std::move(result), in);
}

template <class T>
Variable<T> detail::where(const Array<bool>& condition, const Variable<T>& a, const Variable<T>& b) {
  return choose(std::make_shared<const Array<bool>>(condition), a, b);
}

#define XGRAD_INSTANTIATE(T)                           \
  template Variable<T> exp<T>(const Variable<T>&);     \
  template Variable<T> log<T>(const Variable<T>&);     \
  template Variable<T> sin<T>(const Variable<T>&);     \
  template Variable<T> cos<T>(const Variable<T>&);     \
  template Variable<T> sqrt<T>(const Variable<T>&);    \
  template Variable<T> square<T>(const Variable<T>&);  \
  template Variable<T> tanh<T>(const Variable<T>&);    \
  template Variable<T> sigmoid<T>(const Variable<T>&); \
  template Variable<T> relu<T>(const Variable<T>&);    \
  template Variable<T> relu<T>(Variable<T> &&);        \
  template Variable<T> detail::where<T>(const Array<bool>&, const Variable<T>&, const Variable<T>&);
XGRAD_FOR_EACH_SCALAR(XGRAD_INSTANTIATE)
#undef XGRAD_INSTANTIATE

}  // namespace xgrad
