#include "../../support/check_operation.hpp"

using namespace xgrad;

namespace {

/// The product of a {m, k} and b {k, n}, by the definition.
xt::xarray<double> times(const xt::xarray<double>& a, const xt::xarray<double>& b) {
  xt::xarray<double> c = xt::zeros<double>({a.shape(0), b.shape(1)});
  for (std::size_t i = 0; i < a.shape(0); ++i) {
    for (std::size_t j = 0; j < b.shape(1); ++j) {
      for (std::size_t k = 0; k < a.shape(1); ++k) c(i, j) += a(i, k) * b(k, j);
    }
  }
  return c;
}

const auto product = [](const auto& a, const auto& b) { return matmul(a, b); };

}  // namespace

TEST_CASE("matmul of matrices and vectors") {
  const check::Listed listed("matmul", {"np.matmul", "torch.matmul", "jnp.matmul"});
  check::operation(product, xt::xarray<double>{{19, 22}, {43, 50}}, xt::xarray<double>{{1, 2}, {3, 4}},
                   xt::xarray<double>{{5, 6}, {7, 8}});
  check::operation(product, xt::xarray<double>{17, 39}, xt::xarray<double>{{1, 2}, {3, 4}},
                   xt::xarray<double>{5, 6});
  check::operation(product, xt::xarray<double>{23, 34}, xt::xarray<double>{5, 6},
                   xt::xarray<double>{{1, 2}, {3, 4}});
  check::operation(product, full<double>({}, 11), xt::xarray<double>{1, 2}, xt::xarray<double>{3, 4});
  const Array<double> a = check::draw({37, 19}, -2, 2, 1);
  const Array<double> b = check::draw({19, 41}, -2, 2, 2);
  CHECK(check::close<double>(matmul(Variable<double>(a), b).value(), to_array<double>(times(a, b)), 1e-13));
}

TEST_CASE("matmul of batches, which broadcast") {
  const check::Listed listed("matmul", {"np.matmul", "torch.matmul", "jnp.matmul"});
  const std::vector<std::pair<Shape, Shape>> shapes{
      {{2, 3, 4}, {2, 4, 2}}, {{2, 3, 4}, {4, 2}}, {{3, 4}, {2, 4, 2}}, {{2, 1, 3, 4}, {3, 4, 2}},
      {{1, 2, 3}, {2, 3, 1}}, {{2, 3, 4}, {4}},    {{4}, {2, 4, 3}},    {{0, 2, 3}, {3, 2}}};
  for (const auto& pair : shapes) {
    const Shape& left = pair.first;
    const Shape& right = pair.second;
    CAPTURE(to_string(left));
    CAPTURE(to_string(right));
    check::derivatives(product, check::draw(left, -2, 2, 1), check::draw(right, -2, 2, 2));
  }
  const Array<double> a = check::draw({2, 1, 3, 4}, -2, 2, 1);
  const Array<double> b = check::draw({5, 4, 2}, -2, 2, 2);
  const Array<double> c = matmul(Variable<double>(a), b).value();
  REQUIRE(c.shape() == Shape{2, 5, 3, 2});
  for (std::size_t i = 0; i < 2; ++i) {
    for (std::size_t j = 0; j < 5; ++j) {
      const xt::xarray<double> expected = times(xt::view(a, i, 0), xt::view(b, j));
      const xt::xarray<double> came = xt::view(c, i, j);
      CHECK(xt::allclose(came, expected));
    }
  }
}

TEST_CASE("matmul with an empty inner axis is zero") {
  const Variable<double> a = Array<double>(Shape{2, 0});
  CHECK(matmul(a, Array<double>(Shape{0, 3})).value() == full<double>({2, 3}, 0));
}

TEST_CASE("shapes that matmul cannot multiply") {
  const Variable<double> a = check::draw({64, 784});
  CHECK(check::message<ShapeError>([&] { matmul(a, check::draw({512, 10})); }) ==
        "matmul: inner dimensions differ: {64, 784} x {512, 10} (784 and 512)");
  CHECK(check::has(check::message<ShapeError>([&] { matmul(a, 2.0); }), "single number"));
  const Variable<double> batch = check::draw({2, 3, 4});
  CHECK(check::has(check::message<ShapeError>([&] { matmul(batch, check::draw({3, 4, 2})); }), "matmul"));
}

TEST_CASE("linear: x W^T + b") {
  const check::Listed listed("linear", {"", "torch.nn.functional.linear", ""});
  const auto layer = [](const auto& x, const auto& w, const auto& b) { return linear(x, w, b); };
  check::operation(layer, xt::xarray<double>{{11, 24, 37}, {13, 28, 43}}, xt::xarray<double>{{1, 0}, {1, 1}},
                   xt::xarray<double>{{1, 2}, {4, 4}, {7, 6}}, xt::xarray<double>{10, 20, 30});
  for (const Shape& shape : {Shape{2}, Shape{3, 2}, Shape{2, 3, 2}, Shape{0, 2}}) {
    const Array<double> x = check::draw(shape, -2, 2, 1);
    const Array<double> w = check::draw({3, 2}, -2, 2, 2);
    check::derivatives(layer, x, w, check::draw({3}, -2, 2, 3));
    check::derivatives([](const auto& a, const auto& b) { return linear(a, b, std::decay_t<decltype(a)>()); },
                       x, w);
    CHECK(check::close<double>(linear(Variable<double>(x), w, Variable<double>()).value(),
                               matmul(Variable<double>(x), xt::transpose(w)).value(), 1e-13));
  }
  const Variable<double> x = check::draw({5, 2});
  CHECK(check::message<ShapeError>([&] { linear(x, check::draw({3, 4}), Variable<double>()); }) ==
        "linear: x {5, 2} and weight {3, 4}; expected {..., in} and {out, in}");
  CHECK(check::has(check::message<ShapeError>([&] { linear(x, check::draw({3, 2}), check::draw({2})); }),
                   "bias"));
}

TEST_CASE("products with a vector, for all lengths around the vector width") {
  for (const std::size_t k : {1, 2, 3, 7, 16, 31, 65, 130, 1500}) {
    for (const std::size_t n : {1, 5, 17, 300}) {
      CAPTURE(k);
      CAPTURE(n);
      const Array<double> row = check::draw(Shape{1, k}, -1, 1, 1);
      const Array<double> b = check::draw(Shape{k, n}, -1, 1, 2);
      const Array<double> b_transposed = transpose(Variable<double>(b)).value();
      const Array<double> column = check::draw(Shape{k, 1}, -1, 1, 3);
      const Array<double> other = check::draw(Shape{1, n}, -1, 1, 4);
      const Array<double> bias = check::draw(Shape{n}, -1, 1, 5);
      const Array<double> product = times(row, b);
      Array<double> with_bias = product;
      for (std::size_t j = 0; j < n; ++j) with_bias.data()[j] += bias.data()[j];
      const Variable<double> x = row;
      CHECK(check::close<double>(matmul(x, b).value(), product, 1e-12));
      CHECK(check::close<double>(linear(x, b_transposed, bias).value(), with_bias, 1e-12));
      CHECK(
          check::close<double>(matmul(Variable<double>(column), other).value(), times(column, other), 1e-12));
      const Array<float> b_single = cast<float>(Variable<double>(b)).value();
      CHECK(check::close<float>(matmul(cast<float>(x), b_single).value(), product, 1e-4));
    }
  }
}
