#include "../../support/check_operation.hpp"

using namespace xgrad;

namespace {

const Array<double> three = xt::xarray<double>{1, 2, 3};
const Array<double> matrix = check::count_up({2, 3});

auto padded(const PadWidths& widths, const PadOptions& options = {}) {
  return [=](const auto& x) { return pad(x, widths, options); };
}

}  // namespace

TEST_CASE("pad with a constant") {
  const check::Listed listed("pad", {"np.pad", "F.pad", "jnp.pad"});
  check::operation([](const auto& x) { return pad(x, 1); },
                   xt::xarray<double>{{0, 0, 0, 0, 0}, {0, 0, 1, 2, 0}, {0, 3, 4, 5, 0}, {0, 0, 0, 0, 0}},
                   matrix);
  check::operation(padded({1, 2}, {.value = 7}), xt::xarray<double>{7, 1, 2, 3, 7, 7}, three);
  check::operation(padded({{0, 1}, {2, 0}}, {.value = -1}),
                   xt::xarray<double>{{-1, -1, 0, 1, 2}, {-1, -1, 3, 4, 5}, {-1, -1, -1, -1, -1}}, matrix);
  check::operation(padded({{0, 0}, {0, 0}}), matrix, matrix);
  check::operation(padded({{1, 1}}), xt::xarray<double>{0, 1, 2, 3, 0}, three);
  check::operation(padded({1, 0}), full<double>({}, 4), full<double>({}, 4));
  check::operation(padded({2, 1}, {.value = 5}), full<double>({3}, 5), Array<double>(Shape{0}));
  check::operation(padded({{0, 0}, {1, 0}}), Array<double>(Shape{0, 3}), Array<double>(Shape{0, 2}));
  check::operation(padded({{0, 0}, {1, 1}, {0, 1}, {0, 0}}, {.value = 9}),
                   check::filled({1, 3, 2, 2}, {9, 9, 9, 9, 0, 1, 9, 9, 9, 9, 9, 9}),
                   check::count_up({1, 1, 1, 2}));
  // The constant does not affect the gradient.
  const Variable<double> v = three;
  Tape tape;
  const auto y = sum(square(pad(v, 1, {.value = 100})));
  CHECK(tape.gradient(y, v).value() == xt::xarray<double>{2, 4, 6});
}

TEST_CASE("pad with the edge") {
  const check::Listed listed("pad");
  const PadOptions edge{.mode = PadMode::edge};
  check::operation(padded({2, 3}, edge), xt::xarray<double>{1, 1, 1, 2, 3, 3, 3, 3}, three);
  check::operation(padded({{1, 0}, {2, 1}}, edge),
                   xt::xarray<double>{{0, 0, 0, 1, 2, 2}, {0, 0, 0, 1, 2, 2}, {3, 3, 3, 4, 5, 5}}, matrix);
  check::operation(padded({1, 1}, edge), full<double>({3}, 5), full<double>({1}, 5));
}

TEST_CASE("pad by reflection, without and with repeating the edge") {
  const check::Listed listed("pad");
  const PadOptions reflect{.mode = PadMode::reflect};
  const PadOptions symmetric{.mode = PadMode::symmetric};
  check::operation(padded({2, 2}, reflect), xt::xarray<double>{3, 2, 1, 2, 3, 2, 1}, three);
  check::operation(padded({7, 6}, reflect),
                   xt::xarray<double>{2, 3, 2, 1, 2, 3, 2, 1, 2, 3, 2, 1, 2, 3, 2, 1}, three);
  check::operation(padded({2, 2}, reflect), full<double>({5}, 5), full<double>({1}, 5));
  check::operation(padded({{1, 2}, {0, 1}}, reflect),
                   xt::xarray<double>{{3, 4, 5, 4}, {0, 1, 2, 1}, {3, 4, 5, 4}, {0, 1, 2, 1}, {3, 4, 5, 4}},
                   matrix);
  check::operation(padded({2, 2}, symmetric), xt::xarray<double>{2, 1, 1, 2, 3, 3, 2}, three);
  check::operation(padded({7, 6}, symmetric),
                   xt::xarray<double>{1, 1, 2, 3, 3, 2, 1, 1, 2, 3, 3, 2, 1, 1, 2, 3}, three);
  check::operation(padded({{1, 0}, {2, 1}}, symmetric),
                   xt::xarray<double>{{1, 0, 0, 1, 2, 2}, {1, 0, 0, 1, 2, 2}, {4, 3, 3, 4, 5, 5}}, matrix);
}

TEST_CASE("pad by repetition") {
  const check::Listed listed("pad");
  const PadOptions wrap{.mode = PadMode::wrap};
  check::operation(padded({2, 2}, wrap), xt::xarray<double>{2, 3, 1, 2, 3, 1, 2}, three);
  check::operation(padded({7, 6}, wrap), xt::xarray<double>{3, 1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3},
                   three);
  check::operation(padded({{1, 0}, {2, 1}}, wrap),
                   xt::xarray<double>{{4, 5, 3, 4, 5, 3}, {1, 2, 0, 1, 2, 0}, {4, 5, 3, 4, 5, 3}}, matrix);
}

TEST_CASE("pad of images, in parallel") {
  const Array<double> images = check::draw({40, 14, 14, 16});
  const Array<double> big = pad(Variable<double>(images), {{0, 0}, {2, 2}, {2, 2}, {0, 0}}).value();
  CHECK(big.shape() == Shape{40, 18, 18, 16});
  CHECK(to_array<double>(xt::view(big, xt::all(), xt::range(2, 16), xt::range(2, 16), xt::all())) == images);
  CHECK(xt::sum(xt::abs(big))() == doctest::Approx(xt::sum(xt::abs(images))()));
}

TEST_CASE("padding errors") {
  const Variable<double> x = matrix;
  CHECK(check::message<ShapeError>([&] { pad(x, {{1, 1}, {1, 1}, {1, 1}}); }) ==
        "pad: 3 pairs of widths for an array of shape {2, 3}; expected 2 or one");
  CHECK(check::message<ValueError>([&] { pad(x, {{0, 0}, {1, -1}}); }) ==
        "pad: widths 1 and -1 on axis 1; expected nonnegative numbers");
  const Variable<double> empty = Array<double>(Shape{0, 3});
  CHECK(check::message<ShapeError>([&] { pad(empty, 1, {.mode = PadMode::reflect}); }) ==
        "pad: axis 0 of an array of shape {0, 3} is empty; mode 'reflect' cannot extend it");
  CHECK(pad(empty, {{0, 0}, {1, 1}}, {.mode = PadMode::wrap}).shape() == Shape{0, 5});
}

TEST_CASE("with other namespaces open, Variables are padded by ours") {
  using namespace xt;
  using namespace std;
  const Variable<double> x = matrix;
  CHECK(pad(x, 1).shape() == Shape{4, 5});
  CHECK(pad(x, x.size()).shape() == Shape{14, 15});
  CHECK(pad(x, {1, 0}).shape() == Shape{3, 4});
  CHECK(pad(x, {{1, 0}, {0, 0}}, {.mode = PadMode::edge}).shape() == Shape{3, 3});
}
