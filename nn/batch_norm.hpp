#pragma once

#include <autodiff/config.hpp>
#include <autodiff/parameter.hpp>
#include <nn/buffer.hpp>
#include <nn/fields.hpp>
#include <nn/module.hpp>

#include <cstddef>

namespace xgrad::nn {

/// Options for BatchNorm1d and BatchNorm2d. The names are PyTorch's.
struct BatchNormOptions {
  double epsilon = 1e-5;            ///< >= 0: added to the variance
  double momentum = 0.1;            ///< in [0, 1]: the weight of a new batch in the running statistics
  bool affine = true;               ///< whether weight and bias are learned
  bool track_running_stats = true;  ///< if false, test mode also uses the statistics of the batch
};

namespace detail {

/// The common base of BatchNorm1d and BatchNorm2d.
template <class T>
class BatchNorm {
 public:
  XGRAD_API BatchNorm(const char* name, std::size_t channels, const BatchNormOptions& options);

  auto fields() {
    return nn::fields("weight", weight, "bias", bias, "running_mean", running_mean, "running_var",
                      running_var);
  }

  Parameter<T> weight;     ///< {channels}, initially ones, or empty
  Parameter<T> bias;       ///< {channels}, initially zeros, or empty
  Buffer<T> running_mean;  ///< {channels}, initially zeros, or empty
  Buffer<T> running_var;   ///< {channels}, initially ones, or empty
  BatchNormOptions options;
  bool training = true;  ///< set by nn::train and nn::eval

 protected:
  XGRAD_API Variable<T> apply(const char* name, const Variable<T>& x);

 private:
  std::size_t channels_;
};

}  // namespace detail

/// Batch normalisation (Ioffe and Szegedy, Batch normalization, 2015) of images {N, H, W, C}, for each
/// channel. In training,
///
///     y = (x - mu) / sqrt(s^2 + epsilon) * weight + bias
///
/// with the mean mu and variance s^2 of the channel over the batch and all pixels. In test mode the running
/// statistics take their place; they are updated in training, as in PyTorch:
///
///     running <- (1 - momentum) running + momentum (mu, or s^2 n / (n - 1) for n values)
template <class T = float>
class BatchNorm2d : public detail::BatchNorm<T> {
 public:
  /// The kind of layer, which determines the order of the axes of `weight` in files.
  static constexpr LayerKind layer_kind = LayerKind::batch_norm2d;

  /// Throws ValueError if `channels` is 0 or an option is out of range.
  explicit BatchNorm2d(std::size_t channels, BatchNormOptions options = {})
      : detail::BatchNorm<T>("BatchNorm2d", channels, options) {}

  /// Throws ShapeError if the images are not {N, H, W, channels}, ValueError if in training a channel has a
  /// single value, whose variance would be 0.
  XGRAD_API Variable<T> operator()(const Variable<T>& images);
};

/// Batch normalisation of rows {N, C} or sequences {N, L, C}; see BatchNorm2d.
template <class T = float>
class BatchNorm1d : public detail::BatchNorm<T> {
 public:
  /// The kind of layer, which determines the order of the axes of `weight` in files.
  static constexpr LayerKind layer_kind = LayerKind::batch_norm1d;

  /// Throws ValueError if `channels` is 0 or an option is out of range.
  explicit BatchNorm1d(std::size_t channels, BatchNormOptions options = {})
      : detail::BatchNorm<T>("BatchNorm1d", channels, options) {}

  /// Throws ShapeError if x is neither {N, channels} nor {N, L, channels}, ValueError if in training a
  /// channel has a single value, whose variance would be 0.
  XGRAD_API Variable<T> operator()(const Variable<T>& x);
};

}  // namespace xgrad::nn
