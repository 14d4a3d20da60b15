#include <autodiff/autodiff.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <utility>
#include <vector>

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

TEST_CASE("grad is zero before a backward pass, accumulates, and can be cleared") {
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

TEST_CASE("mutable_value writes in place unless the memory is shared, otherwise to a copy") {
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

TEST_CASE("values saved by a tape do not change") {
  auto w = make(3);
  Tape tape;
  const auto y = w * w;
  w.handle().mutable_value().fill(9);
  CHECK(y.value() == xt::xarray<float>{9, 9});
  CHECK_THROWS_AS(tape.gradient(sum(y), Variable<float>(w)), TapeError);
}

TEST_CASE("copying creates an independent parameter") {
  auto w = make(3);
  auto copy = w;
  copy.handle().mutable_value().fill(7);
  CHECK(w.value() == xt::xarray<float>{3, 3});
  CHECK_FALSE(copy.handle() == w.handle());
}

TEST_CASE("moving transfers the state") {
  auto w = make(3);
  auto handle = w.handle();
  auto moved = std::move(w);
  CHECK(moved.handle() == handle);
  handle.mutable_value().fill(8);
  CHECK(moved.value() == xt::xarray<float>{8, 8});
}

TEST_CASE("assignment writes to the existing state") {
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

TEST_CASE("after a = std::move(b), handles to both refer to a") {
  auto a = make(3);
  auto b = make(5);
  auto of_a = a.handle();
  const auto of_b = b.handle();
  a = std::move(b);
  CHECK_FALSE(b);  // NOLINT(bugprone-use-after-move)
  CHECK(a.value() == xt::xarray<float>{5, 5});
  CHECK(of_a == a.handle());
  CHECK(of_b == a.handle());
  CHECK(of_a.is_owned());
  of_a.mutable_value().fill(6);
  CHECK(a.value() == xt::xarray<float>{6, 6});
  CHECK(of_b.value() == xt::xarray<float>{6, 6});
  CHECK(of_a.follow());
  CHECK_FALSE(of_a.follow());
  CHECK(of_a == of_b);

  b = a;  // copying into a moved-from parameter creates a new identity
  CHECK_FALSE(b.handle() == of_b);
  auto& self = a;
  a = std::move(self);
  CHECK(a.value() == xt::xarray<float>{6, 6});
}

TEST_CASE("swapping swaps identities together with values") {
  auto a = make(3);
  auto b = make(5);
  const auto of_a = a.handle();
  const auto of_b = b.handle();
  std::swap(a, b);
  CHECK(a.value() == xt::xarray<float>{5, 5});
  CHECK(of_b == a.handle());
  CHECK(of_a == b.handle());

  std::vector<Parameter<float>> many;  // grows, and is sorted, rotated and thinned out
  std::vector<ParameterHandle<float>> handles;
  for (int i = 0; i < 20; ++i) {
    many.push_back(make(static_cast<float>((7 * i) % 20)));
    handles.push_back(many.back().handle());
  }
  std::sort(many.begin(), many.end(),
            [](const auto& p, const auto& q) { return p.value()(0) < q.value()(0); });
  std::rotate(many.begin(), many.begin() + 3, many.end());
  many.erase(many.begin() + 4);  // value 7, to which handle 1 was attached
  for (int i = 0; i < 20; ++i) {
    const auto& handle = handles[static_cast<std::size_t>(i)];
    CHECK(handle.is_owned());
    const auto is_it = [&](const Parameter<float>& p) { return p.handle() == handle; };
    CHECK(std::count_if(many.begin(), many.end(), is_it) == 1);
    if (i != 1) CHECK(handle.value()(0) == static_cast<float>((7 * i) % 20));
  }
}

TEST_CASE("backward throws if another parameter was moved over one that the tape used") {
  auto w = make(3);
  auto other = make(4);
  Tape tape;
  const auto y = sum(w * w);
  const auto z = sum(other * other);
  w = std::move(other);
  CHECK_THROWS_AS(tape.gradient(y, Variable<float>(w)), TapeError);
  tape.backward(z);  // the moved value is unchanged
  CHECK(w.grad() == xt::xarray<float>{8, 8});
}

TEST_CASE(
    "after a million moves into one parameter, the handle is attached and the stack does not overflow") {
  auto w = make(0);
  const auto handle = w.handle();
  for (int i = 1; i <= 1'000'000; ++i) w = make(static_cast<float>(i));
  CHECK(handle.value()(0) == 1'000'000.0F);
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
  CHECK_FALSE(handles[0].is_owned());
  CHECK_THROWS_AS(handles[0].set_value(full<float>({5}, 1)), ShapeError);
}

TEST_CASE("a parameter used twice in one backward pass") {
  auto w = make(3);
  Tape tape;
  tape.backward(sum(w) + sum(w * w));
  CHECK(w.grad() == xt::xarray<float>{7, 7});
}
