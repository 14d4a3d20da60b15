#include <autodiff/error.hpp>
#include <nn/data/npy.hpp>

#include "../../support/temporary_file.hpp"
#include "../../support/zip.hpp"

#include <doctest/doctest.h>
#include <zlib.h>

#include <cmath>
#include <cstdint>
#include <string>

using namespace xgrad;

namespace {

nn::AnyArray read(const std::string& bytes) {
  const check::TemporaryFile file(bytes);
  return nn::read_npy(file.path);
}

std::string message(const std::string& bytes) {
  const check::TemporaryFile file(bytes);
  try {
    nn::read_npy(file.path);
  } catch (const FileError& error) {
    const std::string all = error.what();
    CHECK(all.starts_with(file.path.string() + ": "));
    return all.substr(file.path.string().size() + 2);
  }
  return "";
}

/// An array of two bytes with this shape, or one with this type.
std::string with_shape(const std::string& shape, int version = 1) {
  return check::npy("{'descr': '|u1', 'fortran_order': False, 'shape': " + shape + ", }\n", "\1\2", version);
}
std::string with_descr(const std::string& descr, const std::string& data) {
  return check::npy("{'descr': " + descr + ", 'fortran_order': False, 'shape': (1,), }\n", data);
}

}  // namespace

TEST_CASE("headers that NumPy accepts") {  // numpy.load of NumPy 2.4
  const xt::xarray<std::uint8_t> expected{1, 2};
  for (const std::string header : {
           "{'descr': '|u1', 'fortran_order': False, 'shape': (2,), }",
           "{'shape': (2,), 'descr': '|u1', 'fortran_order': False}",
           "{\"descr\": \"|u1\", \"fortran_order\": False, \"shape\": (2,)}",
           "{'descr':'|u1','fortran_order':False,'shape':(2,)}",
           " {'descr' : '|u1' ,\n 'fortran_order' : False , 'shape' : ( 2 , ) , } \n\n",
           "{u'descr': u'|u1', 'fortran_order': False, 'shape': (2L,), }",
           "{'descr': '<u1', 'fortran_order': True, 'shape': (2,), }",
           "{'descr': 'u1', 'fortran_order': False, 'shape': (9,), 'shape': (2,)}",
           "{'descr': '|b1', 'fortran_order': False, 'shape': (2,)}",
       }) {
    for (const int version : {1, 2, 3}) {
      CAPTURE(header);
      const std::string bytes = check::npy(header, "\1\2", version);
      if (version == 3 && header.find('L') != std::string::npos) {
        CHECK_FALSE(message(bytes).empty());  // Python 2 does not write version 3
      } else {
        CHECK(std::get<Array<std::uint8_t>>(read(bytes)) == expected);
      }
    }
  }
  CHECK(std::get<Array<std::uint8_t>>(read(with_shape("(1, 2)"))).shape() == Shape{1, 2});
  CHECK(std::get<Array<std::uint8_t>>(read(with_shape("(2L, 1L,)"))).shape() == Shape{2, 1});
}

TEST_CASE("shapes that NumPy rejects") {
  for (const char* shape : {"(1 2,)", "(2)", "2", "[2]", "(,2)", "(,)", "(2,,)", "(2.0,)", "(-2,)", "(None,)",
                            "(02,)", "(2,", "('2',)", "(2l,)", "(np.int64(2),)"}) {
    CAPTURE(shape);
    CHECK_FALSE(message(with_shape(shape)).empty());
  }
  CHECK(message(with_shape("(99999999999999999999,)")) == "its shape is too large");
  CHECK(message(with_shape("(4294967296, 4294967296)")) == "its shape is too large");
  CHECK(message(with_shape("(0, 4294967296, 4294967296, 4294967296)")) == "its shape is too large");
  CHECK(message(with_shape("(3,)")) == "it ends after 2 bytes of 3");
  CHECK(message(with_shape("(1,)")) == "there are bytes after its last entry");
  CHECK(message(with_shape("(1000000000000,)")) == "it ends after 2 bytes of 1000000000000");
}

TEST_CASE("headers that NumPy rejects") {
  CHECK(message(check::npy("{'descr': '|u1', 'fortran_order': False}", "")) == "its header has no shape");
  CHECK(message(check::npy("{'descr': '|u1', 'shape': ()}", "")) == "its header has no fortran_order");
  CHECK(message(check::npy("{'descr': '|u1', 'fortran_order': 1, 'shape': ()}", "x")) ==
        "its fortran_order is neither True nor False");
  CHECK(message(check::npy("{'descr': '|u1', 'fortran_order': False, 'shape': (), 'x': 1}", "x")) ==
        "its header has an unknown key \"x\"");
  CHECK(message(check::npy("{'descr': '|u1', 'fortran_order': False, 'shape': ()} x", "x")) ==
        "its header is not a valid dictionary: characters after its end");
  for (const char* descr : {"None", "'|u1", "3", "b'|u1'", "{'a': 1}", "[('a', '|u1')"}) {
    CAPTURE(descr);
    CHECK_FALSE(message(with_descr(descr, "x")).empty());
  }
  CHECK(message("\x93NUMPX\1") == "it is not a .npy array");
  CHECK(message("") == "it is not a .npy array");
  CHECK(message(check::npy("{}", "", 4)) == "version 4 of the format is not supported");
  CHECK(message("\x93NUMPY\2" + std::string(1, '\0') + "\xff\xff\xff\xff") ==
        "expected a header of at most 1048576 bytes, got 4294967295");
}

TEST_CASE("types and byte orders") {
  CHECK(std::get<Array<float>>(read(with_descr("'>f4'", std::string("\x3f\x80\0\0", 4))))(0) == 1);
  CHECK(std::get<Array<double>>(read(with_descr("'>f8'", std::string("\xc0\4\0\0\0\0\0\0", 8))))(0) == -2.5);
  CHECK(std::get<Array<std::int32_t>>(read(with_descr("'>i4'", "\1\2\3\4")))(0) == 0x01020304);
  CHECK(std::get<Array<std::int32_t>>(read(with_descr("'=i4'", "\1\2\3\4")))(0) == 0x04030201);
  CHECK(std::get<Array<std::uint64_t>>(read(with_descr("'<u8'", std::string("\1\0\0\0\0\0\0\x80", 8))))(0) ==
        0x8000000000000001);
  CHECK(std::get<Array<float>>(read(with_descr("'<f2'", std::string("\1\0", 2))))(0) == 0x1p-24F);
  CHECK(std::get<Array<float>>(read(with_descr("'>f2'", "\xfb\xff")))(0) == -65504);
  CHECK(std::isnan(std::get<Array<float>>(read(with_descr("'<f2'", "\1\x7c")))(0)));
  CHECK(message(with_descr("'<U1'", "1234")) == "its type <U1 is not supported");
}

TEST_CASE("Fortran order of three axes, also of byte-swapped float16") {
  // np.asfortranarray(np.arange(24, dtype='>f2').reshape(2, 3, 4)): the first index varies fastest
  std::string data;
  for (int k = 0; k < 4; ++k) {
    for (int j = 0; j < 3; ++j) {
      for (int i = 0; i < 2; ++i) {
        const int number = 12 * i + 4 * j + k;
        const int exponent = number == 0 ? 0 : static_cast<int>(std::floor(std::log2(number)));
        const int bits = number == 0 ? 0 : (exponent + 15) << 10 | ((number << 10 >> exponent) & 1023);
        data += static_cast<char>(bits >> 8);
        data += static_cast<char>(bits & 255);
      }
    }
  }
  const auto array =
      read(check::npy("{'descr': '>f2', 'fortran_order': True, 'shape': (2, 3, 4), }\n", data));
  CHECK(std::get<Array<float>>(array) == xt::xarray<float>(xt::arange<float>(24).reshape({2, 3, 4})));
}

TEST_CASE("write_npy writes what NumPy writes, except for the version, and is read back") {
  const check::TemporaryFile file;
  nn::write_npy(file.path, Array<float>{{1.5F, -2}, {3, 4}});
  const std::string bytes = check::read_file(file.path);
  CHECK(bytes.substr(0, 8) == std::string("\x93NUMPY\2\0", 8));
  CHECK(bytes.size() == 128 + 16);
  CHECK(bytes.find("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }") == 12);
  CHECK(bytes[127] == '\n');
  CHECK(std::get<Array<float>>(nn::read_npy(file.path)) == xt::xarray<float>{{1.5F, -2}, {3, 4}});
  nn::write_npy(file.path, Array<std::int64_t>{7});
  CHECK(check::read_file(file.path).find("'shape': (1,), }") != std::string::npos);
  CHECK(std::get<Array<std::int64_t>>(nn::read_npy(file.path))(0) == 7);
  nn::write_npy(file.path, Array<std::uint8_t>(Shape{}, std::uint8_t{3}));
  CHECK(std::get<Array<std::uint8_t>>(nn::read_npy(file.path))() == 3);
}

TEST_CASE(".npy files compressed with gzip") {
  const check::TemporaryFile file;
  const std::string bytes = with_shape("(2,)");
  const gzFile out = gzopen(file.path.c_str(), "wb");
  gzwrite(out, bytes.data(), static_cast<unsigned>(bytes.size()));
  gzclose(out);
  CHECK(std::get<Array<std::uint8_t>>(nn::read_npy(file.path)) == xt::xarray<std::uint8_t>{1, 2});
}
