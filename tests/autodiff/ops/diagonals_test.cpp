#include "../../support/check_operation.hpp"

using namespace xgrad;

TEST_CASE("tril") {
  const check::Listed listed("tril", {"np.tril", "torch.tril", "jnp.tril"});
  const auto f = [](int k) { return [k](const auto& x) { return tril(x, k); }; };
  const Array<double> x = check::count_up({3, 4});
  check::operation([](const auto& v) { return tril(v); },
                   xt::xarray<double>{{0, 0, 0, 0}, {4, 5, 0, 0}, {8, 9, 10, 0}}, x);
  check::operation(f(-1), xt::xarray<double>{{0, 0, 0, 0}, {4, 0, 0, 0}, {8, 9, 0, 0}}, x);
  check::operation(f(2), xt::xarray<double>{{0, 1, 2, 0}, {4, 5, 6, 7}, {8, 9, 10, 11}}, x);
  check::operation(f(5), x, x);
  check::operation(f(-3), full<double>({3, 4}, 0), x);
  check::operation(f(1), check::filled({2, 2, 1, 2}, {0, 1, 2, 3, 4, 5, 6, 7}),
                   check::count_up({2, 2, 1, 2}));
  check::operation(f(0), Array<double>(Shape{0, 2}), Array<double>(Shape{0, 2}));
  check::operation(f(0), Array<double>(Shape{2, 0}), Array<double>(Shape{2, 0}));
  const Variable<double> v = xt::xarray<double>{{1, std::nan("")}, {2, 3}};
  CHECK(tril(v).value() == xt::xarray<double>{{1, 0}, {2, 3}});
  CHECK(check::message<ShapeError>([] { tril(Variable<double>(xt::xarray<double>{1, 2})); }) ==
        "tril: an array of shape {2}; expected a matrix, {..., m, n}");
}

TEST_CASE("triu") {
  const check::Listed listed("triu", {"np.triu", "torch.triu", "jnp.triu"});
  const auto f = [](int k) { return [k](const auto& x) { return triu(x, k); }; };
  const Array<double> x = check::count_up({3, 4});
  check::operation([](const auto& v) { return triu(v); },
                   xt::xarray<double>{{0, 1, 2, 3}, {0, 5, 6, 7}, {0, 0, 10, 11}}, x);
  check::operation(f(2), xt::xarray<double>{{0, 0, 2, 3}, {0, 0, 0, 7}, {0, 0, 0, 0}}, x);
  check::operation(f(-1), xt::xarray<double>{{0, 1, 2, 3}, {4, 5, 6, 7}, {0, 9, 10, 11}}, x);
  check::operation(f(-7), x, x);
  check::operation(f(4), full<double>({3, 4}, 0), x);
  check::operation(f(0), check::filled({2, 2, 2}, {0, 1, 0, 3, 4, 5, 0, 7}), check::count_up({2, 2, 2}));
  check::operation(f(1), full<double>({1, 1}, 0), full<double>({1, 1}, 5));
  CHECK(check::has(check::message<ShapeError>([] { triu(Variable<double>(1.0)); }), "triu: "));
}

TEST_CASE("large triangles, in parallel") {
  const Array<double> x = check::draw({2, 301, 303});
  const Array<double> lower = tril(Variable<double>(x), -1).value();
  const Array<double> upper = triu(Variable<double>(x)).value();
  CHECK(to_array<double>(lower + upper) == x);
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < 301; ++i) {
    for (std::size_t j = 0; j < 303; ++j) wrong += (j >= i) != (lower(1, i, j) == 0);
  }
  CHECK(wrong == 0);
}

TEST_CASE("diag of a vector and of a matrix") {
  const check::Listed listed("diag", {"np.diag", "torch.diag", "jnp.diag"});
  const auto f = [](int k) { return [k](const auto& x) { return diag(x, k); }; };
  const Array<double> v = xt::xarray<double>{1, 2};
  check::operation([](const auto& x) { return diag(x); }, xt::xarray<double>{{1, 0}, {0, 2}}, v);
  check::operation(f(1), xt::xarray<double>{{0, 1, 0}, {0, 0, 2}, {0, 0, 0}}, v);
  check::operation(f(-1), xt::xarray<double>{{0, 0, 0}, {1, 0, 0}, {0, 2, 0}}, v);
  check::operation(f(1), full<double>({1, 1}, 0), Array<double>(Shape{0}));
  check::operation(f(0), Array<double>(Shape{0, 0}), Array<double>(Shape{0}));
  const Array<double> m = check::count_up({2, 3});
  check::operation(f(0), xt::xarray<double>{0, 4}, m);
  check::operation(f(1), xt::xarray<double>{1, 5}, m);
  check::operation(f(2), xt::xarray<double>{2}, m);
  check::operation(f(-1), xt::xarray<double>{3}, m);
  check::operation(f(3), Array<double>(Shape{0}), m);
  check::operation(f(-2), Array<double>(Shape{0}), m);
  CHECK(check::message<ShapeError>([] { diag(Variable<double>(Array<double>(Shape{2, 1, 2}))); }) ==
        "diag: an array of shape {2, 1, 2}; expected a vector or a matrix");
  CHECK(check::has(check::message<ShapeError>([] { diag(Variable<double>(1.0)); }), "diag: "));
}

TEST_CASE("diagonal") {
  const check::Listed listed("diagonal", {"np.diagonal", "torch.diagonal", "jnp.diagonal"});
  const auto f = [](int k, int rows, int columns) {
    return [=](const auto& x) { return diagonal(x, k, rows, columns); };
  };
  const Array<double> x = check::count_up({2, 3, 2});
  check::operation([](const auto& v) { return diagonal(v); }, xt::xarray<double>{{0, 8}, {1, 9}}, x);
  check::operation(f(1, 2, 1), xt::xarray<double>{{2, 5}, {8, 11}}, x);
  check::operation(f(-1, -2, -1), xt::xarray<double>{{2, 5}, {8, 11}}, x);
  check::operation(f(2, 0, 1), check::filled({2, 1}, {4, 5}), x);
  check::operation(f(3, 0, 1), Array<double>(Shape{2, 0}), x);
  check::operation(f(0, 0, 1), Array<double>(Shape{0}), Array<double>(Shape{0, 3}));
  const Variable<double> v = x;
  CHECK(check::message<ShapeError>([&] { diagonal(v, 0, 1, -2); }) ==
        "diagonal: axis -2 of an array of shape {2, 3, 2} is named twice");
  CHECK(check::has(check::message<ShapeError>([&] { diagonal(v, 0, 0, 3); }), "diagonal: axis 3"));
  CHECK(
      check::has(check::message<ShapeError>([] { diagonal(Variable<double>(1.0)); }), "diagonal: an array"));
}

TEST_CASE("trace") {
  const check::Listed listed("trace", {"np.trace", "torch.trace", "jnp.trace"});
  const auto f = [](int k, int rows, int columns) {
    return [=](const auto& x) { return trace(x, k, rows, columns); };
  };
  check::operation([](const auto& x) { return trace(x); }, full<double>({}, 5),
                   xt::xarray<double>{{1, 2}, {3, 4}});
  const Array<double> x = check::count_up({2, 3, 2});
  check::operation(f(0, 0, 1), xt::xarray<double>{8, 10}, x);
  check::operation(f(-1, 1, 2), xt::xarray<double>{7, 19}, x);
  check::operation(f(9, 1, 2), xt::xarray<double>{0, 0}, x);
  check::operation(f(0, -1, -2), xt::xarray<double>{3, 15}, x);
}

TEST_CASE("with other namespaces open, Variables use our functions") {
  using namespace xt;
  using namespace std;
  const xarray<double> raw{{1, 2}, {3, 4}};
  const Variable<double> x = raw;
  const bool ours = VariableType<decltype(tril(x))> && VariableType<decltype(triu(x, std::size_t{1}))> &&
                    VariableType<decltype(diag(x, -1))> && VariableType<decltype(diagonal(x))> &&
                    VariableType<decltype(diagonal(x, 0, -1, 0))> &&
                    VariableType<decltype(diagonal(x, 0, std::size_t{0}, std::size_t{1}))> &&
                    VariableType<decltype(trace(x))>;
  CHECK(ours);
  CHECK(is_xexpression<decltype(tril(raw))>::value);
  CHECK(is_xexpression<decltype(diag(raw, 1))>::value);
}
