#include <autodiff/error.hpp>
#include <autodiff/ops/activations.hpp>
#include <autodiff/ops/softmax.hpp>
#include <autodiff/random.hpp>
#include <autodiff/tape.hpp>
#include <autodiff/transforms/gradcheck.hpp>
#include <nn/losses.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>

using namespace xgrad;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

template <class F, class... Inputs>
void check_derivatives(F f, const Inputs&... inputs) {
  const GradCheck first = gradcheck(f, inputs...);
  CHECK_MESSAGE(first.ok, first.message);
  const GradCheck second = gradgradcheck(f, inputs...);
  CHECK_MESSAGE(second.ok, second.message);
}

/// The gradient of a loss with respect to its outputs.
template <class Loss, class Labels>
Array<double> slope(Loss loss, const Variable<double>& outputs, const Labels& labels) {
  Tape tape;
  return tape.gradient(loss(outputs, labels), outputs).value();
}

bool all_finite(const Array<double>& values) {
  for (const double each : values) {
    if (!std::isfinite(each)) return false;
  }
  return true;
}

const auto two_class = [](const auto& p, const auto& y) { return nn::binary_cross_entropy(p, y); };
const auto two_class_logits = [](const auto& z, const auto& y) {
  return nn::binary_cross_entropy_with_logits(z, y);
};
const auto multi_class = [](const auto& z, const auto& y) { return nn::cross_entropy(z, y); };
const auto multi_class_p = [](const auto& p, const auto& y) {
  return nn::cross_entropy_on_probabilities(p, y);
};

}  // namespace

// The expected values in these tests are those of NumPy and SciPy.

TEST_CASE("quadratic loss: the squared distance, averaged over the batch") {
  const xt::xarray<double> y = {{1, 2}, {3, 4}, {5, 7}};
  const xt::xarray<double> target = {{0, 2}, {1, 5}, {5, 5}};
  CHECK(nn::quadratic_loss(y, target).item() == doctest::Approx(3.3333333333333335));
  CHECK(nn::quadratic_loss(Variable<double>(y), Variable<double>(target)).item() ==
        doctest::Approx(10.0 / 3));
  CHECK(nn::quadratic_loss(xt::xarray<float>{1, 2}, xt::xarray<float>{2, 4}).item() == 2.5F);

  Variable<double> x = y;
  Tape tape;
  const auto loss = nn::quadratic_loss(x, target);
  CHECK(tape.gradient(loss, x).value()(2, 1) == doctest::Approx(2 * 2.0 / 3));
}

TEST_CASE("quadratic loss: shapes") {
  CHECK_THROWS_WITH_AS(nn::quadratic_loss(Array<double>(Shape{3, 1}, 0.0), Array<double>(Shape{3}, 0.0)),
                       "quadratic_loss: expected outputs and targets of the same shape, got {3, 1} and {3}",
                       ShapeError);
  CHECK_THROWS_WITH_AS(
      nn::quadratic_loss(Array<double>(Shape{0, 2}), Array<double>(Shape{0, 2})),
      "quadratic_loss: got an empty batch of shape {0, 2}; the mean needs at least one element", ShapeError);
}

TEST_CASE("cross-entropy from logits") {
  const xt::xarray<double> z = {{1, 2, 3}, {0.5, -1, 2}};
  CHECK(nn::cross_entropy(z, xt::xarray<int>{2, 0}).item() ==
        doctest::Approx(1.0744586305507688).epsilon(1e-12));
  CHECK(nn::cross_entropy(Variable<double>(z), xt::xarray<std::uint8_t>{2, 0}).item() ==
        doctest::Approx(1.0744586305507688).epsilon(1e-12));
  CHECK(nn::cross_entropy(xt::xarray<double>{0, 0}, xt::xarray<int>(1)).item() ==
        doctest::Approx(std::log(2.0)));
}

TEST_CASE("cross-entropy is finite for large logits, with finite gradients") {
  const xt::xarray<double> z = {{1e4, -1e4, 0}, {-1e4, 1e4, 0}};
  const xt::xarray<int> y = {0, 0};
  CHECK(nn::cross_entropy(z, y).item() == doctest::Approx(1e4));
  CHECK(all_finite(slope(multi_class, z, y)));
  CHECK(slope(multi_class, z, y) == xt::xarray<double>{{0, 0, 0}, {-0.5, 0.5, 0}});
}

TEST_CASE("cross-entropy on probabilities") {
  const xt::xarray<double> p = {{0.7, 0.2, 0.1}, {0.25, 0.25, 0.5}};
  CHECK(nn::cross_entropy_on_probabilities(p, xt::xarray<int>{1, 2}).item() ==
        doctest::Approx(1.1512925464970227).epsilon(1e-12));
  CHECK(nn::cross_entropy_on_probabilities(p, xt::xarray<int>{1, 2}).item() ==
        doctest::Approx(-(std::log(0.2) + std::log(0.5)) / 2));
  // d/dp of the mean of -log p_y is -1 / (N p_y) at y, and 0 elsewhere.
  CHECK(xt::allclose(slope(multi_class_p, p, xt::xarray<int>{1, 2}),
                     xt::xarray<double>{{0, -2.5, 0}, {0, 0, -1}}));
}

TEST_CASE("cross-entropy on probabilities 0 and 1") {
  const xt::xarray<double> p = {{1, 0}, {0, 1}};
  const auto right = nn::cross_entropy_on_probabilities(p, xt::xarray<int>{0, 1});
  CHECK(right.item() == 0);
  CHECK_FALSE(std::signbit(right.item()));
  CHECK(all_finite(slope(multi_class_p, p, xt::xarray<int>{0, 1})));
  CHECK(nn::cross_entropy_on_probabilities(p, xt::xarray<int>{0, 0}).item() == infinity);
}

TEST_CASE("two-class cross-entropy") {
  const xt::xarray<double> p = {0.9, 0.2, 0.6, 0.5};
  const xt::xarray<int> y = {1, 0, 0, 1};
  CHECK(nn::binary_cross_entropy(p, y).item() == doctest::Approx(0.48448549485153414).epsilon(1e-12));
  CHECK(nn::binary_cross_entropy(p, xt::xarray<bool>{true, false, false, true}).item() ==
        doctest::Approx(0.48448549485153414).epsilon(1e-12));
  // l(1, p) = l(0, 1 - p), and l(1, 1/2) = -log(1/2) (section 2.1).
  CHECK(nn::binary_cross_entropy(p, y).item() ==
        doctest::Approx(nn::binary_cross_entropy(xt::xarray<double>(1 - p), xt::xarray<int>(1 - y)).item()));
  CHECK(nn::binary_cross_entropy(xt::xarray<double>{0.5}, xt::xarray<int>{1}).item() ==
        doctest::Approx(std::log(2.0)));
  // Small probabilities keep their digits.
  CHECK(nn::binary_cross_entropy(xt::xarray<double>{1e-20}, xt::xarray<int>{0}).item() ==
        doctest::Approx(1e-20));
}

TEST_CASE("two-class cross-entropy: 0 log 0 is 0") {
  const xt::xarray<double> p = {0, 1};
  const auto right = nn::binary_cross_entropy(p, xt::xarray<int>{0, 1});
  CHECK(right.item() == 0);
  CHECK_FALSE(std::signbit(right.item()));
  CHECK(slope(two_class, p, xt::xarray<int>{0, 1}) == xt::xarray<double>{0.5, -0.5});
  CHECK(nn::binary_cross_entropy(p, xt::xarray<int>{1, 1}).item() == infinity);
  CHECK(nn::binary_cross_entropy(p, xt::xarray<int>{0, 0}).item() == infinity);
}

TEST_CASE("two-class cross-entropy from logits") {
  const xt::xarray<double> z = {2, -1, 0.5, -3};
  const xt::xarray<int> y = {1, 0, 0, 1};
  CHECK(nn::binary_cross_entropy_with_logits(z, y).item() ==
        doctest::Approx(1.115713508578761).epsilon(1e-12));
  const Variable<double> p = sigmoid(Variable<double>(z));
  CHECK(nn::binary_cross_entropy_with_logits(z, y).item() ==
        doctest::Approx(nn::binary_cross_entropy(p, y).item()).epsilon(1e-12));
}

TEST_CASE("two-class cross-entropy is finite for large logits, with finite gradients") {
  const xt::xarray<double> z = {1e4, -1e4, 1e4, -1e4};
  const xt::xarray<int> y = {1, 0, 0, 1};
  CHECK(nn::binary_cross_entropy_with_logits(z, y).item() == 5000);
  CHECK(slope(two_class_logits, z, y) == xt::xarray<double>{0, 0, 0.25, -0.25});
  CHECK(nn::binary_cross_entropy_with_logits(xt::xarray<float>{1e4F}, xt::xarray<int>{0}).item() == 1e4F);
}

TEST_CASE("first and second derivatives of the losses") {
  Generator generator(5);
  const Array<double> z = random_normal<double>({4, 3}, 0, 2, generator);
  const Array<double> p = random_uniform<double>({4, 3}, 0.1, 0.9, generator);
  const Array<double> v = random_normal<double>({2, 3, 2}, 0, 1, generator);
  const Array<double> w = random_normal<double>({2, 3, 2}, 0, 1, generator);
  const xt::xarray<int> classes = {0, 2, 1, 2};
  const xt::xarray<int> bits = {{0, 1, 1}, {1, 0, 0}, {1, 1, 1}, {0, 0, 1}};
  check_derivatives(
      [](const Variable<double>& a, const Variable<double>& b) { return nn::quadratic_loss(a, b); }, v, w);
  check_derivatives([&](const Variable<double>& x) { return nn::cross_entropy(x, classes); }, z);
  check_derivatives([&](const Variable<double>& x) { return nn::cross_entropy_on_probabilities(x, classes); },
                    p);
  check_derivatives(
      [&](const Variable<double>& x) { return nn::cross_entropy_on_probabilities(softmax(x), classes); }, z);
  check_derivatives([&](const Variable<double>& x) { return nn::binary_cross_entropy(x, bits); }, p);
  check_derivatives([&](const Variable<double>& x) { return nn::binary_cross_entropy_with_logits(x, bits); },
                    z);
}

TEST_CASE("soft-max and cross-entropy agree in one and in two steps") {
  Generator generator(6);
  const Array<double> z = random_normal<double>({5, 4}, 0, 3, generator);
  const xt::xarray<int> y = {0, 1, 2, 3, 0};
  const auto in_two = [](const auto& x, const auto& labels) {
    return nn::cross_entropy_on_probabilities(softmax(Variable<double>(x)), labels);
  };
  CHECK(nn::cross_entropy(z, y).item() == doctest::Approx(in_two(z, y).item()).epsilon(1e-12));
  CHECK(xt::allclose(slope(multi_class, z, y), slope(in_two, z, y), 1e-10, 1e-12));
}

TEST_CASE("errors for invalid labels and probabilities") {
  const xt::xarray<double> p = {{0.7, 0.3}, {0.2, 0.8}};
  CHECK_THROWS_WITH_AS(nn::cross_entropy(p, xt::xarray<int>{0}),
                       "cross_entropy: expected labels of shape {2}, got {1}", ShapeError);
  CHECK_THROWS_WITH_AS(nn::cross_entropy(p, xt::xarray<int>{0, 2}),
                       "cross_entropy: label 2 at index 1 is not a class in [0, 2)", ValueError);
  CHECK_THROWS_AS(nn::cross_entropy(p, xt::xarray<int>{-1, 0}), ValueError);
  CHECK_THROWS_AS(nn::cross_entropy_on_probabilities(p, xt::xarray<int>{0, 2}), ValueError);
  CHECK_THROWS_WITH_AS(
      nn::cross_entropy_on_probabilities(xt::xarray<double>{3.5, -1}, xt::xarray<int>(0)),
      "cross_entropy_on_probabilities: expected a probability in [0, 1], not a logit, got 3.5", ValueError);
  CHECK_THROWS_AS(nn::binary_cross_entropy(xt::xarray<double>{-0.5}, xt::xarray<int>{0}), ValueError);
  CHECK_THROWS_WITH_AS(nn::binary_cross_entropy(xt::xarray<double>{0.5}, xt::xarray<int>{2}),
                       "binary_cross_entropy: label 2 at index 0 is not a class in [0, 2)", ValueError);
  CHECK_THROWS_WITH_AS(
      nn::binary_cross_entropy_with_logits(Array<double>(Shape{2, 1}, 0.0), xt::xarray<int>{0, 1}),
      "binary_cross_entropy_with_logits: expected labels of shape {2, 1}, got {2}", ShapeError);
  CHECK_THROWS_AS(nn::cross_entropy(Array<double>(Shape{0, 3}), Array<int>(Shape{0})), ShapeError);
  CHECK_THROWS_AS(nn::cross_entropy(Array<double>(Shape{}, 0.0), Array<int>(Shape{}, 0)), ShapeError);
}

TEST_CASE("soft targets and label smoothing: -sum_k q_k log p_k") {
  const xt::xarray<double> z{{1, 2, -1}, {0.5, 0, 3}};
  const xt::xarray<int> y{1, 0};
  const xt::xarray<double> one_hot{{0, 1, 0}, {1, 0, 0}};
  CHECK(nn::cross_entropy(z, one_hot).item() ==
        doctest::Approx(nn::cross_entropy(z, y).item()).epsilon(1e-14));
  double expected = 0;
  for (std::size_t n = 0; n < 2; ++n) {
    const double total = std::exp(z(n, 0)) + std::exp(z(n, 1)) + std::exp(z(n, 2));
    for (std::size_t k = 0; k < 3; ++k) {
      const double q = 0.9 * one_hot(n, k) + 0.1 / 3;
      expected -= q * std::log(std::exp(z(n, k)) / total) / 2;
    }
  }
  CHECK(nn::cross_entropy(z, y, {.label_smoothing = 0.1}).item() == doctest::Approx(expected).epsilon(1e-13));
  CHECK_THROWS_WITH_AS(nn::cross_entropy(z, y, {.label_smoothing = 2}),
                       "cross_entropy: expected label_smoothing in [0, 1], got 2", ValueError);
  CHECK_THROWS_WITH_AS(nn::cross_entropy(z, xt::xarray<double>{1, 0}),
                       "cross_entropy: expected outputs and targets of the same shape, got {2, 3} and {2}",
                       ShapeError);
}

TEST_CASE("mean squared error, and two-class cross entropy with gray targets") {
  const xt::xarray<double> a{{1, 2}, {3, 5}}, b{{1, 0}, {0, 1}};
  CHECK(nn::mean_squared_error(a, b).item() == (0 + 4 + 9 + 16) / 4.0);
  CHECK(nn::quadratic_loss(a, b).item() == 29.0 / 2);
  const double z = 0.75, q = 0.3, p = 1 / (1 + std::exp(-z));
  CHECK(nn::binary_cross_entropy_with_logits(xt::xarray<double>{z}, xt::xarray<double>{q}).item() ==
        doctest::Approx(-q * std::log(p) - (1 - q) * std::log(1 - p)).epsilon(1e-14));
  CHECK(nn::binary_cross_entropy_with_logits(xt::xarray<double>{1000.0}, xt::xarray<double>{1.0}).item() ==
        0);
}

// The expected values below are those of mpmath with 40 digits.

TEST_CASE("cross-entropies keep their digits far from 0 and in saturated tails") {
  const xt::xarray<float> row{{0, 1, 2, 4}};
  for (const float offset : {0.F, 1e3F, -1e3F, 1e4F, 1e5F}) {
    CAPTURE(offset);
    const Variable<float> z = Array<float>(row + offset);
    const xt::xarray<int> label{1};
    const auto close = [](double value) { return doctest::Approx(value).epsilon(3e-7); };
    CHECK(nn::cross_entropy(z, label).item() == close(3.1851824526038125));
    CHECK(nn::cross_entropy(z, label, {.label_smoothing = 0.1}).item() == close(3.1101824526038125));
    CHECK(nn::cross_entropy(z, full<float>({1, 4}, 0.25F)).item() == close(2.4351824526038125));
    CHECK(nn::cross_entropy(z, xt::xarray<float>{{0, 1, 0, 0}}).item() == close(3.1851824526038125));
  }
  constexpr double a = 5.551115123125776e-17;
  const Variable<double> z = xt::xarray<double>{{37.42994775023705, 0}, {0, 37.42994775023705}};
  const xt::xarray<double> one_hot{{1, 0}, {0, 1}};
  for (const auto& loss :
       {std::function([](const Variable<double>& x) { return nn::cross_entropy(x, xt::xarray<int>{0, 1}); }),
        std::function([&](const Variable<double>& x) { return nn::cross_entropy(x, one_hot); })}) {
    Tape tape;
    const auto value = loss(z);
    CHECK(value.item() == doctest::Approx(a).epsilon(1e-14));
    const Array<double> g = tape.gradient(value, z).value();
    CHECK(g(0, 0) == doctest::Approx(-a / 2).epsilon(1e-14));
    CHECK(g(0, 1) == doctest::Approx(a / 2).epsilon(1e-14));
    CHECK(g(1, 0) == doctest::Approx(a / 2).epsilon(1e-14));
    CHECK(g(1, 1) == doctest::Approx(-a / 2).epsilon(1e-14));
  }
  const Variable<double> far = xt::xarray<double>{{-4885.4614, 4878.027}};
  CHECK(nn::cross_entropy(far, xt::xarray<double>{{0.2, 0.8}}).item() ==
        doctest::Approx(0.2 * (4878.027 + 4885.4614)).epsilon(1e-15));
}

TEST_CASE("cross-entropy of distributions: 0 log 0 = 0") {
  const Variable<double> z = xt::xarray<double>{{-infinity, 1, 2}, {-infinity, 0, -infinity}};
  const Variable<double> q = xt::xarray<double>{{0, 0.5, 0.5}, {0, 1, 0}};
  Tape tape;
  const auto loss = nn::cross_entropy(z, q);
  CHECK(loss.item() == doctest::Approx((std::log1p(std::exp(-1.0)) + 0.5) / 2).epsilon(1e-15));
  const auto g = tape.gradient(loss, {z, q});
  const double p = 1 / (1 + std::exp(1.0));
  CHECK(g[0].value()(0, 0) == 0);
  CHECK(g[0].value()(0, 1) == doctest::Approx((p - 0.5) / 2));
  CHECK(g[0].value()(0, 2) == doctest::Approx((0.5 - p) / 2));
  for (std::size_t k = 0; k < 3; ++k) CHECK(g[0].value()(1, k) == 0);
  CHECK(all_finite(g[1].value()));
  // A class with q > 0 and probability 0 makes the loss infinite; a row with q = 0 has loss 0.
  CHECK(nn::cross_entropy(z, xt::xarray<double>{{0.5, 0.5, 0}, {0, 1, 0}}).item() == infinity);
  CHECK(nn::cross_entropy(z, xt::xarray<double>{{0, 0, 0}, {0, 0, 0}}).item() == 0);
  const Variable<double> nan = xt::xarray<double>{{std::nan(""), 1, 2}};
  CHECK(std::isnan(nn::cross_entropy(nan, xt::xarray<double>{{0, 0.5, 0.5}}).item()));
}

TEST_CASE("binary cross-entropies keep their digits in saturated tails and at infinite logits") {
  struct Case {
    double z, q, value, slope;
  };
  constexpr double tail = 4.248354255291589e-18;
  const Case cases[] = {{40, 1, tail, -tail},
                        {-40, 0, tail, tail},
                        {40, 0, 40, 1},
                        {-40, 1, 40, -1},
                        {20, 1, 2.0611536203143807e-09, -2.0611536181902036e-09},
                        {20, 0.9, 2.0000000020611532, 0.1 - 2.0611536181902036e-09},
                        {-infinity, 0, 0, 0},
                        {infinity, 1, 0, 0},
                        {-infinity, 1, infinity, -1},
                        {infinity, 0, infinity, 1},
                        {-infinity, 0.9, infinity, -0.9},
                        {infinity, 0.5, infinity, 0.5}};
  for (const Case& each : cases) {
    CAPTURE(each.z);
    CAPTURE(each.q);
    const Variable<double> z = xt::xarray<double>{each.z};
    const auto check = [&](const auto& targets) {
      Tape tape;
      const auto loss = nn::binary_cross_entropy_with_logits(z, targets);
      const double value = loss.item();
      const double slope = tape.gradient(loss, z).item();
      CHECK((value == each.value || std::abs(value - each.value) <= 1e-15 * each.value));
      CHECK(std::abs(slope - each.slope) <= 1e-15 * std::abs(each.slope));
    };
    check(xt::xarray<double>{each.q});
    if (each.q == 0 || each.q == 1) check(xt::xarray<int>{static_cast<int>(each.q)});
  }
  const Variable<double> nan = xt::xarray<double>{std::nan("")};
  for (const double q : {0.0, 0.5, 1.0}) {
    CHECK(std::isnan(nn::binary_cross_entropy_with_logits(nan, xt::xarray<double>{q}).item()));
  }
  check_derivatives([](const auto& z, const auto& q) { return nn::binary_cross_entropy_with_logits(z, q); },
                    xt::xarray<double>{-2, 0.3, 5}, xt::xarray<double>{0.2, 0.5, 0.9});
}
