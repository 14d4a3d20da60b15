#include <autodiff/autodiff.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

// Value, gradient and second gradient of operations on NaN, infinities, huge and subnormal numbers, and empty
// arrays. They return or throw an exception of the library. The sanitizers of .ci/run detect other failures,
// such as converting a number to an integer type that cannot hold it, or a NaN index.

using namespace xgrad;

namespace {

template <class T>
using V = const Variable<T>&;

template <class T>
using Unary = std::pair<std::string, std::function<Variable<T>(V<T>)>>;
template <class T>
using Binary = std::pair<std::string, std::function<Variable<T>(V<T>, V<T>)>>;

template <class T>
std::vector<Unary<T>> entry_by_entry() {
#define OPERATION(f) {#f, [](V<T> x) { return f(x); }}
  return {OPERATION(sigmoid),
          OPERATION(relu),
          OPERATION(leaky_relu),
          OPERATION(hardtanh),
          OPERATION(softplus),
          OPERATION(silu),
          OPERATION(gelu),
          OPERATION(elu),
          OPERATION(selu),
          OPERATION(square),
          OPERATION(reciprocal),
          OPERATION(sqrt),
          OPERATION(rsqrt),
          OPERATION(cbrt),
          OPERATION(exp),
          OPERATION(exp2),
          OPERATION(expm1),
          OPERATION(log),
          OPERATION(log1p),
          OPERATION(log2),
          OPERATION(log10),
          OPERATION(sinh),
          OPERATION(cosh),
          OPERATION(tanh),
          OPERATION(asinh),
          OPERATION(acosh),
          OPERATION(atanh),
          OPERATION(sin),
          OPERATION(cos),
          OPERATION(tan),
          OPERATION(asin),
          OPERATION(acos),
          OPERATION(atan),
          OPERATION(abs),
          OPERATION(sign),
          OPERATION(floor),
          OPERATION(ceil),
          OPERATION(round),
          OPERATION(trunc),
          OPERATION(erf),
          OPERATION(erfc),
          OPERATION(lgamma),
          OPERATION(digamma),
#undef OPERATION
          {"polygamma", [](V<T> x) { return polygamma(3, x); }},
          {"gelu, approximate", [](V<T> x) { return gelu(x, {.approximate = true}); }},
          {"clip", [](V<T> x) { return clip(x, -1, 1); }},
          {"pow 2", [](V<T> x) { return pow(x, 2); }},
          {"pow 2.5", [](V<T> x) { return pow(x, 2.5); }},
          {"pow -3", [](V<T> x) { return pow(x, -3); }},
          {"pow 0", [](V<T> x) { return pow(x, 0); }},
          {"2 to the power of", [](V<T> x) { return pow(2.0, x); }},
          {"elementwise",
           [](V<T> x) {
             return elementwise(
                 [](auto a) {
                   return exp(a) * sin(a) / (1.0 + a * a) + where(a < 0, sqrt(a), log(a)) + pow(a, 2.5) +
                          erf(a) + floor(a) + fmod(a, 0.7);
                 },
                 x);
           }},
          {"cast", [](V<T> x) { return cast<T>(cast<float>(x)); }}};
}

template <class T>
std::vector<Unary<T>> over_axes() {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  std::vector<Unary<T>> all{
      {"sum", [](V<T> x) { return sum(x); }},
      {"mean", [](V<T> x) { return mean(x); }},
      {"prod", [](V<T> x) { return prod(x); }},
      {"max", [](V<T> x) { return max(x); }},
      {"min", [](V<T> x) { return min(x); }},
      {"logsumexp", [](V<T> x) { return logsumexp(x); }},
      {"smooth_max", [](V<T> x) { return smooth_max(x, 1e300); }},
      {"var", [](V<T> x) { return var(x); }},
      {"stddev", [](V<T> x) { return stddev(x); }},
      {"median", [](V<T> x) { return median(x); }},
      {"quantile", [](V<T> x) { return quantile(x, 0.3); }},
      {"quantile 1", [](V<T> x) { return quantile(x, 1.0); }},
      {"norm", [](V<T> x) { return norm(x); }},
      {"norm 1", [](V<T> x) { return norm(x, {.order = 1}); }},
      {"norm 3", [](V<T> x) { return norm(x, {.order = 3}); }},
      {"norm infinity", [=](V<T> x) { return norm(x, {.order = infinity}); }},
      {"argmax", [](V<T> x) { return x * static_cast<T>(argmax(x).size()); }},
      {"argsort", [](V<T> x) { return x * static_cast<T>(argsort(x).size()); }},
  };
  for (const int axis : {0, -1}) {
    const std::string along = axis == 0 ? " along the first axis" : " along the last axis";
    const auto add = [&](const char* name, std::function<Variable<T>(V<T>)> f) {
      all.push_back({name + along, std::move(f)});
    };
    add("sum", [=](V<T> x) { return sum(x, axis); });
    add("prod", [=](V<T> x) { return prod(x, axis); });
    add("max", [=](V<T> x) { return max(x, axis); });
    add("logsumexp", [=](V<T> x) { return logsumexp(x, axis); });
    add("var", [=](V<T> x) { return var(x, axis); });
    add("median", [=](V<T> x) { return median(x, axis); });
    add("norm", [=](V<T> x) { return norm(x, axis); });
    add("cumsum", [=](V<T> x) { return cumsum(x, axis); });
    add("cumprod", [=](V<T> x) { return cumprod(x, axis); });
    add("cumlogsumexp", [=](V<T> x) { return cumlogsumexp(x, axis); });
    add("sort", [=](V<T> x) { return sort(x, axis); });
    add("topk", [=](V<T> x) { return topk(x, 2, axis).values; });
    add("softmax", [=](V<T> x) { return softmax(x, axis); });
    add("log_softmax", [=](V<T> x) { return log_softmax(x, axis); });
    add("argmin", [=](V<T> x) { return x * static_cast<T>(argmin(x, axis).size()); });
  }
  return all;
}

template <class T>
std::vector<Unary<T>> rearranging() {
  return {{"dropout", [](V<T> x) { return dropout(x, {.keep = 0.5}); }},
          {"flip", [](V<T> x) { return flip(x); }},
          {"roll", [](V<T> x) { return roll(x, 1); }},
          {"repeat", [](V<T> x) { return repeat(x, 2); }},
          {"tile", [](V<T> x) { return tile(x, 2); }},
          {"pad", [](V<T> x) { return pad(x, 1); }},
          {"pad, reflect", [](V<T> x) { return pad(x, 1, {.mode = PadMode::reflect}); }},
          {"transpose", [](V<T> x) { return transpose(x); }},
          {"masked_select", [](V<T> x) { return masked_select(x, Array<bool>(isnan(x))); }},
          {"take", [](V<T> x) { return take(x, {0, -1}, 0); }},
          {"stack", [](V<T> x) { return stack({x, x}); }},
          {"concatenate", [](V<T> x) { return concatenate({x, x}); }},
          {"checkpoint", [](V<T> x) { return checkpoint([](V<T> a) { return sin(a) * a; }, x); }},
          {"tril", [](V<T> x) { return tril(x); }},
          {"diag", [](V<T> x) { return diag(x); }},
          {"trace", [](V<T> x) { return trace(x); }}};
}

template <class T>
std::vector<Unary<T>> of_matrices() {
  return {{"inv", [](V<T> x) { return inv(x); }},
          {"det", [](V<T> x) { return det(x); }},
          {"slogdet", [](V<T> x) { return slogdet(x).logabsdet; }},
          {"cholesky", [](V<T> x) { return cholesky(x); }},
          {"qr", [](V<T> x) { return qr(x).r; }},
          {"eigh", [](V<T> x) { return eigh(x).values; }},
          {"eigh, vectors", [](V<T> x) { return eigh(x).vectors; }},
          {"svd", [](V<T> x) { return svd(x).s; }},
          {"svd, vectors", [](V<T> x) { return svd(x).u; }},
          {"pinv", [](V<T> x) { return pinv(x); }},
          {"expm", [](V<T> x) { return expm(x); }},
          {"matrix_power", [](V<T> x) { return matrix_power(x, 3); }}};
}

template <class T>
std::vector<Binary<T>> of_two() {
#define OPERATION(f) {#f, [](V<T> x, V<T> y) { return f(x, y); }}
  return {OPERATION(add),
          OPERATION(subtract),
          OPERATION(multiply),
          OPERATION(divide),
          OPERATION(maximum),
          OPERATION(minimum),
          OPERATION(pow),
          OPERATION(hypot),
          OPERATION(logaddexp),
          OPERATION(xlogy),
          OPERATION(atan2),
          OPERATION(fmod),
          OPERATION(dot),
          OPERATION(vdot),
          OPERATION(inner),
          OPERATION(outer),
          OPERATION(kron),
          OPERATION(matmul),
          OPERATION(solve),
          OPERATION(solve_triangular),
          OPERATION(lstsq),
#undef OPERATION
          {"clip", [](V<T> x, V<T> y) { return clip(x, y, y); }},
          {"where", [](V<T> x, V<T> y) { return where(x < y, x, y); }},
          {"elementwise",
           [](V<T> x, V<T> y) {
             return elementwise(
                 [](auto a, auto b) { return hypot(a, b) + atan2(a, b) + max(a, b) * pow(a, b); }, x, y);
           }},
          {"tensordot", [](V<T> x, V<T> y) { return tensordot(x, y, 1); }}};
}

template <class T>
std::vector<Unary<T>> of_images(T entry) {
  const auto fixed = [entry](const Shape& shape) { return Variable<T>(full<T>(shape, entry)); };
  return {
      {"conv2d", [=](V<T> x) { return conv2d(x, fixed({2, 3, 3, 2}), {.padding = 1}); }},
      {"conv2d, stride",
       [=](V<T> x) { return conv2d(x, fixed({2, 3, 3, 2}), {.stride = 2, .padding = "same"}); }},
      {"conv_transpose2d", [=](V<T> x) { return conv_transpose2d(x, fixed({2, 3, 3, 2}), {.stride = 2}); }},
      {"max_pool2d", [](V<T> x) { return max_pool2d(x, 3, {.stride = 2, .padding = 1}); }},
      {"avg_pool2d", [](V<T> x) { return avg_pool2d(x, 3, {.stride = 1, .padding = 1}); }},
      {"adaptive_avg_pool2d", [](V<T> x) { return adaptive_avg_pool2d(x, 3); }},
      {"adaptive_max_pool2d", [](V<T> x) { return adaptive_max_pool2d(x, 3); }},
      {"global_max_pool2d", [](V<T> x) { return global_max_pool2d(x); }},
      {"unfold", [](V<T> x) { return unfold(x, 2); }},
      {"batch_norm", [=](V<T> x) { return batch_norm(x, fixed({2}), fixed({2})); }}};
}

/// Numbers at the ends of a precision's range, infinities and NaN.
template <class T>
std::vector<T> edges() {
  using L = std::numeric_limits<T>;
  return {L::quiet_NaN(), L::infinity(), -L::infinity(), L::max(),     -L::max(), L::denorm_min(),
          L::min(),       T(0),          T(-0.0),        L::epsilon(), T(1e10),   T(-3.5)};
}

template <class T>
Array<T> with_edge(const Shape& shape, T entry) {
  Array<T> x = full<T>(shape, T(0.7));
  for (std::size_t i = 0; i < x.size(); i += 2) x.data()[i] = entry;
  return x;
}

/// Computes value, gradients and second gradient of f. Any exception other than the library's fails the test.
template <class F, class... X>
void run(const std::string& name, const F& f, const X&... x) {
  try {
    Tape outer;
    Tape tape;
    const auto y = sum(f(x...));
    const auto first = [&](const auto& input) {
      const auto g = tape.gradient(y, input);
      CHECK(g.shape() == input.shape());
      outer.gradient(sum(g * g), input);
    };
    (first(x), ...);
  } catch (const Error&) {
    return;
  } catch (const std::exception& error) {
    FAIL_CHECK(name, ": ", error.what());
  }
}

}  // namespace

TEST_CASE_TEMPLATE("extreme values, entry by entry and over axes", T, float, double) {
  auto operations = entry_by_entry<T>();
  for (const auto& more : {over_axes<T>(), rearranging<T>()})
    operations.insert(operations.end(), more.begin(), more.end());
  for (const T entry : edges<T>()) {
    for (const Shape& shape :
         {Shape{}, Shape{0}, Shape{3}, Shape{2, 3}, Shape{0, 3}, Shape{3, 0}, Shape{17}}) {
      const Variable<T> x = with_edge(shape, entry);
      for (const auto& [name, f] : operations) run(name, f, x);
    }
  }
}

TEST_CASE_TEMPLATE("extreme values, in matrices", T, float, double) {
  for (const T entry : edges<T>()) {
    for (const Shape& shape :
         {Shape{3, 3}, Shape{0, 0}, Shape{1, 1}, Shape{2, 2, 2}, Shape{0, 2, 2}, Shape{3, 2}}) {
      const Variable<T> x = with_edge(shape, entry);
      for (const auto& [name, f] : of_matrices<T>()) run(name, f, x);
    }
  }
}

TEST_CASE_TEMPLATE("extreme values, of two operands", T, float, double) {
  for (const T a : edges<T>()) {
    for (const T b : edges<T>()) {
      for (const Shape& shape : {Shape{}, Shape{0}, Shape{3}, Shape{2, 2}}) {
        const Variable<T> x = with_edge(shape, a);
        const Variable<T> y = full<T>(shape, b);
        for (const auto& [name, f] : of_two<T>()) run(name, f, x, y);
      }
    }
  }
}

TEST_CASE_TEMPLATE("extreme values, in images", T, float, double) {
  for (const T entry : edges<T>()) {
    for (const T other : {T(1), entry}) {
      for (const Shape& shape :
           {Shape{1, 4, 4, 2}, Shape{0, 4, 4, 2}, Shape{2, 1, 4, 2}, Shape{1, 0, 4, 2}}) {
        const Variable<T> x = with_edge(shape, entry);
        for (const auto& [name, f] : of_images<T>(other)) run(name, f, x);
      }
    }
  }
}
