#include <autodiff/error.hpp>
#include <nn/batch_norm.hpp>
#include <nn/layers.hpp>
#include <nn/saving/safetensors.hpp>
#include <nn/saving/saving.hpp>

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
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

TEST_CASE_TEMPLATE("a model that is saved and loaded is bit-identical", T, float, double) {
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

TEST_CASE("names in the file are those of the fields") {
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

TEST_CASE("a failed load lists all differences and leaves the model unchanged") {
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
      fmt::format(
          "load: {} does not fit the model: \"conv.weight\" is F32 {{2, 3, 3, 2}} in the file, "
          "F32 {{2, 3, 3, 1}} in the model; \"conv.bias\" is F64 {{2}} in the file, F32 {{2}} in "
          "the model; .cast = true converts it; \"heads.0.bias\" is missing; \"extra\" is not in the model",
          file.path.string())
          .c_str(),
      FileError);
  CHECK(equal(net, same));
}

TEST_CASE("paths that do not exist are errors") {
  auto net = make_net<float>(1);
  CHECK_THROWS_AS(nn::load(net, "/nonexistent/net.safetensors"), FileError);
  CHECK_THROWS_AS(nn::save(net, "/nonexistent/net.safetensors"), FileError);
}

// ---- Partial loading, and other precisions ----

namespace {

nn::NamedArray named(const std::string& name, nn::AnyArray array) { return {name, std::move(array)}; }

using Names = std::vector<std::string>;

struct Head {
  nn::Linear<float> fc{2, 1};
};

struct Wide {
  nn::Linear<double> fc{2, 1};
};

struct Tracking {
  nn::BatchNorm1d<float> bn{2};
};

struct NotTracking {
  nn::BatchNorm1d<float> bn{2, {.track_running_stats = false}};
};

}  // namespace

TEST_CASE("with strict = false, arrays that fit are loaded and the others reported") {
  const File file;
  nn::write_safetensors(
      file.path,
      {.arrays = {named("fc.weight", full<float>({1, 2}, 7)), named("fc.bias", full<float>({3}, 1)),
                  named("old.weight", full<float>({4}, 1)), named("steps", full<std::int64_t>({}, 9))},
       .metadata = {}});
  Head net;
  const auto bias = net.fc.bias.value();
  const auto report = nn::load(net, file.path, {.strict = false});
  CHECK(net.fc.weight.value() == full<float>({1, 2}, 7));
  CHECK(net.fc.bias.value() == bias);
  CHECK(report.loaded == Names{"fc.weight"});
  CHECK(report.missing.empty());
  CHECK(report.unexpected == Names{"old.weight"});
  CHECK(report.mismatched.at("fc.bias") == "is F32 {3} in the file, F32 {1} in the model");
  CHECK(report.skipped.at("steps") == "its type is I64, and the model has no array of its name");
  CHECK(report.text() ==
        "loaded: 1 array\nunexpected: old.weight\n"
        "mismatched: fc.bias (is F32 {3} in the file, F32 {1} in the model)\n"
        "skipped: steps (its type is I64, and the model has no array of its name)\n");
  CHECK_THROWS_AS(nn::load(net, file.path), FileError);
  const auto rest =
      nn::load_state_dict(net, {{named("fc.bias", full<float>({1}, 3))}, {}}, {.strict = false});
  CHECK(rest.missing == Names{"fc.weight"});
  CHECK(net.fc.bias.value() == full<float>({1}, 3));
}

TEST_CASE("integer arrays that the model does not have are skipped") {
  const File file;
  nn::write_safetensors(file.path, {.arrays = {named("fc.weight", full<float>({1, 2}, 7)),
                                               named("fc.bias", full<float>({1}, 1)),
                                               named("position_ids", full<std::int64_t>({4}, 1)),
                                               named("mask", full<std::uint8_t>({4}, 1)),
                                               named("bn.num_batches_tracked", full<std::int64_t>({}, 9))},
                                    .metadata = {}});
  Head net;
  const auto report = nn::load(net, file.path);
  CHECK(report.skipped.size() == 3);
  CHECK(report.loaded.size() == 2);
}

TEST_CASE("float64 is cast to float on request; overflow is an error") {
  const File file;
  nn::write_safetensors(file.path, {.arrays = {named("fc.weight", Array<double>{{0.1, 1e-50}}),
                                               named("fc.bias", full<std::int32_t>({1}, 3))},
                                    .metadata = {}});
  Head net;
  CHECK_THROWS_WITH_AS(
      nn::load(net, file.path),
      fmt::format("load: {} does not fit the model: \"fc.weight\" is F64 {{1, 2}} in the file, "
                  "F32 {{1, 2}} in the model; .cast = true converts it; \"fc.bias\" is I32 {{1}} "
                  "in the file, F32 {{1}} in the model; .cast = true converts it",
                  file.path.string())
          .c_str(),
      FileError);
  const auto report = nn::load(net, file.path, {.cast = true});
  CHECK(net.fc.weight.value() == xt::xarray<float>{{0.1F, 0.0F}});
  CHECK(net.fc.bias.value() == xt::xarray<float>{3.0F});
  CHECK(report.cast.at("fc.weight") == "F64 to F32");
  CHECK(report.cast.at("fc.bias") == "I32 to F32");
  CHECK_THROWS_WITH_AS(
      nn::load_state_dict(
          net,
          {{named("fc.weight", Array<double>{{0, 1e300}}), named("fc.bias", Array<double>{INFINITY})}, {}},
          {.cast = true}),
      "load: the state does not fit the model: \"fc.weight\" has an entry out of the range of F32 at {0, 1}",
      FileError);
}

TEST_CASE("float is widened to double, and half to both, without .cast") {
  const File file;
  const std::string header = R"({"fc.weight":{"dtype":"F16","shape":[1,2],"data_offsets":[0,4]},)"
                             R"("fc.bias":{"dtype":"BF16","shape":[1],"data_offsets":[4,6]}})";
  std::string bytes(8, '\0');
  bytes[0] = static_cast<char>(header.size());
  bytes += header + std::string("\x01\x3c\x00\xc0\x80\x3f", 6);  // 1 + 2^-10, -2; 1
  std::ofstream(file.path, std::ios::binary) << bytes;
  Wide wide;
  CHECK(nn::load(wide.fc, file.path, {.prefix = "fc."}).cast.at("weight") == "F16 to F64");
  CHECK(wide.fc.weight.value() == xt::xarray<double>{{1 + 0x1p-10, -2}});
  Head net;
  CHECK(nn::load(net, file.path).cast.at("fc.bias") == "BF16 to F32");
  CHECK(net.fc.weight.value() == xt::xarray<float>{{1 + 0x1p-10F, -2}});
  CHECK(net.fc.bias.value() == xt::xarray<float>{1});
  nn::save(net, file.path);
  CHECK(nn::load(wide.fc, file.path, {.prefix = "fc."}).cast.at("weight") == "F32 to F64");
}

TEST_CASE("names in the file with a prefix") {
  const File file;
  Head net, other;
  nn::save(net, file.path, {.prefix = "module."});
  CHECK(nn::read_safetensors(file.path).arrays[0].name == "module.fc.weight");
  CHECK_THROWS_AS(nn::load(other, file.path), FileError);
  nn::load(other, file.path, {.prefix = "module."});
  CHECK(other.fc.weight.value() == net.fc.weight.value());
  auto state = nn::state_dict(net, {.prefix = "model."});
  state.arrays.push_back(named("head.weight", full<float>({1}, 1)));
  const auto report = nn::load_state_dict(other, state, {.prefix = "model."});
  CHECK(report.skipped.at("head.weight") == "its name does not begin with \"model.\"");
}

TEST_CASE("shards are loaded through their index") {
  const auto folder = std::filesystem::temp_directory_path() / fmt::format("xgrad-shards-{}", getpid());
  std::filesystem::create_directories(folder);
  const auto index = folder / "model.safetensors.index.json";
  const auto write_index = [&](const std::string& weight, const std::string& bias) {
    std::ofstream(index) << fmt::format(
        R"({{"metadata": {{"total_size": 12}}, "weight_map": {{"fc.weight": "{}", "fc.bias": "{}"}}}})",
        weight, bias);
  };
  nn::write_safetensors(folder / "model-00001-of-00002.safetensors",
                        {{named("fc.weight", full<float>({1, 2}, 5))}, {}});
  nn::write_safetensors(folder / "model-00002-of-00002.safetensors",
                        {{named("fc.bias", full<float>({1}, 6))}, {}});
  write_index("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors");
  Head net;
  CHECK(nn::load(net, index).loaded.size() == 2);
  CHECK(net.fc.weight.value() == full<float>({1, 2}, 5));
  CHECK(net.fc.bias.value() == full<float>({1}, 6));
  CHECK(nn::read_safetensors(index).arrays.size() == 2);

  const auto message = [&] {
    try {
      nn::load(net, index);
    } catch (const FileError& error) {
      return std::string(error.what());
    }
    return std::string("no error");
  };
  write_index("model-00001-of-00002.safetensors", "model-00001-of-00002.safetensors");
  CHECK(message() ==
        fmt::format("cannot read {}: array \"fc.bias\" is not in model-00001-of-00002.safetensors",
                    index.string()));
  write_index("model-00001-of-00002.safetensors", "../secret");
  CHECK(message() ==
        fmt::format("cannot read {}: array \"fc.bias\" is in \"../secret\", expected a file in the "
                    "same folder",
                    index.string()));
  write_index("model-00001-of-00002.safetensors", "none");
  CHECK(message().ends_with("none: No such file or directory"));
  std::ofstream(index) << "{}";
  CHECK(message().ends_with("it has no object \"weight_map\""));
  std::ofstream(index) << "{";
  CHECK(message().find("it is not valid JSON") != std::string::npos);
  std::filesystem::remove_all(folder);
}

// ---- Buffers without a value ----

namespace {

struct Statistics {
  nn::Linear<float> fc{1, 1};
  nn::Buffer<float> mean;
  nn::Buffer<float> count;
};

}  // namespace

TEST_CASE("a buffer that was filled before saving is loaded into one without a value") {
  const File file;
  Statistics filled;
  filled.mean = nn::Buffer<float>(Array<float>{1, 2, 3});
  filled.count.mutable_value() = full<float>({}, 4);
  nn::save(filled, file.path);
  Statistics fresh;
  CHECK(nn::buffers(fresh).empty());
  nn::load(fresh, file.path);
  CHECK(fresh.mean.value() == xt::xarray<float>{1, 2, 3});
  CHECK(fresh.count.value()() == 4);
  CHECK(nn::buffers(fresh).size() == 2);

  nn::save(Statistics(), file.path);  // without values
  Statistics again;
  nn::load(again, file.path);
  CHECK_FALSE(again.mean.has_value());
  CHECK_THROWS_WITH_AS(
      nn::load(fresh, file.path),
      fmt::format("load: {} does not fit the model: \"mean\" is missing; \"count\" is missing",
                  file.path.string())
          .c_str(),
      FileError);
}

TEST_CASE("loading does not fill buffers that a layer was made without") {
  const File file;
  nn::save(Tracking(), file.path);
  NotTracking net;
  CHECK_THROWS_AS(nn::load(net, file.path), FileError);
  CHECK(nn::load(net, file.path, {.strict = false}).unexpected == Names{"bn.running_mean", "bn.running_var"});
  CHECK(nn::buffers(net).empty());
}
