#include "../../support/check_operation.hpp"

using namespace xgrad;

namespace {

const check::Elsewhere unfold_elsewhere{"", "torch.nn.functional.unfold",
                                        "jax.lax.conv_general_dilated_patches"};
const check::Elsewhere fold_elsewhere{"", "torch.nn.functional.fold", ""};

/// One axis of sliding windows, computed from the documentation.
struct Axis {
  int input, stride, dilation, before = 0, output = 0;

  Axis(std::size_t extent, std::size_t taps, std::size_t s, std::size_t d, std::size_t padding, bool same)
      : input(static_cast<int>(extent)), stride(static_cast<int>(s)), dilation(static_cast<int>(d)) {
    const int reach = dilation * (static_cast<int>(taps) - 1) + 1;
    before = static_cast<int>(padding);
    if (same) {
      output = (input + stride - 1) / stride;
      before = std::max(0, (output - 1) * stride + reach - input) / 2;
    } else {
      while (output * stride + reach <= input + 2 * before) ++output;
    }
  }
  /// The index of the entry under a tap, -1 outside.
  int entry(std::size_t i, std::size_t u) const {
    const int at = static_cast<int>(i) * stride + static_cast<int>(u) * dilation - before;
    return at < input ? std::max(at, -1) : -1;
  }
};

/// For each entry of the columns, the index of its entry in the images, or their number of entries in the
/// padding.
struct Definition {
  Shape images, columns;
  std::vector<std::size_t> sources;

  Definition(const Shape& x, Size2d window, const UnfoldOptions& o) : images(x) {
    const bool same = o.padding.rule == Padding::Rule::same;
    const Axis rows(x[1], window.rows, o.stride.rows, o.dilation.rows, o.padding.amount.rows, same);
    const Axis across(x[2], window.columns, o.stride.columns, o.dilation.columns, o.padding.amount.columns,
                      same);
    columns = {x[0], static_cast<std::size_t>(rows.output), static_cast<std::size_t>(across.output),
               window.rows * window.columns * x[3]};
    const std::size_t none = element_count(x);
    for (std::size_t n = 0; n < x[0]; ++n)
      for (std::size_t i = 0; i < columns[1]; ++i)
        for (std::size_t j = 0; j < columns[2]; ++j)
          for (std::size_t u = 0; u < window.rows; ++u)
            for (std::size_t v = 0; v < window.columns; ++v)
              for (std::size_t c = 0; c < x[3]; ++c) {
                const int row = rows.entry(i, u);
                const int column = across.entry(j, v);
                const bool inside = row >= 0 && column >= 0;
                sources.push_back(inside ? ((n * x[1] + row) * x[2] + column) * x[3] + c : none);
              }
  }

  Array<double> unfold(const Array<double>& x) const {
    Array<double> result = full<double>(columns, 0);
    for (std::size_t i = 0; i < sources.size(); ++i)
      if (sources[i] < x.size()) result.data()[i] = x.data()[sources[i]];
    return result;
  }

  Array<double> fold(const Array<double>& y) const {
    Array<double> result = full<double>(images, 0);
    for (std::size_t i = 0; i < sources.size(); ++i)
      if (sources[i] < result.size()) result.data()[sources[i]] += y.data()[i];
    return result;
  }
};

struct Case {
  Shape images;
  Size2d window;
  UnfoldOptions options;
};
const std::vector<Case> cases = {
    {{1, 1, 1, 1}, 1, {}},
    {{2, 3, 4, 2}, 2, {}},
    {{2, 4, 5, 1}, {3, 2}, {.stride = 2, .padding = 1}},
    {{1, 5, 4, 3}, 3, {.stride = {1, 2}, .padding = "same"}},
    {{1, 5, 6, 2}, {2, 3}, {.padding = {1, 2}, .dilation = {3, 2}}},
    {{1, 3, 3, 2}, 1, {.stride = 2, .padding = 1}},
    {{2, 3, 2, 2}, {3, 2}, {.padding = "valid"}},
    {{0, 4, 4, 2}, 2, {}},
    {{2, 4, 4, 0}, 2, {}},
};

std::string describe(const Case& c) {
  return fmt::format("images {} window {} x {}", to_string(c.images), c.window.rows, c.window.columns);
}

template <class F>
std::string error_of(F&& f) {
  return check::message<Error>(f);
}

Variable<double> zeros(const Shape& shape) { return full<double>(shape, 0); }

}  // namespace

TEST_CASE("unfold: the entries under each window, in the order of a weight") {
  const check::Listed listed("unfold", unfold_elsewhere);
  for (const Case& c : cases) {
    INFO(describe(c));
    const Array<double> x = check::draw(c.images);
    check::operation([&](const auto& v) { return unfold(v, c.window, c.options); },
                     Definition(c.images, c.window, c.options).unfold(x), x);
  }
}

TEST_CASE("fold: overlapping entries add up") {
  const check::Listed listed("fold", fold_elsewhere);
  for (const Case& c : cases) {
    if (c.images[3] == 0) continue;  // the number of channels cannot be inferred
    INFO(describe(c));
    const Definition definition(c.images, c.window, c.options);
    const Array<double> y = check::draw(definition.columns);
    check::operation([&](const auto& v) { return fold(v, {c.images[1], c.images[2]}, c.window, c.options); },
                     definition.fold(y), y);
  }
}

TEST_CASE("unfold and fold: images split among threads, and runs of every length") {
  for (std::size_t channels = 1; channels <= 9; ++channels) {
    CAPTURE(channels);
    const Shape shape{3, 83, 75, channels};
    const UnfoldOptions options{.stride = {2, 1}, .padding = 1};
    const Definition definition(shape, 3, options);
    const Array<double> x = check::draw(shape);
    const Array<double> y = check::draw(definition.columns);
    CHECK(unfold(Variable<double>(x), 3, options).value() == definition.unfold(x));
    CHECK(check::close(fold(Variable<double>(y), {83, 75}, 3, options).value(), definition.fold(y), 1e-15));
    const Variable<float> narrow = xt::cast<float>(x);
    const Array<double> wide = xt::cast<double>(narrow.value());
    CHECK(Array<double>(xt::cast<double>(unfold(narrow, 3, options).value())) == definition.unfold(wide));
  }
}

TEST_CASE("unfold: a convolution is a product with the columns") {
  const Variable<double> x = check::draw({2, 5, 6, 3}, -2, 2, 1);
  const Variable<double> w = check::draw({4, 3, 2, 3}, -2, 2, 2);
  const auto product = linear(unfold(x, {3, 2}, {.stride = 2}), reshape(w, {4, -1}), Variable<double>());
  CHECK(check::close(product.value(), conv2d(x, w, {.stride = 2}).value(), 1e-14));
}

TEST_CASE("unfold and fold: errors name shapes and what was expected") {
  CHECK(error_of([] { unfold(zeros({4, 4, 1}), 2); }) ==
        "unfold: images of shape {4, 4, 1}; expected {N, H, W, C}");
  CHECK(
      error_of([] { unfold(zeros({1, 4, 4, 1}), 5); }) ==
      "unfold: a window of 5 x 5, dilation 1 x 1, does not fit into images {1, 4, 4, 1} with padding 0 x 0");
  CHECK(error_of([] { unfold(zeros({1, 4, 4, 1}), 2, {.stride = 0}); }) ==
        "unfold: the stride is 0 x 0; expected numbers of at least 1");
  CHECK(error_of([] { fold(zeros({1, 3, 12}), 4, 2); }) ==
        "fold: columns of shape {1, 3, 12}; expected {N, H', W', kH kW C}");
  CHECK(error_of([] { fold(zeros({1, 3, 3, 6}), 4, 2); }) ==
        "fold: columns {1, 3, 3, 6} have 6 entries each; expected a multiple of the window 2 x 2");
  CHECK(error_of([] { fold(zeros({1, 3, 4, 8}), 4, 2); }) ==
        "fold: columns of shape {1, 3, 4, 8}; images {1, 4, 4, 2} have {1, 3, 3, 8}");
  CHECK_THROWS_AS(fold(zeros({1, 3, 3, 8}), 4, 5), ShapeError);
}
