#include <autodiff/autodiff.hpp>

#include "workload.hpp"

#include <cmath>
#include <memory>

// Single operations: what recording costs, what memory-bound operations cost beside a plain loop, and what a
// gradient costs beside its value.

namespace benchmarks {
namespace {

using namespace xgrad;

/// 999 operations on one number.
Step scalar_chain() {
  Step step;
  step.operations = 999;
  step.run = [x = Variable<float>(0.5F)] {
    Tape tape;
    Variable<float> h = x;
    for (int i = 0; i < 333; ++i) h = tanh(h * 1.0001F + 0.1F);
    tape.gradient(h, x);
  };
  return step;
}

constexpr std::size_t rows = 1600;
constexpr std::size_t columns = 1000;

/// The value and the gradient of an operation on 1.6 million numbers, for a cotangent of its result's shape.
template <class F>
Step forward_and_backward(F f) {
  Step step;
  Variable<float> x = random_normal<float>({rows, columns});
  Variable<float> cotangent = random_uniform<float>(f(x).shape());
  step.run = [=] {
    Tape tape;
    tape.gradient(f(x), x, cotangent);
  };
  return step;
}

/// Calls `loop(i)` for every row, as the library's loops are shared among threads.
template <class Loop>
void for_rows(Loop&& loop) {
#pragma omp parallel for schedule(static)
  for (std::size_t i = 0; i < rows; ++i) loop(i);
}

Step sum_axis() {
  Step step = forward_and_backward([](const auto& x) { return sum(x, 1); });
  step.hand = [x = random_normal<float>({rows, columns}), y = empty<float>({rows}),
               dx = empty<float>({rows, columns})]() mutable {
    for_rows([&](std::size_t i) {
      const float* in = x.data() + i * columns;
      float total = 0;
#pragma omp simd reduction(+ : total)
      for (std::size_t j = 0; j < columns; ++j) total += in[j];
      y.data()[i] = total;
    });
    for_rows([&](std::size_t i) { std::fill_n(dx.data() + i * columns, columns, y.data()[i]); });
  };
  return step;
}

Step broadcast_bias() {
  Step step;
  Variable<float> x = random_normal<float>({rows, columns});
  Variable<float> bias = random_normal<float>({columns});
  Variable<float> cotangent = random_uniform<float>({rows, columns});
  step.run = [=] {
    Tape tape;
    const auto y = x + bias;
    tape.gradient(y, std::vector<Variable<float>>{x, bias}, cotangent);
  };
  step.hand = [=, y = empty<float>({rows, columns}), db = empty<float>({columns})]() mutable {
    const float* in = x.value().data();
    const float* b = bias.value().data();
    const float* g = cotangent.value().data();
    for_rows([&](std::size_t i) {
#pragma omp simd
      for (std::size_t j = 0; j < columns; ++j) y.data()[i * columns + j] = in[i * columns + j] + b[j];
    });
    float* out = db.data();
    std::fill_n(out, columns, 0.0F);
#pragma omp parallel for schedule(static) reduction(+ : out[:columns])
    for (std::size_t i = 0; i < rows; ++i) {
      for (std::size_t j = 0; j < columns; ++j) out[j] += g[i * columns + j];
    }
  };
  return step;
}

/// The gradient of a function beside its value.
template <class F>
Step gradient_over_value(F f, Variable<float> x) {
  Step step;
  step.run = [=] { value_and_grad(f, x); };
  step.value = [=] { f(x); };
  return step;
}

Step products() {
  const auto a = constant(random_normal<float>({256, 256}));
  return gradient_over_value(
      [a](const Variable<float>& x) { return sum(matmul(matmul(a, x), matmul(x, a))); },
      random_normal<float>({256, 256}));
}

Step mixture() {
  // log sum_k exp(-|p - m_k|^2 / 2) over 1,000 points and 8 means in the plane
  const auto points = constant(random_normal<float>({1000, 1, 2}));
  return gradient_over_value(
      [points](const Variable<float>& means) {
        return sum(logsumexp(sum(square(points - means), 2) * -0.5F, 1));
      },
      random_normal<float>({8, 2}));
}

Step ode() {
  const auto a = constant(random_normal<float>({64, 64}) * 0.1F);
  return gradient_over_value(
      [a](Variable<float> y) {
        const auto slope = [&a](const Variable<float>& state) { return matmul(a, tanh(state)); };
        constexpr float h = 0.02F;
        for (int i = 0; i < 50; ++i) {
          const auto k1 = slope(y);
          const auto k2 = slope(y + h / 2 * k1);
          const auto k3 = slope(y + h / 2 * k2);
          const auto k4 = slope(y + h * k3);
          y = y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4);
        }
        return sum(square(y));
      },
      random_normal<float>({64, 16}));
}

}  // namespace

std::vector<Workload> elementary() {
  const auto million = [] { return random_normal<float>({rows, columns}); };
  return {
      {"scalar_chain", scalar_chain},
      {"logsumexp", [] { return forward_and_backward([](const auto& x) { return logsumexp(x, 1); }); }},
      {"softmax", [] { return forward_and_backward([](const auto& x) { return softmax(x, 1); }); }},
      {"sum_axis", sum_axis},
      {"broadcast_bias", broadcast_bias},
      {"transpose", [] { return forward_and_backward([](const auto& x) { return transpose(x); }); }},
      {"dropout",
       [] { return forward_and_backward([](const auto& x) { return dropout(x, {.keep = 0.5}); }); }},
      {"grad_products", products},
      {"grad_logsumexp",
       [=] {
         return gradient_over_value([](const Variable<float>& x) { return sum(logsumexp(x, 1)); }, million());
       }},
      {"grad_mixture", mixture},
      {"grad_ode", ode},
      {"grad_elementwise",
       [=] {
         return gradient_over_value([](const Variable<float>& x) { return sum(tanh(x) * x); }, million());
       }},
  };
}

}  // namespace benchmarks
