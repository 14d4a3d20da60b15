#include <autodiff/autodiff.hpp>
#include <nn/nn.hpp>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <functional>
#include <limits>
#include <numeric>
#include <thread>

using namespace xgrad;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double missing = std::numeric_limits<double>::quiet_NaN();

Variable<double> numbers(std::initializer_list<double> values) { return xt::xarray<double>(values); }

/// The message of the exception that a call throws; empty if it throws nothing.
template <class F>
std::string message_of(F&& call) {
  try {
    call();
  } catch (const NotFiniteError& error) {
    return error.what();
  }
  return "";
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// Whether a message contains this line of this file; if the build cannot determine lines, whether there is
/// one.
bool has_line(const std::string& text, int line) {
#if defined(XGRAD_WITH_LIBBACKTRACE)
  return has(text, "; recorded at ") && has(text, fmt::format("finite_test.cpp:{}", line));
#else
  return !text.empty() && line > 0;
#endif
}

}  // namespace

TEST_CASE("the message contains the first non-finite entry, its index and the line that computed it") {
  Tape tape;
  tape.check_finite(true);
  const auto x = numbers({1, 0, 2});
  const auto text = message_of([&] {
    const auto y = exp(x);
    const auto z = log(x * y);
    sum(z * z);
  });
  const int line = __LINE__ - 3;
  CHECK(
      text.starts_with("'log': the value, of shape {3}, is not finite: -inf at {1} (1 of 3 entries); "
                       "shapes of its inputs: {3}"));
  CHECK(has_line(text, line));
}

TEST_CASE("indices on several axes, a single number, float, NaN and overflow") {
  Tape tape;
  tape.check_finite(true);
  const Variable<float> x = xt::xarray<float>{{1, 2, 3}, {100, 4, 200}};
  CHECK(has(message_of([&] { exp(x); }),
            "'exp': the value, of shape {2, 3}, is not finite: inf at {1, 0} (2 of 6"));
  CHECK(has(message_of([] { log(Variable<double>(-1.0)); }), "of shape {}, is not finite: "));
  CHECK(has(message_of([] { log(Variable<double>(-1.0)); }), "nan at {} (1 of 1 entry)"));
}

TEST_CASE("the line is in the program, even if library functions are called in between") {
  Tape tape;
  tape.check_finite(true);
  const auto zero = numbers({0, 0});

  const auto by_operator = message_of([&] { 1.0 / zero; });
  CHECK(has(by_operator, "'divide'"));
  CHECK(has_line(by_operator, __LINE__ - 2));

  const std::function<Variable<double>(const Variable<double>&)> f = [](const Variable<double>& x) {
    return sum(log(x));
  };
  const auto by_transform = message_of([&] { grad(f)(zero); });
  CHECK(has_line(by_transform, __LINE__ - 3));

  const std::vector<Variable<double>> each{zero, zero};
  const auto by_algorithm =
      message_of([&] { std::accumulate(each.begin(), each.end(), zero, std::divides<>()); });
  CHECK(has_line(by_algorithm, __LINE__ - 1));

  nn::Linear<double> layer(2, 1);
  const auto by_layer = message_of([&] { layer(xt::xarray<double>{{inf, 1}}); });
  CHECK(has_line(by_layer, __LINE__ - 1));
}

TEST_CASE("a non-finite gradient names the operation whose pullback returned it") {
  const auto x = numbers({4, 0});
  const std::string expected =
      "'sqrt': the gradient with respect to its input 0, of shape {2}, is not finite: inf at {1} (1 of 2 "
      "entries); shapes of its inputs: {2}, of its value: {2}";
  {
    Tape tape;
    tape.check_finite(true);
    const auto y = sum(sqrt(x));
    const auto text = message_of([&] { tape.gradient(y, x); });
    CHECK(text.starts_with(expected));
    CHECK(has_line(text, __LINE__ - 3));
    CHECK(tape.gradient(sum(x * x), x).value() == xt::xarray<double>{8, 0});  // the tape is as it was
  }
  {
    Parameter<double> w(x.value());
    Tape tape;
    tape.check_finite(true);
    const auto y = sum(sqrt(w));
    CHECK(message_of([&] { tape.backward(y); }).starts_with(expected));
  }
}

TEST_CASE("a checking tape also checks tapes inside it: gradients of grad, and pullbacks") {
  Tape tape;
  tape.check_finite(true);
  const auto at_zero = [&](auto f) { return message_of([&] { f(Variable<double>(0.0)); }); };
  const auto root = [](const Variable<double>& x) { return sqrt(x); };
  CHECK(has(at_zero(grad(root)), "'sqrt': the gradient with respect to its input 0"));
  const auto inside = [](const Variable<double>& x) { return exp(sqrt(x)); };
  CHECK(has(at_zero(grad(inside)), "'sqrt': the gradient with respect to its input 0"));
}

TEST_CASE("inputs that were already not finite, constants, and cotangents") {
  Tape tape;
  tape.check_finite(true);
  const auto x = numbers({1, missing});
  const auto text = message_of([&] { numbers({1, 2}) * x; });
  CHECK(has(text, "shapes of its inputs: {2}, {2}; its input 1 was already not finite: "));

  CHECK(has(message_of([] { log(constant(xt::xarray<double>{0})); }), "'log': the value"));

  const auto w = numbers({1, 2});
  const auto y = w * 2;
  CHECK(has(message_of([&] { tape.gradient(y, w, numbers({1, inf})); }),
            "gradient: the given cotangent, of shape {2}, is not finite: inf at {1} (1 of 2 entries)"));
}

TEST_CASE("the message marks inputs that are constants") {
  const auto x = numbers({0});
  Tape tape;
  tape.check_finite(true);
  const auto scaled =
      operation("scaled", xt::xarray<double>{0},
                {{x, [](const Variable<double>& g) { return g / 0.0; }},
                 {constant(xt::xarray<double>{1}), [](const Variable<double>& g) { return g; }}});
  CHECK(has(message_of([&] { tape.gradient(sum(scaled), x); }), "shapes of its inputs: {1}, constant"));
}

TEST_CASE("where applied inside and outside passes, and so do infinite values inside a pullback") {
  const auto x = numbers({4, -1, 0});
  const xt::xarray<bool> positive = x.value() > 0.0;
  const auto f = [&](const Variable<double>& v) {
    return sum(where(positive, log(where(positive, v, 1.0)), 0.0));
  };
  Tape tape;
  tape.check_finite(true);
  CHECK(tape.gradient(f(x), x).value() == xt::xarray<double>{0.25, 0, 0});
  CHECK(grad(f)(x).value() == xt::xarray<double>{0.25, 0, 0});

  const auto through = grad([](const Variable<double>& v) {
    return sum(operation("careful", v.value(), {v, [v](const Variable<double>& g) {
                                                  return where(xt::xarray<bool>{true}, v * 0.0,
                                                               g / (v * 0.0));
                                                }}));
  });
  CHECK(through(numbers({3})).value() == xt::xarray<double>{0});
}

TEST_CASE("check_finite is off by default, can be turned off, and is off for the next tape") {
  const auto x = numbers({0});
  {
    Tape tape;
    log(x);
    tape.check_finite(true);
    CHECK_THROWS_AS(log(x), NotFiniteError);
    tape.check_finite(false);
    log(x);
    tape.check_finite(true);
  }
  Tape tape;
  log(x);
  CHECK(std::isinf(tape.gradient(sum(log(x)), x).item()));
  std::string text;
  std::thread([&] {
    try {
      tape.check_finite(true);
    } catch (const TapeError& error) {
      text = error.what();
    }
  }).join();
  CHECK(text ==
        "check_finite: this tape was opened on another thread; open a Tape on each thread that records");
}
