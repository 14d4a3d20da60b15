#include <autodiff/autodiff.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

using namespace xgrad;

namespace {

/// The entries (a i mod m) - b: small integers without a visible order, the same in NumPy.
template <class T = double>
Array<T> pattern(const Shape& shape, int a, int m, int b) {
  Array<T> result(shape);
  for (std::size_t i = 0; i < result.size(); ++i)
    result.data()[i] = static_cast<T>((a * static_cast<int>(i)) % m - b);
  return result;
}

/// One axis of a convolution, worked out from the documentation by other means than the library's.
struct Axis {
  int input, window, stride, dilation, before = 0, output = 0;

  Axis(std::size_t x, std::size_t w, std::size_t s, std::size_t d, int padding, bool same)
      : input(static_cast<int>(x)),
        window(static_cast<int>(w)),
        stride(static_cast<int>(s)),
        dilation(static_cast<int>(d)) {
    const int reach = dilation * (window - 1) + 1;
    if (same) {
      output = (input + stride - 1) / stride;
      before = std::max(0, (output - 1) * stride + reach - input) / 2;
    } else {
      before = padding;
      while (output * stride + reach <= input + 2 * padding) ++output;
    }
  }
  int entry(int i, int u) const { return i * stride + u * dilation - before; }
  bool inside(int i, int u) const { return entry(i, u) >= 0 && entry(i, u) < input; }
};

/// The definition: seven loops over images, rows, columns, outputs, taps and channels.
struct Reference {
  Axis rows, columns;
  Shape images, weight;

  Reference(const Shape& x, const Shape& w, const Conv2dOptions& o)
      : rows(x[1], w[1], o.stride.rows, o.dilation.rows, static_cast<int>(o.padding.amount.rows),
             o.padding.rule == Padding::Rule::same),
        columns(x[2], w[2], o.stride.columns, o.dilation.columns, static_cast<int>(o.padding.amount.columns),
                o.padding.rule == Padding::Rule::same),
        images(x),
        weight(w) {}

  Shape result() const {
    return {images[0], static_cast<std::size_t>(rows.output), static_cast<std::size_t>(columns.output),
            weight[0]};
  }

  /// Calls `body(x, w, y)` with the places of the entries of every product that is part of the sum.
  template <class Body>
  void for_products(Body&& body) const {
    const std::size_t channels = images[3];
    for (std::size_t n = 0; n < images[0]; ++n)
      for (int i = 0; i < rows.output; ++i)
        for (int j = 0; j < columns.output; ++j)
          for (std::size_t o = 0; o < weight[0]; ++o)
            for (int u = 0; u < rows.window; ++u)
              for (int v = 0; v < columns.window; ++v) {
                if (!rows.inside(i, u) || !columns.inside(j, v)) continue;
                const std::size_t pixel =
                    (n * rows.input + rows.entry(i, u)) * columns.input + columns.entry(j, v);
                const std::size_t tap = (o * rows.window + u) * columns.window + v;
                const std::size_t place = ((n * rows.output + i) * columns.output + j) * weight[0] + o;
                for (std::size_t c = 0; c < channels; ++c)
                  body(pixel * channels + c, tap * channels + c, place);
              }
  }
};

/// The largest difference of two arrays, infinite where their shapes differ.
template <class T>
double distance(const Array<T>& a, const Array<double>& b) {
  if (a.shape() != b.shape()) return std::numeric_limits<double>::infinity();
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    largest = std::max(largest, std::abs(static_cast<double>(a.data()[i]) - b.data()[i]));
  return largest;
}

std::string describe(const Shape& x, const Shape& w, const Conv2dOptions& o) {
  return fmt::format("images {} weight {} stride {}x{} padding {}x{}{} dilation {}x{}", to_string(x),
                     to_string(w), o.stride.rows, o.stride.columns, o.padding.amount.rows,
                     o.padding.amount.columns, o.padding.rule == Padding::Rule::same ? " same" : "",
                     o.dilation.rows, o.dilation.columns);
}

/// Compares the value and the gradients by images, weight and bias with the definition.
template <class T>
void compare(const Shape& x_shape, const Shape& w_shape, const Conv2dOptions& options, double tolerance) {
  INFO(describe(x_shape, w_shape, options));
  const Reference reference(x_shape, w_shape, options);
  Generator generator(7);
  const Array<T> x0 = random_normal<T>(x_shape, 0, 1, generator);
  const Array<T> w0 = random_normal<T>(w_shape, 0, 1, generator);
  const Array<T> b0 = random_normal<T>({w_shape[0]}, 0, 1, generator);
  const Array<T> g = random_normal<T>(reference.result(), 0, 1, generator);

  Array<double> y = full<double>(reference.result(), 0);
  Array<double> dx = full<double>(x_shape, 0);
  Array<double> dw = full<double>(w_shape, 0);
  Array<double> db = full<double>({w_shape[0]}, 0);
  for (std::size_t i = 0; i < y.size(); ++i) {
    y.data()[i] = b0.data()[i % w_shape[0]];
    db.data()[i % w_shape[0]] += g.data()[i];
  }
  reference.for_products([&](std::size_t i, std::size_t j, std::size_t k) {
    y.data()[k] += static_cast<double>(x0.data()[i]) * w0.data()[j];
    dx.data()[i] += static_cast<double>(g.data()[k]) * w0.data()[j];
    dw.data()[j] += static_cast<double>(g.data()[k]) * x0.data()[i];
  });

  const Variable<T> x = x0, w = w0, b = b0;
  Tape tape;
  const Variable<T> result = conv2d(x, w, b, options);
  const auto gradients = tape.gradient(result, {x, w, b}, g);
  CHECK(distance(result.value(), y) < tolerance);
  CHECK(distance(gradients[0].value(), dx) < tolerance);
  CHECK(distance(gradients[1].value(), dw) < tolerance);
  CHECK(distance(gradients[2].value(), db) < tolerance);
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

}  // namespace

TEST_CASE("conv2d: values computed with SciPy's signal.correlate") {
  const Variable<double> x = pattern({1, 4, 5, 2}, 7, 11, 5);
  const Variable<double> w = pattern({2, 3, 2, 2}, 5, 7, 3);
  const auto check = [&](const Conv2dOptions& options, const Shape& shape,
                         const std::vector<double>& expected) {
    const Variable<double> y = conv2d(x, w, options);
    REQUIRE(y.shape() == shape);
    CHECK(std::vector<double>(y.value().begin(), y.value().end()) == expected);
  };
  check({}, {1, 2, 4, 2}, {27, 13, 27, -1, -17, -26, -17, 26, -17, -24, -50, 6, -17, 25, 49, -11});
  check({.stride = 2, .padding = 1}, {1, 2, 3, 2}, {-14, -15, 4, 4, -11, -18, 27, -7, -50, 6, 49, -11});
  check({.padding = 1, .dilation = 2}, {1, 2, 5, 2},
        {-9, 2, -34, 25, -14, 25, 50, -8, 5, -16, -11, 3, 20, -15, 11, -23, -20, 24, -12, 10});
}

TEST_CASE("conv2d: values and gradients follow the definition over shapes and options") {
  const std::vector<Pair> windows = {1, {2, 3}, 3, {4, 1}};
  const std::vector<Padding> paddings = {0, 1, {2, 1}, "valid", "same"};
  const std::vector<Pair> strides = {1, 2, {1, 3}};
  const std::vector<Pair> dilations = {1, {2, 3}};
  std::size_t batch = 0;
  for (const Pair size : {Pair{5, 7}, Pair{6, 6}}) {
    for (const std::size_t channels : {1, 2, 5}) {
      for (const Pair window : windows) {
        for (const Padding& padding : paddings) {
          for (const Pair stride : strides) {
            for (const Pair dilation : dilations) {
              batch = batch % 3 + 1;
              const Shape x{batch, size.rows, size.columns, channels};
              const Shape w{channels == 2 ? 1u : 3u, window.rows, window.columns, channels};
              const Conv2dOptions options{stride, padding, dilation};
              const Reference reference(x, w, options);
              if (reference.rows.output == 0 || reference.columns.output == 0) {
                CHECK_THROWS_AS(conv2d(zeros(x), zeros(w), options), ShapeError);
                continue;
              }
              compare<double>(x, w, options, 1e-12);
              compare<float>(x, w, options, 5e-5);
            }
          }
        }
      }
    }
  }
}

TEST_CASE("conv2d: large images, many channels, and shapes that several threads and blocks share") {
  compare<double>({1, 61, 47, 3}, {8, 5, 5, 3}, {.padding = "same"}, 1e-11);
  compare<double>({5, 20, 21, 6}, {16, 5, 5, 6}, {}, 1e-11);
  compare<double>({3, 33, 30, 8}, {9, 3, 3, 8}, {.stride = 2, .padding = 1}, 1e-11);
  compare<double>({2, 16, 16, 70}, {33, 3, 3, 70}, {.padding = 2, .dilation = 2}, 1e-11);
  compare<float>({2, 16, 16, 70}, {33, 3, 3, 70}, {.stride = {1, 2}, .padding = "same"}, 2e-3);
}

TEST_CASE("conv2d: few channels on one side, whose places along a row fill vectors") {
  std::size_t batch = 0;
  for (const std::size_t columns : {12, 16, 28, 31, 47}) {
    for (const std::size_t channels : {1, 2, 3, 7, 8, 16}) {
      for (const std::size_t outputs : {1, 2, 3, 4, 5, 6, 7, 8}) {
        for (const Pair window : {Pair{6, 6}, Pair{5, 3}, Pair{3, 3}}) {
          const std::size_t kind = ++batch % 4;
          const Conv2dOptions options{.stride = {1 + kind / 3, 1},
                                      .padding = kind == 0 ? Padding(0) : Padding(2, 1 + kind),
                                      .dilation = {1, 1 + kind % 2}};
          compare<float>({1 + kind, 7, columns, channels}, {outputs, window.rows, window.columns, channels},
                         options, 2e-4);
        }
      }
    }
  }
  compare<float>({2, 90, 100, 3}, {6, 5, 5, 3}, {.padding = 2},
                 5e-3);  // several strips an image, and threads
  compare<float>({3, 4, 20, 1}, {5, 3, 3, 1}, {.padding = {1, 40}}, 1e-3);  // mostly padding
}

TEST_CASE("conv2d: convolutions that are plain matrix products") {
  compare<double>({3, 40, 41, 17}, {19, 1, 1, 17}, {}, 1e-11);        // each pixel by itself
  compare<double>({300, 5, 5, 16}, {12, 5, 5, 16}, {}, 1e-11);        // one window as large as the image
  compare<double>({3, 5, 4, 2}, {3, 1, 1, 2}, {.stride = 2}, 1e-12);  // not quite: every second pixel
  compare<double>({3, 5, 4, 2}, {3, 1, 1, 2}, {.padding = 1}, 1e-12);
  compare<double>({3, 3, 3, 2}, {3, 3, 3, 2}, {.padding = 1}, 1e-12);
  compare<double>({3, 3, 3, 2}, {3, 2, 2, 2}, {.dilation = 2}, 1e-12);
  compare<double>({3, 2, 2, 2}, {3, 2, 2, 2}, {.stride = 2, .padding = "same", .dilation = 2}, 1e-12);
}

TEST_CASE("conv2d: images of one pixel, and arrays without entries") {
  compare<double>({1, 1, 1, 1}, {1, 1, 1, 1}, {}, 1e-13);
  compare<double>({2, 1, 1, 3}, {2, 3, 3, 3}, {.padding = "same"}, 1e-13);
  compare<double>({2, 1, 1, 3}, {2, 5, 5, 3}, {.stride = 2, .padding = 2}, 1e-13);
  compare<double>({0, 6, 5, 2}, {3, 3, 3, 2}, {}, 1e-13);  // an empty batch
  compare<double>({0, 6, 5, 2}, {3, 1, 1, 2}, {}, 1e-13);
  compare<double>({2, 6, 5, 0}, {3, 3, 3, 0}, {.padding = 1}, 1e-13);  // no channels: the bias alone
  compare<double>({2, 6, 5, 2}, {0, 3, 3, 2}, {}, 1e-13);              // no kernels
  compare<double>({2, 0, 5, 2}, {3, 2, 2, 2}, {.padding = 1}, 1e-13);  // no rows but the padding
}

TEST_CASE("conv2d: 'same' gives ceil(extent / stride) results, the larger half of the padding behind") {
  const Variable<double> x = xt::xarray<double>::from_shape({1, 4, 1, 1});
  Array<double> ramp = full<double>({1, 4, 1, 1}, 0);
  for (std::size_t i = 0; i < 4; ++i) ramp.data()[i] = static_cast<double>(i + 1);
  const Variable<double> ones = full<double>({1, 2, 1, 1}, 1);
  const auto y = conv2d(Variable<double>(Array<double>(ramp)), ones, {.padding = "same"});
  CHECK(std::vector<double>(y.value().begin(), y.value().end()) == std::vector<double>{3, 5, 7, 4});
  CHECK(conv2d(zeros({1, 7, 8, 1}), zeros({1, 3, 3, 1}), {.stride = 3, .padding = "same"}).shape() ==
        Shape{1, 3, 3, 1});
}

TEST_CASE("conv2d: without a bias, with an empty one, and with raw arrays") {
  const Array<double> x = pattern({2, 4, 4, 1}, 7, 11, 5);
  const Variable<double> w = pattern({2, 3, 3, 1}, 5, 7, 3);
  const Array<double> plain = conv2d(x, w).value();
  CHECK(conv2d(x, w, Variable<double>()).value() == plain);
  CHECK(conv2d(x, w, full<double>({2}, 0.0)).value() == plain);
  CHECK(conv2d(x, w, full<double>({2}, 3.0)).value() == Array<double>(plain + 3.0));
  CHECK(conv2d(Variable<double>(x), w.value()).value() == plain);
}

TEST_CASE("conv2d: gradcheck and gradgradcheck") {
  struct Case {
    Shape images, weight;
    Conv2dOptions options;
  };
  const std::vector<Case> cases = {
      {{1, 3, 3, 1}, {1, 2, 2, 1}, {}},
      {{2, 4, 5, 2}, {3, 3, 2, 2}, {.stride = 2, .padding = 1}},
      {{2, 4, 3, 1}, {2, 3, 3, 1}, {.padding = "same"}},
      {{1, 6, 5, 2}, {1, 2, 3, 2}, {.stride = {1, 2}, .padding = {1, 2}, .dilation = {2, 1}}},
      {{2, 3, 3, 2}, {3, 1, 1, 2}, {}},
      {{2, 3, 2, 2}, {2, 3, 2, 2}, {}},
      {{1, 1, 1, 1}, {1, 3, 3, 1}, {.padding = "same"}},
  };
  Generator generator(3);
  for (const Case& c : cases) {
    INFO(describe(c.images, c.weight, c.options));
    const Variable<double> x = random_normal<double>(c.images, 0, 1, generator);
    const Variable<double> w = random_normal<double>(c.weight, 0, 1, generator);
    const Variable<double> b = random_normal<double>({c.weight[0]}, 0, 1, generator);
    const auto f = [&](const Variable<double>& p, const Variable<double>& q, const Variable<double>& r) {
      return conv2d(p, q, r, c.options);
    };
    const GradCheck first = gradcheck(f, x, w, b);
    CHECK_MESSAGE(first.ok, first.message);
    const GradCheck second = gradgradcheck(f, x, w, b);
    CHECK_MESSAGE(second.ok, second.message);
    // Squared, so that the second derivatives by each input are not zero.
    const GradCheck squared =
        gradgradcheck([&](const auto&... inputs) { return square(f(inputs...)); }, x, w, b);
    CHECK_MESSAGE(squared.ok, squared.message);
  }
}

TEST_CASE("conv2d: errors name shapes and what was expected") {
  const auto conv = [](const Shape& x, const Shape& w, const Conv2dOptions& options = {}) {
    return error_of([&] { conv2d(zeros(x), zeros(w), options); });
  };
  CHECK(conv({64, 28, 28, 3}, {6, 5, 5, 1}) ==
        "conv2d: images {64, 28, 28, 3} have 3 channels, weight {6, 5, 5, 1} expects 1");
  CHECK(conv({28, 28, 1}, {6, 5, 5, 1}) == "conv2d: images of shape {28, 28, 1}; expected {N, H, W, C}");
  CHECK(conv({1, 28, 28, 1}, {5, 5}) == "conv2d: weight of shape {5, 5}; expected {O, kH, kW, I}");
  CHECK(
      conv({1, 4, 9, 1}, {2, 5, 5, 1}) ==
      "conv2d: a window of 5 x 5, dilation 1 x 1, does not fit into images {1, 4, 9, 1} with padding 0 x 0");
  CHECK(
      conv({1, 4, 9, 1}, {2, 3, 3, 1}, {.padding = {0, 2}, .dilation = 2}) ==
      "conv2d: a window of 3 x 3, dilation 2 x 2, does not fit into images {1, 4, 9, 1} with padding 0 x 2");
  CHECK(conv({1, 4, 4, 1}, {2, 3, 3, 1}, {.stride = {1, 0}}) ==
        "conv2d: the stride is 1 x 0; expected numbers from 1 on");
  CHECK(conv({1, 4, 4, 1}, {2, 3, 3, 1}, {.dilation = 0}) ==
        "conv2d: the dilation is 0 x 0; expected numbers from 1 on");
  CHECK(conv({1, 4, 4, 1}, {2, 3, 3, 1}, {.padding = -1}) ==
        "conv2d: the padding is -1 x -1; expected numbers from 0 on");
  CHECK(conv({1, 4, 4, 1}, {2, 0, 3, 1}) == "conv2d: the window is 0 x 3; expected numbers from 1 on");
  CHECK(error_of([] {
          conv2d(zeros({1, 4, 4, 1}), zeros({2, 3, 3, 1}), zeros({3}));
        }) == "conv2d: bias of shape {3}, weight {2, 3, 3, 1} expects {2}");
  CHECK(error_of([] { Padding("full"); }) == "padding: 'full'; expected a number, a pair, 'valid' or 'same'");
  CHECK_THROWS_AS(conv2d(zeros({1, 4, 4, 1}), zeros({2, 3, 3, 1}), {.stride = 0}), ValueError);
  CHECK_THROWS_AS(conv2d(zeros({1, 4, 4, 1}), zeros({2, 3, 3, 2})), ShapeError);
  const int huge = std::numeric_limits<int>::max();
  CHECK_THROWS_AS(conv2d(zeros({1, 4, 4, 1}), zeros({8, 1, 1, 1}), {.padding = huge}), ShapeError);
}
