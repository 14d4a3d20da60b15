#include <autodiff/error.hpp>
#include <optim/monitors/tensorboard.hpp>

#include "../../support/temporary_file.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <map>
#include <string>
#include <vector>

using namespace xgrad;

namespace {

template <class Number>
Number read_number(const std::string& bytes, std::size_t at) {
  Number number{};
  REQUIRE(at + sizeof number <= bytes.size());
  std::memcpy(&number, bytes.data() + at, sizeof number);
  return number;
}

/// CRC-32C computed bit by bit from its definition, with TensorFlow's mask.
std::uint32_t masked_crc(const std::string& bytes) {
  std::uint32_t crc = 0xffffffff;
  for (const char byte : bytes) {
    for (int bit = 0; bit < 8; ++bit) {
      const bool odd = ((crc ^ static_cast<unsigned char>(byte) >> bit) & 1) != 0;
      crc = crc >> 1 ^ (odd ? 0x82f63b78U : 0);
    }
  }
  crc = ~crc;
  return ((crc >> 15) | (crc << 17)) + 0xa282ead8U;
}

/// The data of a file's records; checks the checksums.
std::vector<std::string> records(const std::filesystem::path& path) {
  const std::string bytes = check::read_file(path);
  std::vector<std::string> all;
  for (std::size_t at = 0; at < bytes.size();) {
    const auto length = read_number<std::uint64_t>(bytes, at);
    CHECK(read_number<std::uint32_t>(bytes, at + 8) == masked_crc(bytes.substr(at, 8)));
    all.push_back(bytes.substr(at + 12, length));
    REQUIRE(all.back().size() == length);
    CHECK(read_number<std::uint32_t>(bytes, at + 12 + length) == masked_crc(all.back()));
    at += 16 + length;
  }
  return all;
}

/// The fields of a protocol buffer message: field number -> bytes of the value.
std::map<std::uint64_t, std::string> fields(const std::string& message) {
  std::map<std::uint64_t, std::string> all;
  std::size_t at = 0;
  const auto varint = [&] {
    std::uint64_t value = 0;
    for (int shift = 0;; shift += 7) {
      REQUIRE(at < message.size());
      const auto byte = static_cast<unsigned char>(message[at++]);
      value |= std::uint64_t{byte & 0x7fU} << shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < message.size()) {
    const std::uint64_t key = varint();
    if ((key & 7) == 0) {
      all[key >> 3] = std::to_string(varint());
      continue;
    }
    const std::size_t length = (key & 7) == 1 ? 8 : (key & 7) == 5 ? 4 : varint();
    all[key >> 3] = message.substr(at, length);
    at += length;
  }
  return all;
}

struct Scalar {
  std::string tag;
  float value;
  std::string step;
};

Scalar scalar(const std::string& record) {
  const auto event = fields(record);
  const auto value = fields(fields(event.at(5)).at(1));
  return {value.at(1), read_number<float>(value.at(2), 0), event.at(2)};
}

}  // namespace

TEST_CASE("checksums match RFC 3720, section B.4") {
  CHECK(optim::detail::crc32c(std::string(32, '\0')) == 0x8a9136aaU);
  CHECK(optim::detail::crc32c(std::string(32, '\xff')) == 0x62a8ab43U);
  CHECK(optim::detail::crc32c("123456789") == 0xe3069283U);
  CHECK(optim::detail::crc32c("") == 0);
}

TEST_CASE("scalars can be read back from the file") {
  const check::TemporaryFile folder;
  optim::SummaryWriter writer(folder.path);
  CHECK(writer.path().filename().string().starts_with("events.out.tfevents."));
  writer.add_scalar("loss", 0.5, 1);
  writer.add_scalar("a longer tag/with parts", -3, 300);
  writer.add_scalar("loss", std::nan(""), 1'000'000'000'000);
  const auto all = records(writer.path());
  REQUIRE(all.size() == 4);
  CHECK(fields(all[0]).at(3) == "brain.Event:2");
  CHECK(read_number<double>(fields(all[0]).at(1), 0) > 1.7e9);
  CHECK(scalar(all[1]).tag == "loss");
  CHECK(scalar(all[1]).value == 0.5F);
  CHECK(scalar(all[1]).step == "1");
  CHECK(scalar(all[2]).tag == "a longer tag/with parts");
  CHECK(scalar(all[2]).step == "300");
  CHECK(std::isnan(scalar(all[3]).value));
  CHECK(scalar(all[3]).step == "1000000000000");
}

TEST_CASE("curves of a run; a resumed run adds a file") {
  const check::TemporaryFile folder;
  optim::TensorBoard board(folder.path, 10);
  board.begin({});
  for (std::size_t step = 1; step <= 20; ++step) board.batch({.step = step, .loss = 1});
  board.epoch({.epoch = 1, .step = 20, .training_loss = 0.75, .validation_error = 0.25});
  board.begin({.history = {{.epoch = 1, .step = 20}}, .step = 25});
  std::map<std::string, int> tags;
  int files = 0, starts = 0;
  for (const auto& each : std::filesystem::directory_iterator(folder.path)) {
    ++files;
    const auto all = records(each.path());
    for (std::size_t i = 1; i < all.size(); ++i) {
      if (fields(all[i]).count(7) == 0) {
        ++tags[scalar(all[i]).tag];
        continue;
      }
      ++starts;  // a session start: TensorBoard drops later steps of other files
      CHECK(fields(fields(all[i]).at(7)).at(1) == "1");
      CHECK(fields(all[i]).at(2) == "26");
    }
  }
  CHECK(files == 2);
  CHECK(starts == 1);
  CHECK(tags["batch/loss"] == 2);
  CHECK(tags["train/loss"] == 1);
  CHECK(tags["validation/error"] == 1);
  CHECK(tags["validation/accuracy"] == 1);
  CHECK(tags.count("validation/loss") == 0);
}

TEST_CASE("a new run in a used folder gets a subfolder; a resumed run uses the folder of the last run") {
  const check::TemporaryFile folder;
  for (int run = 0; run < 3; ++run) {
    optim::TensorBoard board(folder.path);
    board.begin({});
  }
  optim::TensorBoard board(folder.path);
  board.begin({.step = 5});
  const auto count = [&](const char* name) {
    std::size_t files = 0;
    for (const auto& each : std::filesystem::directory_iterator(folder.path / name))
      files += each.is_regular_file() ? 1 : 0;
    return files;
  };
  CHECK(count("") == 1);
  CHECK(count("run-2") == 1);
  CHECK(count("run-3") == 2);
  CHECK_FALSE(std::filesystem::exists(folder.path / "run-4"));
}

TEST_CASE("values that the file cannot represent are an error and leave it unchanged") {
  const check::TemporaryFile folder;
  optim::SummaryWriter writer(folder.path);
  writer.add_scalar("größe", 1, 1);
  CHECK_THROWS_WITH_AS(writer.add_scalar("gro\xdf"
                                         "e",
                                         1, 1),
                       "SummaryWriter: the tag \"gro\ufffde\" is not UTF-8: byte 3 is 0xdf", ValueError);
  for (const char* tag : {"\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82", "a\x80"}) {
    CHECK_THROWS_AS(writer.add_scalar(tag, 1, 1), ValueError);
  }
  CHECK_THROWS_WITH_AS(writer.add_scalar("a", 1, std::size_t{1} << 63),
                       "SummaryWriter: expected a step below 2^63, got 9223372036854775808", ValueError);
  writer.add_scalar("𝜇", 2, 2);
  CHECK(records(writer.path()).size() == 3);
}

TEST_CASE("a folder that cannot be created is an error") {
  const check::TemporaryFile file("text");
  CHECK_THROWS_AS(optim::SummaryWriter(file.path / "logs"), FileError);
}
