#include <autodiff/autodiff.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <utility>
#include <vector>

// Entries that are not selected do not affect the gradient of those that are: NaN and infinities among the
// entries, and divisions, roots and logarithms at poles that the result does not depend on.

using namespace xgrad;

namespace {

using V = const Variable<double>&;
constexpr double infinity = std::numeric_limits<double>::infinity();
const double not_a_number = std::numeric_limits<double>::quiet_NaN();

struct Selecting {
  const char* name;
  std::function<Variable<double>(V)> f;  ///< entry 1 of {1, ?, 3} is not used
};

const xt::xarray<bool> mask{true, false, true};

const std::vector<Selecting>& selecting() {
  static const std::vector<Selecting> all{
      {"view", [](V x) { return view(x, xt::range(0, 3, 2)); }},
      {"view with a mask", [](V x) { return view(x, mask); }},
      {"masked_select", [](V x) { return masked_select(x, mask); }},
      {"take", [](V x) { return take(x, {0, 2, 2}, 0); }},
      {"take_along_axis", [](V x) { return take_along_axis(x, xt::xarray<int>{2, 0}, 0); }},
      {"gather", [](V x) { return gather(x, xt::xarray<int>{2, 0}, 0); }},
      {"index_update", [](V x) { return index_update(x, 1, 5.0); }},
      {"where", [](V x) { return where(mask, x, 5.0); }},
      {"where of two", [](V x) { return where(mask, x, square(constant(full<double>({3}, 2.0)))); }},
      {"tril", [](V x) { return view(tril(stack({flip(x), x})), 1, xt::range(0, 1)); }},
      {"diagonal", [](V x) { return diagonal(reshape(concatenate({x, view(x, xt::range(2, 3))}), {2, 2})); }},
      {"concatenate and split", [](V x) { return view(concatenate({x, x}), xt::range(2, 4)); }},
      {"dropout of the others", [](V x) { return where(mask, dropout(x, {.keep = 1}), 0.0); }},
      {"pad", [](V x) { return masked_select(pad(x, 1), xt::xarray<bool>{true, true, false, true, true}); }},
  };
  return all;
}

}  // namespace

TEST_CASE("NaN and infinity in an unused entry do not affect value and gradient") {
  for (const auto& operation : selecting()) {
    CAPTURE(operation.name);
    const auto both = [&f = operation.f](double entry) {
      const Variable<double> x = xt::xarray<double>{1, entry, 3};
      Tape tape;
      const auto y = f(x);
      return std::pair(y.value(), tape.gradient(sum(square(y)), x).value());
    };
    const auto expected = both(2);
    CHECK(expected.second(1) == 0);
    for (const double entry : {not_a_number, infinity, -infinity, 0.0}) {
      const auto came = both(entry);
      CHECK(came.first == expected.first);
      CHECK(came.second == expected.second);
    }
  }
}

TEST_CASE("the gradient is 0 at poles that the result does not depend on") {
  const Variable<double> w = xt::xarray<double>{1, 0, 4};
  const xt::xarray<double> divisor{1, 0, 1};
  struct Pole {
    const char* name;
    std::function<Variable<double>(V)> f;
    std::vector<double> slope;
  };
  const std::vector<Pole> poles{{"division by 0", [&](V x) { return x / divisor; }, {1, 0, 1}},
                                {"division of 0 by 0", [](V x) { return (x + 1.0) / x; }, {-1, 0, -1.0 / 16}},
                                {"a number by 0", [](V x) { return 1.0 / x; }, {-1, 0, -1.0 / 16}},
                                {"reciprocal", [](V x) { return reciprocal(x); }, {-1, 0, -1.0 / 16}},
                                {"sqrt", [](V x) { return sqrt(x); }, {0.5, 0, 0.25}},
                                {"rsqrt", [](V x) { return rsqrt(x); }, {-0.5, 0, -1.0 / 16}},
                                {"log", [](V x) { return log(x); }, {1, 0, 0.25}},
                                {"pow", [](V x) { return pow(x, 0.5); }, {0.5, 0, 0.25}}};
  for (const auto& pole : poles) {
    CAPTURE(pole.name);
    for (const auto& select : selecting()) {
      CAPTURE(select.name);
      const bool takes_each_once =
          std::string(select.name) == "view" || std::string(select.name) == "masked_select" ||
          std::string(select.name) == "index_update" || std::string(select.name) == "where";
      Tape tape;
      const auto y = sum(select.f(pole.f(w)));
      const Array<double> g = tape.gradient(y, w).value();
      CHECK(g(1) == 0);
      if (!takes_each_once) continue;
      CHECK(g(0) == doctest::Approx(pole.slope[0]));
      CHECK(g(2) == doctest::Approx(pole.slope[2]));
    }
  }
  // A pole that the result depends on has an infinite gradient.
  Tape tape;
  const auto y = sum(sqrt(w));
  CHECK(tape.gradient(y, w).value()(1) == infinity);
}

TEST_CASE("the smaller operand of a maximum has gradient 0, even at a pole") {
  const Variable<double> xy = xt::xarray<double>{0, 0};
  Tape tape;
  for (const auto& rho : {maximum(sqrt(sum(square(xy))), 1e-10), maximum(1e-10, sqrt(sum(square(xy)))),
                          clip(sqrt(sum(square(xy))), 1e-10, 1.0)}) {
    const Array<double> g = tape.gradient(rho, xy).value();
    CHECK(g(0) == 0);
    CHECK(g(1) == 0);
  }
}
