#include <autodiff/error.hpp>
#include <nn/layers.hpp>
#include <nn/safetensors.hpp>
#include <nn/saving.hpp>

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

using namespace xgrad;

namespace {

template <class T>
struct Net {
  nn::Conv2d<T> conv{1, 2, 3};
  std::vector<nn::Linear<T>> heads;
  nn::Dropout dropout;
};

template <class T>
Net<T> make_net(std::uint64_t number) {
  seed(number);
  Net<T> net;
  net.heads.emplace_back(4, 3);
  net.heads.emplace_back(3, 1, nn::LinearOptions<T>{.bias = false});
  return net;
}

template <class T>
bool equal(Net<T>& a, Net<T>& b) {
  const auto of_a = nn::parameters(a);
  const auto of_b = nn::parameters(b);
  for (std::size_t i = 0; i < of_a.size(); ++i) {
    if (of_a[i].parameter.value() != of_b[i].parameter.value()) return false;
  }
  return of_a.size() == of_b.size();
}

struct File {
  File()
      : path(std::filesystem::temp_directory_path() / fmt::format("xgrad-saving-{}.safetensors", getpid())) {}
  ~File() { std::filesystem::remove(path); }
  std::filesystem::path path;
};

}  // namespace

TEST_CASE_TEMPLATE("a model that is saved and loaded is the same, bit for bit", T, float, double) {
  const File file;
  auto net = make_net<T>(1);
  auto other = make_net<T>(2);
  REQUIRE_FALSE(equal(net, other));
  nn::save(net, file.path);
  const auto handles = nn::parameters(other);
  const auto version = handles[0].parameter.version();
  nn::load(other, file.path);
  CHECK(equal(net, other));
  CHECK(handles[0].parameter == nn::parameters(other)[0].parameter);  // an optimiser stays attached
  CHECK(handles[0].parameter.version() > version);
}

TEST_CASE("the names in the file are the fields'") {
  const File file;
  const auto net = make_net<float>(1);
  nn::save(net, file.path.string());
  std::vector<std::string> names;
  for (const auto& each : nn::read_safetensors(file.path).arrays) names.push_back(each.name);
  CHECK(names == std::vector<std::string>{"conv.weight", "conv.bias", "heads.0.weight", "heads.0.bias",
                                          "heads.1.weight"});
}

TEST_CASE("saving twice replaces the file") {
  const File file;
  auto first = make_net<float>(1);
  auto second = make_net<float>(2);
  nn::save(first, file.path);
  nn::save(second, file.path);
  nn::load(first, file.path);
  CHECK(equal(first, second));
}

TEST_CASE("loading says everything that differs, and leaves the model as it was") {
  const File file;
  nn::write_safetensors(file.path, {.arrays = {{"conv.weight", full<float>({2, 3, 3, 2}, 1)},
                                               {"conv.bias", full<double>({2}, 1)},
                                               {"heads.0.weight", full<float>({3, 4}, 1)},
                                               {"extra", full<float>({}, 1)},
                                               {"heads.1.weight", full<float>({1, 3}, 1)}},
                                    .metadata = {}});
  auto net = make_net<float>(1);
  auto same = net;
  CHECK_THROWS_WITH_AS(
      nn::load(net, file.path),
      fmt::format("load: {} does not fit the model: \"conv.weight\" is F32 {{2, 3, 3, 2}} in the file, "
                  "F32 {{2, 3, 3, 1}} in the model; \"conv.bias\" is F64 {{2}} in the file, F32 {{2}} in "
                  "the model; \"heads.0.bias\" is missing; \"extra\" is not in the model",
                  file.path.string())
          .c_str(),
      FileError);
  CHECK(equal(net, same));
}

TEST_CASE("loading a file that is not there") {
  auto net = make_net<float>(1);
  CHECK_THROWS_AS(nn::load(net, "/nonexistent/net.safetensors"), FileError);
  CHECK_THROWS_AS(nn::save(net, "/nonexistent/net.safetensors"), FileError);
}
