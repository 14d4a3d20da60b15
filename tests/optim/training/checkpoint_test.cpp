#include <autodiff/autodiff.hpp>
#include <nn/nn.hpp>
#include <optim/optim.hpp>

#include "../../support/temporary_file.hpp"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

using namespace xgrad;

namespace {

struct Net {
  nn::Conv2d<float> conv{1, 4, 3, {.padding = 1}};
  nn::BatchNorm2d<float> bn{4};
  nn::Linear<float> fc{4 * 4 * 4, 3};
  nn::Dropout dropout{{.keep = 0.7}};
  Variable<float> operator()(const Variable<float>& x) {
    return fc(dropout(flatten(max_pool2d(relu(bn(conv(x))), 2))));
  }
};

nn::Batch<float, std::uint8_t> samples(std::size_t count, std::uint64_t seed) {
  Generator generator(seed);
  nn::Batch<float, std::uint8_t> all{random_normal<float>({count, 8, 8, 1}, 0, 1, generator),
                                     Array<std::uint8_t>(Shape{count})};
  for (std::size_t n = 0; n < count; ++n) {
    all.targets(n) = static_cast<std::uint8_t>(n % 3);
    for (std::size_t i = 0; i < 8; ++i) all.inputs(n, i, all.targets(n), 0) += 1;
  }
  return all;
}

constexpr const char* run_folder = "XGRAD_TEST_RUN";

/// Starts this program in a child process that trains in a folder, resuming from its checkpoint if there is
/// one.
pid_t start(const std::filesystem::path& folder) {
  std::string variable = std::string(run_folder) + "=" + folder.string();
  std::string name = "checkpoint";
  std::string filter = "--test-case=the run that is killed";
  std::string quiet = "--minimal=1";
  std::vector<char*> arguments{name.data(), filter.data(), quiet.data(), nullptr};
  std::vector<char*> environment;
  for (char** each = environ; *each != nullptr; ++each) environment.push_back(*each);
  environment.push_back(variable.data());
  environment.push_back(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    execve("/proc/self/exe", arguments.data(), environment.data());
    _exit(127);
  }
  return child;
}

int wait(pid_t child) {
  int status = 0;
  waitpid(child, &status, 0);
  return status;
}

}  // namespace

// Does nothing unless the test below starts it in a child process.
TEST_CASE("the run that is killed") {
  const char* folder = std::getenv(run_folder);
  if (folder == nullptr) return;
  const std::filesystem::path checkpoint = std::filesystem::path(folder) / "run.safetensors";
  const bool goes_on = std::filesystem::exists(checkpoint);
  seed(goes_on ? 77 : 7);  // random numbers drawn before resuming must not matter
  Net net;
  optim::Adam<float> adam(nn::parameters(net), {.learning_rate = optim::cosine_decay(0.01, 120)});
  nn::DataLoader<float, std::uint8_t> loader(
      nn::ArrayDataset(samples(96, 1)),
      {.batch = 8, .seed = 3, .transform = {nn::random_shift(1), nn::random_flip()}, .prefetch = 2});
  if (goes_on) adam.step(), adam.reset();
  optim::fit(net, adam, loader,
             {.epochs = 10,
              .validation = samples(48, 2),
              .early_stopping = 9,
              .reduce_on_plateau = optim::ReduceOnPlateauOptions{.patience = 1, .threshold = 0.05},
              .checkpoint = checkpoint,
              .checkpoint_every = 1,
              .resume = goes_on ? checkpoint : std::filesystem::path()});
  nn::save(net, std::filesystem::path(folder) / "net.safetensors");
}

TEST_CASE("a run that is killed repeatedly ends with weights bit-identical to an uninterrupted run") {
  const check::TemporaryFile whole, killed;
  std::filesystem::create_directory(whole.path);
  std::filesystem::create_directory(killed.path);
  const auto begin = std::chrono::steady_clock::now();
  REQUIRE(wait(start(whole.path)) == 0);
  const auto duration = std::chrono::steady_clock::now() - begin;
  const std::string expected = check::read_file(whole.path / "net.safetensors");
  REQUIRE(expected.size() > 1000);

  Generator generator(1);
  int kills = 0;
  int status = -1;
  for (int attempt = 0; status != 0 && attempt < 40; ++attempt) {
    const pid_t child = start(killed.path);
    if (kills < 8) {
      const double share = 0.1 + 0.4 * static_cast<double>(generator() >> 11) * 0x1p-53;
      std::this_thread::sleep_for(duration * share);
      kill(child, SIGKILL);
    }
    status = wait(child);
    if (!WIFSIGNALED(status)) continue;
    REQUIRE(WTERMSIG(status) == SIGKILL);
    ++kills;
    const auto checkpoint = killed.path / "run.safetensors";
    if (std::filesystem::exists(checkpoint)) CHECK(optim::load_checkpoint(checkpoint).contains("fit"));
  }
  CHECK(status == 0);
  CHECK(kills >= 3);
  const bool same = check::read_file(killed.path / "net.safetensors") == expected;
  CHECK(same);
  const auto end = optim::load_checkpoint(killed.path / "run.safetensors").at("fit");
  const auto other = optim::load_checkpoint(whole.path / "run.safetensors").at("fit");
  CHECK(end.metadata.at("epoch") == other.metadata.at("epoch"));
}

TEST_CASE("save and load round-trip the parts and the generator") {
  const check::TemporaryFile file;
  seed(4);
  nn::StateDict part;
  part.arrays = {{"a.b", Array<double>(Shape{2}, 0.1)}, {"c", Array<float>(Shape{1, 2}, 3.0F)}};
  part.metadata = {{"x.y", "1 2"}};
  optim::save_checkpoint(file.path, {{"one", part}, {"two", {}}});
  const auto next = default_generator()();
  const auto parts = optim::load_checkpoint(file.path);
  CHECK(default_generator()() == next);
  REQUIRE(parts.size() == 2);
  CHECK(parts.at("one").metadata == part.metadata);
  REQUIRE(parts.at("one").arrays.size() == 2);
  CHECK(parts.at("one").arrays[0].name == "a.b");
  CHECK(std::get<Array<double>>(parts.at("one").arrays[0].array)(1) == 0.1);
  CHECK(parts.at("two").arrays.empty());
  CHECK_THROWS_WITH_AS(optim::save_checkpoint(file.path, {{"a.b", {}}}),
                       "save_checkpoint: expected a non-empty part name without dots, got \"a.b\"",
                       ValueError);
}

TEST_CASE("a flipped bit anywhere in a checkpoint is rejected or has no effect") {
  const check::TemporaryFile file, damaged;
  seed(4);
  nn::StateDict part;
  part.arrays = {{"a.b", Array<double>(Shape{2}, 0.1)}, {"c", Array<float>(Shape{1, 2}, 3.0F)}};
  part.metadata = {{"x.y", "1 2"}};
  optim::save_checkpoint(file.path, {{"one", part}, {"two", {}}});
  const auto next = default_generator()();
  const std::string whole = check::read_file(file.path);
  int refused = 0;
  for (std::size_t place = 0; place < whole.size(); ++place) {
    // Test every 31st byte of the generator's state, which is most of the file, and every bit of the arrays.
    if (place > 700 && place + 400 < whole.size() && place % 31 != 0) continue;
    for (std::size_t bit = 0; bit < 8; ++bit) {
      if (place + 24 < whole.size() && bit != place % 8) continue;
      std::string changed = whole;
      changed[place] = static_cast<char>(changed[place] ^ 1 << bit);
      std::ofstream(damaged.path, std::ios::binary) << changed;
      try {
        const auto parts = optim::load_checkpoint(damaged.path);
        CHECK_MESSAGE(parts.size() == 2, place);
        CHECK_MESSAGE(parts.at("one").metadata == part.metadata, place);
        REQUIRE(parts.at("one").arrays.size() == 2);
        for (const auto& each : parts.at("one").arrays) {
          CHECK_MESSAGE(each.array == part.arrays[each.name == "c" ? 1 : 0].array, place);
        }
        CHECK_MESSAGE(default_generator()() == next, place);
      } catch (const FileError&) {
        ++refused;
      }
    }
  }
  CHECK(refused > 1000);
}

TEST_CASE("a checkpoint of the first format version, without a checksum, is readable") {
  const check::TemporaryFile file;
  seed(5);
  optim::save_checkpoint(file.path, {{"one", {{{"a", Array<float>{1, 2}}}, {{"k", "v"}}}}});
  const auto next = default_generator()();
  nn::Safetensors contents = nn::read_safetensors(file.path);
  CHECK(contents.metadata.erase("checksum") == 1);
  nn::write_safetensors(file.path, contents);
  CHECK_THROWS_AS(optim::load_checkpoint(file.path), FileError);
  contents.metadata["format"] = "xgrad checkpoint 1";
  nn::write_safetensors(file.path, contents);
  const auto parts = optim::load_checkpoint(file.path);
  CHECK(parts.at("one").metadata.at("k") == "v");
  CHECK(default_generator()() == next);
}
