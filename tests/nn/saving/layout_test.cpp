#include <autodiff/autodiff.hpp>
#include <nn/nn.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

using namespace xgrad;

namespace {

/// sin(0.37 i + k) in row-major order, as in the PyTorch code below.
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
TEST_CASE("weights in PyTorch's order reproduce PyTorch's outputs") {
  nn::StateDict state;
  state.arrays = {{"conv.weight", wave({3, 2, 3, 3}, 1)}, {"conv.bias", wave({3}, 2)},
                  {"up.weight", wave({3, 4, 2, 2}, 3)},   {"up.bias", wave({4}, 4)},
                  {"fc.weight", wave({5, 64}, 5)},        {"fc.bias", wave({5}, 6)}};
  Net net;
  const nn::SavingOptions options{.layout = nn::channels_first,
                                  .traced = nn::trace_layout(net, {1, 6, 6, 2})};
  nn::load_state_dict(net, state, options);
  const auto y = net(channels_last(wave({2, 2, 6, 6}, 0.5)));
  const std::vector<double> expected{
      -15.676226331377535, -19.813474647557815, 11.150173557901585, 23.158612453898076, -4.496231029507275,
      -31.855662606889734, -23.53317012670008,  26.453390430997718, 30.483166346525334, -18.07406036194331};
  for (std::size_t i = 0; i < 10; ++i)
    CHECK(y.value().data()[i] == doctest::Approx(expected[i]).epsilon(1e-12));
  const auto back = nn::state_dict(net, options);
  for (const auto& each : state.arrays) {
    CAPTURE(each.name);
    CHECK(xt::all(xt::equal(find(back, each.name), std::get<Array<double>>(each.array))));
  }
}

// F.conv_transpose2d(w((1, 4, 2, 2), .1), w((4, 3, 2, 2), .2), groups=2)
TEST_CASE("grouped transposed convolutions") {
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

TEST_CASE("one-dimensional convolutions, and shapes in the file") {
  nn::Sequential net{nn::Conv1d<double>(2, 3, 5), nn::Flatten{}, nn::Linear<double>(12, 4),
                     nn::Linear<double>(4, 3)};
  const auto state =
      nn::state_dict(net, {.layout = nn::channels_first, .traced = nn::trace_layout(net, {1, 8, 2})});
  CHECK(find(state, "0.weight").shape() == Shape{3, 2, 5});
  const auto& w = std::get<0>(net.layers).weight.value();
  CHECK(find(state, "0.weight")(2, 1, 4) == w(2, 4, 1));
  // position 1 of 4, channel 2 of 3
  CHECK(find(state, "2.weight")(1, 2 * 4 + 1) == std::get<2>(net.layers).weight.value()(1, 1 * 3 + 2));
  CHECK(xt::all(xt::equal(find(state, "3.weight"), std::get<3>(net.layers).weight.value())));
}

TEST_CASE("a Linear layer after global pooling keeps its columns, and so does the next one") {
  nn::Sequential net{nn::Conv2d<double>(1, 2, 3), nn::GlobalAvgPool2d{}, nn::Linear<double>(2, 4),
                     nn::Linear<double>(4, 3)};
  const auto here = nn::state_dict(net);
  const auto there =
      nn::state_dict(net, {.layout = nn::channels_first, .traced = nn::trace_layout(net, {1, 5, 5, 1})});
  for (const char* name : {"2.weight", "3.weight"})
    CHECK(xt::all(xt::equal(find(here, name), find(there, name))));
}

TEST_CASE("options specify what was not traced") {
  nn::Sequential net{nn::Conv2d<double>(1, 2, 3), nn::Linear<double>(8, 4)};
  const auto here = nn::state_dict(net);
  const auto kept = nn::state_dict(net, {.layout = nn::channels_first, .flattened = {{"1.weight", 0}}});
  CHECK(xt::all(xt::equal(find(here, "1.weight"), find(kept, "1.weight"))));
  const auto four = nn::state_dict(net, {.layout = nn::channels_first, .flattened = {{"1.weight", 4}}});
  CHECK(find(four, "1.weight")(0, 3 * 2 + 1) == find(here, "1.weight")(0, 1 * 4 + 3));
  const auto wrong = [&](const char* name, std::size_t channels) {
    return [=] { nn::state_dict(net, {.layout = nn::channels_first, .flattened = {{name, channels}}}); };
  };
  CHECK_THROWS_WITH_AS(wrong("2.weight", 2)(),
                       "flattened: \"2.weight\" is not a parameter or buffer of the model", ValueError);
  CHECK_THROWS_WITH_AS(wrong("1.weight", 3)(),
                       "flattened: 3 channels do not divide the 8 inputs of \"1.weight\"", ValueError);
  CHECK_THROWS_WITH_AS(
      nn::state_dict(net, {.layout = nn::channels_first}),
      "channels_first: PyTorch's order of \"1.weight\", \"1.bias\" is unknown: it depends on how the model "
      "uses it. Set .traced = nn::trace_layout(model, input shape), or specify it by name: .flattened = "
      "{{\"1.weight\", channels}} for columns, .unflattened for rows and vectors, 0 channels for no change",
      ValueError);
}

TEST_CASE("rows specified by name match those of a trace") {
  struct Made {
    nn::Linear<double> fc{3, 18};
    nn::Conv2d<double> conv{2, 1, 2};
    Variable<double> operator()(const Variable<double>& z) { return conv(reshape(fc(z), {-1, 3, 3, 2})); }
  } net;
  net.fc.bias.handle().set_value(wave({18}, 1));
  const auto traced =
      nn::state_dict(net, {.layout = nn::channels_first, .traced = nn::trace_layout(net, {1, 3})});
  const auto said = nn::state_dict(
      net,
      {.layout = nn::channels_first, .flattened = {{"fc.weight", 0}}, .unflattened = {{"fc.weight", 2}}});
  for (const char* name : {"fc.weight", "fc.bias", "conv.weight"})
    CHECK(find(traced, name) == find(said, name));
  CHECK(find(traced, "fc.bias")(9 + 4) == net.fc.bias.value()(4 * 2 + 1));  // channel 1, position 4
}

namespace {

/// A model that is a function of a convolution's output, and of a Linear layer.
template <class F>
struct Head {
  nn::Conv2d<double> conv{1, 3, 2};
  nn::Linear<double> fc{27, 4};
  F function;
  auto fields() { return nn::fields("conv", conv, "fc", fc); }
  Variable<double> operator()(const Variable<double>& x) { return function(conv(x), fc); }
};

/// Why the order of a parameter, by default the Linear layer's weight, is unknown; empty if it is known.
template <class F>
std::string problem(const F& function, const char* name = "fc.weight") {
  Head<F> net{.function = function};
  return nn::trace_layout(net, {1, 4, 4, 1}).arrays.at(name).problem;
}

using V = Variable<double>;

}  // namespace

TEST_CASE("an order that cannot be determined is an error; one that is preserved is not") {
  CHECK(problem([](const V& h, auto& fc) { return fc(flatten(h)); }).empty());
  // PyTorch may flatten tokens {N, L, C} or {N, C, L}.
  CHECK(problem([](const V& h, auto& fc) { return fc(flatten(reshape(h, {-1, 9, 3}))); }) ==
        "cannot determine whether PyTorch flattens {9, 3} in this order or channels first");
  CHECK(problem([](const V& h, auto& fc) { return fc(cumsum(flatten(h), 1)); }) ==
        "the operation \"cumsum\" is not known to keep the order");
  CHECK_FALSE(problem([](const V& h, auto& fc) { return fc(V(flatten(h).value())); }).empty());
  CHECK_FALSE(problem([](const V& h, auto& fc) { return fc(stop_gradient(flatten(h))); }).empty());
  CHECK(problem([](const V& h, auto&) { return h; }) == "the traced pass does not use it");
  // A user-defined elementwise operation is understood.
  const auto cube = [](const V& x) {
    return operation("cube", Array<double>(x.value() * x.value() * x.value()),
                     {x, [x](const V& g) { return 3.0 * x * x * g; }});
  };
  CHECK(problem([&](const V& h, auto& fc) { return fc(cube(flatten(h))); }).empty());
  CHECK(problem([](const V& h, auto& fc) {
          return checkpoint([&](const V& x) { return fc(flatten(x)); }, h);
        }).empty());
  // One layer cannot take both flattened images and rows in a fixed order.
  const V row = wave({1, 27}, 3);
  CHECK(problem([&](const V& h, auto& fc) { return fc(flatten(h)) + fc(row); }) ==
        "it is used with flattened images and with an input, whose order is fixed");
  CHECK_FALSE(problem([&](const V& h, auto& fc) { return fc(flatten(h) * row); }).empty());
  CHECK_FALSE(problem([&](const V& h, auto& fc) {
                return fc(flatten(h)) + fc(flatten(transpose(h, {0, 3, 1, 2})));
              }).empty());
  // Half of the flattened images has other entries in PyTorch.
  CHECK_FALSE(problem([](const V& h, auto& fc) {
                const V flat = flatten(h);
                return fc(concatenate(
                    {view(flat, xt::all(), xt::range(0, 13)), view(flat, xt::all(), xt::range(13, 27))}, 1));
              }).empty());
}

TEST_CASE("an input of four axes may be images even if no convolution takes it") {
  nn::Sequential gray{nn::Flatten{}, nn::Linear<double>(16, 4)};
  CHECK(nn::trace_layout(gray, {1, 4, 4, 1}).arrays.at("1.weight").problem.empty());
  nn::Sequential colour{nn::Flatten{}, nn::Linear<double>(48, 4)};
  const auto traced = nn::trace_layout(colour, {1, 4, 4, 3});
  CHECK_FALSE(traced.arrays.at("1.weight").problem.empty());
  const auto said = nn::state_dict(
      colour, {.layout = nn::channels_first, .flattened = {{"1.weight", 3}}, .traced = traced});
  CHECK(find(said, "1.weight")(0, 16 + 5) == std::get<1>(colour.layers).weight.value()(0, 5 * 3 + 1));
}

TEST_CASE("a trace leaves the model, the tape and the generator unchanged") {
  Net net;
  nn::Sequential normed{nn::Conv2d<double>(1, 2, 3), nn::BatchNorm2d<double>(2), nn::Dropout{}, nn::Flatten{},
                        nn::Linear<double>(8, 3)};
  const auto before = nn::state_dict(normed);
  const Generator random = default_generator();
  const auto version = nn::parameters(normed)[0].parameter.version();
  const V x = wave({1, 6, 6, 2}, 0);
  Tape tape;
  const V loss = sum(square(net(x)));
  const std::size_t records = tape.size();
  nn::trace_layout(normed, {2, 4, 4, 1});
  nn::trace_layout(net, {1, 6, 6, 2});
  CHECK(tape.size() == records);
  tape.backward(loss);
  const auto after = nn::state_dict(normed);
  for (const auto& each : before.arrays) CHECK(find(after, each.name) == std::get<Array<double>>(each.array));
  CHECK(default_generator() == random);
  CHECK(nn::parameters(normed)[0].parameter.version() == version);
  CHECK(std::get<2>(normed.layers).training);
}
