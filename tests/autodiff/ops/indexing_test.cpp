#include "../../support/check_operation.hpp"

#include <cstdint>
#include <limits>
#include <optional>

using namespace xgrad;
using xt::placeholders::_;

namespace {

const Array<double> x = xt::xarray<double>{{0, 1, 2, 3}, {10, 11, 12, 13}, {20, 21, 22, 23}};
const xt::xarray<int> rows{2, 0, 2};

template <class... S>
void slices(const Array<double>& expected, const S&... s) {
  check::operation([&](const auto& v) { return view(v, s...); }, expected, x);
}

using Bound = std::optional<std::ptrdiff_t>;

Bound bound(std::ptrdiff_t value) { return value; }
Bound bound(xt::placeholders::xtuph) { return std::nullopt; }

/// The indices of a slice of `n` entries as defined in Python's library reference, "common sequence
/// operations", notes 3 to 5.
std::vector<double> by_definition(std::ptrdiff_t n, Bound i, Bound j, std::ptrdiff_t k) {
  const auto limit = [&](std::ptrdiff_t bound) {
    if (bound < 0) bound += n;
    const std::ptrdiff_t most = k > 0 ? n : n - 1;
    const std::ptrdiff_t least = k > 0 ? 0 : -1;
    return bound > most ? most : bound < least ? least : bound;
  };
  const std::ptrdiff_t first = i ? limit(*i) : k > 0 ? 0 : n - 1;
  const std::ptrdiff_t end = j ? limit(*j) : k > 0 ? n : -1;
  std::vector<double> result;
  for (std::ptrdiff_t at = first; k > 0 ? at < end : at > end; at += k)
    result.push_back(static_cast<double>(at));
  return result;
}

template <class A, class B, class C>
void as_python(A start, B stop, C step) {
  for (std::size_t n = 0; n <= 5; ++n) {
    const Array<double> part =
        view(Variable<double>(check::count_up({n})), xt::range(start, stop, step)).value();
    const auto expected =
        by_definition(static_cast<std::ptrdiff_t>(n), bound(start), bound(stop), bound(step).value_or(1));
    CHECK(std::vector<double>(part.begin(), part.end()) == expected);
  }
}

}  // namespace

TEST_CASE("view: indices, ranges and all, as in NumPy") {
  const check::Listed listed("view", {"x[i, a:b:c]", "x[i, a:b:c]", "x[i, a:b:c]"});
  slices(xt::xarray<double>{10, 11, 12, 13}, 1);
  slices(xt::xarray<double>{20, 21, 22, 23}, -1);
  slices(xt::xarray<double>{2, 12, 22}, xt::all(), 2);
  slices(xt::xarray<double>{{1, 2}, {11, 12}, {21, 22}}, xt::all(), xt::range(1, 3));
  slices(xt::xarray<double>{{0, 1, 2, 3}, {20, 21, 22, 23}}, xt::range(0, 3, 2));
  slices(xt::xarray<double>{{3, 2, 1, 0}, {13, 12, 11, 10}, {23, 22, 21, 20}}, xt::all(),
         xt::range(_, _, -1));
  slices(xt::xarray<double>{22, 21}, -1, xt::range(2, 0, -1));
  slices(xt::xarray<double>{{2, 3}, {12, 13}, {22, 23}}, xt::all(), xt::range(-2, _));
  slices(xt::xarray<double>{{0, 1, 2}, {10, 11, 12}, {20, 21, 22}}, xt::all(), xt::range(_, -1));
  slices(xt::xarray<double>{12, 13}, 1, xt::range(2, 100));  // clamped to the extent
  slices(full<double>({}, 12), 1, 2);
  slices(full<double>({}, 13), std::size_t{1}, std::int8_t{-1});
  slices(x);
}

TEST_CASE("view: new axes, ellipsis, nothing") {
  const check::Listed listed("view");
  slices(check::filled({1, 4}, {10, 11, 12, 13}), xt::newaxis(), 1);
  slices(check::filled({1, 2, 1}, {3, 13}), xt::newaxis(), xt::range(0, 2), xt::newaxis(), 3);
  slices(xt::xarray<double>{1, 11, 21}, xt::ellipsis(), 1);
  slices(xt::xarray<double>{10, 11, 12, 13}, 1, xt::ellipsis());
  slices(full<double>({}, 12), 1, xt::ellipsis(), 2);  // stands for no axis
  slices(x, xt::ellipsis());
  slices(Array<double>(Shape{0, 4}), xt::range(2, 1));
  slices(Array<double>(Shape{0, 4}), xt::range(5, 9));
  const Array<double> deep = check::count_up({2, 3, 2, 2});
  check::operation([](const auto& v) { return view(v, 1, xt::ellipsis(), xt::newaxis(), -1); },
                   check::filled({3, 2, 1}, {13, 15, 17, 19, 21, 23}), deep);
  CHECK(view(Variable<double>(3.0)).item() == 3);
  CHECK(view(Variable<double>(3.0), xt::newaxis(), xt::ellipsis()).shape() == Shape{1});
}

TEST_CASE("view: all ranges, as in Python") {
  for (std::ptrdiff_t start = -7; start <= 7; ++start) {
    for (const std::ptrdiff_t step : {-7, -3, -2, -1, 1, 2, 3, 7}) {
      for (std::ptrdiff_t stop = -7; stop <= 7; ++stop) as_python(start, stop, step);
      as_python(start, _, step);
      as_python(_, start, step);
      as_python(_, _, step);
    }
    as_python(start, 2, _);
    as_python(start, _, _);
    as_python(_, start, _);
  }
  as_python(_, _, _);
  constexpr std::ptrdiff_t least = std::numeric_limits<std::ptrdiff_t>::min();
  constexpr std::ptrdiff_t most = std::numeric_limits<std::ptrdiff_t>::max();
  as_python(0, most, most / 2);
  CHECK(view(Variable<double>(check::count_up({5})), xt::range(most, least, least)).value() ==
        xt::xarray<double>{4});
  CHECK(view(Variable<double>(check::count_up({5})), xt::range(least, most, most)).value() ==
        xt::xarray<double>{0});
}

TEST_CASE("view: the gradients of a part used twice add up") {
  const Variable<double> v = x;
  Tape tape;
  const auto y = sum(view(v, 0)) + 2 * sum(view(v, xt::all(), 0));
  CHECK(tape.gradient(y, v).value() == xt::xarray<double>{{3, 1, 1, 1}, {2, 0, 0, 0}, {2, 0, 0, 0}});
}

TEST_CASE("view: arrays of integers, as NumPy places their axes") {
  const check::Listed listed("view with index arrays", {"x[[2, 0], :]", "x[[2, 0], :]", "x[[2, 0], :]"});
  slices(xt::xarray<double>{{20, 21, 22, 23}, {0, 1, 2, 3}, {20, 21, 22, 23}}, rows);
  slices(xt::xarray<double>{{3, 1}, {13, 11}, {23, 21}}, xt::all(), xt::xarray<std::int8_t>{-1, 1});
  slices(xt::xarray<double>{23, 1, 22}, rows, xt::xarray<std::uint64_t>{3, 1, 2});  // elementwise
  slices(xt::xarray<double>{{22, 2, 22}, {20, 0, 20}}, rows,
         xt::reshape_view(xt::xarray<int>{2, 0}, {2, 1}));  // broadcast
  slices(xt::xarray<double>{21, 1, 21}, rows, 1);
  slices(xt::xarray<double>{{21, 22}, {1, 2}, {21, 22}}, rows, xt::range(1, 3));
  slices(xt::xarray<double>{{22, 21}, {2, 1}, {22, 21}}, rows, xt::range(2, 0, -1));
  slices(check::filled({3, 1, 4}, {20, 21, 22, 23, 0, 1, 2, 3, 20, 21, 22, 23}), rows, xt::newaxis());
  slices(xt::xarray<double>{13, 12}, full<int>({}, 1), xt::xarray<int>{3, 2});
  slices(Array<double>(Shape{0, 4}), Array<int>(Shape{0}));

  const Array<double> deep = check::count_up({2, 3, 2, 2});
  const xt::xarray<int> i{1, 0, 0};
  const xt::xarray<int> j{2, 0, 2};
  const auto part = [&](const Array<double>& expected, const auto&... s) {
    check::operation([&](const auto& v) { return view(v, s...); }, expected, deep);
  };
  part(check::filled({2, 3, 2}, {10, 11, 0, 1, 8, 9, 22, 23, 12, 13, 20, 21}), xt::all(), j, i,
       xt::range(_, _, 1));
  // If a slice separates the arrays, their axis comes first. The same holds for an array and an integer.
  part(xt::xarray<double>{{20, 22}, {0, 2}, {8, 10}}, i, j, xt::all(), xt::xarray<int>{0});
  part(check::filled({2, 3, 2}, {0, 1, 4, 5, 8, 9, 0, 1, 4, 5, 8, 9}), 0, xt::all(), xt::xarray<int>{0, 0});
}

TEST_CASE("view: arrays of booleans select where they are true") {
  const check::Listed listed("view with masks", {"x[mask]", "x[mask]", "x[mask]"});
  slices(xt::xarray<double>{{0, 1, 2, 3}, {20, 21, 22, 23}}, xt::xarray<bool>{true, false, true});
  slices(xt::xarray<double>{{1, 3}, {11, 13}, {21, 23}}, xt::all(),
         xt::xarray<bool>{false, true, false, true});
  slices(xt::xarray<double>{22, 2}, xt::xarray<int>{-1, 0}, xt::xarray<bool>{false, false, true, false});
  slices(xt::xarray<double>{12, 13, 20, 21, 22, 23}, x > 11.0);
  slices(Array<double>(Shape{0}), x > 100.0);
  slices(Array<double>(Shape{0, 4}), xt::xarray<bool>{false, false, false});
}

TEST_CASE("masked_select") {
  const check::Listed listed("masked_select", {"x[mask]", "torch.masked_select", "x[mask]"});
  const auto f = [](const xt::xarray<bool>& mask) {
    return [mask](const auto& v) { return masked_select(v, mask); };
  };
  check::operation(f(x > 11.0), xt::xarray<double>{12, 13, 20, 21, 22, 23}, x);
  check::operation(f({false, true, true}), xt::xarray<double>{{10, 11, 12, 13}, {20, 21, 22, 23}}, x);
  check::operation(f(x > 100.0), Array<double>(Shape{0}), x);
  check::operation(f(x >= 0.0), check::filled({12}, {0, 1, 2, 3, 10, 11, 12, 13, 20, 21, 22, 23}), x);
  const Variable<double> v = x;
  CHECK(masked_select(v, x > 21.0).value() == xt::xarray<double>{22, 23});
  CHECK(masked_select(Variable<double>(Array<double>(Shape{0, 2})), Array<bool>(Shape{0, 2})).shape() ==
        Shape{0});
  CHECK(check::message<ShapeError>([&] { masked_select(v, xt::xarray<bool>{true, false}); }) ==
        "masked_select: a mask of shape {2} at axis 0 of an array of shape {3, 4}; expected the extents "
        "from this axis on");
}

TEST_CASE("index_update: a copy with other entries") {
  const check::Listed listed("index_update", {"x[i, a:b] = v", "torch.index_put", "x.at[i, a:b].set"});
  const Array<double> small = check::count_up({2, 3});
  check::operation([](const auto& a, const auto& v) { return index_update(a, 1, v); },
                   xt::xarray<double>{{0, 1, 2}, {7, 8, 9}}, small, xt::xarray<double>{7, 8, 9});
  check::operation(
      [](const auto& a, const auto& v) { return index_update(a, xt::all(), xt::range(_, _, -2), v); },
      xt::xarray<double>{{8, 1, 7}, {8, 4, 7}}, small, xt::xarray<double>{7, 8});
  check::operation([](const auto& a, const auto& v) { return index_update(a, 0, -1, v); },
                   xt::xarray<double>{{0, 1, 9}, {3, 4, 5}}, small, full<double>({}, 9));
  check::operation([](const auto& a, const auto& v) { return index_update(a, v); }, full<double>({2, 3}, 9),
                   small, full<double>({1, 1}, 9));
  check::operation(
      [](const auto& a, const auto& v) { return index_update(a, xt::xarray<bool>{true, false}, v); },
      xt::xarray<double>{{7, 8, 9}, {3, 4, 5}}, small, xt::xarray<double>{7, 8, 9});
  check::operation([](const auto& a, const auto& v) { return index_update(a, xt::range(2, 2), v); }, small,
                   small, full<double>({}, 9));
  // Of several writes to an entry the last counts, and only its value gets a gradient.
  const auto repeated = [](const auto& a, const auto& v) {
    return index_update(a, xt::all(), xt::xarray<int>{2, 0, -1}, v);
  };
  check::operation(repeated, xt::xarray<double>{{8, 1, 9}, {8, 4, 9}}, small, xt::xarray<double>{7, 8, 9});
  const Variable<double> v = small;
  const Variable<double> value = xt::xarray<double>{7, 8, 9};
  Tape tape;
  const std::vector<Variable<double>> g = tape.gradient(sum(square(repeated(v, value))), {v, value});
  CHECK(g[0].value() == xt::xarray<double>{{0, 2, 0}, {0, 8, 0}});
  CHECK(g[1].value() == xt::xarray<double>{0, 32, 36});
}

TEST_CASE("index_update: arrays and numbers as operands") {
  const Variable<double> v = check::count_up({3});
  CHECK(index_update(v, 1, 5).value() == xt::xarray<double>{0, 5, 2});
  CHECK(index_update(v, xt::range(1, _), xt::xarray<double>{7, 8}).value() == xt::xarray<double>{0, 7, 8});
  CHECK(index_update(xt::xarray<double>{1, 2, 3}, xt::range(0, 2), view(v, 2)).value() ==
        xt::xarray<double>{2, 2, 3});
  CHECK(check::message<ShapeError>([&] { index_update(v, xt::range(0, 2), v); }) ==
        "index_update: a value of shape {3} does not broadcast to the part's shape {2}");
  CHECK(check::has(check::message<ShapeError>([&] { index_update(v, 3, 1.0); }), "index_update: index 3"));
}

TEST_CASE("index_add: repeated indices add up") {
  const check::Listed listed("index_add", {"np.add.at", "torch.index_add", "x.at[i, a:b].add"});
  const Array<double> small = check::count_up({2, 3});
  check::operation([](const auto& a, const auto& v) { return index_add(a, 1, v); },
                   xt::xarray<double>{{0, 1, 2}, {10, 12, 14}}, small, xt::xarray<double>{7, 8, 9});
  check::operation(
      [](const auto& a, const auto& v) { return index_add(a, xt::all(), xt::range(_, _, -2), v); },
      xt::xarray<double>{{8, 1, 9}, {11, 4, 12}}, small, xt::xarray<double>{7, 8});
  check::operation(
      [](const auto& a, const auto& v) { return index_add(a, xt::all(), xt::xarray<int>{2, 0, -1}, v); },
      xt::xarray<double>{{8, 1, 18}, {11, 4, 21}}, small, xt::xarray<double>{7, 8, 9});
  check::operation([](const auto& a, const auto& v) { return index_add(a, xt::xarray<int>{1, 1, 1}, v); },
                   xt::xarray<double>{{0, 1, 2}, {33, 34, 35}}, small, full<double>({}, 10));
  check::operation(
      [](const auto& a, const auto& v) { return index_add(a, xt::xarray<bool>{false, true}, v); },
      xt::xarray<double>{{0, 1, 2}, {4, 6, 8}}, small, check::filled({1, 3}, {1, 2, 3}));
  check::operation([](const auto& a, const auto& v) { return index_add(a, Array<int>(Shape{0}), v); }, small,
                   small, full<double>({}, 9));
  const Variable<double> v = small;
  CHECK(check::message<ShapeError>([&] { index_add(v, 0, xt::xarray<double>{1, 2}); }) ==
        "index_add: a value of shape {2} does not broadcast to the part's shape {3}");
}

TEST_CASE("long rows of indices, in parallel: the same result for any number of threads") {
  const std::size_t count = 100'003;
  xt::xarray<int> indices = xt::xarray<int>::from_shape({count});
  for (std::size_t i = 0; i < count; ++i) indices(i) = static_cast<int>(i * 7919 % 997);
  const Array<double> values = check::draw({count});
  std::vector<double> sums(997, 0);
  std::vector<double> last(997, 0);
  for (std::size_t i = 0; i < count; ++i) {
    sums[static_cast<std::size_t>(indices(i))] += values.data()[i];
    last[static_cast<std::size_t>(indices(i))] = values.data()[i];
  }
  const Variable<double> zeros = full<double>({997}, 0);
  const Array<double> added = index_add(zeros, indices, values).value();
  CHECK(std::vector<double>(added.begin(), added.end()) == sums);
  const Array<double> set = index_update(zeros, indices, values).value();
  CHECK(std::vector<double>(set.begin(), set.end()) == last);
  const Array<double> wide = check::draw({2'000, 64});
  const Array<double> picked = view(Variable<double>(wide), xt::xarray<int>{1'999, 3}).value();
  CHECK(picked == to_array<double>(xt::view(wide, xt::keep(1'999, 3))));
}

TEST_CASE("index errors") {
  const Variable<double> v = x;
  CHECK(check::message<ShapeError>([&] { view(v, 3); }) ==
        "view: index 3 is out of range for axis 0 of an array of shape {3, 4}");
  CHECK(
      check::has(check::message<ShapeError>([&] { view(v, 0, -5); }), "index -5 is out of range for axis 1"));
  CHECK(check::message<ShapeError>([&] { view(v, 0, 0, 0); }) ==
        "view: 3 indices for an array of shape {3, 4}");
  CHECK(check::has(check::message<ShapeError>([&] { view(v, xt::ellipsis(), xt::ellipsis()); }), "ellipsis"));
  CHECK(check::has(check::message<ValueError>([&] { view(v, xt::range(0, 3, 0)); }), "zero"));
  CHECK(check::message<ShapeError>([&] { view(v, xt::all(), xt::xarray<int>{0, 4}); }) ==
        "view: index 4 is out of range for axis 1 of an array of shape {3, 4}");
  CHECK(check::has(check::message<ShapeError>([&] { view(v, std::numeric_limits<std::uint64_t>::max()); }),
                   "view: index"));
  CHECK(check::message<ShapeError>([&] { view(v, rows, xt::xarray<int>{0, 1}); }) ==
        "view: shapes {3} and {2} do not broadcast: extents 3 and 2");
  CHECK(check::has(check::message<ShapeError>([&] { view(v, 0, xt::xarray<bool>{true}); }),
                   "a mask of shape {1}"));
  CHECK(check::has(check::message<ShapeError>([&] { view(v, 0, x > 1.0); }), "3 indices"));
}

TEST_CASE("with other namespaces open, Variables are indexed by ours") {
  using namespace xt;
  using namespace std;
  const xarray<double> raw{{1, 2}, {3, 4}};
  const Variable<double> v = raw;
  CHECK(view(v, range(0, 1), all()).shape() == Shape{1, 2});
  CHECK(view(v, xarray<int>{0, 0, 1}, newaxis()).shape() == Shape{3, 1, 2});
  CHECK(masked_select(v, raw > 1.0).shape() == Shape{3});
  CHECK(index_update(v, 0, ellipsis(), 1).shape() == Shape{2, 2});
  CHECK(index_add(raw, 0, all(), view(v, 0)).shape() == Shape{2, 2});
  CHECK(is_xexpression<decltype(view(raw, 0, all()))>::value);
}
