#include <autodiff/error.hpp>
#include <nn/data/idx.hpp>

#include <doctest/doctest.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

using namespace xgrad;

namespace {

using Bytes = std::vector<std::uint8_t>;

/// A file that exists for one test.
class TemporaryFile {
 public:
  TemporaryFile()
      : path_((std::filesystem::temp_directory_path() / ("xgrad_idx_" + std::to_string(getpid()))).string()) {
  }
  ~TemporaryFile() { std::remove(path_.c_str()); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  const std::string& write(const Bytes& bytes) const {
    std::ofstream(path_, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    return path_;
  }
  const std::string& write_compressed(const Bytes& bytes) const {
    gzFile file = gzopen(path_.c_str(), "wb");
    gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size()));
    gzclose(file);
    return path_;
  }
  const std::string& path() const { return path_; }
  Bytes read() const {
    std::ifstream in(path_, std::ios::binary);
    return Bytes(std::istreambuf_iterator<char>(in), {});
  }

 private:
  std::string path_;
};

/// Two images of 2 x 3.
Bytes images() {
  return {0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 3, 0, 51, 102, 153, 204, 255, 1, 2, 3, 4, 5, 6};
}

template <class T = std::uint8_t>
std::string message(const std::string& path, std::size_t dimension = 3) {
  try {
    nn::read_idx<T>(path, dimension);
  } catch (const FileError& error) {
    return error.what();
  }
  return "";
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("IDX images and labels, plain and compressed") {
  const TemporaryFile file;
  for (const bool compressed : {false, true}) {
    CAPTURE(compressed);
    const std::string& path = compressed ? file.write_compressed(images()) : file.write(images());
    const auto x = nn::read_idx_images<double>(path);
    CHECK(x.shape() == Shape{2, 2, 3, 1});
    CHECK(x(0, 0, 1, 0) == doctest::Approx(0.2));
    CHECK(x(0, 1, 2, 0) == 1);
    CHECK(x(1, 1, 2, 0) == doctest::Approx(6.0 / 255));
    CHECK(nn::read_idx(path, 3)(1, 0, 0) == 1);
  }
  CHECK(nn::read_idx_labels(file.write({0, 0, 8, 1, 0, 0, 0, 3, 7, 0, 9})) ==
        xt::xarray<std::uint8_t>{7, 0, 9});
  CHECK(nn::read_idx_labels(file.write({0, 0, 8, 1, 0, 0, 0, 0})).size() == 0);
}

TEST_CASE("IDX images can stay bytes for an ImageDataset") {
  const TemporaryFile file;
  const auto x = nn::read_idx_images<std::uint8_t>(file.write_compressed(images()));
  CHECK(x.shape() == Shape{2, 2, 3, 1});
  CHECK(x(0, 1, 2, 0) == 255);
  CHECK(x(1, 0, 1, 0) == 2);
}

TEST_CASE("IDX entries of the other types") {
  const TemporaryFile file;
  CHECK(nn::read_idx<std::int8_t>(file.write({0, 0, 9, 1, 0, 0, 0, 2, 0xff, 3}), 1) ==
        xt::xarray<std::int8_t>{-1, 3});
  CHECK(nn::read_idx<std::int16_t>(
            file.write_compressed({0, 0, 11, 2, 0, 0, 0, 1, 0, 0, 0, 2, 1, 2, 0xff, 0xfe}), 2) ==
        xt::xarray<std::int16_t>{{258, -2}});
  CHECK(nn::read_idx<std::int32_t>(file.write({0, 0, 12, 1, 0, 0, 0, 1, 0, 1, 0, 2}), 1) ==
        xt::xarray<std::int32_t>{65538});
  CHECK(nn::read_idx<float>(file.write({0, 0, 13, 1, 0, 0, 0, 1, 0x3f, 0xc0, 0, 0}), 1) ==
        xt::xarray<float>{1.5F});
  CHECK(nn::read_idx<double>(file.write({0, 0, 14, 1, 0, 0, 0, 1, 0xc0, 4, 0, 0, 0, 0, 0, 0}), 1) ==
        xt::xarray<double>{-2.5});
  // truncated within an entry
  CHECK(has(message<std::int16_t>(file.write({0, 0, 11, 1, 0, 0, 0, 2, 1, 2, 3}), 1),
            "too short: expected 2 entries for shape {2}, got 1"));
  CHECK(has(message<std::int16_t>(file.write({0, 0, 11, 1, 0, 0, 0, 1, 1, 2, 3}), 1), "too long"));
  CHECK(has(message(file.write({0, 0, 11, 3}), 3),
            "expected entries of type 0x08, unsigned bytes, got 0x0b; read_idx<std::int16_t> reads these"));
}

TEST_CASE("an IDX file that is read in several pieces") {
  const TemporaryFile file;
  constexpr std::size_t count = (std::size_t{9} << 20) + 5;  // more than two pieces of 4 MiB
  Bytes bytes{0, 0, 8, 1, 0, 0x90, 0, 5};
  for (std::size_t i = 0; i < count; ++i) bytes.push_back(static_cast<std::uint8_t>(i * 7 + (i >> 16)));
  const auto x = nn::read_idx(file.write(bytes), 1);
  REQUIRE(x.size() == count);
  CHECK(std::equal(x.begin(), x.end(), bytes.begin() + 8));
}

TEST_CASE("an IDX file truncated at any byte is an error") {
  const TemporaryFile file;
  const Bytes whole = images();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CAPTURE(size);
    CHECK(message(file.write(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)))) != "");
  }
  file.write_compressed(whole);
  const Bytes compressed = file.read();
  for (std::size_t size = 0; size < compressed.size(); ++size) {
    CAPTURE(size);
    const Bytes cut(compressed.begin(), compressed.begin() + static_cast<std::ptrdiff_t>(size));
    CHECK(message(file.write(cut)) != "");
  }
}

TEST_CASE("messages of the errors of IDX files") {
  const TemporaryFile file;
  Bytes bytes = images();
  CHECK(has(message("/nowhere/at-all"), "/nowhere/at-all: No such file"));
  CHECK(has(message(std::filesystem::temp_directory_path().string()), "Is a directory"));
  CHECK(has(message(file.write({1, 2, 3, 4})), "not an IDX file: it starts with 0x01020304"));
  CHECK(has(message(file.write(bytes), 1), "expected 1 dimensions, got 3"));

  bytes[2] = 0x0d;
  CHECK(has(message(file.write(bytes)), "expected entries of type 0x08, unsigned bytes, got 0x0d"));

  bytes = images();
  bytes.pop_back();
  CHECK(has(message(file.write(bytes)), "too short: expected 12 entries for shape {2, 2, 3}, got 11"));

  bytes = images();
  bytes.push_back(0);
  CHECK(has(message(file.write(bytes)), "too long: expected 12 entries for shape {2, 2, 3}, got more"));
}

TEST_CASE("a header with extents that are too large costs no memory") {
  const TemporaryFile file;
  Bytes bytes = images();
  for (std::size_t i = 4; i < 16; ++i) bytes[i] = 0xff;
  CHECK(has(message(file.write(bytes)), "more than any file holds"));
  bytes = images();
  bytes[4] = 0x7f;  // two billion images
  CHECK(has(message(file.write(bytes)), ", got 12"));
}

TEST_CASE("extents whose product overflows are an error, even with another extent of 0") {
  const TemporaryFile file;
  for (std::size_t zero = 4; zero < 16; zero += 4) {
    CAPTURE(zero);
    Bytes bytes{0, 0, 8, 3};
    for (std::size_t i = 4; i < 16; ++i) bytes.push_back(i / 4 == zero / 4 ? 0 : 0xff);
    CHECK(has(message(file.write(bytes)), "more than any file holds"));
  }
}

TEST_CASE("a changed bit anywhere in the header is an error that names the file") {
  const TemporaryFile file;
  for (std::size_t i = 0; i < 16; ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      CAPTURE(i);
      CAPTURE(bit);
      Bytes bytes = images();
      bytes[i] = static_cast<std::uint8_t>(bytes[i] ^ (1 << bit));
      const std::string& path = file.write(bytes);
      CHECK(has(message(path), path + ": "));
    }
  }
}

TEST_CASE("a changed byte in a compressed file is detected") {
  const TemporaryFile file;
  Bytes data = images();
  data.resize(16 + 12);
  file.write_compressed(data);
  const Bytes compressed = file.read();
  std::size_t noticed = 0;
  for (std::size_t i = 10; i < compressed.size(); ++i) {  // after the header of gzip, whose time may change
    Bytes changed = compressed;
    changed[i] = static_cast<std::uint8_t>(changed[i] ^ 0x55);
    noticed += message(file.write(changed)) != "";
  }
  CHECK(noticed == compressed.size() - 10);
}

TEST_CASE("the four files of MNIST under all of their usual names") {
  const auto folder = std::filesystem::temp_directory_path() / ("xgrad_mnist_" + std::to_string(getpid()));
  const TemporaryFile file;
  for (const char* separator : {"-", "."}) {
    for (const char* ending : {"", ".gz"}) {
      std::filesystem::create_directories(folder);
      const auto put = [&](const std::string& name, const Bytes& bytes) {
        ending[0] == '\0' ? file.write(bytes) : file.write_compressed(bytes);
        std::filesystem::copy_file(file.path(), folder / (name + ending));
      };
      put(std::string("t10k-images") + separator + "idx3-ubyte", images());
      put(std::string("t10k-labels") + separator + "idx1-ubyte", {0, 0, 8, 1, 0, 0, 0, 2, 7, 1});
      const auto samples = nn::read_mnist(folder, "t10k");
      CHECK(samples.inputs.shape() == Shape{2, 2, 3, 1});
      CHECK(samples.targets(0) == 7);
      CHECK_THROWS_WITH_AS(
          nn::read_mnist(folder),
          (folder.string() + " holds no train-images-idx3-ubyte or train-images-idx3-ubyte.gz").c_str(),
          FileError);
      std::filesystem::remove_all(folder);
    }
  }
}
