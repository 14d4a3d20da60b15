#include "../../support/pooling.hpp"

#include <limits>
#include <optional>

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

/// The sliding windows of an axis, as defined in the documentation.
check::Windows windows(std::size_t extent, std::size_t taps, std::size_t stride, std::size_t dilation,
                       std::size_t padding, bool same) {
  const auto size = static_cast<int>(extent);
  const auto step = static_cast<int>(stride);
  const auto distance = static_cast<int>(dilation);
  const int reach = distance * (static_cast<int>(taps) - 1) + 1;
  int output = 0;
  int before = static_cast<int>(padding);
  if (same) {
    output = (size + step - 1) / step;
    before = std::max(0, (output - 1) * step + reach - size) / 2;
  } else {
    while (output * step + reach <= size + 2 * before) ++output;
  }
  check::Windows result;
  for (int i = 0; i < output; ++i) {
    result.emplace_back();
    for (int u = 0; u < static_cast<int>(taps); ++u) {
      const int entry = i * step + u * distance - before;
      if (entry >= 0 && entry < size) result.back().push_back(static_cast<std::size_t>(entry));
    }
  }
  return result;
}

/// A pooling as defined in the documentation.
check::Pooling pooling(const Shape& x, Size2d window, const std::optional<Size2d>& stride,
                       const Padding& padding, Size2d dilation = 1) {
  const Size2d step = stride.value_or(window);
  const bool same = padding.rule == Padding::Rule::same;
  return {x, windows(x[1], window.rows, step.rows, dilation.rows, padding.amount.rows, same),
          windows(x[2], window.columns, step.columns, dilation.columns, padding.amount.columns, same)};
}

std::string describe(const Shape& shape, Size2d window) {
  return fmt::format("{} window {} x {}", to_string(shape), window.rows, window.columns);
}

void compare_max(const Shape& shape, Size2d window, const MaxPool2dOptions& options) {
  INFO("max_pool2d of ", describe(shape, window));
  const auto definition = pooling(shape, window, options.stride, options.padding, options.dilation);
  check::compare_max([&](const auto& x) { return max_pool2d(x, window, options); }, definition, shape,
                     definition.result());
}

void compare_avg(const Shape& shape, Size2d window, const AvgPool2dOptions& options) {
  INFO("avg_pool2d of ", describe(shape, window));
  const auto definition = pooling(shape, window, options.stride, options.padding);
  check::compare_avg(
      [&](const auto& x) { return avg_pool2d(x, window, options); }, definition, shape, definition.result(),
      [&](std::size_t inside) { return options.count_padding ? window.rows * window.columns : inside; });
}

struct Options {
  Size2d window;
  std::optional<Size2d> stride;
  Padding padding;
};

const std::vector<Options>& all_options() {
  static const std::vector<Options> options = {
      {2, {}, 0},      {1, {}, 0},
      {2, 1, "valid"}, {{2, 3}, {}, {1, 1}},
      {3, 2, 1},       {3, Size2d{1, 2}, "same"},
      {2, {}, "same"}, {{3, 2}, Size2d{3, 1}, {0, 1}},
      {2, 3, 1},       {{5, 6}, {}, 0},
  };
  return options;
}

const check::Elsewhere max_elsewhere{"", "torch.nn.functional.max_pool2d", "flax.linen.max_pool"};
const check::Elsewhere avg_elsewhere{"", "torch.nn.functional.avg_pool2d", "flax.linen.avg_pool"};

template <class F>
std::string error_of(F&& f) {
  return check::message<Error>(f);
}

Variable<double> zeros(const Shape& shape) { return full<double>(shape, 0); }

/// The gradient of sum(max_pool2d(x)) with respect to x.
template <class T>
Variable<T> sum_gradient(const Variable<T>& x, Size2d window, const MaxPool2dOptions& options = {},
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

TEST_CASE("max_pool2d: values and gradients follow the definition over shapes and options") {
  const check::Listed listed("max_pool2d", max_elsewhere);
  for (const auto& [window, stride, padding] : all_options()) {
    for (const std::size_t batch : {0, 1, 3}) {
      for (const std::size_t channels : {0, 1, 2, 5, 19}) {
        compare_max({batch, 5, 6, channels}, window, {.stride = stride, .padding = padding});
      }
    }
  }
  for (const std::size_t channels : {1, 3, 8}) {
    for (const std::size_t stride : {1, 2}) {
      const Shape shape{2, 7, 8, channels};
      compare_max(shape, 2, {.stride = stride, .dilation = 2});
      compare_max(shape, 2, {.stride = stride, .dilation = {3, 1}});
      compare_max(shape, {3, 2}, {.stride = stride, .padding = {2, 1}, .dilation = {2, 3}});
      compare_max(shape, 3, {.stride = stride, .padding = "same", .dilation = 2});
    }
  }
}

TEST_CASE("avg_pool2d: values and gradients follow the definition over shapes and options") {
  const check::Listed listed("avg_pool2d", avg_elsewhere);
  for (const auto& [window, stride, padding] : all_options()) {
    for (const std::size_t batch : {0, 1, 3}) {
      for (const std::size_t channels : {0, 1, 2, 5, 19}) {
        compare_avg({batch, 5, 6, channels}, window, {stride, padding, true});
        compare_avg({batch, 5, 6, channels}, window, {stride, padding, false});
      }
    }
  }
}

TEST_CASE("pooling: images split among threads") {
  for (const std::size_t batch : {1, 3}) {
    const Shape shape{batch, 83, 64, 24};
    compare_max(shape, 3, {.stride = 2, .padding = 1});
    compare_max(shape, 3, {.stride = 1, .padding = 2, .dilation = 2});
    compare_max(shape, 2, {});
    compare_avg(shape, 3, {.stride = 2, .padding = 1, .count_padding = false});
    compare_avg(shape, {4, 3}, {.stride = 1, .padding = "same"});
  }
}

TEST_CASE("max_pool1d and avg_pool1d equal pooling of images of one row") {
  const auto compare = [](const Shape& shape, std::size_t window, const MaxPool1dOptions& max_options,
                          const AvgPool1dOptions& avg_options) {
    INFO(describe(shape, {1, window}));
    const std::size_t stride = max_options.stride.value_or(window);
    const bool same = max_options.padding.rule == Padding::Rule::same;
    const check::Pooling max_pooling{
        {shape[0], 1, shape[1], shape[2]},
        {{0}},
        windows(shape[1], window, stride, max_options.dilation, max_options.padding.amount.columns, same)};
    const check::Pooling avg_pooling{
        max_pooling.images,
        {{0}},
        windows(shape[1], window, stride, 1, avg_options.padding.amount.columns, same)};
    const auto given = [](const check::Pooling& p) {
      return Shape{p.images[0], p.columns.size(), p.images[3]};
    };
    {
      const check::Listed listed("max_pool1d", {"", "torch.nn.functional.max_pool1d", "flax.linen.max_pool"});
      const auto f = [&](const auto& x) { return max_pool1d(x, window, max_options); };
      check::compare_max(f, max_pooling, shape, given(max_pooling));
      if (shape[0] > 0) check::pooling_derivatives(f, shape);
    }
    {
      const check::Listed listed("avg_pool1d", {"", "torch.nn.functional.avg_pool1d", "flax.linen.avg_pool"});
      const auto f = [&](const auto& x) { return avg_pool1d(x, window, avg_options); };
      check::compare_avg(f, avg_pooling, shape, given(avg_pooling),
                         [&](std::size_t inside) { return avg_options.count_padding ? window : inside; });
      if (shape[0] > 0) check::pooling_derivatives(f, shape);
    }
  };
  for (const std::size_t batch : {0, 1, 2}) {
    for (const std::size_t length : {5, 8}) {
      const Shape shape{batch, length, 3};
      compare(shape, 2, {}, {});
      compare(shape, 3, {.stride = 1, .padding = 1}, {.stride = 1, .padding = 1});
      compare(shape, 3, {.stride = 2, .padding = 2, .dilation = 2},
              {.stride = 2, .padding = 1, .count_padding = false});
      compare(shape, 2, {.padding = "same"}, {.padding = "same", .count_padding = false});
    }
  }
  compare({1, 1, 1}, 1, {}, {});
}

TEST_CASE("pooling: images of one pixel") {
  const auto x = image({1, 1}, {-3});
  CHECK(entries(max_pool2d(x, 1)) == std::vector<double>{-3});
  CHECK(entries(max_pool2d(x, 3, {.padding = 1})) == std::vector<double>{-3});
  CHECK(entries(max_pool2d(x, 5, {.padding = "same"})) == std::vector<double>{-3});
  CHECK(entries(avg_pool2d(x, 3, {.padding = 1})) == std::vector<double>{-3.0 / 9});
  CHECK(entries(avg_pool2d(x, 3, {.padding = 1, .count_padding = false})) == std::vector<double>{-3});
}

TEST_CASE("max_pool2d: padding is never the maximum, not even against -infinity") {
  const double infinity = std::numeric_limits<double>::infinity();
  const auto x = image({2, 2}, {-7, -infinity, -8, -infinity});
  CHECK(entries(max_pool2d(x, 2, {.padding = 1})) == std::vector<double>{-7, -infinity, -8, -infinity});
  CHECK(entries(sum_gradient(x, 2, {.padding = 1})) == std::vector<double>{1, 1, 1, 1});
}

TEST_CASE("max_pool2d: a tie goes to the first in row-major order") {
  const auto x = image({2, 4}, {1, 2, 0, 0, 2, 2, 0, 0});
  CHECK(entries(sum_gradient(x, 2)) == std::vector<double>{0, 1, 1, 0, 0, 0, 0, 0});
}

TEST_CASE("max_pool2d: with random ties, each maximum has the same probability") {
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
  Generator untaped = start;  // the same numbers are drawn without a tape
  max_pool2d(Variable<double>(x), 2, {.ties = Ties::random}, untaped);
  CHECK(untaped == generator);
  Generator unused = start;  // and none are drawn if not needed
  max_pool2d(Variable<double>(x), 2, {}, unused);
  CHECK(unused == start);
}

TEST_CASE("max_pool2d: without ties, random tie-breaking changes nothing") {
  for (const auto& [window, stride, padding] : all_options()) {
    compare_max({2, 5, 6, 3}, window, {.stride = stride, .padding = padding, .ties = Ties::random});
  }
}

TEST_CASE("max_pool2d: NaN is the maximum at any position, and gets the gradient") {
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

TEST_CASE("max_pool2d: derivatives to second order") {
  const check::Listed listed("max_pool2d", max_elsewhere);
  for (const Options& options : all_options()) {
    const auto f = [&](const auto& x) {
      return max_pool2d(x, options.window, {.stride = options.stride, .padding = options.padding});
    };
    INFO(describe({2, 5, 6, 2}, options.window));
    CHECK(gradcheck(f, Variable<double>(check::shuffled({2, 5, 6, 2}))).non_smooth == 0);
    check::pooling_derivatives(f, {2, 5, 6, 2});
  }
  const MaxPool2dOptions dilated{.stride = 1, .padding = 1, .dilation = {2, 1}};
  check::pooling_derivatives([&](const auto& x) { return max_pool2d(x, 2, dilated); }, {1, 5, 4, 2});
}

TEST_CASE("avg_pool2d: derivatives to second order") {
  const check::Listed listed("avg_pool2d", avg_elsewhere);
  for (const Options& options : all_options()) {
    for (const bool count_padding : {true, false}) {
      INFO(describe({2, 5, 6, 2}, options.window));
      const AvgPool2dOptions all{options.stride, options.padding, count_padding};
      check::pooling_derivatives([&](const auto& x) { return avg_pool2d(x, options.window, all); },
                                 {2, 5, 6, 2});
    }
  }
}

TEST_CASE("pooling: errors name shapes and what was expected") {
  CHECK(error_of([] { max_pool2d(zeros({4, 4, 1}), 2); }) ==
        "max_pool2d: images of shape {4, 4, 1}; expected {N, H, W, C}");
  CHECK(error_of([] { avg_pool2d(zeros({1, 4, 4, 1}), {2, 5}); }) ==
        "avg_pool2d: a window of 2 x 5, dilation 1 x 1, does not fit into images {1, 4, 4, 1} with padding 0 "
        "x 0");
  CHECK(error_of([] { max_pool2d(zeros({1, 4, 4, 1}), {3, 2}, {.padding = {1, 2}}); }) ==
        "max_pool2d: padding 1 x 2 is more than half of the window 3 x 2");
  CHECK(error_of([] { max_pool2d(zeros({1, 4, 4, 1}), 2, {.stride = 0}); }) ==
        "max_pool2d: the stride is 0 x 0; expected numbers of at least 1");
  CHECK(error_of([] { avg_pool2d(zeros({1, 4, 4, 1}), 0); }) ==
        "avg_pool2d: the window is 0 x 0; expected numbers of at least 1");
  CHECK(error_of([] { max_pool2d(zeros({1, 0, 4, 1}), 2, {.padding = 1}); }) ==
        "max_pool2d: images {1, 0, 4, 1} have no entries to pool");
  CHECK(error_of([] { max_pool2d(zeros({1, 9, 9, 1}), {3, 2}, {.padding = {3, 0}, .dilation = 2}); }) ==
        "max_pool2d: padding 3 x 0 is more than half of the window 3 x 2, dilation 2 x 2");
  CHECK(
      error_of([] { max_pool2d(zeros({1, 9, 1, 1}), 2, {.stride = 1, .padding = {0, 2}, .dilation = 3}); }) ==
      "max_pool2d: the window 2 x 2, dilation 3 x 3 on images {1, 9, 1, 1} lies entirely in the padding at "
      "some positions");
  CHECK(error_of([] { max_pool1d(zeros({1, 4, 4, 1}), 2); }) ==
        "max_pool1d: sequences of shape {1, 4, 4, 1}; expected {N, L, C}");
  CHECK(error_of([] { avg_pool1d(zeros({1, 4, 1}), 3, {.padding = 2}); }) ==
        "avg_pool1d: padding 2 is more than half of the window 3");
  CHECK(error_of([] { max_pool1d(zeros({1, 4, 1}), -3); }) ==
        "max_pool1d: the window is -3; expected a number of at least 1");
  CHECK(error_of([] { max_pool1d(zeros({1, 4, 1}), 5); }) ==
        "max_pool1d: a window of 5, dilation 1, does not fit into sequences {1, 4, 1} with padding 0");
  CHECK_THROWS_AS(max_pool2d(zeros({1, 4, 4, 1}), 5), ShapeError);
  CHECK_THROWS_AS(max_pool2d(zeros({1, 4, 4, 1}), -2), ValueError);
}

TEST_CASE("max_pool2d over 2 x 2 tiles: all numbers of channels, remaining rows and columns") {
  for (std::size_t channels = 1; channels <= 33; ++channels) {
    compare_max({2, 4 + channels % 2, 6 + channels / 2 % 2, channels}, 2, {});
  }
}
