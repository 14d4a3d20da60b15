#include <autodiff/autodiff.hpp>
#include <nn/nn.hpp>

#include <doctest/doctest.h>

using namespace xgrad;

namespace {

struct LeNet {
  nn::Conv2d<float> conv1{1, 6, 5, {.padding = 2}};
  nn::Conv2d<float> conv2{6, 16, 5};
  nn::Linear<float> fc1{400, 120}, fc2{120, 84}, fc3{84, 10};
  nn::Dropout dropout{{.keep = 0.5}};

  Variable<float> operator()(const Variable<float>& images) {
    auto h = max_pool2d(relu(conv1(images)), 2);
    h = max_pool2d(relu(conv2(h)), 2);
    h = dropout(relu(fc1(flatten(h))));
    return fc3(relu(fc2(h)));
  }
};

class Forgetful {
 public:
  Variable<float> operator()(const Variable<float>& x) { return second_(relu(first_(x))); }
  auto fields() { return nn::fields("first", first_); }

 private:
  nn::Linear<float> first_{3, 3};
  nn::Linear<float> second_{3, 3};
};

}  // namespace

TEST_CASE("summary of a plain struct: layers, shapes, parameters, multiply-adds") {
  LeNet net;
  const auto summary = nn::summary(net, {2, 28, 28, 1});
  CHECK(summary.parameters == 61706);
  // 28^2 6 25 + 10^2 16 150 + 400 120 + 120 84 + 84 10, twice
  CHECK(summary.multiply_adds == 2 * (117600 + 240000 + 48000 + 10080 + 840));
  REQUIRE(summary.rows.size() == 11);
  CHECK(summary.rows[0].name == "conv1");
  CHECK(summary.rows[0].operation == "conv2d");
  CHECK(summary.rows[0].output == Shape{2, 28, 28, 6});
  CHECK(summary.rows[0].parameters == 156);
  CHECK(summary.rows[0].multiply_adds == 2 * 117600);
  CHECK(summary.rows[2].name == "max_pool2d");
  CHECK(summary.rows[2].parameters == 0);
  CHECK(summary.rows[10].name == "fc3");
  CHECK(net.dropout.training);
}

TEST_CASE("parameters of a layer that is used twice count once") {
  nn::Linear<double> fc(3, 3);
  const auto twice = [&](const Variable<double>& x) { return fc(fc(x)); };
  nn::Sequential net{fc, nn::ReLU{}, nn::Residual{nn::Linear<double>(3, 3, {.bias = false})}};
  const auto summary = nn::summary(net, {1, 3});
  CHECK(summary.parameters == 12 + 9);
  CHECK(summary.rows[0].name == "0");
  CHECK(summary.rows[2].name == "2.body");
  CHECK(summary.rows[2].operation == "linear");
  CHECK(twice(Variable<double>(full<double>({1, 3}, 1.0))).shape() == Shape{1, 3});
}

TEST_CASE("summary leaves buffers, modes and the generator unchanged") {
  nn::Sequential net{nn::Conv2d<float>(1, 2, 3), nn::BatchNorm2d<float>(2), nn::Dropout{}};
  seed(1);
  const auto next = Generator(default_generator())();
  const auto summary = nn::summary(net, {1, 5, 5, 1});
  CHECK(default_generator()() == next);
  CHECK(std::get<1>(net.layers).running_mean.value()(0) == 0);
  CHECK(std::get<1>(net.layers).training);
  REQUIRE(summary.rows.size() == 2);
  CHECK(summary.rows[1].name == "1");
  CHECK(summary.rows[1].parameters == 4);
  CHECK(summary.rows[1].multiply_adds == 0);
}

TEST_CASE("a summary as a table") {
  nn::Sequential net{nn::Linear<float>(1000, 20), nn::ReLU{}};
  CHECK(fmt::format("{}", nn::summary(net, {1, 1000})) ==
        "input {1, 1000}\n"
        "layer  operation  output   parameters  multiply-adds\n"
        "0      linear     {1, 20}      20,020         20,000\n"
        "relu   relu       {1, 20}           0              0\n"
        "total                          20,020         20,000\n");
}

TEST_CASE("a summary lists the parameters of a layer that fields() omits") {
  Forgetful net;
  const nn::Summary summary = nn::summary(net, {2, 3});
  CHECK(summary.parameters == 12);
  CHECK(summary.unlisted == std::vector<Shape>{{3, 3}, {3}});
  CHECK(
      to_string(summary).find("not in the model: a parameter of shape {3, 3}; name its layer in fields()") !=
      std::string::npos);
}
