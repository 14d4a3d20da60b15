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
  /// No value yet. It is saved once it has one, and loading gives it the one of its name, of any shape.
  Buffer() : value_(Shape{}) {}
  explicit Buffer(Array<T> value) : value_(std::move(value)), state_(State::filled) {}
  /// A layer that was made without: neither saved nor loaded.
  static Buffer none() {
    Buffer buffer;
    buffer.state_ = State::none;
    return buffer;
  }

  bool has_value() const { return state_ == State::filled; }
  bool is_none() const { return state_ == State::none; }

  const Array<T>& value() const { return value_; }
  /// To write to; the buffer then has a value.
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
