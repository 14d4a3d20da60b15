#include <autodiff/array.hpp>
#include <autodiff/error.hpp>
#include <autodiff/parameter.hpp>
#include <autodiff/random.hpp>
#include <nn/layers.hpp>
#include <nn/module.hpp>
#include <optim/clipping.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>
#ifdef _OPENMP
#include <omp.h>
#endif

using namespace xgrad;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

template <class T>
Parameter<T> with_gradient(std::vector<T> entries) {
  Parameter<T> parameter(full<T>({entries.size()}, T(0)));
  Array<T> gradient(Shape{entries.size()});
  std::copy(entries.begin(), entries.end(), gradient.begin());
  parameter.handle().set_grad(std::move(gradient));
  return parameter;
}

template <class T>
std::vector<T> entries(const Array<T>& array) {
  return {array.begin(), array.end()};
}

}  // namespace

TEST_CASE_TEMPLATE("gradients are clipped by their global norm", T, float, double) {
  auto a = with_gradient<T>({3, 0}), b = with_gradient<T>({0, 4, 12});
  Parameter<T> without(full<T>({2}, T(1)));
  const std::vector handles{a.handle(), without.handle(), b.handle()};
  CHECK(optim::grad_norm(handles) == 13);

  SUBCASE("a norm above max_norm is reduced to it") {
    CHECK(optim::clip_grad_norm(handles, 6.5) == 13);
    CHECK(entries(a.grad()) == std::vector<T>{1.5, 0});
    CHECK(entries(b.grad()) == std::vector<T>{0, 2, 6});
    CHECK(optim::grad_norm(handles) == 6.5);
  }
  SUBCASE("smaller norms are unchanged") {
    CHECK(optim::clip_grad_norm(handles, 13) == 13);
    CHECK(optim::clip_grad_norm(handles, infinity) == 13);
    CHECK(entries(b.grad()) == std::vector<T>{0, 4, 12});
  }
  CHECK_FALSE(without.handle().has_grad());
  CHECK(entries(a.value()) == std::vector<T>{0, 0});
}

TEST_CASE("the parameters of a model") {
  nn::Linear<float> layer(2, 1);
  layer.weight.handle().set_grad(full<float>({1, 2}, 2.0f));
  layer.bias.handle().set_grad(full<float>({1}, 1.0f));
  CHECK(optim::grad_norm(nn::parameters(layer)) == 3);
  CHECK(optim::clip_grad_norm(nn::parameters(layer), 1.5) == 3);
  CHECK(layer.bias.grad()(0) == 0.5f);
}

TEST_CASE("norms of gradients of many sizes") {
  for (const std::size_t size : {1, 31, 32, 33, 1000, 16'384, 16'385, 200'000}) {
    const auto all_twos = with_gradient<float>(std::vector<float>(size, 2));
    CHECK(optim::grad_norm(std::vector{all_twos.handle()}) == std::sqrt(4.0 * static_cast<double>(size)));
  }
}

TEST_CASE("the norm of missing or zero gradients is 0") {
  Parameter<double> without(full<double>({2}, 1.0));
  CHECK(optim::clip_grad_norm(std::vector{without.handle()}, 1) == 0);
  auto zeros = with_gradient<double>({0, 0});
  CHECK(optim::clip_grad_norm(std::vector{zeros.handle()}, 1) == 0);
  CHECK(optim::grad_norm(std::vector<ParameterHandle<float>>{}) == 0);
}

TEST_CASE("the norm is accurate if squares overflow or underflow") {
  auto large = with_gradient<double>({3e200, -4e200}), small = with_gradient<double>({3e-200, -4e-200});
  CHECK(optim::grad_norm(std::vector{large.handle()}) == doctest::Approx(5e200).epsilon(1e-14));
  CHECK(optim::grad_norm(std::vector{small.handle()}) / 5e-200 == doctest::Approx(1).epsilon(1e-14));
  auto tiny = with_gradient<double>({3e-320, -4e-320});
  CHECK(optim::grad_norm(std::vector{tiny.handle()}) > 4.9e-320);
  CHECK(optim::clip_grad_norm(std::vector{large.handle()}, 10) == doctest::Approx(5e200).epsilon(1e-14));
  CHECK(large.grad()(1) == doctest::Approx(-8).epsilon(1e-14));
  auto single = with_gradient<float>({3e38f, 3e38f});
  CHECK(optim::grad_norm(std::vector{single.handle()}) ==
        doctest::Approx(3e38 * std::sqrt(2.0)).epsilon(1e-6));
}

TEST_CASE_TEMPLATE("a non-finite norm is returned, and nothing is clipped", T, float, double) {
  const T inf = std::numeric_limits<T>::infinity(), nan = std::numeric_limits<T>::quiet_NaN();
  auto a = with_gradient<T>({5, inf}), b = with_gradient<T>({7, nan});
  CHECK(optim::clip_grad_norm(std::vector{a.handle()}, 1) == infinity);
  CHECK(std::isnan(optim::clip_grad_norm(std::vector{a.handle(), b.handle()}, 1)));
  CHECK(a.grad()(0) == 5);
  CHECK(b.grad()(0) == 7);
}

TEST_CASE("max_norm must be positive") {
  auto a = with_gradient<double>({3, 4});
  CHECK_THROWS_WITH_AS(optim::clip_grad_norm(std::vector{a.handle()}, 0),
                       "clip_grad_norm: expected max_norm > 0, got 0", ValueError);
  CHECK_THROWS_AS(optim::clip_grad_norm(std::vector{a.handle()}, -1), ValueError);
  CHECK_THROWS_AS(optim::clip_grad_norm(std::vector{a.handle()}, std::nan("")), ValueError);
}

TEST_CASE("the norm does not depend on the number of threads") {
  Generator generator(5);
  Parameter<float> parameter(full<float>({300001}, 0.0f));
  const auto gradient = random_normal<float>({300001}, 0, 1, generator);
  parameter.handle().set_grad(gradient);
  const double norm = optim::grad_norm(std::vector{parameter.handle()});
  double expected = 0;
  for (const float entry : gradient) expected += static_cast<double>(entry) * entry;
  CHECK(norm == doctest::Approx(std::sqrt(expected)).epsilon(1e-12));
#ifdef _OPENMP
  const int threads = omp_get_max_threads();
  for (const int other : {1, 3}) {
    omp_set_num_threads(other);
    CHECK(optim::grad_norm(std::vector{parameter.handle()}) == norm);
  }
  omp_set_num_threads(threads);
#endif
  CHECK(optim::clip_grad_norm(std::vector{parameter.handle()}, 1) == norm);
  CHECK(optim::grad_norm(std::vector{parameter.handle()}) == doctest::Approx(1).epsilon(1e-6));
}
