#include <autodiff/autodiff.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <vector>

// Members of a batch are independent: value and gradient of a member next to others that are huge, NaN,
// infinite, singular or much smaller equal those of the member alone.

using namespace xgrad;

namespace {

template <class T>
using Function = std::function<Variable<T>(const Variable<T>&)>;

template <class T>
struct Batched {
  std::string name;
  Function<T> f;
  Shape member;
  bool takes_nan = true;  ///< otherwise it throws for an invalid matrix and names it
};

template <class T>
Array<T> draw(const Shape& shape, std::uint64_t seed) {
  Generator generator(seed);
  return random_uniform<T>(shape, T(-1), T(1), generator);
}

template <class T>
Array<T> weights(const Shape& shape) {
  Array<T> result(shape);
  for (std::size_t i = 0; i < result.size(); ++i) result.data()[i] = static_cast<T>(1 + i % 7) / 8;
  return result;
}

/// Weights for an operation's second argument.
template <class T>
Variable<T> fixed(const Shape& shape) {
  return constant(draw<T>(shape, 77));
}

template <class T>
Variable<T> transpose_last(const Variable<T>& x) {
  return swapaxes(x, -2, -1);
}

/// Five times the identity matrix.
template <class T>
Variable<T> eye_like(const Variable<T>& x) {
  Array<T> one = full<T>({x.shape().back(), x.shape().back()}, T(0));
  for (std::size_t i = 0; i < x.shape().back(); ++i) one(i, i) = 5;
  return constant(std::move(one));
}

template <class T>
std::vector<Batched<T>> elementwise_operations() {
  using V = const Variable<T>&;
  const Shape row{7};
  return {
      {"exp", [](V x) { return exp(x); }, row},
      {"sqrt", [](V x) { return sqrt(abs(x)); }, row},
      {"divide", [](V x) { return x / (x + T(3)); }, row},
      {"pow", [](V x) { return pow(abs(x), 2.5); }, row},
      {"clip", [](V x) { return clip(x, -0.5, 0.5); }, row},
      {"where", [](V x) { return where(x > 0.0, x, x * x); }, row},
      {"gelu", [](V x) { return gelu(x); }, row},
      {"softplus", [](V x) { return softplus(x); }, row},
      {"logaddexp", [](V x) { return logaddexp(x, T(0.5) * x); }, row},
      {"lgamma", [](V x) { return lgamma(x + T(2)); }, row},
      {"elementwise", [](V x) { return elementwise([](auto a) { return exp(a) * sin(a) + pow(a, 2); }, x); },
       row},
  };
}

template <class T>
std::vector<Batched<T>> reductions() {
  using V = const Variable<T>&;
  constexpr double infinity = std::numeric_limits<double>::infinity();
  std::vector<Batched<T>> all;
  for (const Shape& row : {Shape{5}, Shape{40}, Shape{300}, Shape{4, 3}}) {
    for (const int axis : {-1, 1}) {
      if (axis == 1 && row.size() == 1) continue;
      const auto add = [&](const char* name, Function<T> f) { all.push_back({name, std::move(f), row}); };
      add("sum", [=](V x) { return sum(x, axis); });
      add("mean", [=](V x) { return mean(x, axis); });
      add("prod", [=](V x) { return prod(x, axis); });
      add("max", [=](V x) { return max(x, axis); });
      add("min", [=](V x) { return min(x, axis); });
      add("var", [=](V x) { return var(x, axis); });
      add("stddev", [=](V x) { return stddev(x, axis); });
      add("norm", [=](V x) { return norm(x, axis); });
      add("norm of order 1", [=](V x) { return norm(x, axis, {.order = 1}); });
      add("norm of order 3", [=](V x) { return norm(x, axis, {.order = 3}); });
      add("norm of order infinity", [=](V x) { return norm(x, axis, {.order = infinity}); });
      add("logsumexp", [=](V x) { return logsumexp(x, axis); });
      add("softmax", [=](V x) { return softmax(x, axis); });
      add("log_softmax", [=](V x) { return log_softmax(x, axis); });
      add("cumsum", [=](V x) { return cumsum(x, axis); });
      add("cumprod", [=](V x) { return cumprod(x, axis); });
      add("cumlogsumexp", [=](V x) { return cumlogsumexp(x, axis); });
      add("sort", [=](V x) { return sort(x, axis); });
      add("topk", [=](V x) { return topk(x, 2, axis).values; });
      add("median", [=](V x) { return median(x, axis); });
      add("quantile", [=](V x) { return quantile(x, 0.3, axis); });
    }
  }
  all.push_back({"softmax_cross_entropy",
                 [](V x) { return softmax_cross_entropy(x, full<int>({x.shape(0)}, 1)); },
                 {5}});
  return all;
}

template <class T>
std::vector<Batched<T>> images() {
  using V = const Variable<T>&;
  const Shape image{6, 6, 4};
  return {
      {"conv2d", [](V x) { return conv2d(x, fixed<T>({5, 3, 3, 4}), {.padding = 1}); }, image},
      {"conv2d, stride 2", [](V x) { return conv2d(x, fixed<T>({5, 3, 3, 4}), {.stride = 2}); }, image},
      {"conv2d, groups", [](V x) { return conv2d(x, fixed<T>({4, 3, 3, 1}), {.groups = 4}); }, image},
      {"conv_transpose2d", [](V x) { return conv_transpose2d(x, fixed<T>({5, 2, 2, 4}), {.stride = 2}); },
       image},
      {"max_pool2d", [](V x) { return max_pool2d(x, 2); }, image},
      {"avg_pool2d", [](V x) { return avg_pool2d(x, 2); }, image},
      {"adaptive_avg_pool2d", [](V x) { return adaptive_avg_pool2d(x, 4); }, image},
      {"adaptive_max_pool2d", [](V x) { return adaptive_max_pool2d(x, 4); }, image},
      {"unfold", [](V x) { return unfold(x, 2); }, image},
      {"linear", [](V x) { return linear(x, fixed<T>({3, 9}), fixed<T>({3})); }, {9}},
      {"matmul", [](V x) { return matmul(x, fixed<T>({4, 3})); }, {5, 4}},
      {"matmul of two", [](V x) { return matmul(x, transpose_last(x)); }, {5, 4}},
      {"einsum", [](V x) { return einsum("bij,bkj->bik", x, x); }, {5, 4}},
      {"tril", [](V x) { return tril(x); }, {4, 4}},
      {"trace", [](V x) { return trace(x, 0, -2, -1); }, {4, 4}},
      {"pad", [](V x) { return pad(x, PadWidths{{0, 0}, {1, 1}, {1, 1}}); }, {4, 4}},
      {"matrix_power", [](V x) { return matrix_power(x, 3); }, {4, 4}},
      {"expm", [](V x) { return expm(x); }, {4, 4}},
      {"det", [](V x) { return det(x); }, {4, 4}},
  };
}

template <class T>
std::vector<Batched<T>> factorizations() {
  using V = const Variable<T>&;
  return {
      {"solve", [](V x) { return solve(x, fixed<T>({4, 2})); }, {4, 4}, false},
      {"inv", [](V x) { return inv(x); }, {4, 4}, false},
      {"slogdet", [](V x) { return slogdet(x).logabsdet; }, {4, 4}, false},
      {"solve_triangular", [](V x) { return solve_triangular(x, fixed<T>({4, 2})); }, {4, 4}, false},
      {"cholesky", [](V x) { return cholesky(matmul(x, transpose_last(x)) + eye_like(x)); }, {4, 4}, false},
      {"qr", [](V x) { return qr(x).r; }, {4, 3}, false},
      {"eigh", [](V x) { return eigh(x + transpose_last(x)).values; }, {4, 4}, false},
      {"svd", [](V x) { return svd(x).s; }, {4, 3}, false},
      {"pinv", [](V x) { return pinv(x); }, {4, 3}, false},
      {"lstsq", [](V x) { return lstsq(x, fixed<T>({4, 2})); }, {4, 3}, false},
  };
}

/// f's value for a batch and the gradient of its weighted sum, both of one member.
template <class T>
std::pair<Array<T>, Array<T>> member_of(const Function<T>& f, const Array<T>& batch, std::size_t place) {
  const Variable<T> x = Array<T>(batch);
  Tape tape;
  const Variable<T> y = f(x);
  Shape member(y.shape().begin() + 1, y.shape().end());
  const Array<T> weight = weights<T>(member);
  const Variable<T> dx = tape.gradient(y, x, constant(to_array<T>(xt::broadcast(weight, y.shape()) * T(1))));
  const auto part = [place](const Array<T>& all) {
    Shape shape(all.shape().begin() + 1, all.shape().end());
    Array<T> one(shape);
    std::copy_n(all.data() + place * one.size(), one.size(), one.data());
    return one;
  };
  return {part(y.value()), part(dx.value())};
}

template <class T>
Array<T> stacked(const std::vector<Array<T>>& members) {
  Shape shape = members.front().shape();
  shape.insert(shape.begin(), members.size());
  Array<T> all(shape);
  T* out = all.data();
  for (const Array<T>& each : members) out = std::copy(each.begin(), each.end(), out);
  return all;
}

template <class T>
bool same(const Array<T>& a, const Array<T>& b) {
  return std::equal(a.begin(), a.end(), b.begin(),
                    [](T p, T q) { return p == q || (std::isnan(p) && std::isnan(q)); });
}

/// Members that would affect any decision based on the whole batch.
template <class T>
std::vector<Array<T>> hostile_members(const Batched<T>& op) {
  using Limits = std::numeric_limits<T>;
  std::vector<Array<T>> result;
  for (const T factor : {T(1e6), T(1e12), T(1e-6), T(1e-30)}) {
    result.push_back(to_array<T>(factor * draw<T>(op.member, 5)));
  }
  if (op.takes_nan) {
    for (const T entry : {Limits::quiet_NaN(), Limits::infinity(), -Limits::infinity(), Limits::max(),
                          Limits::denorm_min(), T(0)}) {
      result.push_back(full<T>(op.member, entry));
      result.push_back(draw<T>(op.member, 6));
      result.back().data()[1] = entry;
    }
  }
  return result;
}

template <class T>
void check_members(const std::vector<Batched<T>>& operations) {
  for (const Batched<T>& op : operations) {
    CAPTURE(op.name);
    CAPTURE(sizeof(T));
    const Array<T> mild = draw<T>(op.member, 3);
    const Array<T> calm = draw<T>(op.member, 4);
    // Next to two ordinary members instead of alone: BLAS may use another kernel for a single row.
    const auto expected = member_of(op.f, stacked<T>({calm, mild, calm}), 1);
    CHECK(!same(expected.first, full<T>(expected.first.shape(), std::numeric_limits<T>::quiet_NaN())));
    for (const Array<T>& hostile : hostile_members(op)) {
      CAPTURE(hostile.data()[0]);
      CAPTURE(hostile.data()[1]);
      try {
        const auto among = member_of(op.f, stacked<T>({hostile, mild, hostile}), 1);
        CHECK_MESSAGE(same(among.first, expected.first), "the value");
        CHECK_MESSAGE(same(among.second, expected.second), "the gradient");
      } catch (const LinearAlgebraError& error) {  // no result, but the message names the matrix
        CHECK(!op.takes_nan);
        CHECK_MESSAGE(std::string(error.what()).find("matrix {0}") != std::string::npos, error.what());
      }
    }
    const auto alone = member_of(op.f, stacked<T>({mild}), 0);
    const T tolerance = 100 * std::numeric_limits<T>::epsilon();
    for (std::size_t i = 0; i < alone.first.size(); ++i) {
      const T one = alone.first.data()[i];
      const T other = expected.first.data()[i];
      CHECK(std::abs(one - other) <= tolerance * std::max(T(1), std::abs(other)));
    }
  }
}

}  // namespace

TEST_CASE_TEMPLATE("no member of a batch affects another: entry by entry", T, float, double) {
  check_members(elementwise_operations<T>());
}

TEST_CASE_TEMPLATE("no member of a batch affects another: reductions and scans", T, float, double) {
  check_members(reductions<T>());
}

TEST_CASE_TEMPLATE("no member of a batch affects another: images and matrices", T, float, double) {
  check_members(images<T>());
}

TEST_CASE_TEMPLATE("no member of a batch affects another: equations and factorisations", T, float, double) {
  check_members(factorizations<T>());
}

TEST_CASE_TEMPLATE("expm of a matrix next to nilpotent ones of any norm", T, float, double) {
  for (const T size : {T(10), T(1e4), T(1e9), T(1e30)}) {
    CAPTURE(size);
    const Variable<T> batch =
        Array<T>(xt::xarray<T>{{{0, size}, {0, 0}}, {{1, 0}, {0, -1}}, {{0, size / 2}, {0, 0}}});
    const Array<T> value = expm(batch).value();
    CHECK(value(1, 0, 0) ==
          doctest::Approx(2.718281828459045).epsilon(4 * std::numeric_limits<T>::epsilon()));
    CHECK(value(1, 1, 1) ==
          doctest::Approx(0.36787944117144233).epsilon(4 * std::numeric_limits<T>::epsilon()));
    CHECK(value(1, 0, 1) == 0);
    CHECK(value(1, 1, 0) == 0);
  }
  // Members of different kinds keep their positions, with more batch axes and in derivatives too.
  Array<double> several = to_array<double>(draw<double>({3, 2, 2, 2}, 9) * 4.0);
  several(1, 0, 0, 0) = 40;
  const GradCheck check = gradcheck([](const auto& x) { return expm(x * 0.2); }, several);
  CHECK_MESSAGE(check.ok, check.message);
  for (std::size_t i = 0; i < 6; ++i) {
    Array<double> one(Shape{2, 2});
    std::copy_n(several.data() + 4 * i, 4, one.data());
    const Array<double> alone = expm(Variable<double>(one)).value();
    const Array<double> all = expm(Variable<double>(several)).value();
    for (std::size_t k = 0; k < 4; ++k) CHECK(all.data()[4 * i + k] == alone.data()[k]);
  }
}

TEST_CASE("the gradient of det of singular and regular matrices, and of one with NaN, in one batch") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const Variable<double> a =
      xt::xarray<double>{{{1, 2}, {2, 4}}, {{3, 1}, {1, 2}}, {{nan, 1}, {1, 2}}, {{0, 0}, {0, 5}}};
  Tape tape;
  const Array<double> g = tape.gradient(sum(det(a)), a).value();
  const std::vector<double> expected{4, -2, -2, 1, 2, -1, -1, 3};
  for (std::size_t i = 0; i < 8; ++i) CHECK(g.data()[i] == doctest::Approx(expected[i]));
  CHECK(std::isnan(g(2, 0, 0)));
  CHECK(g(3, 0, 0) == doctest::Approx(5));
  CHECK(g(3, 1, 1) == doctest::Approx(0));
}
