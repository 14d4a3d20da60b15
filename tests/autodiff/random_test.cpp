#include <autodiff/random.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

using namespace xgrad;

TEST_CASE("the same seed reproduces the same numbers") {
  seed(7);
  const auto a = random_normal<float>({100});
  const auto b = random_normal<float>({100});
  seed(7);
  CHECK(random_normal<float>({100}) == a);
  CHECK_FALSE(a == b);
  Generator one(3);
  Generator other(3);
  CHECK(random_uniform<double>({10}, -1, 1, one) == random_uniform<double>({10}, -1, 1, other));
}

TEST_CASE("uniform draws have the right range, mean and variance") {
  Generator generator(1);
  const auto a = random_uniform<float>({200'000}, -2, 4, generator);
  CHECK(*std::min_element(a.begin(), a.end()) >= -2);
  CHECK(*std::max_element(a.begin(), a.end()) < 4);
  CHECK(xt::mean(xt::cast<double>(a))() == doctest::Approx(1).epsilon(0.02));
  CHECK(xt::variance(xt::cast<double>(a))() == doctest::Approx(3).epsilon(0.02));
}

TEST_CASE("normal draws have the right moments") {
  Generator generator(1);
  const auto a = random_normal<double>({200'001}, 3, 2, generator);
  const xt::xarray<double> z = (a - 3.0) / 2.0;
  CHECK(std::abs(xt::mean(z)()) < 0.01);
  CHECK(xt::mean(z * z)() == doctest::Approx(1).epsilon(0.02));
  CHECK(std::abs(xt::mean(z * z * z)()) < 0.03);
  CHECK(xt::mean(z * z * z * z)() == doctest::Approx(3).epsilon(0.03));
}

TEST_CASE("a permutation contains every index once") {
  Generator generator(1);
  auto order = random_permutation(1000, generator);
  CHECK_FALSE(std::is_sorted(order.begin(), order.end()));
  std::sort(order.begin(), order.end());
  for (std::size_t i = 0; i < order.size(); ++i) CHECK(order[i] == i);
  CHECK(random_permutation(0, generator).empty());
}
