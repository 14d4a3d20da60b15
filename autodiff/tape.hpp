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

/// Whether an argument is not a Variable, or the cotangent's precision differs from the result's.
template <class Y, class X, class... C>
inline constexpr bool is_mixed_up = Raw<Y> || Raw<X>;
template <class Y, class X, VariableType C>
  requires(VariableType<Y>)
inline constexpr bool is_mixed_up<Y, X, C> =
    Raw<X> || !std::is_same_v<typename Y::value_type, typename C::value_type>;

}  // namespace detail

/// A recorded operation, see Tape::operations.
struct RecordedOperation {
  std::string operation;                     ///< name of the operation
  Shape shape;                               ///< of its result
  std::vector<std::string> parameters = {};  ///< names of the parameters among its inputs
  std::vector<Shape> unlisted = {};          ///< shapes of its parameters that are not in the list
  double seconds = 0;                        ///< if the tape was profiling
  double backward_seconds = 0;               ///< summed over all backward passes
};

/// Records the operations of its thread on Variables, from its construction until it leaves scope, and runs
/// backward passes over the record to compute gradients (section 3 of the note: the recursion (2)-(4), over a
/// list instead of a chain of layers).
///
/// Tapes nest, last in, first out: an operation is recorded on every open tape of its thread. A tape's own
/// backward pass is recorded on the outer tapes only, which makes higher derivatives possible. All tapes of a
/// thread share one list of records; a tape is an interval of it. A tape must be used, and must leave scope,
/// on the thread that opened it. If tapes leave scope in another order, each still records until it is
/// destroyed.
class XGRAD_API Tape {
 public:
  /// Starts recording. Throws TapeError if 64 tapes are already open on this thread.
  Tape();
  ~Tape();
  Tape(const Tape&) = delete;
  Tape& operator=(const Tape&) = delete;

  /// The gradient dy/dx of a one-entry `y`, in the shape of `x`. The tape stays usable for other inputs,
  /// other results, or the rows of a Jacobian. The gradient is zero if `x` was recorded but `y` does not
  /// depend on it. Throws TapeError if `x` or `y` was not recorded, or if `y` does not have exactly one
  /// entry.
  template <class Y, class X>
  Variable<X> gradient(const Variable<Y>& y, const Variable<X>& x) const {
    return Variable<X>(std::move(backward_pass(y.node(), {}, std::span(&x.node(), 1)).front()));
  }

  /// The vector-Jacobian product: the gradient of sum(cotangent * y) with respect to `x`, for a `y` of any
  /// shape. Throws ShapeError if the cotangent does not have the shape of `y`.
  template <class Y, class X>
  Variable<X> gradient(const Variable<Y>& y, const Variable<X>& x,
                       const std::type_identity_t<Variable<Y>>& cotangent) const {
    return Variable<X>(std::move(backward_pass(y.node(), cotangent.node(), std::span(&x.node(), 1)).front()));
  }

  /// The gradients with respect to several inputs, in one backward pass.
  template <class Y>
  std::vector<Variable<Y>> gradient(const Variable<Y>& y,
                                    const std::type_identity_t<std::vector<Variable<Y>>>& inputs,
                                    const std::type_identity_t<Variable<Y>>& cotangent = {}) const {
    std::vector<detail::NodePointer> nodes;
    nodes.reserve(inputs.size());
    for (const auto& input : inputs) nodes.push_back(input.node());
    std::vector<Variable<Y>> gradients;
    gradients.reserve(inputs.size());
    for (auto& node : backward_pass(y.node(), cotangent.node(), nodes))
      gradients.emplace_back(std::move(node));
    return gradients;
  }

  /// Calls that can only be mistakes fail to compile, with an explanation.
  template <class Y, class X, class... C>
    requires(detail::is_mixed_up<Y, X, C...>)
  Variable<double> gradient(const Y&, const X&, const C&...) const {
    constexpr bool variables = !detail::Raw<Y> && !detail::Raw<X>;
    static_assert(
        variables,
        "xgrad: gradient takes a Variable and the Variable that it was computed from; make a Variable of the "
        "array or number, and compute with that");
    static_assert(!variables || sizeof...(C) == 0,
                  "xgrad: a cotangent must have the precision of the result; cast it, cast<float>(u) or "
                  "cast<double>(u)");
    return {};
  }

  /// Adds the gradient of `loss` with respect to each parameter that it was computed from to that parameter's
  /// grad(). Releases everything that this tape saved: a second call throws TapeError. The gradients are
  /// plain arrays: outer tapes do not record this pass.
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

  /// Enables or disables checks for NaN and infinity. While enabled, the first operation whose value, or
  /// whose gradient with respect to an input, is not finite throws NotFiniteError. The message contains the
  /// operation's name, the shapes, the entry, and where the program called the operation: FILE:LINE if it was
  /// compiled with debug information (-g or -g1), the function otherwise. Infinities are errors too: log(0)
  /// throws.
  ///
  /// Operations on constants are also checked, and so are the gradients computed by tapes inside this one,
  /// for example in `grad(f)`: open a checking tape around it. Inside a pullback, only the returned cotangent
  /// is checked. Costs about 10 microseconds per operation while enabled, nothing otherwise.
  void check_finite(bool on);

  /// The recorded operations as a Graphviz graph (`dot -Tsvg`): operations with their names and result
  /// shapes, inputs as boxes, parameters as filled boxes, and an arrow from each value to each use. Constants
  /// are left out. Throws TapeError after `backward`, which releases the record.
  std::string dot() const;

  /// The same with the names of parameters: `tape.dot(nn::parameters(net))`.
  template <class List>
    requires requires(const List& list) {
      std::begin(list)->name;
      std::begin(list)->parameter;
    }
  std::string dot(const List& parameters) const {
    return draw(names_of(parameters));
  }

  /// The recorded operations in program order, with the names of the parameters that each takes,
  /// `tape.operations(nn::parameters(net))`, and the times measured if profile(true) was called. Throws
  /// TapeError after `backward`, which releases the record.
  template <class List>
    requires requires(const List& list) {
      std::begin(list)->name;
      std::begin(list)->parameter;
    }
  std::vector<RecordedOperation> operations(const List& parameters) const {
    return list(names_of(parameters));
  }

  /// Starts or stops measuring the time of each operation and of each backward pass through it.
  ///
  ///     tape.profile(true);
  ///     tape.backward(nn::cross_entropy(net(images), labels));
  ///     std::cout << tape.profile();
  ///
  /// The time of an operation is measured from the end of the previous one (or from this call) to the end of
  /// its own computation, so it includes the program's own work in between. The backward time is exactly that
  /// of the operation's pullbacks and of accumulating the cotangents that they return. Operations on
  /// constants are also measured. Costs about 300 ns per operation while enabled, nothing otherwise.
  void profile(bool on);

  /// The measurements so far; also available after `backward`. Throws TapeError if profile(true) was never
  /// called.
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
  /// The calling thread's list. Throws TapeError if this tape was opened on another thread.
  detail::RecordList& own_list(const char* caller) const;

  detail::RecordList* recorder_;  // the record list of its thread
  std::uint64_t serial_;          // unique, never reused
  std::size_t slot_;              // its index among the thread's open tapes, outermost first
};

}  // namespace xgrad
