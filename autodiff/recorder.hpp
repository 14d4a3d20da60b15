#pragma once

#include <autodiff/variable.hpp>

#include <cstddef>
#include <cstdint>
#include <new>
#include <span>
#include <vector>

/// \file
/// The part of the thread's record list that `operation` needs. The list itself is in record_list.hpp.

namespace xgrad::detail {

/// Maps the cotangent of an operation's result to the cotangents of its inputs. Allocated in the arena of the
/// thread's record list.
class XGRAD_API Pullback {
 public:
  explicit Pullback(bool takes_result) noexcept : takes_result_(takes_result) {}
  Pullback(const Pullback&) = delete;
  Pullback& operator=(const Pullback&) = delete;
  virtual ~Pullback();

  /// Computes the cotangents of the inputs, one for each entry of `inputs`. `result` is the operation's
  /// result if takes_result(), empty otherwise. Not called if add_to returns true.
  virtual void run(NodePointer cotangent, const NodePointer& result, std::span<NodePointer> inputs);

  /// For a joint pullback that computes only the cotangents needed: adds them to the inputs' sums so far; a
  /// null pointer marks an input that is not needed. A pullback that runs a backward pass over its own tape
  /// adds in the order of its operations, so that the result is bit-identical to a single backward pass over
  /// all operations. Any other pullback does nothing and returns false.
  virtual bool add_to(NodePointer& cotangent, std::span<NodePointer* const> sums);

  bool takes_result() const noexcept { return takes_result_; }

 private:
  bool takes_result_;
};

/// An input of an operation that is about to be recorded.
struct Link {
  Node* input;
  Pullback* pullback;
};

/// Whether an operation on this input is to be recorded: a tape is recording, and the input is not a
/// constant.
XGRAD_API bool is_recorded(const Node* input) noexcept;

/// Whether any tape of this thread is recording.
XGRAD_API bool is_recording() noexcept;

/// Whether a value is an operation's result and has already been recorded, if it needs to be. Its memory may
/// then be reused when its last handle is about to be destroyed.
bool is_result(const Node& node) noexcept;

/// During its lifetime, tapes opened before it record nothing, so that solvers can iterate without being
/// recorded, captured Variables included. Tapes opened during its lifetime record as usual and must close
/// before it is destroyed. Values computed from Variables meanwhile are plain values but not marked constant:
/// extract the array before returning them.
class XGRAD_API Pause {
 public:
  Pause() noexcept;
  ~Pause();
  Pause(const Pause&) = delete;
  Pause& operator=(const Pause&) = delete;

 private:
  std::uint64_t recording_;
};

/// During its lifetime, collects the Variables that operations on the innermost tape use but that were not
/// computed on that tape: the inputs and captures of a function being recorded.
class XGRAD_API Captures {
 public:
  Captures() noexcept;
  ~Captures();
  Captures(const Captures&) = delete;
  Captures& operator=(const Captures&) = delete;

  /// The collected nodes, without duplicates.
  std::vector<NodePointer> nodes() const;

  /// Notes that an operation used this node, whose record is the one given.
  void note(Node& input, std::uint32_t record);

 private:
  std::vector<NodePointer> nodes_;
  Captures* outer_;
  std::uint64_t tape_;   // the tape's bit
  std::uint32_t first_;  // first record of its interval
};

/// Sets the flags of a value that no tape records: whether all its inputs are constants, and the tape whose
/// backward pass computed it, if any.
void mark_computed(Node& node, bool constant) noexcept;

XGRAD_API void* arena_allocate(std::size_t bytes);

/// Constructs a P in the arena; it lives as long as its record. The caller owns it until `finish` takes it.
template <class P, class F>
Pullback* in_arena(F&& function) {
  static_assert(alignof(P) <= alignof(std::max_align_t), "xgrad: a pullback captures over-aligned values");
  return new (arena_allocate(sizeof(P))) P(std::forward<F>(function));
}

/// Records an operation with one pullback per input, if any input is to be recorded, and returns its result.
/// Takes ownership of the pullbacks, even if it throws.
XGRAD_API NodePointer finish(const char* name, NodePointer result, std::span<const Link> links);

/// The same for one joint pullback for all inputs, held by the first link.
XGRAD_API NodePointer finish_joint(const char* name, NodePointer result, std::span<const Link> links);

[[noreturn]] XGRAD_API void throw_wrong_count(std::size_t came, std::size_t expected);

}  // namespace xgrad::detail
