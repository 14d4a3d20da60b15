#include <autodiff/error.hpp>
#include <autodiff/kernels/sanitizers.hpp>
#include <nn/saving/safetensors.hpp>

#include "../../support/temporary_folder.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <cstdint>
#include <ctime>
#include <filesystem>
#include <numeric>
#include <string>
#include <vector>

using namespace xgrad;

namespace {

/// The bytes of a file: the length of the header, the header, the arrays.
std::string file_of(const std::string& header, const std::string& data) {
  std::string length(8, '\0');
  const std::uint64_t bytes = header.size();
  for (std::size_t i = 0; i < 8; ++i) length[i] = static_cast<char>(bytes >> (8 * i) & 0xff);
  return length + header + data;
}

/// What the format's Python library (safetensors 0.7) writes for {"fc.weight": [[0, 1, 2], [3, 4, 5]] and
/// "fc.bias": [0.5, -0.5] in float32, "d": 2.5 in float64} with metadata {"format": "np"}.
std::string python_file() {
  return file_of(R"({"__metadata__":{"format":"np"},"d":{"dtype":"F64","shape":[],"data_offsets":[0,8]},)"
                 R"("fc.bias":{"dtype":"F32","shape":[2],"data_offsets":[8,16]},)"
                 R"("fc.weight":{"dtype":"F32","shape":[2,3],"data_offsets":[16,40]}}       )",
                 std::string("\x00\x00\x00\x00\x00\x00\x04\x40"
                             "\x00\x00\x00\x3f\x00\x00\x00\xbf"
                             "\x00\x00\x00\x00\x00\x00\x80\x3f\x00\x00\x00\x40"
                             "\x00\x00\x40\x40\x00\x00\x80\x40\x00\x00\xa0\x40",
                             40));
}

std::string message_of(const std::filesystem::path& path) {
  try {
    nn::read_safetensors(path);
  } catch (const FileError& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace

TEST_CASE("a file written by the Python library is read") {
  const check::TemporaryFolder folder;
  check::write_file(folder.path / "a.safetensors", python_file());
  const auto contents = nn::read_safetensors(folder.path / "a.safetensors");
  REQUIRE(contents.arrays.size() == 3);
  CHECK(contents.metadata.at("format") == "np");
  CHECK(contents.arrays[0].name == "d");
  CHECK(std::get<Array<double>>(contents.arrays[0].array)() == 2.5);
  CHECK(contents.arrays[1].name == "fc.bias");
  CHECK(std::get<Array<float>>(contents.arrays[1].array) == xt::xarray<float>{0.5F, -0.5F});
  CHECK(contents.arrays[2].name == "fc.weight");
  CHECK(std::get<Array<float>>(contents.arrays[2].array) == xt::xarray<float>{{0, 1, 2}, {3, 4, 5}});
}

TEST_CASE("a file is written as the Python library writes it") {
  const check::TemporaryFolder folder;
  const auto path = folder.path / "a.safetensors";
  check::write_file(path, python_file());
  const auto contents = nn::read_safetensors(path);
  const auto copy = folder.path / "b.safetensors";
  nn::write_safetensors(copy, contents);
  // The keys of a description are in another order; the bytes before and after the header are the same.
  const std::string bytes = check::read_file(copy);
  CHECK(bytes.size() == python_file().size());
  CHECK(bytes.substr(0, 8) == python_file().substr(0, 8));
  CHECK(bytes.substr(bytes.size() - 40) == python_file().substr(bytes.size() - 40));

  const auto again = nn::read_safetensors(copy);
  REQUIRE(again.arrays.size() == 3);
  CHECK(again.metadata == contents.metadata);
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(again.arrays[i].name == contents.arrays[i].name);
    CHECK(again.arrays[i].array == contents.arrays[i].array);
  }
}

TEST_CASE("arrays begin at a multiple of 8 bytes for any names") {
  const check::TemporaryFolder folder;
  const auto path = folder.path / "a";
  for (const char* name : {"", "a", "ab", "abc", "\xc3\xa9t\xc3\xa9", "with \"quotes\"", "line\nbreak"}) {
    nn::write_safetensors(path, {.arrays = {{name, Array<float>{1, 2}}}, .metadata = {}});
    CHECK((std::filesystem::file_size(path) - 8) % 8 == 0);
    const auto contents = nn::read_safetensors(path);
    REQUIRE(contents.arrays.size() == 1);
    CHECK(contents.arrays[0].name == name);
    CHECK(contents.metadata.empty());
  }
}

TEST_CASE("a file without arrays, and arrays without entries") {
  const check::TemporaryFolder folder;
  const auto path = folder.path / "a";
  nn::write_safetensors(path, {});
  CHECK(nn::read_safetensors(path).arrays.empty());
  nn::write_safetensors(path, {.arrays = {{"a", Array<float>(Shape{0, 3})},
                                          {"b", Array<double>{1}},
                                          {"c", Array<float>(Shape{2, 0})}},
                               .metadata = {}});
  const auto contents = nn::read_safetensors(path);
  REQUIRE(contents.arrays.size() == 3);
  CHECK(contents.arrays[0].name == "a");
  CHECK(std::get<Array<float>>(contents.arrays[2].array).shape() == Shape{2, 0});
}

TEST_CASE("a file truncated at any byte is an error that names it") {
  const check::TemporaryFolder folder;
  const auto path = folder.path / "cut.safetensors";
  const std::string whole = python_file();
  for (std::size_t length = 0; length < whole.size(); ++length) {
    check::write_file(path, whole.substr(0, length));
    const std::string message = message_of(path);
    CHECK_MESSAGE(message.starts_with(fmt::format("cannot read {}: ", path.string())),
                  length << ": " << message);
  }
}

TEST_CASE("a file with any one byte of its header changed is read or throws FileError") {
  const check::TemporaryFolder folder;
  const auto path = folder.path / "changed.safetensors";
  const std::string whole = python_file();
  for (std::size_t i = 0; i + 40 < whole.size(); ++i) {
    for (const char to : {'\0', ' ', '"', '9', '{', ']', '\xff', static_cast<char>(whole[i] ^ 1)}) {
      std::string bytes = whole;
      bytes[i] = to;
      check::write_file(path, bytes);
      CHECK_NOTHROW(message_of(path));
    }
  }
}

TEST_CASE("errors say what is wrong with a file") {
  const check::TemporaryFolder folder;
  const auto path = folder.path / "bad.safetensors";
  const std::string eight(8, 'x');
  struct Case {
    std::string bytes;
    std::string reason;
  };
  const Case cases[] = {
      {std::string(8, '\xff'), "expected a header of at most 100000000 bytes, got 18446744073709551615"},
      {std::string("\x00\x00\x00\x05\x00\x00\x00\x00", 8) + "{}",
       "a header of 83886080 bytes in a file of 10 bytes"},
      {file_of("", ""), "its header is not a JSON object"},
      {file_of("[]", ""), "its header is not a JSON object"},
      {file_of("", "{}"), "its header is not a JSON object"},
      {file_of("\xef\xbb\xbf{}", ""), "its header is not a JSON object"},
      {file_of(std::string("{}\0", 3), ""), "its header is not valid JSON: a NUL byte at 2"},
      {file_of(R"({"a":)", ""), "its header is not valid JSON"},
      {file_of("{} {}", ""), "its header is not valid JSON"},
      {file_of("{\"\xff\":1}", ""), "its header is not valid JSON"},
      {file_of("{}", "x"), "1 bytes at its end belong to no array"},
      {file_of(R"({"a":3})", ""), R"(array "a": its description is not a JSON object)"},
      {file_of(R"({"a":{"shape":[2],"data_offsets":[0,8]}})", eight), R"(array "a": it has no dtype)"},
      {file_of(R"({"a":{"dtype":"f64","shape":[1],"data_offsets":[0,8]}})", eight),
       R"(array "a": its dtype "f64" is not a type of the format)"},
      {file_of(R"({"a":{"dtype":1,"shape":[1],"data_offsets":[0,8]}})", eight),
       R"(array "a": its dtype is not a string)"},
      {file_of(R"({"a":{"dtype":"F32","dtype":"F64","shape":[1],"data_offsets":[0,8]}})", eight),
       R"(array "a": its dtype appears twice)"},
      {file_of(R"({"a":{"dtype":"F64","shape":[1],"shape":[1],"data_offsets":[0,8]}})", eight),
       R"(array "a": its shape appears twice)"},
      {file_of(R"({"a":["F64",[1],[0,8],1]})", eight), R"(array "a": its description has more than three)"},
      {file_of(R"({"a":["F64",[1]]})", eight),
       R"(array "a": its data_offsets is not a list of non-negative integers)"},
      {file_of(R"({"a":{"dtype":"F4","shape":[3],"data_offsets":[0,1]}})", "x"),
       R"(array "a": shape {3} in F4 takes 12 bits, not whole bytes)"},
      {file_of(R"({"a":{"dtype":"F32","data_offsets":[0,8]}})", eight),
       R"(array "a": its shape is not a list of non-negative integers)"},
      {file_of(R"({"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}})", eight),
       R"(array "a": its shape is not a list of non-negative integers)"},
      {file_of(R"({"a":{"dtype":"F32","shape":[2.0],"data_offsets":[0,8]}})", eight),
       R"(array "a": its shape is not a list of non-negative integers)"},
      {file_of(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0]}})", eight),
       R"(array "a": expected 2 data_offsets, got 1)"},
      {file_of(R"({"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}})", eight),
       R"(array "a": shape {3} in F32 takes 12 bytes; its offsets are 0 and 8)"},
      {file_of(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}})", eight),
       R"(array "a": shape {2} in F32 takes 8 bytes; its offsets are 8 and 0)"},
      {file_of(R"({"a":{"dtype":"F32","shape":[4294967296,4294967296,2],"data_offsets":[0,8]}})", eight),
       R"(array "a": its shape {4294967296, 4294967296, 2} is too large)"},
      {file_of(R"({"a":{"dtype":"F32","shape":[4611686018427387904,8,0],"data_offsets":[0,0]}})", ""),
       R"(array "a": its shape {4611686018427387904, 8, 0} is too large)"},
      {file_of(R"({"a":{"dtype":"F64","shape":[1000000000000],"data_offsets":[0,8000000000000]}})", eight),
       R"(array "a": it ends at byte 8000000000000 of 8: the file was cut short)"},
      {file_of(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})", eight),
       R"(array "a": it begins at byte 4; expected 0, where the array before it ends)"},
      {file_of(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],)"
               R"("data_offsets":[4,8]}})",
               eight),
       R"(array "b": it begins at byte 4; expected 8, where the array before it ends)"},
      {file_of(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],)"
               R"("data_offsets":[4,8]}})",
               eight),
       R"(array "a": it appears twice)"},
      {file_of(R"({"__metadata__":[]})", ""), "__metadata__ is not a JSON object"},
      {file_of(R"({"__metadata__":{"a":1}})", ""), R"(__metadata__: "a" is not a string)"},
      {file_of(R"({"__metadata__":{"a":null}})", ""), R"(__metadata__: "a" is not a string)"},
      {file_of(R"({"__metadata__":null,"__metadata__":{}})", ""), "__metadata__ appears twice"},
      {file_of(R"({"a":{"dtype":"F64","shape":[1],"data_offsets":[0,8]},"\u0061":)"
               R"({"dtype":"F64","shape":[1],"data_offsets":[0,8]}})",
               eight),
       R"(array "a": it appears twice)"},
      {file_of(std::string(100000, '[').insert(0, "{\"a\":"), ""), R"(array "a": its dtype is not a string)"},
      {file_of(std::string(100000, '[').insert(0, "{\"a\":{\"x\":"), ""),
       "its header is not valid JSON: nested too deeply"},
  };
  for (const Case& each : cases) {
    check::write_file(path, each.bytes);
    const std::string message = message_of(path);
    CHECK_MESSAGE(message.starts_with(fmt::format("cannot read {}: {}", path.string(), each.reason)),
                  each.reason << "\n"
                              << message.substr(0, 300));
  }
}

TEST_CASE("missing files, and folders, are errors") {
  const check::TemporaryFolder folder;
  CHECK(message_of(folder.path / "none") ==
        fmt::format("cannot read {}: No such file or directory", (folder.path / "none").string()));
  CHECK(message_of(folder.path) ==
        fmt::format("cannot read {}: it is not a regular file", folder.path.string()));
}

TEST_CASE("a file that cannot be written is an error and leaves no file behind") {
  const check::TemporaryFolder folder;
  const nn::StateDict contents{.arrays = {{"a", Array<float>{1}}}, .metadata = {}};
  const auto nowhere = folder.path / "none" / "a";
  CHECK_THROWS_WITH_AS(nn::write_safetensors(nowhere, contents),
                       fmt::format("cannot write {}: No such file or directory", nowhere.string()).c_str(),
                       FileError);
  CHECK_THROWS_WITH_AS(
      nn::write_safetensors(folder.path, contents),
      fmt::format("cannot write {}: it exists and is not a regular file", folder.path.string()).c_str(),
      FileError);
  CHECK_THROWS_AS(nn::write_safetensors("/dev/null", contents), FileError);
  CHECK(std::filesystem::is_character_file("/dev/null"));

  const nn::StateDict twice{.arrays = {{"a", Array<float>{1}}, {"a", Array<float>{2}}}, .metadata = {}};
  CHECK_THROWS_AS(nn::write_safetensors(folder.path / "a", twice), ValueError);
  const nn::StateDict reserved{.arrays = {{"__metadata__", Array<float>{1}}}, .metadata = {{"a", "b"}}};
  CHECK_THROWS_AS(nn::write_safetensors(folder.path / "a", reserved), ValueError);
  const nn::StateDict no_text{.arrays = {{"\xff", Array<float>{1}}}, .metadata = {}};
  CHECK_THROWS_AS(nn::write_safetensors(folder.path / "a", no_text), ValueError);
  CHECK(folder.files() == 0);
}

TEST_CASE("a write that fails midway leaves the existing file unchanged") {
  const check::TemporaryFolder folder;
  const auto path = folder.path / "a";
  nn::write_safetensors(path, {.arrays = {{"a", Array<float>{1}}}, .metadata = {}});
  const std::string before = check::read_file(path);

  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);  // a limit instead of a full disk
  rlimit old_limit{};
  getrlimit(RLIMIT_FSIZE, &old_limit);
  const rlimit limit{1000, old_limit.rlim_max};
  setrlimit(RLIMIT_FSIZE, &limit);
  std::string message = "no error";
  try {
    nn::write_safetensors(path, {.arrays = {{"a", full<double>({1000}, 2)}}, .metadata = {}});
  } catch (const FileError& error) {
    message = error.what();
  }
  setrlimit(RLIMIT_FSIZE, &old_limit);
  std::signal(SIGXFSZ, old_handler);

  CHECK(message == fmt::format("cannot write {}: File too large", path.string()));
  CHECK(check::read_file(path) == before);
  CHECK(folder.files() == 1);
}

TEST_CASE("a replaced file keeps its permissions") {
  const check::TemporaryFolder folder;
  const auto path = folder.path / "a";
  nn::write_safetensors(path, {});
  std::filesystem::permissions(path, std::filesystem::perms::owner_read);
  nn::write_safetensors(path, {.arrays = {{"a", Array<float>{2}}}, .metadata = {}});
  CHECK(nn::read_safetensors(path).arrays.size() == 1);
  CHECK(std::filesystem::status(path).permissions() == std::filesystem::perms::owner_read);
  CHECK(folder.files() == 1);
}

TEST_CASE("writing through a symbolic link keeps the link") {
  const check::TemporaryFolder folder;
  nn::write_safetensors(folder.path / "a", {});
  std::filesystem::create_symlink("a", folder.path / "link");
  nn::write_safetensors(folder.path / "link", {.arrays = {{"a", Array<float>{1}}}, .metadata = {}});
  CHECK(std::filesystem::is_symlink(folder.path / "link"));
  CHECK(nn::read_safetensors(folder.path / "a").arrays.size() == 1);
  CHECK(folder.files() == 2);
}

// ---- Types ----

namespace {

/// A file with one array "x" of these bytes.
nn::Safetensors read_one(const std::string& dtype, const std::string& shape, const std::string& bytes) {
  const check::TemporaryFolder folder;
  const auto path = folder.path / "one";
  check::write_file(path, file_of(fmt::format(R"({{"x":{{"dtype":"{}","shape":{},"data_offsets":[0,{}]}}}})",
                                              dtype, shape, bytes.size()),
                                  bytes));
  return nn::read_safetensors(path);
}

template <class T>
std::string bytes_of(const std::vector<T>& numbers) {
  return {reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(T)};
}

std::vector<std::uint16_t> all_words() {
  std::vector<std::uint16_t> words(1 << 16);
  std::iota(words.begin(), words.end(), std::uint16_t{0});
  return words;
}

}  // namespace

TEST_CASE("every half is read exactly") {
  const auto words = all_words();
  const auto contents = read_one("F16", "[65536]", bytes_of(words));
  const auto& numbers = std::get<Array<float>>(contents.arrays.at(0).array);
  for (const std::uint16_t word : words) {  // IEEE 754-2019, 3.4: (-1)^s 2^(e - 15) (1 + f 2^-10)
    const int exponent = word >> 10 & 31, fraction = word & 1023;
    const double sign = word >> 15 != 0 ? -1 : 1;
    const double expected = exponent == 31  ? (fraction == 0 ? INFINITY : NAN)
                            : exponent == 0 ? std::ldexp(fraction, -24)
                                            : std::ldexp(1024 + fraction, exponent - 25);
    const float came = numbers(word);
    const bool right = std::isnan(expected)
                           ? std::isnan(came)
                           : double{came} == sign * expected && std::signbit(came) == (sign < 0);
    CHECK_MESSAGE(right, word << " was read as " << came);
  }
}

TEST_CASE("every bfloat16 is read exactly") {
  const auto words = all_words();
  const auto contents = read_one("BF16", "[256,256]", bytes_of(words));
  const auto& numbers = std::get<Array<float>>(contents.arrays.at(0).array);
  CHECK(numbers.shape() == Shape{256, 256});
  for (const std::uint16_t word : words) {  // 1 sign bit, 8 of the exponent, 7 of the fraction
    const int exponent = word >> 7 & 255, fraction = word & 127;
    const double sign = word >> 15 != 0 ? -1 : 1;
    const double expected = exponent == 255 ? (fraction == 0 ? INFINITY : NAN)
                            : exponent == 0 ? std::ldexp(fraction, -133)
                                            : std::ldexp(128 + fraction, exponent - 134);
    const float came = numbers.data()[word];
    const bool right = std::isnan(expected)
                           ? std::isnan(came)
                           : double{came} == sign * expected && std::signbit(came) == (sign < 0);
    CHECK_MESSAGE(right, word << " was read as " << came);
  }
}

TEST_CASE("integers and booleans keep their type") {
  CHECK(std::get<Array<std::int64_t>>(
            read_one("I64", "[2]", bytes_of<std::int64_t>({-1, 1LL << 60})).arrays[0].array) ==
        xt::xarray<std::int64_t>{-1, 1LL << 60});
  CHECK(
      std::get<Array<std::int32_t>>(read_one("I32", "[1,1]", bytes_of<std::int32_t>({-7})).arrays[0].array) ==
      full<std::int32_t>({1, 1}, -7));
  CHECK(std::get<Array<std::uint8_t>>(read_one("U8", "[2]", "\x01\xff").arrays[0].array) ==
        xt::xarray<std::uint8_t>{1, 255});
  CHECK(std::get<Array<std::uint8_t>>(read_one("BOOL", "[2]", std::string("\0\1", 2)).arrays[0].array) ==
        xt::xarray<std::uint8_t>{0, 1});
  CHECK(std::get<Array<std::uint16_t>>(read_one("U16", "[]", "\x01\x02").arrays[0].array)() == 0x201);
}

TEST_CASE("unsupported types are skipped and listed") {
  for (const char* type : {"F8_E4M3", "F8_E5M2", "F8_E8M0"}) {
    const auto contents = read_one(type, "[4]", "abcd");
    CHECK(contents.arrays.empty());
    REQUIRE(contents.skipped.size() == 1);
    CHECK(contents.skipped[0].name == "x");
    CHECK(contents.skipped[0].reason == fmt::format("its type {} is not supported", type));
  }
  CHECK(read_one("C64", "[1]", "12345678").skipped.size() == 1);
  CHECK(read_one("F4", "[2,2]", "12").skipped.size() == 1);
  // no entries, but strides that overflow; the format's library accepts it
  CHECK(read_one("F32", "[0,9223372036854775808,9223372036854775808]", "").skipped[0].reason ==
        "its shape {0, 9223372036854775808, 9223372036854775808} is too large");
}

TEST_CASE("what the format's library accepts is read") {  // safetensors 0.8.0, `safetensors.deserialize`
  const check::TemporaryFolder folder;
  const auto path = folder.path / "a";
  const std::string eight = bytes_of<double>({1.5});
  const std::string array = R"({"dtype":"F64","shape":[1],"data_offsets":[0,8]})";
  std::string deep = array;
  deep.insert(1, "\"x\":" + std::string(125, '[') + std::string(125, ']') + ",");
  for (const std::string& header : {
           R"({"__metadata__":null,"a":)" + array + "}",
           R"({"a":)" + array + R"(,"__metadata__":{}})",
           R"({"__metadata__":{"k":"1","k":"2"},"a":)" + array + "}",
           " \t\r\n{\"a\":" + array + "} \t\r\n",
           std::string(R"({"a":["F64",[1],[0,8]]})"),
           std::string(R"({"a":{"x":null,"y":[1,{"z":-1.5}],"x":123456789012345678901234567890,)"
                       R"("dtype":"F64","shape":[1],"data_offsets":[0,8]}})"),
           R"({"a":)" + deep + "}",
       }) {
    check::write_file(path, file_of(header, eight));
    CAPTURE(header);
    const auto contents = nn::read_safetensors(path);
    REQUIRE(contents.arrays.size() == 1);
    CHECK(std::get<Array<double>>(contents.arrays[0].array) == xt::xarray<double>{1.5});
  }
  check::write_file(path, file_of(R"({"__metadata__":{"k":"1","k":"2"}})", ""));
  CHECK(nn::read_safetensors(path).metadata.at("k") == "2");
  deep.insert(deep.find('['), "[");
  deep.insert(deep.rfind("],\"dtype"), "]");
  check::write_file(path, file_of(R"({"a":)" + deep + "}", eight));
  CHECK(message_of(path).ends_with("its header is not valid JSON: nested too deeply"));
}

TEST_CASE("arrays are read by name") {
  const check::TemporaryFolder folder;
  const auto path = folder.path / "a";
  check::write_file(path, file_of(R"({"x":{"dtype":"F8_E4M3","shape":[4],"data_offsets":[0,4]},)"
                                  R"("y":{"dtype":"F32","shape":[1],"data_offsets":[4,8]},)"
                                  R"("z":{"dtype":"I32","shape":[1],"data_offsets":[8,12]}})",
                                  "abcd" + bytes_of<float>({2.5F}) + bytes_of<std::int32_t>({3})));
  const auto contents = nn::read_safetensors(path, {"z", "y"});
  REQUIRE(contents.arrays.size() == 2);
  CHECK(contents.arrays[0].name == "z");
  CHECK(std::get<Array<float>>(contents.arrays[1].array) == xt::xarray<float>{2.5F});
  CHECK_THROWS_WITH_AS(nn::read_safetensors(path, {"y", "w"}),
                       fmt::format("cannot read {}: no array is named \"w\"", path.string()).c_str(),
                       FileError);
  CHECK_THROWS_WITH_AS(
      nn::read_safetensors(path, {"x"}),
      fmt::format("cannot read {}: array \"x\": its type F8_E4M3 is not supported", path.string()).c_str(),
      FileError);
}

TEST_CASE("all types are written and read back, each aligned to its size") {
  const check::TemporaryFolder folder;
  const auto path = folder.path / "a";
  const nn::StateDict contents{.arrays = {{"i8", full<std::int8_t>({1}, -1)},
                                          {"f64", full<double>({1}, 0.5)},
                                          {"u16", full<std::uint16_t>({1}, 3)},
                                          {"f32", full<float>({1}, -0.0F)},
                                          {"i64", full<std::int64_t>({1}, -5)},
                                          {"u8", Array<std::uint8_t>(Shape{0})}},
                               .metadata = {}};
  nn::write_safetensors(path, contents);
  const auto again = nn::read_safetensors(path);
  std::vector<std::string> names;
  for (const auto& each : again.arrays) names.push_back(each.name);
  CHECK(names == std::vector<std::string>{"f64", "i64", "f32", "u16", "i8", "u8"});
  CHECK(std::get<Array<std::int8_t>>(again.arrays[4].array) == xt::xarray<std::int8_t>{-1});
  CHECK(std::get<Array<std::int64_t>>(again.arrays[1].array) == xt::xarray<std::int64_t>{-5});
}

TEST_CASE("reading the header takes time and memory proportional to its length") {
  const check::TemporaryFolder folder;
  const auto path = folder.path / "many";
  const auto seconds = [&](std::size_t count) {
    std::string header = "{";
    for (std::size_t i = 0; i < count; ++i) {
      header += fmt::format(R"({}"t{}":{{"dtype":"F32","shape":[1],"data_offsets":[{},{}]}})",
                            i == 0 ? "" : ",", i, 4 * i, 4 * i + 4);
    }
    check::write_file(path, file_of(header + "}", std::string(4 * count, '\0')));
    const auto begin = std::clock();
    CHECK(nn::read_safetensors(path, {"t1"}).arrays.size() == 1);
    return static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  };
  rusage before{}, after{};
  const double some = std::max(seconds(4000), 1e-3);
  getrusage(RUSAGE_SELF, &before);
  const double many = seconds(64'000);  // a header of 5 MB
  getrusage(RUSAGE_SELF, &after);
  CHECK(many < 16 * 4 * some);                            // 256 times as long if the time is quadratic
#if !XGRAD_HAS_ADDRESS_SANITIZER                          // which keeps freed memory
  CHECK(after.ru_maxrss - before.ru_maxrss < 80 * 1024);  // KiB
#endif
}
