#include "../../support/check_operation.hpp"

using namespace xgrad;

namespace {

const Array<double> x = check::count_up({2, 3});

}  // namespace

TEST_CASE("flip") {
  const check::Listed listed("flip", {"np.flip", "torch.flip", "jnp.flip"});
  check::operation([](const auto& v) { return flip(v); }, xt::xarray<double>{{5, 4, 3}, {2, 1, 0}}, x);
  check::operation([](const auto& v) { return flip(v, 0); }, xt::xarray<double>{{3, 4, 5}, {0, 1, 2}}, x);
  check::operation([](const auto& v) { return flip(v, -1); }, xt::xarray<double>{{2, 1, 0}, {5, 4, 3}}, x);
  check::operation([](const auto& v) { return flip(v, {0, 2}); },
                   check::filled({2, 3, 2}, {7, 6, 9, 8, 11, 10, 1, 0, 3, 2, 5, 4}),
                   check::count_up({2, 3, 2}));
  check::operation([](const auto& v) { return flip(v); }, full<double>({}, 2), full<double>({}, 2));
  check::operation([](const auto& v) { return flip(v, 1); }, Array<double>(Shape{2, 0}),
                   Array<double>(Shape{2, 0}));
  const Variable<double> v = x;
  CHECK(check::has(check::message<ShapeError>([&] { flip(v, 2); }), "flip: axis 2"));
  CHECK(check::has(check::message<ShapeError>([&] { flip(v, {0, -2}); }), "named twice"));
}

TEST_CASE("roll") {
  const check::Listed listed("roll", {"np.roll", "torch.roll", "jnp.roll"});
  check::operation([](const auto& v) { return roll(v, 1); }, xt::xarray<double>{{5, 0, 1}, {2, 3, 4}}, x);
  check::operation([](const auto& v) { return roll(v, -13); }, xt::xarray<double>{{1, 2, 3}, {4, 5, 0}}, x);
  check::operation([](const auto& v) { return roll(v, -4, 1); }, xt::xarray<double>{{1, 2, 0}, {4, 5, 3}}, x);
  check::operation([](const auto& v) { return roll(v, 3, -2); }, xt::xarray<double>{{3, 4, 5}, {0, 1, 2}}, x);
  check::operation([](const auto& v) { return roll(v, 6, 0); }, x, x);
  check::operation([](const auto& v) { return roll(v, {1, 2}, {0, 1}); },
                   xt::xarray<double>{{4, 5, 3}, {1, 2, 0}}, x);
  check::operation([](const auto& v) { return roll(v, {1, 1}, {1, 1}); },
                   xt::xarray<double>{{1, 2, 0}, {4, 5, 3}}, x);
  check::operation([](const auto& v) { return roll(v, 1, 0); }, Array<double>(Shape{0, 2}),
                   Array<double>(Shape{0, 2}));
  check::operation([](const auto& v) { return roll(v, 1); }, Array<double>(Shape{0}),
                   Array<double>(Shape{0}));
  check::operation([](const auto& v) { return roll(v, 3); }, full<double>({}, 2), full<double>({}, 2));
  const Variable<double> v = x;
  CHECK(check::message<ShapeError>([&] { roll(v, {1, 2}, {0}); }) ==
        "roll: 2 shifts for 1 axes; expected equally many");
  CHECK(check::has(check::message<ShapeError>([&] { roll(v, 1, 2); }), "roll: axis 2"));
}

TEST_CASE("tile") {
  const check::Listed listed("tile", {"np.tile", "torch.tile", "jnp.tile"});
  check::operation([](const auto& v) { return tile(v, 2); },
                   xt::xarray<double>{{0, 1, 2, 0, 1, 2}, {3, 4, 5, 3, 4, 5}}, x);
  check::operation(
      [](const auto& v) { return tile(v, {2, 1, 2}); },
      check::filled({2, 2, 6}, {0, 1, 2, 0, 1, 2, 3, 4, 5, 3, 4, 5, 0, 1, 2, 0, 1, 2, 3, 4, 5, 3, 4, 5}), x);
  check::operation([](const auto& v) { return tile(v, {2, 2}); },
                   xt::xarray<double>{{1, 2, 1, 2}, {1, 2, 1, 2}}, xt::xarray<double>{1, 2});
  check::operation([](const auto& v) { return tile(v, {3}); }, full<double>({3}, 2), full<double>({}, 2));
  check::operation([](const auto& v) { return tile(v, std::vector<int>{1, 0}); }, Array<double>(Shape{2, 0}),
                   x);
  check::operation([](const auto& v) { return tile(v, std::vector<int>()); }, x, x);
  check::operation([](const auto& v) { return tile(v, 3); }, Array<double>(Shape{0}),
                   Array<double>(Shape{0}));
  CHECK(check::message<ValueError>([] { tile(Variable<double>(x), {1, -1}); }) ==
        "tile: count -1; expected 0 or more");
}

TEST_CASE("repeat") {
  const check::Listed listed("repeat", {"np.repeat", "torch.repeat_interleave", "jnp.repeat"});
  check::operation([](const auto& v) { return repeat(v, 2, 0); },
                   xt::xarray<double>{{0, 1, 2}, {0, 1, 2}, {3, 4, 5}, {3, 4, 5}}, x);
  check::operation([](const auto& v) { return repeat(v, 2, -1); },
                   xt::xarray<double>{{0, 0, 1, 1, 2, 2}, {3, 3, 4, 4, 5, 5}}, x);
  check::operation([](const auto& v) { return repeat(v, 2); },
                   xt::xarray<double>{0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5}, x);
  check::operation([](const auto& v) { return repeat(v, {1, 0, 2}, 1); },
                   xt::xarray<double>{{0, 2, 2}, {3, 5, 5}}, x);
  check::operation([](const auto& v) { return repeat(v, {2, 0}, 0); },
                   xt::xarray<double>{{0, 1, 2}, {0, 1, 2}}, x);
  check::operation([](const auto& v) { return repeat(v, 0, 1); }, Array<double>(Shape{2, 0}), x);
  check::operation([](const auto& v) { return repeat(v, 3); }, full<double>({3}, 2), full<double>({}, 2));
  check::operation([](const auto& v) { return repeat(v, 3, 1); }, Array<double>(Shape{0, 6}),
                   Array<double>(Shape{0, 2}));
  const Variable<double> v = x;
  CHECK(check::message<ShapeError>([&] { repeat(v, {1, 2}, 1); }) ==
        "repeat: 2 counts for axis 1 of an array of shape {2, 3}; expected 3");
  CHECK(check::message<ValueError>([&] { repeat(v, -2, 1); }) == "repeat: count -2; expected 0 or more");
  CHECK(check::has(check::message<ShapeError>([&] { repeat(v, 2, 2); }), "repeat: axis 2"));
}

TEST_CASE("meshgrid") {
  const check::Listed listed("meshgrid", {"np.meshgrid", "torch.meshgrid", "jnp.meshgrid"});
  const Array<double> a = xt::xarray<double>{1, 2, 3};
  const Array<double> b = xt::xarray<double>{4, 5};
  check::operation([](const auto& p, const auto& q) { return meshgrid(p, q)[0]; },
                   xt::xarray<double>{{1, 2, 3}, {1, 2, 3}}, a, b);
  check::operation([](const auto& p, const auto& q) { return meshgrid(p, q)[1]; },
                   xt::xarray<double>{{4, 4, 4}, {5, 5, 5}}, a, b);
  check::operation([](const auto& p, const auto& q) { return meshgrid({p, q}, Indexing::ij)[0]; },
                   xt::xarray<double>{{1, 1}, {2, 2}, {3, 3}}, a, b);
  check::operation([](const auto& p, const auto& q) { return meshgrid({p, q}, Indexing::ij)[1]; },
                   xt::xarray<double>{{4, 5}, {4, 5}, {4, 5}}, a, b);
  check::operation([](const auto& p, const auto& q) { return meshgrid(p, q)[1]; }, full<double>({1, 1}, 7),
                   full<double>({1, 1}, 3), full<double>({}, 7));
  const Variable<double> p = a;
  const Variable<double> q = b;
  const auto [u, v, w] = meshgrid(p, q, Variable<double>(check::count_up({4})));
  CHECK(u.shape() == Shape{2, 3, 4});
  CHECK(w.value()(1, 2, 3) == 3);
  CHECK(meshgrid(p)[0].value() == a);
  CHECK(meshgrid(std::vector<Variable<double>>()).empty());
  CHECK(meshgrid(p, Variable<double>(Array<double>(Shape{0})))[0].shape() == Shape{0, 3});
}

TEST_CASE("many entries, in parallel") {
  const Array<double> large = check::draw({300, 701});
  const Variable<double> v = large;
  CHECK(flip(v, 1).value() == to_array<double>(xt::flip(large, 1)));
  CHECK(roll(v, 100, 1).value() ==
        to_array<double>(xt::concatenate(xt::xtuple(xt::view(large, xt::all(), xt::range(601, 701)),
                                                    xt::view(large, xt::all(), xt::range(0, 601))),
                                         1)));
  Tape tape;
  const auto y = tile(v, {2, 3}) * xt::xarray<double>(check::draw({600, 2'103}, 0, 1, 3));
  const Array<double> gradient = tape.gradient(sum(y), v).value();
  const Array<double> c = check::draw({600, 2'103}, 0, 1, 3);
  double largest = 0;
  for (std::size_t i = 0; i < 300; ++i) {
    for (std::size_t j = 0; j < 701; ++j) {
      double expected = 0;
      for (std::size_t k = 0; k < 2; ++k) {
        for (std::size_t l = 0; l < 3; ++l) expected += c(i + 300 * k, j + 701 * l);
      }
      largest = std::max(largest, std::abs(expected - gradient(i, j)));
    }
  }
  CHECK(largest < 1e-14);
}

TEST_CASE("with other namespaces open, Variables are rearranged by ours") {
  using namespace xt;
  using namespace std;
  const xarray<double> raw{{1, 2}, {3, 4}};
  const Variable<double> v = raw;
  const std::size_t one = 1;
  const bool ours = VariableType<decltype(flip(v))> && VariableType<decltype(flip(v, 0))> &&
                    VariableType<decltype(flip(v, one))> && VariableType<decltype(flip(v, {0, 1}))> &&
                    VariableType<decltype(roll(v, 1))> && VariableType<decltype(roll(v, 1L, 1L))> &&
                    VariableType<decltype(roll(v, 1, 0))> && VariableType<decltype(roll(v, 1L))> &&
                    VariableType<decltype(tile(v, 2))> && VariableType<decltype(tile(v, {1, 2}))> &&
                    VariableType<decltype(tile(v, std::vector<int>{1, 2}))> &&
                    VariableType<decltype(repeat(v, 2))> && VariableType<decltype(repeat(v, 2, 0))> &&
                    VariableType<decltype(repeat(v, one, one))> &&
                    VariableType<decltype(repeat(v, {1, 2}, 0))> &&
                    VariableType<decltype(repeat(v, std::vector<std::size_t>{1, 2}, one))>;
  CHECK(ours);
  CHECK(meshgrid(v, v).size() == 2);
  CHECK(meshgrid({v, v}, Indexing::ij).size() == 2);
  const bool theirs =
      is_xexpression<decltype(flip(raw, 0))>::value && is_xexpression<decltype(roll(raw, 1))>::value;
  CHECK(theirs);
}
