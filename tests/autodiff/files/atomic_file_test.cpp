#include <autodiff/error.hpp>
#include <nn/saving/safetensors.hpp>

#include "../../support/temporary_folder.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <string>

using namespace xgrad;

TEST_CASE("file names of the maximum length") {
  const check::TemporaryFolder folder;
  for (std::size_t length : {241, 242, 243, 250, 254, 255}) {
    const auto path = folder.path / std::string(length, 'n');
    nn::write_safetensors(path, {.arrays = {{"a", Array<float>{1}}}, .metadata = {}});
    CHECK(nn::read_safetensors(path).arrays.size() == 1);
    CHECK(folder.files() == 1);
    std::filesystem::remove(path);
  }
  const auto too_long = folder.path / std::string(256, 'n');
  CHECK_THROWS_WITH_AS(nn::write_safetensors(too_long, {}),
                       fmt::format("cannot write {}: File name too long", too_long.string()).c_str(),
                       FileError);
  CHECK(folder.files() == 0);
}

TEST_CASE("temporary files of killed programs are removed, those being written are not") {
  const check::TemporaryFolder folder;
  const auto path = folder.path / "a.safetensors";
  const auto abandoned = folder.path / "a.safetensors.0123abcd.tmp";
  const auto alive = folder.path / "a.safetensors.89abcdef.tmp";
  const auto others = {folder.path / "b.safetensors.0123abcd.tmp", folder.path / "a.safetensors.mine.tmp",
                       folder.path / "a.safetensors.0123abcd.tmp2",
                       folder.path / "xa.safetensors.0123abcd.tmp"};
  check::write_file(abandoned, "x");
  check::write_file(alive, "x");
  for (const auto& each : others) check::write_file(each, "x");
  const int writer = open(alive.c_str(), O_RDWR | O_CLOEXEC);
  REQUIRE(flock(writer, LOCK_EX) == 0);
  nn::write_safetensors(path, {});
  CHECK_FALSE(std::filesystem::exists(abandoned));
  CHECK(std::filesystem::exists(alive));
  for (const auto& each : others) CHECK(std::filesystem::exists(each));
  close(writer);
  nn::write_safetensors(path, {});
  CHECK_FALSE(std::filesystem::exists(alive));
}

TEST_CASE("a temporary file of a program killed while writing is removed by the next writer") {
  const check::TemporaryFolder folder;
  for (const std::string& name : {std::string("a"), std::string(255, 'n')}) {
    const auto path = folder.path / name;
    const pid_t child = fork();
    if (child == 0) {
      const rlimit limit{1000, 1000};  // SIGXFSZ while the arrays are written
      setrlimit(RLIMIT_FSIZE, &limit);
      const rlimit no_core{0, 0};
      setrlimit(RLIMIT_CORE, &no_core);
      std::signal(SIGXFSZ, SIG_DFL);
      nn::write_safetensors(path, {.arrays = {{"a", full<double>({1000}, 2)}}, .metadata = {}});
      _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    REQUIRE(WIFSIGNALED(status));
    CHECK(folder.files() == 1);
    nn::write_safetensors(path, {});
    CHECK(folder.files() == 1);
    CHECK(std::filesystem::exists(path));
    std::filesystem::remove(path);
  }
}
