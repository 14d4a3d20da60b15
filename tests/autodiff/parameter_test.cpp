#include <autodiff/autodiff.hpp>

#include <doctest/doctest.h>

using namespace xgrad;

namespace {

Parameter<float> make(float value) { return Parameter<float>(full<float>({2}, value)); }

}  // namespace

TEST_CASE("a parameter is a Variable") {
  const auto w = make(3);
  CHECK(w.value() == xt::xarray<float>{3, 3});
  CHECK((w * 2).value() == xt::xarray<float>{6, 6});
  CHECK(exp(w).size() == 2);
  CHECK(sum(w).item() == 6);
}

TEST_CASE("grad is zero until a backward pass, adds up, and is cleared") {
  auto w = make(3);
  const auto handle = w.handle();
  CHECK_FALSE(handle.has_grad());
  CHECK(w.grad() == xt::xarray<float>{0, 0});
  for (int i = 1; i <= 2; ++i) {
    Tape tape;
    tape.backward(sum(w * w));
    CHECK(w.grad() == xt::xarray<float>{6.F * float(i), 6.F * float(i)});
  }
  CHECK(handle.has_grad());
  w.handle().clear_grad();
  CHECK(w.grad() == xt::xarray<float>{0, 0});
  w.handle().set_grad(xt::xarray<float>{1, 2});
  CHECK(w.grad() == xt::xarray<float>{1, 2});
  CHECK_THROWS_AS(w.handle().set_grad(xt::xarray<float>{1, 2, 3}), ShapeError);
}

TEST_CASE("mutable_value writes in place where nobody shares the memory, in a copy where somebody does") {
  auto w = make(3);
  auto handle = w.handle();
  const float* memory = w.value().data();
  handle.mutable_value()(0) = 4;
  CHECK(w.value().data() == memory);
  CHECK(w.value() == xt::xarray<float>{4, 3});

  const Variable<float> shared = w;
  handle.mutable_value()(0) = 5;
  CHECK(shared.value() == xt::xarray<float>{4, 3});
  CHECK(w.value() == xt::xarray<float>{5, 3});
  CHECK(handle.version() == 2);
}

TEST_CASE("what a tape saved keeps its value") {
  auto w = make(3);
  Tape tape;
  const auto y = w * w;
  w.handle().mutable_value().fill(9);
  CHECK(y.value() == xt::xarray<float>{9, 9});
  CHECK_THROWS_AS(tape.gradient(sum(y), Variable<float>(w)), TapeError);
}

TEST_CASE("copying clones") {
  auto w = make(3);
  auto copy = w;
  copy.handle().mutable_value().fill(7);
  CHECK(w.value() == xt::xarray<float>{3, 3});
  CHECK_FALSE(copy.handle() == w.handle());
}

TEST_CASE("moving hands the state over") {
  auto w = make(3);
  auto handle = w.handle();
  auto moved = std::move(w);
  CHECK(moved.handle() == handle);
  handle.mutable_value().fill(8);
  CHECK(moved.value() == xt::xarray<float>{8, 8});
}

TEST_CASE("assigning writes into the state that is there") {
  auto w = make(3);
  auto handle = w.handle();
  const auto best = make(5);
  w = best;
  CHECK(handle == w.handle());
  CHECK(handle.value() == xt::xarray<float>{5, 5});
  w = make(6);
  CHECK(handle.value() == xt::xarray<float>{6, 6});
  CHECK(w.value() == xt::xarray<float>{6, 6});
  w = Parameter<float>(full<float>({3}, 1));  // a new head: another shape
  CHECK(handle.shape() == Shape{3});
  CHECK(handle.grad().size() == 3);
  auto& self = w;
  w = self;
  CHECK(handle == w.handle());
}

TEST_CASE("a parameter without value") {
  Parameter<float> none;
  CHECK_FALSE(none);
  CHECK_THROWS_AS(none.handle(), ValueError);
  CHECK_THROWS_AS(none.value(), ValueError);
  none = make(2);
  CHECK(none.value() == xt::xarray<float>{2, 2});
  none = Parameter<float>();
  CHECK_FALSE(none);
}

TEST_CASE("a handle outlives the parameter") {
  std::vector<ParameterHandle<float>> handles;
  {
    auto w = make(3);
    handles.push_back(w.handle());
  }
  handles[0].mutable_value().fill(4);
  CHECK(handles[0].value() == xt::xarray<float>{4, 4});
  CHECK_THROWS_AS(handles[0].set_value(full<float>({5}, 1)), ShapeError);
}

TEST_CASE("one parameter used twice in one pass") {
  auto w = make(3);
  Tape tape;
  tape.backward(sum(w) + sum(w * w));
  CHECK(w.grad() == xt::xarray<float>{7, 7});
}
