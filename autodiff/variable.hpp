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

/// What a Variable holds.
template <class T>
concept Precision = std::same_as<T, float> || std::same_as<T, double>;

template <Precision T>
class Variable;

namespace detail {

/// Takes Variables and what derives from them. Declared only.
template <class T>
void take_variable(const Variable<T>&);

}  // namespace detail

template <class T>
concept VariableType = requires(const std::remove_cvref_t<T>& v) {
  detail::take_variable(v);
};

namespace detail {

template <class R>
using range_value_t = std::remove_cvref_t<decltype(*std::begin(std::declval<const R&>()))>;

/// A container of numbers, such as std::vector, that is no array and no text.
template <class R>
concept NumberRange = !VariableType<R> && !Expression<R> && requires(const R& r) {
  std::size(r);
  std::end(r);
  requires Number<range_value_t<R>>;
  requires !std::same_as<range_value_t<R>, char>;
};

/// What would become a Variable of precision T if it were not of another type.
template <class X, class T>
concept OtherPrecision = ((VariableType<X> || Expression<X>)&&!std::same_as<typename X::value_type, T>) ||
                         (NumberRange<X> && !std::same_as<range_value_t<X>, T>);

/// What becomes a Variable of precision T.
template <class X, class T>
concept BecomesVariable =
    std::constructible_from<Variable<T>, X> && !OtherPrecision<std::remove_cvref_t<X>, T>;

struct ParameterCell;

enum class Scalar : std::uint8_t { single, real };  // float, double

template <class T>
inline constexpr Scalar scalar_of = std::is_same_v<T, float> ? Scalar::single : Scalar::real;

/// What a Variable is a handle to: a value that never changes, and where it was recorded. Everything here
/// is written once, by the thread that makes it; other threads only read.
struct XGRAD_API Node {
  static constexpr std::uint32_t not_recorded = ~std::uint32_t{0};

  explicit Node(Scalar type) noexcept;
  /// A new identity, for a node that gets another value because nobody else knows it.
  void renew() noexcept;
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  static void* operator new(std::size_t bytes) { return allocate(bytes); }
  static void operator delete(void* memory, std::size_t bytes) noexcept { deallocate(memory, bytes); }

  std::atomic<std::uint32_t> references{1};
  std::uint32_t record = not_recorded;  ///< its place in the record list of the thread that made it
  std::uint64_t id;                     ///< never used again, by any thread
  std::uint64_t session = 0;            ///< the life of a record list in which it was recorded
  std::uint64_t computed_by = 0;        ///< the tape whose replay computed it
  ParameterCell* parameter = nullptr;   ///< what a parameter's Variable belongs to (counted)
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

/// A counted reference to a node.
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
    // Whoever holds the only reference needs no locked instruction to give it up.
    if (is_unique() || node_->references.fetch_sub(1, std::memory_order_acq_rel) == 1) destroy(node_);
  }

  /// Whether nobody else has the node; then nobody else can come by it.
  bool is_unique() const noexcept { return node_->references.load(std::memory_order_acquire) == 1; }

  Node* get() const noexcept { return node_; }
  Node& operator*() const noexcept { return *node_; }
  Node* operator->() const noexcept { return node_; }
  explicit operator bool() const noexcept { return node_ != nullptr; }

 private:
  Node* node_ = nullptr;
};

}  // namespace detail

/// An array that remembers how it was computed: a handle to an immutable value and to its place on the
/// tapes that recorded it. Copying a Variable copies the handle. T is float or double.
///
/// A Variable made from an array is an input: any tape in scope records what is done to it, and gives
/// its gradient. A Variable outlives the tape that recorded it and is then a plain value.
///
/// Arrays of another type are cast first: `Variable<float> x = xt::cast<float>(integers);`
///
/// What can only be a mistake does not compile, with an explanation: a Variable in place of a number, `x(0,
/// 1) = 3`.
template <Precision T>
class Variable {
 public:
  using value_type = T;
  using temporary_type = Variable;  ///< what xt::eval makes of it

  /// Holds nothing yet; using it throws.
  Variable() = default;

  /// From an Array, whose memory it takes over.
  Variable(Array<T>&& value) : node_(new detail::ValueNode<T>(std::move(value))) {}

  /// From any xtensor expression of the same precision, evaluated here.
  template <ExpressionOf<T> E>
  Variable(const E& expression) : Variable(to_array<T>(expression)) {}

  /// From a number: an array of shape {}.
  template <Number S>
  Variable(S number) : Variable(full<T>(Shape{}, static_cast<T>(number))) {}

  // From numbers in braces, `Variable<double> x = {{1, 2}, {3, 4}}`; rows of different lengths throw
  // ShapeError. The list of one level is a template for the reason that Array's is.
  template <int = 0>
  Variable(detail::NestedList<T, 1> list) : Variable(Array<T>(list)) {}
  Variable(detail::NestedList<T, 2> list) : Variable(Array<T>(list)) {}
  Variable(detail::NestedList<T, 3> list) : Variable(Array<T>(list)) {}
  Variable(detail::NestedList<T, 4> list) : Variable(Array<T>(list)) {}

  /// `Variable<float> x({2, 3})` would be two numbers to one reader and a shape to the next: it does not
  /// compile.
  template <class... None>
    requires(detail::InParentheses<None...>)
  explicit Variable(std::initializer_list<std::ptrdiff_t> numbers, None...)
      : Variable(Array<T>(numbers, None()...)) {}
  template <std::floating_point F, class... None>
    requires(detail::InParentheses<None...>)
  explicit Variable(std::initializer_list<F> numbers, None...) : Variable(Array<T>(numbers, None()...)) {}

  /// From a container of numbers of the same precision, such as std::vector: one axis.
  template <detail::NumberRange R>
    requires(std::same_as<detail::range_value_t<R>, T>)
  Variable(const R& numbers) : Variable(empty<T>(Shape{std::size(numbers)})) {
    std::copy(std::begin(numbers), std::end(numbers), const_cast<T*>(value().data()));
  }

  /// Arrays and containers of another type are cast first.
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

  /// Of a temporary, the value itself, so that `for (auto entry : f(x).value())` refers to something that
  /// lives.
  Array<T> value() && {
    const Array<T>& own = std::as_const(*this).value();
    return node_.is_unique() ? std::move(const_cast<Array<T>&>(own)) : own;
  }

  const Shape& shape() const { return value().shape(); }
  std::size_t shape(std::size_t axis) const { return value().shape().at(axis); }
  std::size_t dimension() const { return value().dimension(); }
  std::size_t size() const { return value().size(); }

  /// The number in a Variable of one entry; throws ShapeError for any other.
  T item() const {
    if (size() != 1) detail::throw_not_one_entry(shape());
    return value().data()[0];
  }

  /// Says what to write for `double s = sum(x)`, `std::exp(x)` and the like.
  operator T() const {
    static_assert(
        detail::never<T>,
        "xgrad: a Variable is not a number: x.item() is the number in a Variable of one entry; functions of "
        "Variables are xgrad's, exp(x) instead of std::exp(x)");
    return T();
  }

  /// Says what to write for `x(0, 1)` and `x[0]`.
  template <std::integral... I>
  T& operator()(I...) const {
    static_assert(
        detail::never<std::tuple<I...>>,
        "xgrad: x.value()(0, 1) reads an entry of a Variable, view(x, 0, 1) is that part, with gradients; "
        "Variables never change: index_update(x, 0, 1, value) makes a changed copy");
    return const_cast<T&>(value().data()[0]);
  }
  template <std::integral I>
  T& operator[](I i) const {
    return (*this)(i);
  }

  /// False for a Variable that was default-constructed.
  explicit operator bool() const noexcept { return static_cast<bool>(node_); }

  /// The engine's view of this handle.
  const detail::NodePointer& node() const noexcept { return node_; }
  detail::NodePointer release() && noexcept { return std::move(node_); }
  explicit Variable(detail::NodePointer node) noexcept : node_(std::move(node)) {}

 protected:
  detail::NodePointer node_;
};

template <Expression E>
Variable(const E&) -> Variable<typename E::value_type>;

namespace detail {

/// A Variable of this shape whose entries are still to be written, through `entries`.
template <class T>
Variable<T> new_variable(const Shape& shape) {
  return Variable<T>(NodePointer(new ValueNode<T>(shape)));
}

/// A Variable whose only handle this is, to be written again as another value.
template <class T>
Variable<T> renewed(Variable<T>&& x) noexcept {
  x.node()->renew();
  return std::move(x);
}

/// The entries of a value that nobody has seen yet.
template <class T>
Array<T>& entries(const Variable<T>& unseen) noexcept {
  return static_cast<ValueNode<T>*>(unseen.node().get())->value;
}

}  // namespace detail

namespace detail {

/// What a Variable can be made of, and is no Variable yet.
template <class X>
concept Raw = Expression<X> || Number<X>;

}  // namespace detail

/// A Variable that no tape records as an input, and whose results, as far as they are computed from
/// constants alone, are constants too.
template <class T>
XGRAD_API Variable<T> constant(Array<T> value);

template <Expression E>
auto constant(const E& expression) {
  return constant<typename E::value_type>(to_array<typename E::value_type>(expression));
}

/// The same value as a constant: gradients stop here.
template <class T>
XGRAD_API Variable<T> stop_gradient(const Variable<T>& x);

/// The value as text, as `to_string` of an Array.
template <class T>
XGRAD_API std::string to_string(const Variable<T>& x);

/// Writes the shape and the value to standard error, as for an Array.
[[gnu::used]] inline void dump(const Variable<float>& x) { detail::dump(x.value()); }
[[gnu::used]] inline void dump(const Variable<double>& x) { detail::dump(x.value()); }

template <class T>
XGRAD_API std::ostream& operator<<(std::ostream& out, const Variable<T>& x);

}  // namespace xgrad

/// fmt prints Variables and Parameters as a stream does; the format specification is a string's (`{:>20}`).
template <xgrad::VariableType V>
struct fmt::formatter<V, char> : fmt::formatter<std::string> {
  template <class Context>
  auto format(const V& x, Context& context) const {
    return fmt::formatter<std::string>::format(xgrad::to_string(x), context);
  }
};
