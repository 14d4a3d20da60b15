#include <autodiff/instantiate.hpp>
#include <autodiff/kernels/elementwise.hpp>
#include <autodiff/kernels/gemm.hpp>
#include <autodiff/ops/detail/axis.hpp>
#include <autodiff/ops/linalg.hpp>
#include <autodiff/ops/reduction.hpp>
#include <autodiff/ops/shape.hpp>

#include <fmt/format.h>

namespace xgrad {
namespace {

/// A matrix, or a batch of them, and whether it is read transposed.
template <class T>
struct Factor {
  Variable<T> matrix;
  bool transposed = false;

  Shape batch() const { return Shape(matrix.shape().begin(), matrix.shape().end() - 2); }
  std::size_t rows() const { return matrix.shape()[matrix.dimension() - (transposed ? 1 : 2)]; }
  std::size_t columns() const { return matrix.shape()[matrix.dimension() - (transposed ? 2 : 1)]; }
  std::size_t stride() const { return matrix.shape()[matrix.dimension() - 1]; }
};

template <class T>
Array<T> multiply_batches(const Factor<T>& a, const Factor<T>& b) {
  const Shape batch_a = a.batch();
  const Shape batch_b = b.batch();
  const Shape batch = broadcast_shape("matmul", batch_a, batch_b);
  const std::size_t m = a.rows();
  const std::size_t k = a.columns();
  const std::size_t n = b.columns();
  Shape shape = batch;
  shape.push_back(m);
  shape.push_back(n);
  Array<T> result(detail::check_size("matmul", shape, sizeof(T)));
  const kernels::BroadcastLoop<2> loop(batch, {&batch_a, &batch_b});
  loop.for_rows(0, loop.rows, [&](std::size_t row, const std::array<std::size_t, 2>& offsets) {
    for (std::size_t i = 0; i < loop.inner; ++i) {
      kernels::gemm<T>(a.transposed, b.transposed, m, n, k, T(1),
                       a.matrix.value().data() + (offsets[0] + i * loop.step[0]) * m * k, a.stride(),
                       b.matrix.value().data() + (offsets[1] + i * loop.step[1]) * k * n, b.stride(), T(0),
                       result.data() + (row * loop.inner + i) * m * n, n);
    }
  });
  return result;
}

/// The product of two factors; the pullbacks are products again: for C = A B, dA = G B^T and dB = A^T G.
template <class T>
Variable<T> product(const Factor<T>& a, const Factor<T>& b) {
  return operation("matmul", multiply_batches(a, b),
                   {{a.matrix,
                     [b, transposed = a.transposed, s = a.matrix.shape()](const Variable<T>& g) {
                       const Factor<T> b_transposed{b.matrix, !b.transposed};
                       return detail::sum_to(
                           transposed ? product<T>(b, {g, true}) : product<T>({g, false}, b_transposed), s);
                     }},
                    {b.matrix, [a, transposed = b.transposed, s = b.matrix.shape()](const Variable<T>& g) {
                       const Factor<T> a_transposed{a.matrix, !a.transposed};
                       return detail::sum_to(
                           transposed ? product<T>({g, true}, a) : product<T>(a_transposed, {g, false}), s);
                     }}});
}

}  // namespace

namespace detail {

template <class T>
Variable<T> matmul(const Variable<T>& a, const Variable<T>& b) {
  const auto name = [&] { return fmt::format("{} x {}", to_string(a.shape()), to_string(b.shape())); };
  if (a.dimension() == 0 || b.dimension() == 0) {
    throw ShapeError(fmt::format("matmul: {}: an operand is a single number; multiply by it with *", name()));
  }
  const std::size_t inner_a = a.shape()[a.dimension() - 1];
  const std::size_t inner_b = b.shape()[b.dimension() == 1 ? 0 : b.dimension() - 2];
  if (inner_a != inner_b) {
    throw ShapeError(
        fmt::format("matmul: inner dimensions differ: {} ({} and {})", name(), inner_a, inner_b));
  }
  const auto extent = static_cast<std::ptrdiff_t>(inner_a);
  if (a.dimension() == 1 && b.dimension() == 1) {
    return reshape(product<T>({reshape(a, {1, extent})}, {reshape(b, {extent, 1})}), {});
  }
  if (b.dimension() == 1) {
    const Shape rows(a.shape().begin(), a.shape().end() - 1);
    return reshape(matmul(a, reshape(b, {extent, 1})), detail::signed_shape(rows));
  }
  if (a.dimension() == 1) {
    Shape shape(b.shape().begin(), b.shape().end() - 2);
    shape.push_back(b.shape()[b.dimension() - 1]);
    return reshape(product<T>({reshape(a, {1, extent})}, {b}), detail::signed_shape(shape));
  }
  if (a.dimension() > 2 && b.dimension() == 2) {  // one large product instead of many small ones
    Shape shape(a.shape().begin(), a.shape().end() - 1);
    const auto rows = static_cast<std::ptrdiff_t>(element_count(shape));
    shape.push_back(b.shape()[1]);
    return reshape(product<T>({reshape(a, {rows, extent})}, {b}), detail::signed_shape(shape));
  }
  return product<T>({a}, {b});
}

template <class T>
Variable<T> linear(const Variable<T>& x, const Variable<T>& weight, const Variable<T>& bias) {
  const Shape& shape = x.shape();
  if (weight.dimension() != 2 || shape.empty() || shape.back() != weight.shape()[1]) {
    throw ShapeError(fmt::format("linear: x {} and weight {}; expected {{..., in}} and {{out, in}}",
                                 to_string(shape), to_string(weight.shape())));
  }
  const std::size_t in = weight.shape()[1];
  const std::size_t out = weight.shape()[0];
  if (bias && bias.shape() != Shape{out}) {
    throw ShapeError(fmt::format("linear: bias of shape {} for a weight of shape {}; expected {{{}}}",
                                 to_string(bias.shape()), to_string(weight.shape()), out));
  }
  if (x.dimension() != 2) {
    Shape result(shape.begin(), shape.end() - 1);
    const std::size_t rows = element_count(result);
    result.push_back(out);
    return reshape(linear(reshape(x, detail::signed_shape({rows, in})), weight, bias),
                   detail::signed_shape(result));
  }
  const std::size_t rows = shape[0];
  Array<T> value(check_size("linear", {rows, out}, sizeof(T)));
  for (std::size_t n = 0; bias && n < rows; ++n)
    std::copy_n(bias.value().data(), out, value.data() + n * out);
  kernels::gemm<T>(false, true, rows, out, in, T(1), x.value().data(), in, weight.value().data(), in,
                   bias ? T(1) : T(0), value.data(), out);
  const auto by_x = [weight](const Variable<T>& g) { return product<T>({g}, {weight}); };
  const auto by_weight = [x](const Variable<T>& g) { return product<T>({g, true}, {x}); };
  if (!bias) return operation("linear", std::move(value), {{x, by_x}, {weight, by_weight}});
  const auto by_bias = [](const Variable<T>& g) { return xgrad::sum(g, 0); };
  return operation("linear", std::move(value), {{x, by_x}, {weight, by_weight}, {bias, by_bias}});
}

}  // namespace detail

#define XGRAD_INSTANTIATE(T)                                                      \
  template Variable<T> detail::matmul<T>(const Variable<T>&, const Variable<T>&); \
  template Variable<T> detail::linear<T>(const Variable<T>&, const Variable<T>&, const Variable<T>&);
XGRAD_FOR_EACH_SCALAR(XGRAD_INSTANTIATE)
#undef XGRAD_INSTANTIATE

}  // namespace xgrad
