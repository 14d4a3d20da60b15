#include "../../support/over_axes.hpp"

#include <limits>
#include <numeric>

using namespace xgrad;

namespace {

const double inf = std::numeric_limits<double>::infinity();
const double missing = std::numeric_limits<double>::quiet_NaN();

double variance(const std::vector<double>& x, double ddof) {
  const auto count = static_cast<double>(x.size());
  const double mean = std::accumulate(x.begin(), x.end(), 0.0) / count;
  double sum = 0;
  for (const double entry : x) sum += (entry - mean) * (entry - mean);
  return sum / (count - ddof);
}

double quantile_of(std::vector<double> x, double q) {
  std::sort(x.begin(), x.end());
  const double place = q * static_cast<double>(x.size() - 1);
  const auto low = static_cast<std::size_t>(std::floor(place));
  const std::size_t high = std::min(low + 1, x.size() - 1);
  const double share = place - std::floor(place);
  return x[low] * (1 - share) + x[high] * share;
}

double median_of(const std::vector<double>& x) { return quantile_of(x, 0.5); }

/// The deviation of one entry is always 0, and that of two is half their distance, without second
/// derivatives.
bool is_smooth(const check::AxesCase& c) { return check::window_size(c) > 2; }

}  // namespace

TEST_CASE("var over every choice of axes") {
  const check::Listed listed("var", {"np.var", "torch.var", "jnp.var"});
  check::over_axes([](const auto& v, const auto& axes,
                      bool keep) { return keep ? var(v, axes, keep_dims) : var(v, axes); },
                   [](const auto& x, const auto& axes, bool keep) {
                     return check::reduce_windows(x, axes, keep,
                                                  [](const auto& w) { return variance(w, 0); });
                   });
  for (const check::AxesCase& c : check::axes_cases) {
    if (!is_smooth(c)) continue;
    CAPTURE(to_string(c.shape));
    const Array<double> x = check::draw(c.shape);
    check::operation([&](const auto& v) { return var(v, c.axes, {.ddof = 1, .keep = keep_dims}); },
                     check::reduce_windows(x, c.counted, true, [](const auto& w) { return variance(w, 1); }),
                     x);
  }
}

TEST_CASE("stddev over every choice of axes") {
  const check::Listed listed("stddev", {"np.std", "torch.std", "jnp.std"});
  for (const check::AxesCase& c : check::axes_cases) {
    if (!is_smooth(c)) continue;
    CAPTURE(to_string(c.shape));
    const Array<double> x = check::draw(c.shape);
    check::operation(
        [&](const auto& v) { return stddev(v, c.axes); },
        check::reduce_windows(x, c.counted, false, [](const auto& w) { return std::sqrt(variance(w, 0)); }),
        x);
    check::operation(
        [&](const auto& v) { return stddev(v, c.axes, {.ddof = 1, .keep = keep_dims}); },
        check::reduce_windows(x, c.counted, true, [](const auto& w) { return std::sqrt(variance(w, 1)); }),
        x);
  }
}

TEST_CASE("the variance of numbers far from zero, of rows and columns of many lengths") {
  for (const Shape& shape : {Shape{40, 10}, Shape{10, 40}, Shape{7, 300}, Shape{300, 7}, Shape{30'000, 3},
                             Shape{3, 30'000}, Shape{700, 600}, Shape{5, 200, 90}, Shape{100'000}}) {
    for (std::size_t axis = 0; axis < shape.size(); ++axis) {
      CAPTURE(to_string(shape));
      CAPTURE(axis);
      const Array<double> x = to_array<double>(check::draw(shape) + 1e5);
      const Array<float> narrow =
          to_array<float>(xt::cast<float>(xt::floor(check::draw(shape, 0, 100)) + 1e4));
      const auto reference = [](const auto& w) { return variance(w, 0); };
      const int a = static_cast<int>(axis);
      CHECK(check::close(var(Variable<double>(x), a).value(),
                         check::reduce_windows(x, {axis}, false, reference), 1e-9));
      CHECK(check::close(
          var(Variable<float>(narrow), a).value(),
          check::reduce_windows(to_array<double>(xt::cast<double>(narrow)), {axis}, false, reference), 1e-5));
    }
  }
}

TEST_CASE("ways to call var and stddev") {
  const Variable<double> x = xt::xarray<double>{{1, 2, 3}, {5, 5, 8}};
  CHECK(var(x).item() == doctest::Approx(variance({1, 2, 3, 5, 5, 8}, 0)));
  CHECK(var(x, {.ddof = 1}).item() == doctest::Approx(variance({1, 2, 3, 5, 5, 8}, 1)));
  CHECK(var(x, keep_dims).shape() == Shape{1, 1});
  CHECK(var(x, 1).value() == xt::xarray<double>{2.0 / 3, 2});
  CHECK(var(x, {1}, {.ddof = 1}).value() == xt::xarray<double>{1, 3});
  CHECK(var(x, {0, 1}, keep_dims).shape() == Shape{1, 1});
  CHECK(stddev(x, -1, {.ddof = 1}).value() == xt::xarray<double>{1, std::sqrt(3.0)});
  CHECK(stddev(x, {.ddof = 1, .keep = keep_dims}).shape() == Shape{1, 1});
}

TEST_CASE("equal entries, too few entries, no entries") {
  const auto f = [](const Variable<double>& v) { return sum(stddev(v, 1)); };
  const Variable<double> x = xt::xarray<double>{{3, 3, 3}, {1, 2, 3}};
  const double slope = 1 / std::sqrt(6.0);
  CHECK(check::close<double>(grad(f)(x).value(), xt::xarray<double>{{0, 0, 0}, {-slope, 0, slope}}, 1e-15));
  const auto second = grad([&](const Variable<double>& v) { return sum(square(grad(f)(v))); });
  const auto curvature = second(x).value();
  for (std::size_t i = 0; i < 3; ++i) CHECK(curvature(0, i) == 0);

  CHECK(std::isnan(var(Variable<double>(2.0), {.ddof = 1}).item()));
  CHECK(var(Variable<double>(xt::xarray<double>{1, 3}), {.ddof = 3}).item() == inf);
  const Variable<double> none = Array<double>(Shape{0, 2});
  CHECK(std::isnan(var(none).item()));
  CHECK(stddev(none, 1).shape() == Shape{0});
  CHECK(std::isnan(var(Variable<double>(xt::xarray<double>{1, missing})).item()));
  CHECK(std::isnan(var(Variable<double>(xt::xarray<double>{1, inf})).item()));
}

TEST_CASE("median over every choice of axes") {
  const check::Listed listed("median", {"np.median", "", "jnp.median"});
  check::over_axes([](const auto& v, const auto& axes,
                      bool keep) { return keep ? median(v, axes, keep_dims) : median(v, axes); },
                   [](const auto& x, const auto& axes, bool keep) {
                     return check::reduce_windows(x, axes, keep, median_of);
                   });
}

TEST_CASE("quantile over every choice of axes") {
  const check::Listed listed("quantile", {"np.quantile", "torch.quantile", "jnp.quantile"});
  for (const double q : {0.0, 0.25, 0.7, 1.0}) {
    CAPTURE(q);
    check::over_axes([q](const auto& v, const auto& axes,
                         bool keep) { return keep ? quantile(v, q, axes, keep_dims) : quantile(v, q, axes); },
                     [q](const auto& x, const auto& axes, bool keep) {
                       return check::reduce_windows(x, axes, keep,
                                                    [q](const auto& w) { return quantile_of(w, q); });
                     });
  }
}

TEST_CASE("medians of many entries, in both precisions") {
  for (const Shape& shape : {Shape{100'001}, Shape{1000, 64}, Shape{64, 1001}}) {
    for (std::size_t axis = 0; axis < shape.size(); ++axis) {
      const Array<double> x = to_array<double>(xt::floor(check::draw(shape, -50, 50)));
      const Array<double> expected = check::reduce_windows(x, {axis}, false, median_of);
      const int a = static_cast<int>(axis);
      CHECK(check::close(median(Variable<double>(x), a).value(), expected, 0));
      CHECK(check::close(median(Variable<float>(xt::cast<float>(x)), a).value(), expected, 0));
    }
  }
}

TEST_CASE("ties, infinities and NaN in medians") {
  const auto slope = grad([](const Variable<double>& v) { return median(v); });
  CHECK(slope(xt::xarray<double>{2, 1, 2, 2}).value() == xt::xarray<double>{0.5, 0, 0.5, 0});
  CHECK(slope(xt::xarray<double>{5, 1, 3}).value() == xt::xarray<double>{0, 0, 1});
  CHECK(slope(xt::xarray<double>{5, missing, 3}).value() == xt::xarray<double>{0, 1, 0});
  CHECK(std::isnan(median(Variable<double>(xt::xarray<double>{5, missing, 3})).item()));
  CHECK(std::isnan(quantile(Variable<double>(xt::xarray<double>{5, missing, 3}), 0).item()));
  CHECK(median(Variable<double>(xt::xarray<double>{inf, 1, inf, inf})).item() == inf);
  CHECK(median(Variable<double>(xt::xarray<double>{1, inf})).item() == inf);
  CHECK(std::isnan(median(Variable<double>(xt::xarray<double>{-inf, inf})).item()));
  CHECK(median(Variable<double>(xt::xarray<double>{1e308, 1.5e308})).item() == doctest::Approx(1.25e308));
}

TEST_CASE("statistics with all namespaces open") {
  using namespace xt;
  using namespace std;
  Variable<double> x = xarray<double>{{2, 1}, {3, 4}};
  const Variable<double> fixed = x;
  const bool ours = VariableType<decltype(var(x))> && VariableType<decltype(var(fixed, {0, 1}, keep_dims))> &&
                    VariableType<decltype(var(x, {.ddof = 1}))> && VariableType<decltype(stddev(x))> &&
                    VariableType<decltype(stddev(fixed, 0))> && VariableType<decltype(stddev(x, {0}))> &&
                    VariableType<decltype(stddev(x, 0, {.ddof = 1}))> &&
                    VariableType<decltype(stddev(x, VarianceOptions{.ddof = 1}))> &&
                    VariableType<decltype(stddev(x, keep_dims))> && VariableType<decltype(median(x))> &&
                    VariableType<decltype(median(fixed, 0))> && VariableType<decltype(median(x, {0, 1}))> &&
                    VariableType<decltype(median(x, ptrdiff_t{0}))> &&
                    VariableType<decltype(median(x * 2, keep_dims))> &&
                    VariableType<decltype(quantile(x, 0.5, 0))>;
  CHECK(ours);
}

TEST_CASE("errors of statistics") {
  const Variable<double> x = check::draw({2, 3});
  CHECK(check::message<ValueError>([&] { quantile(x, 1.5); }) ==
        "quantile: q = 1.5; expected a number from 0 to 1");
  CHECK(check::message<ShapeError>([&] { median(Variable<double>(Array<double>(Shape{0, 3})), 0); }) ==
        "median: an array of shape {0, 3} has no entries to take the median of");
  CHECK(median(Variable<double>(Array<double>(Shape{0, 3})), 1).shape() == Shape{0});
  CHECK(check::has(check::message<ShapeError>([&] { var(x, 2); }), "var: axis 2"));
  CHECK(check::has(check::message<ShapeError>([&] { stddev(x, {0, -2}); }), "stddev: axis -2"));
}
