#pragma once

#include <cstddef>
#include <vector>

// What a step of a network costs at least on this machine: the time of its convolutions and products, each
// alone by the fastest library call that there is, and of the bytes that its other passes move.

namespace benchmarks {

/// A layer with weights, and what follows it.
struct Layer {
  std::size_t size = 0;  ///< of a convolution's square images; 0 for a dense layer
  std::size_t in;
  std::size_t out;
  std::size_t kernel = 1;
  std::size_t padding = 0;
  std::size_t stride = 1;
  bool relu = true;
  bool pool = false;  ///< 2 x 2

  std::size_t results() const { return size == 0 ? 1 : (size + 2 * padding - kernel) / stride + 1; }
  std::size_t outputs() const { return results() * results() * out; }
  std::size_t weights() const { return kernel * kernel * in * out; }
  /// For one image; taps in the padding are left out.
  double multiply_adds() const;
};

/// Floating-point operations of a training step: forward, by weights, and by inputs for all layers but the
/// first.
double training_flops(std::size_t batch, const std::vector<Layer>& layers);

/// Seconds that a training step, or where `training` is false a forward pass, takes at least. 0 where the
/// benchmarks were built without oneDNN.
double measured_bound(std::size_t batch, const std::vector<Layer>& layers, bool training);

}  // namespace benchmarks
