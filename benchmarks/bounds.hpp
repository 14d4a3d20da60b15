#pragma once

#include <cstddef>
#include <vector>

// A lower bound on the time of a network's step on this machine: the time of its convolutions and products,
// each measured alone with the fastest library call available, plus the time to move the bytes of its other
// passes.

namespace benchmarks {

/// A layer with weights and the operations after it.
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
  /// For one image; taps in the padding are not counted.
  double multiply_adds() const;
};

/// Floating-point operations of a training step: the forward pass, the gradients with respect to the weights,
/// and those with respect to the inputs of all layers but the first.
double training_flops(std::size_t batch, const std::vector<Layer>& layers);

/// A lower bound in seconds for a training step, or for a forward pass if `training` is false. 0 if the
/// benchmarks were built without oneDNN.
double measured_bound(std::size_t batch, const std::vector<Layer>& layers, bool training);

}  // namespace benchmarks
