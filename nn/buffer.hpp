#pragma once

#include <autodiff/array.hpp>

#include <utility>

namespace xgrad::nn {

/// An array that a layer owns and saves but does not learn, such as the running mean of batch normalisation
/// (a registered buffer in PyTorch). As a field of a model it is found by `nn::buffers`, `nn::save` and
/// `nn::load`; optimisers do not see it. It is copied and assigned with the model.
template <class T>
class Buffer {
 public:
  /// A buffer without a value. It is saved once it has one; loading sets it to the array of its name, of any
  /// shape.
  Buffer() : value_(Shape{}) {}
  explicit Buffer(Array<T> value) : value_(std::move(value)), state_(State::filled) {}
  /// The buffer of a layer that was made without it: neither saved nor loaded.
  static Buffer none() {
    Buffer buffer;
    buffer.state_ = State::none;
    return buffer;
  }

  /// Whether it has a value.
  bool has_value() const { return state_ == State::filled; }
  /// Whether the layer was made without it; see none().
  bool is_none() const { return state_ == State::none; }

  /// The value; an array without meaning if has_value() is false.
  const Array<T>& value() const { return value_; }
  /// The value for writing; afterwards the buffer has a value.
  Array<T>& mutable_value() {
    state_ = State::filled;
    return value_;
  }

 private:
  enum class State { unset, filled, none };
  Array<T> value_;
  State state_ = State::unset;
};

}  // namespace xgrad::nn
