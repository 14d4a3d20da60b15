#include "../../support/check_operation.hpp"

#include <limits>

using namespace xgrad;

namespace {

const double inf = std::numeric_limits<double>::infinity();
const double missing = std::numeric_limits<double>::quiet_NaN();

/// The reference: f(previous result, entry) along an axis, one entry after the other.
template <class F>
Array<double> scan(const Array<double>& x, std::size_t axis, F f) {
  std::size_t inner = 1;
  for (std::size_t i = axis + 1; i < x.dimension(); ++i) inner *= x.shape()[i];
  Array<double> result = x;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (i / inner % x.shape()[axis] > 0) result.data()[i] = f(result.data()[i - inner], x.data()[i]);
  }
  return result;
}

const auto plus = [](double a, double b) { return a + b; };
const auto times = [](double a, double b) { return a * b; };
const auto log_plus = [](double a, double b) {
  return a == b ? a + std::log(2.0) : std::max(a, b) + std::log1p(std::exp(-std::abs(a - b)));
};

/// Compares an operation f(x, axis) with the scan by `step`, over shapes and axes.
template <class F, class S>
void along_axes(const F& f, const S& step) {
  for (const Shape& shape : {Shape{1}, Shape{5}, Shape{2, 3}, Shape{3, 2, 4}, Shape{2, 1, 3}, Shape{0, 3},
                             Shape{9, 3}, Shape{2, 17}}) {
    CAPTURE(to_string(shape));
    const Array<double> x = check::draw(shape);
    for (std::size_t axis = 0; axis < shape.size(); ++axis) {
      CAPTURE(axis);
      check::operation([&](const auto& v) { return f(v, static_cast<int>(axis)); }, scan(x, axis, step), x);
    }
    const int last = static_cast<int>(shape.size()) - 1;
    CHECK(f(Variable<double>(x), -1).value() == f(Variable<double>(x), last).value());
  }
  // Numbers of rows and columns around multiples of vectors and blocks, and split among threads.
  for (const Shape& shape : {Shape{7, 33}, Shape{8, 129}, Shape{25, 1030}, Shape{1030, 25}, Shape{513, 16},
                             Shape{2, 40, 1100}, Shape{40'001, 2}, Shape{3, 40'001}, Shape{100'000}}) {
    CAPTURE(to_string(shape));
    const Array<double> x = check::draw(shape, -1.01, 1.02);
    for (std::size_t axis = 0; axis < shape.size(); ++axis) {
      CAPTURE(axis);
      const Array<double> expected = scan(x, axis, step);
      CHECK(check::close(f(Variable<double>(x), static_cast<int>(axis)).value(), expected, 1e-12));
      const Array<float> narrow = to_array<float>(xt::cast<float>(x));
      CHECK(check::close(f(Variable<float>(narrow), static_cast<int>(axis)).value(), expected, 1e-4));
    }
  }
}

}  // namespace

TEST_CASE("cumsum") {
  const check::Listed listed("cumsum", {"np.cumsum", "torch.cumsum", "jnp.cumsum"});
  along_axes([](const auto& x, int axis) { return cumsum(x, axis); }, plus);
}

TEST_CASE("cumprod") {
  const check::Listed listed("cumprod", {"np.cumprod", "torch.cumprod", "jnp.cumprod"});
  along_axes([](const auto& x, int axis) { return cumprod(x, axis); }, times);
}

TEST_CASE("cumprod with zeros: derivatives to second order") {
  const check::Listed listed("cumprod", {"np.cumprod", "torch.cumprod", "jnp.cumprod"});
  Array<double> x = check::draw({3, 4, 2});
  for (const std::size_t i : {0, 3, 5, 10, 13, 23}) x.data()[i] = 0;
  for (const int axis : {0, 1, 2}) {
    check::operation([=](const auto& v) { return cumprod(v, axis); },
                     scan(x, static_cast<std::size_t>(axis), times), x);
  }
  check::derivatives([](const auto& v) { return cumprod(v, 0); }, full<double>({4}, 0));
}

TEST_CASE("cumlogsumexp") {
  const check::Listed listed("cumlogsumexp",
                             {"np.logaddexp.accumulate", "torch.logcumsumexp", "jax.lax.cumlogsumexp"});
  along_axes([](const auto& x, int axis) { return cumlogsumexp(x, axis); }, log_plus);
}

TEST_CASE("cumlogsumexp neither overflows nor loses small terms") {
  const Variable<double> x = xt::xarray<double>{-1e4, -1e4, 0, 1e4, 1e4, -1e4};
  const double two = std::log(2.0);
  const xt::xarray<double> expected{-1e4, -1e4 + two, 0, 1e4, 1e4 + two, 1e4 + two};
  CHECK(check::close<double>(cumlogsumexp(x, 0).value(), expected, 1e-15));
  CHECK(check::close<double>(grad([](const auto& v) { return sum(cumlogsumexp(v, 0)); })(x).value(),
                             xt::xarray<double>{1.5, 0.5, 1, 2, 1, 0}, 1e-11));
}

TEST_CASE("infinities and NaN in scans") {
  const xt::xarray<double> line{-inf, -inf, 1, -inf, 2, inf, 3, missing, 4};
  const double e = std::log(std::exp(1.0) + std::exp(2.0));
  const xt::xarray<double> logs{-inf, -inf, 1, 1, e, inf, inf, missing, missing};
  for (const std::size_t columns : {1, 5, 40}) {
    const xt::xarray<double> wide = xt::transpose(xt::xarray<double>(xt::broadcast(line, Shape{columns, 9})));
    const xt::xarray<double> expected =
        xt::transpose(xt::xarray<double>(xt::broadcast(logs, Shape{columns, 9})));
    CHECK(check::close<double>(cumlogsumexp(Variable<double>(wide), 0).value(), expected, 1e-15));
  }
  CHECK(check::close<double>(cumsum(Variable<double>(line)).value(), scan(line, 0, plus), 0));
  CHECK(check::close<double>(cumprod(Variable<double>(line)).value(), scan(line, 0, times), 0));
  const Variable<double> nothing = xt::xarray<double>{-inf, -inf, 1, -inf};
  CHECK(check::close<double>(grad([](const auto& v) { return sum(cumlogsumexp(v, 0)); })(nothing).value(),
                             xt::xarray<double>{0, 0, 2, 0}, 1e-15));
}

TEST_CASE("scans of all entries as one axis") {
  const Variable<double> x = xt::xarray<double>{{1, 2}, {3, 4}};
  CHECK(cumsum(x).value() == xt::xarray<double>{1, 3, 6, 10});
  CHECK(cumprod(x).value() == xt::xarray<double>{1, 2, 6, 24});
  CHECK(cumlogsumexp(x).shape() == Shape{4});
  CHECK(cumsum(Variable<double>(5.0)).value() == xt::xarray<double>{5});
  CHECK(cumprod(Variable<double>(Array<double>(Shape{0, 2}))).shape() == Shape{0});
  CHECK(grad([](const auto& v) { return sum(cumsum(v)); })(x).value() == xt::xarray<double>{{4, 3}, {2, 1}});
}

TEST_CASE("scans with all namespaces open") {
  using namespace xt;
  using namespace std;
  Variable<double> x = xarray<double>{{1, 2}, {3, 4}};
  const Variable<double> fixed = x;
  const bool ours = VariableType<decltype(cumsum(x, 0))> && VariableType<decltype(cumsum(fixed))> &&
                    VariableType<decltype(cumprod(fixed, ptrdiff_t{1}))> &&
                    VariableType<decltype(cumprod(x * 2))> && VariableType<decltype(cumlogsumexp(x, -1))>;
  CHECK(ours);
}

TEST_CASE("scans: axes out of range") {
  const Variable<double> x = check::draw({2, 3});
  CHECK(check::message<ShapeError>([&] { cumsum(x, 2); }) ==
        "cumsum: axis 2 of an array of shape {2, 3}; expected one of -2 ... 1");
  CHECK(
      check::has(check::message<ShapeError>([&] { cumprod(x, std::ptrdiff_t{1} << 40); }), "cumprod: axis"));
  CHECK(check::has(check::message<ShapeError>([&] { cumlogsumexp(Variable<double>(1.0), 0); }),
                   "single number"));
}
