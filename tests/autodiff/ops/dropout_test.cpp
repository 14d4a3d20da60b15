#include "../../support/check_operation.hpp"

using namespace xgrad;

namespace {

std::size_t zeros(const Variable<double>& x) {
  return static_cast<std::size_t>(std::count(x.value().begin(), x.value().end(), 0.0));
}

/// Whether entry i is kept: its number from SplitMix64 is below a limit.
bool is_kept(std::uint64_t stream, std::size_t i, double keep) {
  std::uint64_t z = stream + (i + 1) * 0x9e3779b97f4a7c15U;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
  return static_cast<double>((z ^ (z >> 31)) >> 11) * 0x1p-53 < keep;
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

TEST_CASE("dropout in the note's form does not scale in training") {
  Generator generator(1);
  const auto y =
      dropout(Variable<double>(full<double>({100}, 3)), {.keep = 0.5, .inverted = false}, generator);
  for (const double entry : y.value()) CHECK((entry == 0 || entry == 3));
}

TEST_CASE("keep = 1 changes nothing") {
  const Array<double> x = check::draw({50});
  CHECK(dropout(Variable<double>(x), {.keep = 1}).value() == x);
}

TEST_CASE("the generator's state determines the mask; each call draws another one") {
  const Variable<double> x = full<double>({1000}, 1);
  seed(4);
  const auto a = dropout(x);
  const auto b = dropout(x);
  seed(4);
  CHECK(dropout(x).value() == a.value());
  CHECK_FALSE(a.value() == b.value());
}

TEST_CASE("the gradient passes through kept entries") {
  const check::Listed listed("dropout", {"", "torch.nn.functional.dropout", "flax.nnx.Dropout"});
  const auto f = [](const auto& x) {
    Generator generator(3);
    return dropout(x, {.keep = 0.5}, generator);
  };
  const Array<double> x = check::draw({4, 5});
  Array<double> expected(x.shape());
  for (std::size_t i = 0; i < x.size(); ++i) {
    expected.data()[i] = is_kept(Generator(3)(), i, 0.5) ? 2 * x.data()[i] : 0;
  }
  check::operation(f, expected, x);
  for (const Shape& shape : {Shape{}, Shape{1}, Shape{2, 0}}) check::derivatives(f, check::draw(shape));
  const GradCheck check = gradcheck([](const auto& v) { return dropout(v) * v; }, check::draw({4, 5}));
  CHECK_MESSAGE(check.ok, check.message);
}

TEST_CASE("the mask of a seed does not depend on the size: SplitMix64 below a limit") {
  for (const std::size_t size : {1, 15, 16, 17, 1023, 1024, 1025, 70'001}) {
    Generator generator(9);
    const std::uint64_t stream = Generator(9)();
    const Variable<float> x = xt::cast<float>(check::draw({size}));
    Tape tape;
    const auto y = dropout(x, {.keep = 0.75}, generator);
    const Array<float> ones = full<float>({size}, 1);
    const auto g = tape.gradient(y, x, ones).value();
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < size; ++i) {
      const float factor = is_kept(stream, i, 0.75) ? static_cast<float>(1 / 0.75) : 0.0F;
      wrong += y.value()(i) != x.value()(i) * factor || g(i) != factor;
    }
    CHECK(wrong == 0);
  }
}

TEST_CASE("keep must be a probability > 0") {
  const Variable<double> x = 1.0;
  for (const double keep : {0.0, -0.1, 1.1, std::nan("")})
    CHECK_THROWS_AS(dropout(x, {.keep = keep}), ValueError);
  CHECK(check::message<ValueError>([&] { dropout(x, {.keep = 0}); }) ==
        "dropout: keep is 0; expected a probability in (0, 1]");
}

TEST_CASE("whole channels are dropped, independently in each sample") {
  const Variable<double> x = full<double>({200, 3, 2, 5}, 1);
  Generator generator(1);
  const auto y = dropout(x, {.keep = 0.25, .channels = true}, generator);
  int kept = 0;
  for (std::size_t n = 0; n < 200; ++n) {
    for (std::size_t c = 0; c < 5; ++c) {
      const double first = y.value()(n, 0, 0, c);
      CHECK((first == 0 || first == 4));
      kept += first != 0;
      for (std::size_t r = 0; r < 3; ++r) {
        for (std::size_t k = 0; k < 2; ++k) CHECK(y.value()(n, r, k, c) == first);
      }
    }
  }
  CHECK(kept > 200);  // expected 250 of 1000, standard deviation 14
  CHECK(kept < 300);
  const auto sequences =
      dropout(Variable<double>(full<double>({50, 7, 3}, 1)), {.channels = true}, generator);
  CHECK(sequences.value()(3, 0, 1) == sequences.value()(3, 6, 1));
  const auto check = gradcheck(
      [](const Variable<double>& v) {
        Generator own(5);
        return dropout(v, {.channels = true}, own);
      },
      check::draw({3, 2, 2, 4}));
  CHECK_MESSAGE(check.ok, check.message);
  CHECK(check::message<ShapeError>([&] {
          dropout(Variable<double>(full<double>({3}, 1)), {.channels = true});
        }) == "dropout: channels of x of shape {3}; expected {N, ..., C}");
}
