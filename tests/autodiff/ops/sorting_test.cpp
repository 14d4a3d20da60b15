#include "../../support/check_operation.hpp"

#include <limits>
#include <numeric>

using namespace xgrad;

namespace {

const double inf = std::numeric_limits<double>::infinity();
const double missing = std::numeric_limits<double>::quiet_NaN();

using Indices = xt::xarray<std::int64_t>;

const std::vector<Shape> shapes{{1}, {5}, {2, 3}, {3, 2, 4}, {2, 1, 3}, {0, 3}, {3, 0}, {9, 7}};

/// Whether a comes before b: NaN counts as larger than every number.
bool comes_before(double a, double b, bool descending) {
  if (descending) std::swap(a, b);
  return a < b || (std::isnan(b) && !std::isnan(a));
}

/// The reference: the indices of the first `count` entries in order along an axis, by the standard library.
template <class T>
Array<std::int64_t> order(const Array<T>& x, std::size_t axis, bool descending, std::size_t count) {
  Shape shape = x.shape();
  const std::size_t extent = shape[axis];
  std::size_t inner = 1;
  for (std::size_t i = axis + 1; i < shape.size(); ++i) inner *= shape[i];
  shape[axis] = count;
  Array<std::int64_t> result(shape);
  const std::size_t outer = extent * inner == 0 ? 0 : x.size() / extent / inner;
  std::vector<std::size_t> line(extent);
  for (std::size_t o = 0; o < outer; ++o) {
    for (std::size_t i = 0; i < inner; ++i) {
      const auto entry = [&](std::size_t k) {
        return static_cast<double>(x.data()[(o * extent + k) * inner + i]);
      };
      std::iota(line.begin(), line.end(), 0);
      std::stable_sort(line.begin(), line.end(), [&](std::size_t a, std::size_t b) {
        return comes_before(entry(a), entry(b), descending);
      });
      for (std::size_t k = 0; k < count; ++k) {
        result.data()[(o * count + k) * inner + i] = static_cast<std::int64_t>(line[k]);
      }
    }
  }
  return result;
}

/// The entries of x at these indices along an axis.
template <class T>
Array<T> taken(const Array<T>& x, const Array<std::int64_t>& indices, std::size_t axis) {
  Array<T> result(indices.shape());
  const std::size_t extent = x.shape()[axis];
  const std::size_t count = indices.shape()[axis];
  std::size_t inner = 1;
  for (std::size_t i = axis + 1; i < x.dimension(); ++i) inner *= x.shape()[i];
  for (std::size_t i = 0; i < result.size(); ++i) {
    const std::size_t o = i / inner / count;
    const auto index = static_cast<std::size_t>(indices.data()[i]);
    result.data()[i] = x.data()[(o * extent + index) * inner + i % inner];
  }
  return result;
}

/// Values of which many are equal, some are not finite, and zeros have both signs.
template <class T>
Array<T> awkward(const Shape& shape) {
  Array<T> x = to_array<T>(xt::cast<T>(xt::floor(check::draw(shape, -20, 20))));
  const Array<double> which = check::draw(shape, 0, 1, 5);
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double w = which.data()[i];
    T& entry = x.data()[i];
    if (w < 0.02) entry = static_cast<T>(missing);
    if (w > 0.02 && w < 0.04) entry = static_cast<T>(-missing);
    if (w > 0.1 && w < 0.13) entry = static_cast<T>(inf);
    if (w > 0.2 && w < 0.23) entry = static_cast<T>(-inf);
    if (w > 0.3 && w < 0.4) entry = T(-0.0);
    if (w > 0.5 && w < 0.55) entry = std::numeric_limits<T>::denorm_min();
  }
  return x;
}

template <class T>
bool same_bits(const Array<T>& a, const Array<T>& b) {
  if (a.shape() != b.shape()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const T p = a.data()[i];
    const T q = b.data()[i];
    if (!(p == q && std::signbit(p) == std::signbit(q)) && !(std::isnan(p) && std::isnan(q))) return false;
  }
  return true;
}

const std::vector<Shape> large{{9, 191},   {2, 193},   {9, 383},     {2, 385}, {5, 5000},
                               {1200, 30}, {200, 300}, {2, 1500, 5}, {70'000}};

template <class T>
void check_awkward(const Shape& shape, std::size_t axis) {
  CAPTURE(to_string(shape));
  CAPTURE(axis);
  const Array<T> x = awkward<T>(shape);
  const Variable<T> v = x;
  const int a = static_cast<int>(axis);
  for (const bool descending : {false, true}) {
    CAPTURE(descending);
    const Array<std::int64_t> all = order(x, axis, descending, shape[axis]);
    CHECK(argsort(v, a, {.descending = descending}) == all);
    CHECK(same_bits(sort(v, a, {.descending = descending}).value(), taken(x, all, axis)));
    for (const std::size_t k : {std::size_t{0}, std::size_t{1}, shape[axis] / 10, shape[axis] - 1}) {
      const Array<std::int64_t> few = order(x, axis, descending, k);
      const TopK<T> top = topk(v, k, a, {.largest = descending});
      CHECK(top.indices == few);
      CHECK(same_bits(top.values.value(), taken(x, few, axis)));
    }
  }
}

}  // namespace

TEST_CASE("sort") {
  const check::Listed listed("sort", {"np.sort", "torch.sort", "jnp.sort"});
  for (const Shape& shape : shapes) {
    CAPTURE(to_string(shape));
    const Array<double> x = check::draw(shape);
    for (std::size_t axis = 0; axis < shape.size(); ++axis) {
      for (const bool descending : {false, true}) {
        check::operation(
            [&](const auto& v) { return sort(v, static_cast<int>(axis), {.descending = descending}); },
            taken(x, order(x, axis, descending, shape[axis]), axis), x);
      }
    }
    CHECK(sort(Variable<double>(x)).value() ==
          sort(Variable<double>(x), static_cast<int>(shape.size()) - 1).value());
  }
}

TEST_CASE("argsort") {
  const check::Listed listed("argsort", {"np.argsort", "torch.argsort", "jnp.argsort"});
  bool all = true;
  for (const Shape& shape : shapes) {
    CAPTURE(to_string(shape));
    const Array<double> x = check::draw(shape);
    for (std::size_t axis = 0; axis < shape.size(); ++axis) {
      const Array<std::int64_t> expected = order(x, axis, false, shape[axis]);
      const auto came = argsort(Variable<double>(x), static_cast<int>(axis));
      CHECK(came == expected);
      all = all && came == expected;
    }
  }
  check::Listed::note(check::Listed::value, all);
  const Variable<float> x = xt::xarray<float>{2, 1, 3, 1};
  const bool in_float = argsort(x) == Indices{1, 3, 0, 2};
  CHECK(in_float);
  check::Listed::note(check::Listed::in_float, in_float);
}

TEST_CASE("topk") {
  const check::Listed listed("topk", {"", "torch.topk", "jax.lax.top_k"});
  for (const Shape& shape : shapes) {
    CAPTURE(to_string(shape));
    const Array<double> x = check::draw(shape);
    for (std::size_t axis = 0; axis < shape.size(); ++axis) {
      for (const bool largest : {false, true}) {
        const std::size_t k = (shape[axis] + 1) / 2;
        check::operation(
            [&](const auto& v) { return topk(v, k, static_cast<int>(axis), {.largest = largest}).values; },
            taken(x, order(x, axis, largest, k), axis), x);
      }
    }
  }
  const auto [values, indices] = topk(Variable<double>(xt::xarray<double>{3, 1, 4, 1, 5}), 2);
  CHECK(values.value() == xt::xarray<double>{5, 4});
  CHECK(indices == Indices{4, 2});
}

TEST_CASE("equal entries, NaN, infinities and zeros of both signs, in rows and columns of many lengths") {
  for (const Shape& shape : {Shape{3, 5}, Shape{1, 40}, Shape{40, 1}, Shape{30, 200}}) {
    for (std::size_t axis = 0; axis < shape.size(); ++axis) {
      check_awkward<float>(shape, axis);
      check_awkward<double>(shape, axis);
    }
  }
  for (const Shape& shape : large) {
    for (std::size_t axis = 0; axis < shape.size(); ++axis) {
      check_awkward<float>(shape, axis);
      check_awkward<double>(shape, axis);
    }
  }
}

TEST_CASE("the gradient of equal entries goes to the first of them") {
  const Variable<double> x = xt::xarray<double>{2, 1, 2, 1};
  const xt::xarray<double> weight{1, 2, 3, 4};
  CHECK(grad([&](const auto& v) { return sum(sort(v) * weight); })(x).value() ==
        xt::xarray<double>{3, 1, 4, 2});
  CHECK(grad([&](const auto& v) { return sum(sort(v, 0, {.descending = true}) * weight); })(x).value() ==
        xt::xarray<double>{1, 3, 2, 4});
  CHECK(grad([&](const auto& v) { return sum(topk(v, 1).values); })(x).value() ==
        xt::xarray<double>{1, 0, 0, 0});
}

namespace {

/// Compares argmax and argmin of every line along an axis with the first entry in sorted order.
template <class T>
bool check_extremes(const Array<T>& x, std::size_t axis) {
  const auto a = static_cast<int>(axis);
  // NaN is last in ascending order, but it is also the minimum.
  const auto as_low = xt::xarray<T>(xt::where(xt::isnan(x), static_cast<T>(-inf), xt::maximum(x, T(-1e9))));
  const Array<std::int64_t> high = order(x, axis, true, 1);
  const Array<std::int64_t> low = order(to_array<T>(as_low), axis, false, 1);
  Shape dropped = high.shape();
  dropped.erase(dropped.begin() + a);
  Array<std::int64_t> high_dropped = high;
  Array<std::int64_t> low_dropped = low;
  high_dropped.reshape(dropped);
  low_dropped.reshape(dropped);
  const Variable<T> v = x;
  return argmax(v, a, keep_dims) == high && argmax(v, a) == high_dropped && argmin(v, a, keep_dims) == low &&
         argmin(v, a) == low_dropped;
}

template <class T>
bool check_all_extremes() {
  bool all = true;
  const auto check_axes = [&](const Array<T>& x) {
    CAPTURE(to_string(x.shape()));
    for (std::size_t axis = 0; axis < x.dimension(); ++axis) {
      CAPTURE(axis);
      const bool same = check_extremes(x, axis);
      CHECK(same);
      all = all && same;
    }
  };
  for (const Shape& shape : shapes) {
    if (element_count(shape) > 0) check_axes(to_array<T>(xt::cast<T>(check::draw(shape))));
  }
  for (const Shape& shape : large) check_axes(awkward<T>(shape));
  check_axes(to_array<T>(xt::cast<T>(check::draw({3, 20'001}))));
  check_axes(awkward<T>({300, 2}));
  check_axes(full<T>({4, 9}, static_cast<T>(-inf)));
  check_axes(full<T>({4, 9}, static_cast<T>(inf)));
  return all;
}

}  // namespace

TEST_CASE("argmax") {
  const check::Listed listed("argmax", {"np.argmax", "torch.argmax", "jnp.argmax"});
  check::Listed::note(check::Listed::value, check_all_extremes<double>());
  check::Listed::note(check::Listed::in_float, check_all_extremes<float>());
  const Variable<double> x = xt::xarray<double>{{1, 7, 3}, {7, 2, 0}};
  CHECK(argmax(x)() == 1);
  CHECK(argmax(x).dimension() == 0);
  CHECK(argmax(x, keep_dims).shape() == Shape{1, 1});
  CHECK(argmax(x, -1) == Indices{1, 0});
  CHECK(argmax(Variable<double>(3.0))() == 0);
  CHECK(argmax(Variable<double>(Array<double>(Shape{0, 3})), 1).shape() == Shape{0});
}

TEST_CASE("argmin") {
  const check::Listed listed("argmin", {"np.argmin", "torch.argmin", "jnp.argmin"});
  check::Listed::note(check::Listed::value, check_all_extremes<double>());
  check::Listed::note(check::Listed::in_float, check_all_extremes<float>());
  const Variable<double> x = xt::xarray<double>{{1, 7, 0}, {7, 2, 0}};
  CHECK(argmin(x)() == 2);
  CHECK(argmin(x, 0, keep_dims) == Indices{{0, 1, 0}});
  CHECK(argmin(Variable<double>(xt::xarray<double>{1, missing, 0, missing}))() == 1);
}

TEST_CASE("sorting with all namespaces open") {
  using namespace xt;
  using namespace std;
  Variable<double> x = xarray<double>{{2, 1}, {3, 4}};
  const Variable<double> fixed = x;
  const bool ours = VariableType<decltype(sort(x))> && VariableType<decltype(sort(fixed, 0))> &&
                    VariableType<decltype(sort(x * 2, -1, {.descending = true}))> &&
                    VariableType<decltype(topk(x, 1).values)>;
  CHECK(ours);
  CHECK(argmax(x)() == 3);
  CHECK(argmin(fixed, 0)(0) == 0);
  CHECK(argsort(x, 1)(0, 0) == 1);
}

TEST_CASE("sorting errors") {
  const Variable<double> x = check::draw({2, 3});
  const Variable<double> none = Array<double>(Shape{0, 3});
  CHECK(check::message<ShapeError>([&] { sort(x, 2); }) ==
        "sort: axis 2 of an array of shape {2, 3}; expected one of -2 ... 1");
  CHECK(check::has(check::message<ShapeError>([&] { argsort(Variable<double>(1.0)); }), "argsort: axis -1"));
  CHECK(check::message<ValueError>([&] { topk(x, 4); }) ==
        "topk: k = 4 for axis 1 of an array of shape {2, 3}; expected at most 3");
  CHECK(check::message<ShapeError>([&] { argmax(none, 0); }) ==
        "argmax: an array of shape {0, 3} has no entries to choose from");
  CHECK(check::has(check::message<ShapeError>([&] { argmin(none); }),
                   "argmin: an array of shape {0, 3} has no entries to choose from"));
}
