#include <autodiff/autodiff.hpp>
#include <nn/nn.hpp>

#include <doctest/doctest.h>

#include <thread>

using namespace xgrad;

namespace {

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

}  // namespace

TEST_CASE("the graph has operations, inputs and an arrow for each use") {
  const Variable<double> x = xt::xarray<double>{1, 2, 3};
  Tape tape;
  sum(x * sin(x));
  CHECK(tape.dot() == R"(digraph tape {
  ordering=in;
  n0 [shape=box label="input\n{3}"];
  n1 [label="sin\n{3}"];
  n2 [label="multiply\n{3}"];
  n3 [label="sum\n{}"];
  n0 -> n1;
  n0 -> n2;
  n1 -> n2;
  n2 -> n3;
}
)");
}

TEST_CASE("parameters are distinguished from inputs, by name if names are given") {
  nn::Linear<double> layer(3, 2);
  Tape tape;
  layer(Variable<double>(xt::xarray<double>{{1, 2, 3}}));
  const auto text = tape.dot();
  CHECK(count(text, "style=filled") == 2);
  CHECK(has(text, R"([shape=box style=filled fillcolor=lightgray label="parameter\n{2, 3}"])"));
  CHECK(has(text, R"([shape=box label="input\n{1, 3}"])"));
  const auto named = tape.dot(nn::parameters(layer));
  CHECK(has(named, R"(label="weight\n{2, 3}")"));
  CHECK(has(named, R"(label="bias\n{2}")"));
}

TEST_CASE("constants are omitted, a value used twice has two arrows, names are escaped") {
  const Variable<double> x = 3.0;
  Tape tape;
  const auto y = x * x * 2.0;
  operation("say \"twice\" \\", y.value(), {y, [](const Variable<double>& g) { return g; }});
  const auto text = tape.dot();
  CHECK(count(text, "n0 -> n1") == 2);
  CHECK(count(text, "->") == 4);
  CHECK(has(text, R"(label="say \"twice\" \\\n{}")"));
}

TEST_CASE("values computed before the tape was opened are inputs; an empty tape has an empty graph") {
  const Variable<double> x = xt::xarray<double>{1, 2};
  Tape outer;
  const auto a = exp(x);
  Tape inner;
  CHECK(inner.dot() == "digraph tape {\n  ordering=in;\n}\n");
  a* x;
  CHECK(count(inner.dot(), "input") == 2);
  CHECK(count(inner.dot(), "exp") == 0);
  CHECK(count(outer.dot(), "exp") == 1);
  CHECK(count(outer.dot(), "->") == 3);
}

TEST_CASE("gradients recorded by an outer tape are only in its graph") {
  const Variable<double> x = 2.0;
  Tape outer;
  Tape inner;
  const auto y = x * x * x;
  const auto before = inner.dot();
  inner.gradient(y, x);
  CHECK(inner.dot() == before);
  CHECK(count(outer.dot(), "->") > count(before, "->"));
}

TEST_CASE("a graph of a hundred thousand operations") {
  Variable<double> x = 1.0;
  Tape tape;
  for (int i = 0; i < 100'000; ++i) x = x + 1.0;
  CHECK(count(tape.dot(), " -> ") == 100'000);
}

TEST_CASE("dot throws after backward and on another thread") {
  Parameter<double> w(xt::xarray<double>{1, 2});
  Tape tape;
  const auto loss = sum(w * w);
  std::thread([&] { CHECK_THROWS_AS(tape.dot(), TapeError); }).join();
  tape.backward(loss);
  CHECK_THROWS_WITH_AS(
      tape.dot(), "dot: backward was already called on this tape and released its record; call dot first",
      TapeError);
}
