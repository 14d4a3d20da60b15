#include "../../support/check_operation.hpp"

using namespace xgrad;

TEST_CASE("reshape, with one extent left open") {
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
  const Array<double> x = check::draw({2, 3, 2, 2});
  const Variable<double> v = x;
  CHECK(flatten(v).shape() == Shape{2, 12});
  CHECK(flatten(v, 0).shape() == Shape{24});
  CHECK(flatten(v, 2).shape() == Shape{2, 3, 4});
  CHECK(flatten(v, 4).shape() == Shape{2, 3, 2, 2, 1});
  CHECK(flatten(Variable<double>(1.0), 0).shape() == Shape{1});
  check::derivatives([](const auto& a) { return flatten(a); }, x);
  CHECK(check::has(check::message<ShapeError>([&] { flatten(v, 5); }), "{2, 3, 2, 2}"));
}

TEST_CASE("transpose in every order") {
  const Array<double> x = check::draw({2, 3, 4});
  std::vector<int> order{0, 1, 2};
  do {
    const std::vector<std::size_t> xt_order(order.begin(), order.end());
    check::operation([&](const auto& v) { return transpose(v, order); },
                     to_array<double>(xt::transpose(x, xt_order)), x);
  } while (std::next_permutation(order.begin(), order.end()));
  check::operation([](const auto& v) { return transpose(v); }, to_array<double>(xt::transpose(x)), x);
  check::operation(
      [](const auto& v) {
        return transpose(v, {-1, 0, 1});
      },
      to_array<double>(xt::transpose(x, {2, 0, 1})), x);
  CHECK(transpose(Variable<double>(5.0)).item() == 5);
  const Array<double> large = check::draw({301, 203});
  CHECK(transpose(Variable<double>(large)).value() == to_array<double>(xt::transpose(large)));
  const Array<double> deep = check::draw({70, 3, 50, 11});
  CHECK(transpose(Variable<double>(deep), {2, 0, 3, 1}).value() ==
        to_array<double>(xt::transpose(deep, {2, 0, 3, 1})));
  const Variable<double> v = x;
  CHECK(check::message<ShapeError>([&] {
          transpose(v, {0, 1, 1});
        }) == "transpose: the order {0, 1, 1} is no permutation of the axes of an array of shape {2, 3, 4}");
  CHECK(check::has(check::message<ShapeError>([&] { transpose(v, {0, 1}); }), "no permutation"));
  CHECK(check::has(check::message<ShapeError>([&] { transpose(v, {0, 1, 3}); }), "axis 3"));
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

TEST_CASE("transposes around the edges of vectors and blocks") {
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

TEST_CASE("broadcasts of short rows and of one number a row") {
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

TEST_CASE("concatenate along each axis") {
  const Array<double> a = check::draw({2, 3}, -2, 2, 1);
  const Array<double> b = check::draw({4, 3}, -2, 2, 2);
  const Array<double> c = check::draw({2, 1}, -2, 2, 3);
  check::operation(
      [](const auto& x, const auto& y) {
        return concatenate({x, y});
      },
      to_array<double>(xt::concatenate(xt::xtuple(a, b), 0)), a, b);
  check::operation(
      [](const auto& x, const auto& y) {
        return concatenate({x, y, x}, -1);
      },
      to_array<double>(xt::concatenate(xt::xtuple(a, c, a), 1)), a, c);
  const Variable<double> none = Array<double>(Shape{0, 3});
  CHECK(concatenate({none, Variable<double>(a), none}).value() == a);
  Tape tape;
  const Variable<double> x = a;
  const auto y = sum(concatenate({constant(b), x}));
  CHECK(tape.gradient(y, x).value() == full<double>({2, 3}, 1));
  CHECK(check::message<ShapeError>([&] {
          concatenate({x, Variable<double>(c)});
        }) == "concatenate: shapes {2, 3} and {2, 1} differ in more than axis 0");
  CHECK(check::has(check::message<ShapeError>([&] { concatenate({x}, 2); }), "axis 2"));
  CHECK(check::has(check::message<ShapeError>([] { concatenate(std::vector<Variable<double>>()); }),
                   "no arrays"));
}
