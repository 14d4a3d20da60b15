#include "../../support/check_operation.hpp"

using namespace xgrad;

TEST_CASE("concatenate along each axis") {
  const check::Listed listed("concatenate", {"np.concatenate", "torch.cat", "jnp.concatenate"});
  const Array<double> a = check::draw({2, 3}, -2, 2, 1);
  const Array<double> b = check::draw({4, 3}, -2, 2, 2);
  const Array<double> c = check::draw({2, 1}, -2, 2, 3);
  check::operation([](const auto& x, const auto& y) { return concatenate({x, y}); },
                   to_array<double>(xt::concatenate(xt::xtuple(a, b), 0)), a, b);
  check::operation([](const auto& x, const auto& y) { return concatenate({x, y, x}, -1); },
                   to_array<double>(xt::concatenate(xt::xtuple(a, c, a), 1)), a, c);
  const Variable<double> none = Array<double>(Shape{0, 3});
  CHECK(concatenate({none, Variable<double>(a), none}).value() == a);
  Tape tape;
  const Variable<double> x = a;
  const auto y = sum(concatenate({constant(b), x}));
  CHECK(tape.gradient(y, x).value() == full<double>({2, 3}, 1));
  CHECK(check::message<ShapeError>([&] { concatenate({x, Variable<double>(c)}); }) ==
        "concatenate: shapes {2, 3} and {2, 1} differ in more than axis 0");
  CHECK(check::has(check::message<ShapeError>([&] { concatenate({x}, 2); }), "axis 2"));
  CHECK(check::has(check::message<ShapeError>([] { concatenate(std::vector<Variable<double>>()); }),
                   "no arrays"));
}

TEST_CASE("concatenate many entries, in parallel") {
  const Array<double> a = check::count_up({3, 40'000});
  const Array<double> b = check::count_up({3, 7});
  const Array<double> all = concatenate({Variable<double>(a), Variable<double>(b)}, 1).value();
  CHECK(all == to_array<double>(xt::concatenate(xt::xtuple(a, b), 1)));
}

TEST_CASE("stack along each new axis") {
  const check::Listed listed("stack", {"np.stack", "torch.stack", "jnp.stack"});
  const Array<double> a = xt::xarray<double>{{1, 2, 3}, {4, 5, 6}};
  const Array<double> b = -a;
  const auto along = [](int axis) {
    return [axis](const auto& x, const auto& y) { return stack({x, y}, axis); };
  };
  const xt::xarray<double> first{{{1, 2, 3}, {4, 5, 6}}, {{-1, -2, -3}, {-4, -5, -6}}};
  const xt::xarray<double> middle{{{1, 2, 3}, {-1, -2, -3}}, {{4, 5, 6}, {-4, -5, -6}}};
  const xt::xarray<double> last{{{1, -1}, {2, -2}, {3, -3}}, {{4, -4}, {5, -5}, {6, -6}}};
  check::operation(along(0), first, a, b);
  check::operation(along(-3), first, a, b);
  check::operation(along(1), middle, a, b);
  check::operation(along(2), last, a, b);
  check::operation(along(-1), last, a, b);
  check::operation(along(0), xt::xarray<double>{1, 2}, full<double>({}, 1), full<double>({}, 2));
  CHECK(stack({Variable<double>(a)}).shape() == Shape{1, 2, 3});
  CHECK(stack({Variable<double>(Array<double>(Shape{0, 2})), Variable<double>(Array<double>(Shape{0, 2}))}, 1)
            .shape() == Shape{0, 2, 2});
  const Variable<double> x = a;
  CHECK(check::message<ShapeError>([&] { stack({x, transpose(x)}); }) ==
        "stack: shapes {2, 3} and {3, 2} differ");
  CHECK(check::message<ShapeError>([&] { stack({x, x}, 3); }) ==
        "stack: axis 3 for arrays of shape {2, 3}; expected one of -3 ... 2");
  CHECK(check::has(check::message<ShapeError>([] { stack(std::vector<Variable<double>>()); }), "no arrays"));
}

TEST_CASE("hstack") {
  const check::Listed listed("hstack", {"np.hstack", "torch.hstack", "jnp.hstack"});
  const auto f = [](const auto& a, const auto& b) { return hstack({a, b}); };
  check::operation(f, xt::xarray<double>{1, 2, 3, 4}, xt::xarray<double>{1, 2, 3}, xt::xarray<double>{4});
  check::operation(f, xt::xarray<double>{1, 2}, full<double>({}, 1), full<double>({}, 2));
  check::operation(f, xt::xarray<double>{{1, 2, 5}, {3, 4, 6}}, xt::xarray<double>{{1, 2}, {3, 4}},
                   check::filled({2, 1}, {5, 6}));
  CHECK(
      check::has(check::message<ShapeError>([] { hstack(std::vector<Variable<double>>()); }), "hstack: no"));
}

TEST_CASE("vstack") {
  const check::Listed listed("vstack", {"np.vstack", "torch.vstack", "jnp.vstack"});
  const auto f = [](const auto& a, const auto& b) { return vstack({a, b}); };
  check::operation(f, xt::xarray<double>{{1, 2}, {3, 4}}, xt::xarray<double>{1, 2}, xt::xarray<double>{3, 4});
  check::operation(f, check::filled({2, 1}, {1, 2}), full<double>({}, 1), full<double>({}, 2));
  check::operation(f, xt::xarray<double>{{1, 2}, {3, 4}, {5, 6}}, xt::xarray<double>{{1, 2}, {3, 4}},
                   xt::xarray<double>{5, 6});
  CHECK(check::has(check::message<ShapeError>(
                       [&] { vstack({Variable<double>(xt::xarray<double>{1, 2}), Variable<double>(1.0)}); }),
                   "vstack: shapes {1, 2} and {1, 1}"));
}

TEST_CASE("split into equal parts and at indices") {
  const check::Listed listed("split", {"np.split", "torch.tensor_split", "jnp.split"});
  const Array<double> x = check::count_up({2, 6});
  const auto part = [](auto how, int axis, std::size_t k) {
    return [=](const auto& v) { return split(v, how, axis)[k]; };
  };
  check::operation(part(2, 0, 1), check::filled({1, 6}, {6, 7, 8, 9, 10, 11}), x);
  check::operation(part(3, 1, 0), xt::xarray<double>{{0, 1}, {6, 7}}, x);
  check::operation(part(3, -1, 2), xt::xarray<double>{{4, 5}, {10, 11}}, x);
  const std::vector<std::ptrdiff_t> indices{1, -3, 9};
  check::operation(part(indices, 1, 0), check::filled({2, 1}, {0, 6}), x);
  check::operation(part(indices, 1, 1), xt::xarray<double>{{1, 2}, {7, 8}}, x);
  check::operation(part(indices, 1, 2), xt::xarray<double>{{3, 4, 5}, {9, 10, 11}}, x);
  check::operation(part(indices, 1, 3), Array<double>(Shape{2, 0}), x);
  const Variable<double> v = x;
  CHECK(split(v, {4, 2}, 1)[1].shape() == Shape{2, 0});  // as in Python's slice from 4 to 2
  CHECK(split(v, {4, 2}, 1)[2].value() == xt::xarray<double>{{2, 3, 4, 5}, {8, 9, 10, 11}});
  CHECK(split(v, std::vector<std::ptrdiff_t>()).size() == 1);
  CHECK(split(Variable<double>(Array<double>(Shape{0, 2})), 3)[2].shape() == Shape{0, 2});
  check::operation([](const auto& a) { return concatenate(split(a, 3, 1), 1); }, x, x);
  CHECK(check::message<ShapeError>([&] { split(v, 4, 1); }) ==
        "split: axis 1 of an array of shape {2, 6} cannot be cut into 4 equal parts");
  CHECK(check::message<ValueError>([&] { split(v, 0); }) == "split: 0 parts; expected at least one");
  CHECK(check::has(check::message<ShapeError>([&] { split(v, 2, 2); }), "split: axis 2"));
}

TEST_CASE("array_split: a remainder goes to the first parts") {
  const check::Listed listed("array_split", {"np.array_split", "torch.tensor_split", "jnp.array_split"});
  const Array<double> x = check::count_up({8});
  const auto part = [](std::size_t k) { return [k](const auto& v) { return array_split(v, 3)[k]; }; };
  check::operation(part(0), xt::xarray<double>{0, 1, 2}, x);
  check::operation(part(1), xt::xarray<double>{3, 4, 5}, x);
  check::operation(part(2), xt::xarray<double>{6, 7}, x);
  const Variable<double> v = x;
  CHECK(array_split(v, 9)[8].shape() == Shape{0});
  CHECK(array_split(v, {3})[1].shape() == Shape{5});
  CHECK(check::has(check::message<ValueError>([&] { array_split(v, -1); }), "array_split: -1 parts"));
}

TEST_CASE("with other namespaces open, Variables are joined by ours") {
  using namespace xt;
  using namespace std;
  const xarray<double> raw{{1, 2}, {3, 4}};
  const Variable<double> x = raw;
  CHECK(concatenate({x, x}).shape() == Shape{4, 2});
  CHECK(hstack({x, x}).shape() == Shape{2, 4});
  CHECK(vstack({x, x}).shape() == Shape{4, 2});
  CHECK(split(x, 2).size() == 2);
  CHECK(split(x, 2, 1).size() == 2);
  CHECK(split(x, std::size_t{2}).size() == 2);
  CHECK(split(x, x.size() / 2, std::size_t{1}).size() == 2);
  CHECK(split(x, {1}, 1).size() == 2);
  CHECK(array_split(x, 2).size() == 2);
  xarray<double> other = raw;
  CHECK(is_xexpression<decltype(concatenate(xtuple(raw, raw)))>::value);
  CHECK(is_xexpression<decltype(hstack(xtuple(raw, raw)))>::value);
  CHECK(split(other, 2).size() == 2);
}
