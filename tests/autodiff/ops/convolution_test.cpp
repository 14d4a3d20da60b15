#include "../../support/check_operation.hpp"

#include <array>
#include <limits>

using namespace xgrad;

namespace {

/// The entries (a i mod m) - b: small, irregular integers, reproducible in NumPy.
Array<double> pattern(const Shape& shape, int a, int m, int b) {
  Array<double> result(shape);
  for (std::size_t i = 0; i < result.size(); ++i) result.data()[i] = (a * static_cast<int>(i)) % m - b;
  return result;
}

/// One axis of a convolution, computed from the documentation, independently of the library.
struct Axis {
  int input, window, stride, dilation, before = 0, output = 0;

  Axis(std::size_t x, std::size_t w, std::size_t s, std::size_t d, std::size_t padding, bool same)
      : input(static_cast<int>(x)),
        window(static_cast<int>(w)),
        stride(static_cast<int>(s)),
        dilation(static_cast<int>(d)) {
    const int reach = dilation * (window - 1) + 1;
    if (same) {
      output = (input + stride - 1) / stride;
      before = std::max(0, (output - 1) * stride + reach - input) / 2;
    } else {
      before = static_cast<int>(padding);
      while (output * stride + reach <= input + 2 * before) ++output;
    }
  }

  /// The axis of a transposed convolution: `input` is the extent of its result.
  static Axis transposed(std::size_t x, std::size_t w, std::size_t s, std::size_t d, std::size_t padding,
                         bool same, std::size_t more) {
    Axis axis(0, w, s, d, padding, false);
    axis.output = static_cast<int>(x);
    const int reach = axis.dilation * (axis.window - 1) + 1;
    axis.input = same ? axis.output * axis.stride
                      : (axis.output - 1) * axis.stride - 2 * axis.before + reach + static_cast<int>(more);
    if (same) axis.before = std::max(0, reach - axis.stride) / 2;
    return axis;
  }

  int entry(int i, int u) const { return i * stride + u * dilation - before; }
  bool inside(int i, int u) const { return entry(i, u) >= 0 && entry(i, u) < input; }
};

/// The definition of an operation: y[k] = bias[o] + the sum of x[i + c] w[j + c] over runs (i, j, k) and the
/// channels c of a kernel.
struct Definition {
  Shape images, weight, result;
  std::vector<std::array<std::size_t, 3>> runs;
};

bool is_same(const Padding& padding) { return padding.rule == Padding::Rule::same; }

/// Seven loops over images, rows, columns, outputs, taps and channels.
Definition convolution(const Shape& x, const Shape& w, const Conv2dOptions& o) {
  const Axis rows(x[1], w[1], o.stride.rows, o.dilation.rows, o.padding.amount.rows, is_same(o.padding));
  const Axis columns(x[2], w[2], o.stride.columns, o.dilation.columns, o.padding.amount.columns,
                     is_same(o.padding));
  const std::size_t height = static_cast<std::size_t>(rows.output);
  const std::size_t width = static_cast<std::size_t>(columns.output);
  Definition result{x, w, {x[0], height, width, w[0]}, {}};
  for (std::size_t n = 0; n < x[0]; ++n)
    for (int i = 0; i < rows.output; ++i)
      for (int j = 0; j < columns.output; ++j)
        for (std::size_t k = 0; k < w[0]; ++k)
          for (int u = 0; u < rows.window; ++u)
            for (int v = 0; v < columns.window; ++v) {
              if (!rows.inside(i, u) || !columns.inside(j, v)) continue;
              const std::size_t pixel = (n * x[1] + rows.entry(i, u)) * x[2] + columns.entry(j, v);
              const std::size_t tap = (k * w[1] + u) * w[2] + v;
              const std::size_t place = ((n * height + i) * width + j) * w[0] + k;
              const std::size_t first = k / (w[0] / o.groups) * w[3];  // channel of the group
              result.runs.push_back({pixel * x[3] + first, tap * w[3], place});
            }
  return result;
}

/// Each entry of the images adds a scaled kernel to the result.
Definition transposed_convolution(const Shape& x, const Shape& w, const ConvTranspose2dOptions& o) {
  const Axis rows = Axis::transposed(x[1], w[1], o.stride.rows, o.dilation.rows, o.padding.amount.rows,
                                     is_same(o.padding), o.output_padding.rows);
  const Axis columns =
      Axis::transposed(x[2], w[2], o.stride.columns, o.dilation.columns, o.padding.amount.columns,
                       is_same(o.padding), o.output_padding.columns);
  const std::size_t height = static_cast<std::size_t>(std::max(rows.input, 0));
  const std::size_t width = static_cast<std::size_t>(std::max(columns.input, 0));
  Definition result{x, w, {x[0], height, width, w[0]}, {}};
  for (std::size_t n = 0; n < x[0]; ++n)
    for (int i = 0; i < rows.output; ++i)
      for (int j = 0; j < columns.output; ++j)
        for (std::size_t k = 0; k < w[0]; ++k)
          for (int u = 0; u < rows.window; ++u)
            for (int v = 0; v < columns.window; ++v) {
              if (!rows.inside(i, u) || !columns.inside(j, v)) continue;
              const std::size_t pixel = (n * x[1] + i) * x[2] + j;
              const std::size_t tap = (k * w[1] + u) * w[2] + v;
              const std::size_t place =
                  ((n * height + rows.entry(i, u)) * width + columns.entry(j, v)) * w[0] + k;
              const std::size_t first = k / (w[0] / o.groups) * w[3];
              result.runs.push_back({pixel * x[3] + first, tap * w[3], place});
            }
  return result;
}

/// The same for sequences, which are images of one row.
Definition of_sequences(Definition definition) {
  for (Shape* shape : {&definition.images, &definition.weight, &definition.result})
    *shape = {(*shape)[0], (*shape)[2], (*shape)[3]};
  return definition;
}

template <class Options>
std::string describe(const Shape& x, const Shape& w, const Options& o) {
  return fmt::format("images {} weight {} stride {}x{} padding {}x{}{} dilation {}x{} groups {}",
                     to_string(x), to_string(w), o.stride.rows, o.stride.columns, o.padding.amount.rows,
                     o.padding.amount.columns, is_same(o.padding) ? " same" : "", o.dilation.rows,
                     o.dilation.columns, o.groups.value);
}

/// Compares the value and the gradients with respect to images, weight and bias with the definition.
template <class T, class F>
void compare_in(const F& f, const Definition& definition, double relative, check::Listed::Aspect aspect) {
  Generator generator(7);
  const std::size_t outputs = definition.weight[0];
  const Array<T> x0 = random_normal<T>(definition.images, 0, 1, generator);
  const Array<T> w0 = random_normal<T>(definition.weight, 0, 1, generator);
  const Array<T> b0 = random_normal<T>({outputs}, 0, 1, generator);
  const Array<T> g = random_normal<T>(definition.result, 0, 1, generator);

  Array<double> y = full<double>(definition.result, 0);
  Array<double> dx = full<double>(definition.images, 0);
  Array<double> dw = full<double>(definition.weight, 0);
  Array<double> db = full<double>({outputs}, 0);
  for (std::size_t i = 0; i < y.size(); ++i) {
    y.data()[i] = b0.data()[i % outputs];
    db.data()[i % outputs] += g.data()[i];
  }
  for (const auto& [i, j, k] : definition.runs) {
    for (std::size_t c = 0; c < definition.weight.back(); ++c) {
      y.data()[k] += static_cast<double>(x0.data()[i + c]) * w0.data()[j + c];
      dx.data()[i + c] += static_cast<double>(g.data()[k]) * w0.data()[j + c];
      dw.data()[j + c] += static_cast<double>(g.data()[k]) * x0.data()[i + c];
    }
  }

  const Variable<T> x = x0, w = w0, b = b0;
  Tape tape;
  const Variable<T> result = f(x, w, b);
  const auto gradients = tape.gradient(result, {x, w, b}, g);
  const bool value = check::close(result.value(), y, relative);
  const bool by_x = check::close(gradients[0].value(), dx, relative);
  const bool by_w = check::close(gradients[1].value(), dw, relative);
  const bool by_b = check::close(gradients[2].value(), db, relative);
  CHECK(value);
  CHECK(by_x);
  CHECK(by_w);
  CHECK(by_b);
  check::Listed::note(aspect, value && by_x && by_w && by_b);
}

template <class F>
void compare(const F& f, const Definition& definition) {
  compare_in<double>(f, definition, 1e-13, check::Listed::value);
  compare_in<float>(f, definition, 1e-5, check::Listed::in_float);
}

void compare_conv2d(const Shape& x, const Shape& w, const Conv2dOptions& options = {}) {
  INFO(describe(x, w, options));
  compare([&](const auto&... inputs) { return conv2d(inputs..., options); }, convolution(x, w, options));
}

/// Derivatives to second order with respect to all inputs; of the square, so that second derivatives with
/// respect to one input are not zero.
template <class F>
void check_derivatives(const F& f, const Shape& images, const Shape& weight) {
  const Array<double> x = check::draw(images, -1, 1, 1);
  const Array<double> w = check::draw(weight, -1, 1, 2);
  const Array<double> b = check::draw({weight[0]}, -1, 1, 3);
  check::derivatives(f, x, w, b);
  const GradCheck squared = gradgradcheck([&](const auto&... in) { return square(f(in...)); }, x, w, b);
  CHECK_MESSAGE(squared.ok, squared.message);
}

template <class F>
std::string error_of(F&& f) {
  return check::message<Error>(f);
}

Variable<double> zeros(const Shape& shape) { return full<double>(shape, 0); }

/// A sequence of one channel, {1, L, 1}.
Variable<double> sequence(const std::vector<double>& numbers) {
  Array<double> result = empty<double>({1, numbers.size(), 1});
  std::copy(numbers.begin(), numbers.end(), result.data());
  return result;
}

std::vector<double> entries(const Variable<double>& x) { return {x.value().begin(), x.value().end()}; }

const check::Elsewhere two_axes{"", "torch.nn.functional.conv2d", "jax.lax.conv_general_dilated"};

}  // namespace

TEST_CASE("conv2d: values computed with SciPy's signal.correlate") {
  const check::Listed listed("conv2d", two_axes);
  const Variable<double> x = pattern({1, 4, 5, 2}, 7, 11, 5);
  const Variable<double> w = pattern({2, 3, 2, 2}, 5, 7, 3);
  const auto check = [&](const Conv2dOptions& options, const Shape& shape,
                         const std::vector<double>& expected) {
    const Variable<double> y = conv2d(x, w, options);
    REQUIRE(y.shape() == shape);
    CHECK(entries(y) == expected);
  };
  check({}, {1, 2, 4, 2}, {27, 13, 27, -1, -17, -26, -17, 26, -17, -24, -50, 6, -17, 25, 49, -11});
  check({.stride = 2, .padding = 1}, {1, 2, 3, 2}, {-14, -15, 4, 4, -11, -18, 27, -7, -50, 6, 49, -11});
  check({.padding = 1, .dilation = 2}, {1, 2, 5, 2},
        {-9, 2, -34, 25, -14, 25, 50, -8, 5, -16, -11, 3, 20, -15, 11, -23, -20, 24, -12, 10});
}

TEST_CASE("conv2d: values and gradients follow the definition over shapes and options") {
  const check::Listed listed("conv2d", two_axes);
  const std::vector<Size2d> windows = {1, {2, 3}, 3, {4, 1}};
  const std::vector<Padding> paddings = {0, 1, {2, 1}, "valid", "same"};
  const std::vector<Size2d> strides = {1, 2, {1, 3}};
  const std::vector<Size2d> dilations = {1, {2, 3}};
  struct Channels {
    std::size_t in, out, groups;
  };
  // One group; depthwise, with one and with three kernels for each channel; groups of several.
  const std::vector<Channels> all_channels = {{1, 3, 1}, {2, 1, 1}, {5, 3, 1},
                                              {3, 3, 3}, {2, 6, 2}, {6, 4, 2}};
  std::size_t batch = 0;
  for (const Size2d size : {Size2d{5, 7}, Size2d{6, 6}}) {
    for (const Channels& channels : all_channels) {
      for (const Size2d window : windows) {
        for (const Padding& padding : paddings) {
          for (const Size2d stride : strides) {
            for (const Size2d dilation : dilations) {
              batch = batch % 3 + 1;
              const Shape x{batch, size.rows, size.columns, channels.in};
              const Shape w{channels.out, window.rows, window.columns, channels.in / channels.groups};
              const Conv2dOptions options{stride, padding, dilation, channels.groups};
              if (element_count(convolution(x, w, options).result) > 0) {
                compare_conv2d(x, w, options);
              } else {
                CHECK_THROWS_AS(conv2d(zeros(x), zeros(w), options), ShapeError);
              }
            }
          }
        }
      }
    }
  }
}

TEST_CASE("conv2d: large images, many channels, and shapes split among threads and blocks") {
  const check::Listed listed("conv2d", two_axes);
  compare_conv2d({1, 61, 47, 3}, {8, 5, 5, 3}, {.padding = "same"});
  compare_conv2d({5, 20, 21, 6}, {16, 5, 5, 6});
  compare_conv2d({3, 33, 30, 8}, {9, 3, 3, 8}, {.stride = 2, .padding = 1});
  compare_conv2d({2, 16, 16, 70}, {33, 3, 3, 70}, {.padding = 2, .dilation = 2});
  compare_conv2d({2, 16, 16, 70}, {33, 3, 3, 70}, {.stride = {1, 2}, .padding = "same"});
  compare_conv2d({3, 40, 37, 24}, {24, 3, 3, 1}, {.padding = 1, .groups = 24});  // depthwise
  compare_conv2d({3, 40, 37, 17}, {34, 3, 3, 1}, {.stride = 2, .padding = 1, .groups = 17});
  compare_conv2d({3, 29, 30, 32}, {48, 3, 3, 8}, {.padding = 1, .groups = 4});
  compare_conv2d({2, 30, 30, 66}, {30, 1, 1, 22}, {.groups = 3});
}

TEST_CASE("conv2d: few channels on one side, vectorised along the row") {
  std::size_t batch = 0;
  for (const std::size_t columns : {12, 16, 28, 31, 47}) {
    for (const std::size_t channels : {1, 2, 3, 7, 8, 16}) {
      for (const std::size_t outputs : {1, 2, 3, 4, 5, 6, 7, 8}) {
        for (const Size2d window : {Size2d{6, 6}, Size2d{5, 3}, Size2d{3, 3}}) {
          const std::size_t kind = ++batch % 4;
          const Conv2dOptions options{.stride = {1 + kind / 3, 1},
                                      .padding = kind == 0 ? Padding(0) : Padding(2, 1 + kind),
                                      .dilation = {1, 1 + kind % 2}};
          compare_conv2d({1 + kind, 7, columns, channels}, {outputs, window.rows, window.columns, channels},
                         options);
        }
      }
    }
  }
  compare_conv2d({2, 90, 100, 3}, {6, 5, 5, 3}, {.padding = 2});      // several strips per image, and threads
  compare_conv2d({3, 4, 20, 1}, {5, 3, 3, 1}, {.padding = {1, 40}});  // mostly padding
}

TEST_CASE("conv2d: convolutions that are plain matrix products") {
  compare_conv2d({3, 40, 41, 17}, {19, 1, 1, 17});            // each pixel separately
  compare_conv2d({300, 5, 5, 16}, {12, 5, 5, 16});            // one window as large as the image
  compare_conv2d({3, 5, 4, 2}, {3, 1, 1, 2}, {.stride = 2});  // not a plain product: every second pixel
  compare_conv2d({3, 5, 4, 2}, {3, 1, 1, 2}, {.padding = 1});
  compare_conv2d({3, 3, 3, 2}, {3, 3, 3, 2}, {.padding = 1});
  compare_conv2d({3, 3, 3, 2}, {3, 2, 2, 2}, {.dilation = 2});
  compare_conv2d({3, 2, 2, 2}, {3, 2, 2, 2}, {.stride = 2, .padding = "same", .dilation = 2});
}

TEST_CASE("conv2d: images of one pixel, and arrays without entries") {
  compare_conv2d({1, 1, 1, 1}, {1, 1, 1, 1});
  compare_conv2d({2, 1, 1, 3}, {2, 3, 3, 3}, {.padding = "same"});
  compare_conv2d({2, 1, 1, 3}, {2, 5, 5, 3}, {.stride = 2, .padding = 2});
  compare_conv2d({2, 1, 1, 3}, {3, 3, 3, 1}, {.padding = 1, .groups = 3});
  for (const std::size_t groups : {1, 2, 4}) {
    const std::size_t each = 4 / groups;
    const Conv2dOptions options{.groups = groups};
    compare_conv2d({0, 6, 5, 4}, {8, 3, 3, each}, options);  // an empty batch
    compare_conv2d({0, 6, 5, 4}, {8, 1, 1, each}, options);
    compare_conv2d({2, 6, 5, 0}, {4, 3, 3, 0}, {.padding = 1, .groups = groups});     // only the bias
    compare_conv2d({2, 6, 5, 4}, {0, 3, 3, each}, options);                           // no kernels
    compare_conv2d({2, 0, 5, 4}, {4, 2, 2, each}, {.padding = 1, .groups = groups});  // only padding
    compare_conv2d({2, 0, 5, 4}, {4, 2, 2, each}, {.padding = "same", .groups = groups});
  }
}

TEST_CASE("conv2d: 'same' yields ceil(extent / stride) outputs, the larger half of the padding at the end") {
  const Variable<double> ramp = reshape(sequence({1, 2, 3, 4}), {1, 4, 1, 1});
  const Variable<double> ones = full<double>({1, 2, 1, 1}, 1);
  CHECK(entries(conv2d(ramp, ones, {.padding = "same"})) == std::vector<double>{3, 5, 7, 4});
  CHECK(conv2d(zeros({1, 7, 8, 1}), zeros({1, 3, 3, 1}), {.stride = 3, .padding = "same"}).shape() ==
        Shape{1, 3, 3, 1});
}

TEST_CASE("conv2d: without a bias, with an empty one, with raw arrays, and other namespaces open") {
  using namespace std;  // NOLINT
  using namespace xt;   // NOLINT
  const Array<double> x = pattern({2, 4, 4, 1}, 7, 11, 5);
  const Variable<double> w = pattern({2, 3, 3, 1}, 5, 7, 3);
  const Array<double> plain = conv2d(x, w).value();
  CHECK(conv2d(x, w, Variable<double>()).value() == plain);
  CHECK(conv2d(x, w, full<double>({2}, 0.0)).value() == plain);
  CHECK(conv2d(x, w, full<double>({2}, 3.0)).value() == Array<double>(plain + 3.0));
  CHECK(conv2d(Variable<double>(x), w.value()).value() == plain);
}

TEST_CASE("conv2d: a grouped weight equals a block-diagonal weight") {
  const Variable<double> x = pattern({2, 4, 5, 4}, 7, 11, 5);
  const Variable<double> w = pattern({6, 3, 2, 2}, 5, 7, 3);
  Array<double> wide = full<double>({6, 3, 2, 4}, 0);
  for (std::size_t o = 0; o < 6; ++o)
    for (std::size_t u = 0; u < 3; ++u)
      for (std::size_t v = 0; v < 2; ++v)
        for (std::size_t c = 0; c < 2; ++c) wide(o, u, v, o / 3 * 2 + c) = w.value()(o, u, v, c);
  CHECK(conv2d(x, w, {.groups = 2}).value() == conv2d(x, wide).value());
}

TEST_CASE("conv2d: derivatives to second order") {
  const check::Listed listed("conv2d", two_axes);
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
      {{1, 4, 3, 3}, {3, 3, 2, 1}, {.padding = 1, .groups = 3}},
      {{1, 4, 4, 2}, {4, 2, 2, 1}, {.stride = 2, .groups = 2}},
      {{2, 3, 4, 4}, {2, 2, 2, 2}, {.dilation = {1, 2}, .groups = 2}},
  };
  for (const Case& c : cases) {
    INFO(describe(c.images, c.weight, c.options));
    check_derivatives([&](const auto&... inputs) { return conv2d(inputs..., c.options); }, c.images,
                      c.weight);
  }
}

TEST_CASE("conv1d: values and gradients follow the definition over lengths and options") {
  const check::Listed listed("conv1d", {"np.correlate", "torch.nn.functional.conv1d", two_axes.jax});
  const auto f = [](const Conv1dOptions& options) {
    return [=](const auto&... inputs) { return conv1d(inputs..., options); };
  };
  std::size_t batch = 0;
  for (const std::size_t length : {1, 5, 8}) {
    for (const std::size_t groups : {1, 2, 4}) {
      for (const std::size_t window : {1, 2, 3}) {
        for (const std::size_t stride : {1, 3}) {
          for (const std::size_t dilation : {1, 2}) {
            for (const Padding& padding : {Padding(0), Padding(2), Padding("valid"), Padding("same")}) {
              batch = (batch + 1) % 3;
              const Shape x{batch, 1, length, 4}, w{8, 1, window, 4 / groups};
              const Conv2dOptions wide{{1, stride},
                                       {is_same(padding) ? padding : Padding(0, padding.amount.columns)},
                                       {1, dilation},
                                       groups};
              CAPTURE(describe(x, w, wide));
              const Definition definition = of_sequences(convolution(x, w, wide));
              const Conv1dOptions options{stride, padding, dilation, groups};
              if (definition.result[1] > 0) {
                compare(f(options), definition);
              } else {
                CHECK_THROWS_AS(conv1d(zeros(definition.images), zeros(definition.weight), options),
                                ShapeError);
              }
            }
          }
        }
      }
    }
  }
  compare(f({.padding = 4}), of_sequences(convolution({2, 1, 1500, 8}, {8, 1, 9, 8}, {.padding = {0, 4}})));
  check_derivatives(f({}), {2, 5, 2}, {3, 2, 2});
  check_derivatives(f({.stride = 2, .padding = 1, .dilation = 2}), {1, 6, 2}, {1, 2, 2});
  check_derivatives(f({.padding = "same", .groups = 2}), {1, 4, 2}, {4, 3, 1});
}

TEST_CASE("conv1d: NumPy's correlate, without and with a bias") {
  const Variable<double> x = sequence({1, 2, 3});
  const Variable<double> w = sequence({0, 1, 0.5});
  CHECK(entries(conv1d(x, w)) == std::vector<double>{3.5});  // np.correlate([1, 2, 3], [0, 1, 0.5])
  CHECK(entries(conv1d(x, w, {.padding = "same"})) == std::vector<double>{2, 3.5, 3});
  CHECK(entries(conv1d(x, w, xt::xarray<double>{1}, {.padding = 2})) ==
        std::vector<double>{1.5, 3, 4.5, 4, 1});
}

TEST_CASE("conv_transpose2d: values and gradients follow the definition over shapes and options") {
  const check::Listed listed("conv_transpose2d",
                             {"", "torch.nn.functional.conv_transpose2d", "jax.lax.conv_transpose"});
  struct Channels {
    std::size_t in, out, groups;
  };
  std::size_t batch = 0;
  for (const Channels& channels :
       {Channels{1, 2, 1}, {3, 2, 1}, {3, 3, 3}, {2, 4, 2}, {6, 4, 2}, {4, 2, 2}}) {
    for (const Size2d size : {Size2d{1, 1}, Size2d{3, 4}}) {
      for (const Size2d window : {Size2d{1}, Size2d{2, 3}, Size2d{3, 2}}) {
        for (const Padding& padding : {Padding(0), Padding(1), Padding(0, 2), Padding("same")}) {
          for (const Size2d stride : {Size2d{1}, Size2d{2}, Size2d{3, 1}}) {
            for (const Size2d dilation : {Size2d{1}, Size2d{2, 1}}) {
              for (const Size2d more : {Size2d{0}, Size2d{1, 0}, Size2d{1, 1}}) {
                batch = batch % 2 + 1;
                const Shape x{batch, size.rows, size.columns, channels.in};
                const Shape w{channels.out, window.rows, window.columns, channels.in / channels.groups};
                const ConvTranspose2dOptions options{stride, padding, more, dilation, channels.groups};
                const Definition definition = transposed_convolution(x, w, options);
                CAPTURE(describe(x, w, options));
                if (more.rows >= std::max(stride.rows, dilation.rows) ||
                    more.columns >= std::max(stride.columns, dilation.columns) ||
                    (is_same(padding) && more != Size2d(0))) {
                  CHECK_THROWS_AS(conv_transpose2d(zeros(x), zeros(w), options), ValueError);
                } else if (element_count(definition.result) == 0) {
                  CHECK_THROWS_AS(conv_transpose2d(zeros(x), zeros(w), options), ShapeError);
                } else {
                  compare([&](const auto&... inputs) { return conv_transpose2d(inputs..., options); },
                          definition);
                }
              }
            }
          }
        }
      }
    }
  }
}

TEST_CASE("conv_transpose2d: large images, empty arrays, derivatives") {
  const check::Listed listed("conv_transpose2d",
                             {"", "torch.nn.functional.conv_transpose2d", "jax.lax.conv_transpose"});
  const auto f = [](const ConvTranspose2dOptions& options) {
    return [=](const auto&... inputs) { return conv_transpose2d(inputs..., options); };
  };
  const auto compare_with = [&](const Shape& x, const Shape& w, const ConvTranspose2dOptions& options) {
    INFO(describe(x, w, options));
    compare(f(options), transposed_convolution(x, w, options));
  };
  compare_with({2, 14, 15, 32}, {16, 4, 4, 32}, {.stride = 2, .padding = 1});
  compare_with({2, 14, 15, 32}, {24, 3, 3, 8}, {.stride = 2, .padding = 1, .output_padding = 1, .groups = 4});
  compare_with({2, 24, 15, 16}, {16, 4, 4, 1}, {.stride = 2, .padding = "same", .groups = 16});
  compare_with({0, 3, 4, 2}, {3, 2, 2, 2}, {});
  compare_with({2, 3, 4, 0}, {3, 2, 2, 0}, {});  // only the bias
  compare_with({2, 3, 4, 2}, {0, 2, 2, 2}, {});

  check_derivatives(f({}), {1, 2, 2, 1}, {2, 2, 2, 1});
  check_derivatives(f({.stride = 2, .padding = 1, .output_padding = 1}), {2, 2, 3, 2}, {1, 3, 2, 2});
  check_derivatives(f({.padding = "same", .dilation = {1, 2}}), {1, 3, 3, 2}, {2, 2, 2, 2});
  check_derivatives(f({.stride = {1, 2}, .groups = 2}), {1, 2, 2, 4}, {2, 2, 2, 2});
  check_derivatives(f({.stride = 2, .groups = 3}), {1, 2, 2, 3}, {3, 2, 2, 1});
}

TEST_CASE("conv_transpose2d is the adjoint of conv2d") {
  // <conv2d(x, w), y> = <x, conv_transpose2d(y, w')>, where w' is w with its channels exchanged.
  const Variable<double> x = pattern({2, 7, 6, 3}, 7, 11, 5);
  const Variable<double> w = pattern({4, 3, 2, 3}, 5, 7, 3);
  const auto conv = conv2d(x, w, {.stride = 2, .padding = 1});
  const Variable<double> y = pattern(conv.shape(), 3, 13, 6);
  const auto back =
      conv_transpose2d(y, transpose(w, {3, 1, 2, 0}), {.stride = 2, .padding = 1, .output_padding = {0, 0}});
  REQUIRE(back.shape() == x.shape());
  CHECK(sum(conv * y).item() == sum(x * back).item());  // exact: integers
}

TEST_CASE("conv_transpose1d: known values, the definition, derivatives") {
  const check::Listed listed(
      "conv_transpose1d", {"np.convolve", "torch.nn.functional.conv_transpose1d", "jax.lax.conv_transpose"});
  const Variable<double> x = sequence({1, 2, 3});
  const Variable<double> w = sequence({0, 1, 0.5});
  CHECK(entries(conv_transpose1d(x, w)) == std::vector<double>{0, 1, 2.5, 4, 1.5});  // NumPy's documentation
  CHECK(entries(conv_transpose1d(x, w, {.stride = 3, .output_padding = 1})) ==
        std::vector<double>{0, 1, 0.5, 0, 2, 1, 0, 3, 1.5, 0});
  CHECK(entries(conv_transpose1d(x, w, xt::xarray<double>{1}, {.padding = "same"})) ==
        std::vector<double>{2, 3.5, 5});

  const auto f = [](const ConvTranspose1dOptions& options) {
    return [=](const auto&... inputs) { return conv_transpose1d(inputs..., options); };
  };
  for (const std::size_t batch : {0, 1, 3}) {
    for (const std::size_t groups : {1, 2, 4}) {
      for (const std::size_t stride : {1, 2, 5}) {
        for (const std::size_t dilation : {1, 3}) {
          const std::size_t more = std::max(stride, dilation) - 1;
          CAPTURE(fmt::format("batch {} groups {} stride {} dilation {}", batch, groups, stride, dilation));
          compare(
              f({stride, 1, more, dilation, groups}),
              of_sequences(transposed_convolution({batch, 1, 4, 4}, {8, 1, 3, 4 / groups},
                                                  {{1, stride}, {0, 1}, {0, more}, {1, dilation}, groups})));
        }
      }
    }
  }
  check_derivatives(f({.stride = 2, .padding = 1, .output_padding = 1}), {2, 3, 2}, {2, 3, 2});
  check_derivatives(f({.dilation = 2, .groups = 2}), {1, 3, 4}, {2, 2, 2});
}

TEST_CASE("convolutions: errors name shapes and what was expected") {
  const auto conv = [](const Shape& x, const Shape& w, const Conv2dOptions& options = {}) {
    return error_of([&] { conv2d(zeros(x), zeros(w), options); });
  };
  CHECK(conv({64, 28, 28, 3}, {6, 5, 5, 1}) ==
        "conv2d: images {64, 28, 28, 3} have 3 channels; weight {6, 5, 5, 1} expects 1");
  CHECK(conv({64, 28, 28, 3}, {6, 5, 5, 2}, {.groups = 2}) ==
        "conv2d: images {64, 28, 28, 3} have 3 channels; weight {6, 5, 5, 2} in 2 groups expects 4");
  CHECK(conv({64, 28, 28, 4}, {5, 5, 5, 2}, {.groups = 2}) ==
        "conv2d: weight {5, 5, 5, 2} has 5 output channels; expected a multiple of 2 groups");
  CHECK(conv({64, 28, 28, 4}, {5, 5, 5, 2}, {.groups = 0}) ==
        "conv2d: the number of groups is 0; expected a number of at least 1");
  CHECK(conv({64, 28, 28, 4}, {5, 5, 5, 2}, {.groups = -2}) ==
        "conv2d: the number of groups is -2; expected a number of at least 1");
  CHECK(conv({28, 28, 1}, {6, 5, 5, 1}) == "conv2d: images of shape {28, 28, 1}; expected {N, H, W, C}");
  CHECK(conv({1, 28, 28, 1}, {5, 5}) == "conv2d: weight of shape {5, 5}; expected {O, kH, kW, I}");
  CHECK(conv({1, 28, 28, 1}, {5, 5}, {.groups = 2}) ==
        "conv2d: weight of shape {5, 5}; expected {O, kH, kW, I / groups}");
  CHECK(
      conv({1, 4, 9, 1}, {2, 5, 5, 1}) ==
      "conv2d: a window of 5 x 5, dilation 1 x 1, does not fit into images {1, 4, 9, 1} with padding 0 x 0");
  CHECK(
      conv({1, 4, 9, 1}, {2, 3, 3, 1}, {.padding = {0, 2}, .dilation = 2}) ==
      "conv2d: a window of 3 x 3, dilation 2 x 2, does not fit into images {1, 4, 9, 1} with padding 0 x 2");
  CHECK(conv({1, 4, 4, 1}, {2, 3, 3, 1}, {.stride = {1, 0}}) ==
        "conv2d: the stride is 1 x 0; expected numbers of at least 1");
  CHECK(conv({1, 4, 4, 1}, {2, 3, 3, 1}, {.dilation = 0}) ==
        "conv2d: the dilation is 0 x 0; expected numbers of at least 1");
  CHECK(conv({1, 4, 4, 1}, {2, 3, 3, 1}, {.padding = -1}) ==
        "conv2d: the padding is -1 x -1; expected numbers of at least 0");
  CHECK(conv({1, 4, 4, 1}, {2, 0, 3, 1}) == "conv2d: the window is 0 x 3; expected numbers of at least 1");
  CHECK(error_of([] { conv2d(zeros({1, 4, 4, 1}), zeros({2, 3, 3, 1}), zeros({3})); }) ==
        "conv2d: bias of shape {3}; weight {2, 3, 3, 1} expects {2}");
  CHECK(error_of([] { Padding("full"); }) == "padding: 'full'; expected a number, a pair, 'valid' or 'same'");
  CHECK_THROWS_AS(conv2d(zeros({1, 4, 4, 1}), zeros({2, 3, 3, 1}), {.stride = 0}), ValueError);
  CHECK_THROWS_AS(conv2d(zeros({1, 4, 4, 1}), zeros({2, 3, 3, 2})), ShapeError);
  const int huge = std::numeric_limits<int>::max();
  CHECK_THROWS_AS(conv2d(zeros({1, 4, 4, 1}), zeros({8, 1, 1, 1}), {.padding = huge}), ShapeError);
}

TEST_CASE("convolutions of sequences, and transposed: errors name shapes and what was expected") {
  const auto conv = [](const Shape& x, const Shape& w, const Conv1dOptions& options = {}) {
    return error_of([&] { conv1d(zeros(x), zeros(w), options); });
  };
  CHECK(conv({1, 4, 4, 1}, {2, 3, 1}) == "conv1d: sequences of shape {1, 4, 4, 1}; expected {N, L, C}");
  CHECK(conv({1, 4, 1}, {2, 3, 3, 1}) == "conv1d: weight of shape {2, 3, 3, 1}; expected {O, k, I}");
  CHECK(conv({1, 4, 3}, {2, 3, 1}) ==
        "conv1d: sequences {1, 4, 3} have 3 channels; weight {2, 3, 1} expects 1");
  CHECK(conv({1, 4, 1}, {2, 3, 1}, {.dilation = 2}) ==
        "conv1d: a window of 3, dilation 2, does not fit into sequences {1, 4, 1} with padding 0");
  CHECK(conv({1, 4, 1}, {2, 3, 1}, {.stride = -1}) ==
        "conv1d: the stride is -1; expected a number of at least 1");
  CHECK(conv({1, 4, 1}, {2, 3, 1}, {.padding = {1, 2}}) ==
        "conv1d: the padding is 1 x 2; expected one number");

  const auto up = [](const Shape& x, const Shape& w, const ConvTranspose2dOptions& options = {}) {
    return error_of([&] { conv_transpose2d(zeros(x), zeros(w), options); });
  };
  CHECK(up({1, 4, 4, 3}, {2, 3, 3, 2}) ==
        "conv_transpose2d: images {1, 4, 4, 3} have 3 channels; weight {2, 3, 3, 2} expects 2");
  CHECK(up({1, 4, 4, 2}, {2, 3, 3, 2}, {.stride = 2, .output_padding = {1, 2}}) ==
        "conv_transpose2d: the output padding is 1 x 2; expected less than the stride, 2 x 2, or the "
        "dilation, 1 x 1");
  CHECK(up({1, 4, 4, 2}, {2, 3, 3, 2}, {.stride = 2, .padding = "same", .output_padding = 1}) ==
        "conv_transpose2d: an output padding of 1 x 1 with padding 'same'; expected none");
  CHECK(up({1, 2, 4, 2}, {2, 3, 3, 2}, {.padding = 2}) ==
        "conv_transpose2d: a window of 3 x 3, dilation 1 x 1, leaves nothing of images {1, 2, 4, 2} with "
        "padding 2 x 2");
  CHECK(error_of([] { conv_transpose1d(zeros({1, 4, 2}), zeros({3, 2, 2}), zeros({2})); }) ==
        "conv_transpose1d: bias of shape {2}; weight {3, 2, 2} expects {3}");
  CHECK(error_of([] { conv_transpose1d(zeros({1, 0, 2}), zeros({3, 2, 2})); }) ==
        "conv_transpose1d: a window of 2, dilation 1, leaves nothing of sequences {1, 0, 2} with padding 0");
  const int huge = std::numeric_limits<int>::max();
  CHECK_THROWS_AS(conv_transpose2d(zeros({1, 4, 4, 1}), zeros({8, 1, 1, 1}), {.stride = huge}), ShapeError);
}
