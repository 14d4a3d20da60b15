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

namespace {

/// Reductions over one axis and their gradients against loops, in both precisions.
template <class T>
void check_axis(const Shape& shape, std::size_t axis) {
  CAPTURE(to_string(shape));
  CAPTURE(axis);
  const Array<T> x = to_array<T>(xt::cast<T>(xt::floor(check::draw(shape, -9, 9))));  // sums are exact; ties
  const std::vector<std::size_t> axes{axis};
  const Array<double> wide = to_array<double>(xt::cast<double>(x));
  const auto plus = [](double a, double b) { return a + b; };
  const Array<double> total = reduce(wide, axes, true, 0, plus);
  const Array<double> highest =
      reduce(wide, axes, true, -inf, [](double a, double b) { return std::max(a, b); });
  const Array<double> is_highest =
      to_array<double>(xt::cast<double>(xt::equal(wide, xt::xarray<double>(xt::broadcast(highest, shape)))));
  const Array<double> ties = reduce(is_highest, axes, true, 0, plus);
  const Array<double> logs =
      to_array<double>(xt::log(reduce(to_array<double>(xt::exp(wide)), axes, true, 0, plus)));
  const Array<double> weight = check::draw(total.shape(), 0.5, 1.5);
  const Array<T> g = to_array<T>(xt::cast<T>(weight));
  const int a = static_cast<int>(axis);

  Tape tape;
  const Variable<T> v = x;
  const auto s = sum(v, a, keep_dims);
  const auto m = max(v, a, keep_dims);
  const auto l = logsumexp(v, a, keep_dims);
  const double near = std::is_same_v<T, float> ? 2e-6 : 1e-13;
  CHECK(check::close(s.value(), total, 0));
  CHECK(check::close(m.value(), highest, 0));
  CHECK(check::close(l.value(), logs, near));
  CHECK(check::close(tape.gradient(s, v, g).value(), to_array<double>(xt::broadcast(weight, shape)), near));
  CHECK(check::close(tape.gradient(m, v, g).value(), to_array<double>(is_highest * weight / ties), near));
  CHECK(check::close(tape.gradient(l, v, g).value(), to_array<double>(weight * xt::exp(wide - logs)),
                     4 * near));
}

}  // namespace

TEST_CASE("rows and columns of many lengths, around the edges of vectors and blocks") {
  for (const std::size_t rows : {1, 2, 7, 8, 9, 31, 65, 200}) {
    for (const std::size_t columns :
         {1, 2, 3, 8, 10, 15, 16, 17, 32, 33, 63, 64, 65, 100, 127, 128, 129, 1025}) {
      for (const std::size_t axis : {0, 1}) {
        check_axis<float>({rows, columns}, axis);
        check_axis<double>({rows, columns}, axis);
      }
    }
  }
}

TEST_CASE("the same where threads share the work") {
  for (const Shape& shape :
       {Shape{30'011, 3}, Shape{3, 30'011}, Shape{1001, 130}, Shape{100'000}, Shape{7'000, 10},
        Shape{5, 17, 1'000}, Shape{1, 70'001}, Shape{3'000, 5, 7}, Shape{130, 1'000}}) {
    for (std::size_t axis = 0; axis < shape.size(); ++axis) {
      check_axis<float>(shape, axis);
      check_axis<double>(shape, axis);
    }
  }
}

TEST_CASE("infinities and NaN in short rows, long rows and columns") {
  for (const Shape& shape : {Shape{40, 10}, Shape{40, 200}, Shape{20'000, 5}}) {
    for (const int axis : {0, 1}) {
      Array<double> x = check::draw(shape);
      for (const std::size_t i : {0, 3, 17, 33}) xt::row(x, static_cast<int>(i)) = -inf;
      x(5, 1) = inf;
      x(7, 2) = missing;
      const Array<double> highest = reduce(x, {static_cast<std::size_t>(axis)}, false, -inf,
                                           [](double a, double b) { return a > b || a != a ? a : b; });
      const Variable<double> v = x;
      CHECK(check::close(max(v, axis).value(), highest, 0));
      const auto l = logsumexp(v, axis).value();
      for (std::size_t i = 0; i < l.size(); ++i) {
        if (std::isnan(highest.data()[i])) CHECK(std::isnan(l.data()[i]));
        if (std::isinf(highest.data()[i])) CHECK(l.data()[i] == highest.data()[i]);
        if (std::isfinite(highest.data()[i])) CHECK(l.data()[i] >= highest.data()[i]);
      }
    }
  }
}

TEST_CASE("a float sum of ones is exact") {
  CHECK(sum(Variable<float>(full<float>({1'600'000}, 1))).item() == 1'600'000);
  CHECK(sum(Variable<float>(full<float>({160'000, 10}, 1)), 0).value() == full<float>({10}, 160'000));
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
