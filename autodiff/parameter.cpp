#include <autodiff/kernels/elementwise.hpp>
#include <autodiff/parameter.hpp>

#include <fmt/format.h>

namespace xgrad {
namespace detail {
namespace {

void check_shape(const char* what, const Shape& came, const Shape& expected) {
  if (came != expected) {
    throw ShapeError(fmt::format("{0}: expected the parameter's shape {2}, got {1}", what, to_string(came),
                                 to_string(expected)));
  }
}

template <class T>
Variable<T> variable_of(GradientCell<T>& cell, Array<T> value) {
  Variable<T> variable(std::move(value));
  cell.retain();
  variable.node()->parameter = &cell;
  return variable;
}

template <class T>
std::shared_ptr<ParameterState<T>> new_state(Array<T> value) {
  auto* cell = new GradientCell<T>;
  auto state = std::make_shared<ParameterState<T>>();
  state->variable = variable_of(*cell, std::move(value));
  cell->release();  // the variable now owns it
  return state;
}

/// Stores a new variable in both the state and the Parameter that owns it.
template <class T>
void replace(ParameterState<T>& state, Array<T> value) {
  GradientCell<T>& cell = state.cell();
  Variable<T> next = variable_of(cell, std::move(value));
  ++cell.version;
  if (state.owner != nullptr) *state.owner = next;
  state.variable = std::move(next);
}

}  // namespace

ParameterCell::~ParameterCell() = default;

template <class T>
void GradientCell<T>::accumulate(NodePointer added) {
  auto& incoming = static_cast<ValueNode<T>&>(*added).value;
  if (has_gradient) {
    kernels::add_in_place(gradient, incoming);
  } else if (added->references.load() == 1) {
    std::swap(gradient, incoming);
  } else {
    gradient = incoming;
  }
  has_gradient = true;
}

template struct GradientCell<float>;
template struct GradientCell<double>;

}  // namespace detail

template <class T>
const Array<T>& ParameterHandle<T>::grad() const {
  auto& cell = state().cell();
  if (!cell.has_gradient) {
    if (cell.gradient.shape() != shape()) cell.gradient = empty<T>(shape());
    std::fill(cell.gradient.storage().begin(), cell.gradient.storage().end(), T(0));
  }
  return cell.gradient;
}

template <class T>
void ParameterHandle<T>::set_grad(Array<T> gradient) {
  detail::check_shape("set_grad", gradient.shape(), shape());
  state().cell().gradient = std::move(gradient);
  state().cell().has_gradient = true;
}

template <class T>
void ParameterHandle<T>::set_value(Array<T> value) {
  detail::check_shape("set_value", value.shape(), shape());
  detail::replace(state(), std::move(value));
}

template <class T>
Array<T>& ParameterHandle<T>::mutable_value() {
  detail::ParameterState<T>& own = state();
  const std::uint32_t own_references = own.owner != nullptr ? 2 : 1;
  if (own.variable.node()->references.load() > own_references) {
    detail::replace(own, Array<T>(value()));
  } else {
    ++own.cell().version;
  }
  return static_cast<detail::ValueNode<T>&>(*own.variable.node()).value;
}

template <Precision T>
Parameter<T>::Parameter(Array<T> value) {
  adopt(detail::new_state(std::move(value)));
}

template <Precision T>
Parameter<T>::Parameter(const Parameter& other) : Variable<T>() {
  if (other.state_) adopt(detail::new_state(Array<T>(other.value())));
}

template <Precision T>
Parameter<T>::Parameter(Parameter&& other) noexcept : Variable<T>() {
  adopt(std::move(other.state_));
  other.Variable<T>::operator=(Variable<T>());
}

template <Precision T>
Parameter<T>& Parameter<T>::operator=(const Parameter& other) {
  if (this == &other) return *this;
  if (!state_ && other.state_) {
    adopt(detail::new_state(Array<T>(other.value())));
  } else if (state_ && !other.state_) {
    state_->owner = nullptr;
    state_.reset();
    Variable<T>::operator=(Variable<T>());
  } else if (state_) {
    if (other.shape() != this->shape()) handle().clear_grad();
    detail::replace(*state_, Array<T>(other.value()));
  }
  return *this;
}

template <Precision T>
Parameter<T>& Parameter<T>::operator=(Parameter&& other) noexcept {
  if (this == &other) return *this;
  const auto old = std::move(state_);
  Variable<T>::operator=(Variable<T>());
  adopt(std::move(other.state_));
  other.Variable<T>::operator=(Variable<T>());
  if (!old) return *this;
  old->owner = nullptr;
  if (state_) {
    ++old->cell().version;  // a tape that recorded the old value will throw VersionError
    old->variable = Variable<T>();
    old->successor = state_;
  }
  return *this;
}

template <Precision T>
Parameter<T>::~Parameter() {
  if (state_) state_->owner = nullptr;
}

template <Precision T>
ParameterHandle<T> Parameter<T>::handle() const {
  if (!state_) detail::throw_empty_variable();
  return ParameterHandle<T>(state_);
}

template <Precision T>
void Parameter<T>::adopt(std::shared_ptr<detail::ParameterState<T>> state) noexcept {
  state_ = std::move(state);
  if (!state_) return;
  state_->owner = this;
  Variable<T>::operator=(state_->variable);
}

template class ParameterHandle<float>;
template class ParameterHandle<double>;
template class Parameter<float>;
template class Parameter<double>;

}  // namespace xgrad
