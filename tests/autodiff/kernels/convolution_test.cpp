// Each way to compute a convolution, forced in turn, against the definition. The kernels are compiled into
// this program: the library does not export them.
#include <autodiff/kernels/convolution.cpp>
#include <autodiff/kernels/few_channels.cpp>
#include <autodiff/kernels/fork.cpp>
#include <autodiff/kernels/gemm.cpp>
#ifdef XGRAD_WITH_ONEDNN
#include <autodiff/kernels/onednn.cpp>
#endif
#include <autodiff/kernels/parallel.cpp>
#include <autodiff/kernels/window.cpp>

#include <doctest/doctest.h>

#include <map>
#include <random>
#include <string>
#include <vector>

using xgrad::kernels::ConvolutionBackend;
using Window = xgrad::detail::Window;
using Numbers = std::vector<float>;

namespace {

Numbers numbers(std::size_t count, unsigned seed) {
  std::mt19937 generator(seed);
  std::uniform_real_distribution<float> uniform(-1, 1);
  Numbers result(count);
  for (float& number : result) number = uniform(generator);
  return result;
}

/// Calls body(image entry, weight entry, result entry) for each product of a convolution.
template <class Body>
void for_products(const Window& w, std::size_t outputs, const Body& body) {
  for (std::size_t place = 0; place < w.place_count(); ++place) {
    const std::size_t column = place % w.columns.output, row = place / w.columns.output % w.rows.output;
    const std::size_t image = place / w.columns.output / w.rows.output;
    for (std::size_t tap = 0; tap < w.tap_count(); ++tap) {
      const std::size_t y = w.rows.entry(row, tap / w.columns.window);  // wraps around in front of the image
      const std::size_t x = w.columns.entry(column, tap % w.columns.window);
      if (y >= w.rows.input || x >= w.columns.input) continue;
      for (std::size_t c = 0; c < w.channels; ++c) {
        for (std::size_t o = 0; o < outputs; ++o) {
          body(((image * w.rows.input + y) * w.columns.input + x) * w.channels + c,
               (o * w.tap_count() + tap) * w.channels + c, place * outputs + o);
        }
      }
    }
  }
}

bool agree(const Numbers& got, const std::vector<double>& expected, std::size_t terms) {
  for (std::size_t i = 0; i < got.size(); ++i) {
    if (!(std::abs(got[i] - expected[i]) <= 1e-6 * static_cast<double>(terms + 1))) return false;
  }
  return true;
}

xgrad::detail::WindowAxis axis(std::size_t input, std::size_t window, std::size_t stride,
                               std::size_t dilation, std::size_t before) {
  const std::size_t reach = dilation * (window - 1) + 1;
  return {input, window, stride, dilation, before, (input + 2 * before - reach) / stride + 1};
}

/// Convolutions of images {n, 9, 24, channels} with several windows.
std::vector<Window> windows(std::size_t channels) {
  std::vector<Window> result;
  for (const std::size_t n : {1, 3}) {
    result.push_back({n, channels, axis(9, 3, 1, 1, 1), axis(24, 3, 1, 1, 1)});
    result.push_back({n, channels, axis(9, 5, 1, 1, 2), axis(24, 5, 1, 1, 0)});
    result.push_back({n, channels, axis(9, 3, 2, 1, 1), axis(24, 3, 2, 1, 1)});
    result.push_back({n, channels, axis(9, 3, 1, 2, 2), axis(24, 2, 1, 3, 0)});
    result.push_back({n, channels, axis(9, 1, 1, 1, 0), axis(24, 1, 1, 1, 0)});
    result.push_back({n, channels, axis(9, 9, 1, 1, 0), axis(24, 24, 1, 1, 0)});
  }
  return result;
}

}  // namespace

TEST_CASE("each backend of the convolution computes what the definition gives, or declines") {
  std::map<std::string, int> computed;
  for (const std::size_t channels : {1, 3, 16, 33}) {
    for (const std::size_t outputs : {1, 4, 16, 40}) {
      for (const Window& w : windows(channels)) {
        CAPTURE(channels);
        CAPTURE(outputs);
        CAPTURE(w.rows.window);
        CAPTURE(w.rows.stride);
        CAPTURE(w.rows.dilation);
        const Numbers images = numbers(w.images * 9 * 24 * channels, 1);
        const Numbers weight = numbers(outputs * w.tap_count() * channels, 2);
        const Numbers bias = numbers(outputs, 3);
        const Numbers g = numbers(w.place_count() * outputs, 4);
        std::vector<double> result(g.size()), images_gradient(images.size()), weight_gradient(weight.size());
        for (std::size_t i = 0; i < result.size(); ++i) result[i] = static_cast<double>(bias[i % outputs]);
        for_products(w, outputs, [&](std::size_t i, std::size_t k, std::size_t r) {
          result[r] += static_cast<double>(images[i]) * static_cast<double>(weight[k]);
          images_gradient[i] += static_cast<double>(g[r]) * static_cast<double>(weight[k]);
          weight_gradient[k] += static_cast<double>(g[r]) * static_cast<double>(images[i]);
        });
        for (const ConvolutionBackend& each : xgrad::kernels::convolution_backends()) {
          CAPTURE(each.name);
          Numbers got(result.size());
          if (each.conv2d(w, outputs, images.data(), weight.data(), bias.data(), got.data())) {
            CHECK(agree(got, result, w.tap_count() * channels));
            ++computed[std::string(each.name) + " forward"];
          }
          got.assign(images.size(), 0);
          if (each.conv2d_input_gradient(w, outputs, g.data(), weight.data(), got.data())) {
            CHECK(agree(got, images_gradient, w.tap_count() * outputs));
            ++computed[std::string(each.name) + " images"];
          }
          got.assign(weight.size(), 0);
          if (each.conv2d_weight_gradient(w, outputs, images.data(), g.data(), got.data())) {
            CHECK(agree(got, weight_gradient, w.place_count()));
            ++computed[std::string(each.name) + " weight"];
          }
        }
      }
    }
  }
  for (const ConvolutionBackend& each : xgrad::kernels::convolution_backends()) {
    const std::string name = each.name;
#ifndef XGRAD_WITH_ONEDNN
    if (name == "oneDNN") continue;
#endif
    for (const char* way : {" forward", " images", " weight"}) {
      CAPTURE(name + way);
      CHECK(computed[name + way] > (name == "im2col" ? 190 : 5));
    }
  }
}
