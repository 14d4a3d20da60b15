#include <autodiff/autodiff.hpp>

#include <doctest/doctest.h>

#include <sstream>

using namespace xgrad;

TEST_CASE("from any xtensor expression of the same precision, and from numbers") {
  const xt::xarray<double> a{{1, 2}, {3, 4}};
  const Variable<double> from_array = a;
  const Variable<double> from_formula = xt::sin(a) * 2.0;
  const Variable<double> from_view = xt::view(a, xt::all(), 1);
  const Variable<double> from_tensor = xt::xtensor<double, 1>{1, 2};
  const Variable<double> from_number = 3;
  CHECK(from_array.shape() == Shape{2, 2});
  CHECK(from_formula.value()(1, 1) == doctest::Approx(2 * std::sin(4.0)));
  CHECK(from_view.value() == xt::xarray<double>{2, 4});
  CHECK(from_tensor.size() == 2);
  CHECK(from_number.dimension() == 0);
  CHECK(from_number.item() == 3);
  const Variable deduced = a;
  CHECK(std::is_same_v<decltype(deduced), const Variable<double>>);
}

TEST_CASE("shape, size, item") {
  const Variable<float> x = xt::xarray<float>{{1, 2, 3}};
  CHECK(x.dimension() == 2);
  CHECK(x.shape(1) == 3);
  CHECK(x.size() == 3);
  CHECK_THROWS_WITH_AS(x.item(), "item: a Variable of shape {1, 3} is not one number", ShapeError);
  CHECK(Variable<float>(full<float>({1, 1}, 7)).item() == 7);
}

TEST_CASE("printing, with streams and with fmt") {
  const Variable<double> x = xt::xarray<double>{1.5, 2};
  std::ostringstream out;
  out << x;
  CHECK(out.str() == "{ 1.5,  2. }");
  CHECK(fmt::format("{}", x) == out.str());
  CHECK(fmt::format("{:>14}", x) == "  " + out.str());
  CHECK(fmt::format("{}", Parameter<double>(xt::xarray<double>{1.5, 2}).value().size()) == "2");
}

TEST_CASE("a copy is another handle to one value") {
  const Variable<double> x = xt::xarray<double>{1, 2};
  const Variable<double> same = x;
  CHECK(same.value().data() == x.value().data());
}

TEST_CASE("memory of a temporary array is taken over") {
  Array<double> a = full<double>({100}, 1);
  const double* memory = a.data();
  const Variable<double> x = std::move(a);
  CHECK(x.value().data() == memory);
}

TEST_CASE("the value of a temporary may be kept") {
  const Variable<double> x = xt::xarray<double>{1, 2};
  double total = 0;
  for (const double entry : (x * 2).value()) total += entry;
  CHECK(total == 6);
  auto&& kept = Variable<double>(x).value();  // shared with x: a copy
  CHECK(kept == x.value());
  CHECK(x.size() == 2);
}

TEST_CASE("xtensor's functions take Arrays, though argument-dependent lookup finds ours too") {
  const Array<double> a = xt::xarray<double>{1, 2, 3};
  CHECK(xt::mean(a)() == 2);
  CHECK(xt::sum(a, {0})() == 6);
  CHECK(xt::stddev(xt::cast<float>(a))() == doctest::Approx(std::sqrt(2.0 / 3)));
  CHECK(xt::amax(a)() == 3);
  CHECK(xt::average(a)() == 2);
}
