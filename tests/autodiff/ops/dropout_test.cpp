#include "../../support/check_operation.hpp"

using namespace xgrad;

namespace {

std::size_t zeros(const Variable<double>& x) {
  return static_cast<std::size_t>(std::count(x.value().begin(), x.value().end(), 0.0));
}

}  // namespace

TEST_CASE("entries are kept with probability keep, and scaled by 1 / keep") {
  const Variable<double> x = full<double>({100'000}, 3);
  for (const double keep : {0.2, 0.5, 0.9}) {
    Generator generator(1);
    const auto y = dropout(x, {.keep = keep}, generator);
    const double dropped = static_cast<double>(zeros(y));
    const double deviation = std::sqrt(1e5 * keep * (1 - keep));
    CHECK(std::abs(dropped - 1e5 * (1 - keep)) < 5 * deviation);
    for (const double entry : y.value()) REQUIRE((entry == 0 || entry == doctest::Approx(3 / keep)));
    // Neighbours are dropped independently.
    double both = 0;
    for (std::size_t i = 1; i < y.size(); ++i) both += y.value()(i) == 0 && y.value()(i - 1) == 0;
    CHECK(both / 1e5 == doctest::Approx((1 - keep) * (1 - keep)).epsilon(0.1));
  }
}

TEST_CASE("the note's form scales nothing in training") {
  Generator generator(1);
  const auto y =
      dropout(Variable<double>(full<double>({100}, 3)), {.keep = 0.5, .inverted = false}, generator);
  for (const double entry : y.value()) CHECK((entry == 0 || entry == 3));
}

TEST_CASE("keep = 1 changes nothing") {
  const Array<double> x = check::draw({50});
  CHECK(dropout(Variable<double>(x), {.keep = 1}).value() == x);
}

TEST_CASE("the generator decides: same state, same mask; every call another one") {
  const Variable<double> x = full<double>({1000}, 1);
  seed(4);
  const auto a = dropout(x);
  const auto b = dropout(x);
  seed(4);
  CHECK(dropout(x).value() == a.value());
  CHECK_FALSE(a.value() == b.value());
}

TEST_CASE("the gradient passes where the entry was kept") {
  check::derivatives(
      [](const auto& x) {
        Generator generator(3);
        return dropout(x, {.keep = 0.6}, generator);
      },
      check::draw({4, 5}));
  const GradCheck check = gradcheck([](const auto& x) { return dropout(x) * x; }, check::draw({4, 5}));
  CHECK_MESSAGE(check.ok, check.message);
}

TEST_CASE("keep is a probability, and not 0") {
  const Variable<double> x = 1.0;
  for (const double keep : {0.0, -0.1, 1.1, std::nan("")})
    CHECK_THROWS_AS(dropout(x, {.keep = keep}), ValueError);
  CHECK(check::message<ValueError>([&] { dropout(x, {.keep = 0}); }) ==
        "dropout: keep is 0; expected a probability in (0, 1]");
}
