#pragma once

#include <autodiff/array.hpp>
#include <autodiff/config.hpp>
#include <autodiff/kernels/window.hpp>
#include <autodiff/random.hpp>

#include <concepts>
#include <cstddef>
#include <functional>
#include <initializer_list>
#include <type_traits>
#include <utility>
#include <vector>

/// \file
/// Image augmentation: transforms of batches of images {N, H, W, C} in float or double.

namespace xgrad::nn {

/// A transform of a batch of images, in place or to another shape, for `.transform` of a DataLoader: one of
/// the functions below, a list of Transforms, which are applied in order, or any callable that takes an array
/// of images and a generator:
///
///     nn::Transform noise = [](auto& images, Generator& generator) {
///       images += random_normal<float>(images.shape(), 0.0F, 0.1F, generator);
///     };
class Transform {
 public:
  /// Leaves images unchanged.
  Transform() = default;

  template <class F>
    requires(!std::same_as<std::remove_cvref_t<F>, Transform> &&
             (std::is_invocable_v<F&, Array<float>&, Generator&> ||
              std::is_invocable_v<F&, Array<double>&, Generator&>))
  Transform(F function) {  // NOLINT
    if constexpr (std::is_invocable_v<F&, Array<float>&, Generator&>) single_ = function;
    if constexpr (std::is_invocable_v<F&, Array<double>&, Generator&>) real_ = function;
  }

  Transform(std::initializer_list<Transform> in_order) : parts_(in_order) {}

  /// Whether it may change anything.
  explicit operator bool() const { return single_ || real_ || !parts_.empty(); }

  /// Transforms the images. Throws ValueError if it was made from a function that does not take this
  /// precision.
  XGRAD_API void operator()(Array<float>& images, Generator& generator) const;
  XGRAD_API void operator()(Array<double>& images, Generator& generator) const;

 private:
  std::function<void(Array<float>&, Generator&)> single_;
  std::function<void(Array<double>&, Generator&)> real_;
  std::vector<Transform> parts_;
};

/// (x - mean) / deviation, with one value for all channels or one for each. Throws ValueError if a deviation
/// is not greater than 0 or the numbers of means and deviations differ; when applied, ShapeError if the
/// images have another number of channels.
XGRAD_API Transform normalize(std::vector<double> mean, std::vector<double> deviation);

/// Moves each image by up to `pixels` rows and columns, with uniformly distributed distances; pixels from
/// outside the image are `fill`.
XGRAD_API Transform random_shift(std::size_t pixels, double fill = 0);

/// Pads each image with `padding` entries of `fill`, then crops a window of `size` (rows and columns) at a
/// random position: torchvision's RandomCrop. When applied, throws ShapeError if the padded images are
/// smaller.
XGRAD_API Transform random_crop(Size2d size, Size2d padding = 0, double fill = 0);

/// Mirrors each image, left to right, with this probability: torchvision's RandomHorizontalFlip. Throws
/// ValueError if the probability is outside [0, 1].
XGRAD_API Transform random_flip(double probability = 0.5);

/// Sets a square of `size` rows and columns, centred at a random pixel, to `fill` in each image (cutout:
/// DeVries and Taylor, 2017); parts of it may lie outside the image.
XGRAD_API Transform random_erasing(std::size_t size, double fill = 0);

}  // namespace xgrad::nn
