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
/// Changes to images on their way into training. They take batches {N, H, W, C} in float or double.

namespace xgrad::nn {

/// A change of a batch of images, in place or into another shape: what `.transform` of a DataLoader takes.
/// One of the functions below, a list of Transforms, which come one after the other, or anything callable
/// with an array of images and a generator:
///
///     nn::Transform noise = [](auto& images, Generator& generator) {
///       images += random_normal<float>(images.shape(), 0.0F, 0.1F, generator);
///     };
class Transform {
 public:
  /// Leaves images as they are.
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

  /// Changes the images. Throws ValueError where it was made from a function that does not take this
  /// precision.
  XGRAD_API void operator()(Array<float>& images, Generator& generator) const;
  XGRAD_API void operator()(Array<double>& images, Generator& generator) const;

 private:
  std::function<void(Array<float>&, Generator&)> single_;
  std::function<void(Array<double>&, Generator&)> real_;
  std::vector<Transform> parts_;
};

/// (x - mean) / deviation, with one number for all channels or one for each. Throws ValueError where a
/// deviation is not greater than 0, or there are not equally many of both; when applied, ShapeError where the
/// images do not have so many channels.
XGRAD_API Transform normalize(std::vector<double> mean, std::vector<double> deviation);

/// Moves each image by up to `pixels` rows and columns, each distance as likely as the others; what comes in
/// from outside is `fill`.
XGRAD_API Transform random_shift(std::size_t pixels, double fill = 0);

/// Cuts a window of `size` (rows and columns) out of each image at a random place, after `padding` entries of
/// `fill` were put around it: torchvision's RandomCrop. When applied, throws ShapeError where the padded
/// images are smaller.
XGRAD_API Transform random_crop(Size2d size, Size2d padding = 0, double fill = 0);

/// Mirrors each image, left to right, with this probability: torchvision's RandomHorizontalFlip. Throws
/// ValueError for a number outside [0, 1].
XGRAD_API Transform random_flip(double probability = 0.5);

/// Sets a square of `size` rows and columns, with its centre at a random place, to `fill` in each image
/// (cutout: DeVries and Taylor, 2017); parts may lie outside.
XGRAD_API Transform random_erasing(std::size_t size, double fill = 0);

}  // namespace xgrad::nn
