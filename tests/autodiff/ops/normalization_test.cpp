#include "../../support/check_operation.hpp"

#include <limits>

using namespace xgrad;

namespace {

/// By the definition, in double.
Array<double> reference(const Array<double>& x, const Array<double>& weight, const Array<double>& bias,
                        double epsilon) {
  const std::size_t channels = weight.size();
  const std::size_t rows = x.size() / channels;
  Array<double> y(x.shape());
  for (std::size_t c = 0; c < channels; ++c) {
    double mean = 0, variance = 0;
    for (std::size_t r = 0; r < rows; ++r) mean += x.data()[r * channels + c] / static_cast<double>(rows);
    for (std::size_t r = 0; r < rows; ++r) {
      variance += std::pow(x.data()[r * channels + c] - mean, 2) / static_cast<double>(rows);
    }
    for (std::size_t r = 0; r < rows; ++r) {
      const std::size_t i = r * channels + c;
      y.data()[i] = (x.data()[i] - mean) / std::sqrt(variance + epsilon) * weight.data()[c] + bias.data()[c];
    }
  }
  return y;
}

}  // namespace

TEST_CASE("batch_norm: value and derivatives over shapes") {
  const check::Listed listed("batch_norm", {"", "F.batch_norm", "flax.linen.BatchNorm"});
  for (const Shape& shape :
       {Shape{4, 1}, Shape{3, 2}, Shape{2, 2, 3}, Shape{2, 3, 1, 2}, Shape{2, 1, 2, 17}}) {
    for (const double epsilon : {1e-3, 0.5}) {
      CAPTURE(to_string(shape));
      const Array<double> x = check::draw(shape);
      const Array<double> weight = check::draw({shape.back()}, 0.5, 2, 2);
      const Array<double> bias = check::draw({shape.back()}, -1, 1, 3);
      check::operation(
          [&](const auto& a, const auto& w, const auto& b) { return batch_norm(a, w, b, epsilon); },
          reference(x, weight, bias, epsilon), x, weight, bias);
    }
  }
}

TEST_CASE("batch_norm: many rows, over several threads, far from zero") {
  for (const std::size_t channels : {1, 5, 64}) {
    const Array<double> x = check::draw({40'000 / channels, channels}, 999, 1001);
    const Array<double> weight = check::draw({channels}, 0.5, 2, 2);
    const Array<double> bias = check::draw({channels}, -1, 1, 3);
    const Array<double> expected = reference(x, weight, bias, 1e-5);
    CHECK(check::close(
        batch_norm(Variable<double>(x), Variable<double>(weight), Variable<double>(bias)).value(), expected,
        1e-10));
    const auto single = [](const Array<double>& a) { return Variable<float>(xt::cast<float>(a)); };
    // x itself has a rounding error of 6e-5 of its deviation in float
    CHECK(check::close(batch_norm(single(x), single(weight), single(bias)).value(), expected, 1e-4));
  }
}

TEST_CASE("the gradients of weight and bias, over several threads") {
  const Variable<double> x = check::draw({700, 33});
  const Variable<double> weight = check::draw({33}, 0.5, 2, 2);
  const Variable<double> bias = check::draw({33}, -1, 1, 3);
  const Variable<double> cotangent = check::draw({700, 33}, -1, 1, 4);
  const auto gradients = [&] {
    Tape tape;
    const auto y = batch_norm(x, weight, bias);
    return tape.gradient(y, std::vector{x, weight, bias}, cotangent);
  };
  const auto fused = gradients();
  const xt::xarray<double> normal =
      batch_norm(x, Variable<double>(full<double>({33}, 1.0)), Variable<double>(full<double>({33}, 0.0)))
          .value();
  const xt::xarray<double> g = cotangent.value();
  CHECK(check::close(fused[1].value(), to_array<double>(xt::sum(g * normal, {0})), 1e-12));
  CHECK(check::close(fused[2].value(), to_array<double>(xt::sum(g, {0})), 1e-12));
}

TEST_CASE("batch_norm with given moments") {
  const check::Listed listed("batch_norm", {"", "F.batch_norm", "flax.linen.BatchNorm"});
  for (const Shape& shape : {Shape{1, 2}, Shape{3, 2}, Shape{2, 3, 1, 2}}) {
    CAPTURE(to_string(shape));
    const Array<double> x = check::draw(shape);
    const Array<double> weight = check::filled({2}, {0.5, -2});
    const Array<double> bias = check::filled({2}, {1, 3});
    const Moments<double> known{check::filled({2}, {0.25, -1}), check::filled({2}, {0.75, 3})};
    Array<double> expected(shape);
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double v = x.data()[i];
      expected.data()[i] = i % 2 == 0 ? (v - 0.25) * 0.5 + 1 : (v + 1) / std::sqrt(3.25) * -2 + 3;
    }
    const auto f = [&](const auto& a, const auto& w, const auto& b) {
      using T = typename std::decay_t<decltype(a)>::value_type;
      return batch_norm(a, w, b, Moments<T>{xt::cast<T>(known.mean), xt::cast<T>(known.variance)}, 0.25);
    };
    check::operation(f, expected, x, weight, bias);
  }
}

TEST_CASE("batch_norm returns the moments") {
  Moments<double> moments;
  const Variable<double> one = full<double>({2}, 1.0);
  batch_norm(Variable<double>(check::filled({2, 2}, {1, 5, 3, 5})), one, one, 1e-5, &moments);
  CHECK(moments.mean(0) == 2);
  CHECK(moments.variance(0) == 1);
  CHECK(moments.mean(1) == 5);
  CHECK(moments.variance(1) == 0);
}

TEST_CASE("equal values have no deviation: the result is the bias") {
  const Variable<double> one = full<double>({1}, 1.0);
  const auto y = batch_norm(Variable<double>(full<double>({3, 1}, 7.0)), one, one);
  CHECK(y.value()(0, 0) == 1);
  const auto nan = batch_norm(
      Variable<double>(check::filled({2, 1}, {1, std::numeric_limits<double>::quiet_NaN()})), one, one);
  CHECK(std::isnan(nan.value()(0, 0)));
}

TEST_CASE("batch_norm: errors name what does not match") {
  const auto of = [](const Shape& x, const Shape& w, const Shape& b, double epsilon) {
    return [=] {
      batch_norm(Variable<double>(full<double>(x, 1.0)), Variable<double>(full<double>(w, 1.0)),
                 Variable<double>(full<double>(b, 1.0)), epsilon);
    };
  };
  CHECK(check::message<ShapeError>(of({2, 3}, {3}, {2}, 1e-5)) ==
        "batch_norm: weight {3} and bias {2} for x of shape {2, 3}; expected {3} for both");
  CHECK(check::message<ShapeError>(of({0, 3}, {3}, {3}, 1e-5)) ==
        "batch_norm: x of shape {0, 3}; expected {..., C} with at least one entry");
  CHECK(check::message<ShapeError>(of({3}, {3}, {3}, 1e-5)) ==
        "batch_norm: x of shape {3}; expected {..., C} with at least one entry");
  CHECK(check::message<ValueError>(of({2, 3}, {3}, {3}, -1)) ==
        "batch_norm: epsilon = -1; expected a finite number >= 0");
}
