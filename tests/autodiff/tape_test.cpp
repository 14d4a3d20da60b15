#include <autodiff/autodiff.hpp>
#include <autodiff/kernels/sanitizers.hpp>

#include <doctest/doctest.h>

#include <exception>
#include <memory>
#include <thread>

using namespace xgrad;

namespace {

Variable<double> numbers(std::initializer_list<double> values) { return xt::xarray<double>(values); }

/// The message of the exception that a call throws; empty if it throws nothing.
template <class E, class F>
std::string message_of(F&& call) {
  try {
    call();
  } catch (const E& error) {
    return error.what();
  }
  return "";
}

bool has(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("the gradient of a formula") {
  const auto x = numbers({1, 2, 3});
  Tape tape;
  const auto y = sum(sin(x) * x);
  const auto dx = tape.gradient(y, x);
  for (std::size_t i = 0; i < 3; ++i) {
    const double v = x.value()(i);
    CHECK(dx.value()(i) == doctest::Approx(std::sin(v) + v * std::cos(v)).epsilon(1e-14));
  }
}

TEST_CASE("without a tape, operations only compute") {
  const auto x = numbers({1, 2});
  const auto y = x * x;
  CHECK(y.value() == xt::xarray<double>{1, 4});
  Tape tape;
  CHECK(has(message_of<TapeError>([&] { tape.gradient(sum(y), x); }), "was not used"));
}

TEST_CASE("a tape stays usable after gradient: other inputs, other results, rows of a Jacobian") {
  const auto x = numbers({1, 2});
  const auto w = numbers({3, 4});
  Tape tape;
  const auto y = x * w;
  const auto z = sum(y);
  CHECK(tape.gradient(z, x).value() == w.value());
  CHECK(tape.gradient(z, w).value() == x.value());
  CHECK(tape.gradient(z, y).value() == xt::xarray<double>{1, 1});
  CHECK(tape.gradient(y, x, numbers({0, 1})).value() == xt::xarray<double>{0, 4});
  const auto both = tape.gradient(z, {x, w});
  REQUIRE(both.size() == 2);
  CHECK(both[0].value() == w.value());
  CHECK(both[1].value() == x.value());
  CHECK(tape.gradient(z, z).item() == 1);
}

TEST_CASE("gradients of an input that is used several times add up") {
  const auto x = numbers({2});
  Tape tape;
  CHECK(tape.gradient(sum(x * x * x + x / x + x), x).item() == doctest::Approx(13));
}

TEST_CASE("a result with more than one entry needs a cotangent") {
  const auto x = numbers({1, 2});
  Tape tape;
  const auto y = x * 2;
  CHECK(message_of<TapeError>([&] { tape.gradient(y, x); }) ==
        "gradient: expected a result with one entry, got shape {2}; pass its cotangent, tape.gradient(y, x, "
        "cotangent), or reduce it, e.g. sum(y)");
  CHECK(message_of<TapeError>([&] { tape.backward(y); }) ==
        "backward: expected a result with one entry, got shape {2}; pass its cotangent, tape.backward(y, "
        "cotangent), or reduce it, e.g. sum(y)");
  CHECK(message_of<ShapeError>([&] { tape.gradient(y, x, numbers({1, 2, 3})); }) ==
        "gradient: the cotangent has shape {3}, expected the result's shape {2}");
}

TEST_CASE("the gradient is zero for a recorded input without influence, an error for an unrecorded one") {
  const auto x = numbers({1, 2});
  const auto w = numbers({3, 4});
  Tape tape;
  const auto y = sum(x * x);
  const auto unused = sum(w);
  CHECK(tape.gradient(y, w).value() == xt::xarray<double>{0, 0});
  CHECK(has(message_of<TapeError>([&] { tape.gradient(y, numbers({5, 6, 7})); }), "{3}"));
  CHECK(has(message_of<TapeError>([&] { tape.gradient(y, constant(xt::xarray<double>{1})); }), "constant"));
}

TEST_CASE("gradients of values that are not on the tape") {
  const auto x = numbers({1, 2});
  const auto before = sum(x * x);
  Tape tape;
  const auto y = sum(x * x);
  CHECK(message_of<TapeError>([&] { tape.gradient(y, Variable<double>(Array<double>(x.value()))); }) ==
        "gradient: the input of shape {2} was not used by any operation that this tape recorded; open the "
        "Tape before the computation, and pass the Variable that was used in it, not another one with the "
        "same value");
  CHECK(message_of<TapeError>([&] { tape.gradient(y, constant(xt::xarray<double>{1, 2})); }) ==
        "gradient: the input of shape {2} was not used by any operation that this tape recorded; it is a "
        "constant: make it a Variable to get its gradient");
  // The tape recorded x but not `before`: the gradient would miss terms.
  const char* not_computed =
      "gradient: the result, of shape {}, was not computed while this tape was recording; open the Tape "
      "before "
      "the computation";
  CHECK(message_of<TapeError>([&] { tape.gradient(before, x); }) == not_computed);
  CHECK(tape.gradient(before, before).item() == 1);
  CHECK(message_of<TapeError>([&] { tape.backward(before); }) ==
        "backward: the result, of shape {}, was not computed while this tape was recording; open the Tape "
        "before the computation");
  CHECK(message_of<TapeError>([&] { tape.backward(constant(full<double>({}, 1))); }) ==
        "backward: the result, of shape {}, is a constant: it was computed from constants alone");
  Variable<double> of_inner;
  {
    Tape inner;
    of_inner = sum(x);
  }
  CHECK(tape.gradient(of_inner, x).value() == xt::xarray<double>{1, 1});  // recorded on this tape too
  Tape later;
  CHECK(message_of<TapeError>([&] { later.gradient(y, x); }) == not_computed);
}

TEST_CASE("constants and stop_gradient") {
  const auto x = numbers({1, 2});
  Tape tape;
  const auto c = constant(xt::xarray<double>{3, 4});
  const std::size_t before = tape.size();
  const auto d = exp(c * c + 1.0);
  CHECK(tape.size() == before);  // operations on constants only are not recorded
  CHECK(tape.gradient(sum(d * x), x).value() == d.value());
  CHECK(tape.gradient(sum(stop_gradient(x) * x), x).value() == x.value());
  CHECK(tape.gradient(sum(c), x).value() == xt::xarray<double>{0, 0});
}

TEST_CASE("nested tapes compute higher derivatives") {
  const auto x = numbers({1, 2, 3});
  Tape outer;
  Variable<double> slope;
  {
    Tape inner;
    slope = inner.gradient(sum(x * x * x), x);  // 3 x^2
  }
  CHECK(outer.gradient(sum(slope), x).value() == xt::xarray<double>{6, 12, 18});
}

TEST_CASE("values computed before an inner tape was opened are inputs to it") {
  const auto x = numbers({1, 2, 3});
  Tape outer;
  const auto a = x * 2;
  Tape inner;
  const auto y = sum(a * x * x);
  CHECK(inner.gradient(y, a).value() == xt::xarray<double>{1, 4, 9});
  CHECK(inner.gradient(y, x).value() == xt::xarray<double>{4, 16, 36});  // a held fixed
  CHECK(outer.gradient(y, x).value() == xt::xarray<double>{6, 24, 54});  // 2 x^3
  CHECK(has(message_of<TapeError>([&] { inner.gradient(sum(x), numbers({1})); }), "was not used"));
  CHECK(has(message_of<TapeError>([&] { inner.gradient(a, x, a); }), "not computed while this tape"));
}

TEST_CASE("a gradient of a gradient needs an outer tape: no term is silently lost") {
  const auto x = numbers({1, 2});
  Tape tape;
  const auto dx = tape.gradient(sum(x * x), x);
  CHECK(has(message_of<TapeError>([&] { tape.gradient(sum(dx * x), x); }), "open an outer Tape"));
  CHECK(has(message_of<TapeError>([&] { tape.gradient(sum(dx * dx), x); }), "open an outer Tape"));
  CHECK(has(message_of<TapeError>([&] { tape.gradient(dx, x, x); }), "open an outer Tape"));
  CHECK(tape.gradient(sum(dx * dx), dx).value() == xt::xarray<double>{4, 8});  // dx as an input is valid

  Tape outer;
  Tape inner;
  const auto d = inner.gradient(sum(x * x), x);
  CHECK(has(message_of<TapeError>([&] { inner.gradient(sum(d * x), x); }), "open an outer Tape"));
  CHECK(outer.gradient(sum(d * x), x).value() == xt::xarray<double>{4, 8});
}

TEST_CASE("records of a closed inner tape are not confused with new ones") {
  const auto x = numbers({3});
  Tape outer;
  outer.gradient(sum(x * x), x);
  Variable<double> kept;
  {
    Tape first;
    kept = first.gradient(sum(x * x * x), x);
  }
  const auto later = sum(kept * x);  // 3 x^3
  CHECK(outer.gradient(later, x).item() == doctest::Approx(81));
}

TEST_CASE("Variables outlive tapes and are then plain values") {
  Variable<double> y;
  const auto x = numbers({2});
  {
    Tape tape;
    y = x * x;
  }
  CHECK(y.item() == 4);
  Tape tape;
  const auto z = y * y;
  CHECK(tape.gradient(z, y).item() == 8);
  CHECK(has(message_of<TapeError>([&] { tape.gradient(z, x); }), "was not used"));
}

TEST_CASE("backward adds to the parameters' gradients and consumes the tape; a second call throws") {
  Parameter<double> w(xt::xarray<double>{1, 2});
  Tape tape;
  const auto loss = sum(w * w);
  tape.backward(loss);
  CHECK(w.grad() == xt::xarray<double>{2, 4});
  CHECK(tape.size() == 0);
  const std::string released =
      ": backward was already called on this tape and released the saved values; use gradient for several "
      "passes over one recording, or record again on a new Tape";
  CHECK(message_of<TapeError>([&] { tape.backward(loss); }) == "backward" + released);
  CHECK(message_of<TapeError>([&] { tape.gradient(loss, w); }) == "gradient" + released);
  {
    Tape again;
    again.backward(sum(w));
  }
  CHECK(w.grad() == xt::xarray<double>{3, 5});  // added
}

TEST_CASE("backward with a cotangent, without parameters, and of a result with more than one entry") {
  Parameter<double> w(xt::xarray<double>{1, 2});
  const auto x = numbers({1, 2});
  {
    Tape tape;
    tape.backward(w * 3, numbers({1, 10}));
    CHECK(w.grad() == xt::xarray<double>{3, 30});
  }
  Tape tape;
  CHECK(has(message_of<TapeError>([&] { tape.backward(sum(x * x)); }), "tape.gradient(y, x)"));
  CHECK(has(message_of<TapeError>([&] { tape.backward(w * 3); }), "tape.backward(y, cotangent)"));
  tape.backward(sum(w));  // an error before anything was released leaves the tape usable
}

TEST_CASE("backward inside an outer tape releases nothing that the outer tape needs") {
  Parameter<double> w(xt::xarray<double>{1, 2});
  Tape outer;
  const auto early = w * 1.0;
  Tape inner;
  const auto loss = sum(early * w * w);
  inner.backward(loss);
  CHECK(w.grad() == xt::xarray<double>{2, 8});
  CHECK(outer.gradient(loss, w).value() == xt::xarray<double>{3, 12});
}

TEST_CASE("a parameter changed between forward and backward") {
  Parameter<double> w(xt::xarray<double>{1, 2});
  Tape tape;
  const auto loss = sum(square(w));
  w.handle().mutable_value()(0) = 7;
  const std::string text =
      "a parameter of shape {2} was changed after 'square' had used it (version 0 then, 1 now): call "
      "backward "
      "before the optimiser's step or any other change";
  CHECK(message_of<VersionError>([&] { tape.gradient(loss, w); }) == text);
  CHECK(message_of<VersionError>([&] { tape.backward(loss); }) == text);
}

TEST_CASE("parameters may change inside an outer tape; only a backward pass that needs an old value throws") {
  Parameter<double> w(xt::xarray<double>{1, 2}), b(xt::xarray<double>{3, 4});
  Parameter<double> alone_w(w), alone_b(b);
  const auto step = [](Parameter<double>& weight, Parameter<double>& bias) {
    Tape inner;
    const auto loss = sum(square(weight) + bias);  // square saves its input; a sum is changed in place
    inner.backward(loss);
    for (const auto& each : {weight.handle(), bias.handle()}) {
      ParameterHandle<double> handle = each;
      handle.mutable_value() += handle.grad() * -0.25;
      handle.clear_grad();
    }
    return loss;
  };
  Tape outer;
  const auto early = step(w, b);
  for (int i = 0; i < 3; ++i) step(w, b);
  const auto now = sum(w * b);
  CHECK(outer.gradient(now, b).value() == w.value());
  CHECK(outer.gradient(now, w).value() == b.value());
  CHECK_THROWS_AS(outer.gradient(early, w), TapeError);
  CHECK(has(message_of<VersionError>([&] { outer.gradient(early, b); }), "version 0 then, 4 now"));

  std::thread([&] {  // no tape is open on this thread
    for (int i = 0; i < 4; ++i) step(alone_w, alone_b);
  })
      .join();
  CHECK(w.value() == alone_w.value());
  CHECK(b.value() == alone_b.value());
}

TEST_CASE("recording, the backward pass and destruction of a million operations do not recurse") {
  const auto x = numbers({1});
  constexpr int count = 1'000'000;
  {
    Tape tape;
    auto y = x;
    for (int i = 0; i < count; ++i) y = y * 1.000001;
    CHECK(tape.size() == count + 1);
    CHECK(tape.gradient(y, x).item() == doctest::Approx(std::exp(count * std::log(1.000001))).epsilon(1e-9));
  }
  Parameter<double> w(xt::xarray<double>{1});
  Tape tape;
  Variable<double> y = w;
  for (int i = 0; i < count; ++i) y = y + 1e-6;
  tape.backward(y);
  CHECK(w.grad()(0) == 1);
}

TEST_CASE("each thread has its own tapes") {
  const auto x = numbers({1, 2, 3});
  std::vector<xt::xarray<double>> results(4);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < results.size(); ++t) {
    threads.emplace_back([&, t] {
      for (int repeat = 0; repeat < 50; ++repeat) {
        Tape tape;
        results[t] = tape.gradient(sum(x * x * double(t)), x).value();
      }
    });
  }
  for (auto& thread : threads) thread.join();
  for (std::size_t t = 0; t < results.size(); ++t) {
    CHECK(results[t] == xt::xarray<double>(x.value() * 2.0 * double(t)));
  }
}

TEST_CASE("a Variable of another thread's open tape, and a tape of another thread, throw") {
  const auto x = numbers({1, 2});
  Tape tape;
  const auto y = x * x;
  std::string of_variable;
  std::string of_result;
  std::string of_tape;
  std::thread([&] {
    of_tape = message_of<TapeError>([&] { tape.gradient(sum(y), x); });
    CHECK(tape.size() == 0);
    Tape own;
    of_variable = message_of<TapeError>([&] { y* y; });
    of_result = message_of<TapeError>([&] { own.gradient(y, x, y); });
  }).join();
  CHECK(of_variable ==
        "multiply: a Variable of shape {2} was recorded by a tape that is open on another thread; pass its "
        "value, or constant(x.value())");
  CHECK(of_result ==
        "gradient: the result, of shape {2}, was recorded by a tape that is open on another thread; call "
        "that tape on its thread");
  CHECK(of_tape ==
        "gradient: this tape was opened on another thread; open a Tape on each thread that records");

  Variable<double> done;
  std::thread([&] {
    Tape other;
    done = x * x;
  }).join();
  CHECK(tape.gradient(sum(done * done), done).value() == xt::xarray<double>{2, 8});  // its tape is closed
}

TEST_CASE("a tape whose thread has ended") {
  std::unique_ptr<Tape> orphan;
  const auto x = numbers({1, 2});
  Variable<double> y;
  std::thread([&] {
    orphan = std::make_unique<Tape>();
    y = sum(x * x);
  }).join();
  const auto ask = [&] { return message_of<TapeError>([&] { orphan->gradient(y, x); }); };
  CHECK(has(ask(), "opened on another thread"));
  // A new thread's list may be allocated at the address of the ended thread's list.
  std::thread([&] {
    CHECK(has(ask(), "opened on another thread"));
    Tape own;
    CHECK(has(ask(), "opened on another thread"));
    orphan.reset();
    CHECK(own.gradient(sum(x * x), x).value() == xt::xarray<double>{2, 4});
  }).join();
}

TEST_CASE("tapes closed out of order") {
  const auto x = numbers({1, 2});
  auto outer = std::make_unique<Tape>();
  auto inner = std::make_unique<Tape>();
  const auto y = sum(x * x);
  outer.reset();
  CHECK(inner->gradient(y, x).value() == xt::xarray<double>{2, 4});
  inner.reset();
  Tape fresh;
  CHECK(fresh.gradient(sum(x * x), x).value() == xt::xarray<double>{2, 4});
}

TEST_CASE("an exception in a pullback leaves the tape as it was") {
  const auto x = numbers({1, 2});
  Tape tape;
  const auto bad = operation("bad", xt::xarray<double>{1, 2}, {x, [](const Variable<double>& g) {
                                                                 if (g.size() == 2)
                                                                   throw ValueError("on purpose");
                                                                 return g;
                                                               }});
  CHECK(message_of<ValueError>([&] { tape.gradient(sum(bad), x); }) == "on purpose");
  CHECK(tape.gradient(sum(x * x), x).value() == xt::xarray<double>{2, 4});
}

namespace {
[[gnu::noinline]] void take_logarithm(const Variable<double>& x) { log(x); }
}  // namespace

TEST_CASE("check_finite names the function if the program has no debug information") {
  Tape tape;
  tape.check_finite(true);
  const auto text = message_of<NotFiniteError>([] { take_logarithm(numbers({0})); });
  CHECK(has(text, "'log': the value, of shape {1}, is not finite"));
#if defined(XGRAD_WITH_LIBBACKTRACE)
  const std::string after = text.substr(text.find("recorded ") + 9);
  CHECK((has(after, "take_logarithm") || has(after, "tape_test.cpp:")));
#endif
}

TEST_CASE("at most 64 tapes nest") {
  std::vector<std::unique_ptr<Tape>> tapes;
  for (int i = 0; i < 64; ++i) tapes.push_back(std::make_unique<Tape>());
  const auto x = numbers({2});
  CHECK(tapes.front()->gradient(x * x, x).item() == 4);
  CHECK(tapes.back()->gradient(x * x, x).item() == 4);
  CHECK(has(message_of<TapeError>([] { Tape one_more; }), "64"));
  while (!tapes.empty()) tapes.pop_back();
}

TEST_CASE("only pullbacks on a path to the requested inputs run") {
  const auto x = numbers({1, 2});
  const auto w = numbers({3, 4});
  int by_x = 0;
  int by_w = 0;
  const auto product = [&](const Variable<double>& a, const Variable<double>& b) {
    return operation("product", xt::xarray<double>(a.value() * b.value()),
                     {{a, [&, b](const Variable<double>& g) { return ++by_x, g * b; }},
                      {b, [&, a](const Variable<double>& g) { return ++by_w, g * a; }}});
  };
  Tape tape;
  const auto y = sum(product(x, w));
  product(x, x);  // y does not depend on it
  tape.gradient(y, w);
  CHECK(by_x == 0);
  CHECK(by_w == 1);
}

#if !XGRAD_HAS_ADDRESS_SANITIZER  // which disables the pool
TEST_CASE("after warm-up, training steps allocate no memory from the system") {
  Parameter<float> w(random_normal<float>({64, 32}));
  const Variable<float> x = random_normal<float>({128, 32});
  std::size_t warm = 0;
  for (int step = 0; step < 20; ++step) {
    if (step == 5) warm = detail::system_allocations();
    Tape tape;
    tape.backward(mean(square(tanh(linear(x, w, Variable<float>())))));
    w.handle().mutable_value()(0, 0) += 0.1F;
    w.handle().clear_grad();
  }
  CHECK(detail::system_allocations() == warm);
}
#endif
