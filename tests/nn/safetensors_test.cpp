#include <autodiff/error.hpp>
#include <nn/safetensors.hpp>

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

using namespace xgrad;

namespace {

/// A folder that goes with the test.
struct Folder {
  Folder() : path(std::filesystem::temp_directory_path() / fmt::format("xgrad-safetensors-{}", getpid())) {
    std::filesystem::create_directories(path);
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::size_t files() const {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(path), {}));
  }
  std::filesystem::path path;
};

void write_bytes(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

std::string read_bytes(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// A file made by hand: the length, the header, the arrays.
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

TEST_CASE("a file of the Python library is read") {
  const Folder folder;
  write_bytes(folder.path / "a.safetensors", python_file());
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
  const Folder folder;
  const auto path = folder.path / "a.safetensors";
  write_bytes(path, python_file());
  const auto contents = nn::read_safetensors(path);
  const auto copy = folder.path / "b.safetensors";
  nn::write_safetensors(copy, contents);
  // The keys of a description come in another order; the bytes before and behind the header are the same.
  const std::string bytes = read_bytes(copy);
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

TEST_CASE("the arrays begin at a multiple of 8 bytes, whatever the names") {
  const Folder folder;
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

TEST_CASE("no arrays, and arrays without entries") {
  const Folder folder;
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

TEST_CASE("a file cut short anywhere is an error that names it") {
  const Folder folder;
  const auto path = folder.path / "cut.safetensors";
  const std::string whole = python_file();
  for (std::size_t length = 0; length < whole.size(); ++length) {
    write_bytes(path, whole.substr(0, length));
    const std::string message = message_of(path);
    CHECK_MESSAGE(message.starts_with(fmt::format("cannot read {}: ", path.string())),
                  length << ": " << message);
  }
}

TEST_CASE("a file with any one byte of its header changed is read or refused, never more") {
  const Folder folder;
  const auto path = folder.path / "changed.safetensors";
  const std::string whole = python_file();
  for (std::size_t i = 0; i + 40 < whole.size(); ++i) {
    for (const char to : {'\0', ' ', '"', '9', '{', ']', '\xff', static_cast<char>(whole[i] ^ 1)}) {
      std::string bytes = whole;
      bytes[i] = to;
      write_bytes(path, bytes);
      CHECK_NOTHROW(message_of(path));
    }
  }
}

TEST_CASE("what is wrong with a file is said") {
  const Folder folder;
  const auto path = folder.path / "bad.safetensors";
  const std::string eight(8, 'x');
  struct Case {
    std::string bytes;
    std::string reason;
  };
  const Case cases[] = {
      {std::string(8, '\xff'), "a header of 18446744073709551615 bytes; 100000000 at most are allowed"},
      {std::string("\x00\x00\x00\x05\x00\x00\x00\x00", 8) + "{}",
       "a header of 83886080 bytes in a file of 10 bytes"},
      {file_of("", ""), "its header is no JSON object"},
      {file_of("[]", ""), "its header is no JSON object"},
      {file_of("  {}", ""), "its header is no JSON object"},
      {file_of(R"({"a":)", ""), "its header is no proper JSON"},
      {file_of("{} {}", ""), "its header is no proper JSON"},
      {file_of("{\"\xff\":1}", ""), "its header is no proper JSON"},
      {file_of("{}", "x"), "1 bytes at its end belong to no array"},
      {file_of(R"({"a":3})", ""), R"(array "a": its description is no JSON object)"},
      {file_of(R"({"a":{"shape":[2],"data_offsets":[0,8]}})", eight), R"(array "a": it has no dtype)"},
      {file_of(R"({"a":{"dtype":"I64","shape":[1],"data_offsets":[0,8]}})", eight),
       R"(array "a": dtype I64 came; expected F32 or F64)"},
      {file_of(R"({"a":{"dtype":"F32","data_offsets":[0,8]}})", eight),
       R"(array "a": its shape is no list of whole numbers)"},
      {file_of(R"({"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}})", eight),
       R"(array "a": its shape is no list of whole numbers)"},
      {file_of(R"({"a":{"dtype":"F32","shape":[2.0],"data_offsets":[0,8]}})", eight),
       R"(array "a": its shape is no list of whole numbers)"},
      {file_of(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0]}})", eight),
       R"(array "a": 1 data_offsets; expected two)"},
      {file_of(R"({"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}})", eight),
       R"(array "a": shape {3} in F32 takes 12 bytes; its offsets are 0 and 8)"},
      {file_of(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}})", eight),
       R"(array "a": shape {2} in F32 takes 8 bytes; its offsets are 8 and 0)"},
      {file_of(R"({"a":{"dtype":"F32","shape":[4294967296,4294967296,2],"data_offsets":[0,8]}})", eight),
       R"(array "a": its shape {4294967296, 4294967296, 2} is too large)"},
      {file_of(R"({"a":{"dtype":"F32","shape":[0,9223372036854775807],"data_offsets":[0,0]}})", ""),
       R"(array "a": its shape {0, 9223372036854775807} is too large)"},
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
       R"(array "a": it is there twice)"},
      {file_of(R"({"__metadata__":[]})", ""), "__metadata__ is no JSON object"},
      {file_of(R"({"__metadata__":{"a":1}})", ""), R"(__metadata__: "a" is no text)"},
      {file_of(std::string(100000, '[').insert(0, "{\"a\":"), ""), "its header is no proper JSON"},
  };
  for (const Case& each : cases) {
    write_bytes(path, each.bytes);
    const std::string message = message_of(path);
    CHECK_MESSAGE(message.starts_with(fmt::format("cannot read {}: {}", path.string(), each.reason)),
                  each.reason << "\n"
                              << message.substr(0, 300));
  }
}

TEST_CASE("files that are not there, or are no files") {
  const Folder folder;
  CHECK(message_of(folder.path / "none") ==
        fmt::format("cannot read {}: No such file or directory", (folder.path / "none").string()));
  CHECK(message_of(folder.path) ==
        fmt::format("cannot read {}: it is no regular file", folder.path.string()));
}

TEST_CASE("a file that cannot be written is an error, and leaves nothing behind") {
  const Folder folder;
  const nn::Safetensors contents{.arrays = {{"a", Array<float>{1}}}, .metadata = {}};
  const auto nowhere = folder.path / "none" / "a";
  CHECK_THROWS_WITH_AS(nn::write_safetensors(nowhere, contents),
                       fmt::format("cannot write {}: No such file or directory", nowhere.string()).c_str(),
                       FileError);
  CHECK_THROWS_WITH_AS(
      nn::write_safetensors(folder.path, contents),
      fmt::format("cannot write {}: it exists and is no regular file", folder.path.string()).c_str(),
      FileError);
  CHECK_THROWS_AS(nn::write_safetensors("/dev/null", contents), FileError);
  CHECK(std::filesystem::is_character_file("/dev/null"));

  const nn::Safetensors twice{.arrays = {{"a", Array<float>{1}}, {"a", Array<float>{2}}}, .metadata = {}};
  CHECK_THROWS_AS(nn::write_safetensors(folder.path / "a", twice), ValueError);
  const nn::Safetensors reserved{.arrays = {{"__metadata__", Array<float>{1}}}, .metadata = {{"a", "b"}}};
  CHECK_THROWS_AS(nn::write_safetensors(folder.path / "a", reserved), ValueError);
  const nn::Safetensors no_text{.arrays = {{"\xff", Array<float>{1}}}, .metadata = {}};
  CHECK_THROWS_AS(nn::write_safetensors(folder.path / "a", no_text), ValueError);
  CHECK(folder.files() == 0);
}

TEST_CASE("a write that fails half-way leaves the older file as it was") {
  const Folder folder;
  const auto path = folder.path / "a";
  nn::write_safetensors(path, {.arrays = {{"a", Array<float>{1}}}, .metadata = {}});
  const std::string before = read_bytes(path);

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
  CHECK(read_bytes(path) == before);
  CHECK(folder.files() == 1);
}

TEST_CASE("a file that is replaced keeps its permissions") {
  const Folder folder;
  const auto path = folder.path / "a";
  nn::write_safetensors(path, {});
  std::filesystem::permissions(path, std::filesystem::perms::owner_read);
  nn::write_safetensors(path, {.arrays = {{"a", Array<float>{2}}}, .metadata = {}});
  CHECK(nn::read_safetensors(path).arrays.size() == 1);
  CHECK(std::filesystem::status(path).permissions() == std::filesystem::perms::owner_read);
  CHECK(folder.files() == 1);
}

TEST_CASE("a symbolic link stays one") {
  const Folder folder;
  nn::write_safetensors(folder.path / "a", {});
  std::filesystem::create_symlink("a", folder.path / "link");
  nn::write_safetensors(folder.path / "link", {.arrays = {{"a", Array<float>{1}}}, .metadata = {}});
  CHECK(std::filesystem::is_symlink(folder.path / "link"));
  CHECK(nn::read_safetensors(folder.path / "a").arrays.size() == 1);
  CHECK(folder.files() == 2);
}
