#include "../../support/check_operation.hpp"

using namespace xgrad;

TEST_CASE("reshape, with one extent inferred") {
  const check::Listed listed("reshape", {"np.reshape", "torch.reshape", "jnp.reshape"});
  const Array<double> x = check::draw({2, 6});
  const auto in_shape = [&](const Shape& shape) {
    Array<double> y = x;
    y.reshape(shape);
    return y;
  };
  check::operation([](const auto& v) { return reshape(v, {3, 4}); }, in_shape({3, 4}), x);
  check::operation([](const auto& v) { return reshape(v, {2, -1, 3}); }, in_shape({2, 2, 3}), x);
  check::operation([](const auto& v) { return reshape(v, {-1}); }, in_shape({12}), x);
  CHECK(reshape(Variable<double>(3.0), {1, -1}).shape() == Shape{1, 1});
  CHECK(reshape(Variable<double>(Array<double>(Shape{0, 2})), {2, 0}).shape() == Shape{2, 0});
  const Variable<double> v = x;
  const auto text = [&](std::vector<std::ptrdiff_t> to) {
    return check::message<ShapeError>([&] { reshape(v, to); });
  };
  CHECK(text({5, -1}) ==
        "reshape: an array of shape {2, 6} (12 entries) cannot have shape {5, -1}: the other extents do "
        "not divide its size");
  CHECK(check::has(text({3, 5}), "differ"));
  CHECK(check::has(text({-1, -1}), "only one"));
  CHECK(check::has(text({-2, 6}), "negative"));
}

TEST_CASE("flatten") {
  const check::Listed listed("flatten", {"np.ravel", "torch.flatten", "jnp.ravel"});
  const Array<double> x = check::count_up({2, 3, 2, 2});
  const auto from = [](std::size_t axis) { return [axis](const auto& v) { return flatten(v, axis); }; };
  check::operation([](const auto& v) { return flatten(v); }, check::count_up({2, 12}), x);
  check::operation(from(0), check::count_up({24}), x);
  check::operation(from(2), check::count_up({2, 3, 4}), x);
  check::operation(from(4), check::count_up({2, 3, 2, 2, 1}), x);
  check::operation(from(0), full<double>({1}, 3), full<double>({}, 3));
  check::operation(from(1), Array<double>(Shape{0, 6}), Array<double>(Shape{0, 2, 3}));
  const Variable<double> v = x;
  CHECK(check::has(check::message<ShapeError>([&] { flatten(v, 5); }), "{2, 3, 2, 2}"));
}

TEST_CASE("expand_dims") {
  const check::Listed listed("expand_dims", {"np.expand_dims", "torch.unsqueeze", "jnp.expand_dims"});
  const Array<double> x = check::count_up({2, 3});
  check::operation([](const auto& v) { return expand_dims(v, 0); }, check::count_up({1, 2, 3}), x);
  check::operation([](const auto& v) { return expand_dims(v, -1); }, check::count_up({2, 3, 1}), x);
  check::operation([](const auto& v) { return expand_dims(v, -2); }, check::count_up({2, 1, 3}), x);
  check::operation([](const auto& v) { return expand_dims(v, {0, -1, 2}); }, check::count_up({1, 2, 1, 3, 1}),
                   x);
  check::operation([](const auto& v) { return expand_dims(v, std::vector<int>()); }, x, x);
  check::operation([](const auto& v) { return expand_dims(v, 0); }, full<double>({1}, 3),
                   full<double>({}, 3));
  check::operation([](const auto& v) { return expand_dims(v, 1); }, Array<double>(Shape{0, 1}),
                   Array<double>(Shape{0}));
  const Variable<double> v = x;
  CHECK(check::message<ShapeError>([&] { expand_dims(v, 3); }) ==
        "expand_dims: axis 3 of a result of 3 axes; expected one of -3 ... 2");
  CHECK(check::message<ShapeError>([&] { expand_dims(v, {0, -4}); }) ==
        "expand_dims: axis -4 is named twice");
}

TEST_CASE("squeeze") {
  const check::Listed listed("squeeze", {"np.squeeze", "torch.squeeze", "jnp.squeeze"});
  const Array<double> x = check::count_up({1, 2, 1, 3, 1});
  check::operation([](const auto& v) { return squeeze(v); }, check::count_up({2, 3}), x);
  check::operation([](const auto& v) { return squeeze(v, 0); }, check::count_up({2, 1, 3, 1}), x);
  check::operation([](const auto& v) { return squeeze(v, -1); }, check::count_up({1, 2, 1, 3}), x);
  check::operation([](const auto& v) { return squeeze(v, {0, -3}); }, check::count_up({2, 3, 1}), x);
  check::operation([](const auto& v) { return squeeze(v); }, full<double>({}, 3), full<double>({1, 1}, 3));
  check::operation([](const auto& v) { return squeeze(v); }, Array<double>(Shape{0}),
                   Array<double>(Shape{1, 0}));
  const Variable<double> v = x;
  CHECK(check::message<ShapeError>([&] { squeeze(v, 1); }) ==
        "squeeze: axis 1 of an array of shape {1, 2, 1, 3, 1} has extent 2; expected 1");
  CHECK(check::has(check::message<ShapeError>([&] { squeeze(v, 5); }), "squeeze: axis 5"));
}

TEST_CASE("transpose in every order") {
  const check::Listed listed("transpose", {"np.transpose", "torch.permute", "jnp.transpose"});
  const Array<double> x = check::draw({2, 3, 4});
  std::vector<int> order{0, 1, 2};
  do {
    const std::vector<std::size_t> xt_order(order.begin(), order.end());
    check::operation([&](const auto& v) { return transpose(v, order); },
                     to_array<double>(xt::transpose(x, xt_order)), x);
  } while (std::next_permutation(order.begin(), order.end()));
  check::operation([](const auto& v) { return transpose(v); }, to_array<double>(xt::transpose(x)), x);
  check::operation([](const auto& v) { return transpose(v, {-1, 0, 1}); },
                   to_array<double>(xt::transpose(x, {2, 0, 1})), x);
  CHECK(transpose(Variable<double>(5.0)).item() == 5);
  const Array<double> large = check::draw({301, 203});
  CHECK(transpose(Variable<double>(large)).value() == to_array<double>(xt::transpose(large)));
  const Array<double> deep = check::draw({70, 3, 50, 11});
  CHECK(transpose(Variable<double>(deep), {2, 0, 3, 1}).value() ==
        to_array<double>(xt::transpose(deep, {2, 0, 3, 1})));
  const Variable<double> v = x;
  CHECK(check::message<ShapeError>([&] { transpose(v, {0, 1, 1}); }) ==
        "transpose: the order {0, 1, 1} is not a permutation of the axes of an array of shape {2, 3, 4}");
  CHECK(check::has(check::message<ShapeError>([&] { transpose(v, {0, 1}); }), "is not a permutation"));
  CHECK(check::has(check::message<ShapeError>([&] { transpose(v, {0, 1, 3}); }), "axis 3"));
}

TEST_CASE("permute, another name for transpose") {
  const check::Listed listed("permute", {"np.transpose", "torch.permute", "jnp.permute_dims"});
  const Array<double> x = check::count_up({2, 3, 1});
  check::operation([](const auto& v) { return permute(v, {1, -1, 0}); },
                   check::filled({3, 1, 2}, {0, 3, 1, 4, 2, 5}), x);
}

TEST_CASE("swapaxes") {
  const check::Listed listed("swapaxes", {"np.swapaxes", "torch.swapaxes", "jnp.swapaxes"});
  const Array<double> x = check::draw({2, 3, 4});
  const auto f = [](int a, int b) { return [=](const auto& v) { return swapaxes(v, a, b); }; };
  check::operation(f(0, 2), to_array<double>(xt::transpose(x, {2, 1, 0})), x);
  check::operation(f(-1, 1), to_array<double>(xt::transpose(x, {0, 2, 1})), x);
  check::operation(f(1, -2), x, x);
  check::operation(f(0, 1), Array<double>(Shape{2, 0}), Array<double>(Shape{0, 2}));
  CHECK(check::has(check::message<ShapeError>([&] { swapaxes(Variable<double>(x), 0, 3); }),
                   "swapaxes: axis 3"));
}

TEST_CASE("moveaxis") {
  const check::Listed listed("moveaxis", {"np.moveaxis", "torch.moveaxis", "jnp.moveaxis"});
  const Array<double> x = check::draw({2, 3, 4, 1});
  check::operation([](const auto& v) { return moveaxis(v, 0, -1); },
                   to_array<double>(xt::transpose(x, {1, 2, 3, 0})), x);
  check::operation([](const auto& v) { return moveaxis(v, -1, 1); },
                   to_array<double>(xt::transpose(x, {0, 3, 1, 2})), x);
  check::operation([](const auto& v) { return moveaxis(v, {0, 1}, {-1, 0}); },
                   to_array<double>(xt::transpose(x, {1, 2, 3, 0})), x);
  check::operation([](const auto& v) { return moveaxis(v, {3, 0}, {0, 2}); },
                   to_array<double>(xt::transpose(x, {3, 1, 0, 2})), x);
  const Variable<double> v = x;
  CHECK(check::message<ShapeError>([&] { moveaxis(v, {0, 1}, {0}); }) ==
        "moveaxis: axes {0, 1} to places {0}; expected equally many");
  CHECK(check::has(check::message<ShapeError>([&] { moveaxis(v, {0, 1}, {2, -2}); }), "named twice"));
  CHECK(check::has(check::message<ShapeError>([&] { moveaxis(v, 0, 4); }), "moveaxis: axis 4"));
}

namespace {

template <class T>
void check_transposes(const Shape& shape) {
  Array<T> x(shape);
  for (std::size_t i = 0; i < x.size(); ++i) x.data()[i] = static_cast<T>(i);
  std::vector<int> order(shape.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<int>(i);
  do {
    CAPTURE(to_string(shape));
    const std::vector<std::size_t> xt_order(order.begin(), order.end());
    CHECK(transpose(Variable<T>(x), order).value() == to_array<T>(xt::transpose(x, xt_order)));
  } while (std::next_permutation(order.begin(), order.end()));
}

}  // namespace

TEST_CASE("transposes of extents around multiples of vectors and blocks") {
  const std::vector<std::size_t> extents{1, 3, 7, 8, 9, 15, 16, 17, 63, 64, 65, 127, 130, 200};
  for (const std::size_t m : extents) {
    for (const std::size_t n : extents) {
      check_transposes<float>({m, n});
      check_transposes<double>({m, n});
    }
  }
  for (const Shape& shape : {Shape{5, 20, 33}, Shape{17, 1, 40, 3}, Shape{3, 28, 28, 10}, Shape{600, 1001}}) {
    check_transposes<float>(shape);
    check_transposes<double>(shape);
  }
  check_transposes<float>({0, 3});
}

TEST_CASE("broadcasts of short rows and of one number per row") {
  for (const std::size_t columns : {2, 3, 6, 8, 10, 16, 17, 32, 100, 128, 129}) {
    for (const std::size_t rows : {2, 15, 97, 1'000, 7'001}) {
      const Shape shape{rows, columns};
      CAPTURE(to_string(shape));
      const Array<float> x = xt::cast<float>(check::draw(shape));
      for (const Shape& other : {Shape{columns}, Shape{rows, 1}, Shape{1, 1}}) {
        const Array<float> b = xt::cast<float>(check::draw(other, -2, 2, 5));
        const Array<float> wide = to_array<float>(xt::broadcast(b, shape));
        CHECK(broadcast_to(Variable<float>(b), shape).value() == wide);
        CHECK((Variable<float>(x) - b).value() == to_array<float>(x - wide));
        CHECK((b - Variable<float>(x)).value() == to_array<float>(wide - x));
      }
    }
  }
  const Array<double> x = check::draw({30, 7, 5, 6});
  for (const Shape& other : {Shape{6}, Shape{5, 1}, Shape{7, 1, 6}, Shape{30, 1, 5, 1}, Shape{30, 1, 1, 6}}) {
    const Array<double> b = check::draw(other);
    CHECK((Variable<double>(x) * b).value() == to_array<double>(x * xt::broadcast(b, x.shape())));
  }
}

TEST_CASE("broadcast_to") {
  const check::Listed listed("broadcast_to", {"np.broadcast_to", "torch.broadcast_to", "jnp.broadcast_to"});
  const std::vector<std::pair<Shape, Shape>> shapes{
      {{}, {2, 3}}, {{3}, {2, 3}}, {{2, 1}, {2, 3}}, {{1, 3, 1}, {2, 3, 4}}, {{2, 3}, {2, 3}}, {{1}, {0}}};
  for (const auto& pair : shapes) {
    const Array<double> x = check::draw(pair.first);
    const Shape& target = pair.second;
    check::operation([&](const auto& v) { return broadcast_to(v, target); },
                     to_array<double>(xt::broadcast(x, target)), x);
  }
  const Variable<double> v = check::draw({2, 3});
  CHECK(check::has(check::message<ShapeError>([&] { broadcast_to(v, {2, 4}); }), "{2, 3} and {2, 4}"));
  CHECK(check::has(check::message<ShapeError>([&] { broadcast_to(v, {3}); }), "does not broadcast to {3}"));
}

TEST_CASE("with other namespaces open, Variables are reshaped by ours") {
  using namespace xt;
  using namespace std;
  const xarray<double> raw = xarray<double>::from_shape({1, 2});
  const Variable<double> v = raw;
  const std::size_t zero = 0;
  const bool ours = VariableType<decltype(expand_dims(v, 0))> &&
                    VariableType<decltype(expand_dims(v, zero))> &&
                    VariableType<decltype(expand_dims(v, {0, 1}))> && VariableType<decltype(squeeze(v))> &&
                    VariableType<decltype(squeeze(v, 0))> && VariableType<decltype(squeeze(v, zero))> &&
                    VariableType<decltype(squeeze(v, {0}))> && VariableType<decltype(swapaxes(v, 0, 1))> &&
                    VariableType<decltype(moveaxis(v, 0, 1))> && VariableType<decltype(permute(v, {1, 0}))> &&
                    VariableType<decltype(transpose(v, {1, 0}))>;
  CHECK(ours);
  CHECK(is_xexpression<decltype(squeeze(raw))>::value);
  CHECK(is_xexpression<decltype(expand_dims(raw, 0))>::value);
}
