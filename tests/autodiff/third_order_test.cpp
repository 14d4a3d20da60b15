#include "../support/check_operation.hpp"

#include <string>
#include <vector>

// Third derivatives of the smooth operations: the gradient of each, as a function, passes gradgradcheck.

using namespace xgrad;

namespace {

/// A weighted sum of the entries, so that no symmetry hides a term.
Variable<double> weighted(const Variable<double>& y) { return sum(y * check::draw(y.shape(), 0.5, 1.5, 7)); }

template <class F>
void third(const std::string& name, const F& f, const Array<double>& x) {
  CAPTURE(name);
  const auto gradient = [&](const Variable<double>& v) {
    return grad([&](const Variable<double>& u) { return weighted(f(u)); })(v);
  };
  const GradCheck check = gradgradcheck(gradient, x);
  CHECK_MESSAGE(check.ok, check.message);
}

template <class F>
void third(const std::string& name, const F& f, const Array<double>& a, const Array<double>& b) {
  third(name + ", first", [&](const auto& x) { return f(x, Variable<double>(b)); }, a);
  third(name + ", second", [&](const auto& x) { return f(Variable<double>(a), x); }, b);
}

const Array<double> anywhere = check::draw({5}, -1.5, 1.5);
const Array<double> positive = check::draw({5}, 0.4, 2.5);
const Array<double> inside = check::draw({5}, -0.8, 0.8);  // (-1, 1)
const Array<double> matrix = check::draw({3, 3}, -1, 1);

/// Symmetric and positive definite.
Variable<double> definite(const Variable<double>& x) {
  const Array<double> shift = 2.0 * xt::eye<double>(3);
  return matmul(x, transpose(x)) + shift;
}

}  // namespace

#define THIRD(call, x) third(#call, [](const auto& v) { return call; }, x)
#define THIRD_OF_TWO(call, a, b) third(#call, [](const auto& v, const auto& w) { return call; }, a, b)

TEST_CASE("third order: powers, exponentials and logarithms") {
  THIRD(square(v), anywhere);
  THIRD(reciprocal(v), positive);
  THIRD(sqrt(v), positive);
  THIRD(rsqrt(v), positive);
  THIRD(cbrt(v), positive);
  THIRD(exp(v), anywhere);
  THIRD(exp2(v), anywhere);
  THIRD(expm1(v), anywhere);
  THIRD(log(v), positive);
  THIRD(log1p(v), positive);
  THIRD(log2(v), positive);
  THIRD(log10(v), positive);
  THIRD(pow(v, 3.5), positive);
  THIRD(pow(v, 4), anywhere);
  THIRD(pow(2.5, v), anywhere);
}

TEST_CASE("third order: trigonometric and hyperbolic functions") {
  THIRD(sin(v), anywhere);
  THIRD(cos(v), anywhere);
  THIRD(tan(v), inside);
  THIRD(asin(v), inside);
  THIRD(acos(v), inside);
  THIRD(atan(v), anywhere);
  THIRD(sinh(v), anywhere);
  THIRD(cosh(v), anywhere);
  THIRD(tanh(v), anywhere);
  THIRD(asinh(v), anywhere);
  THIRD(acosh(v + 1.5), positive);
  THIRD(atanh(v), inside);
}

TEST_CASE("third order: special functions and activations") {
  THIRD(erf(v), anywhere);
  THIRD(erfc(v), anywhere);
  THIRD(lgamma(v), positive);
  THIRD(digamma(v), positive);
  THIRD(polygamma(1, v), positive);
  THIRD(sigmoid(v), anywhere);
  THIRD(softplus(v), anywhere);
  THIRD(silu(v), anywhere);
  THIRD(gelu(v), anywhere);
  THIRD(gelu(v, {.approximate = true}), anywhere);
}

TEST_CASE("third order: functions of two numbers") {
  THIRD_OF_TWO(v * w * v, anywhere, positive);
  THIRD_OF_TWO(v / w, anywhere, positive);
  THIRD_OF_TWO(pow(v, w), positive, anywhere);
  THIRD_OF_TWO(atan2(v, w), anywhere, positive);
  THIRD_OF_TWO(hypot(v, w), anywhere, positive);
  THIRD_OF_TWO(logaddexp(v, w), anywhere, positive);
  THIRD_OF_TWO(xlogy(v, w), anywhere, positive);
}

TEST_CASE("third order: reductions and scans") {
  THIRD(mean(square(v)) * sum(v), anywhere);
  THIRD(prod(v), anywhere);
  THIRD(var(v) * var(v), anywhere);
  THIRD(stddev(v), anywhere);
  THIRD(norm(v), anywhere);
  THIRD(norm(v, {.order = 3}), positive);
  THIRD(logsumexp(v), anywhere);
  THIRD(cumprod(v, 0), anywhere);
  THIRD(cumlogsumexp(v, 0), anywhere);
  THIRD(softmax(v, 0), anywhere);
  THIRD(log_softmax(v, 0), anywhere);
}

TEST_CASE("third order: linear algebra") {
  THIRD(matmul(v, matmul(v, v)), matrix);
  THIRD(matrix_power(v, 3), matrix);
  THIRD(inv(definite(v)), matrix);
  THIRD(det(definite(v)), matrix);
  THIRD(slogdet(definite(v)).logabsdet, matrix);
  THIRD(cholesky(definite(v)), matrix);
  THIRD(expm(v), matrix);
  THIRD(eigh(definite(v)).values, matrix);
  THIRD(svd(v).s, matrix);
  THIRD(pinv(definite(v)), matrix);
  THIRD(einsum("ij,jk,kl->il", v, v, v), matrix);
  THIRD_OF_TWO(solve(definite(v), w), matrix, matrix);
}

TEST_CASE("third order: convolutions and pooling of a nonlinear function") {
  const Array<double> image = check::draw({1, 4, 4, 1}, -1, 1);
  const Array<double> kernel = check::draw({2, 2, 2, 1}, -1, 1, 2);
  THIRD_OF_TWO(square(conv2d(v, w)) * conv2d(v, w), image, kernel);
  THIRD(avg_pool2d(exp(v), 2), image);
  THIRD(max_pool2d(exp(v), 2), image);
}

TEST_CASE("third order: elementwise formulas and checkpoints") {
  THIRD(elementwise([](auto a) { return a * exp(-a * a); }, v), anywhere);
  THIRD(checkpoint([](const auto& u) { return sin(u) * u; }, v), anywhere);
}
