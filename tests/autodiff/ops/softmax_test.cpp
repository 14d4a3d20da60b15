#include "../../support/check_operation.hpp"

#include <cstdint>

using namespace xgrad;

namespace {

/// exp(x_i) / sum_j exp(x_j), by the definition.
Array<double> softmax_reference(const Array<double>& x, std::size_t axis) {
  std::size_t inner = 1;
  for (std::size_t i = axis + 1; i < x.dimension(); ++i) inner *= x.shape()[i];
  const std::size_t block = inner * x.shape()[axis];
  Array<double> p(x.shape());
  for (std::size_t i = 0; i < x.size(); ++i) {
    double total = 0;
    for (std::size_t j = i / block * block + i % inner; j < (i / block + 1) * block; j += inner) {
      total += std::exp(x.data()[j]);
    }
    p.data()[i] = std::exp(x.data()[i]) / total;
  }
  return p;
}

}  // namespace

TEST_CASE("softmax and log_softmax along every axis") {
  for (const Shape& shape : {Shape{4}, Shape{1}, Shape{3, 5}, Shape{2, 3, 4}, Shape{2, 17}, Shape{3, 1, 2}}) {
    for (std::size_t axis = 0; axis < shape.size(); ++axis) {
      CAPTURE(to_string(shape));
      CAPTURE(axis);
      const Array<double> x = check::draw(shape);
      const Array<double> p = softmax_reference(x, axis);
      const auto number = static_cast<int>(axis);
      check::operation([&](const auto& v) { return softmax(v, number); }, p, x);
      check::operation([&](const auto& v) { return log_softmax(v, number); }, to_array<double>(xt::log(p)),
                       x);
      const int negative = number - static_cast<int>(shape.size());
      CHECK(softmax(Variable<double>(x), negative).value() == softmax(Variable<double>(x), number).value());
    }
  }
}

TEST_CASE("softmax gives points of the simplex, for large arrays too") {
  const Variable<float> x = xt::cast<float>(check::draw({20'000, 10}, -30, 30));
  const auto p = softmax(x);
  const auto total = sum(p, 1);
  std::size_t off = 0;
  for (const float t : total.value()) off += !(std::abs(t - 1) < 1e-5F);
  for (const float entry : p.value()) off += !(entry >= 0);
  CHECK(off == 0);
}

TEST_CASE("logits of +-1e4") {
  const Variable<double> x = xt::xarray<double>{1e4, -1e4, 0};
  CHECK(softmax(x).value() == xt::xarray<double>{1, 0, 0});
  CHECK(log_softmax(x).value() == xt::xarray<double>{0, -2e4, -1e4});
  const Variable<double> rows = xt::xarray<double>{{1e4, -1e4}, {1e4, -1e4}};
  const auto [loss, gradient] = value_and_grad(
      [](const Variable<double>& v) {
        return sum(softmax_cross_entropy(v, xt::xarray<int>{0, 1}));
      },
      rows);
  CHECK(loss.item() == 2e4);
  CHECK(gradient.value() == xt::xarray<double>{{0, 0}, {1, -1}});
  const Variable<float> in_float = xt::xarray<float>{{1e4F, -1e4F}};
  CHECK(softmax_cross_entropy(in_float, xt::xarray<int>{1}).item() == 2e4F);
}

TEST_CASE("softmax_cross_entropy is -log p_y") {
  const Array<double> x = check::draw({4, 3});
  const xt::xarray<int> labels{2, 0, 1, 2};
  const Array<double> p = softmax_reference(x, 1);
  Array<double> expected(Shape{4});
  for (std::size_t n = 0; n < 4; ++n) expected(n) = -std::log(p(n, static_cast<std::size_t>(labels(n))));
  check::operation([&](const auto& v) { return softmax_cross_entropy(v, labels); }, expected, x);

  const Array<double> deep = check::draw({2, 3, 4});
  const xt::xarray<std::uint8_t> of_deep{{0, 1, 2}, {3, 3, 0}};
  check::derivatives([&](const auto& v) { return softmax_cross_entropy(v, of_deep); }, deep);
  const Variable<double> v = x;
  CHECK(softmax_cross_entropy(v, xt::xarray<std::int64_t>(labels)).value() ==
        softmax_cross_entropy(v, xt::xarray<std::uint8_t>(labels)).value());
  CHECK(softmax_cross_entropy(Variable<double>(Array<double>(Shape{0, 3})), Array<int>(Shape{0})).size() ==
        0);
}

TEST_CASE("labels and shapes that do not fit") {
  const Variable<double> x = check::draw({2, 3});
  CHECK(check::message<ValueError>([&] {
          softmax_cross_entropy(x, xt::xarray<int>{0, 3});
        }) == "softmax_cross_entropy: label 3 (number 1) is none of the 3 classes 0 ... 2");
  CHECK(check::has(check::message<ValueError>([&] {
                     softmax_cross_entropy(x, xt::xarray<int>{-1, 0});
                   }),
                   "label -1"));
  CHECK(check::message<ShapeError>([&] {
          softmax_cross_entropy(x, xt::xarray<int>{0, 1, 2});
        }) == "softmax_cross_entropy: logits {2, 3} and labels {3}; expected {..., K} and {...}");
  CHECK(check::has(check::message<ShapeError>([&] { softmax(x, 2); }), "softmax: axis 2"));
  CHECK(check::has(check::message<ShapeError>([&] { log_softmax(Variable<double>(1.0)); }), "log_softmax"));
}
