#include "../../support/over_axes.hpp"

#include <limits>

using namespace xgrad;

namespace {

const double inf = std::numeric_limits<double>::infinity();
const double missing = std::numeric_limits<double>::quiet_NaN();

double norm_of(const std::vector<double>& x, double p) {
  double result = p == -inf ? inf : 0;
  for (const double entry : x) {
    const double magnitude = std::abs(entry);
    if (p == inf) result = std::max(result, magnitude);
    if (p == -inf) result = std::min(result, magnitude);
    if (std::isfinite(p)) result += std::pow(magnitude, p);
  }
  return std::isfinite(p) ? std::pow(result, 1 / p) : result;
}

auto norm_of_order(double p) {
  return [p](const Variable<double>& v) { return norm(v, {.order = p}); };
}

const auto all_orders = {1.0, 2.0, inf, -inf, 3.0, 1.5, 4.0, 0.5};

}  // namespace

TEST_CASE("norm over every choice of axes") {
  const check::Listed listed("norm",
                             {"np.linalg.vector_norm", "torch.linalg.vector_norm", "jnp.linalg.vector_norm"});
  for (const double p : all_orders) {
    CAPTURE(p);
    for (const check::AxesCase& c : check::axes_cases) {
      CAPTURE(to_string(c.shape));
      CAPTURE(c.axes.size());
      const Array<double> x = check::draw(c.shape, -1, 2.5);
      for (const bool keep : {false, true}) {
        const Array<double> expected =
            check::reduce_windows(x, c.counted, keep, [p](const auto& w) { return norm_of(w, p); });
        const auto f = [&](const auto& v) {
          return keep ? norm(v, c.axes, {.order = p, .keep = keep_dims}) : norm(v, c.axes, {.order = p});
        };
        const bool same = check::close(f(Variable<double>(x)).value(), expected, 1e-12);
        CHECK(same);
        check::Listed::note(check::Listed::value, same);
        // The norm of one entry is its magnitude, whose second derivatives are rounding errors.
        if (check::window_size(c) > 1) check::derivatives(f, x);
      }
    }
  }
}

TEST_CASE("ways to call norm") {
  const Variable<double> x = xt::xarray<double>{{3, -4}, {6, 8}};
  CHECK(norm(x, 1).value() == xt::xarray<double>{5, 10});
  CHECK(norm(x).item() == doctest::Approx(std::sqrt(125.0)));
  CHECK(norm(x, {1}, keep_dims).shape() == Shape{2, 1});
  CHECK(norm(x, keep_dims).shape() == Shape{1, 1});
  CHECK(norm(x, {.order = 1}).item() == 21);
  CHECK(norm(x, {0, 1}, {.order = inf}).item() == 8);
  CHECK(norm(x, -1, {.order = -inf}).value() == xt::xarray<double>{3, 6});
  CHECK(norm(Variable<float>(xt::xarray<float>{3, 4})).item() == 5);
}

TEST_CASE("the gradient at the zero vector is zero, to second order") {
  for (const double p : all_orders) {
    CAPTURE(p);
    const Variable<double> zero = xt::xarray<double>{0, 0, 0};
    const auto f = norm_of_order(p);
    CHECK(f(zero).item() == 0);
    CHECK(grad(f)(zero).value() == xt::xarray<double>{0, 0, 0});
    const auto second =
        grad([&](const Variable<double>& v) { return sum(grad(f)(v) * xt::xarray<double>{1, 2, 3}); });
    CHECK(second(zero).value() == xt::xarray<double>{0, 0, 0});
  }
}

TEST_CASE("zeros beside other entries") {
  const Variable<double> x = xt::xarray<double>{3, 0, -4};
  CHECK(check::close<double>(grad(norm_of_order(2))(x).value(), xt::xarray<double>{0.6, 0, -0.8}, 1e-15));
  CHECK(grad(norm_of_order(1))(x).value() == xt::xarray<double>{1, 0, -1});
  CHECK(grad(norm_of_order(inf))(x).value() == xt::xarray<double>{0, 0, -1});
  CHECK(grad(norm_of_order(-inf))(x).value() == xt::xarray<double>{0, 0, 0});
  CHECK(grad(norm_of_order(3))(x).value()(1) == 0);
  const GradCheck smooth = gradgradcheck(norm_of_order(4), x);
  CHECK_MESSAGE(smooth.ok, smooth.message);
}

TEST_CASE("ties in magnitude share the gradient equally") {
  const Variable<double> x = xt::xarray<double>{-2, 1, 2, -1};
  CHECK(grad(norm_of_order(inf))(x).value() == xt::xarray<double>{-0.5, 0, 0.5, 0});
  CHECK(grad(norm_of_order(-inf))(x).value() == xt::xarray<double>{0, 0.5, 0, -0.5});
}

TEST_CASE("norms neither overflow nor underflow") {
  for (const double scale : {1e-200, 1e200}) {
    const Variable<double> x = xt::xarray<double>{{3 * scale, -4 * scale}, {0, 0}};
    CHECK(norm(x, 1).value()(0) == doctest::Approx(5 * scale).epsilon(1e-14));
    CHECK(norm(x, 1).value()(1) == 0);
    CHECK(norm(x, {.order = 3}).item() == doctest::Approx(std::cbrt(91.0) * scale).epsilon(1e-14));
    const auto slope = grad([](const Variable<double>& v) { return sum(norm(v, 1)); })(x).value();
    CHECK(check::close<double>(slope, xt::xarray<double>{{0.6, -0.8}, {0, 0}}, 1e-14));
  }
  CHECK(norm(Variable<float>(xt::xarray<float>{3e30F, 4e30F})).item() == doctest::Approx(5e30));
}

TEST_CASE("infinities and NaN in norms") {
  for (const double p : all_orders) {
    CAPTURE(p);
    CHECK(norm_of_order(p)(xt::xarray<double>{1, -inf}).item() == (p == -inf ? 1 : inf));
    CHECK(std::isnan(norm_of_order(p)(xt::xarray<double>{1, missing}).item()));
  }
}

TEST_CASE("norms of many entries") {
  for (const Shape& shape : {Shape{100'001}, Shape{1000, 70}, Shape{70, 1000}}) {
    const Array<double> x = check::draw(shape);
    for (std::size_t axis = 0; axis < shape.size(); ++axis) {
      for (const double p : {1.0, 2.0, inf, 3.0}) {
        const Array<double> expected =
            check::reduce_windows(x, {axis}, false, [p](const auto& w) { return norm_of(w, p); });
        const auto f = [&](const auto& v) { return norm(v, static_cast<int>(axis), {.order = p}); };
        CHECK(check::close(f(Variable<double>(x)).value(), expected, 1e-12));
        check::float_against_double(f, 2e-5, x);
      }
    }
  }
}

TEST_CASE("norms with all namespaces open") {
  using namespace xt;
  using namespace std;
  Variable<double> x = xarray<double>{{2, 1}, {3, 4}};
  const Variable<double> fixed = x;
  const bool ours = VariableType<decltype(norm(x))> &&
                    VariableType<decltype(norm(fixed, {0, 1}, keep_dims))> &&
                    VariableType<decltype(norm(x * 2, 0, {.order = 1}))> &&
                    VariableType<decltype(norm(fixed, {.order = 1}))>;
  CHECK(ours);
}

TEST_CASE("invalid orders, and empty arrays") {
  const Variable<double> x = check::draw({2, 3});
  const Variable<double> none = Array<double>(Shape{0, 3});
  CHECK(check::message<ValueError>([&] { norm(x, {.order = -1}); }) ==
        "norm: order -1; expected a positive number, infinity or -infinity");
  CHECK_THROWS_AS(norm(x, {.order = 0}), ValueError);
  CHECK_THROWS_AS(norm(x, {.order = missing}), ValueError);
  CHECK(check::has(check::message<ShapeError>([&] { norm(x, 2); }), "norm: axis 2"));
  for (const double p : {1.0, 2.0, 3.0}) {
    CHECK(norm(none, 0, {.order = p}).value() == xt::xarray<double>{0, 0, 0});
    CHECK(grad(norm_of_order(p))(none).shape() == Shape{0, 3});
    CHECK(norm(none, 0, {.order = p, .keep = keep_dims}).shape() == Shape{1, 3});
  }
  CHECK(check::message<ShapeError>([&] { norm(none, {.order = inf}); }) ==
        "norm: an array of shape {0, 3} has no entries to take the maximum of");
}
