#include <autodiff/parameter.hpp>
#include <autodiff/variable.hpp>

#include <fmt/format.h>

#include <ostream>

namespace xgrad {
namespace detail {
namespace {

/// The next node id. Threads reserve ids in blocks of 2^20, so that they rarely contend for the counter.
std::uint64_t next_id() noexcept {
  constexpr std::uint64_t block = std::uint64_t{1} << 20;
  static std::atomic<std::uint64_t> blocks{0};
  thread_local std::uint64_t next = 0;
  thread_local std::uint64_t end = 0;
  if (next == end) {
    next = blocks.fetch_add(1, std::memory_order_relaxed) * block + 1;
    end = next + block;
  }
  return next++;
}

}  // namespace

Node::Node(Scalar type) noexcept : id(next_id()), scalar(type) {}

void Node::renew() noexcept {
  id = next_id();
  record = not_recorded;
  session = 0;
}

Node::~Node() {
  if (parameter != nullptr) parameter->release();
}

void destroy(Node* node) noexcept {
  if (node->scalar == Scalar::single) {
    delete static_cast<ValueNode<float>*>(node);
  } else {
    delete static_cast<ValueNode<double>*>(node);
  }
}

const Shape& shape_of(const Node& node) noexcept {
  return node.scalar == Scalar::single ? static_cast<const ValueNode<float>&>(node).value.shape()
                                       : static_cast<const ValueNode<double>&>(node).value.shape();
}

void throw_empty_variable() {
  throw ValueError("this Variable holds no value: it was default-constructed and never assigned");
}

std::size_t extent(const Shape& shape, std::size_t axis) {
  if (axis < shape.size()) return shape[axis];
  throw ShapeError(
      fmt::format("shape: axis {} is out of range for an array of shape {}", axis, to_string(shape)));
}

void throw_not_one_entry(const Shape& shape) {
  throw ShapeError(fmt::format("item: expected a Variable with one entry, got shape {}", to_string(shape)));
}

}  // namespace detail

template <class T>
Variable<T> constant(Array<T> value) {
  Variable<T> result(std::move(value));
  result.node()->constant = true;
  return result;
}

template <class T>
Variable<T> stop_gradient(const Variable<T>& x) {
  return constant<T>(Array<T>(x.value()));
}

template <class T>
std::string to_string(const Variable<T>& x) {
  return to_string(x.value());
}

template <class T>
std::ostream& operator<<(std::ostream& out, const Variable<T>& x) {
  return out << to_string(x.value());
}

#define XGRAD_INSTANTIATE(T)                                 \
  template Variable<T> constant<T>(Array<T>);                \
  template Variable<T> stop_gradient<T>(const Variable<T>&); \
  template std::string to_string<T>(const Variable<T>&);     \
  template std::ostream& operator<< <T>(std::ostream&, const Variable<T>&);
XGRAD_INSTANTIATE(float)
XGRAD_INSTANTIATE(double)
#undef XGRAD_INSTANTIATE

}  // namespace xgrad
