#include "../../support/over_axes.hpp"

#include <limits>

using namespace xgrad;

namespace {

const double inf = std::numeric_limits<double>::infinity();
const double missing = std::numeric_limits<double>::quiet_NaN();

using check::over_axes;
using check::reduce;

const auto plus = [](double a, double b) { return a + b; };
const auto times = [](double a, double b) { return a * b; };
const auto larger = [](double a, double b) { return a > b || a != a ? a : b; };
const auto smaller = [](double a, double b) { return a < b || a != a ? a : b; };

}  // namespace

TEST_CASE("sum over every choice of axes") {
  const check::Listed listed("sum", {"np.sum", "torch.sum", "jnp.sum"});
  over_axes([](const auto& v, const auto& axes,
               bool keep) { return keep ? sum(v, axes, keep_dims) : sum(v, axes); },
            [](const auto& x, const auto& axes, bool keep) { return reduce(x, axes, keep, 0, plus); });
}

TEST_CASE("mean over every choice of axes") {
  const check::Listed listed("mean", {"np.mean", "torch.mean", "jnp.mean"});
  over_axes([](const auto& v, const auto& axes,
               bool keep) { return keep ? mean(v, axes, keep_dims) : mean(v, axes); },
            [](const auto& x, const auto& axes, bool keep) {
              const Array<double> total = reduce(x, axes, keep, 0, plus);
              const double count = static_cast<double>(x.size()) / static_cast<double>(total.size());
              return to_array<double>(total / count);
            });
}

TEST_CASE("prod over every choice of axes") {
  const check::Listed listed("prod", {"np.prod", "torch.prod", "jnp.prod"});
  over_axes([](const auto& v, const auto& axes,
               bool keep) { return keep ? prod(v, axes, keep_dims) : prod(v, axes); },
            [](const auto& x, const auto& axes, bool keep) { return reduce(x, axes, keep, 1, times); });
}

TEST_CASE("max over every choice of axes") {
  const check::Listed listed("max", {"np.max", "torch.amax", "jnp.max"});
  over_axes([](const auto& v, const auto& axes,
               bool keep) { return keep ? max(v, axes, keep_dims) : max(v, axes); },
            [](const auto& x, const auto& axes, bool keep) { return reduce(x, axes, keep, -inf, larger); });
}

TEST_CASE("min over every choice of axes") {
  const check::Listed listed("min", {"np.min", "torch.amin", "jnp.min"});
  over_axes([](const auto& v, const auto& axes,
               bool keep) { return keep ? min(v, axes, keep_dims) : min(v, axes); },
            [](const auto& x, const auto& axes, bool keep) { return reduce(x, axes, keep, inf, smaller); });
}

TEST_CASE("logsumexp over every choice of axes") {
  const check::Listed listed("logsumexp",
                             {"np.logaddexp.reduce", "torch.logsumexp", "jax.scipy.special.logsumexp"});
  over_axes([](const auto& v, const auto& axes,
               bool keep) { return keep ? logsumexp(v, axes, keep_dims) : logsumexp(v, axes); },
            [](const auto& x, const auto& axes, bool keep) {
              return to_array<double>(xt::log(reduce(to_array<double>(xt::exp(x)), axes, keep, 0, plus)));
            });
}

TEST_CASE("prod of one, several and only zeros: derivatives to second order") {
  const check::Listed listed("prod", {"np.prod", "torch.prod", "jnp.prod"});
  Array<double> x = check::draw({4, 3, 2});
  for (const std::size_t i : {2, 7, 9, 11, 18, 20, 22}) x.data()[i] = 0;
  for (const std::vector<int>& axes :
       std::vector<std::vector<int>>{{0}, {1}, {2}, {0, 1}, {1, 2}, {0, 2}, {0, 1, 2}}) {
    CAPTURE(axes.size());
    check::derivatives([&](const auto& v) { return prod(v, axes); }, x);
  }
  check::derivatives([&](const auto& v) { return prod(v, 0); }, full<double>({3, 2}, 0));
  const auto slope = grad([](const Variable<double>& v) { return prod(v); });
  CHECK(slope(xt::xarray<double>{2, 0, 3}).value() == xt::xarray<double>{0, 6, 0});
  CHECK(slope(xt::xarray<double>{0, 0, 3}).value() == xt::xarray<double>{0, 0, 0});
  CHECK(check::close<double>(slope(xt::xarray<double>{1e-200, 1e-200, 1e250}).value(),
                             xt::xarray<double>{1e50, 1e50, 0}, 1e-15));
}

TEST_CASE("a third derivative of prod at zeros") {
  const auto third =
      grad(grad(grad([](const Variable<double>& t) { return prod(t * xt::xarray<double>{1, 2, 3}); })));
  CHECK(third(Variable<double>(0.0)).item() == doctest::Approx(36));
}

TEST_CASE("over all axes, and all ways to give axes") {
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
  CHECK(logsumexp(x, keep_dims).shape() == Shape{1, 1});
  CHECK(prod(x).item() == 720);
  CHECK(prod(x, {0}, keep_dims).value() == xt::xarray<double>{{4, 10, 18}});
  CHECK(min(x, {0}).value() == xt::xarray<double>{1, 2, 3});
  CHECK(min(x, keep_dims).shape() == Shape{1, 1});
}

TEST_CASE("reductions with all namespaces open") {
  using namespace xt;
  using namespace std;
  Variable<double> x = xarray<double>{{1, 2}, {3, 4}};
  const Variable<double> fixed = x;
  const vector<int> axes{0, 1};
  const int axis = 0;
  const bool ours =
      VariableType<decltype(sum(x))> && VariableType<decltype(sum(fixed, {0, 1}, keep_dims))> &&
      VariableType<decltype(mean(x, keep_dims))> && VariableType<decltype(mean(fixed, axis))> &&
      VariableType<decltype(prod(x))> && VariableType<decltype(prod(fixed, 0))> &&
      VariableType<decltype(prod(x, axes, keep_dims))> && VariableType<decltype(prod(x, {1}))> &&
      VariableType<decltype(prod(x, keep_dims))> && VariableType<decltype(max(fixed, {0}))> &&
      VariableType<decltype(max(x, axes))> && VariableType<decltype(min(x))> &&
      VariableType<decltype(min(fixed, 0))> && VariableType<decltype(min(x, {0}, keep_dims))> &&
      VariableType<decltype(min(x * 2, keep_dims))> && VariableType<decltype(logsumexp(x + 1, {0}))>;
  CHECK(ours);
  const xarray<double> raw{1, 2};
  CHECK(is_xexpression<decltype(prod(raw))>::value);
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
  const auto n = -min(-v, a, keep_dims);
  const auto l = logsumexp(v, a, keep_dims);
  const double near = std::is_same_v<T, float> ? 2e-6 : 1e-13;
  CHECK(check::close(s.value(), total, 0));
  CHECK(check::close(m.value(), highest, 0));
  CHECK(check::close(l.value(), logs, near));
  CHECK(check::close(tape.gradient(s, v, g).value(), to_array<double>(xt::broadcast(weight, shape)), near));
  CHECK(check::close(tape.gradient(m, v, g).value(), to_array<double>(is_highest * weight / ties), near));
  CHECK(check::close(n.value(), highest, 0));
  CHECK(check::close(tape.gradient(n, v, g).value(), to_array<double>(is_highest * weight / ties), near));
  CHECK(check::close(tape.gradient(l, v, g).value(), to_array<double>(weight * xt::exp(wide - logs)),
                     4 * near));
}

}  // namespace

TEST_CASE("rows and columns of many lengths, around multiples of vectors and blocks") {
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

TEST_CASE("the same with several threads") {
  for (const Shape& shape : {Shape{30'011, 3}, Shape{3, 30'011}, Shape{100'000}, Shape{7'000, 10},
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

TEST_CASE("ties in min share the gradient equally") {
  const Variable<double> x = xt::xarray<double>{{3, 1, 1}, {2, 2, 2}};
  CHECK(grad([](const Variable<double>& v) { return sum(min(v, 1)); })(x).value() ==
        xt::xarray<double>{{0, 0.5, 0.5}, {1.0 / 3, 1.0 / 3, 1.0 / 3}});
}

TEST_CASE("infinities and NaN in products and minima") {
  const Variable<double> x = xt::xarray<double>{{1, missing, 2}, {inf, inf, inf}, {1, -inf, 2}, {0, inf, 1}};
  CHECK(check::close<double>(min(x, 1).value(), xt::xarray<double>{missing, inf, -inf, 0}, 0));
  CHECK(check::close<double>(prod(x, 1).value(), xt::xarray<double>{missing, inf, -inf, missing}, 0));
}

TEST_CASE("the gradient of logsumexp for results of -infinity and infinity") {
  const auto slope = grad([](const Variable<double>& v) { return sum(logsumexp(v, 1)); });
  CHECK(check::close<double>(slope(xt::xarray<double>{{-inf, -inf}, {-inf, 3}, {0, 0}, {inf, 1}}).value(),
                             xt::xarray<double>{{0, 0}, {0, 1}, {0.5, 0.5}, {missing, 0}}, 1e-15));
  const auto curvature = grad([](const Variable<double>& v) {
    return sum(square(grad([](const Variable<double>& u) { return logsumexp(u); })(v)));
  });
  CHECK(curvature(xt::xarray<double>{-inf, -inf}).value() == xt::xarray<double>{0, 0});
}

TEST_CASE("infinities and NaN") {
  const Variable<double> x = xt::xarray<double>{{1, missing, 2}, {-inf, -inf, -inf}, {1, inf, 2}};
  CHECK(check::close<double>(max(x, 1).value(), xt::xarray<double>{missing, -inf, inf}, 0));
  CHECK(check::close<double>(logsumexp(x, 1).value(), xt::xarray<double>{missing, -inf, inf}, 0));
  CHECK(check::close<double>(sum(x, 1).value(), xt::xarray<double>{missing, -inf, inf}, 0));
}

TEST_CASE("a NaN anywhere in a large array propagates") {
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

TEST_CASE("reductions over empty axes") {
  const Variable<double> none = Array<double>(Shape{0, 3});
  CHECK(sum(none).item() == 0);
  CHECK(sum(none, 0).value() == xt::xarray<double>{0, 0, 0});
  CHECK(sum(none, 1).shape() == Shape{0});
  CHECK(std::isnan(mean(none).item()));
  CHECK(logsumexp(none).item() == -inf);
  CHECK(max(none, 1).shape() == Shape{0});
  CHECK(prod(none).item() == 1);
  CHECK(prod(none, 0, keep_dims).value() == xt::xarray<double>{{1, 1, 1}});
  CHECK(grad([](const Variable<double>& v) { return prod(v); })(none).shape() == Shape{0, 3});
  CHECK(grad([](const Variable<double>& v) { return sum(v); })(none).shape() == Shape{0, 3});
  CHECK(check::message<ShapeError>([&] { min(none, 0); }) ==
        "min: an array of shape {0, 3} has no entries to take the minimum of");
  CHECK(check::message<ShapeError>([&] { max(none); }) ==
        "max: an array of shape {0, 3} has no entries to take the maximum of");
}

TEST_CASE("axes out of range") {
  const Variable<double> x = check::draw({2, 3});
  CHECK(check::message<ShapeError>([&] { sum(x, 2); }) ==
        "sum: axis 2 of an array of shape {2, 3}; expected one of -2 ... 1");
  CHECK(check::has(check::message<ShapeError>([&] { max(x, -3); }), "max: axis -3"));
  CHECK(check::has(check::message<ShapeError>([&] { logsumexp(x, {1, -1}); }), "named twice"));
  CHECK(check::has(check::message<ShapeError>([&] { mean(Variable<double>(1.0), 0); }), "single number"));
}

TEST_CASE("smooth_max: value, derivatives, bounds") {
  const check::Listed listed("smooth_max", {"", "", ""});
  const Array<double> x = check::filled({2, 3}, {1, 2, 3, -1, 0.5, 0.25});
  const auto over_all = [](const auto& v) { return smooth_max(v, 2); };
  double sum = 0;
  for (const double each : x) sum += std::exp(2 * each);
  check::operation(over_all, check::filled({}, {std::log(sum) / 2}), x);
  const auto along = [](const auto& v) { return smooth_max(v, 4, 1, keep_dims); };
  Array<double> expected(Shape{2, 1});
  for (std::size_t i = 0; i < 2; ++i) {
    double row = 0;
    for (std::size_t j = 0; j < 3; ++j) row += std::exp(4 * x(i, j));
    expected(i, 0) = std::log(row) / 4;
  }
  check::operation(along, expected, x);
  CHECK(smooth_max(Variable<double>(x), 1e6).item() == doctest::Approx(3));  // the maximum itself
  CHECK(smooth_max(Variable<double>(full<double>({5}, 1e300)), 3, {0}).item() == doctest::Approx(1e300));
  CHECK(smooth_max(Variable<double>(full<double>({5}, 2)), 3).item() == doctest::Approx(2 + std::log(5) / 3));
  CHECK(check::message<ValueError>([&] { smooth_max(Variable<double>(x), 0); }) ==
        "smooth_max: a sharpness of 0; expected a finite number > 0");
}
