#include "../../support/check_operation.hpp"

using namespace xgrad;

namespace {

using Index = std::vector<std::size_t>;

/// The indices of the entry with row-major index `flat`.
Index place(std::size_t flat, const Shape& shape) {
  Index index(shape.size());
  for (std::size_t i = shape.size(); i-- > 0;) {
    index[i] = flat % shape[i];
    flat /= shape[i];
  }
  return index;
}

/// The sum of products over pairs of axes (counted from the front), by a loop over all pairs of entries.
Array<double> by_definition(const Array<double>& a, const Array<double>& b, const Index& axes_a,
                            const Index& axes_b) {
  const auto left_over = [](Index index, Index axes) {
    std::sort(axes.rbegin(), axes.rend());
    for (const std::size_t axis : axes) index.erase(index.begin() + static_cast<std::ptrdiff_t>(axis));
    return index;
  };
  const auto joined = [&](const Index& of_a, const Index& of_b) {
    Index index = left_over(of_a, axes_a);
    for (const std::size_t i : left_over(of_b, axes_b)) index.push_back(i);
    return index;
  };
  const Index shape = joined(Index(a.shape().begin(), a.shape().end()), {b.shape().begin(), b.shape().end()});
  Array<double> result = full<double>(Shape(shape.begin(), shape.end()), 0);
  for (std::size_t i = 0; i < a.size(); ++i) {
    for (std::size_t j = 0; j < b.size(); ++j) {
      const Index at_a = place(i, a.shape());
      const Index at_b = place(j, b.shape());
      bool meet = true;
      for (std::size_t k = 0; k < axes_a.size(); ++k) meet = meet && at_a[axes_a[k]] == at_b[axes_b[k]];
      const Index at = joined(at_a, at_b);
      if (meet) result.element(at.begin(), at.end()) += a.data()[i] * b.data()[j];
    }
  }
  return result;
}

Array<double> count_up(const Shape& shape) {
  Array<double> result(shape);
  for (std::size_t i = 0; i < result.size(); ++i) result.data()[i] = static_cast<double>(i);
  return result;
}

}  // namespace

TEST_CASE("dot: the last axis with the second to last") {
  const check::Listed listed("dot", {"np.dot", "", "jnp.dot"});
  const auto f = [](const auto& a, const auto& b) { return dot(a, b); };
  const std::vector<std::pair<Shape, Shape>> shapes{
      {{3}, {3}},       {{1}, {1}},          {{2, 3}, {3}},
      {{3}, {3, 2}},    {{2, 3}, {3, 4}},    {{2, 2, 3}, {3}},
      {{3}, {2, 3, 2}}, {{2, 2, 3}, {3, 2}}, {{2, 1, 3}, {2, 2, 3, 2}},
      {{0, 3}, {3, 2}}, {{2, 0}, {0, 3}},    {{0}, {0}}};
  for (const auto& [left, right] : shapes) {
    const Array<double> a = check::draw(left, -2, 2, 1);
    const Array<double> b = check::draw(right, -2, 2, 2);
    const std::size_t axis = right.size() == 1 ? 0 : right.size() - 2;
    check::operation(f, by_definition(a, b, {left.size() - 1}, {axis}), a, b);
  }
  check::operation(f, xt::xarray<double>{2, 4}, full<double>({}, 2), xt::xarray<double>{1, 2});
  check::operation(f, xt::xarray<double>{2, 4}, xt::xarray<double>{1, 2}, full<double>({}, 2));
  check::operation(f, full<double>({}, 32), xt::xarray<double>{1, 2, 3}, xt::xarray<double>{4, 5, 6});
}

TEST_CASE("vdot: all entries") {
  const check::Listed listed("vdot", {"np.vdot", "torch.vdot", "jnp.vdot"});
  const auto f = [](const auto& a, const auto& b) { return vdot(a, b); };
  check::operation(f, full<double>({}, 30), xt::xarray<double>{{1, 4}, {5, 6}},  // NumPy's documentation
                   xt::xarray<double>{{4, 1}, {2, 2}});
  check::operation(f, full<double>({}, 32), xt::xarray<double>{1, 1, 2, 2},
                   xt::xarray<double>{{4, 4}, {6, 6}});
  check::operation(f, full<double>({}, 6), full<double>({}, 2), full<double>({1, 1}, 3));
  check::operation(f, full<double>({}, 0), full<double>({0}, 2), full<double>({2, 0}, 3));
}

TEST_CASE("inner: the last axes") {
  const check::Listed listed("inner", {"np.inner", "torch.inner", "jnp.inner"});
  const auto f = [](const auto& a, const auto& b) { return inner(a, b); };
  const std::vector<std::pair<Shape, Shape>> shapes{{{3}, {3}},       {{2, 3}, {3}},       {{3}, {4, 3}},
                                                    {{2, 3}, {4, 3}}, {{2, 1, 3}, {2, 3}}, {{2, 0}, {3, 0}},
                                                    {{0, 2}, {1, 2}}};
  for (const auto& [left, right] : shapes) {
    const Array<double> a = check::draw(left, -2, 2, 1);
    const Array<double> b = check::draw(right, -2, 2, 2);
    check::operation(f, by_definition(a, b, {left.size() - 1}, {right.size() - 1}), a, b);
  }
  check::operation(f, xt::xarray<double>{2, 4}, full<double>({}, 2), xt::xarray<double>{1, 2});
}

TEST_CASE("outer: every pair") {
  const check::Listed listed("outer", {"np.outer", "torch.outer", "jnp.outer"});
  const auto f = [](const auto& a, const auto& b) { return outer(a, b); };
  check::operation(f, xt::xarray<double>{{3, 4, 5}, {6, 8, 10}}, xt::xarray<double>{1, 2},
                   xt::xarray<double>{3, 4, 5});
  check::operation(f, full<double>({4, 1}, 6), full<double>({2, 2}, 2), full<double>({}, 3));
  check::operation(f, xt::xarray<double>{{3, 4}}, full<double>({1}, 1), xt::xarray<double>{{{3, 4}}});
  check::operation(f, Array<double>(Shape{0, 2}), Array<double>(Shape{3, 0}), xt::xarray<double>{3, 4});
}

TEST_CASE("kron: blocks") {
  const check::Listed listed("kron", {"np.kron", "torch.kron", "jnp.kron"});
  const auto f = [](const auto& a, const auto& b) { return kron(a, b); };
  check::operation(f, xt::xarray<double>{5, 6, 7, 50, 60, 70}, xt::xarray<double>{1, 10},
                   xt::xarray<double>{5, 6, 7});
  check::operation(f, xt::xarray<double>{{0, 5, 0, 10}, {6, 7, 12, 14}, {0, 15, 0, 20}, {18, 21, 24, 28}},
                   xt::xarray<double>{{1, 2}, {3, 4}}, xt::xarray<double>{{0, 5}, {6, 7}});
  check::operation(f, xt::xarray<double>{{3, 4, 6, 8}}, xt::xarray<double>{{1, 2}}, xt::xarray<double>{3, 4});
  check::operation(f, full<double>({3, 2}, 6), full<double>({2}, 2), full<double>({3, 1}, 3));
  check::operation(f, full<double>({}, 6), full<double>({}, 2), full<double>({}, 3));
  check::operation(f, Array<double>(Shape{0, 2}), Array<double>(Shape{0, 1}), xt::xarray<double>{3, 4});
  const std::vector<std::pair<Shape, Shape>> shapes{
      {{2, 3, 2}, {2, 1, 2}}, {{2, 1, 3}, {1, 3, 2}}, {{1, 1, 2}, {2, 1, 2}}, {{2, 1}, {1, 3}}};
  for (const auto& [left, right] : shapes) {
    const Array<double> a = check::draw(left, -2, 2, 1);
    const Array<double> b = check::draw(right, -2, 2, 2);
    Shape shape;
    for (std::size_t i = 0; i < left.size(); ++i) shape.push_back(left[i] * right[i]);
    Array<double> expected(shape);
    for (std::size_t i = 0; i < expected.size(); ++i) {
      Index at_a = place(i, shape);
      Index at_b = at_a;
      for (std::size_t k = 0; k < shape.size(); ++k) {
        at_a[k] /= right[k];
        at_b[k] %= right[k];
      }
      expected.data()[i] = a.element(at_a.begin(), at_a.end()) * b.element(at_b.begin(), at_b.end());
    }
    check::operation(f, expected, a, b);
  }
  const Variable<double> row = check::draw({3});  // leading axes of extent 1 are added
  const Array<double> cube = check::draw({2, 1, 2});
  CHECK(kron(row, cube).value() == kron(reshape(row, {1, 1, 3}), cube).value());
  CHECK(kron(cube, row).value() == kron(cube, reshape(row, {1, 1, 3})).value());
}

TEST_CASE("tensordot over a number of axes") {
  const check::Listed listed("tensordot", {"np.tensordot", "torch.tensordot", "jnp.tensordot"});
  const auto f = [](int axes) {
    return [axes](const auto& a, const auto& b) { return tensordot(a, b, axes); };
  };
  const Array<double> a = check::draw({2, 3, 2}, -2, 2, 1);
  const Array<double> b = check::draw({3, 2, 2}, -2, 2, 2);
  check::operation([](const auto& x, const auto& y) { return tensordot(x, y); },
                   by_definition(a, b, {1, 2}, {0, 1}), a, b);
  check::operation(f(1), by_definition(a, a, {2}, {0}), a, a);
  check::operation(f(0), by_definition(check::draw({2}), b, {}, {}), check::draw({2}), b);
  check::operation(f(3), by_definition(a, a, {0, 1, 2}, {0, 1, 2}), a, a);
  check::operation(f(0), full<double>({}, 6), full<double>({}, 2), full<double>({}, 3));
  check::operation(f(1), full<double>({2, 3}, 0), Array<double>(Shape{2, 0}), Array<double>(Shape{0, 3}));
  check::operation(f(1), Array<double>(Shape{0, 2, 2}), Array<double>(Shape{0, 3}), b);
}

TEST_CASE("tensordot over given axes") {
  const check::Listed listed("tensordot", {"np.tensordot", "torch.tensordot", "jnp.tensordot"});
  const Variable<double> up = count_up({3, 4, 5});
  CHECK(tensordot(up, count_up({4, 3, 2}), {1, 0}, {0, 1}).value() ==  // NumPy's documentation
        xt::xarray<double>{{4400, 4730}, {4532, 4874}, {4664, 5018}, {4796, 5162}, {4928, 5306}});
  const Array<double> a = check::draw({2, 3, 4}, -2, 2, 1);
  const Array<double> b = check::draw({4, 2, 3}, -2, 2, 2);
  check::operation([](const auto& x, const auto& y) { return tensordot(x, y, {0, -1}, {1, 0}); },
                   by_definition(a, b, {0, 2}, {1, 0}), a, b);
  check::operation([](const auto& x, const auto& y) { return tensordot(x, y, {1}, {2}); },
                   by_definition(a, b, {1}, {2}), a, b);
  check::operation([](const auto& x, const auto& y) { return tensordot(x, y, {2, 0, 1}, {0, 1, 2}); },
                   by_definition(a, b, {2, 0, 1}, {0, 1, 2}), a, b);
  const std::vector<int> none;
  check::operation([none](const auto& x, const auto& y) { return tensordot(x, y, none, none); },
                   by_definition(check::draw({2}), check::draw({3}), {}, {}), check::draw({2}),
                   check::draw({3}));
}

TEST_CASE("matrix_power") {
  const check::Listed listed(
      "matrix_power", {"np.linalg.matrix_power", "torch.linalg.matrix_power", "jnp.linalg.matrix_power"});
  const auto f = [](int n) { return [n](const auto& x) { return matrix_power(x, n); }; };
  const Array<double> x = check::draw({2, 3, 3}, -1, 1);
  Array<double> expected(Shape{2, 3, 3});
  for (std::size_t i = 0; i < expected.size(); ++i) expected.data()[i] = i % 9 % 4 == 0;
  for (int n = 0; n <= 7; ++n) {
    CAPTURE(n);
    check::operation(f(n), expected, x);
    Array<double> next = full<double>({2, 3, 3}, 0);
    for (std::size_t i = 0; i < 54; ++i) {  // two matrices, 27 products each
      const std::size_t batch = i / 27;
      const std::size_t row = i / 9 % 3;
      const std::size_t column = i / 3 % 3;
      next(batch, row, column) += expected(batch, row, i % 3) * x(batch, i % 3, column);
    }
    expected = next;
  }
  const xt::xarray<double> fibonacci{{1, 1}, {1, 0}};
  CHECK(matrix_power(Variable<double>(fibonacci), 30).value() ==
        xt::xarray<double>{{1346269, 832040}, {832040, 514229}});
  check::operation(f(3), full<double>({1, 1}, 8), full<double>({1, 1}, 2));
  check::operation(f(2), Array<double>(Shape{0, 2, 2}), Array<double>(Shape{0, 2, 2}));
  check::operation(f(0), Array<double>(Shape{0, 0}), Array<double>(Shape{0, 0}));
  // The third derivative of x^5, for a number x, is 60 x^2.
  const auto third = grad(grad(grad([](const auto& y) { return sum(matrix_power(y, 5)); })));
  CHECK(third(Variable<double>(full<double>({1, 1}, 2))).item() == doctest::Approx(240));
}

TEST_CASE("arrays and numbers on either side, floats, with all namespaces open") {
  using namespace std;
  using namespace xt;
  const xarray<float> raw{1, 2};
  const Variable<float> x = raw;
  const auto ours = [](const auto&... results) { return (VariableType<decltype(results)> && ...); };
  CHECK(ours(dot(x, x), dot(raw, x), dot(x, 2), vdot(x, raw), vdot(+x, x), inner(x, x), inner(raw, +x),
             outer(x, x), outer(raw * 2.0F, x), outer(2, x), kron(x, x), kron(x, raw), tensordot(x, x, 1),
             tensordot(raw, x, {0}, {0}), tensordot(+x, x, 0), matrix_power(outer(x, x), 2)));
  CHECK(std::is_same_v<decltype(outer(2.0, x)), Variable<float>>);
  CHECK(dot(raw, x).item() == 5);
  const Parameter<float> w(raw);
  CHECK(dot(w, x).item() == 5);
}

TEST_CASE("errors of products") {
  const Variable<double> a = check::draw({2, 3});
  const Variable<double> b = check::draw({4, 5});
  const auto message = [](auto&& call) { return check::message<ShapeError>(call); };
  CHECK(message([&] { dot(a, b); }) == "dot: axis 1 of {2, 3} and axis 0 of {4, 5} differ: 3 and 4");
  CHECK(message([&] { inner(a, b); }) == "inner: axis 1 of {2, 3} and axis 1 of {4, 5} differ: 3 and 5");
  CHECK(message([&] { vdot(a, b); }) ==
        "vdot: shapes {2, 3} and {4, 5} have 6 and 20 entries; expected equally many");
  CHECK(message([&] { tensordot(a, b, 1); }) ==
        "tensordot: axis 1 of {2, 3} and axis 0 of {4, 5} differ: 3 and 4");
  CHECK(message([&] { tensordot(a, b, 3); }) == "tensordot: 3 axes of arrays of shapes {2, 3} and {4, 5}");
  CHECK(message([&] { tensordot(a, b, {0, 1}, {0}); }) ==
        "tensordot: axes {0, 1} and {0}; expected lists of one length");
  CHECK(message([&] { tensordot(a, a, {0, -2}, {0, 1}); }) ==
        "tensordot: axis -2 of an array of shape {2, 3} is named twice");
  CHECK(check::has(message([&] { tensordot(a, a, {2}, {0}); }), "tensordot: axis 2"));
  CHECK(check::message<ValueError>([&] { tensordot(a, b, -1); }) == "tensordot: -1 axes; expected 0 or more");
  CHECK(message([&] { matrix_power(a, 2); }) ==
        "matrix_power: an array of shape {2, 3}; expected square matrices {..., m, m}");
  CHECK(check::has(message([&] { matrix_power(Variable<double>(2), 2); }), "matrix_power"));
  CHECK(check::message<ValueError>([&] { matrix_power(Variable<double>(check::draw({2, 2})), -1); }) ==
        "matrix_power: exponent -1; expected 0 or more");
}
