#include "../../support/check_operation.hpp"

using namespace xgrad;
using xt::placeholders::_;

namespace {

const Array<double> x = xt::xarray<double>{{0, 1, 2, 3}, {10, 11, 12, 13}, {20, 21, 22, 23}};

template <class... S>
void slices(const xt::xarray<double>& expected, const S&... s) {
  check::operation([&](const auto& v) { return view(v, s...); }, expected, x);
}

}  // namespace

TEST_CASE("indices, ranges and all, as NumPy has them") {
  slices({10, 11, 12, 13}, 1);
  slices({20, 21, 22, 23}, -1);
  slices({2, 12, 22}, xt::all(), 2);
  slices({{1, 2}, {11, 12}, {21, 22}}, xt::all(), xt::range(1, 3));
  slices({{0, 1, 2, 3}, {20, 21, 22, 23}}, xt::range(0, 3, 2));
  slices({{3, 2, 1, 0}, {13, 12, 11, 10}, {23, 22, 21, 20}}, xt::all(), xt::range(_, _, -1));
  slices({22, 21}, -1, xt::range(2, 0, -1));
  slices({{2, 3}, {12, 13}, {22, 23}}, xt::all(), xt::range(-2, _));
  slices({{0, 1, 2}, {10, 11, 12}, {20, 21, 22}}, xt::all(), xt::range(_, -1));
  slices({12, 13}, 1, xt::range(2, 100));  // stops at the end
  CHECK(view(Variable<double>(x), 1, 2).item() == 12);
  CHECK(view(Variable<double>(x), std::size_t{1}, 2L).item() == 12);
}

TEST_CASE("new axes, ellipsis, nothing") {
  CHECK(view(Variable<double>(x), xt::newaxis(), 1).shape() == Shape{1, 4});
  CHECK(view(Variable<double>(x), xt::ellipsis(), 1).value() == xt::xarray<double>{1, 11, 21});
  CHECK(view(Variable<double>(x), 1, xt::ellipsis()).value() == xt::xarray<double>{10, 11, 12, 13});
  CHECK(view(Variable<double>(x)).value() == x);
  CHECK(view(Variable<double>(x), xt::range(2, 1)).shape() == Shape{0, 4});
  CHECK(view(Variable<double>(x), xt::range(5, 9)).shape() == Shape{0, 4});
  check::derivatives([](const auto& v) { return view(v, xt::newaxis(), xt::range(0, 2), xt::newaxis(), 3); },
                     x);
}

TEST_CASE("a part used twice adds up") {
  const Variable<double> v = x;
  Tape tape;
  const auto y = sum(view(v, 0)) + 2 * sum(view(v, xt::all(), 0));
  CHECK(tape.gradient(y, v).value() == xt::xarray<double>{{3, 1, 1, 1}, {2, 0, 0, 0}, {2, 0, 0, 0}});
}

TEST_CASE("what is not there") {
  const Variable<double> v = x;
  CHECK(check::message<ShapeError>([&] { view(v, 3); }) ==
        "view: index 3 on axis 0 of an array of shape {3, 4}");
  CHECK(check::has(check::message<ShapeError>([&] { view(v, 0, -5); }), "index -5 on axis 1"));
  CHECK(check::has(check::message<ShapeError>([&] { view(v, 0, 0, 0); }), "3 slices"));
  CHECK(check::has(check::message<ShapeError>([&] { view(v, xt::ellipsis(), xt::ellipsis()); }), "ellipsis"));
  CHECK(check::has(check::message<ValueError>([&] { view(v, xt::range(0, 3, 0)); }), "zero"));
}
