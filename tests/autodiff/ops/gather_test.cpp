#include "../../support/check_operation.hpp"

#include <cstdint>
#include <limits>

using namespace xgrad;

namespace {

const Array<double> x = xt::xarray<double>{{0, 1, 2, 3}, {10, 11, 12, 13}, {20, 21, 22, 23}};

Array<int> column(const xt::xarray<int>& entries) {
  Array<int> result(Shape{entries.size(), 1});
  std::copy(entries.begin(), entries.end(), result.begin());
  return result;
}

}  // namespace

TEST_CASE("take along an axis, and of all entries") {
  const check::Listed listed("take", {"np.take", "torch.take", "jnp.take"});
  const auto along = [](const auto& positions, int axis) {
    return [=](const auto& v) { return take(v, positions, axis); };
  };
  const auto of_all = [](const auto& positions) { return [=](const auto& v) { return take(v, positions); }; };
  check::operation(along(xt::xarray<int>{2, 0, 2}, 0),
                   xt::xarray<double>{{20, 21, 22, 23}, {0, 1, 2, 3}, {20, 21, 22, 23}}, x);
  check::operation(along(xt::xarray<std::uint8_t>{3, 1}, 1), xt::xarray<double>{{3, 1}, {13, 11}, {23, 21}},
                   x);
  check::operation(along(xt::xarray<std::int64_t>{-1, -4}, -1),
                   xt::xarray<double>{{3, 0}, {13, 10}, {23, 20}}, x);
  check::operation(along(-1, 0), xt::xarray<double>{20, 21, 22, 23}, x);
  check::operation(along(std::size_t{2}, 1), xt::xarray<double>{2, 12, 22}, x);
  check::operation(along(xt::xarray<int>{{0, 1}, {1, 0}}, 1),
                   check::filled({3, 2, 2}, {0, 1, 1, 0, 10, 11, 11, 10, 20, 21, 21, 20}), x);
  check::operation(along(Array<int>(Shape{0, 2}), 1), Array<double>(Shape{3, 0, 2}), x);
  check::operation(of_all(xt::xarray<std::int16_t>{{0, 11}, {-1, 5}}), xt::xarray<double>{{0, 23}, {23, 11}},
                   x);
  check::operation(of_all(7), full<double>({}, 13), x);
  check::operation([](const auto& v) { return take(v, {1, -1}, 0); },
                   xt::xarray<double>{{10, 11, 12, 13}, {20, 21, 22, 23}}, x);
  check::operation([](const auto& v) { return take(v, {1, -1}); }, xt::xarray<double>{1, 23}, x);
  check::operation(of_all(Array<int>(Shape{0})), Array<double>(Shape{0}), Array<double>(Shape{0, 3}));
}

TEST_CASE("take: the gradients of repeated entries add up") {
  const Variable<double> v = x;
  Tape tape;
  const auto y = sum(take(v, {0, 0, 2, 0}, 1) * xt::xarray<double>{1, 10, 100, 1'000});
  CHECK(tape.gradient(y, v).value() ==
        xt::xarray<double>{{1'011, 0, 100, 0}, {1'011, 0, 100, 0}, {1'011, 0, 100, 0}});
}

TEST_CASE("take of many rows, in parallel") {
  const Array<double> table = check::draw({300, 64});
  xt::xarray<int> positions = xt::xarray<int>::from_shape({5'000});
  for (std::size_t i = 0; i < positions.size(); ++i) positions(i) = static_cast<int>(i * 131 % 300);
  const Variable<double> v = table;
  Tape tape;
  const Variable<double> y = take(v, positions, 0);
  const Array<double> c = check::draw(y.shape());
  const Array<double> gradient = tape.gradient(y, v, Variable<double>(c)).value();
  Array<double> expected = full<double>(table.shape(), 0);
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < positions.size(); ++i) {
    for (std::size_t j = 0; j < 64; ++j) {
      wrong += y.value()(i, j) != table(positions(i), j);
      expected(positions(i), j) += c(i, j);
    }
  }
  CHECK(wrong == 0);
  CHECK(gradient == expected);
}

TEST_CASE("take_along_axis") {
  const check::Listed listed("take_along_axis",
                             {"np.take_along_axis", "torch.take_along_dim", "jnp.take_along_axis"});
  const auto f = [](const auto& positions, int axis) {
    return [=](const auto& v) { return take_along_axis(v, positions, axis); };
  };
  // NumPy's documentation: sorting by argsort, the largest by argmax.
  const Array<double> a = xt::xarray<double>{{10, 30, 20}, {60, 40, 50}};
  check::operation(f(xt::xarray<int>{{0, 2, 1}, {1, 2, 0}}, 1),
                   xt::xarray<double>{{10, 20, 30}, {40, 50, 60}}, a);
  check::operation(f(column({1, 0}), 1), check::filled({2, 1}, {30, 60}), a);
  check::operation(f(xt::xarray<std::uint32_t>{{1, 0, 1}, {1, 1, 1}}, 0),
                   xt::xarray<double>{{60, 30, 50}, {60, 40, 50}}, a);
  check::operation(f(column({-1, 0, 0}), -2), check::filled({3, 3}, {60, 40, 50, 10, 30, 20, 10, 30, 20}), a);
  check::operation(f(xt::xarray<int>{2, 2, 0}, 0), xt::xarray<double>{7, 7, 5}, xt::xarray<double>{5, 6, 7});
  // x broadcasts as well.
  check::operation(f(xt::xarray<int>{{0, 1}, {2, 2}, {1, 0}}, 1), xt::xarray<double>{{5, 6}, {7, 7}, {6, 5}},
                   check::filled({1, 3}, {5, 6, 7}));
  check::operation(f(Array<int>(Shape{2, 0}), 1), Array<double>(Shape{2, 0}), a);
  const Variable<double> v = a;
  CHECK(check::message<ShapeError>([&] { take_along_axis(v, xt::xarray<int>{0}, 1); }) ==
        "take_along_axis: positions of shape {1} for an array of shape {2, 3}; expected equally many axes");
  CHECK(check::has(check::message<ShapeError>([&] { take_along_axis(v, column({0, 0, 0}), 1); }),
                   "do not broadcast"));
  CHECK(check::message<ShapeError>([&] { take_along_axis(v, column({0, 3}), 1); }) ==
        "take_along_axis: index 3 is out of range for axis 1 of an array of shape {2, 3}");
}

TEST_CASE("gather") {
  const check::Listed listed("gather", {"np.take_along_axis", "torch.gather", "jnp.take_along_axis"});
  const auto f = [](const auto& positions, int axis) {
    return [=](const auto& v) { return gather(v, positions, axis); };
  };
  // PyTorch's documentation.
  check::operation(f(xt::xarray<int>{{0, 0}, {1, 0}}, 1), xt::xarray<double>{{1, 1}, {4, 3}},
                   xt::xarray<double>{{1, 2}, {3, 4}});
  check::operation(f(xt::xarray<int>{{2, 0}, {-1, -2}}, 0), xt::xarray<double>{{20, 1}, {20, 11}}, x);
  check::operation(f(column({3, 3}), 1), check::filled({2, 1}, {3, 13}), x);
  check::operation(f(xt::xarray<int>{1, 1, 0, 1}, 0), xt::xarray<double>{6, 6, 5, 6},
                   xt::xarray<double>{5, 6});
  const Array<double> deep = check::draw({2, 3, 2});
  Array<int> positions(Shape{2, 4, 1}, 2);
  Array<double> expected(Shape{2, 4, 1});
  for (std::size_t i = 0; i < 2; ++i) {
    for (std::size_t j = 0; j < 4; ++j) {
      positions(i, j, 0) = static_cast<int>((i + j) % 3);
      expected(i, j, 0) = deep(i, (i + j) % 3, 0);
    }
  }
  check::operation(f(positions, -2), expected, deep);
  check::operation(f(Array<int>(Shape{0, 4}), 0), Array<double>(Shape{0, 4}), x);
  const Variable<double> v = x;
  CHECK(check::message<ShapeError>([&] { gather(v, Array<int>(Shape{4, 2}), 1); }) ==
        "gather: positions of shape {4, 2} exceed an array of shape {3, 4} on axis 0");
  CHECK(
      check::has(check::message<ShapeError>([&] { gather(v, xt::xarray<int>{0}, 1); }), "equally many axes"));
  CHECK(check::has(check::message<ShapeError>([&] { gather(v, column({4}), 1); }),
                   "gather: index 4 is out of range for axis 1"));
}

TEST_CASE("scatter_add") {
  const check::Listed listed("scatter_add", {"np.add.at", "torch.scatter_add", "x.at[].add"});
  const auto f = [](const auto& positions, int axis) {
    return [=](const auto& v, const auto& value) { return scatter_add(v, positions, value, axis); };
  };
  // PyTorch's documentation, its ones written as numbers to add.
  check::operation(f(xt::xarray<int>{{0, 1, 2, 0, 0}, {0, 1, 2, 2, 2}}, 0),
                   xt::xarray<double>{{2, 0, 0, 1, 1}, {0, 2, 0, 0, 0}, {0, 0, 2, 1, 1}},
                   full<double>({3, 5}, 0), full<double>({2, 5}, 1));
  check::operation(f(xt::xarray<int>{{0, 0, -1}, {1, 1, 1}}, 1),
                   xt::xarray<double>{{3, 1, 2, 6}, {10, 26, 12, 13}, {20, 21, 22, 23}}, x,
                   xt::xarray<double>{{1, 2, 3}, {4, 5, 6}});
  check::operation(f(xt::xarray<int>{1, 1, 0}, 0), xt::xarray<double>{8, 20}, xt::xarray<double>{1, 6},
                   full<double>({}, 7));
  check::operation(f(Array<int>(Shape{0, 4}), 0), x, x, full<double>({1, 4}, 2));
  const Variable<double> v = x;
  CHECK(scatter_add(v, xt::xarray<int>{{0, 1}}, 5, 1).value()(0, 1) == 6);
  CHECK(VariableType<decltype(scatter_add(x, column({0}), v, 1))>);
  CHECK(check::message<ShapeError>([&] { scatter_add(v, column({0, 0}), xt::xarray<double>{1, 2, 3}, 0); }) ==
        "scatter_add: a value of shape {3} does not broadcast to the part's shape {2, 1}");
  CHECK(check::has(check::message<ShapeError>([&] { scatter_add(v, column({3}), 1.0, 0); }),
                   "scatter_add: index 3 is out of range for axis 0"));
}

TEST_CASE("positions out of range") {
  const Variable<double> v = x;
  CHECK(check::message<ShapeError>([&] { take(v, {0, 4}, 1); }) ==
        "take: index 4 is out of range for axis 1 of an array of shape {3, 4}");
  CHECK(check::has(check::message<ShapeError>([&] { take(v, -4, 0); }),
                   "take: index -4 is out of range for axis 0"));
  CHECK(check::message<ShapeError>([&] { take(v, 12); }) ==
        "take: position 12 is out of range for the 12 entries of an array of shape {3, 4}");
  CHECK(check::has(check::message<ShapeError>([&] { take(v, xt::xarray<int>{0}, 2); }), "take: axis 2"));
  CHECK(check::has(check::message<ShapeError>([&] {
                     take(v, xt::xarray<std::uint64_t>{std::numeric_limits<std::uint64_t>::max()}, 0);
                   }),
                   "take: index"));
}
