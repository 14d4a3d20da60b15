#include <autodiff/autodiff.hpp>
#include <nn/layers.hpp>
#include <nn/losses.hpp>
#include <nn/module.hpp>
#include <nn/sequential.hpp>

#include <doctest/doctest.h>

#include <utility>
#include <vector>

using namespace xgrad;

namespace {

/// Program 5 of the design.
template <class T = float>
struct LeNet {
  nn::Conv2d<T> conv1{1, 6, 5, {.padding = 2}};
  nn::Conv2d<T> conv2{6, 16, 5};
  nn::Linear<T> fc1{400, 120}, fc2{120, 84}, fc3{84, 10};
  nn::Dropout dropout{{.keep = 0.5}};

  Variable<T> operator()(const Variable<T>& images) {  // {N, H, W, C}
    auto h = max_pool2d(relu(conv1(images)), 2);
    h = max_pool2d(relu(conv2(h)), 2);
    h = dropout(relu(fc1(flatten(h))));
    return fc3(relu(fc2(h)));  // logits {N, 10}
  }
};

template <class F, class... Inputs>
void check_derivatives(F f, const Inputs&... inputs) {
  const GradCheck first = gradcheck(f, inputs...);
  CHECK_MESSAGE(first.ok, first.message);
  const GradCheck second = gradgradcheck(f, inputs...);
  CHECK_MESSAGE(second.ok, second.message);
}

/// A layer as a function of its input, weight and bias.
template <class Layer>
auto as_function(const Layer& layer) {
  return [layer](const Variable<double>& x, const Variable<double>& weight, const Variable<double>& bias) {
    Layer changed = layer;
    static_cast<Variable<double>&>(changed.weight) = weight;
    static_cast<Variable<double>&>(changed.bias) = bias;
    return changed(x);
  };
}

}  // namespace

TEST_CASE("Linear: y = x W^T + b") {
  nn::Linear<double> fc(3, 2);
  fc.weight.handle().set_value(xt::xarray<double>{{1, 2, 3}, {4, 5, 6}});
  fc.bias.handle().set_value(xt::xarray<double>{10, 20});
  CHECK(fc(xt::xarray<double>{{1, 0, 0}, {0, 1, 1}}).value() == xt::xarray<double>{{11, 24}, {15, 31}});
  CHECK(fc(xt::xarray<double>{1, 1, 1}).value() == xt::xarray<double>{16, 35});
  CHECK(fc(Array<double>(Shape{2, 4, 3}, 0.0)).shape() == Shape{2, 4, 2});
  CHECK(fc(Array<double>(Shape{0, 3})).shape() == Shape{0, 2});
}

TEST_CASE("Linear without bias, and errors") {
  const nn::Linear<float> fc(3, 2, {.bias = false});
  CHECK_FALSE(static_cast<bool>(fc.bias));
  CHECK(fc(Array<float>(Shape{1, 3}, 0.0F)).value() == full<float>({1, 2}, 0));
  CHECK_THROWS_WITH_AS(fc(Array<float>(Shape{64, 4}, 0.0F)),
                       "Linear: expected an input {..., 3}, got shape {64, 4}", ShapeError);
  CHECK_THROWS_AS(fc(1.0F), ShapeError);
  CHECK_THROWS_WITH_AS(nn::Linear<float>(0, 2),
                       "Linear: expected extents of at least 1, got weights of shape {2, 0}", ValueError);
}

TEST_CASE("Linear: derivatives") {
  Generator generator(1);
  const nn::Linear<double> fc(3, 2, {}, generator);
  const auto draw = [&](const Shape& shape) { return random_normal<double>(shape, 0, 1, generator); };
  for (const Shape& shape : {Shape{4, 3}, Shape{3}, Shape{2, 2, 3}}) {
    check_derivatives(as_function(fc), draw(shape), draw({2, 3}), draw({2}));
  }
}

TEST_CASE("Conv2d of a known image") {
  nn::Conv2d<float> conv(1, 1, 2);
  Array<float> kernel = {1, 2, 3, 4};
  Array<float> image = {1, 2, 3, 4, 5, 6};
  conv.weight.handle().set_value(kernel.reshape({1, 2, 2, 1}));
  conv.bias.handle().set_value(Array<float>{0.5F});
  const auto y = conv(image.reshape({1, 2, 3, 1}));
  REQUIRE(y.shape() == Shape{1, 1, 2, 1});
  CHECK(y.value()(0, 0, 0, 0) == 1 * 1 + 2 * 2 + 4 * 3 + 5 * 4 + 0.5F);
  CHECK(y.value()(0, 0, 1, 0) == 2 * 1 + 3 * 2 + 5 * 3 + 6 * 4 + 0.5F);
}

TEST_CASE("Conv2d: shapes follow the options") {
  const auto shape = [](const nn::Conv2d<float>& conv) {
    return conv(Array<float>(Shape{2, 9, 8, 3}, 0.0F)).shape();
  };
  CHECK(shape({3, 4, 3}) == Shape{2, 7, 6, 4});
  CHECK(shape({3, 4, {5, 1}}) == Shape{2, 5, 8, 4});
  CHECK(shape({3, 4, 3, {.stride = 2, .padding = 1}}) == Shape{2, 5, 4, 4});
  CHECK(shape({3, 4, 3, {.padding = "same"}}) == Shape{2, 9, 8, 4});
  CHECK(shape({3, 4, 3, {.padding = "valid", .dilation = 2}}) == Shape{2, 5, 4, 4});
  CHECK(shape({3, 4, 3, {.bias = false}}) == Shape{2, 7, 6, 4});
  CHECK(shape({3, 6, 3, {.groups = 3}}) == Shape{2, 7, 6, 6});
  CHECK(nn::Conv2d<float>(4, 6, 3, {.groups = 2}).weight.shape() == Shape{6, 3, 3, 2});
  CHECK_THROWS_WITH_AS(
      nn::Conv2d<float>(4, 6, 3, {.groups = 4}),
      "Conv2d: expected groups that divide both numbers of channels, got 4 in, 6 out and 4 groups",
      ValueError);
  CHECK_THROWS_AS(nn::Conv2d<float>(4, 6, 3, {.groups = 0}), ValueError);
  CHECK_THROWS_AS(shape({2, 4, 3}), ShapeError);
  CHECK_THROWS_WITH_AS(nn::Conv2d<float>(3, 4, {0, 3}),
                       "Conv2d: expected extents of at least 1, got weights of shape {4, 0, 3, 3}",
                       ValueError);
}

TEST_CASE("Conv2d: derivatives") {
  Generator generator(2);
  const auto draw = [&](const Shape& shape) { return random_normal<double>(shape, 0, 1, generator); };
  const nn::Conv2d<double> plain(2, 3, 3, {}, generator);
  const nn::Conv2d<double> strided(2, 3, {3, 2}, {.stride = 2, .padding = 1}, generator);
  check_derivatives(as_function(plain), draw({2, 4, 4, 2}), draw({3, 3, 3, 2}), draw({3}));
  check_derivatives(as_function(strided), draw({1, 5, 4, 2}), draw({3, 3, 2, 2}), draw({3}));
}

TEST_CASE("Conv1d and ConvTranspose2d: shapes follow the options") {
  const Array<float> sequences(Shape{2, 9, 4}, 0.0F);
  CHECK(nn::Conv1d<float>(4, 6, 3)(sequences).shape() == Shape{2, 7, 6});
  CHECK(nn::Conv1d<float>(4, 6, 3, {.stride = 2, .padding = "same"})(sequences).shape() == Shape{2, 5, 6});
  CHECK(nn::Conv1d<float>(4, 6, 3, {.dilation = 2, .groups = 2})(sequences).shape() == Shape{2, 5, 6});
  CHECK(nn::Conv1d<float>(4, 6, 3, {.groups = 2}).weight.shape() == Shape{6, 3, 2});
  CHECK_FALSE(static_cast<bool>(nn::Conv1d<float>(4, 6, 3, {.bias = false}).bias));
  CHECK_THROWS_WITH_AS(nn::Conv1d<float>(4, 6, 0),
                       "Conv1d: expected extents of at least 1, got weights of shape {6, 0, 4}", ValueError);

  const auto up = [](const nn::ConvTranspose2d<float>& conv) {
    return conv(Array<float>(Shape{2, 4, 5, 4}, 0.0F)).shape();
  };
  CHECK(up({4, 3, 2}) == Shape{2, 5, 6, 3});
  CHECK(up({4, 3, 3, {.stride = 2, .padding = 1, .output_padding = 1}}) == Shape{2, 8, 10, 3});
  CHECK(up({4, 6, 4, {.stride = 2, .padding = "same", .groups = 2}}) == Shape{2, 8, 10, 6});
  CHECK_THROWS_AS(up({3, 6, 4}), ShapeError);
  CHECK_THROWS_WITH_AS(
      nn::ConvTranspose2d<float>(4, 3, 2, {.groups = 2}),
      "ConvTranspose2d: expected groups that divide both numbers of channels, got 4 in, 3 out and 2 groups",
      ValueError);
}

TEST_CASE("Conv1d and ConvTranspose2d: derivatives") {
  Generator generator(2);
  const auto draw = [&](const Shape& shape) { return random_normal<double>(shape, 0, 1, generator); };
  const nn::Conv1d<double> conv(2, 3, 2, {.stride = 2}, generator);
  check_derivatives(as_function(conv), draw({2, 4, 2}), draw({3, 2, 2}), draw({3}));
  const nn::ConvTranspose2d<double> up(2, 4, 2, {.stride = 2, .groups = 2}, generator);
  check_derivatives(as_function(up), draw({1, 2, 3, 2}), draw({4, 2, 2, 1}), draw({4}));
  CHECK(up(draw({1, 2, 2, 2})).shape() == Shape{1, 4, 4, 4});
  CHECK(nn::parameters(up).size() == 2);
}

TEST_CASE("layers without parameters compute their operations on Variables and raw arrays") {
  const xt::xarray<double> x = {{1, -2, 3}, {0, 5, -6}};
  const Variable<double> v = x;
  CHECK(nn::ReLU{}(x).value() == xt::xarray<double>{{1, 0, 3}, {0, 5, 0}});
  CHECK(nn::ReLU{}(v).value() == nn::ReLU{}(x).value());
  CHECK(xt::allclose(nn::Softmax{}(x).value(), softmax(v).value()));
  CHECK(xt::allclose(nn::Softmax{.axis = 0}(x).value(), softmax(v, 0).value()));
  CHECK(nn::Flatten{}(Array<float>(Shape{2, 3, 4}, 0.0F)).shape() == Shape{2, 12});
  CHECK(nn::Flatten{.first_axis = 0}(v).shape() == Shape{6});

  const Array<double> images(Shape{1, 4, 6, 2}, 1.0);
  CHECK(nn::MaxPool2d{2}(images).shape() == Shape{1, 2, 3, 2});
  CHECK(nn::MaxPool2d{{2, 3}}(images).shape() == Shape{1, 2, 2, 2});
  CHECK(nn::MaxPool2d{2, {.stride = 1}}(images).shape() == Shape{1, 3, 5, 2});
  CHECK(nn::AvgPool2d{2}(images).value() == full<double>({1, 2, 3, 2}, 1));
  CHECK(nn::AdaptiveAvgPool2d{{3, 2}}(images).value() == full<double>({1, 3, 2, 2}, 1));
  CHECK(nn::GlobalAvgPool2d{}(images).value() == full<double>({1, 2}, 1));
  CHECK(nn::AvgPool2d{2, {.stride = 2, .padding = 1}}(images).value()(0, 0, 0, 0) == 0.25);
}

TEST_CASE("inverted Dropout scales in training and does nothing in test mode") {
  nn::Dropout dropout{{.keep = 0.8}};
  const Array<double> x = full<double>({100, 100}, 3.0);
  Generator generator(4);
  const auto y = dropout(x, generator);
  double kept = 0;
  for (const double each : y.value()) {
    CHECK_MESSAGE((each == 0 || each == doctest::Approx(3 / 0.8)), each);
    kept += each != 0;
  }
  CHECK(kept / 1e4 == doctest::Approx(0.8).epsilon(0.025));  // 5 standard deviations
  nn::eval(dropout);
  CHECK(dropout(x).value() == x);
}

TEST_CASE("Dropout in the note's form does not scale in training and multiplies by p in test mode") {
  nn::Dropout dropout{{.keep = 0.25, .inverted = false}};
  const Array<float> x = full<float>({1000}, 2.0F);
  const auto y = dropout(x);
  for (const float each : y.value()) CHECK((each == 0 || each == 2));
  nn::eval(dropout);
  CHECK(dropout(x).value() == full<float>({1000}, 0.5F));

  // For the next layer in test mode, this is equivalent to its weights times p, as in the note.
  nn::Linear<float> fc(1000, 3, {.bias = false});
  const auto scaled_output = fc(dropout(x));
  fc.weight.handle().set_value(0.25F * fc.weight.value());
  CHECK(xt::allclose(scaled_output.value(), fc(x).value(), 1e-4));
}

TEST_CASE("Dropout is reproducible, and checks its arguments") {
  const nn::Dropout dropout;
  CHECK(dropout.options.keep == 0.5);
  const Array<double> x = full<double>({50}, 1.0);
  Generator a(9), b(9);
  CHECK(dropout(x, a).value() == dropout(x, b).value());
  seed(9);
  Generator c(9);
  CHECK(dropout(x).value() == dropout(x, c).value());
  CHECK_THROWS_WITH_AS(nn::Dropout({.keep = 1.5}), "Dropout: expected keep in (0, 1], got 1.5", ValueError);
  CHECK_THROWS_AS(nn::Dropout({.keep = 0}), ValueError);
}

TEST_CASE("Sequential applies layers one after the other") {
  Generator generator(3);
  nn::Sequential net{nn::Conv2d<double>(1, 2, 3, {}, generator),
                     nn::ReLU{},
                     nn::MaxPool2d{2},
                     nn::Flatten{},
                     nn::Linear<double>(8, 3, {}, generator),
                     [](const Variable<double>& x) { return 2 * x; }};
  const Array<double> images = random_normal<double>({2, 6, 6, 1}, 0, 1, generator);
  auto& [conv, act, pool, flat, fc, twice] = net.layers;
  const auto expected = 2 * fc(flatten(max_pool2d(relu(conv(images)), 2)));
  CHECK(net(images).value() == expected.value());
  CHECK(std::as_const(net)(Variable<double>(images)).value() == expected.value());
  CHECK(nn::Sequential<>()(images).value() == images);
}

TEST_CASE("LeNet-5: outputs, and gradients of all parameters") {
  seed(1);
  LeNet<> net;
  CHECK(nn::parameter_count(net) == 61706);
  const Array<float> images = random_uniform<float>({2, 28, 28, 1});
  const auto parameters = nn::parameters(net);
  REQUIRE(parameters.size() == 10);
  Tape tape;
  auto loss = nn::cross_entropy(net(images), xt::xarray<int>{3, 7});
  CHECK(loss.shape() == Shape{});
  tape.backward(loss);
  for (const auto& each : parameters) CHECK_MESSAGE(each.parameter.has_grad(), each.name);
}

TEST_CASE("LeNet-5 in float agrees with double") {
  seed(1);
  LeNet<double> real;
  LeNet<float> single;
  const auto from = nn::parameters(real);
  auto to = nn::parameters(single);
  for (std::size_t i = 0; i < to.size(); ++i)
    to[i].parameter.set_value(xt::cast<float>(from[i].parameter.value()));
  nn::eval(real);
  nn::eval(single);
  const Array<double> images = random_uniform<double>({2, 28, 28, 1});
  const Array<double> expected = real(images).value();
  const Array<double> found = xt::cast<double>(single(Array<float>(xt::cast<float>(images))).value());
  CHECK(xt::allclose(found, expected, 1e-4, 1e-4));
}

TEST_CASE("activation layers equal the operations") {
  const Variable<double> x = xt::xarray<double>{-2, -0.5, 0, 1.5};
  const auto same = [&](const auto& layer, const Variable<double>& expected) {
    CHECK(layer(x).value() == expected.value());
    nn::Sequential net{layer};
    CHECK(net(x).value() == expected.value());
  };
  same(nn::ReLU{}, relu(x));
  same(nn::Tanh{}, tanh(x));
  same(nn::Sigmoid{}, sigmoid(x));
  same(nn::Softplus{}, softplus(x));
  same(nn::GELU{}, gelu(x));
  same(nn::SiLU{}, silu(x));
}
