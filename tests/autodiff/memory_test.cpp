#include <autodiff/array.hpp>

#include <doctest/doctest.h>

#include <thread>

using namespace xgrad;

TEST_CASE("bytes in use are counted where they are asked for") {
  detail::reset_peak_bytes();
  const std::ptrdiff_t before = detail::bytes_in_use();
  {
    const Array<double> a = full<double>({1000}, 0.0);
    CHECK(detail::bytes_in_use() == before + 8000);
  }
  CHECK(detail::bytes_in_use() == before);
  CHECK(detail::peak_bytes_in_use() == before + 8000);
  std::thread([] { CHECK(detail::bytes_in_use() == 0); }).join();
}
