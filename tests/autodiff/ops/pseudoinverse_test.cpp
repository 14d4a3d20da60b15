#include "../../support/check_operation.hpp"

#include <limits>
#include <numeric>

using namespace xgrad;

namespace {

const double inf = std::numeric_limits<double>::infinity();
const double missing = std::numeric_limits<double>::quiet_NaN();

const std::vector<Shape> rectangles{{1, 1},    {3, 3},    {4, 2}, {2, 4},       {3, 1},    {1, 3},
                                    {2, 3, 2}, {0, 3, 2}, {2, 0}, {2, 1, 2, 3}, {2, 0, 3}, {0, 0}};

/// The transpose of each matrix of a batch.
Variable<double> across(const Variable<double>& x) {
  std::vector<int> order(x.dimension());
  std::iota(order.begin(), order.end(), 0);
  std::iter_swap(order.end() - 1, order.end() - 2);
  return transpose(x, order);
}

/// A column {n, 1} of these numbers.
Array<double> column(const std::vector<double>& numbers) {
  Array<double> result(Shape{numbers.size(), 1});
  std::copy(numbers.begin(), numbers.end(), result.data());
  return result;
}

/// Checks that two arrays agree, and records the check for the operation that is being tested.
void agree(const Variable<double>& came, const Variable<double>& expected) {
  const bool same = check::close(came.value(), expected.value(), 1e-12);
  CHECK(same);
  check::Listed::note(check::Listed::value, same);
}

}  // namespace

TEST_CASE("pinv") {
  const check::Listed listed("pinv", {"np.linalg.pinv", "torch.linalg.pinv", "jnp.linalg.pinv"});
  const auto f = [](const auto& a) { return pinv(a); };
  check::operation(f, xt::xarray<double>{{-2, 1}, {1.5, -0.5}}, xt::xarray<double>{{1, 2}, {3, 4}});
  check::operation(f, xt::xarray<double>{{0.12, 0.16}}, column({3, 4}));
  // Equal singular values.
  check::operation(f, xt::xarray<double>{{0.2, -0.4}, {0.4, 0.2}}, xt::xarray<double>{{1, 2}, {-2, 1}});
  for (const Shape& shape : rectangles) {
    CAPTURE(to_string(shape));
    const Variable<double> a = check::draw(shape, -2, 2, 6);
    check::derivatives(f, a.value());
    const auto p = pinv(a);
    const auto ap = matmul(a, p);
    const auto pa = matmul(p, a);
    agree(matmul(ap, a), a);
    agree(matmul(pa, p), p);
    agree(across(ap), ap);
    agree(across(pa), pa);
  }
}

TEST_CASE("pinv of matrices without full rank") {
  const Variable<double> a = xt::xarray<double>{{1, 2}, {2, 4}};
  CHECK(check::close(pinv(a).value(), xt::xarray<double>{{0.04, 0.08}, {0.08, 0.16}}, 1e-14));
  CHECK(pinv(Variable<double>(full<double>({2, 3}, 0))).value() == full<double>({3, 2}, 0));
  const Variable<double> small = xt::xarray<double>{{1, 0}, {0, 1e-3}};
  CHECK(check::close(pinv(small).value(), xt::xarray<double>{{1, 0}, {0, 1e3}}, 1e-14));
  CHECK(check::close(pinv(small, 1e-2).value(), xt::xarray<double>{{1, 0}, {0, 0}}, 1e-14));
  // Among matrices of its rank, u v^T has the pseudoinverse v u^T / (u^T u v^T v).
  const auto f = [](const auto& u, const auto& v) { return pinv(matmul(u, v), 1e-4); };
  const Array<double> u = column({1, 2, 3});
  const xt::xarray<double> v{{2, 1}};
  check::operation(f, xt::xarray<double>{{2, 4, 6}, {1, 2, 3}} / 70, u, v);
}

TEST_CASE("lstsq") {
  const check::Listed listed("lstsq", {"np.linalg.lstsq", "torch.linalg.lstsq", "jnp.linalg.lstsq"});
  const auto f = [](const auto& a, const auto& b) { return lstsq(a, b); };
  check::operation(f, xt::xarray<double>{5, -3}, xt::xarray<double>{{1, 0}, {1, 1}, {1, 2}},
                   xt::xarray<double>{6, 0, 0});
  const std::vector<std::pair<Shape, Shape>> shapes{{{3, 3}, {3}},
                                                    {{4, 2}, {4, 3}},
                                                    {{3, 1}, {3}},
                                                    {{1, 1}, {1, 2}},
                                                    {{2, 4, 2}, {2, 4, 1}},
                                                    {{2, 4, 2}, {4}},
                                                    {{2, 1, 3, 2}, {2, 3, 1}},
                                                    {{0, 3, 2}, {0, 3, 1}},
                                                    {{3, 0}, {3, 2}},
                                                    {{0, 0}, {0}}};
  for (const auto& pair : shapes) {
    const Shape& left = pair.first;
    const Shape& right = pair.second;
    CAPTURE(to_string(left));
    CAPTURE(to_string(right));
    const Array<double> a = check::draw(left, -2, 2, 3);
    const Array<double> b = check::draw(right, -2, 2, 4);
    check::derivatives(f, a, b);
    // The residual is orthogonal to the columns.
    const Variable<double> x = lstsq(Variable<double>(a), b);
    const bool is_vector = right.size() == 1;
    const auto as_column = [](const Variable<double>& v) {
      std::vector<std::ptrdiff_t> shape(v.shape().begin(), v.shape().end());
      shape.push_back(1);
      return reshape(v, shape);
    };
    const auto rest =
        matmul(Variable<double>(a), is_vector ? as_column(x) : x) - (is_vector ? as_column(b) : b);
    const auto product = matmul(across(a), rest);
    agree(product, full<double>(product.shape(), 0));
  }
}

TEST_CASE("NaN and infinity") {
  for (const double odd : {missing, inf}) {
    Array<double> a = check::draw({2, 3, 3});
    a.data()[4] = odd;
    CHECK(check::message<LinearAlgebraError>([&] { pinv(Variable<double>(a)); }) ==
          "pinv: matrix {0} of an array of shape {2, 3, 3} contains NaN or infinity");
    CHECK(std::isnan(lstsq(Variable<double>(a), check::draw({3})).value()(0, 2)));
  }
}

TEST_CASE("matrices without a pseudoinverse or solution") {
  const Variable<double> a = check::draw({2, 3});
  CHECK(check::message<ShapeError>([&] { pinv(Variable<double>(check::draw({3}))); }) ==
        "pinv: an array of shape {3}; expected a matrix, {..., m, n}");
  CHECK(check::message<ShapeError>([&] { lstsq(a, check::draw({2})); }) ==
        "lstsq: A of shape {2, 3}; expected at least as many rows as columns");
  CHECK(check::message<ShapeError>([&] { lstsq(transpose(a), check::draw({2})); }) ==
        "lstsq: A {3, 2} and b {2}; expected b to be a vector {3} or matrices {..., 3, k}");
  const Variable<double> dependent = xt::xarray<double>{{1, 0.1}, {3, 0.3}, {7, 0.7}};
  CHECK(check::message<LinearAlgebraError>([&] { lstsq(dependent, check::draw({3})); }) ==
        "lstsq: the matrix of shape {3, 2} has dependent columns: pivot 1 is negligible");
}

TEST_CASE("all namespaces open") {
  using namespace xt;
  using namespace std;
  const xarray<double> raw{{2, 1}, {1, 3}};
  Variable<double> x = raw;
  const Variable<double> fixed = raw;
  const bool ours = VariableType<decltype(pinv(x))> && VariableType<decltype(pinv(fixed * 2, 1e-3))> &&
                    VariableType<decltype(lstsq(x, raw))> && VariableType<decltype(lstsq(raw, fixed))> &&
                    VariableType<decltype(expm(x))> && VariableType<decltype(expm(-fixed))>;
  CHECK(ours);
}
