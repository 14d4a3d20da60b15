#include <autodiff/autodiff.hpp>
#include <nn/nn.hpp>
#include <optim/optim.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

using namespace xgrad;

namespace {

struct Net {
  nn::Linear<double> fc1{2, 3}, fc2{3, 2};
  Variable<double> operator()(const Variable<double>& x) const { return fc2(tanh(fc1(x))); }
};

double entry(const Array<double>& a, std::size_t i) { return a.data()[i]; }

}  // namespace

TEST_CASE("gauss_newton_product matches the dense matrix J^T H J") {
  seed(1);
  Net net;
  const auto parameters = nn::parameters(net);
  const Variable<double> x = random_normal<double>({4, 2});
  const xt::xarray<int> labels{0, 1, 1, 0};
  const auto loss = [&](const Variable<double>& y) { return nn::cross_entropy(y, labels); };
  const auto outputs = [&] { return net(x); };

  // J by rows, H by `hessian`.
  std::vector<Array<double>> rows;
  for (std::size_t i = 0; i < 8; ++i) {
    Tape tape;
    Array<double> cotangent = full<double>({4, 2}, 0.0);
    cotangent.data()[i] = 1;
    tape.backward(net(x), Variable<double>(cotangent));
    rows.push_back(optim::detail::flat_gradients(parameters));
  }
  const std::size_t n = rows[0].size();
  const Array<double> h = hessian(loss, net(x)).value();  // {4, 2, 4, 2}
  const auto product = [&](const Array<double>& v) {
    return optim::gauss_newton_product(parameters, outputs, loss, v);
  };
  std::vector<Array<double>> columns;
  for (std::size_t c = 0; c < n; ++c) {
    Array<double> unit = full<double>({n}, 0.0);
    unit(c) = 1;
    columns.push_back(product(unit));
    for (std::size_t r = 0; r < n; ++r) {
      double expected = 0;
      for (std::size_t i = 0; i < 8; ++i) {
        for (std::size_t j = 0; j < 8; ++j) expected += rows[i](r) * entry(h, i * 8 + j) * rows[j](c);
      }
      CHECK(columns[c](r) == doctest::Approx(expected).epsilon(1e-10));
    }
  }
  for (std::size_t k = 0; k < 5; ++k) {
    const Array<double> v = random_normal<double>({n});
    double quadratic = 0;
    const Array<double> gv = product(v);
    for (std::size_t i = 0; i < n; ++i) quadratic += v(i) * gv(i);
    CHECK(quadratic >= -1e-12);
  }
}

TEST_CASE("conjugate gradients solve a system in about as many steps as its dimension") {
  const xt::xarray<double> a{{4, 1, 0}, {1, 3, 1}, {0, 1, 2}};
  const std::function<Array<double>(const Array<double>&)> product = [&](const Array<double>& v) {
    Array<double> image = full<double>({3}, 0.0);
    for (std::size_t i = 0; i < 3; ++i) {
      for (std::size_t j = 0; j < 3; ++j) image(i) += a(i, j) * v(j);
    }
    return image;
  };
  const Array<double> gradient = xt::xarray<double>{-1, -2, -3};
  std::size_t done = 0;
  const auto kept =
      optim::detail::conjugate_gradients<double>(product, gradient, full<double>({3}, 0.0), 50, 0, done);
  CHECK(done <= 4);
  const Array<double> image = product(kept.back());
  for (std::size_t i = 0; i < 3; ++i) CHECK(image(i) == doctest::Approx(-gradient(i)).epsilon(1e-10));
}

TEST_CASE("without damping, one step reaches the minimum of a quadratic") {
  seed(2);
  nn::Linear<double> line(3, 1);
  const Array<double> x = random_normal<double>({30, 3});
  const Array<double> y = random_normal<double>({30, 1});
  optim::HessianFree<double> hf(nn::parameters(line), {.damping = 0, .tolerance = 0});
  const auto step =
      hf.step([&] { return line(x); }, [&](const auto& out) { return nn::quadratic_loss(out, y); });
  CHECK(step.loss_after < step.loss_before);
  CHECK(step.ratio == doctest::Approx(1).epsilon(1e-6));
  Tape tape;
  tape.backward(nn::quadratic_loss(line(x), y));
  CHECK(optim::grad_norm(nn::parameters(line)) < 1e-8);
}

TEST_CASE("damping decreases if the quadratic model is good and increases if it is not") {
  seed(3);
  nn::Linear<double> line(3, 1);
  const Array<double> x = random_normal<double>({30, 3});
  const Array<double> y = random_normal<double>({30, 1});
  optim::HessianFree<double> hf(nn::parameters(line), {.damping = 3});
  const auto good =
      hf.step([&] { return line(x); }, [&](const auto& out) { return nn::quadratic_loss(out, y); });
  CHECK(good.damping == 2);
  // A rounded cusp: away from it the curvature is almost zero, and the model's step is much too long.
  Parameter<double> w(full<double>({1}, 0.1));
  optim::HessianFree<double> other(std::vector<nn::NamedParameter<double>>{{"w", w.handle()}},
                                   {.damping = 1e-3});
  const auto bad = other.step([&] { return Variable<double>(w) * 1.0; },
                              [](const auto& out) { return sum(sqrt(square(out) + 1e-6)); });
  CHECK(bad.damping > 1e-3);
  CHECK(bad.loss_after <= bad.loss_before);
}

TEST_CASE("a narrow autoencoder: far better than gradient descent in the same number of steps") {
  const auto final_loss = [](bool hessian_free) {
    seed(4);
    nn::Sequential net{nn::Linear<double>(12, 8), nn::ReLU{}, nn::Linear<double>(8, 2),
                       nn::Linear<double>(2, 8),  nn::ReLU{}, nn::Linear<double>(8, 12)};
    Generator generator(5);
    const Array<double> code = random_normal<double>({80, 2}, 0, 1, generator);
    const Array<double> mixing = random_normal<double>({2, 12}, 0, 1, generator);
    const Array<double> x = tanh(matmul(Variable<double>(code), Variable<double>(mixing))).value();
    const auto loss = [&](const Variable<double>& out) { return nn::quadratic_loss(out, x); };
    optim::HessianFree<double> hf(nn::parameters(net));
    optim::SGD<double> sgd(nn::parameters(net), {.learning_rate = 0.02});
    for (int t = 0; t < 25; ++t) {
      if (hessian_free) {
        hf.step([&] { return net(x); }, loss);
      } else {
        Tape tape;
        tape.backward(loss(net(x)));
        sgd.step();
      }
    }
    return loss(net(x)).item();
  };
  CHECK(final_loss(true) < 0.5 * final_loss(false));
}

TEST_CASE("invalid arguments are rejected") {
  CHECK_THROWS_WITH_AS(optim::HessianFree<float>({}),
                       "HessianFree: expected at least one parameter, got none", ValueError);
  nn::Linear<float> line(1, 1);
  CHECK_THROWS_WITH_AS(optim::HessianFree<float>(nn::parameters(line), {.damping = -1}),
                       "HessianFree: expected a finite damping >= 0, got -1", ValueError);
}
