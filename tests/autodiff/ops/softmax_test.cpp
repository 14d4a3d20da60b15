#include "../../support/check_operation.hpp"

#include <cstdint>

using namespace xgrad;

namespace {

/// exp(x_i) / sum_j exp(x_j), by the definition.
Array<double> softmax_reference(const Array<double>& x, std::size_t axis) {
  const xt::xarray<double> powers = xt::exp(x);
  const xt::xarray<double> total = xt::sum(powers, {axis}, xt::keep_dims);
  return to_array<double>(powers / total);
}

/// f(x, axis) along every axis of several shapes, against a function of softmax itself.
template <class F, class R>
void along_every_axis(const F& f, const R& of_softmax) {
  for (const Shape& shape : {Shape{4}, Shape{1}, Shape{3, 5}, Shape{2, 3, 4}, Shape{2, 17}, Shape{3, 1, 2}}) {
    for (std::size_t axis = 0; axis < shape.size(); ++axis) {
      CAPTURE(to_string(shape));
      CAPTURE(axis);
      const Array<double> x = check::draw(shape);
      const auto number = static_cast<int>(axis);
      check::operation([&](const auto& v) { return f(v, number); }, of_softmax(softmax_reference(x, axis)),
                       x);
      const int negative = number - static_cast<int>(shape.size());
      CHECK(f(Variable<double>(x), negative).value() == f(Variable<double>(x), number).value());
    }
  }
}

}  // namespace

TEST_CASE("softmax along every axis") {
  const check::Listed listed("softmax", {"scipy.special.softmax", "torch.softmax", "jax.nn.softmax"});
  along_every_axis([](const auto& x, int axis) { return softmax(x, axis); },
                   [](const Array<double>& p) { return p; });
}

TEST_CASE("log_softmax along every axis") {
  const check::Listed listed("log_softmax",
                             {"scipy.special.log_softmax", "torch.log_softmax", "jax.nn.log_softmax"});
  along_every_axis([](const auto& x, int axis) { return log_softmax(x, axis); },
                   [](const Array<double>& p) { return to_array<double>(xt::log(p)); });
}

namespace {

/// softmax, its logarithm and their gradients against their formulas in double.
template <class T>
void check_axis(const Shape& shape, std::size_t axis) {
  CAPTURE(to_string(shape));
  CAPTURE(axis);
  const Array<T> x = to_array<T>(xt::cast<T>(check::draw(shape, -4, 4)));
  const Array<double> p = softmax_reference(to_array<double>(xt::cast<double>(x)), axis);
  const Array<double> weight = check::draw(shape, -1, 1, 2);
  const Array<T> g = to_array<T>(xt::cast<T>(weight));
  const xt::xarray<double> total = xt::sum(weight, {axis}, xt::keep_dims);
  const xt::xarray<double> product = xt::sum(weight * p, {axis}, xt::keep_dims);
  Tape tape;
  const Variable<T> v = x;
  const auto y = softmax(v, static_cast<int>(axis));
  const auto log_y = log_softmax(v, static_cast<int>(axis));
  const double near = std::is_same_v<T, float> ? 3e-6 : 1e-13;
  CHECK(check::close(y.value(), p, near));
  CHECK(check::close(log_y.value(), to_array<double>(xt::log(p)), near));
  CHECK(check::close(tape.gradient(y, v, g).value(), to_array<double>(p * (weight - product)), near));
  CHECK(check::close(tape.gradient(log_y, v, g).value(), to_array<double>(weight - p * total),
                     near * static_cast<double>(shape[axis] + 1)));
}

}  // namespace

TEST_CASE("rows and columns of many lengths, around multiples of vectors and blocks") {
  for (const std::size_t rows : {1, 2, 9, 31, 65, 200}) {
    for (const std::size_t columns : {1, 2, 3, 10, 15, 16, 17, 33, 64, 100, 127, 128, 129, 1025}) {
      for (const std::size_t axis : {0, 1}) {
        check_axis<float>({rows, columns}, axis);
        check_axis<double>({rows, columns}, axis);
      }
    }
  }
}

TEST_CASE("the same with several threads") {
  for (const Shape& shape :
       {Shape{30'011, 3}, Shape{3, 30'011}, Shape{1001, 130}, Shape{100'000}, Shape{7'000, 10},
        Shape{5, 17, 1'000}, Shape{1, 70'001}, Shape{3'000, 5, 7}, Shape{130, 1'000}}) {
    for (std::size_t axis = 0; axis < shape.size(); ++axis) {
      check_axis<float>(shape, axis);
      check_axis<double>(shape, axis);
    }
  }
}

TEST_CASE("softmax_cross_entropy of batches of many sizes, against log_softmax") {
  for (const std::size_t rows : {1, 5, 64, 97, 20'000}) {
    for (const std::size_t classes : {1, 2, 10, 16, 100, 129, 300}) {
      if (rows * classes > 300'000) continue;
      CAPTURE(rows);
      CAPTURE(classes);
      const Array<double> x = check::draw({rows, classes}, -5, 5);
      Array<int> labels(Shape{rows});
      for (std::size_t n = 0; n < rows; ++n) labels(n) = static_cast<int>(7 * n % classes);
      const Array<double> p = softmax_reference(x, 1);
      const Array<double> weight = check::draw({rows}, 0.5, 1.5);
      Array<double> loss(Shape{rows});
      Array<double> slope = p;
      for (std::size_t n = 0; n < rows; ++n) {
        const auto label = static_cast<std::size_t>(labels(n));
        loss(n) = -std::log(p(n, label));
        slope(n, label) -= 1;
        for (std::size_t k = 0; k < classes; ++k) slope(n, k) *= weight(n);
      }
      Tape tape;
      const Variable<double> v = x;
      const auto y = softmax_cross_entropy(v, labels);
      CHECK(check::close(y.value(), loss, 1e-13));
      CHECK(check::close(tape.gradient(y, v, weight).value(), slope, 1e-13));
    }
  }
}

TEST_CASE("softmax gives points of the simplex, for large arrays too") {
  const Variable<float> x = xt::cast<float>(check::draw({20'000, 10}, -30, 30));
  const auto p = softmax(x);
  const auto total = sum(p, 1);
  std::size_t off = 0;
  for (const float t : total.value()) off += !(std::abs(t - 1) < 1e-5F);
  for (const float entry : p.value()) off += !(entry >= 0);
  CHECK(off == 0);
}

TEST_CASE("logits of +-1e4") {
  const Variable<double> x = xt::xarray<double>{1e4, -1e4, 0};
  CHECK(softmax(x).value() == xt::xarray<double>{1, 0, 0});
  CHECK(log_softmax(x).value() == xt::xarray<double>{0, -2e4, -1e4});
  const Variable<double> rows = xt::xarray<double>{{1e4, -1e4}, {1e4, -1e4}};
  const auto [loss, gradient] = value_and_grad(
      [](const Variable<double>& v) { return sum(softmax_cross_entropy(v, xt::xarray<int>{0, 1})); }, rows);
  CHECK(loss.item() == 2e4);
  CHECK(gradient.value() == xt::xarray<double>{{0, 0}, {1, -1}});
  const Variable<float> in_float = xt::xarray<float>{{1e4F, -1e4F}};
  CHECK(softmax_cross_entropy(in_float, xt::xarray<int>{1}).item() == 2e4F);
}

TEST_CASE("softmax_cross_entropy is -log p_y") {
  const check::Listed listed("softmax_cross_entropy", {"", "torch.nn.functional.cross_entropy",
                                                       "optax.softmax_cross_entropy_with_integer_labels"});
  const Array<double> x = check::draw({4, 3});
  const xt::xarray<int> labels{2, 0, 1, 2};
  const Array<double> p = softmax_reference(x, 1);
  Array<double> expected(Shape{4});
  for (std::size_t n = 0; n < 4; ++n) expected(n) = -std::log(p(n, static_cast<std::size_t>(labels(n))));
  check::operation([&](const auto& v) { return softmax_cross_entropy(v, labels); }, expected, x);

  const Array<double> deep = check::draw({2, 3, 4});
  const xt::xarray<std::uint8_t> of_deep{{0, 1, 2}, {3, 3, 0}};
  check::derivatives([&](const auto& v) { return softmax_cross_entropy(v, of_deep); }, deep);
  const Variable<double> v = x;
  CHECK(softmax_cross_entropy(v, xt::xarray<std::int64_t>(labels)).value() ==
        softmax_cross_entropy(v, xt::xarray<std::uint8_t>(labels)).value());
  CHECK(softmax_cross_entropy(Variable<double>(Array<double>(Shape{0, 3})), Array<int>(Shape{0})).size() ==
        0);
}

TEST_CASE("labels and shapes that do not match") {
  const Variable<double> x = check::draw({2, 3});
  CHECK(check::message<ValueError>([&] { softmax_cross_entropy(x, xt::xarray<int>{0, 3}); }) ==
        "softmax_cross_entropy: label 3 at index 1 is not one of the 3 classes 0 ... 2");
  CHECK(check::has(check::message<ValueError>([&] { softmax_cross_entropy(x, xt::xarray<int>{-1, 0}); }),
                   "label -1"));
  CHECK(check::message<ShapeError>([&] { softmax_cross_entropy(x, xt::xarray<int>{0, 1, 2}); }) ==
        "softmax_cross_entropy: logits {2, 3} and labels {3}; expected {..., K} and {...}");
  CHECK(check::has(check::message<ShapeError>([&] { softmax(x, 2); }), "softmax: axis 2"));
  CHECK(check::has(check::message<ShapeError>([&] { log_softmax(Variable<double>(1.0)); }), "log_softmax"));
}

namespace {

/// x of this shape, whose rows along the axis are {0, 1, 2, ...} / 8 + offset.
template <class T>
Array<T> ramp(const Shape& shape, std::size_t axis, double offset) {
  Array<T> x(shape);
  for (std::size_t i = 0; i < x.size(); ++i) {
    x.data()[i] = static_cast<T>(static_cast<double>(detail::index_of(i, shape)[axis]) / 8 + offset);
  }
  return x;
}

}  // namespace

TEST_CASE_TEMPLATE("log_softmax and logsumexp are accurate far from 0, by rows and by columns", T, float,
                   double) {
  for (const Shape& shape : {Shape{4}, Shape{3, 4}, Shape{3, 70}, Shape{2, 3000}, Shape{40, 3},
                             Shape{3000, 2}, Shape{300, 40}, Shape{2, 90, 17}, Shape{2, 30, 600}}) {
    for (std::size_t axis = 0; axis < shape.size(); ++axis) {
      for (const double offset : {0.0, 1e4, -1e4, 1e5}) {
        CAPTURE(to_string(shape));
        CAPTURE(axis);
        CAPTURE(offset);
        long double total = 0;
        for (std::size_t k = 0; k < shape[axis]; ++k) total += std::exp(static_cast<long double>(k) / 8);
        const Array<T> y =
            log_softmax(Variable<T>(ramp<T>(shape, axis, offset)), static_cast<int>(axis)).value();
        const Array<T> ramps = ramp<T>(shape, axis, 0);
        long double worst = 0;
        for (std::size_t i = 0; i < y.size(); ++i) {
          const long double expected = static_cast<long double>(ramps.data()[i]) - std::log(total);
          worst = std::max(worst, std::abs(y.data()[i] - expected) / std::max(1.0L, std::abs(expected)));
        }
        CHECK(worst <= 4 * std::numeric_limits<T>::epsilon());
      }
    }
  }
}

TEST_CASE_TEMPLATE("a class with nearly all of the probability: the rest is not rounded away", T, float,
                   double) {
  // log(1 + n exp(-d)): n small exponentials and one of 1, by rows and by columns.
  const T far = std::is_same_v<T, float> ? T(30) : T(60);
  for (const Shape& shape :
       {Shape{2}, Shape{3, 5}, Shape{3, 100}, Shape{2, 5000}, Shape{5, 3}, Shape{5000, 2}, Shape{200, 40}}) {
    for (std::size_t axis = 0; axis < shape.size(); ++axis) {
      if (shape[axis] == 1) continue;
      CAPTURE(to_string(shape));
      CAPTURE(axis);
      const std::size_t high = shape[axis] / 2;
      Array<T> x(shape);
      for (std::size_t i = 0; i < x.size(); ++i) {
        x.data()[i] = detail::index_of(i, shape)[axis] == high ? T(0) : -far;
      }
      const Variable<T> v = x;
      Tape tape;
      const auto y = log_softmax(v, static_cast<int>(axis));
      const auto close = [](double value) {
        return doctest::Approx(value).epsilon(20 * std::numeric_limits<T>::epsilon());
      };
      const double rest = static_cast<double>(shape[axis] - 1) * std::exp(-static_cast<double>(far));
      Array<T> g = full<T>(shape, T(0));  // only for the high entries
      for (std::size_t i = 0; i < x.size(); ++i) g.data()[i] = x.data()[i] == 0 ? T(1) : T(0);
      const Array<T> dx = tape.gradient(y, v, constant(g)).value();
      const Array<T> scanned = cumlogsumexp(v, static_cast<int>(axis)).value();
      for (std::size_t i = 0; i < x.size(); ++i) {
        const bool is_high = x.data()[i] == 0;
        const auto share = static_cast<double>(shape[axis] - 1);
        if (is_high) CHECK(static_cast<double>(y.value().data()[i]) == close(-rest));
        CHECK(static_cast<double>(dx.data()[i]) == close(is_high ? rest : -rest / share));
        if (detail::index_of(i, shape)[axis] + 1 == shape[axis])
          CHECK(static_cast<double>(scanned.data()[i]) == close(rest));
      }
      for (const T total : logsumexp(v, static_cast<int>(axis)).value())
        CHECK(static_cast<double>(total) == close(rest));
    }
  }
}

TEST_CASE_TEMPLATE("log_softmax and logsumexp of infinities and NaN", T, float, double) {
  constexpr T infinity = std::numeric_limits<T>::infinity();
  const T nan = std::numeric_limits<T>::quiet_NaN();
  for (const std::size_t n : {std::size_t{3}, std::size_t{40}, std::size_t{500}}) {
    for (const bool columns : {false, true}) {
      CAPTURE(n);
      CAPTURE(columns);
      const auto of = [&](T first, T others) {
        Array<T> x = full<T>({3, n}, others);
        x(1, 0) = first;
        return columns ? transpose(Variable<T>(x)) : Variable<T>(x);
      };
      const int axis = columns ? 0 : 1;
      const auto sum_of = [&](T first, T others) { return logsumexp(of(first, others), axis).value()(1); };
      CHECK(sum_of(-infinity, -infinity) == -infinity);
      CHECK(sum_of(infinity, 0) == infinity);
      CHECK(sum_of(infinity, -infinity) == infinity);
      CHECK(sum_of(0, infinity) == infinity);
      CHECK(sum_of(2, -infinity) == 2);
      CHECK(std::isnan(sum_of(nan, 0)));
      CHECK(std::isnan(sum_of(nan, infinity)));
      const Array<T> masked = log_softmax(of(2, -infinity), axis).value();
      CHECK((columns ? masked(0, 1) : masked(1, 0)) == 0);
      CHECK(masked(1, 1) == -infinity);
      for (const Array<T>& all :
           {softmax(of(infinity, 0), axis).value(), log_softmax(of(infinity, 0), axis).value()}) {
        std::size_t nans = 0;
        for (const T each : all) nans += std::isnan(each);
        CHECK(nans == n);
      }
    }
  }
}
