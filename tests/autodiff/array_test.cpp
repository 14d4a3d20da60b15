#include <autodiff/array.hpp>
#include <autodiff/error.hpp>

#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
#include <thread>
#include <vector>

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

TEST_CASE("memory may be given back by another thread") {
  for (int i = 0; i < 20; ++i) {
    Array<double> a = full<double>({1000}, 1);
    std::thread([b = std::move(a)]() mutable { b = Array<double>(Shape{10}); }).join();
  }
}

TEST_CASE("too many entries") {
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
