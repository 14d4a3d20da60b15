#include <autodiff/autodiff.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <vector>

using namespace xgrad;

namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

/// An image of one channel, row by row.
Variable<double> image(const Shape& size, const std::vector<double>& entries) {
  Array<double> result = empty<double>({1, size[0], size[1], 1});
  std::copy(entries.begin(), entries.end(), result.data());
  return result;
}

template <class T>
std::vector<T> entries(const Variable<T>& x) {
  return {x.value().begin(), x.value().end()};
}

/// Different numbers in a random order, far enough apart for numerical derivatives.
template <class T>
Array<T> shuffled(const Shape& shape, Generator& generator) {
  const auto order = random_permutation(element_count(shape), generator);
  Array<T> result(shape);
  for (std::size_t i = 0; i < order.size(); ++i)
    result.data()[i] = static_cast<T>(0.1) * (static_cast<T>(order[i]) - static_cast<T>(order.size() / 3));
  return result;
}

/// A pooling as the documentation defines it, loop by loop.
struct Reference {
  int rows, columns, height, width;  // of the image, of the result
  int stride_rows, stride_columns, top, left;
  Pair window;

  Reference(const Shape& x, Pair w, const std::optional<Pair>& stride, const Padding& padding)
      : rows(static_cast<int>(x[1])), columns(static_cast<int>(x[2])), window(w) {
    const Pair step = stride.value_or(w);
    stride_rows = static_cast<int>(step.rows);
    stride_columns = static_cast<int>(step.columns);
    const bool same = padding.rule == Padding::Rule::same;
    axis(rows, stride_rows, static_cast<int>(w.rows), static_cast<int>(padding.amount.rows), same, height,
         top);
    axis(columns, stride_columns, static_cast<int>(w.columns), static_cast<int>(padding.amount.columns), same,
         width, left);
  }

  static void axis(int extent, int stride, int taps, int padding, bool same, int& output, int& before) {
    output = 0;
    before = padding;
    if (same) {
      output = (extent + stride - 1) / stride;
      before = std::max(0, (output - 1) * stride + taps - extent) / 2;
    } else {
      while (output * stride + taps <= extent + 2 * padding) ++output;
    }
  }

  Shape result(const Shape& x) const {
    return {x[0], static_cast<std::size_t>(height), static_cast<std::size_t>(width), x[3]};
  }

  /// Calls `body(result, taps)` with the place of each result and the places of the entries under its window.
  template <class Body>
  void for_windows(const Shape& x, Body&& body) const {
    for (std::size_t n = 0; n < x[0]; ++n)
      for (int i = 0; i < height; ++i)
        for (int j = 0; j < width; ++j)
          for (std::size_t c = 0; c < x[3]; ++c) {
            std::vector<std::size_t> taps;
            for (int u = 0; u < static_cast<int>(window.rows); ++u)
              for (int v = 0; v < static_cast<int>(window.columns); ++v) {
                const int row = i * stride_rows + u - top;
                const int column = j * stride_columns + v - left;
                if (row < 0 || row >= rows || column < 0 || column >= columns) continue;
                taps.push_back(((n * rows + row) * columns + column) * x[3] + c);
              }
            body(((n * height + i) * width + j) * x[3] + c, taps);
          }
  }
};

template <class T>
double distance(const Array<T>& a, const Array<double>& b) {
  if (a.shape() != b.shape()) return std::numeric_limits<double>::infinity();
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    largest = std::max(largest, std::abs(static_cast<double>(a.data()[i]) - b.data()[i]));
  return largest;
}

template <class T>
void compare_max(const Shape& shape, Pair window, const MaxPool2dOptions& options) {
  INFO("max_pool2d of ", to_string(shape), " window ", window.rows, "x", window.columns);
  const Reference reference(shape, window, options.stride, options.padding);
  Generator generator(11);
  const Array<T> x0 = shuffled<T>(shape, generator);
  const Array<T> g = random_normal<T>(reference.result(shape), 0, 1, generator);
  const Array<T> h = random_normal<T>(shape, 0, 1, generator);
  Array<double> y = full<double>(g.shape(), 0);
  Array<double> dx = full<double>(shape, 0);
  Array<double> dg = full<double>(g.shape(), 0);
  reference.for_windows(shape, [&](std::size_t result, const std::vector<std::size_t>& taps) {
    std::size_t best = taps.front();
    for (const std::size_t tap : taps) best = x0.data()[tap] > x0.data()[best] ? tap : best;
    y.data()[result] = x0.data()[best];
    dx.data()[best] += g.data()[result];
    dg.data()[result] = h.data()[best];
  });
  CHECK(distance(max_pool2d(Variable<T>(x0), window, options).value(), y) == 0);  // with no tape
  const Variable<T> x = x0, cotangent = g;
  Tape outer;
  Variable<T> gradient;
  {
    Tape tape;
    const auto result = max_pool2d(x, window, options);
    CHECK(distance(result.value(), y) == 0);
    gradient = tape.gradient(result, x, cotangent);
  }
  const double tolerance = std::is_same_v<T, float> ? 1e-5 : 1e-13;
  CHECK(distance(gradient.value(), dx) < tolerance);
  CHECK(distance(outer.gradient(gradient, cotangent, h).value(), dg) == 0);
}

template <class T>
void compare_avg(const Shape& shape, Pair window, const AvgPool2dOptions& options) {
  INFO("avg_pool2d of ", to_string(shape), " window ", window.rows, "x", window.columns);
  const Reference reference(shape, window, options.stride, options.padding);
  Generator generator(12);
  const Array<T> x0 = random_normal<T>(shape, 0, 1, generator);
  const Array<T> g = random_normal<T>(reference.result(shape), 0, 1, generator);
  Array<double> y = full<double>(g.shape(), 0);
  Array<double> dx = full<double>(shape, 0);
  reference.for_windows(shape, [&](std::size_t result, const std::vector<std::size_t>& taps) {
    const auto count =
        static_cast<double>(options.count_padding ? window.rows * window.columns : taps.size());
    for (const std::size_t tap : taps) {
      y.data()[result] += x0.data()[tap] / count;
      dx.data()[tap] += g.data()[result] / count;
    }
  });
  const Variable<T> x = x0;
  Tape tape;
  const auto result = avg_pool2d(x, window, options);
  const double tolerance = std::is_same_v<T, float> ? 1e-5 : 1e-13;
  CHECK(distance(result.value(), y) < tolerance);
  CHECK(distance(tape.gradient(result, x, g).value(), dx) < tolerance);
}

struct Options {
  Pair window;
  std::optional<Pair> stride;
  Padding padding;
};

const std::vector<Options>& all_options() {
  static const std::vector<Options> options = {
      {2, {}, 0},      {1, {}, 0},
      {2, 1, "valid"}, {{2, 3}, {}, {1, 1}},
      {3, 2, 1},       {3, Pair{1, 2}, "same"},
      {2, {}, "same"}, {{3, 2}, Pair{3, 1}, {0, 1}},
      {2, 3, 1},       {{5, 6}, {}, 0},
  };
  return options;
}

template <class F>
std::string error_of(F&& f) {
  try {
    f();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

Variable<double> zeros(const Shape& shape) { return full<double>(shape, 0); }

/// The gradient of sum(max_pool2d(x)) by x.
template <class T>
Variable<T> sum_gradient(const Variable<T>& x, Pair window, const MaxPool2dOptions& options = {},
                         Generator& generator = default_generator()) {
  Tape tape;
  return tape.gradient(sum(max_pool2d(x, window, options, generator)), x);
}

}  // namespace

TEST_CASE("pooling: values computed with SciPy's ndimage filters") {
  const auto x = image({4, 5}, {-5, -2, 1, 4, -4, -1, 2, 5, -3, 0, 3, -5, -2, 1, 4, -4, -1, 2, 5, -3});
  CHECK(entries(max_pool2d(x, 3, {.stride = 1, .padding = 1})) ==
        std::vector<double>{2, 5, 5, 5, 4, 3, 5, 5, 5, 4, 3, 5, 5, 5, 5, 3, 3, 5, 5, 5});
  const auto means = entries(avg_pool2d(x, 3, {.stride = 1, .padding = 1}));
  const std::vector<double> sums = {-6, 0, 7, 3, -3, -8, -4, 1, 6, 2, -6, -1, 4, 9, 4, -7, -7, 0, 7, 7};
  for (std::size_t i = 0; i < sums.size(); ++i) CHECK(means[i] * 9 == doctest::Approx(sums[i]));
}

TEST_CASE("pooling: values and gradients follow the definition over shapes and options") {
  for (const auto& [window, stride, padding] : all_options()) {
    for (const std::size_t batch : {0, 1, 3}) {
      for (const std::size_t channels : {1, 2, 5, 19}) {
        const Shape shape{batch, 5, 6, channels};
        compare_max<double>(shape, window, {.stride = stride, .padding = padding});
        compare_max<float>(shape, window, {.stride = stride, .padding = padding});
        for (const bool count_padding : {true, false}) {
          compare_avg<double>(shape, window, {stride, padding, count_padding});
          compare_avg<float>(shape, window, {stride, padding, count_padding});
        }
      }
    }
  }
}

TEST_CASE("pooling: images that several threads share") {
  for (const std::size_t batch : {1, 3}) {
    const Shape shape{batch, 83, 64, 24};
    compare_max<double>(shape, 3, {.stride = 2, .padding = 1});
    compare_max<float>(shape, 2, {});
    compare_avg<double>(shape, 3, {.stride = 2, .padding = 1, .count_padding = false});
    compare_avg<double>(shape, {4, 3}, {.stride = 1, .padding = "same"});
  }
}

TEST_CASE("pooling: images of one pixel") {
  const auto x = image({1, 1}, {-3});
  CHECK(entries(max_pool2d(x, 1)) == std::vector<double>{-3});
  CHECK(entries(max_pool2d(x, 3, {.padding = 1})) == std::vector<double>{-3});
  CHECK(entries(max_pool2d(x, 5, {.padding = "same"})) == std::vector<double>{-3});
  CHECK(entries(avg_pool2d(x, 3, {.padding = 1})) == std::vector<double>{-3.0 / 9});
  CHECK(entries(avg_pool2d(x, 3, {.padding = 1, .count_padding = false})) == std::vector<double>{-3});
}

TEST_CASE("max_pool2d: padding never wins, not even against -infinity") {
  const double infinity = std::numeric_limits<double>::infinity();
  const auto x = image({2, 2}, {-7, -infinity, -8, -infinity});
  CHECK(entries(max_pool2d(x, 2, {.padding = 1})) == std::vector<double>{-7, -infinity, -8, -infinity});
  CHECK(entries(sum_gradient(x, 2, {.padding = 1})) == std::vector<double>{1, 1, 1, 1});
}

TEST_CASE("max_pool2d: a tie goes to the first in row-major order") {
  const auto x = image({2, 4}, {1, 2, 0, 0, 2, 2, 0, 0});
  CHECK(entries(sum_gradient(x, 2)) == std::vector<double>{0, 1, 1, 0, 0, 0, 0, 0});
}

TEST_CASE("max_pool2d: a tie is broken at random where asked, each with the same probability") {
  // 4000 windows of four entries; the last is smaller than the three others.
  const std::size_t count = 4000;
  Array<double> x = full<double>({count, 2, 2, 1}, 1);
  for (std::size_t n = 0; n < count; ++n) x.data()[4 * n + 3] = 0;
  Generator generator(5);
  const Generator start = generator;
  const auto once = sum_gradient(Variable<double>(x), 2, {.ties = Ties::random}, generator);
  const auto counts = sum(reshape(once, {static_cast<std::ptrdiff_t>(count), 4}), 0);
  const double deviation = std::sqrt(count * (1.0 / 3) * (2.0 / 3));
  for (std::size_t i = 0; i < 3; ++i) CHECK(std::abs(counts.value()(i) - count / 3.0) < 4 * deviation);
  CHECK(counts.value()(3) == 0);
  CHECK(sum(once).item() == count);

  Generator same = start;
  CHECK(entries(sum_gradient(Variable<double>(x), 2, {.ties = Ties::random}, same)) == entries(once));
  CHECK(same == generator);
  CHECK(entries(sum_gradient(Variable<double>(x), 2, {.ties = Ties::random}, same)) != entries(once));
  Generator untaped = start;  // without a tape the same numbers are drawn
  max_pool2d(Variable<double>(x), 2, {.ties = Ties::random}, untaped);
  CHECK(untaped == generator);
  Generator unused = start;  // and none where they are not needed
  max_pool2d(Variable<double>(x), 2, {}, unused);
  CHECK(unused == start);
}

TEST_CASE("max_pool2d: without ties, breaking them at random changes nothing") {
  for (const auto& [window, stride, padding] : all_options()) {
    compare_max<double>({2, 5, 6, 3}, window, {.stride = stride, .padding = padding, .ties = Ties::random});
  }
}

TEST_CASE("max_pool2d: NaN wins wherever it stands, and gets the gradient") {
  for (std::size_t i = 0; i < 4; ++i) {
    std::vector<double> values = {1, 2, 3, 4};
    std::vector<double> expected(4, 0);
    values[i] = not_a_number;
    expected[i] = 1;
    for (const Ties ties : {Ties::first, Ties::random}) {
      CHECK(std::isnan(max_pool2d(image({2, 2}, values), 2).item()));
      CHECK(entries(sum_gradient(image({2, 2}, values), 2, {.ties = ties})) == expected);
    }
  }
  CHECK(entries(sum_gradient(image({2, 2}, {0, not_a_number, not_a_number, 9}), 2)) ==
        std::vector<double>{0, 1, 0, 0});
}

TEST_CASE("pooling: gradcheck and gradgradcheck") {
  Generator generator(2);
  for (const Options& options : all_options()) {
    const Pair window = options.window;
    INFO("window ", window.rows, "x", window.columns);
    const Variable<double> x = shuffled<double>({2, 5, 6, 2}, generator);
    const MaxPool2dOptions max_options{.stride = options.stride, .padding = options.padding};
    const auto largest = [&](const Variable<double>& v) {
      return square(max_pool2d(v, window, max_options));
    };
    const GradCheck max_first = gradcheck(largest, x);
    CHECK_MESSAGE(max_first.ok, max_first.message);
    CHECK(max_first.non_smooth == 0);
    const GradCheck max_second = gradgradcheck(largest, x);
    CHECK_MESSAGE(max_second.ok, max_second.message);
    for (const bool count_padding : {true, false}) {
      const AvgPool2dOptions avg_options{options.stride, options.padding, count_padding};
      const auto average = [&](const Variable<double>& v) {
        return square(avg_pool2d(v, window, avg_options));
      };
      const GradCheck avg_first = gradcheck(average, x);
      CHECK_MESSAGE(avg_first.ok, avg_first.message);
      const GradCheck avg_second = gradgradcheck(average, x);
      CHECK_MESSAGE(avg_second.ok, avg_second.message);
    }
  }
}

TEST_CASE("pooling: errors name shapes and what was expected") {
  CHECK(error_of([] {
          max_pool2d(zeros({4, 4, 1}), 2);
        }) == "max_pool2d: images of shape {4, 4, 1}; expected {N, H, W, C}");
  CHECK(error_of([] {
          avg_pool2d(zeros({1, 4, 4, 1}), {2, 5});
        }) ==
        "avg_pool2d: a window of 2 x 5, dilation 1 x 1, does not fit into images {1, 4, 4, 1} with padding 0 "
        "x 0");
  CHECK(error_of([] {
          max_pool2d(zeros({1, 4, 4, 1}), {3, 2}, {.padding = {1, 2}});
        }) == "max_pool2d: padding 1 x 2 is more than half of the window 3 x 2");
  CHECK(error_of([] {
          max_pool2d(zeros({1, 4, 4, 1}), 2, {.stride = 0});
        }) == "max_pool2d: the stride is 0 x 0; expected numbers from 1 on");
  CHECK(error_of([] {
          avg_pool2d(zeros({1, 4, 4, 1}), 0);
        }) == "avg_pool2d: the window is 0 x 0; expected numbers from 1 on");
  CHECK(error_of([] {
          max_pool2d(zeros({1, 0, 4, 1}), 2, {.padding = 1});
        }) == "max_pool2d: images {1, 0, 4, 1} have no entries to pool");
  CHECK_THROWS_AS(max_pool2d(zeros({1, 4, 4, 1}), 5), ShapeError);
  CHECK_THROWS_AS(max_pool2d(zeros({1, 4, 4, 1}), -2), ValueError);
}

TEST_CASE("max_pool2d over 2 x 2 tiles: every number of channels, rows and columns left over") {
  Generator generator(5);
  for (std::size_t channels = 1; channels <= 33; ++channels) {
    CAPTURE(channels);
    const std::size_t rows = 4 + channels % 2;
    const std::size_t columns = 6 + channels / 2 % 2;
    const Array<float> x = shuffled<float>({2, rows, columns, channels}, generator);
    const Array<float> g = shuffled<float>({2, rows / 2, columns / 2, channels}, generator);
    Array<float> largest = empty<float>(g.shape());
    Array<float> dx = full<float>(x.shape(), 0);
    for (std::size_t n = 0; n < 2; ++n) {
      for (std::size_t i = 0; i < rows / 2; ++i) {
        for (std::size_t j = 0; j < columns / 2; ++j) {
          for (std::size_t c = 0; c < channels; ++c) {
            std::size_t u = 2 * i, v = 2 * j;
            for (std::size_t tap = 1; tap < 4; ++tap) {
              if (x(n, 2 * i + tap / 2, 2 * j + tap % 2, c) > x(n, u, v, c)) {
                u = 2 * i + tap / 2;
                v = 2 * j + tap % 2;
              }
            }
            largest(n, i, j, c) = x(n, u, v, c);
            dx(n, u, v, c) = g(n, i, j, c);
          }
        }
      }
    }
    const Variable<float> images = x;
    Tape tape;
    const auto y = max_pool2d(images, 2);
    CHECK(y.value() == largest);
    CHECK(tape.gradient(y, images, g).value() == dx);
  }
}
