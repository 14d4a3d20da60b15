#pragma once

#include <autodiff/array.hpp>

#include <utility>

namespace xgrad::nn {

/// An array that a layer owns and saves but does not learn, such as the running mean of batch normalisation
/// (PyTorch's registered buffers). As a field of a model it is found by `nn::buffers`, `nn::save` and
/// `nn::load`; optimisers do not see it. It is copied and assigned with the model.
template <class T>
class Buffer {
 public:
  /// No value: a layer that was made without.
  Buffer() : value_(Shape{}) {}
  explicit Buffer(Array<T> value) : value_(std::move(value)) {}

  const Array<T>& value() const { return value_; }
  Array<T>& mutable_value() { return value_; }

 private:
  Array<T> value_;
};

}  // namespace xgrad::nn
