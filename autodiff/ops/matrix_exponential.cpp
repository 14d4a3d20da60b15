#include <autodiff/instantiate.hpp>
#include <autodiff/ops/arithmetic.hpp>
#include <autodiff/ops/detail/matrices.hpp>
#include <autodiff/ops/linalg.hpp>
#include <autodiff/ops/matrix_exponential.hpp>
#include <autodiff/ops/solve.hpp>

#include <algorithm>
#include <cmath>

namespace xgrad {

using detail::batch_of;
using detail::columns_of;

namespace {

/// How often each matrix is halved before the Pade approximant: until its 1-norm, the largest sum of the
/// absolute values of a column, is at most 5.37. 0 for a norm that is not finite.
template <class T>
std::vector<int> halvings(const Array<T>& a) {
  const std::size_t n = columns_of(a.shape());
  std::vector<int> result(element_count(batch_of(a.shape())));
  std::vector<T> sums(n);
  for (std::size_t i = 0; i < result.size(); ++i) {
    std::fill(sums.begin(), sums.end(), T(0));
    for (std::size_t at = 0; at < n * n; ++at) sums[at % n] += std::abs(a.data()[i * n * n + at]);
    T norm = 0;
    for (const T sum : sums) norm = sum > norm || std::isnan(sum) ? sum : norm;
    if (std::isfinite(norm) && norm > T(5.37)) result[i] = std::ilogb(norm / T(5.37)) + 1;
  }
  return result;
}

/// (V - U)^-1 (V + U), where U and V are the odd and the even part of the numerator of the Pade approximant
/// of degree 13 to the exponential, which is accurate to double precision for norms up to 5.37.
template <class T>
Variable<T> pade(const Variable<T>& a) {
  constexpr T b[] = {T(64764752532480000.0),
                     T(32382376266240000.0),
                     T(7771770303897600.0),
                     T(1187353796428800.0),
                     T(129060195264000.0),
                     T(10559470521600.0),
                     T(670442572800.0),
                     T(33522128640.0),
                     T(1323241920.0),
                     T(40840800.0),
                     T(960960.0),
                     T(16380.0),
                     T(182.0),
                     T(1.0)};
  const std::size_t n = columns_of(a.shape());
  const Variable<T> one = constant(detail::identities<T>(Shape{n, n}));
  const Variable<T> a2 = matmul(a, a);
  const Variable<T> a4 = matmul(a2, a2);
  const Variable<T> a6 = matmul(a4, a2);
  const Variable<T> odd =
      matmul(a6, b[13] * a6 + b[11] * a4 + b[9] * a2) + b[7] * a6 + b[5] * a4 + b[3] * a2 + b[1] * one;
  const Variable<T> u = matmul(a, odd);
  const Variable<T> v =
      matmul(a6, b[12] * a6 + b[10] * a4 + b[8] * a2) + b[6] * a6 + b[4] * a4 + b[2] * a2 + b[0] * one;
  return solve(v - u, v + u);
}

}  // namespace

template <class T>
Variable<T> expm(const Variable<T>& a) {
  detail::check_square("expm", a.shape());
  // A matrix that is halved more often than necessary loses digits; therefore each matrix of a batch is
  // halved as often as it would be alone.
  return detail::by_kind<T>(halvings(a.value()), {a}, [](const auto& matrices, int squarings) {
    const Variable<T>& part = matrices.front();
    Variable<T> result = pade(squarings == 0 ? part : part * std::ldexp(T(1), -squarings));
    for (int i = 0; i < squarings; ++i) result = matmul(result, result);
    return result;
  });
}

#define XGRAD_INSTANTIATE(T) template Variable<T> expm<T>(const Variable<T>&);
XGRAD_FOR_EACH_SCALAR(XGRAD_INSTANTIATE)
#undef XGRAD_INSTANTIATE

}  // namespace xgrad
