#pragma once

#include <autodiff/variable.hpp>

#include <cstddef>
#include <cstdint>
#include <new>
#include <span>
#include <vector>

/// \file
/// What `operation` needs of the thread's record list. The list itself is in record_list.hpp.

namespace xgrad::detail {

/// How a cotangent passes from an operation's result to its inputs; made in the arena of the thread's
/// record list.
class XGRAD_API Pullback {
 public:
  explicit Pullback(bool takes_result) noexcept : takes_result_(takes_result) {}
  Pullback(const Pullback&) = delete;
  Pullback& operator=(const Pullback&) = delete;
  virtual ~Pullback();

  /// Computes the cotangents of the inputs, one for each entry of `inputs`. `result` is the
  /// operation's result where takes_result(), empty otherwise. Not called where add_to does the work.
  virtual void run(NodePointer cotangent, const NodePointer& result, std::span<NodePointer> inputs);

  /// The same, for a joint pullback that computes only what is asked for: it adds to the sums that the inputs
  /// have come to so far; a null pointer stands for an input that is not asked for. One that replays a tape
  /// of its own adds in the order of its operations, so that no bit differs from one replay of all of them.
  /// Returns false, having done nothing, for any other pullback.
  virtual bool add_to(NodePointer& cotangent, std::span<NodePointer* const> sums);

  bool takes_result() const noexcept { return takes_result_; }

 private:
  bool takes_result_;
};

/// An input on its way into a record.
struct Link {
  Node* input;
  Pullback* pullback;
};

/// Whether an operation on this input is to be recorded: a tape is recording, and it is no constant.
XGRAD_API bool is_recorded(const Node* input) noexcept;

/// Whether any tape of this thread is recording.
XGRAD_API bool is_recording() noexcept;

/// Whether a value is an operation's result whose record, if it needs one, has been made: then a handle to it
/// that is about to go may give its memory away.
bool is_result(const Node& node) noexcept;

/// While it lives, the tapes that were open before it record nothing: solvers iterate without a trace, also
/// of what they capture. Tapes opened meanwhile record as ever; they close before it goes. What is computed
/// from Variables meanwhile is a plain value, and no constant: whoever returns it takes the value out.
class XGRAD_API Pause {
 public:
  Pause() noexcept;
  ~Pause();
  Pause(const Pause&) = delete;
  Pause& operator=(const Pause&) = delete;

 private:
  std::uint64_t recording_;
};

/// While it lives, notes which Variables the innermost tape's operations use that were not computed on that
/// tape: what a function that is recorded meanwhile captures.
class XGRAD_API Captures {
 public:
  Captures() noexcept;
  ~Captures();
  Captures(const Captures&) = delete;
  Captures& operator=(const Captures&) = delete;

  /// Each once.
  std::vector<NodePointer> nodes() const;

  /// An operation has used this node, whose record is the one given.
  void note(Node& input, std::uint32_t record);

 private:
  std::vector<NodePointer> nodes_;
  Captures* outer_;
  std::uint64_t tape_;   // its bit
  std::uint32_t first_;  // record of its interval
};

/// Notes of a value that no tape records by which replay it was computed, if any, and whether all that it was
/// computed from is constant.
void mark_computed(Node& node, bool constant) noexcept;

XGRAD_API void* arena_allocate(std::size_t bytes);

/// Constructs a P that lives until its record goes; the caller owns it until `finish` takes it.
template <class P, class F>
Pullback* in_arena(F&& function) {
  static_assert(alignof(P) <= alignof(std::max_align_t), "xgrad: a pullback captures over-aligned values");
  return new (arena_allocate(sizeof(P))) P(std::forward<F>(function));
}

/// Records an operation with one pullback per input, where any is to be recorded, and returns its result.
/// Takes over the pullbacks, also where it throws.
XGRAD_API NodePointer finish(const char* name, NodePointer result, std::span<const Link> links);

/// The same for one pullback, held by the first link, that serves all inputs.
XGRAD_API NodePointer finish_joint(const char* name, NodePointer result, std::span<const Link> links);

[[noreturn]] XGRAD_API void throw_wrong_count(std::size_t came, std::size_t expected);

}  // namespace xgrad::detail
