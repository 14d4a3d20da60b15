// Models with integer inputs in every function that takes a model and a data set.
#include <autodiff/autodiff.hpp>
#include <nn/nn.hpp>
#include <optim/optim.hpp>

#include "../../support/temporary_file.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <span>
#include <tuple>
#include <type_traits>
#include <utility>

using namespace xgrad;

namespace {

constexpr std::size_t words = 12;

struct Embedding {
  explicit Embedding(std::size_t width) : weight(random_normal<float>({words, width})) {}
  Variable<float> operator()(const Array<std::int32_t>& ids) const { return take(weight, ids, 0); }
  auto fields() { return nn::fields("weight", weight); }
  Parameter<float> weight;
};

/// Predicts the next word from each word.
struct Net {
  Embedding embedding{8};
  nn::Linear<float> head{8, words};
  nn::Dropout dropout{{.keep = 0.9}};
  Variable<float> operator()(const Array<std::int32_t>& ids) const { return head(dropout(embedding(ids))); }
};

Net made() {
  seed(4);
  return Net();
}

/// Sentences {count, length} in which word w is followed by word (5 w + 1) mod `words`; the targets are the
/// next words.
template <class T = std::int32_t>
nn::Batch<T, std::int32_t> sentences(std::size_t count, std::size_t length = 6) {
  nn::Batch<T, std::int32_t> all{Array<T>(Shape{count, length}), Array<std::int32_t>(Shape{count, length})};
  for (std::size_t n = 0; n < count; ++n) {
    std::size_t word = n % words;
    for (std::size_t i = 0; i < length; ++i) {
      all.inputs(n, i) = static_cast<T>(word);
      word = (5 * word + 1) % words;
      all.targets(n, i) = static_cast<std::int32_t>(word);
    }
  }
  return all;
}

bool same(Net& a, Net& b) {
  const auto x = nn::parameters(a), y = nn::parameters(b);
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (x[i].parameter.value() != y[i].parameter.value()) return false;
  }
  return true;
}

struct Watcher : optim::Monitor {
  bool wants_details() const override { return true; }
  void details(const optim::Details& d) override { layers = d.layers.size(); }
  std::size_t layers = 0;
};

}  // namespace

TEST_CASE("fit learns, as does a hand-written loop") {
  const nn::ArrayDataset data(sentences(48));
  Net by_fit = made(), by_hand = made();
  nn::DataLoader loader(data, {.batch = 8, .seed = 1, .prefetch = 1}),
      same_loader(data, {.batch = 8, .seed = 1});
  optim::Adam<float> adam(nn::parameters(by_fit), {.learning_rate = 0.05});
  optim::Adam<float> own(nn::parameters(by_hand), {.learning_rate = 0.05});
  Watcher watcher;
  seed(5);
  const auto result = optim::fit(
      by_fit, adam, loader, {.epochs = 15, .validation = data, .early_stopping = 15, .monitors = {&watcher}});
  seed(5);
  for (int epoch = 0; epoch < 15; ++epoch) {
    for (auto [x, y] : same_loader) {
      static_assert(std::is_same_v<decltype(x), Array<std::int32_t>>);
      Tape tape;
      tape.backward(nn::cross_entropy(by_hand(x), y));
      own.step();
    }
  }
  CHECK(result.epochs == 15);
  CHECK(result.best_error == 0);
  CHECK(result.history.back().training_error.has_value());
  CHECK(watcher.layers >= 3);
  nn::eval(by_hand);
  CHECK(nn::evaluate(by_hand, data).error == 0);
  CHECK(nn::risk(by_fit, data) > 0);
}

TEST_CASE("a run with tokens resumes from a checkpoint bit for bit") {
  const check::TemporaryFile file;
  const nn::ArrayDataset data(sentences(40));
  const nn::DataLoaderOptions options{.batch = 8, .seed = 1};
  const auto train = [&](Net& net, nn::DataLoader<std::int32_t, std::int32_t>& loader,
                         const optim::FitOptions<float, std::int32_t, std::int32_t>& fit) {
    optim::Adam<float> adam(nn::parameters(net), {.learning_rate = 0.05});
    seed(9);
    return optim::fit(net, adam, loader, fit).epochs;
  };
  Net whole = made(), stopped = made(), resumed = made();
  nn::DataLoader a(data, options), b(data, options), c(data, options);
  CHECK(train(whole, a, {.epochs = 4}) == 4);
  std::size_t steps = 0;
  train(stopped, b,
        {.epochs = 4, .checkpoint = file.path, .on_batch = [&](const auto&) { return ++steps == 8; }});
  CHECK_FALSE(same(whole, stopped));
  CHECK(train(resumed, c, {.epochs = 4, .resume = file.path}) == 4);
  CHECK(same(whole, resumed));
}

TEST_CASE_TEMPLATE("a model accepts tokens of other integer types", T, std::uint8_t, std::int64_t,
                   std::uint16_t) {
  Net net = made(), other = made();
  const nn::ArrayDataset data(sentences<T>(24));
  const nn::ArrayDataset own(sentences(24));
  CHECK(nn::risk(net, data) == nn::risk(net, own));
  nn::DataLoader loader(data, {.batch = 8});
  nn::DataLoader own_loader(own, {.batch = 8});
  optim::SGD<float> sgd(nn::parameters(net), {.learning_rate = 0.1});
  optim::SGD<float> other_sgd(nn::parameters(other), {.learning_rate = 0.1});
  seed(2);
  optim::fit(net, sgd, loader, {.epochs = 2, .validation = data});
  seed(2);
  optim::fit(other, other_sgd, own_loader, {.epochs = 2});
  CHECK(same(net, other));
}

TEST_CASE("find_learning_rate and select_learning_rate with tokens") {
  const nn::ArrayDataset data(sentences(48));
  Net net = made(), before = made();
  nn::DataLoader loader(data, {.batch = 8});
  optim::SGD<float> sgd(nn::parameters(net), {.learning_rate = 0.1});
  const auto curve = optim::find_learning_rate(net, sgd, loader, {.steps = 20});
  CHECK(curve.rates.size() > 5);
  CHECK(same(net, before));
  const auto chosen =
      optim::select_learning_rate(made, data, {1e-6, 1.0}, {.folds = 2, .epochs = 4, .batch = 4});
  CHECK(chosen.best == 1);
}

TEST_CASE("a Sequential may begin with a layer that takes integers") {
  seed(4);
  nn::Sequential net{Embedding(8), nn::Flatten{}, nn::Linear<float>(48, words)};
  const auto [tokens, next] = sentences(10);
  const auto& [embedding, rows, head] = net.layers;
  const Array<float> expected = head(rows(embedding(tokens))).value();
  CHECK(net(tokens).value() == expected);
  CHECK(std::as_const(net)(tokens).value() == expected);
  CHECK(net(xt::xarray<std::int32_t>(tokens)).value() == expected);
  CHECK(net(xt::cast<std::int32_t>(xt::xarray<std::int64_t>(tokens))).value() == expected);  // an expression
  CHECK(net(Array<std::int64_t>(tokens)).value() == expected);
  nn::Sequential nested{net, nn::ReLU{}};
  CHECK(nested(tokens).value() == xt::maximum(expected, 0.0F));

  // the first layer may also be a function of an array
  const auto one_hot = [](const Array<std::int32_t>& ids) {
    Array<float> hot(Shape{ids.size(), words}, 0.0F);
    for (std::size_t i = 0; i < ids.size(); ++i) hot(i, ids.data()[i]) = 1;
    return Variable<float>(hot);
  };
  nn::Sequential linear{one_hot, nn::Linear<float>(words, 2)};
  CHECK(linear(tokens).shape() == Shape{60, 2});

  const nn::ArrayDataset data(sentences(24));
  nn::DataLoader loader(data, {.batch = 8});
  nn::Sequential model{Embedding(8), nn::Linear<float>(8, words)};
  optim::Adam<float> adam(nn::parameters(model), {.learning_rate = 0.05});
  CHECK(*optim::fit(model, adam, loader, {.epochs = 20, .validation = data}).best_error == 0);
}

TEST_CASE("summary of a model with integer inputs") {
  Net net = made();
  const nn::Summary summary = nn::summary(net, {2, 6});
  CHECK(summary.input == Shape{2, 6});
  CHECK(summary.parameters == words * 8 + 8 * words + words);
  CHECK(summary.rows.front().operation == "take");
  CHECK(summary.rows.back().name == "head");
  CHECK(element_count(summary.rows.back().output) == 2 * 6 * words);
  nn::Sequential sequential{Embedding(8), nn::Linear<float>(8, words)};
  CHECK(nn::summary(sequential, {2, 6}).rows.size() == summary.rows.size());
  nn::Sequential numbers{nn::Linear<float>(3, 4), nn::ReLU{}};  // real inputs
  CHECK(nn::summary(numbers, {2, 3}).rows.size() == 2);
}

TEST_CASE("a loader without batches, and inputs and targets of different sizes") {
  const nn::ArrayDataset data(sentences(5));
  Net net = made();
  optim::SGD<float> sgd(nn::parameters(net), {.learning_rate = 0.1});
  nn::DataLoader none(data, {.batch = 8, .drop_last = true}), empty(nn::Subset(data, {}), {.batch = 8});
  CHECK_THROWS_WITH_AS(
      optim::fit(net, sgd, none),
      "fit: the training set has no batches: drop_last is set, and 5 samples do not fill a batch of 8",
      ValueError);
  CHECK_THROWS_WITH_AS(optim::fit(net, sgd, empty), "fit: the training set has no batches: it has no samples",
                       ValueError);
  CHECK_THROWS_WITH_AS(optim::find_learning_rate(net, sgd, none),
                       "find_learning_rate: the training set has no batches: drop_last is set, and 5 samples "
                       "do not fill a batch of 8",
                       ValueError);
  nn::DataLoader larger(data, {.batch = 64});  // a single batch with the whole set
  CHECK(optim::fit(net, sgd, larger, {.epochs = 1}).history[0].samples_seen == 5);

  struct Short {
    std::size_t size() const { return 4; }
    nn::Batch<std::int32_t, std::int32_t> batch(std::span<const std::size_t> numbers) const {
      return {Array<std::int32_t>(Shape{numbers.size(), 2}, 1), Array<std::int32_t>(Shape{1, 2}, 1)};
    }
  };
  nn::DataLoader wrong(Short{}, {.batch = 4});
  CHECK_THROWS_WITH_AS(optim::fit(net, sgd, wrong),
                       "fit: expected inputs and targets with equal first extents, got {4, 2} and {1, 2}",
                       ShapeError);
  CHECK_THROWS_AS(nn::evaluate(net, Short{}), ShapeError);
}
