#include "bounds.hpp"

#ifdef XGRAD_WITH_ONEDNN
#include <autodiff/kernels/blas.hpp>
#include <autodiff/kernels/dnnl.hpp>
#endif

#include "workload.hpp"

#include <algorithm>

#ifdef XGRAD_WITH_ONEDNN
#include <omp.h>
#endif

namespace benchmarks {

double Layer::multiply_adds() const {
  double inside = 0;  // taps along one axis, over all results
  for (std::size_t i = 0; i < results(); ++i) {
    for (std::size_t u = 0; u < kernel; ++u) {
      const std::size_t at = i * stride + u;
      inside += size == 0 || (at >= padding && at < size + padding);
    }
  }
  return inside * inside * static_cast<double>(in * out);
}

double training_flops(std::size_t batch, const std::vector<Layer>& layers) {
  double sum = 0;
  for (const Layer& layer : layers) sum += 3 * layer.multiply_adds();
  return 2 * static_cast<double>(batch) * (sum - layers.front().multiply_adds());
}

#ifdef XGRAD_WITH_ONEDNN

namespace {

using dnnl::memory;
using xgrad::kernels::onednn::describe;
using xgrad::kernels::onednn::describe_gradient;

constexpr double slice = 0.05;  // seconds for each kernel

dnnl::engine& engine() {
  static dnnl::engine instance(dnnl::engine::kind::cpu, 0);
  return instance;
}

memory::dim extent(std::size_t e) { return static_cast<memory::dim>(e); }

/// The time of the function that `make` returns, with all threads or with one, whichever is less. `make` is
/// called for each, because a primitive is created for a number of threads.
template <class Make>
double fastest(Make&& make) {
  const int threads = omp_get_max_threads();
  double best = median_time(make(), slice);
  omp_set_num_threads(1);
  best = std::min(best, median_time(make(), slice));
  omp_set_num_threads(threads);
  return best;
}

/// A call of a primitive with its own memory.
std::function<void()> call(const dnnl::primitive& primitive,
                           const std::unordered_map<int, memory>& arguments) {
  return [=, stream = dnnl::stream(engine())] { primitive.execute(stream, arguments); };
}

memory filled(const memory::desc& desc) {
  memory made(desc, engine());
  auto* entries = static_cast<float*>(made.get_data_handle());
  std::fill_n(entries, desc.get_size() / sizeof(float), 0.01F);
  return made;
}

double convolution_seconds(std::size_t batch, const Layer& layer, bool training, bool by_input) {
  using tag = memory::format_tag;
  constexpr auto f32 = memory::data_type::f32;
  constexpr auto direct = dnnl::algorithm::convolution_direct;
  const memory::dim n = extent(layer.results());
  const memory::desc images({extent(batch), extent(layer.in), extent(layer.size), extent(layer.size)}, f32,
                            tag::nhwc);
  const memory::desc weight({extent(layer.out), extent(layer.in), extent(layer.kernel), extent(layer.kernel)},
                            f32, tag::any);
  const memory::desc bias({extent(layer.out)}, f32, tag::a);
  const memory::desc result({extent(batch), extent(layer.out), n, n}, f32, tag::nhwc);
  const memory::dims strides(2, extent(layer.stride));
  const memory::dims before(2, extent(layer.padding));
  // How far the last window extends past the images: less than the padding if the stride skips entries.
  const memory::dim reach = (n - 1) * extent(layer.stride) + extent(layer.kernel);
  const memory::dims behind(2, std::max<memory::dim>(reach - extent(layer.size + layer.padding), 0));
  const auto forward = [&] {
    return describe<dnnl::convolution_forward>(engine(), {}, dnnl::prop_kind::forward_training, direct,
                                               images, weight, bias, result, strides, before, behind);
  };
  double sum = fastest([&] {
    const auto desc = forward();
    return call(dnnl::convolution_forward(desc), {{DNNL_ARG_SRC, filled(images)},
                                                  {DNNL_ARG_WEIGHTS, filled(desc.weights_desc())},
                                                  {DNNL_ARG_BIAS, filled(bias)},
                                                  {DNNL_ARG_DST, filled(result)}});
  });
  if (training) {
    sum += fastest([&] {
      const auto desc = describe_gradient<dnnl::convolution_backward_weights>(
          engine(), {}, forward(), direct, images, weight, result, strides, before, behind);
      return call(dnnl::convolution_backward_weights(desc),
                  {{DNNL_ARG_SRC, filled(images)},
                   {DNNL_ARG_DIFF_WEIGHTS, filled(desc.diff_weights_desc())},
                   {DNNL_ARG_DIFF_DST, filled(result)}});
    });
  }
  if (training && by_input) {
    sum += fastest([&] {
      const auto desc = describe_gradient<dnnl::convolution_backward_data>(
          engine(), {}, forward(), direct, images, weight, result, strides, before, behind);
      return call(dnnl::convolution_backward_data(desc), {{DNNL_ARG_DIFF_SRC, filled(images)},
                                                          {DNNL_ARG_WEIGHTS, filled(desc.weights_desc())},
                                                          {DNNL_ARG_DIFF_DST, filled(result)}});
    });
  }
  return sum;
}

/// The time of C {m, n} = A B over k, A or B transposed: the fastest of OpenBLAS and oneDNN's sgemm and
/// matmul.
double product_seconds(bool transpose_a, bool transpose_b, std::size_t m, std::size_t n, std::size_t k) {
  std::vector<float> a(m * k, 0.01F);
  std::vector<float> b(k * n, 0.01F);
  std::vector<float> c(m * n);
  const std::size_t lda = transpose_a ? m : k;
  const std::size_t ldb = transpose_b ? k : n;
  const auto as_int = [](std::size_t e) { return static_cast<int>(e); };
  double best = fastest([&] {
    return [&] {
      cxxblas::gemm(cxxblas::RowMajor, transpose_a ? cxxblas::Trans : cxxblas::NoTrans,
                    transpose_b ? cxxblas::Trans : cxxblas::NoTrans, as_int(m), as_int(n), as_int(k), 1.0F,
                    a.data(), as_int(lda), b.data(), as_int(ldb), 0.0F, c.data(), as_int(n));
    };
  });
  best = std::min(best, fastest([&] {
                    return [&] {
                      dnnl_sgemm(transpose_a ? 'T' : 'N', transpose_b ? 'T' : 'N', extent(m), extent(n),
                                 extent(k), 1, a.data(), extent(lda), b.data(), extent(ldb), 0, c.data(),
                                 extent(n));
                    };
                  }));
  const auto matrix = [](std::size_t rows, std::size_t columns, bool transposed) {
    return memory::desc({extent(rows), extent(columns)}, memory::data_type::f32,
                        transposed ? memory::dims{1, extent(rows)} : memory::dims{extent(columns), 1});
  };
  return std::min(best, fastest([&] {
                    const memory::desc da = matrix(m, k, transpose_a), db = matrix(k, n, transpose_b),
                                       dc = matrix(m, n, false);
                    const auto desc = describe<dnnl::matmul>(engine(), {}, da, db, dc);
                    return call(dnnl::matmul(desc), {{DNNL_ARG_SRC, memory(da, engine(), a.data())},
                                                     {DNNL_ARG_WEIGHTS, memory(db, engine(), b.data())},
                                                     {DNNL_ARG_DST, memory(dc, engine(), c.data())}});
                  }));
}

/// Bytes per second that all threads read and write, in repeated passes over `bytes` bytes.
double bandwidth(std::size_t bytes) {
  std::vector<float> data(std::max<std::size_t>(bytes / sizeof(float), 1024), 1.0F);
  float* entries = data.data();
  const auto count = static_cast<std::ptrdiff_t>(data.size());
  const double seconds = fastest([=] {
    return [=] {
#pragma omp parallel for simd schedule(static)
      for (std::ptrdiff_t i = 0; i < count; ++i) entries[i] = entries[i] * 0.5F + 1.0F;
    };
  });
  return 2.0 * static_cast<double>(data.size() * sizeof(float)) / seconds;
}

}  // namespace

double measured_bound(std::size_t batch, const std::vector<Layer>& layers, bool training) {
  double kernels = 0;
  double bytes = 0;   // moved by the passes between the kernels
  double memory = 0;  // size of that memory
  const auto images = static_cast<double>(batch);
  for (const Layer& layer : layers) {
    const bool by_input = &layer != &layers.front();
    if (layer.size > 0) {
      kernels += convolution_seconds(batch, layer, training, by_input);
    } else if (batch > 1) {
      kernels += product_seconds(false, true, batch, layer.out, layer.in);
      if (training) kernels += product_seconds(true, false, layer.out, layer.in, batch);
      if (training && by_input) kernels += product_seconds(false, false, batch, layer.in, layer.out);
    } else {  // matrix-vector products: the forward pass and the input's gradient read the weights, and their
              // gradient is written
      bytes += 4.0 * static_cast<double>(layer.weights()) * (training ? (by_input ? 3 : 2) : 1);
    }
    const auto outputs = images * static_cast<double>(layer.outputs());
    // ReLU reads, writes and keeps a byte; its gradient does the same. Pooling 2 x 2 reads all entries and
    // writes a quarter of them with their taps; its gradient does the reverse.
    if (layer.relu) bytes += outputs * (training ? 18 : 8);
    if (layer.pool) bytes += outputs * (training ? 12 : 5);
    // Momentum: reads gradient, velocity and weight, and writes the latter two.
    if (training) bytes += 20.0 * static_cast<double>(layer.weights() + layer.out);
    memory += outputs * 4 + 12.0 * static_cast<double>(layer.weights());
  }
  return kernels + bytes / bandwidth(static_cast<std::size_t>(memory));
}

#else

double measured_bound(std::size_t, const std::vector<Layer>&, bool) { return 0; }

#endif

}  // namespace benchmarks
