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
  GradientCell<T>& cell() const { return static_cast<GradientCell<T>&>(*variable.node()->parameter); }
};

}  // namespace detail

/// Shared access to a parameter of a model: what `nn::parameters` lists and what an optimiser keeps. It
/// stays attached when the model is moved, and when another model is assigned to it.
template <class T>
class ParameterHandle {
 public:
  explicit ParameterHandle(std::shared_ptr<detail::ParameterState<T>> state) : state_(std::move(state)) {}

  const Array<T>& value() const { return state_->variable.value(); }
  const Variable<T>& variable() const { return state_->variable; }
  const Shape& shape() const { return state_->variable.shape(); }
  std::size_t size() const { return state_->variable.size(); }

  /// The gradient, in the parameter's shape: the sum over the backward passes since it was last cleared,
  /// zeros where there was none.
  XGRAD_API const Array<T>& grad() const;

  /// Whether a backward pass has added to grad() since it was last cleared.
  bool has_grad() const { return state_->cell().has_gradient; }

  /// Forgets the gradient; its memory is kept for the next one.
  void clear_grad() { state_->cell().has_gradient = false; }

  /// Replaces grad(), which must have the parameter's shape (for clipping and the like).
  XGRAD_API void set_grad(Array<T> gradient);

  /// Replaces the value; throws ShapeError where the shape differs.
  XGRAD_API void set_value(Array<T> value);

  /// The value for writing, in place where no other Variable shares its memory, in a copy otherwise.
  /// Counts as a change: what a tape recorded with the old value can no longer be replayed.
  XGRAD_API Array<T>& mutable_value();

  /// The number of changes so far.
  std::uint64_t version() const { return state_->cell().version.load(); }

  /// Whether both are handles to the same parameter.
  bool operator==(const ParameterHandle& other) const { return state_ == other.state_; }

 private:
  std::shared_ptr<detail::ParameterState<T>> state_;
};

/// What a layer owns and learns: a Variable with shared state behind it, namely its current value, a
/// gradient that `Tape::backward` adds into, and a version that counts its changes.
///
/// Copying a Parameter clones the state; moving hands it over; assigning, of either kind, writes the value
/// into the state that is there, so that an optimiser stays attached after `net = best`.
template <class T>
class XGRAD_API Parameter : public Variable<T> {
 public:
  /// No value: a layer without bias.
  Parameter() = default;
  explicit Parameter(Array<T> value);
  Parameter(const Parameter& other);
  Parameter(Parameter&& other) noexcept;
  Parameter& operator=(const Parameter& other);
  Parameter& operator=(Parameter&& other);
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
