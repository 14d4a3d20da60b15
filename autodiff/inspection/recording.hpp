#pragma once

#include <autodiff/record_list.hpp>
#include <autodiff/tape.hpp>

#include <cstdint>
#include <optional>
#include <vector>

/// \file
/// Records a function and reads it back record by record, to analyse how the axes of its values are related.
/// Private to the library.

namespace xgrad::detail {

/// An operation or an input of a recording.
struct RecordedValue {
  const char* operation;                           ///< null for an input
  Shape shape;                                     ///< of the value
  std::vector<std::optional<std::size_t>> inputs;  ///< indices of its input values; empty for constants
  const ParameterCell* parameter;                  ///< of an input that is a parameter, otherwise null
  bool is_new;                                     ///< of an input: created by the recorded function
  bool is_uniform;                                 ///< of an input: all entries are equal
};

/// Records a function on its own tape, unseen by outer tapes. `checkpoint` records the operations of its
/// blocks as if there were no checkpoint.
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

  /// The cotangents of an operation's inputs, for a given cotangent of its result. A Variable is empty if its
  /// cotangent is not available: for constants, and for Variables of another precision.
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
