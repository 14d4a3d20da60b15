#include <autodiff/instantiate.hpp>
#include <autodiff/ops/detail/functions.hpp>
#include <autodiff/ops/piecewise.hpp>

namespace xgrad {

template <class T>
Variable<T> abs(const Variable<T>& x) {
  const auto share = []<class V>(V g, V p) {
    return xsimd::select(p > V(T(0)), g, xsimd::select(p < V(T(0)), -g, p));  // 0 at 0, NaN at NaN
  };
  return detail::piecewise("abs", x, [](auto p) { return xsimd::abs(p); }, share);
}

template <class T>
Variable<T> sign(const Variable<T>& x) {
  return detail::steps("sign", x, []<class V>(V p) {
    return xsimd::select(p > V(T(0)), V(T(1)), xsimd::select(p < V(T(0)), V(T(-1)), p + V(T(0))));  // no -0
  });
}

template <class T>
Variable<T> floor(const Variable<T>& x) {
  return detail::steps("floor", x, [](auto p) { return xsimd::floor(p); });
}

template <class T>
Variable<T> ceil(const Variable<T>& x) {
  return detail::steps("ceil", x, [](auto p) { return xsimd::ceil(p); });
}

template <class T>
Variable<T> round(const Variable<T>& x) {
  return detail::steps("round", x, [](auto p) { return xsimd::nearbyint(p); });
}

template <class T>
Variable<T> trunc(const Variable<T>& x) {
  return detail::steps("trunc", x, [](auto p) { return xsimd::trunc(p); });
}

template <class T>
Variable<T> fmod(const Variable<T>& a, const Variable<T>& b) {
  const auto value = [](auto p, auto q) { return kernels::fmod(p, q); };
  const auto by_dividend = []<class V>(V g, V, V) { return g; };
  // p / q may round up to the next integer; (p - remainder) / q is an integer up to rounding.
  const auto by_divisor = []<class V>(V g, V p, V q) {
    return -g * xsimd::nearbyint((p - kernels::fmod(p, q)) / q);
  };
  return detail::piecewise("fmod", a, b, value, by_dividend, by_divisor);
}

template <class T>
Variable<T> detail::clip_to_numbers(const Variable<T>& x, T low, T high) {
  const auto value = [low, high]<class V>(V p) {
    const V raised = xsimd::select(p < V(low), V(low), p);
    return xsimd::select(raised > V(high), V(high), raised);
  };
  const auto share = [low, high]<class V>(V g, V p) {
    return xsimd::select((p < V(low)) | (p > V(high)), V(T(0)), g);
  };
  return detail::piecewise("clip", x, value, share);
}

#define XGRAD_INSTANTIATE(T)                                            \
  template Variable<T> abs<T>(const Variable<T>&);                      \
  template Variable<T> sign<T>(const Variable<T>&);                     \
  template Variable<T> floor<T>(const Variable<T>&);                    \
  template Variable<T> ceil<T>(const Variable<T>&);                     \
  template Variable<T> round<T>(const Variable<T>&);                    \
  template Variable<T> trunc<T>(const Variable<T>&);                    \
  template Variable<T> fmod<T>(const Variable<T>&, const Variable<T>&); \
  template Variable<T> detail::clip_to_numbers<T>(const Variable<T>&, T, T);
XGRAD_FOR_EACH_SCALAR(XGRAD_INSTANTIATE)
#undef XGRAD_INSTANTIATE

}  // namespace xgrad
