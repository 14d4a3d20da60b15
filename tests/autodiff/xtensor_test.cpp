// The workaround in autodiff/xtensor.hpp: in C++20, xtensor's own functions of some releases give every
// result four axes and write out of bounds.

#include <autodiff/autodiff.hpp>

#include <doctest/doctest.h>
#include XGRAD_XTENSOR_BUILDER
#include XGRAD_XTENSOR_MANIPULATION
#include XGRAD_XTENSOR_NORM
#include XGRAD_XTENSOR_PAD
#include XGRAD_XTENSOR_SORT

using namespace xgrad;

namespace {

using Numbers = xt::xarray<double>;

template <class E>
void check_equal(const E& found, const Numbers& expected) {
  CHECK(found.dimension() == expected.dimension());
  CHECK(Shape(found.shape().begin(), found.shape().end()) == expected.shape());
  CHECK(xt::allclose(found, expected));
}

template <class Container>
void check_functions() {
  const Container a = {{1.0, 2.0, 3.0}, {4.0, 5.0, 6.0}};
  constexpr auto immediate = xt::evaluation_strategy::immediate;
  check_equal(xt::eval(a * 2.0), {{2.0, 4.0, 6.0}, {8.0, 10.0, 12.0}});
  check_equal(xt::eval(xt::sum(a, {0})), {5.0, 7.0, 9.0});
  check_equal(xt::eval(xt::transpose(a)), {{1.0, 4.0}, {2.0, 5.0}, {3.0, 6.0}});
  check_equal(xt::eval(xt::view(a, 0, xt::all())), {1.0, 2.0, 3.0});
  check_equal(xt::eval(xt::cast<float>(a)), {{1.0, 2.0, 3.0}, {4.0, 5.0, 6.0}});
  check_equal(xt::sum(a, {0}, immediate), {5.0, 7.0, 9.0});
  check_equal(xt::sum(a, immediate), Numbers(21.0));
  check_equal(xt::mean(a, {1}, immediate), {2.0, 5.0});
  check_equal(xt::amax(a, {1}, immediate), {3.0, 6.0});
  check_equal(xt::prod(a, {1}, immediate), {6.0, 120.0});
  check_equal(xt::variance(a, {0}), {2.25, 2.25, 2.25});
  check_equal(xt::stddev(a, {0}), {1.5, 1.5, 1.5});
  check_equal(xt::square(a / xt::sum(a, immediate)), Numbers(xt::square(Numbers(a) / 21.0)));
  check_equal(xt::tile(a, {2, 1}), {{1.0, 2.0, 3.0}, {4.0, 5.0, 6.0}, {1.0, 2.0, 3.0}, {4.0, 5.0, 6.0}});
  check_equal(xt::pad(xt::eval(xt::view(a, 0, xt::all())), 1), {0.0, 1.0, 2.0, 3.0, 0.0});
  check_equal(xt::sort(xt::eval(a * -1.0), 1), {{-3.0, -2.0, -1.0}, {-6.0, -5.0, -4.0}});
  check_equal(xt::argmax(a, 1), {2.0, 2.0});
  check_equal(xt::argmax(a * -1.0, 1), {0.0, 0.0});
  check_equal(xt::argsort(xt::eval(a * -1.0), 1), {{2.0, 1.0, 0.0}, {2.0, 1.0, 0.0}});
  check_equal(xt::cumsum(a * 1.0, 1), {{1.0, 3.0, 6.0}, {4.0, 9.0, 15.0}});
  check_equal(xt::median(a, 1), {2.0, 5.0});
  check_equal(xt::diff(a), {{1.0, 1.0}, {1.0, 1.0}});
  check_equal(xt::roll(a, 1), {{6.0, 1.0, 2.0}, {3.0, 4.0, 5.0}});
  check_equal(xt::where(a > 2.0, a, 0.0), {{0.0, 0.0, 3.0}, {4.0, 5.0, 6.0}});
}

}  // namespace

TEST_CASE("xtensor's functions of xt::xarray") { check_functions<xt::xarray<double>>(); }

TEST_CASE("xtensor's functions of Array") { check_functions<Array<double>>(); }

TEST_CASE("xtensor's names for operations on Variables") {
  const Variable<double> x = {{1.0, 2.0}, {3.0, 4.0}};
  const Parameter<double> w(x.value());
  CHECK(xt::view(x, 0).value() == view(x, 0).value());
  CHECK(xt::view(w, xt::all(), 1).value() == Array<double>{2, 4});
  CHECK(xt::sum(x).item() == 10);
  CHECK(xt::sum(w, {1}, xt::keep_dims).value() == Array<double>{{3.0}, {7.0}});
  CHECK(xt::mean(w, -1).value() == Array<double>{1.5, 3.5});
  CHECK(xt::amax(x, 0).value() == Array<double>{3, 4});
  CHECK(xt::variance(x).item() == 1.25);
  CHECK(xt::exp(x).value() == exp(x).value());
  CHECK(xt::eval(x + 1.0).value() == (x + 1.0).value());
  CHECK(xt::eval(w).value() == w.value());
  CHECK(xt::where(x > 2.0, x, 0.0).value() == Array<double>{{0, 0}, {3, 4}});
  CHECK(xt::argmax(x, 1) == Array<std::int64_t>{1, 1});
  CHECK(xt::cast<float>(x).value() == Array<float>{{1, 2}, {3, 4}});
}
