#include <autodiff/autodiff.hpp>

#include <doctest/doctest.h>

#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

// Results whose sizes overflow or exceed the address space throw a ShapeError that names the operation,
// before memory is allocated; sizes never wrap around to a small result.

using namespace xgrad;

namespace {

constexpr std::size_t big = std::size_t{1} << 62;
constexpr std::ptrdiff_t most = std::numeric_limits<std::ptrdiff_t>::max();
constexpr std::size_t wide = std::size_t{1} << 40;

Variable<double> ones(const Shape& shape) { return full<double>(shape, 1.0); }

/// An empty array, whose other extents may be arbitrarily large.
Variable<double> none(const std::vector<std::ptrdiff_t>& shape) { return reshape(ones({0}), shape); }

using Call = std::pair<const char*, std::function<void()>>;

/// The message starts with the operation's name.
void check_refused(const std::vector<Call>& calls) {
  for (const auto& [name, call] : calls) {
    std::string message = "nothing";
    try {
      call();
    } catch (const Error& error) {
      message = error.what();
    } catch (const std::exception& error) {
      message = std::string("another exception: ") + error.what();
    }
    const std::string start = std::string(name) + ": ";
    CHECK_MESSAGE(message.substr(0, start.size()) == start, name, " threw ", message);
  }
}

}  // namespace

TEST_CASE("results larger than the address space") {
  const auto v = ones({3});
  const auto m = ones({2, 2});
  const auto image = ones({1, 3, 3, 1});
  check_refused({
      {"full", [] { full<float>({std::size_t{1} << 32, std::size_t{1} << 32}, 1); }},
      {"full", [] { full<float>({big, 4}, 1); }},
      {"empty", [] { empty<double>({std::size_t{1} << 61}); }},
      {"empty", [] { empty<bool>({big, big}); }},
      {"empty", [] { random_normal<float>({std::size_t{1} << 32, std::size_t{1} << 32}); }},
      {"pad", [&] { pad(v, most / 2); }},
      {"pad", [&] { pad(v, PadWidths{{most, most}}); }},
      {"pad", [&] { pad(v, PadWidths{{most, most}}, {.mode = PadMode::edge}); }},
      {"pad", [&] { pad(m, PadWidths{{0, 0}, {most, 0}}); }},
      {"pad", [&] { pad(m, std::ptrdiff_t{1} << 30, {.mode = PadMode::wrap}); }},
      {"repeat", [&] { repeat(v, big); }},
      {"repeat", [&] { repeat(v, big, 0); }},
      {"repeat", [&] { repeat(m, most / 4 + 1, 0); }},
      {"repeat", [&] { repeat(ones({4}), std::vector<std::size_t>(4, big), 0); }},
      {"repeat", [&] { repeat(ones({5}), std::vector<std::size_t>{big, big, big, big, 1}, 0); }},
      {"tile", [&] { tile(v, most); }},
      {"tile", [&] { tile(m, {most / 4, std::ptrdiff_t{8}}); }},
      {"tile", [&] { tile(v, {std::ptrdiff_t{1} << 32, std::ptrdiff_t{1} << 32, std::ptrdiff_t{1}}); }},
      {"broadcast_to", [&] { broadcast_to(ones({1}), {wide, wide}); }},
      {"broadcast_to", [&] { broadcast_to(ones({1}), {std::size_t{1} << 61}); }},
      {"broadcast_to", [&] { broadcast_to(ones({}), {std::size_t{1} << 63, 2}); }},
      {"diag", [&] { diag(v, std::numeric_limits<int>::max()); }},
      {"diag", [&] { diag(v, std::numeric_limits<int>::min()); }},
      {"conv2d", [&] { conv2d(image, image, {.padding = std::size_t{1} << 30}); }},
      {"conv2d", [&] { conv2d(image, image, {.padding = wide}); }},
      {"conv_transpose2d", [&] { conv_transpose2d(image, image, {.stride = std::size_t{1} << 30}); }},
      {"unfold", [&] { unfold(image, 1, {.padding = std::size_t{1} << 30}); }},
      {"max_pool2d", [&] { max_pool2d(image, big); }},
      {"avg_pool2d", [&] { avg_pool2d(image, big); }},
      {"adaptive_avg_pool2d", [&] { adaptive_avg_pool2d(image, std::size_t{1} << 30); }},
      {"adaptive_max_pool2d", [&] { adaptive_max_pool2d(image, big); }},
      {"fold", [&] { fold(ones({1, 4, 4, 4}), std::size_t{1} << 30, 2); }},
      {"topk", [&] { topk(v, std::numeric_limits<std::size_t>::max()); }},
      {"reshape", [&] { reshape(ones({8}), {std::ptrdiff_t{1} << 62, 4, -1}); }},
      {"reshape", [&] { reshape(ones({8}), {(std::ptrdiff_t{1} << 62) + 1, 4, -1}); }},
      {"reshape", [&] { reshape(ones({8}), {std::numeric_limits<std::ptrdiff_t>::min()}); }},
  });
}

TEST_CASE("non-empty results of empty operands") {
  const auto a = none({std::ptrdiff_t{1} << 40, 0});
  const auto b = none({0, std::ptrdiff_t{1} << 40});
  const auto c = none({std::ptrdiff_t{1} << 40, std::ptrdiff_t{1} << 40, 0});
  const auto empty_axis = none({most, 0});
  check_refused({
      {"matmul", [&] { matmul(a, b); }},
      {"matmul", [&] { tensordot(a, b, 1); }},
      {"sum", [&] { sum(c, -1); }},
      {"mean", [&] { mean(c, -1); }},
      {"prod", [&] { prod(c, -1); }},
      {"logsumexp", [&] { logsumexp(c, -1, keep_dims); }},
      {"norm", [&] { norm(c, -1); }},
      {"pad", [&] { pad(c, 1); }},
      {"pad", [&] { pad(empty_axis, PadWidths{{most, 0}, {0, 0}}); }},
      {"repeat", [&] { repeat(empty_axis, 2, 0); }},
      {"tile", [&] { tile(empty_axis, {std::ptrdiff_t{2}, std::ptrdiff_t{1}}); }},
  });
  // A shape with an extent of 0 is empty, however large its other extents.
  CHECK(tile(ones({0}), most).size() == 0);
  CHECK(repeat(ones({0}), most).size() == 0);
  CHECK(broadcast_to(ones({1}), {0, std::size_t{1} << 60, 4}).size() == 0);
  CHECK(element_count({std::size_t{1} << 63, 4, 0}) == 0);
  CHECK(none({0, most, most}).size() == 0);
  CHECK(kron(empty_axis, ones({1, 0})).size() == 0);
}

TEST_CASE("the message contains the shape") {
  CHECK_THROWS_WITH_AS(
      broadcast_to(ones({1}), {wide, 3, wide}),
      "broadcast_to: a result of shape {1099511627776, 3, 1099511627776} needs more than 2^47 bytes, the "
      "address space of a process",
      ShapeError);
}
