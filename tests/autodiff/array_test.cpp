#include <autodiff/array.hpp>
#include <autodiff/error.hpp>
#include <autodiff/random.hpp>

#include <doctest/doctest.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <locale>
#include <sstream>
#include <thread>
#include <vector>
#include XGRAD_XTENSOR_IO

using namespace xgrad;

TEST_CASE("an Array is an xtensor container") {
  Array<float> a = full<float>({2, 3}, 1.5F);
  a(1, 2) = 4;
  CHECK(xt::sum(a)() == doctest::Approx(11.5));
  const xt::xarray<float> copy = a;
  CHECK(copy == a);
  CHECK(to_array<float>(xt::transpose(a)).shape() == Shape{3, 2});
}

TEST_CASE("memory is aligned to 64 bytes, whatever the size") {
  for (std::size_t size = 0; size < 3000; size += 7) {
    const Array<float> a(Shape{size});
    CHECK(reinterpret_cast<std::uintptr_t>(a.data()) % 64 == 0);
  }
}

TEST_CASE("blocks of all sizes hold what is written to them") {
  std::vector<Array<std::uint8_t>> arrays;
  for (std::size_t round = 0; round < 3; ++round) {
    for (std::size_t size = 1; size < 70'000; size = size * 5 / 4 + 1) {
      arrays.push_back(full<std::uint8_t>({size}, static_cast<std::uint8_t>(size)));
    }
    for (const auto& a : arrays) {
      for (const std::uint8_t entry : a.storage()) REQUIRE(entry == static_cast<std::uint8_t>(a.size()));
    }
    arrays.erase(arrays.begin(), arrays.begin() + static_cast<std::ptrdiff_t>(arrays.size() / 2));
  }
}

TEST_CASE("memory may be freed by another thread") {
  for (int i = 0; i < 20; ++i) {
    Array<double> a = full<double>({1000}, 1);
    std::thread([b = std::move(a)]() mutable { b = Array<double>(Shape{10}); }).join();
  }
}

TEST_CASE("shapes with too many entries throw") {
  constexpr std::size_t huge = std::numeric_limits<std::size_t>::max() / 2;
  CHECK_THROWS_AS(element_count({huge, 3}), ShapeError);
  CHECK_THROWS_AS(PoolAllocator<double>().allocate(huge), std::bad_alloc);
}

TEST_CASE("broadcasting") {
  CHECK(broadcast_shape("add", {2, 1, 4}, {3, 1}) == Shape{2, 3, 4});
  CHECK(broadcast_shape("add", {}, {3, 1}) == Shape{3, 1});
  CHECK(broadcast_shape("add", {0, 1}, {1, 3}) == Shape{0, 3});
  CHECK_THROWS_WITH_AS(broadcast_shape("add", {2, 3}, {2}),
                       "add: shapes {2, 3} and {2} do not broadcast: extents 3 and 2", ShapeError);
  CHECK_THROWS_AS(broadcast_shape("add", {0}, {2}), ShapeError);
}

TEST_CASE("an Array from numbers in braces") {
  const Array<float> row = {1, 2, 3};
  CHECK(row.shape() == Shape{3});
  const Array<double> matrix = {{1, 2.5}, {3, 4}};
  CHECK(matrix.shape() == Shape{2, 2});
  CHECK(matrix(0, 1) == 2.5);
  const Array<double> column = {{1.0}, {2.0}};  // not a row
  CHECK(column.shape() == Shape{2, 1});
  const Array<int> cube = {{{1, 2}, {3, 4}}, {{5, 6}, {7, 8}}};
  CHECK(cube.shape() == Shape{2, 2, 2});
  CHECK(cube(1, 0, 1) == 6);
  CHECK(Array<bool>{true, false}.shape() == Shape{2});
  CHECK(Array<float>({1.5F, 2.5F}).shape() == Shape{2});  // not a shape; with integers it does not compile
  CHECK(Array<float>({2, 3}, 1.0F).shape() == Shape{2, 3});
  CHECK_THROWS_WITH_AS((Array<int>{{1, 2}, {3}}), "Array: the rows of a nested list have different lengths",
                       ShapeError);
  CHECK_THROWS_AS((Array<int>{{1}, {2, 3}}), ShapeError);
}

TEST_CASE("assignment to an Array works as for xtensor's containers") {
  Array<double> a = {1, 2, 3};
  a = a * 2.0;
  CHECK(a == Array<double>{2, 4, 6});
  a += 1;
  xt::noalias(a) = a + a;
  CHECK(a == Array<double>{6, 10, 14});
  a = 3.0;
  CHECK(a.dimension() == 0);
  Array<double> b = xt::arange<double>(3);
  a = std::move(b);
  CHECK(a == Array<double>{0, 1, 2});
  a = Array<double>{{1, 2}, {3, 4}};
  a = Array<double>(xt::view(a, 0));
  CHECK(a == Array<double>{1, 2});
  CHECK(Array<double>().size() == 1);
  CHECK(Array<double>(Shape{0, 3}).size() == 0);
}

TEST_CASE("fmt prints arrays") {
  CHECK(fmt::format("{}", Array<int>{1, 2}) == "{1, 2}");
  CHECK(fmt::format("{}", Array<std::uint8_t>{1, 200}) == "{  1, 200}");
  CHECK(fmt::format("{}", Array<bool>{true, false}) == "{ true, false}");
  CHECK(fmt::format("{}", Array<float>{{0.5, 1}, {2, 3}}) == "{{ 0.5,  1. },\n { 2. ,  3. }}");
  CHECK(fmt::format("{}", xt::xarray<double>{1.0, 2.0}) == "{ 1.,  2.}");
  CHECK(fmt::format("{:>8}", Array<int>{1, 2}) == "  {1, 2}");
}

namespace {

/// A locale with a decimal comma and points as thousands separators.
struct Comma : std::numpunct<char> {
  char do_decimal_point() const override { return ','; }
  char do_thousands_sep() const override { return '.'; }
  std::string do_grouping() const override { return "\3"; }
};

template <class T>
void check_printed_as_by_xtensor(const Array<T>& array) {
  std::ostringstream printed;
  printed << array;
  std::string expected = printed.str();
  for (std::size_t at = 0; (at = expected.find(" \n", at)) != std::string::npos;) {
    expected.erase(at, 1);  // a trailing space, which xtensor before 0.25 leaves at the end of a line
  }
  CHECK(to_string(array) == expected);
  const std::locale before = std::locale::global(std::locale(std::locale::classic(), new Comma));
  const std::string elsewhere = to_string(array);
  std::locale::global(before);
  CHECK(elsewhere == expected);
}

}  // namespace

TEST_CASE("arrays are printed as by xtensor, independent of the locale") {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  check_printed_as_by_xtensor<double>(Array<double>{1.5, -1234.25, 0, 3});
  check_printed_as_by_xtensor<double>(Array<double>{{1, 2}, {30, -4}});
  check_printed_as_by_xtensor<double>(Array<double>{{1e-9, 2}, {12345678.5, -4}});
  check_printed_as_by_xtensor<double>(Array<double>{1e-200, 2.5e120, -1});
  check_printed_as_by_xtensor<double>(Array<double>{0.5, infinity, -infinity, 1});
  check_printed_as_by_xtensor<double>(full<double>({}, 2.25));
  check_printed_as_by_xtensor<float>(Array<float>{0.1F, 1e6F, -0.0F});
  check_printed_as_by_xtensor<float>(Array<float>{{{0.125F, 100}, {1, 7}}});
  check_printed_as_by_xtensor<std::int64_t>(Array<std::int64_t>{{1500000, -2}, {3, 4}});
  check_printed_as_by_xtensor<bool>(Array<bool>{true, true});
  seed(3);
  check_printed_as_by_xtensor<double>(random_normal<double>({3, 20}));
  check_printed_as_by_xtensor<float>(random_normal<float>({31}));
  check_printed_as_by_xtensor<float>(random_normal<float>({2, 3, 4}));
}

TEST_CASE("large arrays are abbreviated to fewer than 40 lines") {
  for (const Shape& shape : {Shape{5000}, Shape{900}, Shape{100, 100}, Shape{64, 28, 28, 1}, Shape{300, 3},
                             Shape{3, 4, 5, 6, 7}, Shape{4, 4, 4, 4, 4, 4, 4, 4}, Shape{999, 1}}) {
    Array<float> array = full<float>(shape, 2);
    array.data()[0] = 1;
    array.data()[array.size() - 1] = 3;
    const std::string text = to_string(array);
    CAPTURE(text);
    CHECK(std::count(text.begin(), text.end(), '\n') < 40);
    CHECK(text.find('1') != std::string::npos);
    CHECK(text.find("...") != std::string::npos);
    if (shape.size() < 7) CHECK(text.find('3') != std::string::npos);
  }
}

TEST_CASE("a large array is printed with its first and last entries") {
  Array<int> array(Shape{2, 1000});
  for (std::size_t i = 0; i < array.size(); ++i) array.data()[i] = static_cast<int>(i);
  CHECK(fmt::format("{}", array) ==
        "{{   0,    1,    2, ...,  997,  998,  999},\n {1000, 1001, 1002, ..., 1997, 1998, 1999}}");
}
