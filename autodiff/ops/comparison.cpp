#include <autodiff/instantiate.hpp>
#include <autodiff/kernels/broadcast.hpp>
#include <autodiff/ops/comparison.hpp>

#include <cmath>

namespace xgrad {

namespace {

/// out[i] = holds(a[i step_a], b[i step_b]), with strides known at compile time.
template <class T, class F>
void test_row(bool* out, std::size_t count, F holds, const T* a, std::size_t step_a, const T* b,
              std::size_t step_b) {
  if (step_a != 0 && step_b != 0) {
    for (std::size_t i = 0; i < count; ++i) out[i] = holds(a[i], b[i]);
  } else if (step_a != 0) {
    for (std::size_t i = 0; i < count; ++i) out[i] = holds(a[i], *b);
  } else {
    for (std::size_t i = 0; i < count; ++i) out[i] = holds(*a, b[i * step_b]);
  }
}

template <class T, class F>
Array<bool> test(const char* operation, F holds, const Variable<T>& a, const Variable<T>& b) {
  Array<bool> result(broadcast_shape(operation, a.shape(), b.shape()));
  if (result.size() == 0) return result;
  const kernels::BroadcastLoop<2> loop(result.shape(), {&a.shape(), &b.shape()});
  kernels::parallel_rows(loop, [&](std::size_t row, std::size_t begin, std::size_t end, const auto& offsets) {
    test_row(result.data() + row * loop.inner + begin, end - begin, holds,
             a.value().data() + offsets[0] + begin * loop.step[0], loop.step[0],
             b.value().data() + offsets[1] + begin * loop.step[1], loop.step[1]);
  });
  return result;
}

template <class T, class F>
Array<bool> test(F holds, const Variable<T>& x) {
  Array<bool> result(x.shape());
  bool* out = result.data();
  const T* in = x.value().data();
  kernels::parallel_for(x.size(), kernels::elementwise_grain, [=](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) out[i] = holds(in[i]);
  });
  return result;
}

}  // namespace

template <class T>
Array<bool> detail::compare(Comparison comparison, const Variable<T>& a, const Variable<T>& b) {
  switch (comparison) {
    case Comparison::equal:
      return test("equal", [](T p, T q) { return p == q; }, a, b);
    case Comparison::not_equal:
      return test("not_equal", [](T p, T q) { return p != q; }, a, b);
    case Comparison::less:
      return test("less", [](T p, T q) { return p < q; }, a, b);
    default:
      return test("less_equal", [](T p, T q) { return p <= q; }, a, b);
  }
}

template <class T>
Array<bool> isnan(const Variable<T>& x) {
  return test([](T p) { return std::isnan(p); }, x);
}

template <class T>
Array<bool> isinf(const Variable<T>& x) {
  return test([](T p) { return std::isinf(p); }, x);
}

template <class T>
Array<bool> isfinite(const Variable<T>& x) {
  return test([](T p) { return std::isfinite(p); }, x);
}

#define XGRAD_INSTANTIATE(T)                                                                   \
  template Array<bool> detail::compare<T>(Comparison, const Variable<T>&, const Variable<T>&); \
  template Array<bool> isnan<T>(const Variable<T>&);                                           \
  template Array<bool> isinf<T>(const Variable<T>&);                                           \
  template Array<bool> isfinite<T>(const Variable<T>&);
XGRAD_FOR_EACH_SCALAR(XGRAD_INSTANTIATE)
#undef XGRAD_INSTANTIATE

}  // namespace xgrad
