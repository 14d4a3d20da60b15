#include <autodiff/autodiff.hpp>
#include <autodiff/kernels/batch.hpp>

#include "workload.hpp"

#include <array>
#include <cmath>

// Single operations: the cost of recording, of memory-bound operations compared with a plain loop, and of a
// gradient compared with its value.

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

/// Calls `loop(i)` for every row, divided among threads like the library's loops.
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

using Batch = xgrad::kernels::Batch<float>;

constexpr std::size_t whole = columns / Batch::size * Batch::size;
constexpr std::size_t rest = columns - whole;

/// The last entries of a row, padded with zeros.
Batch tail(const float* in) {
  std::array<float, Batch::size> entries{};
  std::copy_n(in + whole, rest, entries.begin());
  return Batch::load_unaligned(entries.data());
}

/// out = body(batch...) along a row.
template <class Body, class... In>
void map_row(float* out, Body&& body, const In*... in) {
  for (std::size_t j = 0; j < whole; j += Batch::size) {
    body(Batch::load_unaligned(in + j)...).store_unaligned(out + j);
  }
  std::array<float, Batch::size> last;
  body(tail(in)...).store_unaligned(last.data());
  std::copy_n(last.begin(), rest, out + whole);
}

/// The sum of body(batch...) along a row; four sums, so that additions overlap.
template <class Body, class... In>
float row_sum(Body&& body, const In*... in) {
  std::array<Batch, 4> sums;
  sums.fill(Batch(0.0F));
  for (std::size_t j = 0; j < whole; j += Batch::size) {
    sums[j / Batch::size % 4] += body(Batch::load_unaligned(in + j)...);
  }
  std::array<float, Batch::size> last;
  body(tail(in)...).store_unaligned(last.data());
  float sum = xgrad::kernels::reduce_add((sums[0] + sums[1]) + (sums[2] + sums[3]));
  for (std::size_t j = 0; j < rest; ++j) sum += last[j];
  return sum;
}

/// The largest of a row; clang does not vectorise the maximum of one variable, which may be NaN.
float row_max(const float* in) {
  static_assert(rest <= Batch::size && Batch::size <= columns);
  std::array<Batch, 4> maxima;
  maxima.fill(Batch::load_unaligned(in + columns - Batch::size));
  for (std::size_t j = 0; j < whole; j += Batch::size) {
    Batch& largest = maxima[j / Batch::size % 4];
    largest = xsimd::max(largest, Batch::load_unaligned(in + j));
  }
  std::array<float, Batch::size> last;
  xsimd::max(xsimd::max(maxima[0], maxima[1]), xsimd::max(maxima[2], maxima[3])).store_unaligned(last.data());
  return *std::ranges::max_element(last);
}

Step logsumexp_rows() {
  Step step = forward_and_backward([](const auto& x) { return logsumexp(x, 1); });
  step.hand = [x = random_normal<float>({rows, columns}), g = random_uniform<float>({rows}),
               y = empty<float>({rows}), dx = empty<float>({rows, columns})]() mutable {
    for_rows([&](std::size_t i) {
      const float* in = x.data() + i * columns;
      const float largest = row_max(in);
      y.data()[i] = largest + std::log(row_sum([&](Batch v) { return xsimd::exp(v - largest); }, in));
    });
    for_rows([&](std::size_t i) {
      const float total = y.data()[i];
      const float share = g.data()[i];
      map_row(
          dx.data() + i * columns, [&](Batch v) { return share * xsimd::exp(v - total); },
          x.data() + i * columns);
    });
  };
  return step;
}

Step softmax_rows() {
  Step step = forward_and_backward([](const auto& x) { return softmax(x, 1); });
  step.hand = [x = random_normal<float>({rows, columns}), g = random_uniform<float>({rows, columns}),
               y = empty<float>({rows, columns}), dx = empty<float>({rows, columns})]() mutable {
    for_rows([&](std::size_t i) {
      const float* in = x.data() + i * columns;
      float* out = y.data() + i * columns;
      const float largest = row_max(in);
      map_row(out, [&](Batch v) { return xsimd::exp(v - largest); }, in);
      const float scale = 1 / row_sum([](Batch v) { return v; }, out);
      map_row(out, [&](Batch v) { return v * scale; }, out);
    });
    for_rows([&](std::size_t i) {
      const float* out = y.data() + i * columns;
      const float* share = g.data() + i * columns;
      const float mean = row_sum([](Batch p, Batch q) { return p * q; }, out, share);
      map_row(dx.data() + i * columns, [&](Batch p, Batch q) { return p * (q - mean); }, out, share);
    });
  };
  return step;
}

/// out {n, m} = in {m, n} transposed, in blocks that stay in cache.
void transpose_by_hand(const float* in, std::size_t m, std::size_t n, float* out) {
  constexpr std::size_t block = 32;
#pragma omp parallel for schedule(static) collapse(2)
  for (std::size_t j0 = 0; j0 < n; j0 += block) {
    for (std::size_t i0 = 0; i0 < m; i0 += block) {
      for (std::size_t j = j0; j < std::min(j0 + block, n); ++j) {
        for (std::size_t i = i0; i < std::min(i0 + block, m); ++i) out[j * m + i] = in[i * n + j];
      }
    }
  }
}

Step transpose_matrix() {
  Step step = forward_and_backward([](const auto& x) { return transpose(x); });
  step.hand = [x = random_normal<float>({rows, columns}), y = empty<float>({columns, rows}),
               dx = empty<float>({rows, columns})]() mutable {
    transpose_by_hand(x.data(), rows, columns, y.data());
    transpose_by_hand(y.data(), columns, rows, dx.data());
  };
  return step;
}

Step dropout_half() {
  Step step = forward_and_backward([](const auto& x) { return dropout(x, {.keep = 0.5}); });
  step.hand = [x = random_normal<float>({rows, columns}), g = random_uniform<float>({rows, columns}),
               mask = empty<std::uint8_t>({rows, columns}), y = empty<float>({rows, columns}),
               dx = empty<float>({rows, columns})]() mutable {
    for_rows([&](std::size_t i) {
      std::uint8_t* kept = mask.data() + i * columns;
      const float* in = x.data() + i * columns;
      float* out = y.data() + i * columns;
#pragma omp simd
      for (std::size_t j = 0; j < columns; ++j) {
        std::uint64_t bits = (i * columns + j) * 0x9e3779b97f4a7c15U;  // SplitMix64
        bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9U;
        bits = (bits ^ (bits >> 27)) * 0x94d049bb133111ebU;
        kept[j] = static_cast<std::uint8_t>(bits >> 63);
      }
#pragma omp simd
      for (std::size_t j = 0; j < columns; ++j) out[j] = kept[j] != 0 ? 2 * in[j] : 0;
    });
    for_rows([&](std::size_t i) {
      const std::uint8_t* kept = mask.data() + i * columns;
      const float* in = g.data() + i * columns;
      float* out = dx.data() + i * columns;
#pragma omp simd
      for (std::size_t j = 0; j < columns; ++j) out[j] = kept[j] != 0 ? 2 * in[j] : 0;
    });
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
#pragma omp parallel for schedule(static) reduction(+ : out[ : columns])
    for (std::size_t i = 0; i < rows; ++i) {
      for (std::size_t j = 0; j < columns; ++j) out[j] += g[i * columns + j];
    }
  };
  return step;
}

/// a e^(-b^2) in one pass, and its gradients in another.
Step fused_elementwise() {
  const Variable<float> a = random_normal<float>({rows, columns});
  const Variable<float> b = random_normal<float>({rows, columns});
  const Variable<float> cotangent = random_uniform<float>({rows, columns});
  const auto bell = [](const auto& p, const auto& q) { return p * exp(-q * q); };
  const auto forward_and_backward = [=](const auto& f) {
    Tape tape;
    const auto y = f(a, b);
    tape.gradient(y, std::vector<Variable<float>>{a, b}, cotangent);
  };
  Step step;
  step.run = [=] {
    forward_and_backward([&](const auto& p, const auto& q) { return elementwise(bell, p, q); });
  };
  step.apart = [=] { forward_and_backward(bell); };
  step.hand = [=, y = empty<float>({rows, columns}), da = empty<float>({rows, columns}),
               db = empty<float>({rows, columns})]() mutable {
    const float* p = a.value().data();
    const float* q = b.value().data();
    const float* g = cotangent.value().data();
    static_assert(rows * columns % Batch::size == 0);
#pragma omp parallel for schedule(static)
    for (std::size_t i = 0; i < rows * columns; i += Batch::size) {
      const Batch v = Batch::load_unaligned(q + i);
      (Batch::load_unaligned(p + i) * xsimd::exp(-v * v)).store_unaligned(y.data() + i);
    }
#pragma omp parallel for schedule(static)
    for (std::size_t i = 0; i < rows * columns; i += Batch::size) {
      const Batch v = Batch::load_unaligned(q + i);
      const Batch share = Batch::load_unaligned(g + i) * xsimd::exp(-v * v);
      share.store_unaligned(da.data() + i);
      (-2.0F * v * share * Batch::load_unaligned(p + i)).store_unaligned(db.data() + i);
    }
  };
  return step;
}

/// The gradient of a function compared with its value.
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
      {"logsumexp", logsumexp_rows},
      {"softmax", softmax_rows},
      {"sum_axis", sum_axis},
      {"broadcast_bias", broadcast_bias},
      {"transpose", transpose_matrix},
      {"dropout", dropout_half},
      {"fused_elementwise", fused_elementwise},
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
