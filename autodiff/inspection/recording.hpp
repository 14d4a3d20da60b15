#pragma once

#include <autodiff/record_list.hpp>
#include <autodiff/tape.hpp>

#include <cstdint>
#include <optional>
#include <vector>

/// \file
/// What a function computes, read back record by record: for those who ask how the axes of its values hang
/// together. Private to the library.

namespace xgrad::detail {

/// An operation or an input of a recording.
struct RecordedValue {
  const char* operation;                           ///< null for an input
  Shape shape;                                     ///< of the value
  std::vector<std::optional<std::size_t>> inputs;  ///< the values it was computed from; empty: constants
  const ParameterCell* parameter;                  ///< of an input that is one
  bool is_new;                                     ///< of an input: made by the recorded function itself
  bool is_uniform;                                 ///< of an input: all its entries are the same number
};

/// Records what a function does on a tape of its own, which no outer tape sees. `checkpoint` computes its
/// blocks as if they stood in the program.
template <class T>
class Recording {
 public:
  template <class F>
  explicit Recording(const F& function) {
    const Inspecting inspecting;
    const std::uint64_t first_new = Variable<T>(T(0)).node()->id;
    function();
    read(first_new);
  }

  std::size_t size() const { return values_.size(); }
  const RecordedValue& operator[](std::size_t index) const { return values_[index]; }

  /// The cotangents of an operation's inputs for one of its result. Empty Variables where the operation
  /// cannot be asked: constants, and Variables of another precision.
  std::vector<Variable<T>> pull(std::size_t index, const Array<T>& cotangent) const;

 private:
  struct Inspecting {
    Inspecting();
    ~Inspecting();
    bool before;
  };
  void read(std::uint64_t first_new);

  Pause pause_;
  Tape tape_;
  Captures captures_;
  std::vector<RecordedValue> values_;
  std::vector<std::uint32_t> records_;
};

}  // namespace xgrad::detail
