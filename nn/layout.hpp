#pragma once

#include <nn/saving.hpp>

#include <cstddef>
#include <vector>

/// \file
/// How a model's weights are ordered in a file of another layout. Not installed.

namespace xgrad::nn::detail {

/// What is done to one parameter on its way to a file, and undone on its way back.
class Reordering {
 public:
  enum class Kind { none, channels_before_taps, transposed_convolution, flattened_columns };

  Reordering() = default;
  Reordering(Kind kind, std::size_t count) : kind_(kind), count_(count) {}

  Shape shape_in_file(const Shape& shape) const;
  template <class T>
  Array<T> to_file(const Array<T>& value) const;
  template <class T>
  Array<T> from_file(const Array<T>& value, const Shape& shape) const;

 private:
  template <class T, class Copy>
  void for_each_entry(const Shape& shape, const Copy& copy) const;

  Kind kind_ = Kind::none;
  std::size_t count_ = 1;  // groups of a transposed convolution; channels of flattened images
};

/// One for each parameter. Throws ValueError where `options.flattened` names no Linear layer, or channels
/// that do not divide its inputs.
template <class T>
std::vector<Reordering> reorderings_of(const std::vector<NamedParameter<T>>& parameters,
                                       const SavingOptions& options);

}  // namespace xgrad::nn::detail
