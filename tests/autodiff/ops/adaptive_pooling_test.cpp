#include "../../support/pooling.hpp"

#include <limits>

using namespace xgrad;

namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

/// PyTorch's rule, in floating point.
check::Windows bins(std::size_t extent, std::size_t size) {
  check::Windows result;
  for (std::size_t i = 0; i < size; ++i) {
    const double width = static_cast<double>(extent) / static_cast<double>(size);
    const auto first = std::floor(static_cast<double>(i) * width + 1e-9);
    const auto last = std::ceil(static_cast<double>(i + 1) * width - 1e-9);
    result.emplace_back();
    for (double entry = first; entry < last; ++entry)
      result.back().push_back(static_cast<std::size_t>(entry));
  }
  return result;
}

check::Pooling pooling(const Shape& x, Size2d size) {
  return {x, bins(x[1], size.rows), bins(x[2], size.columns)};
}

check::Pooling of_sequences(const Shape& x, std::size_t size) {
  return pooling({x[0], 1, x[1], x[2]}, {1, size});
}

/// The divisor is the number of entries of the bin.
std::size_t count(std::size_t entries) { return entries; }

Variable<double> zeros(const Shape& shape) { return full<double>(shape, 0); }

std::vector<double> entries(const Variable<double>& x) { return {x.value().begin(), x.value().end()}; }

Variable<double> sequence(const std::vector<double>& numbers) {
  Array<double> result = empty<double>({1, numbers.size(), 1});
  std::copy(numbers.begin(), numbers.end(), result.data());
  return result;
}

const std::vector<Shape> shapes = {{1, 1, 1, 1}, {2, 5, 7, 3}, {3, 6, 4, 17}, {0, 5, 7, 3}, {2, 12, 13, 8}};
const std::vector<Size2d> sizes = {1, 2, {3, 5}, {7, 1}, {6, 4}};

}  // namespace

TEST_CASE("adaptive_avg_pool2d: the mean of bins that cover the image") {
  const check::Listed listed("adaptive_avg_pool2d", {"", "torch.nn.functional.adaptive_avg_pool2d", ""});
  for (const Shape& shape : shapes) {
    for (const Size2d size : sizes) {
      CAPTURE(to_string(shape));
      CAPTURE(fmt::format("{} x {}", size.rows, size.columns));
      const auto f = [&](const auto& x) { return adaptive_avg_pool2d(x, size); };
      const auto definition = pooling(shape, size);
      check::compare_avg(f, definition, shape, definition.result(), count);
      if (shape[3] == 3 && shape[0] > 0) check::pooling_derivatives(f, {1, 4, 3, 2});
    }
  }
  const auto large = pooling({3, 71, 50, 24}, {13, 7});  // split among threads
  check::compare_avg([](const auto& x) { return adaptive_avg_pool2d(x, {13, 7}); }, large, large.images,
                     large.result(), count);
}

TEST_CASE("adaptive_max_pool2d: the maximum of bins that cover the image") {
  const check::Listed listed("adaptive_max_pool2d", {"", "torch.nn.functional.adaptive_max_pool2d", ""});
  for (const Shape& shape : shapes) {
    for (const Size2d size : sizes) {
      CAPTURE(to_string(shape));
      CAPTURE(fmt::format("{} x {}", size.rows, size.columns));
      const auto f = [&](const auto& x) { return adaptive_max_pool2d(x, size); };
      const auto definition = pooling(shape, size);
      check::compare_max(f, definition, shape, definition.result());
      if (shape[3] == 3 && shape[0] > 0) check::pooling_derivatives(f, {1, 4, 3, 2});
    }
  }
  const auto large = pooling({3, 71, 50, 24}, {13, 7});
  check::compare_max([](const auto& x) { return adaptive_max_pool2d(x, {13, 7}); }, large, large.images,
                     large.result());
}

TEST_CASE("adaptive pooling of sequences: overlapping bins, known values") {
  const Variable<double> x = sequence({1, 2, 3, 4, 5, 6, 7});
  // Bins 0..2, 2..4 (entries 2, 3, 4) and 4..6 of seven entries.
  CHECK(entries(adaptive_avg_pool1d(x, 3)) == std::vector<double>{2, 4, 6});
  CHECK(entries(adaptive_max_pool1d(x, 3)) == std::vector<double>{3, 5, 7});
  CHECK(entries(adaptive_avg_pool1d(sequence({1, 2}), 3)) == std::vector<double>{1, 1.5, 2});
  CHECK(entries(adaptive_max_pool1d(x, 7)) == entries(x));
}

TEST_CASE("adaptive_avg_pool1d and adaptive_max_pool1d follow the definition") {
  for (const std::size_t batch : {0, 1, 3}) {
    for (const std::size_t length : {1, 5, 12}) {
      for (const std::size_t size : {1, 2, 5, 7}) {
        const Shape shape{batch, length, 3};
        CAPTURE(to_string(shape));
        CAPTURE(size);
        const Shape given{batch, size, 3};
        {
          const check::Listed listed("adaptive_avg_pool1d",
                                     {"", "torch.nn.functional.adaptive_avg_pool1d", ""});
          const auto f = [&](const auto& x) { return adaptive_avg_pool1d(x, size); };
          check::compare_avg(f, of_sequences(shape, size), shape, given, count);
          if (batch == 1) check::pooling_derivatives(f, shape);
        }
        {
          const check::Listed listed("adaptive_max_pool1d",
                                     {"", "torch.nn.functional.adaptive_max_pool1d", ""});
          const auto f = [&](const auto& x) { return adaptive_max_pool1d(x, size); };
          check::compare_max(f, of_sequences(shape, size), shape, given);
          if (batch == 1) check::pooling_derivatives(f, shape);
        }
      }
    }
  }
}

TEST_CASE("global pooling: one number for each channel") {
  for (const Shape& shape : shapes) {
    CAPTURE(to_string(shape));
    const Shape given{shape[0], shape[3]};
    const auto definition = pooling(shape, 1);
    {
      const check::Listed listed("global_avg_pool2d",
                                 {"np.mean", "torch.nn.AdaptiveAvgPool2d(1)", "jnp.mean"});
      const auto f = [](const auto& x) { return global_avg_pool2d(x); };
      check::compare_avg(f, definition, shape, given, count);
      if (shape[0] > 0) check::pooling_derivatives(f, {2, 3, 2, 2});
    }
    {
      const check::Listed listed("global_max_pool2d", {"np.max", "torch.nn.AdaptiveMaxPool2d(1)", "jnp.max"});
      const auto f = [](const auto& x) { return global_max_pool2d(x); };
      check::compare_max(f, definition, shape, given);
      if (shape[0] > 0) check::pooling_derivatives(f, {2, 3, 2, 2});
    }
  }
  for (const Shape& shape : {Shape{1, 1, 1}, Shape{3, 7, 2}, Shape{0, 4, 2}}) {
    CAPTURE(to_string(shape));
    const Shape given{shape[0], shape[2]};
    const auto definition = of_sequences(shape, 1);
    {
      const check::Listed listed("global_avg_pool1d",
                                 {"np.mean", "torch.nn.AdaptiveAvgPool1d(1)", "jnp.mean"});
      const auto f = [](const auto& x) { return global_avg_pool1d(x); };
      check::compare_avg(f, definition, shape, given, count);
      if (shape[0] > 0) check::pooling_derivatives(f, shape);
    }
    {
      const check::Listed listed("global_max_pool1d", {"np.max", "torch.nn.AdaptiveMaxPool1d(1)", "jnp.max"});
      const auto f = [](const auto& x) { return global_max_pool1d(x); };
      check::compare_max(f, definition, shape, given);
      if (shape[0] > 0) check::pooling_derivatives(f, shape);
    }
  }
}

TEST_CASE("adaptive and global max-pooling: NaN is the maximum, the first of equals gets the gradient") {
  CHECK(std::isnan(global_max_pool1d(sequence({1, not_a_number, 3})).item()));
  const Variable<double> x = sequence({1, 3, 3, 2, 2, 0});
  Tape tape;
  CHECK(entries(tape.gradient(sum(global_max_pool1d(x)), x)) == std::vector<double>{0, 1, 0, 0, 0, 0});
  CHECK(entries(tape.gradient(sum(adaptive_max_pool1d(x, 2)), x)) == std::vector<double>{0, 1, 0, 1, 0, 0});
}

TEST_CASE("adaptive and global pooling: errors name shapes and what was expected") {
  const auto error_of = [](const auto& f) { return check::message<Error>(f); };
  CHECK(error_of([] { adaptive_avg_pool2d(zeros({4, 4, 1}), 2); }) ==
        "adaptive_avg_pool2d: images of shape {4, 4, 1}; expected {N, H, W, C}");
  CHECK(error_of([] { adaptive_max_pool2d(zeros({1, 4, 4, 1}), {0, 2}); }) ==
        "adaptive_max_pool2d: the size is 0 x 2; expected numbers of at least 1");
  CHECK(error_of([] { adaptive_avg_pool1d(zeros({1, 4, 1}), -1); }) ==
        "adaptive_avg_pool1d: the size is -1; expected a number of at least 1");
  CHECK(error_of([] { adaptive_max_pool1d(zeros({1, 0, 1}), 1); }) ==
        "adaptive_max_pool1d: sequences {1, 0, 1} have no entries to pool");
  CHECK(error_of([] { global_avg_pool2d(zeros({1, 4, 0, 1})); }) ==
        "global_avg_pool2d: images {1, 4, 0, 1} have no entries to pool");
  CHECK(error_of([] { global_max_pool1d(zeros({1, 4})); }) ==
        "global_max_pool1d: sequences of shape {1, 4}; expected {N, L, C}");
  CHECK_THROWS_AS(global_avg_pool1d(zeros({1, 0, 1})), ShapeError);
  CHECK_THROWS_AS(global_max_pool2d(zeros({1, 0, 1})), ShapeError);
}
