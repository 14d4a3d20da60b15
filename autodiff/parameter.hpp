#pragma once

#include <autodiff/variable.hpp>

#include <memory>

namespace xgrad {

namespace detail {

/// The part of a parameter that its Variables know of: a version that tells whether the value changed
/// since they were made, and the gradient that a backward pass adds into.
struct XGRAD_API ParameterCell {
  std::atomic<std::uint32_t> references{1};
  std::atomic<std::uint64_t> version{0};
  bool has_gradient = false;

  void retain() noexcept { references.fetch_add(1, std::memory_order_relaxed); }
  void release() noexcept {
    if (references.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }
  /// Adds a gradient, of the parameter's shape and precision; takes over its memory where nobody else has it.
  virtual void accumulate(NodePointer gradient) = 0;

  ParameterCell() = default;
  ParameterCell(const ParameterCell&) = delete;
  ParameterCell& operator=(const ParameterCell&) = delete;

 protected:
  virtual ~ParameterCell();
};

template <class T>
struct XGRAD_API GradientCell final : ParameterCell {
  Array<T> gradient;
  void accumulate(NodePointer added) override;
};

template <class T>
struct ParameterState {
  Variable<T> variable;          // its node holds the cell
  Variable<T>* owner = nullptr;  // the Parameter that owns this state: it shows the same value
  /// The state that the owner has now, if another Parameter was moved into it.
  std::shared_ptr<ParameterState> successor;

  ParameterState() = default;
  ParameterState(const ParameterState&) = delete;
  ParameterState& operator=(const ParameterState&) = delete;
  ~ParameterState() {
    // Iteratively: the recursion of a long chain of destructors would overflow the stack.
    while (successor && successor.use_count() == 1) {
      const std::shared_ptr<ParameterState> next = std::move(successor);
      successor = std::move(next->successor);
    }
  }
  GradientCell<T>& cell() const { return static_cast<GradientCell<T>&>(*variable.node()->parameter); }
};

}  // namespace detail

/// Shared access to a parameter of a model: what `nn::parameters` lists and what an optimiser keeps. It stays
/// attached when the model is moved or swapped, and when another model is assigned to it (see Parameter).
template <class T>
class ParameterHandle {
 public:
  explicit ParameterHandle(std::shared_ptr<detail::ParameterState<T>> state) : state_(std::move(state)) {}

  const Array<T>& value() const { return state().variable.value(); }
  const Variable<T>& variable() const { return state().variable; }
  const Shape& shape() const { return state().variable.shape(); }
  std::size_t size() const { return state().variable.size(); }

  /// The gradient, in the parameter's shape: the sum over the backward passes since it was last cleared,
  /// zeros where there was none.
  XGRAD_API const Array<T>& grad() const;

  /// Whether a backward pass has added to grad() since it was last cleared.
  bool has_grad() const { return state().cell().has_gradient; }

  /// Forgets the gradient; its memory is kept for the next one.
  void clear_grad() { state().cell().has_gradient = false; }

  /// Replaces grad(), which must have the parameter's shape (for clipping and the like).
  XGRAD_API void set_grad(Array<T> gradient);

  /// Replaces the value; throws ShapeError where the shape differs.
  XGRAD_API void set_value(Array<T> value);

  /// The value for writing, in place where no other Variable shares its memory, in a copy otherwise.
  /// Counts as a change: what a tape recorded with the old value can no longer be replayed.
  XGRAD_API Array<T>& mutable_value();

  /// The number of changes so far.
  std::uint64_t version() const { return state().cell().version.load(); }

  /// Whether some Parameter, that is the field of some model, still owns what this is a handle to. If not, a
  /// change of the value is seen by nobody else.
  bool is_owned() const { return state().owner != nullptr; }

  /// If another parameter was moved into this one, makes this a handle to that parameter itself (it stands
  /// for it already) and returns true.
  bool follow() {
    if (!state_->successor) return false;
    while (state_->successor) state_ = std::shared_ptr(state_->successor);
    return true;
  }

  /// Whether both are handles to the same parameter.
  bool operator==(const ParameterHandle& other) const { return &state() == &other.state(); }

 private:
  detail::ParameterState<T>& state() const {
    detail::ParameterState<T>* state = state_.get();
    while (state->successor) state = state->successor.get();
    return *state;
  }
  std::shared_ptr<detail::ParameterState<T>> state_;
};

/// What a layer owns and learns: a Variable with shared state behind it, namely its current value, a
/// gradient that `Tape::backward` adds into, and a version that counts its changes.
///
/// The state is the identity of a parameter: what a handle, and so an optimiser, is attached to.
///
/// | what is done | what handles to a and to b stand for afterwards |
/// |---|---|
/// | `Parameter b = a` | a; b is a parameter of its own with the same value |
/// | `Parameter b = std::move(a)` | b, for those to a; a is left without value |
/// | `a = b` | a, which has b's value now; b |
/// | `a = std::move(b)` | a, for both; b is left without value |
/// | `std::swap(a, b)` | b, for those to a, and a, for those to b: they go with the values |
///
/// So `net = best` and `net = Net()` keep an optimiser attached, and after `std::swap`, `std::sort`,
/// `std::rotate`, `erase` or the growth of a vector of models each optimiser trains the values it trained
/// before. A copy into a Parameter without value makes a new identity.
template <Precision T>
class XGRAD_API Parameter : public Variable<T> {
 public:
  /// No value: a layer without bias.
  Parameter() = default;
  explicit Parameter(Array<T> value);
  Parameter(const Parameter& other);
  Parameter(Parameter&& other) noexcept;
  Parameter& operator=(const Parameter& other);
  Parameter& operator=(Parameter&& other) noexcept;
  ~Parameter();

  /// Shared access; throws ValueError where the parameter has no value.
  ParameterHandle<T> handle() const;

  /// \copydoc ParameterHandle::grad
  const Array<T>& grad() const { return handle().grad(); }

 private:
  void adopt(std::shared_ptr<detail::ParameterState<T>> state) noexcept;
  std::shared_ptr<detail::ParameterState<T>> state_;
};

}  // namespace xgrad
