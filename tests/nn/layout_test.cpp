#include <autodiff/autodiff.hpp>
#include <nn/nn.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

using namespace xgrad;

namespace {

/// sin(0.37 i + k) in row-major order, as the PyTorch script below has it.
Array<double> wave(const Shape& shape, double k, double step = 0.37) {
  Array<double> w(shape);
  for (std::size_t i = 0; i < w.size(); ++i) w.data()[i] = std::sin(static_cast<double>(i) * step + k);
  return w;
}

/// Images {N, C, H, W} as {N, H, W, C}.
Array<double> channels_last(const Array<double>& x) {
  return permute(Variable<double>(x), {0, 2, 3, 1}).value();
}

struct Net {
  nn::Conv2d<double> conv{2, 3, 3, {.padding = 1}};
  nn::ConvTranspose2d<double> up{3, 4, 2};
  nn::Linear<double> fc{64, 5};
  Variable<double> operator()(const Variable<double>& x) {
    return fc(flatten(up(max_pool2d(relu(conv(x)), 2))));
  }
};

const Array<double>& find(const nn::StateDict& state, const std::string& name) {
  for (const auto& each : state.arrays) {
    if (each.name == name) return std::get<Array<double>>(each.array);
  }
  throw ValueError("no " + name);
}

}  // namespace

// PyTorch 2.15, with w(shape, k) = sin(0.37 i + k):
//   h = F.max_pool2d(F.relu(F.conv2d(w((2, 2, 6, 6), .5), w((3, 2, 3, 3), 1), w((3,), 2), padding=1)), 2)
//   h = F.conv_transpose2d(h, w((3, 4, 2, 2), 3), w((4,), 4))
//   F.linear(torch.flatten(h, 1), w((5, 64), 5), w((5,), 6))
TEST_CASE("weights in PyTorch's order give PyTorch's outputs") {
  nn::StateDict state;
  state.arrays = {{"conv.weight", wave({3, 2, 3, 3}, 1)}, {"conv.bias", wave({3}, 2)},
                  {"up.weight", wave({3, 4, 2, 2}, 3)},   {"up.bias", wave({4}, 4)},
                  {"fc.weight", wave({5, 64}, 5)},        {"fc.bias", wave({5}, 6)}};
  Net net;
  nn::load_state_dict(net, state, {.layout = nn::channels_first});
  const auto y = net(channels_last(wave({2, 2, 6, 6}, 0.5)));
  const std::vector<double> expected{
      -15.676226331377535, -19.813474647557815, 11.150173557901585, 23.158612453898076, -4.496231029507275,
      -31.855662606889734, -23.53317012670008,  26.453390430997718, 30.483166346525334, -18.07406036194331};
  for (std::size_t i = 0; i < 10; ++i)
    CHECK(y.value().data()[i] == doctest::Approx(expected[i]).epsilon(1e-12));
  const auto back = nn::state_dict(net, {.layout = nn::channels_first});
  for (const auto& each : state.arrays) {
    CAPTURE(each.name);
    CHECK(xt::all(xt::equal(find(back, each.name), std::get<Array<double>>(each.array))));
  }
}

// F.conv_transpose2d(w((1, 4, 2, 2), .1), w((4, 3, 2, 2), .2), groups=2)
TEST_CASE("transposed convolutions in groups") {
  nn::ConvTranspose2d<double> up(4, 6, 2, {.groups = 2, .bias = false});
  nn::StateDict state;
  state.arrays = {{"weight", wave({4, 3, 2, 2}, 0.2)}};
  nn::load_state_dict(up, state, {.layout = nn::channels_first});
  const auto y = up(channels_last(wave({1, 4, 2, 2}, 0.1)));
  CHECK(y.value()(0, 0, 0, 0) == doctest::Approx(-0.9775049810418301).epsilon(1e-12));
  CHECK(y.value()(0, 0, 1, 0) == doctest::Approx(-1.738678163065738).epsilon(1e-12));
  CHECK(y.value()(0, 2, 2, 0) == doctest::Approx(0.6821655782870858).epsilon(1e-12));
  CHECK(sum(y).item() == doctest::Approx(17.67817886001385).epsilon(1e-12));
  CHECK(xt::all(xt::equal(find(nn::state_dict(up, {.layout = nn::channels_first}), "weight"),
                          std::get<Array<double>>(state.arrays[0].array))));
}

TEST_CASE("sequences, and shapes in the file") {
  nn::Sequential net{nn::Conv1d<double>(2, 3, 5), nn::Flatten{}, nn::Linear<double>(12, 4),
                     nn::Linear<double>(4, 3)};
  const auto state = nn::state_dict(net, {.layout = nn::channels_first});
  CHECK(find(state, "0.weight").shape() == Shape{3, 2, 5});
  const auto& w = std::get<0>(net.layers).weight.value();
  CHECK(find(state, "0.weight")(2, 1, 4) == w(2, 4, 1));
  // place 1 of 4, channel 2 of 3
  CHECK(find(state, "2.weight")(1, 2 * 4 + 1) == std::get<2>(net.layers).weight.value()(1, 1 * 3 + 2));
  CHECK(xt::all(xt::equal(find(state, "3.weight"), std::get<3>(net.layers).weight.value())));
}

TEST_CASE("a Linear after global pooling keeps its columns, and so does one behind it") {
  nn::Sequential net{nn::Conv2d<double>(1, 2, 3), nn::GlobalAvgPool2d{}, nn::Linear<double>(2, 4),
                     nn::Linear<double>(4, 3)};
  const auto here = nn::state_dict(net);
  const auto there = nn::state_dict(net, {.layout = nn::channels_first});
  for (const char* name : {"2.weight", "3.weight"})
    CHECK(xt::all(xt::equal(find(here, name), find(there, name))));
}

TEST_CASE("what the order of fields cannot tell is said") {
  nn::Sequential net{nn::Conv2d<double>(1, 2, 3), nn::Linear<double>(8, 4)};
  const auto here = nn::state_dict(net);
  const auto kept = nn::state_dict(net, {.layout = nn::channels_first, .flattened = {{"1.weight", 0}}});
  CHECK(xt::all(xt::equal(find(here, "1.weight"), find(kept, "1.weight"))));
  const auto four = nn::state_dict(net, {.layout = nn::channels_first, .flattened = {{"1.weight", 4}}});
  CHECK(find(four, "1.weight")(0, 3 * 2 + 1) == find(here, "1.weight")(0, 1 * 4 + 3));
  const auto wrong = [&](const char* name, std::size_t channels) {
    return [=] { nn::state_dict(net, {.layout = nn::channels_first, .flattened = {{name, channels}}}); };
  };
  CHECK_THROWS_WITH_AS(wrong("0.weight", 2)(),
                       "flattened: \"0.weight\" is no weight of a Linear layer of the model", ValueError);
  CHECK_THROWS_WITH_AS(wrong("1.weight", 3)(),
                       "flattened: 3 channels do not divide the 8 inputs of \"1.weight\"", ValueError);
}
