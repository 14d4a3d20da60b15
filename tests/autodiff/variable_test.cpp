#include <autodiff/autodiff.hpp>

#include <doctest/doctest.h>

#include <sstream>

using namespace xgrad;

TEST_CASE("a Variable from an xtensor expression of the same precision, or from a number") {
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
  CHECK_THROWS_WITH_AS(x.shape(2), "shape: axis 2 is out of range for an array of shape {1, 3}", ShapeError);
  CHECK(x.size() == 3);
  CHECK_THROWS_WITH_AS(x.item(), "item: expected a Variable with one entry, got shape {1, 3}", ShapeError);
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

TEST_CASE("a copy is another handle to the same value") {
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

TEST_CASE("the value of a temporary outlives it") {
  const Variable<double> x = xt::xarray<double>{1, 2};
  double total = 0;
  for (const double entry : (x * 2).value()) total += entry;
  CHECK(total == 6);
  auto&& kept = Variable<double>(x).value();  // shared with x: copied
  CHECK(kept == x.value());
  CHECK(x.size() == 2);
}

TEST_CASE("xtensor's functions accept Arrays, although argument-dependent lookup also finds ours") {
  const Array<double> a = xt::xarray<double>{1, 2, 3};
  CHECK(xt::mean(a)() == 2);
  CHECK(xt::sum(a, {0})() == 6);
  CHECK(xt::stddev(xt::cast<float>(a))() == doctest::Approx(std::sqrt(2.0 / 3)));
  CHECK(xt::amax(a)() == 3);
  CHECK(xt::average(a)() == 2);
}

TEST_CASE("a Variable from nested braces, containers and expressions") {
  const Variable<double> row = {1.0, 2.0};
  CHECK(row.shape() == Shape{2});
  const Variable<double> integers = {1, 2, 3};
  CHECK(integers.value() == Array<double>{1, 2, 3});
  const Variable<float> matrix = {{1, 2}, {3, 4}};
  CHECK(matrix.shape() == Shape{2, 2});
  const Variable<double> column = {{1.0}, {2.0}};
  CHECK(column.shape() == Shape{2, 1});
  const Variable<double> cube = {{{1, 2}, {3, 4}}};
  CHECK(cube.shape() == Shape{1, 2, 2});
  const Variable<double> from_vector = std::vector<double>{1, 2};
  CHECK(from_vector.value() == row.value());
  const Variable<double> range = xt::arange(1.0, 3.0);
  CHECK(range.value() == row.value());
  const Variable<double> number = 2;
  CHECK(number.shape().empty());
  const Variable<double> same{row};
  CHECK(same.value().data() == row.value().data());
  CHECK(!Variable<double>{});
  CHECK_THROWS_AS((Variable<double>{{1, 2}, {3}}), ShapeError);
  Variable<double> later;
  later = {3, 4};
  CHECK(later.value() == Array<double>{3, 4});
  const std::vector<Variable<double>> list{row, column};
  CHECK(list.size() == 2);
  const auto total = [](const Variable<double>& x) { return sum(x).item(); };
  CHECK(total({1, 2, 3}) == 6);
}

TEST_CASE("operations that xtensor lacks accept arrays as constants") {
  const xt::xarray<double> a = {{1.0, -2.0}, {3.0, 4.0}};
  const Variable<double> x = a;
  CHECK(relu(a).value() == relu(x).value());
  CHECK(softmax(a, 0).value() == softmax(x, 0).value());
  CHECK(matmul(a, a).value() == matmul(x, x).value());
  CHECK(linear(a, x).value() == matmul(x, transpose(x)).value());
  CHECK(logsumexp(a, 1).value() == logsumexp(x, 1).value());
  CHECK(einsum("ij->i", a).value() == sum(x, 1).value());
  Tape tape;
  const auto y = sum(relu(a) * x);
  CHECK(tape.gradient(y, x).value() == relu(x).value());
}

TEST_CASE("fmt prints Variables and Parameters") {
  const Variable<float> x = {1, 2};
  const Parameter<float> w(x.value());
  CHECK(fmt::format("{} {}", x, w) == "{ 1.,  2.} { 1.,  2.}");
}
