#include <autodiff/autodiff.hpp>

#include "../../support/check_operation.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>
#include <string>
#include <vector>

using namespace xgrad;

namespace {

using V = Variable<double>;

template <class T>
bool same_bits(const Array<T>& a, const Array<T>& b) {
  return a.shape() == b.shape() && std::equal(a.begin(), a.end(), b.begin());
}

template <class T>
bool same_bits(const std::vector<Variable<T>>& a, const std::vector<Variable<T>>& b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](const auto& p, const auto& q) {
           return same_bits(p.value(), q.value());
         });
}

/// Calls the function, with or without a checkpoint.
template <class F, class... X>
auto call_either_way(bool in_checkpoint, const F& f, const X&... x) {
  return in_checkpoint ? checkpoint(f, x...) : f(x...);
}

/// A model with parameters, like a layer.
template <class T>
struct Dense {
  Parameter<T> weight, bias;
  explicit Dense(std::size_t n)
      : weight(random_normal<T>({n, n}, T(0), T(0.5))), bias(random_normal<T>({n})) {}
  Variable<T> operator()(const Variable<T>& x) const { return tanh(matmul(x, weight) + bias); }
};

}  // namespace

TEST_CASE("checkpoint: value and derivatives of a function") {
  const check::Listed listed("checkpoint", {"", "torch.utils.checkpoint", "jax.checkpoint"});
  const auto f = [](const auto& x) { return checkpoint([](const auto& y) { return sin(y) * y; }, x); };
  check::unary(f, [](double x) { return std::sin(x) * x; });
  const auto product = [](const auto& x, const auto& y) {
    return checkpoint([](const auto& a, const auto& b) { return exp(a) * b / (1 + a * a); }, x, y);
  };
  check::binary(product, [](double a, double b) { return std::exp(a) * b / (1 + a * a); });
}

TEST_CASE_TEMPLATE("results are bit-identical with and without checkpoints", T, float, double) {
  // Every block uses the weights several times, so their gradients are sums of many terms, and x is used both
  // inside and outside checkpoints. Dropout draws from the default generator.
  const auto gradients = [](bool in_checkpoint) {
    seed(3);
    const Variable<T> w = random_normal<T>({8, 8}, T(0), T(0.4));
    const Variable<T> b = random_normal<T>({8});
    const Variable<T> x = random_normal<T>({5, 8});
    Tape tape;
    Variable<T> h = x;
    const auto block = [&](const Variable<T>& in) {
      const auto a = dropout(tanh(matmul(in, w) + b), {.keep = 0.7});
      return a + in * tanh(matmul(a, w) + b) + x;
    };
    for (int i = 0; i < 4; ++i) h = call_either_way(in_checkpoint, block, h) + x * sum(w);
    std::vector<Variable<T>> all = tape.gradient(sum(square(h)), {w, b, x});
    all.push_back(h);
    all.push_back(random_uniform<T>({3}));  // the generator's state is also the same
    return all;
  };
  CHECK(same_bits(gradients(true), gradients(false)));
}

TEST_CASE_TEMPLATE("backward through models captured by reference", T, float, double) {
  const auto gradients = [](int way) {
    seed(5);
    Dense<T> first(6), second(6);
    const Array<T> x = random_normal<T>({4, 6});
    Tape tape;
    Variable<T> h(x);
    const auto both = [&](const Variable<T>& in) { return dropout(second(first(in)), {.keep = 0.5}); };
    for (int i = 0; i < 3; ++i) {
      if (way == 0) h = both(h);
      if (way == 1) h = checkpoint(both, h);
      if (way == 2) h = dropout(checkpoint(std::ref(second), checkpoint(std::cref(first), h)), {.keep = 0.5});
    }
    tape.backward(sum(square(h)));
    return std::vector<Variable<T>>{first.weight.grad(), first.bias.grad(), second.weight.grad(),
                                    second.bias.grad()};
  };
  const auto expected = gradients(0);
  CHECK(check::has(to_string(expected[0]), "{"));
  CHECK(same_bits(gradients(1), expected));
  CHECK(same_bits(gradients(2), expected));
}

TEST_CASE("backward accumulates gradients, also on an inner tape") {
  Dense<double> layer(3);
  const V x = random_normal<double>({2, 3});
  const auto gradient = [&](bool in_checkpoint, bool outer) {
    layer.weight.handle().clear_grad();
    std::optional<Tape> around;
    if (outer) {
      around.emplace();
      layer(x);  // the outer tape has already recorded the parameters
    }
    for (int i = 0; i < 2; ++i) {
      Tape tape;
      tape.backward(sum(call_either_way(in_checkpoint, std::cref(layer), x)));
    }
    return Array<double>(layer.weight.grad());
  };
  CHECK(same_bits(gradient(true, false), gradient(false, false)));
  CHECK(same_bits(gradient(true, true), gradient(false, false)));
}

TEST_CASE("nested checkpoints, and nesting within a chain of checkpoints") {
  const auto gradients = [](int depth) {
    seed(7);
    const V w = random_normal<double>({4, 4});
    const V x = random_normal<double>({2, 4});
    std::function<V(const V&, int, int)> chain = [&](const V& in, int blocks, int level) -> V {
      if (blocks == 1) return dropout(tanh(matmul(in, w)), {.keep = 0.8});
      const auto half = [&, blocks, level](const V& h) { return chain(h, blocks / 2, level - 1); };
      const V middle = call_either_way(level > 0, half, in);
      return call_either_way(level > 0, half, middle);
    };
    Tape tape;
    return tape.gradient(sum(chain(x, 8, depth)), {w, x});
  };
  CHECK(same_bits(gradients(1), gradients(0)));
  CHECK(same_bits(gradients(2), gradients(0)));
  CHECK(same_bits(gradients(3), gradients(0)));
}

TEST_CASE("derivatives of higher order") {
  const auto inner = [](const V& x) { return exp(x) * sin(x); };  // fourth derivative: -4 times itself
  const auto f = [&](const V& x) { return checkpoint(inner, x); };
  const V x = 0.7;
  CHECK(grad(grad(grad(grad(f))))(x).item() == doctest::Approx(-4 * inner(x).item()).epsilon(1e-13));
  CHECK(grad(grad(grad(f)))(x).item() == grad(grad(grad(inner)))(x).item());

  // With respect to captured Variables, across and within checkpoints.
  const V w = xt::xarray<double>{0.5, -1};
  const auto captured = [&](const V& v) {
    return sum(checkpoint([&](const V& a) { return tanh(a * v) * v; }, w));
  };
  const auto plain = [&](const V& v) { return sum(tanh(w * v) * v); };
  CHECK(same_bits(hessian(captured, V(xt::xarray<double>{0.3, 0.4})).value(),
                  hessian(plain, V(xt::xarray<double>{0.3, 0.4})).value()));
  CHECK(hvp(captured, V(xt::xarray<double>{0.3, 0.4}), V(xt::xarray<double>{1, 2})).value() ==
        hvp(plain, V(xt::xarray<double>{0.3, 0.4}), V(xt::xarray<double>{1, 2})).value());

  // A gradient inside a checkpoint, and a checkpoint inside a gradient inside a checkpoint.
  const auto slope = [&](const V& v) { return checkpoint(grad([&](const V& a) { return sum(f(a)); }), v); };
  const auto plain_slope = [&](const V& v) { return grad([&](const V& a) { return sum(inner(a)); })(v); };
  CHECK(jacobian(slope, w).value() == jacobian(plain_slope, w).value());
}

TEST_CASE("checkpoint: kinds of inputs and results") {
  const V x = xt::xarray<double>{1, 2};
  const V y = xt::xarray<double>{3, 4};
  Tape tape;
  // Arrays and numbers as inputs; one input twice; a result that is an input; several results one after
  // another.
  const auto z =
      checkpoint([](const V& a, const V& b, const xt::xarray<double>& c, int n) { return a * b * c * n; }, x,
                 x, xt::xarray<double>{10, 20}, 2);
  CHECK(z.value() == xt::xarray<double>{20, 160});
  CHECK(tape.gradient(sum(z), x).value() == xt::xarray<double>{40, 160});
  const auto same = checkpoint([](const V& a) { return a; }, x);
  CHECK(tape.gradient(sum(same * y), x).value() == y.value());
  const auto other = checkpoint([&](const V&) { return y; }, x);
  CHECK(tape.gradient(sum(other * x), std::vector<V>{x, y})[1].value() == x.value());
  // Inputs whose gradient is not requested are allowed; inputs that f does not use are not recorded.
  const V unused = 1.0;
  const auto first = checkpoint([](const V& a, const V&) { return a * 2; }, x, unused);
  CHECK_THROWS_AS(tape.gradient(sum(first), unused), TapeError);
  // An expression is evaluated once.
  const auto from_expression = checkpoint([](const V& a) { return a * 2; }, xt::xarray<double>{1} + 1.0);
  CHECK(from_expression.value() == xt::xarray<double>{4});
  // Another precision.
  const auto single = checkpoint([](const V& a) { return cast<float>(a * a); }, x);
  CHECK(tape.gradient(sum(single), x).value() == xt::xarray<double>{2, 4});
}

TEST_CASE("only the requested gradients are computed in the recomputation") {
  int pulled = 0;
  const auto counted = [&](const V& a) {
    return operation("counted", Array<double>(a.value()), {a, [&](const V& g) { return ++pulled, g * 1; }});
  };
  const V x = 2.0;
  const V w = 3.0;
  Tape tape;
  const auto y = checkpoint([&](const V& a) { return counted(a) * w; }, x);
  CHECK(tape.gradient(y, w).item() == 2);
  CHECK(pulled == 0);
  CHECK(tape.gradient(y, x).item() == 3);
  CHECK(pulled == 1);
}

TEST_CASE("f is called once, and once per backward pass; its operations are not on the tape") {
  int calls = 0;
  const V x = xt::xarray<double>{1, 2};
  const auto f = [&](const V& a) {
    ++calls;
    const V own = xt::xarray<double>{1, 1};  // created anew by each call
    return exp(sin(a) * 2) + own * a;
  };
  checkpoint(f, x);
  CHECK(calls == 1);
  Tape tape;
  const auto y = sum(checkpoint(f, x));
  CHECK(calls == 2);
  CHECK(tape.size() == 3);  // x, checkpoint, sum
  tape.gradient(y, x);
  tape.gradient(y, x);
  CHECK(calls == 4);
}

TEST_CASE("constants") {
  const auto c = constant(xt::xarray<double>{1, 2});
  const V x = 2.0;
  Tape tape;
  const auto y = checkpoint([](const V& a) { return exp(a); }, c);
  CHECK(y.node()->constant);
  CHECK(tape.size() == 0);
  CHECK(tape.gradient(sum(checkpoint([&](const V& a) { return a * x; }, c)), x).item() == 3);
}

TEST_CASE("a change between the forward and backward pass is an error") {
  Dense<double> layer(2);
  const V x = random_normal<double>({1, 2});
  const auto forward_and_change = [&](const auto& change) {
    Tape tape;
    const auto loss = sum(checkpoint(std::ref(layer), x));
    change();
    return check::message<VersionError>([&] { tape.backward(loss); });
  };
  CHECK(forward_and_change([] {}) == "");
  const auto text = forward_and_change([&] { layer.weight.handle().mutable_value()(0, 0) = 1; });
  CHECK(check::has(text, "a parameter of shape {2, 2} was changed after 'checkpoint' had used it (version"));
  CHECK(check::has(forward_and_change([&] { layer.bias.handle().set_value(full<double>({2}, 1.0)); }),
                   "a parameter of shape {2} was changed after 'checkpoint' had used it"));

  V captured = xt::xarray<double>{1, 2};
  Tape tape;
  const auto y = sum(checkpoint([&](const V& a) { return a * captured; }, x));
  captured = V(xt::xarray<double>{3, 4});
  CHECK(check::message<VersionError>([&] { tape.gradient(y, x); }) ==
        "checkpoint: a Variable of shape {2} that the function used first was not used when the backward "
        "pass called it again: captures by reference must not be assigned to in between");
  int calls = 0;
  const auto growing = checkpoint([&](const V& a) { return ++calls == 1 ? a : concatenate({a, a}); }, x);
  CHECK(check::message<VersionError>([&] { tape.gradient(growing, x, growing); }) ==
        "checkpoint: the function returned shape {1, 2} first, and {2, 2} when the backward pass called it "
        "again: it must compute the same result");
}

TEST_CASE("an exception in f leaves the tapes and the generator unchanged") {
  const V x = 2.0;
  Tape tape;
  CHECK_THROWS_AS(checkpoint([](const V&) -> V { throw ValueError("no"); }, x), ValueError);
  bool fails = false;
  const auto y = checkpoint(
      [&](const V& a) {
        const auto z = dropout(a * a, {.keep = 1});
        if (fails) throw ValueError("no");
        return z;
      },
      x);
  const Generator before = default_generator();
  fails = true;
  CHECK_THROWS_AS(tape.gradient(y, x), ValueError);
  CHECK(default_generator() == before);
  fails = false;
  CHECK(tape.gradient(y, x).item() == 4);
}

TEST_CASE("memory of a chain of n blocks with a checkpoint around every sqrt(n) of them") {
  constexpr std::size_t entries = 10'000;
  const V x = random_normal<double>({entries});
  // Peak bytes in use during the forward and backward pass, in units of the size of x.
  const auto peak = [&](int blocks, int together) {
    Tape tape;
    V h = x;
    const auto several = [&](const V& in) {
      V out = in;
      for (int i = 0; i < together; ++i) out = tanh(out * 1.01 + 0.1) * out;
      return out;
    };
    detail::reset_peak_bytes();
    const std::ptrdiff_t before = detail::bytes_in_use();
    for (int i = 0; i < blocks; i += together) h = call_either_way(together > 1, several, h);
    const auto gradient = tape.gradient(sum(h), x);
    return static_cast<double>(detail::peak_bytes_in_use() - before) / (entries * sizeof(double));
  };
  CHECK(peak(16, 1) > 2 * 16);  // without checkpoints: at least two arrays per block
  CHECK(peak(256, 1) > 2 * 256);
  for (const int root : {4, 8, 16, 32}) {
    CAPTURE(root);
    CHECK(peak(root * root, root) < 4 * root + 8);  // the inputs of `root` segments, and one segment
  }
}

TEST_CASE("checkpoint with other namespaces open") {
  using namespace xt;
  using namespace std;
  const Variable<double> a = 4.0;
  CHECK(checkpoint([](const Variable<double>& z) { return z * z; }, a).item() == 16);
}
