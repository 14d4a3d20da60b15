#pragma once

#include <autodiff/variable.hpp>

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace xgrad {

class Profile;

namespace detail {

class RecordList;

/// Whether one of these is raw, or the cotangent has not the precision of the result.
template <class Y, class X, class... C>
inline constexpr bool is_mixed_up = Raw<Y> || Raw<X>;
template <class Y, class X, VariableType C>
  requires(VariableType<Y>)
inline constexpr bool is_mixed_up<Y, X, C> =
    Raw<X> || !std::is_same_v<typename Y::value_type, typename C::value_type>;

}  // namespace detail

/// An operation on a tape, see Tape::operations.
struct RecordedOperation {
  std::string operation;
  Shape shape;                               ///< of its result
  std::vector<std::string> parameters = {};  ///< names of those that it takes
  std::vector<Shape> unlisted = {};  ///< shapes of parameters that it takes and the list does not have
  double seconds = 0;                ///< where the tape measured it
  double backward_seconds = 0;       ///< of all passes backward through it
};

/// Records what its thread does to Variables, from its construction until it leaves scope, and replays the
/// record backward for gradients (section 3 of the note: the recursion (2)-(4), over a list instead of a
/// chain of layers).
///
/// Tapes nest, last in, first out: an operation is recorded on every tape of its thread. A tape's own
/// replay is recorded on the outer tapes only, which is how derivatives of derivatives come about. All
/// tapes of a thread share one list of records; a tape is an interval of it. It is used, and leaves scope, on
/// the thread that opened it; where tapes leave scope in another order, each still records until it goes.
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
    return Variable<X>(std::move(backward_pass(y.node(), {}, std::span(&x.node(), 1)).front()));
  }

  /// The vector-Jacobian product: the gradient of sum(cotangent * y) by `x`, for a `y` of any shape.
  /// Throws ShapeError where the cotangent does not have the shape of `y`.
  template <class Y, class X>
  Variable<X> gradient(const Variable<Y>& y, const Variable<X>& x,
                       const std::type_identity_t<Variable<Y>>& cotangent) const {
    return Variable<X>(std::move(backward_pass(y.node(), cotangent.node(), std::span(&x.node(), 1)).front()));
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
    for (auto& node : backward_pass(y.node(), cotangent.node(), nodes)) gradients.emplace_back(std::move(node));
    return gradients;
  }

  /// What cannot be meant does not compile, and says why.
  template <class Y, class X, class... C>
    requires(detail::is_mixed_up<Y, X, C...>)
  Variable<double> gradient(const Y&, const X&, const C&...)
  const {
    constexpr bool variables = !detail::Raw<Y> && !detail::Raw<X>;
    static_assert(
        variables,
        "xgrad: a gradient is that of a Variable by a Variable that it was computed from; make one of "
        "the array or the number, and compute with that");
    static_assert(!variables || sizeof...(C) == 0,
                  "xgrad: a cotangent has to have the precision of the result; cast it, cast<float>(u) or "
                  "cast<double>(u)");
    return {};
  }

  /// Adds the gradient of `loss` by each parameter that took part into that parameter's grad(), and
  /// releases, on the way, everything that this tape saved: a second call throws TapeError. Gradients are
  /// plain arrays: outer tapes do not see this pass.
  template <class Y>
  void backward(const Variable<Y>& loss, const std::type_identity_t<Variable<Y>>& cotangent = {}) {
    backward_into_parameters(loss.node(), cotangent.node());
  }

  template <detail::Raw Y, class... C>
  void backward(const Y&, const C&...) {
    static_assert(VariableType<Y>,
                  "xgrad: backward starts from the Variable that was computed, not from its value");
  }

  /// The number of operations and inputs recorded since the tape was opened.
  std::size_t size() const noexcept;

  /// From here on, the first operation whose value, or whose gradient by an input, is not finite throws
  /// NotFiniteError: with the operation's name, the shapes, the entry, and where the program called the
  /// operation, FILE:LINE if it was compiled with debug information (-g or -g1), the function otherwise.
  /// Infinities count as much as NaN does: log(0) throws. `false` ends it.
  ///
  /// Operations on constants are checked too, and so are the gradients that tapes inside this one compute,
  /// those of `grad(f)` for instance: open a tape around it. Of a pullback only what it returns is checked.
  /// It costs some ten microseconds an operation, and nothing where it is off.
  void check_finite(bool on);

  /// What was recorded, as a graph in the language of Graphviz (`dot -Tsvg`): operations with their names and
  /// the shapes of their results, the inputs that they start from as boxes, parameters as filled ones, and an
  /// arrow from each value to each use. Constants are left out. Throws TapeError after `backward`, which
  /// releases the record.
  std::string dot() const;

  /// The same with names for parameters: `tape.dot(nn::parameters(net))`.
  template <class List>
    requires requires(const List& list) {
      std::begin(list)->name;
      std::begin(list)->parameter;
    }
  std::string dot(const List& parameters) const { return draw(names_of(parameters)); }

  /// What was recorded, operation by operation, in the order of the program: with the names of the parameters
  /// that each takes, `tape.operations(nn::parameters(net))`, and what profile(true) measured of it. Throws
  /// TapeError after `backward`, which releases the record.
  template <class List>
    requires requires(const List& list) {
      std::begin(list)->name;
      std::begin(list)->parameter;
    }
  std::vector<RecordedOperation> operations(const List& parameters) const {
    return list(names_of(parameters));
  }

  /// From here on measures how long each operation takes, and each pass backward through it. `false` ends it.
  ///
  ///     tape.profile(true);
  ///     tape.backward(nn::cross_entropy(net(images), labels));
  ///     std::cout << tape.profile();
  ///
  /// An operation is known to the tape when it has computed its value. Its time is that since the operation
  /// before it was recorded, or since this call: what the program does in between is included. The time
  /// backward is exactly that of the operation's pullbacks and of adding up what they return. Operations on
  /// constants are measured like others. It costs some 300 ns an operation, and nothing where it is off.
  void profile(bool on);

  /// What was measured so far, also after `backward`. Throws TapeError where profile(true) was never called.
  Profile profile() const;

 private:
  using Name = std::pair<const detail::ParameterCell*, std::string>;
  template <class List>
  static std::vector<Name> names_of(const List& parameters) {
    std::vector<Name> names;
    for (const auto& each : parameters) {
      names.emplace_back(each.parameter.variable().node()->parameter, each.name);
    }
    return names;
  }

  std::vector<detail::NodePointer> backward_pass(const detail::NodePointer& y, detail::NodePointer cotangent,
                                          std::span<const detail::NodePointer> inputs) const;
  void backward_into_parameters(const detail::NodePointer& y, detail::NodePointer cotangent);
  std::string draw(std::span<const Name> names) const;
  std::vector<RecordedOperation> list(std::span<const Name> names) const;
  bool is_own(const detail::RecordList& list) const noexcept;
  /// The list of the calling thread; throws TapeError where this tape was opened on another.
  detail::RecordList& own_list(const char* caller) const;

  detail::RecordList* recorder_;  // the thread's list
  std::uint64_t serial_;          // this tape's name, never used again
  std::size_t slot_;              // its place among the open tapes of the thread, outermost first
};

}  // namespace xgrad
