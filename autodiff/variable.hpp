#pragma once

#include <autodiff/array.hpp>
#include <autodiff/config.hpp>
#include <autodiff/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <concepts>
#include <cstdint>
#include <iosfwd>
#include <iterator>
#include <string>
#include <tuple>
#include <utility>

namespace xgrad {

/// The types of a Variable's entries: float or double.
template <class T>
concept Precision = std::same_as<T, float> || std::same_as<T, double>;

template <Precision T>
class Variable;

namespace detail {

/// Accepts Variables and derived classes. Declared only.
template <class T>
void take_variable(const Variable<T>&);

/// The extent of an axis. Throws ShapeError for an axis that does not exist.
XGRAD_API std::size_t extent(const Shape& shape, std::size_t axis);

}  // namespace detail

/// A Variable of either precision, or a class derived from one.
template <class T>
concept VariableType = requires(const std::remove_cvref_t<T>& v) { detail::take_variable(v); };

namespace detail {

template <class R>
using range_value_t = std::remove_cvref_t<decltype(*std::begin(std::declval<const R&>()))>;

/// A container of numbers, such as std::vector, that is not an array or text.
template <class R>
concept NumberRange = !VariableType<R> && !Expression<R> && requires(const R& r) {
  std::size(r);
  std::end(r);
  requires Number<range_value_t<R>>;
  requires !std::same_as<range_value_t<R>, char>;
};

/// Convertible to a Variable, but of another precision than T.
template <class X, class T>
concept OtherPrecision = ((VariableType<X> || Expression<X>) && !std::same_as<typename X::value_type, T>) ||
                         (NumberRange<X> && !std::same_as<range_value_t<X>, T>);

/// Convertible to a Variable of precision T.
template <class X, class T>
concept BecomesVariable =
    std::constructible_from<Variable<T>, X> && !OtherPrecision<std::remove_cvref_t<X>, T>;

struct ParameterCell;

enum class Scalar : std::uint8_t { single, real };  // float, double

template <class T>
inline constexpr Scalar scalar_of = std::is_same_v<T, float> ? Scalar::single : Scalar::real;

/// The object behind a Variable: an immutable value and where it was recorded. All fields are written once,
/// by the thread that creates the node; other threads only read.
struct XGRAD_API Node {
  static constexpr std::uint32_t not_recorded = ~std::uint32_t{0};

  explicit Node(Scalar type) noexcept;
  /// Assigns a new identity, for reusing a uniquely owned node for another value.
  void renew() noexcept;
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  static void* operator new(std::size_t bytes) { return allocate(bytes); }
  static void operator delete(void* memory, std::size_t bytes) noexcept { deallocate(memory, bytes); }

  std::atomic<std::uint32_t> references{1};
  std::uint32_t record = not_recorded;  ///< index in the record list of the thread that created it
  std::uint64_t id;                     ///< unique across all threads, never reused
  std::uint64_t session = 0;            ///< the session of the record list in which it was recorded
  std::uint64_t computed_by = 0;        ///< serial of the tape whose backward pass computed it, or 0
  ParameterCell* parameter = nullptr;   ///< the parameter it is the value of, or null (counted)
  Scalar scalar;
  bool constant = false;

 protected:
  ~Node();
};

template <class T>
struct ValueNode final : Node {
  explicit ValueNode(Array<T>&& v) : Node(scalar_of<T>), value(std::move(v)) {}
  explicit ValueNode(const Shape& shape) : Node(scalar_of<T>), value(shape) {}
  Array<T> value;
};

XGRAD_API void destroy(Node* node) noexcept;
XGRAD_API const Shape& shape_of(const Node& node) noexcept;
[[noreturn]] XGRAD_API void throw_empty_variable();
[[noreturn]] XGRAD_API void throw_not_one_entry(const Shape& shape);

/// A reference-counted pointer to a node.
class NodePointer {
 public:
  NodePointer() = default;
  explicit NodePointer(Node* owned) noexcept : node_(owned) {}
  NodePointer(const NodePointer& other) noexcept : node_(other.node_) {
    if (node_ != nullptr) node_->references.fetch_add(1, std::memory_order_relaxed);
  }
  NodePointer(NodePointer&& other) noexcept : node_(std::exchange(other.node_, nullptr)) {}
  NodePointer& operator=(NodePointer other) noexcept {
    std::swap(node_, other.node_);
    return *this;
  }
  ~NodePointer() {
    if (node_ == nullptr) return;
    // A sole owner can release the node without a locked instruction.
    if (is_unique() || node_->references.fetch_sub(1, std::memory_order_acq_rel) == 1) destroy(node_);
  }

  /// Whether this is the only reference; then no other thread can obtain one.
  bool is_unique() const noexcept { return node_->references.load(std::memory_order_acquire) == 1; }

  Node* get() const noexcept { return node_; }
  Node& operator*() const noexcept { return *node_; }
  Node* operator->() const noexcept { return node_; }
  explicit operator bool() const noexcept { return node_ != nullptr; }

 private:
  Node* node_ = nullptr;
};

}  // namespace detail

/// An array that remembers how it was computed: a handle to an immutable value and to its records on tapes.
/// Copying a Variable copies the handle. T is float or double.
///
/// A Variable constructed from an array is an input (leaf): any tape in scope records operations on it and
/// can compute gradients with respect to it. A Variable may outlive the tape that recorded it; it is then a
/// plain value.
///
/// Cast arrays of another type: `Variable<float> x = xt::cast<float>(integers);`
///
/// Calls that can only be mistakes fail to compile, with an explanation: a Variable used as a number, or
/// `x(0, 1) = 3`.
template <Precision T>
class Variable {
 public:
  using value_type = T;             ///< the type of the entries
  using temporary_type = Variable;  ///< the result type of xt::eval

  /// Holds no value; using it throws ValueError.
  Variable() = default;

  /// From an Array, taking over its memory.
  Variable(Array<T>&& value) : node_(new detail::ValueNode<T>(std::move(value))) {}

  /// From any xtensor expression of the same precision, evaluated here.
  template <ExpressionOf<T> E>
  Variable(const E& expression) : Variable(to_array<T>(expression)) {}

  /// From a number: an array of shape {}.
  template <Number S>
  Variable(S number) : Variable(full<T>(Shape{}, static_cast<T>(number))) {}

  // From nested braces, `Variable<double> x = {{1, 2}, {3, 4}}`; rows of different lengths throw ShapeError.
  // The one-level constructor is a template for the same reason as Array's.
  template <int = 0>
  Variable(detail::NestedList<T, 1> list) : Variable(Array<T>(list)) {}
  Variable(detail::NestedList<T, 2> list) : Variable(Array<T>(list)) {}
  Variable(detail::NestedList<T, 3> list) : Variable(Array<T>(list)) {}
  Variable(detail::NestedList<T, 4> list) : Variable(Array<T>(list)) {}

  /// `Variable<float> x({2, 3})` could be two numbers or a shape: it does not compile.
  template <class... None>
    requires(detail::InParentheses<None...>)
  explicit Variable(std::initializer_list<std::ptrdiff_t> numbers, None...)
      : Variable(Array<T>(numbers, None()...)) {}
  template <std::floating_point F, class... None>
    requires(detail::InParentheses<None...>)
  explicit Variable(std::initializer_list<F> numbers, None...) : Variable(Array<T>(numbers, None()...)) {}

  /// From a container of numbers of the same precision, such as std::vector: shape {size}.
  template <detail::NumberRange R>
    requires(std::same_as<detail::range_value_t<R>, T>)
  Variable(const R& numbers) : Variable(empty<T>(Shape{std::size(numbers)})) {
    std::copy(std::begin(numbers), std::end(numbers), const_cast<T*>(value().data()));
  }

  /// Rejects arrays and containers of another type: they must be cast.
  template <class X>
    requires(detail::OtherPrecision<X, T>)
  Variable(const X&) {
    static_assert(detail::never<X>,
                  "xgrad: an array or Variable of another type than this Variable's: cast it first, "
                  "xt::cast<float>(array) "
                  "or cast<float>(variable), double likewise");
  }

  /// The value, an xtensor container.
  const Array<T>& value() const& {
    if (!node_) detail::throw_empty_variable();
    return static_cast<const detail::ValueNode<T>*>(node_.get())->value;
  }

  /// For a temporary, returns the value itself instead of a reference, so that
  /// `for (auto entry : f(x).value())` is safe.
  Array<T> value() && {
    const Array<T>& own = std::as_const(*this).value();
    return node_.is_unique() ? std::move(const_cast<Array<T>&>(own)) : own;
  }

  /// The extents of all axes, or that of one axis, counted from 0. Throws ShapeError for an axis that does
  /// not exist.
  const Shape& shape() const { return value().shape(); }
  std::size_t shape(std::size_t axis) const { return detail::extent(value().shape(), axis); }

  /// The number of axes.
  std::size_t dimension() const { return value().dimension(); }

  /// The number of entries: the product of the extents.
  std::size_t size() const { return value().size(); }

  /// The value of a one-entry Variable as a number. Throws ShapeError if there is not exactly one entry.
  T item() const {
    if (size() != 1) detail::throw_not_one_entry(shape());
    return value().data()[0];
  }

  /// Explains what to write instead of `double s = sum(x)`, `std::exp(x)` and the like.
  operator T() const {
    static_assert(
        detail::never<T>,
        "xgrad: a Variable is not a number: x.item() is the number in a Variable of one entry; call xgrad's "
        "functions on Variables, exp(x) instead of std::exp(x)");
    return T();
  }

  /// Explains what to write instead of `x(0, 1)` and `x[0]`.
  template <std::integral... I>
  T& operator()(I...) const {
    static_assert(
        detail::never<std::tuple<I...>>,
        "xgrad: x.value()(0, 1) reads an entry of a Variable, view(x, 0, 1) is that entry with gradients; "
        "Variables are immutable: index_update(x, 0, 1, value) returns a modified copy");
    return const_cast<T&>(value().data()[0]);
  }
  template <std::integral I>
  T& operator[](I i) const {
    return (*this)(i);
  }

  /// False for a Variable that was default-constructed.
  explicit operator bool() const noexcept { return static_cast<bool>(node_); }

  /// The underlying node. For the engine.
  const detail::NodePointer& node() const noexcept { return node_; }
  detail::NodePointer release() && noexcept { return std::move(node_); }
  explicit Variable(detail::NodePointer node) noexcept : node_(std::move(node)) {}

 protected:
  detail::NodePointer node_;
};

template <Expression E>
Variable(const E&) -> Variable<typename E::value_type>;

namespace detail {

/// A new Variable of this shape with uninitialised entries, to be written through `entries`.
template <class T>
Variable<T> new_variable(const Shape& shape) {
  return Variable<T>(NodePointer(new ValueNode<T>(shape)));
}

/// The Variable with a new identity, to be overwritten. `x` must be the only handle.
template <class T>
Variable<T> renewed(Variable<T>&& x) noexcept {
  x.node()->renew();
  return std::move(x);
}

/// Write access to the entries of a new Variable, before it is recorded or shared.
template <class T>
Array<T>& entries(const Variable<T>& unseen) noexcept {
  return static_cast<ValueNode<T>*>(unseen.node().get())->value;
}

}  // namespace detail

namespace detail {

/// An array or number that converts to a Variable.
template <class X>
concept Raw = Expression<X> || Number<X>;

}  // namespace detail

/// A Variable that no tape records as an input. A result computed only from constants is a constant.
template <class T>
XGRAD_API Variable<T> constant(Array<T> value);

template <Expression E>
auto constant(const E& expression) {
  return constant<typename E::value_type>(to_array<typename E::value_type>(expression));
}

/// The same value as a constant: gradients do not flow through it.
template <class T>
XGRAD_API Variable<T> stop_gradient(const Variable<T>& x);

/// Formats the value like `to_string` of an Array.
template <class T>
XGRAD_API std::string to_string(const Variable<T>& x);

/// Print the shape and the value to standard error, as for an Array.
[[gnu::used]] inline void dump(const Variable<float>& x) { detail::dump(x.value()); }
[[gnu::used]] inline void dump(const Variable<double>& x) { detail::dump(x.value()); }

template <class T>
XGRAD_API std::ostream& operator<<(std::ostream& out, const Variable<T>& x);

}  // namespace xgrad

/// Formats Variables and Parameters with fmt, like streams; the format specification is that of a string
/// (`{:>20}`).
template <xgrad::VariableType V>
struct fmt::formatter<V, char> : fmt::formatter<std::string> {
  template <class Context>
  auto format(const V& x, Context& context) const {
    return fmt::formatter<std::string>::format(xgrad::to_string(x), context);
  }
};
