#include <autodiff/error.hpp>
#include <nn/data/data.hpp>

#include "../../support/temporary_file.hpp"
#include "../../support/zip.hpp"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

using namespace xgrad;

namespace {

// Written by NumPy 2:
//   np.savez_compressed(f, x=np.array([[1.5, -2], [3, 4]], dtype=np.float32), labels=np.array([3, 1, 2]))
//   np.savez(f, a=np.asfortranarray(np.arange(6.0).reshape(2, 3)), s=np.array(7, dtype=np.uint8),
//            e=np.zeros((0, 3), dtype=np.int16), b=np.array([True, False]))
//   np.savez(f, z=np.array([1j]))
// clang-format off
const unsigned char compressed_bytes[] = {80, 75, 3, 4, 45, 0, 0, 0, 8, 0, 0, 0, 33, 0, 240, 12, 204, 82, 255, 255, 255, 255, 255, 255, 255, 255, 5, 0, 20, 0, 120, 46, 110, 112, 121, 1, 0, 16, 0, 144, 0, 0, 0, 0, 0, 0, 0, 85, 0, 0, 0, 0, 0, 0, 0, 155, 236, 23, 234, 27, 16, 201, 200, 80, 198, 80, 173, 158, 146, 90, 156, 92, 164, 110, 165, 160, 110, 147, 102, 162, 174, 163, 160, 158, 150, 95, 84, 82, 148, 152, 23, 159, 95, 148, 146, 10, 18, 119, 75, 204, 41, 78, 5, 138, 23, 103, 36, 22, 164, 2, 249, 26, 70, 58, 10, 70, 154, 58, 10, 181, 10, 100, 3, 46, 6, 134, 3, 246, 12, 64, 130, 129, 193, 193, 129, 129, 161, 193, 1, 0, 80, 75, 3, 4, 45, 0, 0, 0, 8, 0, 0, 0, 33, 0, 223, 233, 12, 178, 255, 255, 255, 255, 255, 255, 255, 255, 10, 0, 20, 0, 108, 97, 98, 101, 108, 115, 46, 110, 112, 121, 1, 0, 16, 0, 152, 0, 0, 0, 0, 0, 0, 0, 77, 0, 0, 0, 0, 0, 0, 0, 155, 236, 23, 234, 27, 16, 201, 200, 80, 198, 80, 173, 158, 146, 90, 156, 92, 164, 110, 165, 160, 110, 147, 105, 161, 174, 163, 160, 158, 150, 95, 84, 82, 148, 152, 23, 159, 95, 148, 146, 10, 18, 119, 75, 204, 41, 78, 5, 138, 23, 103, 36, 22, 164, 2, 249, 26, 198, 58, 154, 58, 10, 181, 10, 20, 0, 46, 102, 6, 8, 96, 132, 210, 76, 80, 26, 0, 80, 75, 1, 2, 45, 3, 45, 0, 0, 0, 8, 0, 0, 0, 33, 0, 240, 12, 204, 82, 85, 0, 0, 0, 144, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 128, 1, 0, 0, 0, 0, 120, 46, 110, 112, 121, 80, 75, 1, 2, 45, 3, 45, 0, 0, 0, 8, 0, 0, 0, 33, 0, 223, 233, 12, 178, 77, 0, 0, 0, 152, 0, 0, 0, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 128, 1, 140, 0, 0, 0, 108, 97, 98, 101, 108, 115, 46, 110, 112, 121, 80, 75, 5, 6, 0, 0, 0, 0, 2, 0, 2, 0, 107, 0, 0, 0, 21, 1, 0, 0, 0, 0};
const unsigned char stored_bytes[] = {80, 75, 3, 4, 45, 0, 0, 0, 0, 0, 0, 0, 33, 0, 228, 200, 6, 96, 255, 255, 255, 255, 255, 255, 255, 255, 5, 0, 20, 0, 97, 46, 110, 112, 121, 1, 0, 16, 0, 176, 0, 0, 0, 0, 0, 0, 0, 176, 0, 0, 0, 0, 0, 0, 0, 147, 78, 85, 77, 80, 89, 1, 0, 118, 0, 123, 39, 100, 101, 115, 99, 114, 39, 58, 32, 39, 60, 102, 56, 39, 44, 32, 39, 102, 111, 114, 116, 114, 97, 110, 95, 111, 114, 100, 101, 114, 39, 58, 32, 84, 114, 117, 101, 44, 32, 39, 115, 104, 97, 112, 101, 39, 58, 32, 40, 50, 44, 32, 51, 41, 44, 32, 125, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 64, 0, 0, 0, 0, 0, 0, 240, 63, 0, 0, 0, 0, 0, 0, 16, 64, 0, 0, 0, 0, 0, 0, 0, 64, 0, 0, 0, 0, 0, 0, 20, 64, 80, 75, 3, 4, 45, 0, 0, 0, 0, 0, 0, 0, 33, 0, 118, 14, 19, 137, 255, 255, 255, 255, 255, 255, 255, 255, 5, 0, 20, 0, 115, 46, 110, 112, 121, 1, 0, 16, 0, 129, 0, 0, 0, 0, 0, 0, 0, 129, 0, 0, 0, 0, 0, 0, 0, 147, 78, 85, 77, 80, 89, 1, 0, 118, 0, 123, 39, 100, 101, 115, 99, 114, 39, 58, 32, 39, 124, 117, 49, 39, 44, 32, 39, 102, 111, 114, 116, 114, 97, 110, 95, 111, 114, 100, 101, 114, 39, 58, 32, 70, 97, 108, 115, 101, 44, 32, 39, 115, 104, 97, 112, 101, 39, 58, 32, 40, 41, 44, 32, 125, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 10, 7, 80, 75, 3, 4, 45, 0, 0, 0, 0, 0, 0, 0, 33, 0, 136, 127, 79, 102, 255, 255, 255, 255, 255, 255, 255, 255, 5, 0, 20, 0, 101, 46, 110, 112, 121, 1, 0, 16, 0, 128, 0, 0, 0, 0, 0, 0, 0, 128, 0, 0, 0, 0, 0, 0, 0, 147, 78, 85, 77, 80, 89, 1, 0, 118, 0, 123, 39, 100, 101, 115, 99, 114, 39, 58, 32, 39, 60, 105, 50, 39, 44, 32, 39, 102, 111, 114, 116, 114, 97, 110, 95, 111, 114, 100, 101, 114, 39, 58, 32, 70, 97, 108, 115, 101, 44, 32, 39, 115, 104, 97, 112, 101, 39, 58, 32, 40, 48, 44, 32, 51, 41, 44, 32, 125, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 10, 80, 75, 3, 4, 45, 0, 0, 0, 0, 0, 0, 0, 33, 0, 238, 25, 187, 93, 255, 255, 255, 255, 255, 255, 255, 255, 5, 0, 20, 0, 98, 46, 110, 112, 121, 1, 0, 16, 0, 130, 0, 0, 0, 0, 0, 0, 0, 130, 0, 0, 0, 0, 0, 0, 0, 147, 78, 85, 77, 80, 89, 1, 0, 118, 0, 123, 39, 100, 101, 115, 99, 114, 39, 58, 32, 39, 124, 98, 49, 39, 44, 32, 39, 102, 111, 114, 116, 114, 97, 110, 95, 111, 114, 100, 101, 114, 39, 58, 32, 70, 97, 108, 115, 101, 44, 32, 39, 115, 104, 97, 112, 101, 39, 58, 32, 40, 50, 44, 41, 44, 32, 125, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 10, 1, 0, 80, 75, 1, 2, 45, 3, 45, 0, 0, 0, 0, 0, 0, 0, 33, 0, 228, 200, 6, 96, 176, 0, 0, 0, 176, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 128, 1, 0, 0, 0, 0, 97, 46, 110, 112, 121, 80, 75, 1, 2, 45, 3, 45, 0, 0, 0, 0, 0, 0, 0, 33, 0, 118, 14, 19, 137, 129, 0, 0, 0, 129, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 128, 1, 231, 0, 0, 0, 115, 46, 110, 112, 121, 80, 75, 1, 2, 45, 3, 45, 0, 0, 0, 0, 0, 0, 0, 33, 0, 136, 127, 79, 102, 128, 0, 0, 0, 128, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 128, 1, 159, 1, 0, 0, 101, 46, 110, 112, 121, 80, 75, 1, 2, 45, 3, 45, 0, 0, 0, 0, 0, 0, 0, 33, 0, 238, 25, 187, 93, 130, 0, 0, 0, 130, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 128, 1, 86, 2, 0, 0, 98, 46, 110, 112, 121, 80, 75, 5, 6, 0, 0, 0, 0, 4, 0, 4, 0, 204, 0, 0, 0, 15, 3, 0, 0, 0, 0};
const unsigned char complex_bytes[] = {80, 75, 3, 4, 45, 0, 0, 0, 0, 0, 0, 0, 33, 0, 218, 49, 176, 213, 255, 255, 255, 255, 255, 255, 255, 255, 5, 0, 20, 0, 122, 46, 110, 112, 121, 1, 0, 16, 0, 144, 0, 0, 0, 0, 0, 0, 0, 144, 0, 0, 0, 0, 0, 0, 0, 147, 78, 85, 77, 80, 89, 1, 0, 118, 0, 123, 39, 100, 101, 115, 99, 114, 39, 58, 32, 39, 60, 99, 49, 54, 39, 44, 32, 39, 102, 111, 114, 116, 114, 97, 110, 95, 111, 114, 100, 101, 114, 39, 58, 32, 70, 97, 108, 115, 101, 44, 32, 39, 115, 104, 97, 112, 101, 39, 58, 32, 40, 49, 44, 41, 44, 32, 125, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 240, 63, 80, 75, 1, 2, 45, 3, 45, 0, 0, 0, 0, 0, 0, 0, 33, 0, 218, 49, 176, 213, 144, 0, 0, 0, 144, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 128, 1, 0, 0, 0, 0, 122, 46, 110, 112, 121, 80, 75, 5, 6, 0, 0, 0, 0, 1, 0, 1, 0, 51, 0, 0, 0, 199, 0, 0, 0, 0, 0};
// clang-format on

template <std::size_t n>
std::string text(const unsigned char (&bytes)[n]) {
  return {reinterpret_cast<const char*>(bytes), n};
}

}  // namespace

TEST_CASE("compressed arrays of an .npz file") {
  const check::TemporaryFile file(text(compressed_bytes));
  const nn::Npz data = nn::read_npz(file.path);
  CHECK(data.arrays.size() == 2);
  CHECK(data.get<float>("x") == xt::xarray<float>{{1.5F, -2}, {3, 4}});
  CHECK(data.get<std::int64_t>("labels") == xt::xarray<std::int64_t>{3, 1, 2});
}

TEST_CASE("stored arrays: Fortran order, a scalar, no entries, booleans") {
  const check::TemporaryFile file(text(stored_bytes));
  const nn::Npz data = nn::read_npz(file.path);
  CHECK(data.get<double>("a") == xt::xarray<double>{{0, 1, 2}, {3, 4, 5}});
  CHECK(data.get<std::uint8_t>("s").dimension() == 0);
  CHECK(data.get<std::uint8_t>("s")() == 7);
  CHECK(data.get<std::int16_t>("e").shape() == Shape{0, 3});
  CHECK(data.get<std::uint8_t>("b") == xt::xarray<std::uint8_t>{1, 0});
}

TEST_CASE("errors for missing arrays and other types") {
  const check::TemporaryFile file(text(compressed_bytes));
  const nn::Npz data = nn::read_npz(file.path);
  CHECK_THROWS_WITH_AS(data.get<float>("y"), "Npz: no array is named \"y\"; there are: labels, x", FileError);
  CHECK_THROWS_WITH_AS(data.get<double>("x"), "Npz: expected array \"x\" of type <f8, got <f4", FileError);
  const check::TemporaryFile complex(text(complex_bytes));
  CHECK_THROWS_WITH_AS(nn::read_npz(complex.path, {"z"}),
                       (complex.path.string() + ": array \"z\": its type <c16 is not supported").c_str(),
                       FileError);
  CHECK_THROWS_AS(nn::read_npz("/no/such/file.npz"), FileError);
}

TEST_CASE("a truncated or damaged .npz file is an error, or is read as before") {
  const std::string whole = text(stored_bytes);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const check::TemporaryFile file(whole.substr(0, size));
    CHECK_THROWS_AS(nn::read_npz(file.path), FileError);
  }
  for (std::size_t i = 0; i < whole.size(); ++i) {
    std::string damaged = whole;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x55);
    const check::TemporaryFile file(damaged);
    try {
      const auto arrays = nn::read_npz(file.path).arrays;
      CHECK(arrays.size() <= 4);
    } catch (const Error&) {}
  }
}

namespace {

const std::string three_four =
    check::npy("{'descr': '<i2', 'fortran_order': False, 'shape': (2,), }\n", std::string("\3\0\4\0", 4));

nn::Npz read(const std::vector<std::pair<std::string, std::string>>& members) {
  const check::TemporaryFile file(check::zip(members));
  return nn::read_npz(file.path);
}

}  // namespace

TEST_CASE("members of unsupported types are skipped, and the rest is read") {
  const auto array = [](const std::string& descr, const std::string& data) {
    return check::npy("{'descr': " + descr + ", 'fortran_order': False, 'shape': (1,), }\n", data);
  };
  const nn::Npz data = read({{"x.npy", three_four},
                             {"text.npy", array("'<U3'", "c\0\0\0a\0\0\0t\0\0\0")},
                             {"bytes.npy", array("'|S3'", "cat")},
                             {"date.npy", array("'<M8[D]'", "12345678")},
                             {"object.npy", array("'|O'", "\x80\x03")},
                             {"complex.npy", array("'<c8'", "12345678")},
                             {"long.npy", array("'<f16'", "1234567812345678")},
                             {"fields.npy", array("[('x', '<f4'), ('y', '<i2', (3,))]", "1234123456")},
                             {"nested.npy", array("[(('title', 'x'), [('a', '|u1')])]", "1")},
                             {"README.txt", "about these arrays"},
                             {"empty", ""},
                             {"folder/", ""}});
  CHECK(data.arrays.size() == 1);
  CHECK(data.get<std::int16_t>("x") == xt::xarray<std::int16_t>{3, 4});
  CHECK(data.skipped.size() == 11);
  CHECK(data.skipped.at("text") == "its type <U3 is not supported");
  CHECK(data.skipped.at("fields") == "its type [('x', '<f4'), ('y', '<i2', (3,))] is not supported");
  CHECK(data.skipped.at("README.txt") == "it is not a .npy array");
  CHECK_THROWS_WITH_AS(data.get<float>("date"),
                       "Npz: array \"date\" was skipped: its type <M8[D] is not supported", FileError);
}

TEST_CASE("arrays are read by name") {
  const check::TemporaryFile file(
      check::zip({{"a.npy", three_four}, {"b.npy", "no array"}, {"c", three_four}}));
  CHECK(nn::read_npz(file.path, {"a"}).arrays.size() == 1);
  CHECK(nn::read_npz(file.path, {"c"}).get<std::int16_t>("c")(1) == 4);
  CHECK_THROWS_WITH_AS(
      nn::read_npz(file.path, {"d"}),
      ("cannot read " + file.path.string() + ": no array is named \"d\"; there are: a, b, c").c_str(),
      FileError);
  CHECK_THROWS_WITH_AS(nn::read_npz(file.path),
                       (file.path.string() + ": array \"b\": it is not a .npy array").c_str(), FileError);
}

TEST_CASE("duplicate names are an error") {
  CHECK_THROWS_AS(read({{"a.npy", three_four}, {"a.npy", three_four}}), FileError);
  CHECK_THROWS_AS(read({{"a.npy", three_four}, {"a", three_four}}), FileError);
}
