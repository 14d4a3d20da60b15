#pragma once

#include <autodiff/variable.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <vector>

namespace xgrad {

/// Records what its thread does to Variables, from its construction until it leaves scope, and replays the
/// record backward for gradients (section 3 of the note: the recursion (2)-(4), over a list instead of a
/// chain of layers).
///
/// Tapes nest, last in, first out: an operation is recorded on every tape of its thread. A tape's own
/// replay is recorded on the outer tapes only, which is how derivatives of derivatives come about. All
/// tapes of a thread share one list of records; a tape is an interval of it.
class XGRAD_API Tape {
 public:
  /// Starts recording. Throws TapeError where 64 tapes are open on this thread already.
  Tape();
  ~Tape();
  Tape(const Tape&) = delete;
  Tape& operator=(const Tape&) = delete;

  /// The gradient dy/dx of a `y` of one entry, in the shape of `x`. The tape stays usable: for other
  /// inputs, other results, rows of a Jacobian. An `x` that took part but does not matter has gradient
  /// zero; throws TapeError where `x` or `y` never took part, or where `y` is not one number.
  template <class Y, class X>
  Variable<X> gradient(const Variable<Y>& y, const Variable<X>& x) const {
    return Variable<X>(std::move(replay(y.node(), {}, std::span(&x.node(), 1)).front()));
  }

  /// The vector-Jacobian product: the gradient of sum(cotangent * y) by `x`, for a `y` of any shape.
  /// Throws ShapeError where the cotangent does not have the shape of `y`.
  template <class Y, class X>
  Variable<X> gradient(const Variable<Y>& y, const Variable<X>& x,
                       const std::type_identity_t<Variable<Y>>& cotangent) const {
    return Variable<X>(std::move(replay(y.node(), cotangent.node(), std::span(&x.node(), 1)).front()));
  }

  /// The gradients by several inputs, from one replay.
  template <class Y>
  std::vector<Variable<Y>> gradient(const Variable<Y>& y,
                                    const std::type_identity_t<std::vector<Variable<Y>>>& inputs,
                                    const std::type_identity_t<Variable<Y>>& cotangent = {}) const {
    std::vector<detail::NodePointer> nodes;
    nodes.reserve(inputs.size());
    for (const auto& input : inputs) nodes.push_back(input.node());
    std::vector<Variable<Y>> gradients;
    gradients.reserve(inputs.size());
    for (auto& node : replay(y.node(), cotangent.node(), nodes)) gradients.emplace_back(std::move(node));
    return gradients;
  }

  /// Adds the gradient of `loss` by each parameter that took part into that parameter's grad(), and
  /// releases, on the way, everything that this tape saved: a second call throws TapeError. Gradients are
  /// plain arrays: outer tapes do not see this pass.
  template <class Y>
  void backward(const Variable<Y>& loss, const std::type_identity_t<Variable<Y>>& cotangent = {}) {
    replay_into_parameters(loss.node(), cotangent.node());
  }

  /// The number of operations and inputs recorded since the tape was opened.
  std::size_t size() const noexcept;

 private:
  std::vector<detail::NodePointer> replay(const detail::NodePointer& y, detail::NodePointer cotangent,
                                          std::span<const detail::NodePointer> inputs) const;
  void replay_into_parameters(const detail::NodePointer& y, detail::NodePointer cotangent);

  void* recorder_;        // the thread's list
  std::uint64_t serial_;  // this tape's name, never used again
  std::size_t slot_;      // its place among the open tapes of the thread, outermost first
};

}  // namespace xgrad
