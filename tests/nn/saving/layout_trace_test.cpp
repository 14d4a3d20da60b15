#include <autodiff/autodiff.hpp>
#include <nn/nn.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

using namespace xgrad;

namespace {

using F = float;
using V = Variable<float>;
using Conv = nn::Conv2d<F>;
using Up = nn::ConvTranspose2d<F>;
using Linear = nn::Linear<F>;

/// The models of layout_models.py, with PyTorch's weights, inputs and outputs.
const nn::Npz& models() {
  static const nn::Npz arrays = nn::read_npz(XGRAD_LAYOUT_MODELS);
  return arrays;
}

V input(const std::string& model, int number = 0) {
  return models().get<F>(model + "/x" + std::to_string(number));
}

/// PyTorch's weights of a model.
nn::StateDict weights(const std::string& model) {
  nn::StateDict state;
  for (const auto& [name, array] : models().arrays) {
    const std::string own = name.substr(0, name.find('/'));
    const std::string key = name.substr(name.find('/') + 1);
    if (own == model && key != "y" && key != "x0" && key != "x1")
      state.arrays.push_back({key, std::get<Array<F>>(array)});
  }
  return state;
}

Parameter<F> parameter(const Shape& shape) { return Parameter<F>(random_normal<F>(shape)); }

/// With PyTorch's weights, a model reproduces PyTorch's outputs; saved again, the weights are the same.
template <class Net>
void check(const std::string& name, Net& net, const nn::LayoutTrace& traced, const auto& forward) {
  CAPTURE(name);
  CAPTURE(nn::to_string(traced));
  const nn::SavingOptions options{.layout = nn::channels_first, .traced = traced};
  const nn::StateDict state = weights(name);
  nn::load_state_dict(net, state, options);
  const nn::TestMode mode(net);
  const V y = forward(net);
  const auto& expected = models().get<F>(name + "/y");
  REQUIRE(y.shape() == expected.shape());
  double difference = 0;
  for (std::size_t i = 0; i < y.size(); ++i)
    difference = std::max(difference, std::abs(double(y.value().data()[i]) - double(expected.data()[i])));
  CHECK(difference < 1e-5);
  const nn::StateDict back = nn::state_dict(net, options);
  CHECK(back.arrays.size() == state.arrays.size());
  for (const nn::NamedArray& each : state.arrays) {
    CAPTURE(each.name);
    const auto found = std::ranges::find(back.arrays, each.name, &nn::NamedArray::name);
    REQUIRE(found != back.arrays.end());
    CHECK(std::get<Array<F>>(found->array) == std::get<Array<F>>(each.array));
  }
}

/// The same for a model of one or two inputs, traced with a batch of one sample.
template <class Net>
void check(const std::string& name, Net net) {
  Shape shape = input(name).shape();
  shape[0] = 1;
  if constexpr (requires { net(input(name)); }) {
    check(name, net, nn::trace_layout(net, shape), [&](Net& own) { return own(input(name)); });
  } else {
    Shape second = input(name, 1).shape();
    second[0] = 1;
    check(name, net, nn::trace_layout(net, shape, second),
          [&](Net& own) { return own(input(name), input(name, 1)); });
  }
}

struct LeNet {
  Conv conv1{2, 3, 3, {.padding = 1}};
  Linear fc1{27, 5}, fc2{5, 4};
  V operator()(const V& x) { return fc2(relu(fc1(flatten(max_pool2d(relu(conv1(x)), 2))))); }
};

struct UNet {
  Conv down1{1, 3, 3, {.padding = 1}}, down2{3, 4, 3, {.padding = 1}};
  Up up{4, 2, 2, {.stride = 2}};
  Conv out{5, 2, 1};
  V operator()(const V& x) {
    const V a = relu(down1(x));
    const V b = relu(down2(max_pool2d(a, 2)));
    return out(concatenate({a, up(b)}, 3));
  }
};

struct Dcgan {
  Linear fc{5, 36};
  nn::BatchNorm1d<F> bn1{36};
  Up up1{4, 3, 4, {.stride = 2, .padding = 1}};
  nn::BatchNorm2d<F> bn2{3};
  Up up2{3, 2, 4, {.stride = 2, .padding = 1}};
  V operator()(const V& z) { return up2(relu(bn2(up1(reshape(relu(bn1(fc(z))), {-1, 3, 3, 4}))))); }
};

struct Bottleneck {
  Conv conv{1, 3, 3, {.stride = 2, .padding = 1}};
  Linear squeeze{27, 4}, expand{4, 27};
  Up up{3, 1, 2, {.stride = 2}};
  V operator()(const V& x) {
    const V h = relu(expand(relu(squeeze(flatten(relu(conv(x)))))));
    return up(reshape(h, {-1, 3, 3, 3}));
  }
};

struct Vae {
  Conv conv{1, 3, 3, {.stride = 2, .padding = 1}};
  Linear mu{27, 2}, logvar{27, 2}, fc{2, 27};
  Up up{3, 1, 2, {.stride = 2}};
  std::pair<V, V> encode(const V& x) {
    const V h = flatten(relu(conv(x)));
    return {mu(h), logvar(h)};
  }
  V decode(const V& z) { return up(reshape(relu(fc(z)), {-1, 3, 3, 3})); }
};

struct SqueezeExcite {
  Conv conv{1, 4, 3};
  Linear down{4, 2}, up{2, 4}, head{64, 3};
  V operator()(const V& x) {
    const V h = relu(conv(x));
    const V gate = sigmoid(up(relu(down(global_avg_pool2d(h)))));
    return head(flatten(h * reshape(gate, {-1, 1, 1, 4})));
  }
};

struct Pooled {
  Conv conv{1, 4, 3};
  Linear table{8, 8}, fc1{16, 6}, fc2{6, 3};
  V operator()(const V& x, const V& t) {
    const V h = relu(conv(x));
    return fc2(relu(fc1(concatenate({global_max_pool2d(h), global_avg_pool2d(h), relu(table(t))}, 1))));
  }
};

struct Sequence {
  nn::Conv1d<F> conv1{2, 4, 3, {.padding = 1}}, conv2{4, 6, 3, {.stride = 2, .padding = 1, .groups = 2}};
  nn::BatchNorm1d<F> bn{6};
  Linear fc{30, 3};
  V operator()(const V& x) { return fc(flatten(relu(bn(conv2(relu(conv1(x))))))); }
};

struct Norms {
  Conv conv{1, 3, 3};
  nn::BatchNorm1d<F> bn1{27};
  nn::Dropout drop{{.keep = 0.5}};
  Linear fc1{27, 6};
  nn::BatchNorm1d<F> bn2{6};
  Linear fc2{6, 3};
  V operator()(const V& x) { return fc2(bn2(relu(fc1(drop(bn1(flatten(relu(conv(x))))))))); }
};

struct Zero {
  Conv trunk{2, 4, 3, {.padding = 1}}, policy_conv{4, 2, 1}, value_conv{4, 1, 1};
  Linear policy_fc{32, 5}, value_fc{16, 1}, other{32, 2};
  V operator()(const V& x) {
    const V h = relu(trunk(x));
    const V p = flatten(relu(policy_conv(h)));
    return concatenate({policy_fc(p), value_fc(flatten(relu(value_conv(h)))), other(p)}, 1);
  }
};

struct Dense {
  Conv conv0{1, 4, 3, {.padding = 1}}, conv1{4, 2, 3, {.padding = 1}}, conv2{6, 2, 3, {.padding = 1}};
  nn::BatchNorm2d<F> norm{8};
  Linear classifier{8, 3};
  V operator()(const V& x) {
    V h = conv0(x);
    h = concatenate({h, conv1(relu(h))}, 3);
    h = concatenate({h, conv2(relu(h))}, 3);
    return classifier(global_avg_pool2d(relu(norm(h))));
  }
};

struct Table {
  Conv conv{1, 3, 3};
  Linear fc{32, 4};
  V operator()(const V& x, const V& t) { return fc(concatenate({flatten(relu(conv(x))), t}, 1)); }
};

struct VisionTransformer {
  Conv patch{1, 4, 2, {.stride = 2}};
  Parameter<F> cls = parameter({1, 1, 4}), pos = parameter({1, 10, 4});
  Linear qkv{4, 12}, proj{4, 4}, head{4, 3};
  V operator()(const V& x) {
    const auto n = static_cast<std::ptrdiff_t>(x.shape(0));
    V h = reshape(patch(x), {n, 9, 4});
    h = concatenate({broadcast_to(cls, {x.shape(0), 1, 4}), h}, 1) + pos;
    const V parts = transpose(reshape(qkv(h), {n, 10, 3, 2, 2}), {2, 0, 3, 1, 4});
    const V q = view(parts, 0), k = view(parts, 1), v = view(parts, 2);
    const V a = softmax(matmul(q, swapaxes(k, -1, -2)), -1);
    h = h + proj(reshape(transpose(matmul(a, v), {0, 2, 1, 3}), {n, 10, 4}));
    return head(view(h, xt::all(), 0));
  }
};

struct Tokens {
  Conv conv{1, 3, 3};
  Linear mix{3, 2}, head{18, 4};
  V operator()(const V& x) { return head(flatten(relu(mix(reshape(conv(x), {-1, 9, 3}))))); }
};

struct Mean {
  Conv conv{1, 4, 3};
  Linear fc{4, 3};
  V operator()(const V& x) { return fc(mean(relu(conv(x)), {1, 2})); }
};

struct ByHand {
  Conv conv{1, 3, 3};
  Linear fc{27, 3};
  V operator()(const V& x) { return fc(flatten(transpose(relu(conv(x)), {0, 3, 1, 2}))); }
};

struct FromHand {
  Conv conv{3, 2, 3};
  Linear fc{4, 48};
  V operator()(const V& z) { return conv(transpose(reshape(fc(z), {-1, 3, 4, 4}), {0, 2, 3, 1})); }
};

struct Shuffle {
  Conv conv{1, 8, 3}, last{2, 3, 3};
  Linear fc{48, 3};
  V operator()(const V& x) {
    const V h = transpose(reshape(conv(x), {-1, 3, 3, 2, 2, 2}), {0, 1, 4, 2, 5, 3});
    return fc(flatten(last(reshape(h, {-1, 6, 6, 2}))));
  }
};

struct Gated {
  Linear fc{4, 36};
  Conv conv{2, 2, 2};
  V operator()(const V& z) {
    const auto halves = split(fc(z), 2, 1);
    return conv(reshape(tanh(halves[0]) * sigmoid(halves[1]), {-1, 3, 3, 2}));
  }
};

struct MadeSequence {
  Linear fc{3, 24};
  nn::Conv1d<F> conv{4, 2, 3};
  V operator()(const V& z) { return conv(reshape(relu(fc(z)), {-1, 6, 4})); }
};

struct Own {
  Conv conv{1, 3, 3};
  Parameter<F> scale = parameter({1, 1, 1, 3}), place = parameter({4, 4, 3});
  Parameter<F> gain = parameter({48}), shift = parameter({48});
  Linear fc{48, 3};
  V operator()(const V& x) { return fc(flatten(relu(conv(x)) * scale + place) * gain + shift); }
};

struct Depthwise {
  Conv depth{4, 4, 3, {.groups = 4}}, point{4, 6, 1, {.groups = 2}};
  Linear fc{54, 3};
  V operator()(const V& x) { return fc(flatten(relu(point(relu(depth(x)))))); }
};

struct ResidualRows {
  Conv conv{1, 3, 3};
  Linear fc1{27, 4}, fc2{4, 27};
  Parameter<F> gain = parameter({27}), shift = parameter({27});
  Linear fc3{27, 3};
  V operator()(const V& x) {
    V h = flatten(relu(conv(x)));
    h = h + fc2(relu(fc1(h)));
    const V centred = h - mean(h, -1, keep_dims);
    h = centred * rsqrt(mean(square(centred), -1, keep_dims) + 1e-5F);
    return fc3(h * gain + shift);
  }
};

struct Grown {
  Linear first{4, 12};
  Conv conv{3, 2, 3, {.padding = 1}};
  Linear fc{32, 3};
  V operator()(const V& z) {
    const V small = reshape(first(z), {-1, 2, 2, 3});
    return fc(flatten(conv(repeat(repeat(small, 2, 1), 2, 2))));
  }
};

struct Mlp {
  Linear fc1{6, 5}, fc2{5, 3};
  V operator()(const V& x) { return fc2(relu(fc1(x))); }
};

}  // namespace

TEST_CASE("models loaded from PyTorch reproduce its outputs and, saved again, its weights") {
  check("lenet", LeNet());
  check("unet", UNet());
  check("dcgan", Dcgan());
  check("bottleneck", Bottleneck());
  check("squeeze_excite", SqueezeExcite());
  check("pooled", Pooled());
  check("sequence", Sequence());
  check("norms", Norms());
  check("zero", Zero());
  check("dense", Dense());
  check("table", Table());
  check("vit", VisionTransformer());
  check("tokens", Tokens());
  check("mean", Mean());
  check("by_hand", ByHand());
  check("from_hand", FromHand());
  check("shuffle", Shuffle());
  check("gated", Gated());
  check("made_sequence", MadeSequence());
  check("own", Own());
  check("depthwise", Depthwise());
  check("residual", ResidualRows());
  check("grown", Grown());
  check("mlp", Mlp());
}

TEST_CASE("a trace covers all functions of a model") {
  Vae net;
  const V x = input("vae");
  const V z = random_normal<F>({1, 2});
  const auto traced = nn::trace_layout(net, [&] {
    net.encode(x);
    net.decode(z);
  });
  CHECK(nn::to_string(traced) ==
        "conv.weight: {out, in, kH, kW}\nfc.bias: entries of flattened {3, 3, 3}\n"
        "fc.weight: rows of flattened {3, 3, 3}\nlogvar.weight: columns of flattened {3, 3, 3}\n"
        "mu.weight: columns of flattened {3, 3, 3}\nup.weight: {in, out, kH, kW}\n");
  check("vae", net, traced, [&](Vae& own) {
    const auto [mu, logvar] = own.encode(x);
    const V image = own.decode(mu);  // {N, H, W, 1}
    return concatenate({mu, logvar, flatten(image)}, 1);
  });
  const auto half = nn::trace_layout(net, [&] { net.encode(x); });
  CHECK(half.arrays.at("fc.weight").problem == "the traced pass does not use it");
  CHECK_THROWS_AS(nn::state_dict(net, {.layout = nn::channels_first, .traced = half}), ValueError);
}
