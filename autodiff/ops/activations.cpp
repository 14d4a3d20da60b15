#include <autodiff/instantiate.hpp>
#include <autodiff/ops/activations.hpp>
#include <autodiff/ops/detail/functions.hpp>
#include <autodiff/ops/hyperbolic.hpp>
#include <autodiff/ops/piecewise.hpp>
#include <autodiff/ops/special.hpp>

#include <memory>
#include <numbers>

namespace xgrad {

using detail::choose;
using detail::finish_operation;
using detail::unary;
using kernels::sigmoid;  // for batches in formulas

template <class T>
Variable<T> sigmoid(const Variable<T>& x) {
  return unary("sigmoid", x, [](auto p) { return kernels::sigmoid(p); }, pullbacks::of_sigmoid);
}

template <class T>
Variable<T> detail::sigmoid_slope(const Variable<T>& x) {
  return unary(
      "sigmoid_slope", x, [](auto p) { return kernels::sigmoid_slope(p); }, pullbacks::of_sigmoid_slope);
}

namespace {

/// ReLU's derivative, all that the pullback needs of the operand: 0 where it was negative, otherwise 1. That
/// the derivative at 0 is 1 is the note's choice.
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

/// Writes max(x, 0) to `out`, which may be x itself, and the mask of x.
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
  auto mask = detail::make_pooled<Array<std::uint8_t>>(result.shape());
  std::uint8_t* pass = mask->data();
  kernels::parallel_for(result.size(), kernels::elementwise_grain, [=](std::size_t begin, std::size_t end) {
    relu_into(out + begin, in + begin, pass + begin, end - begin);
  });
  return finish_operation("relu", std::move(result), {x, [mask = Mask(std::move(mask))](Variable<T>&& g) {
                                                        return pass_where(mask, std::move(g));
                                                      }});
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
Variable<T> leaky_relu(const Variable<T>& x, double slope) {
  const auto value = [s = static_cast<T>(slope)](auto p) { return xsimd::select(p < T(0), s * p, p); };
  const auto share = [s = static_cast<T>(slope)](auto g, auto p) {
    return xsimd::select(p < T(0), s * g, g);
  };
  return detail::piecewise("leaky_relu", x, value, share);
}

template <class T>
Variable<T> hardtanh(const Variable<T>& x, double low, double high) {
  return detail::clip_to_numbers(x, static_cast<T>(low), static_cast<T>(high));
}

template <class T>
Variable<T> softplus(const Variable<T>& x) {
  return unary(
      "softplus", x, [](auto p) { return kernels::softplus(p); },
      [](const auto& g, const auto& p) { return g * sigmoid(p); });
}

namespace {

// The derivatives of some activations, as differentiable functions. A kernel computes them from x, accurately
// for small values; the formulas are those of the next derivative.

using detail::sigmoid_slope;
using kernels::gelu_slope;
using kernels::gelu_tanh_slope;
using kernels::silu_slope;

template <class T>
Variable<T> silu_slope(const Variable<T>& x) {
  return unary(
      "silu_slope", x, [](auto p) { return kernels::silu_slope(p); },
      [](const auto& g, const auto& p) {
        const auto near = detail::within<T>(p, T(1000));
        return g * (sigmoid_slope(p) * (T(2) - near * tanh(T(0.5) * near)));
      });
}

template <class T>
Variable<T> gelu_slope(const Variable<T>& x) {
  return unary(
      "gelu_slope", x, [](auto p) { return kernels::gelu_slope(p); },
      [](const auto& g, const auto& p) {
        constexpr T peak = std::numbers::inv_sqrtpi_v<T> / std::numbers::sqrt2_v<T>;
        const auto near = detail::within<T>(p, T(100));  // beyond, the bell is 0; the square must stay finite
        return g * (peak * (T(2) - near * near) * detail::bell(near * T(0.5) * std::numbers::sqrt2_v<T>));
      });
}

template <class T>
Variable<T> gelu_tanh_slope(const Variable<T>& x) {
  return unary(
      "gelu_tanh_slope", x, [](auto p) { return kernels::gelu_tanh_slope(p); },
      [](const auto& g, const auto& p) {
        // The second derivative of x s(v(x)), v(x) = scale (x + cubic x^3); s'' = -s' tanh(v / 2).
        constexpr T scale = T(2 * std::numbers::sqrt2 * std::numbers::inv_sqrtpi);
        constexpr T cubic = T(0.044715);
        const auto near = detail::within<T>(p, kernels::detail::GeluFit<T>::far);
        const auto square = near * near;
        const auto v = scale * near * (T(1) + cubic * square);
        const auto slope = scale * (T(1) + T(3) * cubic * square);
        const auto bend = T(6) * scale * cubic * square;  // x v''
        return g * (sigmoid_slope(v) * (T(2) * slope + bend - near * slope * slope * tanh(T(0.5) * v)));
      });
}

}  // namespace

template <class T>
Variable<T> silu(const Variable<T>& x) {
  return unary(
      "silu", x, [](auto p) { return kernels::silu(p); },
      [](const auto& g, const auto& p) { return g * silu_slope(p); });
}

template <class T>
Variable<T> gelu(const Variable<T>& x, const GeluOptions& options) {
  if (options.approximate) {
    return unary(
        "gelu", x, [](auto p) { return kernels::gelu_tanh(p); },
        [](const auto& g, const auto& p) { return g * gelu_tanh_slope(p); });
  }
  return unary(
      "gelu", x, [](auto p) { return kernels::gelu(p); },
      [](const auto& g, const auto& p) { return g * gelu_slope(p); });
}

namespace {

/// scale (x for x >= 0, alpha (e^x - 1) otherwise). The exponential of a large x, whose branch is not taken,
/// is not computed either: it would be infinite and make the derivative NaN.
template <class T>
Variable<T> scaled_elu(const char* name, const Variable<T>& x, T alpha, T scale) {
  const auto value = [=](auto p) {
    return scale *
           xsimd::select(p < T(0), alpha * kernels::expm1(xsimd::select(p > T(0), decltype(p)(T(0)), p)), p);
  };
  return unary(name, x, value, [=](const auto& g, const auto& p) {
    const auto negative = choose(p > T(0), T(0), p);
    return g * choose(p < T(0), (scale * alpha) * exp(negative), scale);
  });
}

}  // namespace

template <class T>
Variable<T> elu(const Variable<T>& x, double alpha) {
  return scaled_elu("elu", x, static_cast<T>(alpha), T(1));
}

template <class T>
Variable<T> selu(const Variable<T>& x) {
  return scaled_elu("selu", x, T(1.6732632423543772), T(1.0507009873554805));
}

#define XGRAD_INSTANTIATE(T)                                            \
  template Variable<T> sigmoid<T>(const Variable<T>&);                  \
  template Variable<T> detail::sigmoid_slope<T>(const Variable<T>&);    \
  template Variable<T> relu<T>(const Variable<T>&);                     \
  template Variable<T> relu<T>(Variable<T>&&);                          \
  template Variable<T> leaky_relu<T>(const Variable<T>&, double);       \
  template Variable<T> hardtanh<T>(const Variable<T>&, double, double); \
  template Variable<T> softplus<T>(const Variable<T>&);                 \
  template Variable<T> silu<T>(const Variable<T>&);                     \
  template Variable<T> gelu<T>(const Variable<T>&, const GeluOptions&); \
  template Variable<T> elu<T>(const Variable<T>&, double);              \
  template Variable<T> selu<T>(const Variable<T>&);
XGRAD_FOR_EACH_SCALAR(XGRAD_INSTANTIATE)
#undef XGRAD_INSTANTIATE

}  // namespace xgrad
