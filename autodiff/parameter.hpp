#pragma once

#include <autodiff/variable.hpp>

#include <memory>

namespace xgrad {

namespace detail {

/// The part of a parameter that its Variables refer to: a version, to detect whether the value changed since
/// an operation used it, and the gradient that backward passes accumulate.
struct XGRAD_API ParameterCell {
  std::atomic<std::uint32_t> references{1};
  std::atomic<std::uint64_t> version{0};
  bool has_gradient = false;

  void retain() noexcept { references.fetch_add(1, std::memory_order_relaxed); }
  void release() noexcept {
    if (references.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }
  /// Adds a gradient of the parameter's shape and precision. Takes over its memory if no one else refers to
  /// it.
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
  Variable<T>* owner = nullptr;  // the Parameter that owns this state, with the same value
  /// The owner's current state, if another Parameter was moved into it.
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

/// Shared access to a parameter of a model, as listed by `nn::parameters` and kept by optimisers. It stays
/// attached when the model is moved, swapped or assigned to (see Parameter).
template <class T>
class ParameterHandle {
 public:
  explicit ParameterHandle(std::shared_ptr<detail::ParameterState<T>> state) : state_(std::move(state)) {}

  /// The current value; set_value and mutable_value change it.
  const Array<T>& value() const { return state().variable.value(); }

  /// The parameter as a Variable, with respect to which a tape computes gradients.
  const Variable<T>& variable() const { return state().variable; }

  /// The extents of the value.
  const Shape& shape() const { return state().variable.shape(); }

  /// The number of entries.
  std::size_t size() const { return state().variable.size(); }

  /// The gradient, in the parameter's shape: the sum over all backward passes since it was last cleared, or
  /// zeros if there was none.
  XGRAD_API const Array<T>& grad() const;

  /// Whether a backward pass has added to grad() since it was last cleared.
  bool has_grad() const { return state().cell().has_gradient; }

  /// Clears the gradient; its memory is kept for the next one.
  void clear_grad() { state().cell().has_gradient = false; }

  /// Replaces grad(), for example to clip it. Throws ShapeError if the shape differs from the parameter's.
  XGRAD_API void set_grad(Array<T> gradient);

  /// Replaces the value. Throws ShapeError if the shape differs.
  XGRAD_API void set_value(Array<T> value);

  /// Mutable access to the value. Copies it first if another Variable shares its memory. Counts as a change:
  /// a backward pass over operations that used the old value throws VersionError.
  XGRAD_API Array<T>& mutable_value();

  /// The number of times the value has changed.
  std::uint64_t version() const { return state().cell().version.load(); }

  /// Whether a Parameter, such as a field of a model, still owns the state. If not, only handles see changes
  /// of the value.
  bool is_owned() const { return state().owner != nullptr; }

  /// If another parameter was moved into this one, attaches this handle directly to that parameter, which it
  /// already refers to, and returns true.
  bool follow() {
    if (!state_->successor) return false;
    while (state_->successor) state_ = std::shared_ptr(state_->successor);
    return true;
  }

  /// Whether both refer to the same parameter.
  bool operator==(const ParameterHandle& other) const { return &state() == &other.state(); }

 private:
  detail::ParameterState<T>& state() const {
    detail::ParameterState<T>* state = state_.get();
    while (state->successor) state = state->successor.get();
    return *state;
  }
  std::shared_ptr<detail::ParameterState<T>> state_;
};

/// A trainable array of a layer: a Variable with shared state, which holds the current value, a gradient that
/// `Tape::backward` adds to, and a version that counts changes.
///
/// The state is the parameter's identity: handles, and through them optimisers, attach to it.
///
/// | statement | what handles to a and b refer to afterwards |
/// |---|---|
/// | `Parameter b = a` | handles to a refer to a; b is a new parameter with the same value |
/// | `Parameter b = std::move(a)` | handles to a refer to b; a has no value |
/// | `a = b` | handles to a refer to a, which now has b's value; handles to b refer to b |
/// | `a = std::move(b)` | both refer to a; b has no value |
/// | `std::swap(a, b)` | handles to a refer to b and vice versa: they follow the values |
///
/// So `net = best` and `net = Net()` keep an optimiser attached, and after `std::swap`, `std::sort`,
/// `std::rotate`, `erase` or the growth of a vector of models, each optimiser trains the same values as
/// before. Copying into a Parameter without value creates a new identity.
template <Precision T>
class XGRAD_API Parameter : public Variable<T> {
 public:
  /// No value, as the bias of a layer without bias.
  Parameter() = default;
  explicit Parameter(Array<T> value);
  Parameter(const Parameter& other);
  Parameter(Parameter&& other) noexcept;
  Parameter& operator=(const Parameter& other);
  Parameter& operator=(Parameter&& other) noexcept;
  ~Parameter();

  /// A handle to this parameter. Throws ValueError if it has no value.
  ParameterHandle<T> handle() const;

  /// \copydoc ParameterHandle::grad
  const Array<T>& grad() const { return handle().grad(); }

 private:
  void adopt(std::shared_ptr<detail::ParameterState<T>> state) noexcept;
  std::shared_ptr<detail::ParameterState<T>> state_;
};

}  // namespace xgrad
