#include <autodiff/random.hpp>
#include <nn/layers.hpp>
#include <nn/module.hpp>
#include <nn/sequential.hpp>

#include <doctest/doctest.h>

#include <any>
#include <array>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

using namespace xgrad;

namespace at_namespace_scope {

template <class T>
struct Block {
  nn::Linear<T> fc{2, 3};
  nn::Dropout dropout{{.keep = 0.9}};
};

template <class T = float>
struct Net {
  nn::Conv2d<T> conv1{1, 2, 3, {.padding = 1}};
  nn::Linear<T> fc1{8, 4}, fc2{4, 2, {.bias = false}};
  Block<T> block;
  Parameter<T> scale{full<T>({3}, T(2))};
};

}  // namespace at_namespace_scope

namespace {

template <class Model>
std::vector<std::string> names(Model& model) {
  std::vector<std::string> result;
  for (const auto& each : nn::parameters(model)) result.push_back(each.name);
  return result;
}

using Names = std::vector<std::string>;

struct EveryKind {
  std::vector<nn::Linear<float>> list;
  std::array<nn::Linear<float>, 2> pair{{{1, 2}, {2, 3, {.bias = false}}}};
  std::optional<nn::Linear<float>> perhaps, no;
  std::unique_ptr<nn::Linear<float>> behind;
  std::tuple<nn::Linear<float>, int, nn::ReLU> mixed{nn::Linear<float>(1, 1), 3, nn::ReLU{}};
  std::vector<std::vector<nn::Linear<float>>> grid;
};

struct Options {
  int depth = 3;
  std::string name = "net";
  std::optional<Size2d> stride;
  std::array<double, 3> rates{};
};

struct WithOtherFields {
  int depth = 3;
  std::string name = "net";
  Options options;
  nn::Linear<double> fc{2, 2};
  std::function<Variable<double>(const Variable<double>&)> activation;
  std::map<std::string, double> log;
  std::any anything;
  Generator generator{1};
  Array<double> buffer;
  Variable<double> constant;
  double* elsewhere = nullptr;
  enum class Mode { one, two } mode = Mode::one;
  Size2d window = 2;
  std::vector<int> sizes;
  std::vector<bool> flags;
  nn::Initializer<double>* none = nullptr;
};

class WithConstructor {
 public:
  explicit WithConstructor(std::size_t width) : first_(2, width), second_(width, 1) {}
  auto fields() { return nn::fields("first", first_, "second", second_, "dropout", dropout); }

  nn::Dropout dropout;

 private:
  nn::Linear<float> first_;
  nn::Linear<float> second_;
};

struct Tied {
  nn::Linear<float> encoder{2, 2};
  nn::Linear<float> head{2, 3};
  auto fields() { return nn::fields("encoder", encoder, "head", head, "decoder", encoder); }
};

struct Chosen {
  std::shared_ptr<nn::Linear<float>> shared = std::make_shared<nn::Linear<float>>(2, 2);
  std::variant<nn::ReLU, nn::Linear<float>> choice = nn::Linear<float>(2, 2);
  std::map<std::string, nn::Linear<float>> by_name;
  std::unordered_map<int, nn::Linear<float>> unordered;
  std::deque<nn::Linear<float>> queue;
  std::list<nn::Linear<float>> list;
  std::pair<nn::Linear<float>, int> pair{{2, 2}, 1};

  Chosen() = default;
  auto fields() {
    return nn::fields("shared", shared, "choice", choice, "by_name", by_name, "unordered", unordered, "queue",
                      queue, "list", list, "pair", pair);
  }
};

struct UserLayerWithMode {
  bool training = true;
  Parameter<float> gain{full<float>({1}, 1)};
};

}  // namespace

TEST_CASE("the fields of a plain struct are found in order, with their names") {
  at_namespace_scope::Net<> net;
  CHECK(names(net) == Names{"conv1.weight", "conv1.bias", "fc1.weight", "fc1.bias", "fc2.weight",
                            "block.fc.weight", "block.fc.bias", "scale"});
  const auto parameters = nn::parameters(net);
  CHECK(parameters[0].parameter.shape() == Shape{2, 3, 3, 1});
  CHECK(parameters[4].parameter.shape() == Shape{2, 4});
  CHECK(nn::parameter_count(net) == 18 + 2 + 32 + 4 + 8 + 6 + 3 + 3);
}

TEST_CASE("the list of parameters has the precision of the model") {
  at_namespace_scope::Net<double> real;
  at_namespace_scope::Net<float> single;
  static_assert(std::is_same_v<decltype(nn::parameters(real)), std::vector<nn::NamedParameter<double>>>);
  static_assert(std::is_same_v<decltype(nn::parameters(single)), std::vector<nn::NamedParameter<float>>>);
  CHECK(nn::parameters(real).size() == nn::parameters(single).size());
}

TEST_CASE("a local struct can be a model") {
  struct Local {
    nn::Linear<float> only{2, 1};
  } net;
  CHECK(names(net) == Names{"only.weight", "only.bias"});
}

TEST_CASE("models with vectors, arrays, optionals, pointers and tuples of layers") {
  EveryKind net;
  net.list.emplace_back(1, 2);
  net.list.emplace_back(2, 1, nn::LinearOptions<float>{.bias = false});
  net.perhaps.emplace(3, 3, nn::LinearOptions<float>{.bias = false});
  net.behind = std::make_unique<nn::Linear<float>>(2, 2, nn::LinearOptions<float>{.bias = false});
  net.grid.emplace_back().emplace_back(1, 1);
  CHECK(names(net) == Names{"list.0.weight", "list.0.bias", "list.1.weight", "pair.0.weight", "pair.0.bias",
                            "pair.1.weight", "perhaps.weight", "behind.weight", "mixed.0.weight",
                            "mixed.0.bias", "grid.0.0.weight", "grid.0.0.bias"});
}

TEST_CASE("layers chosen at run time: maps, variants, shared pointers, lists and pairs") {
  Chosen model;
  for (const char* key : {"name", "age"}) model.by_name.emplace(key, nn::Linear<float>(2, 2));
  for (const int key : {10, 2}) model.unordered.emplace(key, nn::Linear<float>(2, 2));
  model.queue.emplace_back(2, 2);
  model.list.emplace_back(2, 2);
  CHECK(names(model) == Names{"shared.weight", "shared.bias", "choice.weight", "choice.bias",
                              "by_name.age.weight", "by_name.age.bias", "by_name.name.weight",
                              "by_name.name.bias", "unordered.2.weight", "unordered.2.bias",
                              "unordered.10.weight", "unordered.10.bias", "queue.0.weight", "queue.0.bias",
                              "list.0.weight", "list.0.bias", "pair.0.weight", "pair.0.bias"});
  model.choice = nn::ReLU{};
  model.shared = nullptr;
  CHECK(names(model).front() == "by_name.age.weight");
}

TEST_CASE("fields without parameters are ignored") {
  WithOtherFields net;
  CHECK(names(net) == Names{"fc.weight", "fc.bias"});
}

TEST_CASE("a class with constructors lists its fields") {
  struct Outer {
    WithConstructor inner{4};
    nn::Linear<float> last{1, 1};
  } net;
  CHECK(names(net) == Names{"inner.first.weight", "inner.first.bias", "inner.second.weight",
                            "inner.second.bias", "last.weight", "last.bias"});
  nn::eval(net);
  CHECK_FALSE(net.inner.dropout.training);
}

TEST_CASE("Sequential names its layers by index, as PyTorch does") {
  nn::Sequential net{nn::Conv2d<float>(1, 2, 3), nn::ReLU{}, nn::Flatten{},
                     nn::Sequential{nn::Linear<float>(8, 2), nn::Dropout{}}, nn::Linear<float>(2, 2)};
  CHECK(names(net) == Names{"0.weight", "0.bias", "3.0.weight", "3.0.bias", "4.weight", "4.bias"});
  struct Outer {
    nn::Sequential<nn::Linear<double>, nn::ReLU> block{{2, 3}, {}};
  } outer;
  CHECK(names(outer) == Names{"block.0.weight", "block.0.bias"});
}

TEST_CASE("a parameter that is found twice is listed once, under its first name") {
  Tied net;
  CHECK(names(net) == Names{"encoder.weight", "encoder.bias", "head.weight", "head.bias"});
}

TEST_CASE("train and eval set the mode of all layers that have one") {
  struct Model {
    nn::Dropout first;
    std::vector<at_namespace_scope::Block<float>> blocks{2};
    std::optional<nn::Dropout> second{nn::Dropout{}};
    UserLayerWithMode own;
  } net;
  nn::eval(net);
  CHECK_FALSE(net.first.training);
  CHECK_FALSE(net.blocks[1].dropout.training);
  CHECK_FALSE(net.second->training);
  CHECK_FALSE(net.own.training);
  CHECK(names(net).back() == "own.gain");
  nn::train(net);
  CHECK(net.first.training);
  CHECK(net.blocks[0].dropout.training);
  CHECK(net.second->training);
  CHECK(net.own.training);

  nn::Dropout alone;  // a model without parameters has a mode, too
  nn::eval(alone);
  CHECK_FALSE(alone.training);
}

TEST_CASE("handles stay attached when a model is moved or assigned to; copies are separate models") {
  at_namespace_scope::Net<> net;
  const auto handles = nn::parameters(net);
  at_namespace_scope::Net<> best = net;
  CHECK_FALSE(nn::parameters(best)[0].parameter == handles[0].parameter);
  CHECK(nn::parameters(best)[0].parameter.value() == handles[0].parameter.value());

  at_namespace_scope::Net<> moved = std::move(net);
  CHECK(nn::parameters(moved)[0].parameter == handles[0].parameter);

  ParameterHandle<float> weight = nn::parameters(best)[0].parameter;
  weight.set_value(full<float>(weight.shape(), 7.0F));
  CHECK(moved.conv1.weight.value()(0, 0, 0, 0) != 7.0F);
  moved = best;
  CHECK(nn::parameters(moved)[0].parameter == handles[0].parameter);
  CHECK(handles[0].parameter.value()(0, 0, 0, 0) == 7.0F);
  CHECK(moved.conv1.weight.value()(0, 0, 0, 0) == 7.0F);
}

TEST_CASE("the parameters of a const model can be listed") {
  const at_namespace_scope::Net<> net;
  CHECK(nn::parameters(net).size() == 8);
}

TEST_CASE("a model may have 32 fields") {
  using L = nn::Linear<float>;
  struct Many {
    int i0 = 0, i1 = 0, i2 = 0, i3 = 0, i4 = 0, i5 = 0, i6 = 0, i7 = 0, i8 = 0, i9 = 0, i10 = 0, i11 = 0,
        i12 = 0, i13 = 0, i14 = 0, i15 = 0, i16 = 0, i17 = 0, i18 = 0, i19 = 0, i20 = 0, i21 = 0, i22 = 0,
        i23 = 0, i24 = 0, i25 = 0, i26 = 0, i27 = 0, i28 = 0, i29 = 0;
    L last_but_one{1, 1}, last{1, 1, {.bias = false}};
  } net;
  CHECK(names(net) == Names{"last_but_one.weight", "last_but_one.bias", "last.weight"});
}
