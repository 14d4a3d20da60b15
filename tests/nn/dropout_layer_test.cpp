#include <autodiff/autodiff.hpp>
#include <nn/nn.hpp>

#include <doctest/doctest.h>

#include <cmath>

using namespace xgrad;

// Section 5: "all the weights in the network are multiplied by p, and this effectively averages the outputs
// of the nets".

TEST_CASE("the scaled linear layer is exactly the mean over all its dropout networks") {
  constexpr std::size_t n = 6;
  for (const double p : {0.5, 0.8}) {
    nn::Linear<double> layer(n, 3);
    const Array<double> x = random_normal<double>({n});
    Array<double> mean = full<double>({3}, 0.0);
    for (std::size_t mask = 0; mask < (1U << n); ++mask) {
      Array<double> kept = x;
      double probability = 1;
      for (std::size_t j = 0; j < n; ++j) {
        const bool is_kept = (mask >> j & 1) != 0;
        probability *= is_kept ? p : 1 - p;
        if (!is_kept) kept(j) = 0;
      }
      mean += probability * layer(Variable<double>(kept)).value();
    }
    nn::Dropout dropout({.keep = p, .inverted = false});
    dropout.training = false;
    const Array<double> scaled = layer(dropout(x)).value();
    for (std::size_t i = 0; i < 3; ++i) CHECK(scaled(i) == doctest::Approx(mean(i)).epsilon(1e-12));
    nn::Dropout inverted({.keep = p});  // scales in training: its mean is the layer itself
    inverted.training = false;
    CHECK(xt::all(xt::equal(layer(inverted(x)).value(), layer(Variable<double>(x)).value())));
  }
}

TEST_CASE("the scaled deep network is close to the mean over sampled networks, in both forms") {
  for (const bool is_inverted : {false, true}) {
    seed(1);
    nn::Linear<double> fc1(10, 64), fc2(64, 64), fc3(64, 4);
    nn::Dropout dropout({.keep = 0.8, .inverted = is_inverted});
    const auto net = [&](const Variable<double>& x) {
      return softmax(fc3(dropout(relu(fc2(dropout(relu(fc1(x))))))), -1);
    };
    const Variable<double> x = random_normal<double>({1, 10});
    Array<double> mean = full<double>({1, 4}, 0.0);
    constexpr int samples = 4000;
    for (int s = 0; s < samples; ++s) mean += net(x).value() / double(samples);
    dropout.training = false;
    const Array<double> scaled = net(x).value();
    double spread = 0;
    for (std::size_t k = 0; k < 4; ++k) {
      CHECK(std::abs(scaled(0, k) - mean(0, k)) < 0.05);
      spread = std::max(spread, std::abs(scaled(0, k) - 0.25));
    }
    CHECK(spread > 0.1);  // the outputs differ, so the agreement is not by chance
  }
}

TEST_CASE("dropout of activations of any rank, and Dropout2d of whole channels") {
  nn::Dropout dropout({.keep = 0.5});
  for (const Shape& shape : {Shape{}, Shape{5}, Shape{2, 3, 4, 5, 2}}) {
    CHECK(dropout(Variable<float>(full<float>(shape, 1.0F))).shape() == shape);
  }
  nn::Sequential net{nn::Conv2d<float>(1, 8, 3), nn::Dropout2d({.keep = 0.5})};
  nn::eval(net);
  CHECK_FALSE(std::get<1>(net.layers).training);
  nn::train(net);
  const auto y = nn::Dropout2d({.keep = 0.5})(Variable<float>(full<float>({2, 4, 4, 8}, 1.0F)));
  CHECK(y.value()(1, 0, 0, 3) == y.value()(1, 3, 2, 3));
}
