#include <autodiff/error.hpp>
#include <nn/data/data.hpp>

#include "../../support/temporary_file.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace xgrad;

namespace {

/// One image: its label, then planes of 32 x 32 bytes with red = row, green = column, blue = 255.
std::string image(char label) {
  std::string bytes{label};
  for (int row = 0; row < 32; ++row) bytes += std::string(32, static_cast<char>(row));
  for (int row = 0; row < 32; ++row) {
    for (int column = 0; column < 32; ++column) bytes += static_cast<char>(column);
  }
  return bytes + std::string(1024, '\xff');
}

}  // namespace

TEST_CASE("CIFAR-10: planes become channels, files are joined in order") {
  const check::TemporaryFile one(image(3) + image(9));
  const check::TemporaryFile two(image(0));
  const auto [images, labels] = nn::read_cifar10({one.path, two.path});
  CHECK(images.shape() == Shape{3, 32, 32, 3});
  CHECK(labels == xt::xarray<std::uint8_t>{3, 9, 0});
  CHECK(images(2, 5, 17, 0) == 5.0F / 255);
  CHECK(images(1, 5, 17, 1) == 17.0F / 255);
  CHECK(images(0, 31, 0, 2) == 1);
}

TEST_CASE("CIFAR-10 images can stay bytes for an ImageDataset") {
  const check::TemporaryFile file(image(3) + image(9));
  const auto samples = nn::read_cifar10<std::uint8_t>({file.path});
  CHECK(samples.inputs(1, 5, 17, 1) == 17);
  const nn::ImageDataset data(samples);
  const std::vector<std::size_t> both{0, 1};
  CHECK(data.batch(both).inputs == nn::read_cifar10({file.path}).inputs);
}

TEST_CASE("errors for files that are not CIFAR-10") {
  const auto message = [](const std::string& bytes) {
    const check::TemporaryFile file(bytes);
    try {
      nn::read_cifar10({file.path});
    } catch (const FileError& error) {
      return std::string(error.what()).substr(file.path.string().size());
    }
    return std::string();
  };
  CHECK(message(image(1).substr(1)) ==
        ": expected whole images of 3073 bytes, got 3072 bytes: not a CIFAR-10 file, or truncated");
  CHECK(message("") ==
        ": expected whole images of 3073 bytes, got 0 bytes: not a CIFAR-10 file, or truncated");
  CHECK(message(image(1) + image(10)) == ": expected labels 0 ... 9, got 10 for image 1");
  CHECK_THROWS_AS(nn::read_cifar10({"/no/such/file.bin"}), FileError);
  CHECK_THROWS_WITH_AS(nn::read_cifar10({}), "read_cifar10: expected at least one file, got none", FileError);
}
