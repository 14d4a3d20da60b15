#include <autodiff/autodiff.hpp>
#include <nn/nn.hpp>

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <vector>

using namespace xgrad;

namespace {

Array<double> images() {
  Array<double> x(Shape{2, 2, 3, 2});
  for (std::size_t i = 0; i < x.size(); ++i) {
    x.data()[i] = std::sin(static_cast<double>(i) * 0.7) * 2 + (i % 2 == 0 ? 1 : -3);
  }
  return x;
}

nn::BatchNorm2d<double> layer() {
  nn::BatchNorm2d<double> bn(2);
  bn.weight.handle().set_value(xt::xarray<double>{1.5, -0.5});
  bn.bias.handle().set_value(xt::xarray<double>{0.25, 1.0});
  return bn;
}

void close(const Array<double>& came, std::vector<double> expected) {
  for (std::size_t i = 0; i < expected.size(); ++i) {
    CAPTURE(i);
    CHECK(came.data()[i] == doctest::Approx(expected[i]).epsilon(1e-12));
  }
}

struct Net {
  nn::Conv2d<float> conv{1, 2, 3};
  nn::BatchNorm2d<float> bn{2};
  nn::Linear<float> fc{2, 3};
  Variable<float> operator()(const Variable<float>& x) { return fc(global_avg_pool2d(relu(bn(conv(x))))); }
};

std::vector<std::string> names(const nn::StateDict& state) {
  std::vector<std::string> all;
  for (const auto& each : state.arrays) all.push_back(each.name);
  return all;
}

}  // namespace

// Values computed by PyTorch 2.15: torch.nn.BatchNorm2d(2, dtype=torch.float64) with this weight and bias on
// these images, channels last, with the cotangent cos(0.3 i).
TEST_CASE("BatchNorm2d agrees with PyTorch: values, gradients, running statistics, test mode") {
  auto bn = layer();
  const Variable<double> x = images();
  Array<double> cotangent(Shape{2, 2, 3, 2});
  for (std::size_t i = 0; i < cotangent.size(); ++i)
    cotangent.data()[i] = std::cos(static_cast<double>(i) * 0.3);
  Tape tape;
  const auto y = bn(x);
  close(y.value(), {0.006356956045393547, 0.6006643466312189, 2.204263184074512, 0.441588154264825,
                    0.7535006399269035, 1.32343590294466});
  close(tape.gradient(y, x, cotangent).value(),
        {1.008611615262863, -0.2600372947499465, 0.5355448875302767, -0.12038399369913907,
         0.20292771364141896, -0.02254790948299296});
  close(tape.gradient(y, Variable<double>(bn.weight), cotangent).value(),
        {2.043656354147488, 1.9153058984037477});
  close(tape.gradient(y, Variable<double>(bn.bias), cotangent).value(),
        {1.4786805628677036, 1.3428318029681825});
  close(bn.running_mean.value(), {0.12184788129873324, -0.2811052664294977});
  close(bn.running_var.value(), {1.0973691634093634, 1.1067431471978253});
  nn::eval(bn);
  close(bn(x).value(), {1.5074266415667292, 1.6798610255654178, 4.329558976098538, 1.4716986519780118,
                        2.4667661811402466, 2.6256583852176725});
  close(bn.running_mean.value(), {0.12184788129873324, -0.2811052664294977});  // eval does not change them
}

TEST_CASE("the gradient in test mode is that of an affine map") {
  auto bn = layer();
  bn(images());
  nn::eval(bn);
  const auto check = gradcheck([&](const Variable<double>& x) { return bn(x); }, Variable<double>(images()));
  CHECK_MESSAGE(check.ok, check.message);
}

TEST_CASE("options: affine, track_running_stats, momentum") {
  nn::BatchNorm1d<double> plain(2, {.affine = false});
  CHECK(nn::parameters(plain).empty());
  CHECK(nn::buffers(plain).size() == 2);
  const auto y = plain(xt::xarray<double>{{1, 10}, {3, 30}});
  CHECK(y.value()(0, 0) == doctest::Approx(-1).epsilon(1e-4));

  nn::BatchNorm1d<double> untracked(2, {.track_running_stats = false});
  CHECK(nn::buffers(untracked).empty());
  nn::eval(untracked);
  CHECK(untracked(xt::xarray<double>{{1, 10}, {3, 30}}).value()(1, 1) == doctest::Approx(1).epsilon(1e-4));

  nn::BatchNorm1d<double> fast(1, {.momentum = 1});
  fast(xt::xarray<double>(xt::arange<double>(1, 5, 2).reshape({2, 1})));
  CHECK(fast.running_mean.value()(0) == 2);
  CHECK(fast.running_var.value()(0) == 2);  // unbiased
  const auto sequences = fast(Variable<double>(full<double>({2, 3, 1}, 1.0)));
  CHECK(sequences.shape() == Shape{2, 3, 1});
}

TEST_CASE("BatchNorm: errors") {
  nn::BatchNorm2d<float> bn(3);
  const auto call = [&](const Shape& shape) { bn(Variable<float>(full<float>(shape, 1.0F))); };
  CHECK_THROWS_WITH_AS(call({2, 3}), "BatchNorm2d: expected images {N, H, W, C}, got shape {2, 3}",
                       ShapeError);
  CHECK_THROWS_WITH_AS(
      call({2, 2, 2, 4}),
      "BatchNorm2d: expected 3 channels on the last axis, got an input of shape {2, 2, 2, 4}", ShapeError);
  CHECK_THROWS_WITH_AS(
      call({1, 1, 1, 3}),
      "BatchNorm2d: expected more than one value per channel in training, got an input of shape "
      "{1, 1, 1, 3}: the variance of one value is 0; if it is the last batch of a DataLoader, omit it with "
      "{.batch = ..., .drop_last = true}; to predict, call nn::eval(net) first",
      ValueError);
  nn::eval(bn);
  call({1, 1, 1, 3});
  CHECK_THROWS_WITH_AS(nn::BatchNorm1d<float>(0), "BatchNorm1d: expected at least 1 channel, got 0",
                       ValueError);
  CHECK_THROWS_WITH_AS(nn::BatchNorm1d<float>(1, {.momentum = 2}),
                       "BatchNorm1d: expected momentum in [0, 1], got 2", ValueError);
}

TEST_CASE("buffers are saved, loaded, copied and assigned, but not learned") {
  Net net;
  CHECK(nn::parameters(net).size() == 6);
  REQUIRE(nn::buffers(net).size() == 2);
  CHECK(nn::buffers(net)[0].name == "bn.running_mean");
  net(Variable<float>(random_normal<float>({4, 5, 5, 1})));
  const float mean = net.bn.running_mean.value()(0);
  REQUIRE(mean != 0);
  const auto state = nn::state_dict(net);
  CHECK(names(state) == std::vector<std::string>{"conv.weight", "conv.bias", "bn.weight", "bn.bias",
                                                 "fc.weight", "fc.bias", "bn.running_mean",
                                                 "bn.running_var"});
  Net other;
  nn::load_state_dict(other, state);
  CHECK(other.bn.running_mean.value()(0) == mean);
  Net copy = net;
  copy.bn.running_mean.mutable_value()(0) = 9;
  CHECK(net.bn.running_mean.value()(0) == mean);
  copy = net;
  CHECK(copy.bn.running_mean.value()(0) == mean);
  const auto path = std::filesystem::temp_directory_path() / fmt::format("xgrad-bn-{}.safetensors", getpid());
  nn::save(net, path);
  Net loaded;
  nn::load(loaded, path);
  CHECK(loaded.bn.running_var.value()(1) == net.bn.running_var.value()(1));
  std::filesystem::remove(path);
}

TEST_CASE("residual blocks add their input") {
  nn::Residual block{nn::Sequential{nn::Linear<double>(3, 3), nn::ReLU{}}};
  const Variable<double> x = random_normal<double>({2, 3});
  const auto body = relu(std::get<0>(block.body.layers)(x));
  CHECK(xt::all(xt::equal(block(x).value(), (x + body).value())));
  CHECK(nn::parameters(block)[0].name == "body.0.weight");
  nn::Residual down{nn::Linear<double>(3, 2), nn::Linear<double>(3, 2)};
  CHECK(nn::parameters(down)[2].name == "shortcut.weight");
  CHECK(down(x).shape() == Shape{2, 2});
  nn::Sequential net{nn::Residual{nn::Linear<double>(3, 3)}, nn::Linear<double>(3, 1)};
  CHECK(net(x).shape() == Shape{2, 1});
  CHECK(nn::parameters(net)[0].name == "0.body.weight");
}
