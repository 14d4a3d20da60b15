#include <autodiff/autodiff.hpp>
#include <nn/information.hpp>
#include <nn/losses.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <numbers>

using namespace xgrad;
namespace information = nn::information;

namespace {
constexpr double infinity = std::numeric_limits<double>::infinity();
}

TEST_CASE("the information of an event") {
  CHECK(information::content(0.125).item() == 3);
  CHECK(information::content(1).item() == 0);
  CHECK(information::content(0).item() == infinity);
  CHECK(information::content(0.01, {.base = 10}).item() == doctest::Approx(2));
}

TEST_CASE("entropy of a bit: 0 at both ends, 1 in the middle, symmetric, at most 1 (A.2)") {
  CHECK(information::binary_entropy(0).item() == 0);
  CHECK(information::binary_entropy(1).item() == 0);
  CHECK(information::binary_entropy(0.5).item() == 1);
  for (double q = 0.05; q < 0.47; q += 0.05) {
    const double h = information::binary_entropy(q).item();
    CHECK(h == doctest::Approx(-q * std::log2(q) - (1 - q) * std::log2(1 - q)).epsilon(1e-14));
    CHECK(h == doctest::Approx(information::binary_entropy(1 - q).item()).epsilon(1e-13));
    CHECK(h < 1);
  }
  CHECK(information::binary_entropy(0.25, {.base = std::numbers::e}).item() ==
        doctest::Approx(0.25 * std::log(4) + 0.75 * std::log(4.0 / 3)).epsilon(1e-14));
}

TEST_CASE("cross entropy exceeds the entropy, and is not symmetric (A.3)") {
  for (const double q : {0.0, 0.1, 0.5, 0.9, 1.0}) {
    CHECK(information::binary_cross_entropy(q, q).item() == information::binary_entropy(q).item());
    for (const double p : {0.05, 0.3, 0.8}) {
      const double h = information::binary_cross_entropy(q, p).item();
      CHECK(h == doctest::Approx(-q * std::log2(p) - (1 - q) * std::log2(1 - p)).epsilon(1e-14));
      CHECK(h >= information::binary_entropy(q).item());
      CHECK(information::binary_divergence(q, p).item() ==
            doctest::Approx(h - information::binary_entropy(q).item()).epsilon(1e-14));
    }
  }
  CHECK(information::binary_cross_entropy(0.1, 0.2).item() !=
        information::binary_cross_entropy(0.2, 0.1).item());
  CHECK(information::binary_cross_entropy(0.1, 0).item() == infinity);
  CHECK(information::binary_cross_entropy(0.1, 1).item() == infinity);
  CHECK(information::binary_cross_entropy(0, 0).item() == 0);
  CHECK(information::binary_cross_entropy(1, 0).item() == infinity);
}

TEST_CASE("distributions along the last axis; with two outcomes they agree with the binary functions") {
  const xt::xarray<double> q{{0.5, 0.25, 0.125, 0.125}, {1, 0, 0, 0}};
  const xt::xarray<double> p{{0.25, 0.25, 0.25, 0.25}, {0.5, 0.5, 0, 0}};
  CHECK(information::entropy(q).value() == xt::xarray<double>{1.75, 0});
  CHECK(information::cross_entropy(q, p).value() == xt::xarray<double>{2, 1});
  CHECK(information::divergence(q, p).value() == xt::xarray<double>{0.25, 1});
  const xt::xarray<double> bit{0.7, 0.3}, other{0.4, 0.6};
  CHECK(information::cross_entropy(bit, other).item() ==
        doctest::Approx(information::binary_cross_entropy(0.3, 0.6).item()).epsilon(1e-14));
  CHECK(information::cross_entropy(xt::xarray<double>{0.5, 0.5}, xt::xarray<double>{1, 0}).item() ==
        infinity);
}

TEST_CASE("the cross-entropy loss is that of the extreme distribution of the label (A.4)") {
  for (const double p : {0.1, 0.5, 0.75}) {
    for (const int y : {0, 1}) {
      const double loss = nn::binary_cross_entropy(xt::xarray<double>{p}, xt::xarray<int>{y}).item();
      CHECK(information::binary_cross_entropy(y, p, {.base = std::numbers::e}).item() ==
            doctest::Approx(loss).epsilon(1e-14));
      CHECK(loss ==
            doctest::Approx(y == 1 ? -std::log(p) : -std::log(1 - p)).epsilon(1e-14));  // with minus signs
    }
    // Section 2.1: l(1, p) = l(0, 1 - p); the curves meet at 1/2, in base 2 with value 1.
    CHECK(nn::binary_cross_entropy(xt::xarray<double>{p}, xt::xarray<int>{1}).item() ==
          doctest::Approx(nn::binary_cross_entropy(xt::xarray<double>{1 - p}, xt::xarray<int>{0}).item()));
  }
  CHECK(information::binary_cross_entropy(1, 0.5).item() == 1);
  CHECK(information::binary_cross_entropy(0, 0.5).item() == 1);
}

TEST_CASE("derivatives of the information functions") {
  const auto check =
      gradcheck([](const Variable<double>& q,
                   const Variable<double>& p) { return information::binary_cross_entropy(q, p); },
                xt::xarray<double>{0.2, 0.7}, xt::xarray<double>{0.4, 0.6});
  CHECK_MESSAGE(check.ok, check.message);
  Variable<double> q = xt::xarray<double>{0.25};
  Tape tape;
  CHECK(tape.gradient(information::binary_entropy(q), q).item() ==
        doctest::Approx(std::log2(3)));  // log (1 - q) / q
}

TEST_CASE("errors for invalid probabilities, distributions and bases") {
  CHECK_THROWS_WITH_AS(information::content(1.5),
                       "information::content: expected a probability in [0, 1], got 1.5", ValueError);
  CHECK_THROWS_AS(information::binary_entropy(std::nan("")), ValueError);
  CHECK_THROWS_WITH_AS(information::entropy(xt::xarray<double>{0.5, 0.25}),
                       "information::entropy: expected probabilities with sum 1, got the sum 0.75",
                       ValueError);
  CHECK_THROWS_WITH_AS(information::entropy(xt::xarray<double>{0.5, 0.5}, {.base = 1}),
                       "information::entropy: expected a finite base > 0 other than 1, got 1", ValueError);
  CHECK_THROWS_WITH_AS(information::cross_entropy(xt::xarray<double>{1}, xt::xarray<double>{0.5, 0.5}),
                       "information::cross_entropy: expected q and p of the same shape, got {1} and {2}",
                       ShapeError);
  CHECK(information::entropy(xt::xarray<float>{0.1F, 0.2F, 0.7F}).item() > 1);  // rounding is accepted
}

TEST_CASE("small probabilities and small differences keep their digits") {  // values of mpmath
  const information::Options nats{.base = std::numbers::e};
  CHECK(information::binary_cross_entropy(0.0, 1e-20, nats).item() == doctest::Approx(1e-20).epsilon(1e-15));
  CHECK(information::binary_divergence(0.5, 0.500001, nats).item() ==
        doctest::Approx(2.0000000001190227e-12).epsilon(1e-9));
  CHECK(information::binary_divergence(0.3, 0.3).item() == 0);
  const xt::xarray<double> q{{0.5, 0.5}, {0, 1}, {0.25, 0.75}};
  const xt::xarray<double> p{{0.5, 0.5}, {0.25, 0.75}, {0, 1}};
  const Array<double> d = information::divergence(q, p, nats).value();
  CHECK(d(0) == 0);
  CHECK(d(1) == doctest::Approx(-std::log(0.75)).epsilon(1e-15));
  CHECK(d(2) == std::numeric_limits<double>::infinity());
}
