#include "../../support/check_operation.hpp"

#include <limits>

using namespace xgrad;

namespace {

const double inf = std::numeric_limits<double>::infinity();
const double missing = std::numeric_limits<double>::quiet_NaN();

/// The reduction of x over some axes, entry by entry: the reference.
template <class F>
Array<double> reduce(const Array<double>& x, const std::vector<std::size_t>& axes, bool keep, double initial,
                     F f) {
  std::vector<bool> reduced(x.dimension(), false);
  for (const std::size_t axis : axes) reduced[axis] = true;
  Shape kept = x.shape();
  Shape dropped;
  for (std::size_t i = 0; i < kept.size(); ++i) {
    if (!reduced[i]) dropped.push_back(kept[i]);
    if (reduced[i]) kept[i] = 1;
  }
  Array<double> result = full<double>(kept, initial);
  for (std::size_t flat = 0; flat < x.size(); ++flat) {
    std::size_t rest = flat;
    std::size_t to = 0;
    std::size_t stride = 1;
    for (std::size_t axis = x.dimension(); axis-- > 0; rest /= x.shape()[axis]) {
      if (reduced[axis]) continue;
      to += rest % x.shape()[axis] * stride;
      stride *= x.shape()[axis];
    }
    result.data()[to] = f(result.data()[to], x.data()[flat]);
  }
  if (!keep) result.reshape(dropped);
  return result;
}

struct Case {
  Shape shape;
  std::vector<int> axes;
  std::vector<std::size_t> counted;
};
const std::vector<Case> cases{{{}, {}, {}},
                              {{5}, {0}, {0}},
                              {{2, 3}, {0}, {0}},
                              {{2, 3}, {1}, {1}},
                              {{2, 3}, {-1}, {1}},
                              {{2, 3}, {0, 1}, {0, 1}},
                              {{2, 3}, {}, {}},
                              {{2, 3, 4}, {1}, {1}},
                              {{2, 3, 4}, {0, 2}, {0, 2}},
                              {{2, 1, 4}, {-2}, {1}},
                              {{2, 3, 2, 2}, {3, 0}, {0, 3}},
                              {{2, 3, 2, 2}, {1, 2}, {1, 2}}};

}  // namespace

TEST_CASE("sum, mean, max and logsumexp over every choice of axes") {
  for (const Case& c : cases) {
    CAPTURE(to_string(c.shape));
    CAPTURE(c.axes.size());
    const Array<double> x = check::draw(c.shape);
    for (const bool keep : {false, true}) {
      const auto with = [&](auto&& plain, auto&& kept) { return keep ? kept() : plain(); };
      const auto plus = [](double a, double b) { return a + b; };
      const auto larger = [](double a, double b) { return std::max(a, b); };
      const Array<double> total = reduce(x, c.counted, keep, 0, plus);
      check::operation(
          [&](const auto& v) {
            return with([&] { return sum(v, c.axes); }, [&] { return sum(v, c.axes, keep_dims); });
          },
          total, x);
      const double count = static_cast<double>(x.size()) / static_cast<double>(total.size());
      check::operation(
          [&](const auto& v) {
            return with([&] { return mean(v, c.axes); }, [&] { return mean(v, c.axes, keep_dims); });
          },
          to_array<double>(total / count), x);
      check::operation(
          [&](const auto& v) {
            return with([&] { return max(v, c.axes); }, [&] { return max(v, c.axes, keep_dims); });
          },
          reduce(x, c.counted, keep, -inf, larger), x);
      const Array<double> powers = reduce(to_array<double>(xt::exp(x)), c.counted, keep, 0, plus);
      check::operation(
          [&](const auto& v) { return keep ? logsumexp(v, c.axes, keep_dims) : logsumexp(v, c.axes); },
          to_array<double>(xt::log(powers)), x);
    }
  }
}

TEST_CASE("over all axes, and the ways to name axes") {
  const Variable<double> x = xt::xarray<double>{{1, 2, 3}, {4, 5, 6}};
  CHECK(sum(x).item() == 21);
  CHECK(sum(x).dimension() == 0);
  CHECK(sum(x, keep_dims).shape() == Shape{1, 1});
  CHECK(sum(x, 0).value() == xt::xarray<double>{5, 7, 9});
  CHECK(sum(x, {0}).value() == xt::xarray<double>{5, 7, 9});
  CHECK(sum(x, {-1, 0}).item() == 21);
  CHECK(sum(x, std::array<std::size_t, 1>{1}).value() == xt::xarray<double>{6, 15});
  CHECK(mean(x).item() == 3.5);
  CHECK(mean(x, {1}, keep_dims).shape() == Shape{2, 1});
  CHECK(mean(x, {1}).value() == xt::xarray<double>{2, 5});
  CHECK(max(x).item() == 6);
  CHECK(max(x, 1).value() == xt::xarray<double>{3, 6});
  CHECK(logsumexp(x, 1, keep_dims).shape() == Shape{2, 1});
}

TEST_CASE("large arrays, over outer, inner and middle axes") {
  const auto whole = [](std::size_t i) { return static_cast<double>(i % 7) - 2; };  // sums are exact
  for (const Shape& shape : {Shape{100'003, 3}, Shape{3, 100'003}, Shape{2, 50'000, 3}, Shape{300'000}}) {
    CAPTURE(to_string(shape));
    Array<double> x(shape);
    for (std::size_t i = 0; i < x.size(); ++i) x.data()[i] = whole(i);
    for (std::size_t axis = 0; axis < shape.size(); ++axis) {
      const Array<double> expected = reduce(x, {axis}, false, 0, [](double a, double b) { return a + b; });
      CHECK(sum(Variable<double>(x), static_cast<int>(axis)).value() == expected);
      const Array<double> highest =
          reduce(x, {axis}, false, -inf, [](double a, double b) { return std::max(a, b); });
      CHECK(max(Variable<double>(x), static_cast<int>(axis)).value() == highest);
    }
  }
}

TEST_CASE("a float sum of many entries is accurate") {
  const Variable<float> x = full<float>({3'000'000}, 0.1F);
  CHECK(sum(x).item() == doctest::Approx(300'000).epsilon(1e-6));
}

TEST_CASE("ties in max share the gradient equally") {
  const Variable<double> x = xt::xarray<double>{{3, 1, 3}, {2, 2, 2}};
  CHECK(grad([](const Variable<double>& v) { return sum(max(v, 1)); })(x).value() ==
        xt::xarray<double>{{0.5, 0, 0.5}, {1.0 / 3, 1.0 / 3, 1.0 / 3}});
}

TEST_CASE("infinities and NaN") {
  const Variable<double> x = xt::xarray<double>{{1, missing, 2}, {-inf, -inf, -inf}, {1, inf, 2}};
  CHECK(check::close<double>(max(x, 1).value(), xt::xarray<double>{missing, -inf, inf}, 0));
  CHECK(check::close<double>(logsumexp(x, 1).value(), xt::xarray<double>{missing, -inf, inf}, 0));
  CHECK(check::close<double>(sum(x, 1).value(), xt::xarray<double>{missing, -inf, inf}, 0));
}

TEST_CASE("a NaN anywhere in a large array is seen") {
  for (const std::size_t at : {0, 1, 500, 5000, 9999}) {
    Array<double> x = check::draw({10'000});
    x(at) = missing;
    CHECK(std::isnan(max(Variable<double>(x)).item()));
    x.reshape({100, 100});
    CHECK(std::isnan(sum(max(Variable<double>(x), 0)).item()));
  }
}

TEST_CASE("logsumexp does not overflow") {
  const Variable<double> x = xt::xarray<double>{{1e4, 1e4}, {-1e4, -1e4}};
  const auto y = logsumexp(x, 1);
  CHECK(y.value()(0) == doctest::Approx(1e4 + std::log(2.0)));
  CHECK(y.value()(1) == doctest::Approx(-1e4 + std::log(2.0)));
  const auto gradient = grad([](const Variable<double>& v) { return sum(logsumexp(v, 1)); })(x);
  CHECK(check::close<double>(gradient.value(), xt::xarray<double>{{0.5, 0.5}, {0.5, 0.5}}, 1e-11));
}

TEST_CASE("over nothing") {
  const Variable<double> none = Array<double>(Shape{0, 3});
  CHECK(sum(none).item() == 0);
  CHECK(sum(none, 0).value() == xt::xarray<double>{0, 0, 0});
  CHECK(sum(none, 1).shape() == Shape{0});
  CHECK(std::isnan(mean(none).item()));
  CHECK(logsumexp(none).item() == -inf);
  CHECK(max(none, 1).shape() == Shape{0});
  CHECK(check::message<ShapeError>([&] { max(none); }) ==
        "max: nothing to take the maximum of in an array of shape {0, 3}");
}

TEST_CASE("axes that are not there") {
  const Variable<double> x = check::draw({2, 3});
  CHECK(check::message<ShapeError>([&] { sum(x, 2); }) ==
        "sum: axis 2 of an array of shape {2, 3}; expected one of -2 ... 1");
  CHECK(check::has(check::message<ShapeError>([&] { max(x, -3); }), "max: axis -3"));
  CHECK(check::has(check::message<ShapeError>([&] { logsumexp(x, {1, -1}); }), "named twice"));
  CHECK(check::has(check::message<ShapeError>([&] { mean(Variable<double>(1.0), 0); }), "single number"));
}
