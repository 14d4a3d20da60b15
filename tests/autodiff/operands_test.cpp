// Calls every operation of docs/operations.md, in each of its forms, with Variables and Parameters of each
// value category, also with xtensor's namespace open. tests/operations.py fails for an operation that is
// missing in CALLS.

#include <autodiff/autodiff.hpp>

#include <doctest/doctest.h>
#include XGRAD_XTENSOR_BUILDER
#include XGRAD_XTENSOR_COMPLEX
#include XGRAD_XTENSOR_MANIPULATION
#include XGRAD_XTENSOR_NORM
#include XGRAD_XTENSOR_PAD
#include XGRAD_XTENSOR_SORT

#include <deque>
#include <tuple>

using namespace xgrad;
using namespace xt;

namespace {

/// The results of calls, as arrays of numbers.
using Results = std::vector<Array<double>>;

template <class T>
void note(Results& results, const Variable<T>& x) {
  results.push_back(to_array<double>(xt::cast<double>(x.value())));
}
template <Expression E>
void note(Results& results, const E& x) {
  results.push_back(to_array<double>(xt::cast<double>(x)));
}
void note(Results& results, const std::vector<Variable<double>>& list) {
  for (const auto& each : list) note(results, each);
}
template <std::size_t n>
void note(Results& results, const std::array<Variable<double>, n>& list) {
  for (const auto& each : list) note(results, each);
}
template <class... X>
void note(Results& results, const std::tuple<X...>& all) {
  std::apply([&](const auto&... each) { (note(results, each), ...); }, all);
}
template <class A, class B>
void note(Results& results, const std::pair<A, B>& all) {
  note(results, all.first);
  note(results, all.second);
}
template <class T>
void note(Results& results, const QrFactors<T>& f) {
  note(results, f.q);
  note(results, f.r);
}
template <class T>
void note(Results& results, const EighFactors<T>& f) {
  note(results, f.values);
  note(results, f.vectors);
}
template <class T>
void note(Results& results, const SvdFactors<T>& f) {
  note(results, f.s);
}
template <class T>
void note(Results& results, const SignAndLogDet<T>& f) {
  note(results, f.sign);
  note(results, f.logabsdet);
}
template <Precision T>
void note(Results& results, const TopK<T>& f) {
  note(results, f.values);
  note(results, f.indices);
}

/// Creates arguments of type Q: a new object for each, so that a call may move from it.
template <class Q>
class Make {
 public:
  using Object = std::remove_cvref_t<Q>;
  Q operator()(const xt::xarray<double>& value) {
    objects_.emplace_back(Array<double>(value));
    return static_cast<Q>(objects_.back());
  }

 private:
  std::deque<Object> objects_;
};

#define CALLS(name, ...) [&](auto... all) { (note(results, all), ...); }(__VA_ARGS__)

const xt::xarray<double> matrix = {{4.0, 1.0, 0.5}, {1.0, 3.0, 0.25}, {0.5, 0.25, 2.0}};
const xt::xarray<double> vector = {0.25, 0.5, 0.75};
const xt::xarray<int> positions = {0, 2};

template <class Q>
Results elementwise_calls() {
  Results results;
  Make<Q> make;
#define x make(vector)
#define m make(matrix)
  CALLS("relu", relu(x));
  CALLS("leaky_relu", leaky_relu(x), leaky_relu(x, 0.1));
  CALLS("hardtanh", hardtanh(x), hardtanh(x, -2, 2));
  CALLS("elu", elu(x), elu(x, 0.5));
  CALLS("selu", selu(x));
  CALLS("gelu", gelu(x), gelu(x, {.approximate = true}));
  CALLS("silu", silu(x));
  CALLS("sigmoid", sigmoid(x));
  CALLS("softplus", softplus(x));
  CALLS("softmax", softmax(x), softmax(m, 0));
  CALLS("log_softmax", log_softmax(x), log_softmax(m, 0));
  CALLS("softmax_cross_entropy", softmax_cross_entropy(m, xt::xarray<int>{0, 1, 2}));
  CALLS("-x", -x, +x);
  CALLS("a + b", x + x, x + 1, 1.0 + x, x + vector, vector + x);
  CALLS("a - b", x - x, x - 1, 1.0 - x, x - vector, vector - x);
  CALLS("a * b", x * x, x * 2, 2.0 * x, x * vector, vector * x);
  CALLS("a / b", x / x, x / 2, 2.0 / x, x / vector, vector / x);
  CALLS("cast<T>", cast<float>(x));
  CALLS("maximum", maximum(x, x), maximum(x, 0.5), maximum(0.5, x), maximum(x, vector), maximum(vector, x));
  CALLS("minimum", minimum(x, x), minimum(x, 0.5), minimum(0.5, x), minimum(x, vector), minimum(vector, x));
  CALLS("hypot", hypot(x, x), hypot(x, 1), hypot(1.0, x), hypot(x, vector), hypot(vector, x));
  CALLS("logaddexp", logaddexp(x, x), logaddexp(x, 1), logaddexp(1.0, x), logaddexp(vector, x));
  CALLS("pow", pow(x, x), pow(x, 2), pow(2.0, x), pow(x, vector), pow(vector, x));
  CALLS("xlogy", xlogy(x, x), xlogy(x, 1), xlogy(1.0, x), xlogy(vector, x));
  CALLS("a == b", x == x, x == 0.5, x == vector);
  CALLS("a != b", x != x, x != 0.5, x != vector);
  CALLS("a < b", x < x, x < 0.5, 0.5 < x, x < vector, vector < x);
  CALLS("a <= b", x <= x, x <= 0.5, 0.5 <= x, x <= vector, vector <= x);
  CALLS("a > b", x > x, x > 0.5, 0.5 > x, x > vector, vector > x);
  CALLS("a >= b", x >= x, x >= 0.5, 0.5 >= x, x >= vector, vector >= x);
  CALLS("isfinite", isfinite(x));
  CALLS("isinf", isinf(x));
  CALLS("isnan", isnan(x));
  CALLS("cbrt", cbrt(x));
  CALLS("exp", exp(x));
  CALLS("exp2", exp2(x));
  CALLS("expm1", expm1(x));
  CALLS("log", log(x));
  CALLS("log10", log10(x));
  CALLS("log1p", log1p(x));
  CALLS("log2", log2(x));
  CALLS("reciprocal", reciprocal(x));
  CALLS("rsqrt", rsqrt(x));
  CALLS("sqrt", sqrt(x), sqrt(x, {.derivative_at_zero = 0}));
  CALLS("square", square(x));
  CALLS("where", where(x > 0.5, x, 0.0), where(x > 0.5, 0.0, x), where(vector > 0.5, x, vector),
        where(x > 0.5, x, x));
  CALLS("sinh", sinh(x));
  CALLS("cosh", cosh(x));
  CALLS("tanh", tanh(x));
  CALLS("asinh", asinh(x));
  CALLS("acosh", acosh(x + 1.0));
  CALLS("atanh", atanh(x));
  CALLS("sin", sin(x));
  CALLS("cos", cos(x));
  CALLS("tan", tan(x));
  CALLS("asin", asin(x));
  CALLS("acos", acos(x));
  CALLS("atan", atan(x));
  CALLS("atan2", atan2(x, x), atan2(x, 1), atan2(1.0, x), atan2(x, vector), atan2(vector, x));
  CALLS("abs", abs(x));
  CALLS("ceil", ceil(x));
  CALLS("floor", floor(x));
  CALLS("round", round(x));
  CALLS("trunc", trunc(x));
  CALLS("sign", sign(x));
  CALLS("clip", clip(x, 0.3, 0.6), clip(x, vector, 1.0), clip(x, x, x));
  CALLS("fmod", fmod(x, x), fmod(x, 0.3), fmod(1.0, x), fmod(vector, x));
  CALLS("digamma", digamma(x));
  CALLS("erf", erf(x));
  CALLS("erfc", erfc(x));
  CALLS("lgamma", lgamma(x));
  CALLS("polygamma", polygamma(1, x));
  Generator generator(3);
  CALLS("dropout", dropout(x, {.keep = 0.5}, generator));
  CALLS("elementwise", elementwise([](auto a) { return a * a; }, x),
        elementwise([](auto a, auto b) { return a * b; }, x, x));
  return results;
}

#define REDUCTION(name)                                                                     \
  CALLS(#name, name(m), name(m, keep_dims), name(m, 0), name(m, -1), name(m, 0, keep_dims), \
        name(m, std::size_t{1}), name(m, {0}), name(m, {0, -1}), name(m, {1}, keep_dims),   \
        name(m, std::vector<int>{0}), name(m, std::vector<int>{0}, keep_dims), name(m, xt::keep_dims))

template <class Q>
Results reductions() {
  Results results;
  Make<Q> make;
  REDUCTION(sum);
  REDUCTION(mean);
  REDUCTION(prod);
  REDUCTION(max);
  REDUCTION(min);
  REDUCTION(logsumexp);
  REDUCTION(var);
  REDUCTION(stddev);
  REDUCTION(median);
  REDUCTION(norm);
  CALLS("amax, amin, variance", xt::amax(m), xt::amin(m, 0), xt::variance(m, {1}), amax(m, {0}, keep_dims));
  CALLS("var", var(m, {.ddof = 1}), var(m, 0, {.ddof = 1, .keep = keep_dims}), var(m, {0}, {.ddof = 1}));
  CALLS("stddev", stddev(m, VarianceOptions{.ddof = 1}), stddev(m, 0, {.ddof = 1}),
        stddev(m, {0}, {.ddof = 1}));
  CALLS("norm", norm(m, {.order = 1}), norm(m, 0, {.order = 1}), norm(m, {0}, {.order = 1}));
  CALLS("smooth_max", smooth_max(m, 2.0), smooth_max(m, 2.0, 0), smooth_max(m, 2.0, {1}, keep_dims));
  CALLS("quantile", quantile(m, 0.3), quantile(m, 0.3, 0), quantile(m, 0.3, {1}, keep_dims),
        quantile(m, 0.3, std::ptrdiff_t{1}), xt::quantile(m, 0.3, 0));
  CALLS("cumsum", cumsum(m), cumsum(m, 0), cumsum(m, -1), cumsum(m, std::size_t{1}));
  CALLS("cumprod", cumprod(m), cumprod(m, 0), cumprod(m, -1));
  CALLS("cumlogsumexp", cumlogsumexp(m), cumlogsumexp(m, 0));
  CALLS("argmax", argmax(m), argmax(m, 0), argmax(m, -1, keep_dims));
  CALLS("argmin", argmin(m), argmin(m, 0), argmin(m, -1, keep_dims));
  CALLS("argsort", argsort(m), argsort(m, 0), argsort(m, 0, {.descending = true}));
  CALLS("sort", sort(m), sort(m, 0), sort(m, 0, {.descending = true}));
  CALLS("topk", topk(m, 2), topk(m, 2, 0), topk(m, 2, 0, {.largest = false}));
  return results;
}

template <class Q>
Results rearrangements() {
  Results results;
  Make<Q> make;
  CALLS("view", view(m, 0), view(m, -1, 1), view(m, xt::range(0, 2)), view(m, xt::all(), 1),
        view(m, xt::ellipsis(), 0), view(m, xt::newaxis(), 0), view(m, xt::range(0, 2), xt::range(1, 3)));
  CALLS("view with index arrays", view(m, positions), view(m, xt::all(), positions),
        view(m, positions, positions));
  CALLS("view with masks", view(m, vector > 0.3), view(m, m > 1.0));
  CALLS("masked_select", masked_select(m, vector > 0.3), masked_select(m, m > 1.0));
  CALLS("index_update", index_update(m, 0, 1.0), index_update(m, xt::all(), 1, vector),
        index_update(matrix, 0, x), index_update(m, 0, x));
  CALLS("index_add", index_add(m, 0, 1.0), index_add(m, xt::all(), 1, vector), index_add(matrix, 0, x));
  CALLS("take", take(m, positions, 0), take(m, {0, 2}, 1), take(m, 1, 0), take(m, positions), take(m, 4),
        take(m, {1, 2}));
  CALLS("take_along_axis", take_along_axis(m, argsort(m), -1));
  CALLS("gather", gather(m, xt::xarray<int>{{0, 1, 2}}, 0));
  CALLS("scatter_add", scatter_add(m, xt::xarray<int>{{0, 1, 2}}, 1.0, 0),
        scatter_add(matrix, xt::xarray<int>{{0, 1, 2}}, x, 0));
  CALLS("reshape", reshape(m, {9}), reshape(m, {-1, 1}), reshape(m, std::vector<std::ptrdiff_t>{9}));
  CALLS("flatten", flatten(m), flatten(m, 0));
  CALLS("expand_dims", expand_dims(m, 0), expand_dims(m, -1), expand_dims(m, std::size_t{1}),
        expand_dims(m, {0, -1}), expand_dims(m, std::vector<int>{0}));
  const xt::xarray<double> thin = {{{1.0, 2.0}}};
  CALLS("squeeze", squeeze(make(thin)), squeeze(make(thin), 0), squeeze(make(thin), std::size_t{1}),
        squeeze(make(thin), {0, 1}), squeeze(make(thin), std::vector<int>{0}));
  CALLS("transpose", transpose(m), transpose(m, {1, 0}), transpose(m, std::vector<int>{1, 0}));
  CALLS("permute", permute(m, {1, 0}));
  CALLS("swapaxes", swapaxes(m, 0, 1), swapaxes(m, std::ptrdiff_t{0}, std::ptrdiff_t{1}),
        xt::swapaxes(m, 0, 1));
  CALLS("moveaxis", moveaxis(m, 0, -1), moveaxis(m, {0}, {1}),
        moveaxis(m, std::ptrdiff_t{0}, std::ptrdiff_t{1}), xt::moveaxis(m, 0, 1));
  CALLS("broadcast_to", broadcast_to(x, {2, 3}));
  CALLS("tril", tril(m), tril(m, -1));
  CALLS("triu", triu(m), triu(m, 1));
  CALLS("diag", diag(x), diag(m), diag(m, 1));
  CALLS("diagonal", diagonal(m), diagonal(m, 1), diagonal(m, 0, 1, 0),
        diagonal(m, 0, std::size_t{0}, std::size_t{1}));
  CALLS("trace", trace(m), trace(m, 1));
  CALLS("pad", pad(m, 1), pad(m, {1, 2}), pad(m, {{1, 0}, {0, 1}}), pad(m, 1, {.mode = PadMode::edge}),
        pad(m, std::size_t{1}), pad(m, {1, 2}, {.value = 3}));
  CALLS("flip", flip(m), flip(m, 0), flip(m, std::size_t{1}), flip(m, {0, -1}), flip(m, std::vector<int>{0}));
  CALLS("roll", roll(m, 1), roll(m, 1, 0), roll(m, 1, -1), roll(m, std::ptrdiff_t{1}),
        roll(m, {1, 2}, {0, 1}));
  CALLS("tile", tile(m, 2), tile(m, {2, 1}), tile(m, std::vector<int>{2}));
  CALLS("repeat", repeat(m, 2), repeat(m, 2, 0), repeat(m, 2, -1), repeat(m, {1, 2, 3}, 0),
        repeat(m, std::vector<std::size_t>{1, 2, 3}, std::size_t{1}),
        repeat(m, std::size_t{2}, std::size_t{1}));
  CALLS("meshgrid", meshgrid(x, x), meshgrid({x, x}, Indexing::ij));
  CALLS("split", split(m, 3), split(m, 3, 1), split(m, {1, 2}), split(m, {1}, -1), split(m, std::size_t{3}),
        split(m, std::vector<std::ptrdiff_t>{1}));
  CALLS("array_split", array_split(m, 2), array_split(m, 2, 1), array_split(m, {1}));
  CALLS("concatenate", concatenate({m, m}), concatenate({m, m}, 1));
  CALLS("stack", stack({m, m}), stack({m, m}, -1));
  CALLS("hstack", hstack({m, m}));
  CALLS("vstack", vstack({m, m}));
  return results;
}

template <class Q>
Results products_and_layers() {
  Results results;
  Make<Q> make;
  CALLS("matmul", matmul(m, m), matmul(m, matrix), matmul(matrix, m), matmul(m, x));
  CALLS("linear", linear(x, m), linear(x, m, x), linear(vector, m), linear(x, matrix), linear(vector, m, x));
  CALLS("dot", dot(m, x), dot(m, vector), dot(vector, m));
  CALLS("inner", inner(x, x), inner(x, vector), inner(vector, x));
  CALLS("outer", outer(x, x), outer(x, vector), outer(vector, x));
  CALLS("vdot", vdot(x, x), vdot(x, vector), vdot(vector, x));
  CALLS("kron", kron(x, x), kron(x, vector), kron(vector, x));
  CALLS("tensordot", tensordot(m, m), tensordot(m, m, 1), tensordot(m, matrix, {0, 1}, {1, 0}));
  CALLS("einsum", einsum("ij->j", m), einsum("ij,jk->ik", m, m), einsum("i,i", x, vector));
  CALLS("matrix_power", matrix_power(m, 2));
  CALLS("expm", expm(m));
  CALLS("pinv", pinv(m), pinv(m, 1e-9));
  CALLS("lstsq", lstsq(m, x), lstsq(m, vector), lstsq(matrix, x));
  CALLS("solve", solve(m, x), solve(m, vector), solve(matrix, x));
  CALLS("solve_triangular", solve_triangular(m, x), solve_triangular(m, vector, {.lower = true}));
  CALLS("inv", inv(m));
  CALLS("det", det(m));
  CALLS("slogdet", slogdet(m));
  CALLS("cholesky", cholesky(m));
  CALLS("qr", qr(m));
  CALLS("eigh", eigh(m));
  CALLS("svd", svd(m));
  CALLS("batch_norm", batch_norm(m, x, x), batch_norm(m, x, x, 1e-3));

  const xt::xarray<double> images = xt::reshape_view(xt::arange<double>(32), {1, 4, 4, 2});
  const xt::xarray<double> kernels = xt::reshape_view(xt::arange<double>(16), {2, 2, 2, 2});
  const xt::xarray<double> sequences = xt::reshape_view(xt::arange<double>(12), {1, 6, 2});
  const xt::xarray<double> taps = xt::reshape_view(xt::arange<double>(8), {2, 2, 2});
  const xt::xarray<double> bias = {1.0, 2.0};
#define image make(images)
#define kernel make(kernels)
#define sequence make(sequences)
#define tap make(taps)
#define offset make(bias)
  CALLS("conv2d", conv2d(image, kernel), conv2d(image, kernel, offset), conv2d(image, kernel, {.stride = 2}),
        conv2d(images, kernel, offset, {.padding = 1}), conv2d(image, kernels, bias));
  CALLS("conv1d", conv1d(sequence, tap), conv1d(sequence, tap, offset),
        conv1d(sequence, taps, {.stride = 2}));
  CALLS("conv_transpose2d", conv_transpose2d(image, kernel),
        conv_transpose2d(image, kernel, offset, {.stride = 2}));
  CALLS("conv_transpose1d", conv_transpose1d(sequence, tap),
        conv_transpose1d(sequences, tap, offset, {.stride = 2}));
  CALLS("max_pool2d", max_pool2d(image, 2), max_pool2d(image, {2, 1}, {.stride = 1}));
  CALLS("max_pool1d", max_pool1d(sequence, 2), max_pool1d(sequence, 2, {.stride = 1}));
  CALLS("avg_pool2d", avg_pool2d(image, 2), avg_pool2d(image, {2, 1}, {.stride = 1}));
  CALLS("avg_pool1d", avg_pool1d(sequence, 2), avg_pool1d(sequence, 2, {.stride = 1}));
  CALLS("adaptive_avg_pool2d", adaptive_avg_pool2d(image, 2), adaptive_avg_pool2d(image, {2, 1}));
  CALLS("adaptive_avg_pool1d", adaptive_avg_pool1d(sequence, 2));
  CALLS("adaptive_max_pool2d", adaptive_max_pool2d(image, 2), adaptive_max_pool2d(image, {2, 1}));
  CALLS("adaptive_max_pool1d", adaptive_max_pool1d(sequence, 2));
  CALLS("global_avg_pool2d", global_avg_pool2d(image));
  CALLS("global_avg_pool1d", global_avg_pool1d(sequence));
  CALLS("global_max_pool2d", global_max_pool2d(image));
  CALLS("global_max_pool1d", global_max_pool1d(sequence));
  CALLS("unfold", unfold(image, 2), unfold(image, {2, 1}, {.stride = 1}));
  CALLS("fold", fold(make(unfold(Variable<double>(images), 2).value()), 4, 2));

  const auto total = [](const Variable<double>& v) { return sum(v * v * v); };
  const auto map = [](const Variable<double>& v) { return v * v; };
  CALLS("checkpoint", checkpoint(map, x));
  CALLS("grad", grad(total)(x));
  CALLS("value_and_grad", value_and_grad(total, x));
  CALLS("jacobian", jacobian(map, x));
  CALLS("hessian", hessian(total, x));
  CALLS("hvp", hvp(total, x, x), hvp(total, x, vector));
  CALLS("jvp", jvp(map, x, x), jvp(map, x, vector));
  CALLS("vjp", std::get<0>(vjp(map, x)), std::get<1>(vjp(map, x))(x));
  const auto towards = [](const Variable<double>& v) { return cos(v); };
  CALLS("fixed_point", fixed_point(towards, x));
  CALLS("root", root([](const Variable<double>& v) { return v * v - 0.25; }, x));
  return results;
}

template <class Q>
Results everything() {
  Results results = elementwise_calls<Q>();
  for (const Results& more : {reductions<Q>(), rearrangements<Q>(), products_and_layers<Q>()}) {
    results.insert(results.end(), more.begin(), more.end());
  }
  return results;
}

/// Checks for the same numbers as with a Variable.
template <class Q>
void check_as_variable() {
  const Results expected = everything<Variable<double>&>();
  const Results found = everything<Q>();
  REQUIRE(found.size() == expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    CAPTURE(i);
    CHECK(found[i].shape() == expected[i].shape());
    CHECK(found[i] == expected[i]);
  }
}

}  // namespace

TEST_CASE("operations take Variables of each value category") {
  check_as_variable<const Variable<double>&>();
  check_as_variable<Variable<double>&&>();
}

TEST_CASE("operations take Parameters of each value category") {
  check_as_variable<Parameter<double>&>();
  check_as_variable<const Parameter<double>&>();
  check_as_variable<Parameter<double>&&>();
}
