#pragma once

#include <autodiff/config.hpp>
#include <autodiff/memory.hpp>
#include <autodiff/xtensor.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <tuple>
#include <type_traits>
#include <utility>

/// \file
/// The container behind Array: xtensor's, with safer constructors. In xtensor, `xt::xarray<float> a({2, 3})`
/// is a vector of two numbers, and `a(1, 2) = 0` then writes out of bounds. Here, integers in braces inside
/// parentheses fail to compile, because they could be a shape or values.

namespace xgrad {

/// An arithmetic type; converts to the precision of the Variable it is combined with.
template <class X>
concept Number = std::is_arithmetic_v<std::remove_cvref_t<X>>;

namespace detail {

/// A number in braces. Its conversion ranks lowest in overload resolution, so that constructors taking
/// integers win.
template <class T>
struct ListedNumber {
  template <Number N>
  constexpr ListedNumber(N n) : number(static_cast<T>(n)) {}  // NOLINT
  constexpr operator T() const { return number; }             // NOLINT
  T number;
};

template <class T>
using ListElement = std::conditional_t<std::is_arithmetic_v<T>, ListedNumber<T>, T>;

/// Nested braces of the given depth: `NestedList<T, 2>` is `{{1, 2}, {3, 4}}`.
template <class T, std::size_t depth>
using NestedList = xt::nested_initializer_list_t<ListElement<T>, depth>;

/// Satisfied only by the empty pack. A constructor with this trailing pack is not an initializer-list
/// constructor: both compilers consider it for `x({2, 3})`, but not for `x{2, 3}` and `x = {2, 3}`.
template <class... None>
concept InParentheses = sizeof...(None) == 0;

template <class>
inline constexpr bool never = false;

[[noreturn]] XGRAD_API void throw_ragged_list();

/// Appends the extents of a nested list, taken from the first element at each level.
template <class E, class S>
void append_extents(const E&, S&) {}
template <class E, class S>
void append_extents(std::initializer_list<E> list, S& shape) {
  shape.push_back(list.size());
  if (list.size() > 0) append_extents(*list.begin(), shape);
}

/// Copies the numbers of a nested list in row-major order. Throws ShapeError if its rows differ in length.
template <class I, class E>
void copy_list(I& out, const E& number, const std::size_t*) {
  *out++ = static_cast<typename std::iterator_traits<I>::value_type>(number);
}
template <class I, class E>
void copy_list(I& out, std::initializer_list<E> list, const std::size_t* extent) {
  if (list.size() != *extent) throw_ragged_list();
  for (const E& each : list) copy_list(out, each, extent + 1);
}

}  // namespace detail

}  // namespace xgrad

template <class T>
class xt::xarray_container<xt::uvector<T, xgrad::PoolAllocator<T>>, xt::layout_type::row_major,
                           xt::svector<std::size_t, 4>, xt::xtensor_expression_tag>
    : public xt::xstrided_container<
          xt::xarray_container<xt::uvector<T, xgrad::PoolAllocator<T>>, xt::layout_type::row_major,
                               xt::svector<std::size_t, 4>, xt::xtensor_expression_tag>>,
      public xt::xcontainer_semantic<
          xt::xarray_container<xt::uvector<T, xgrad::PoolAllocator<T>>, xt::layout_type::row_major,
                               xt::svector<std::size_t, 4>, xt::xtensor_expression_tag>>,
      public xt::extension::xarray_container_base_t<xt::uvector<T, xgrad::PoolAllocator<T>>,
                                                    xt::layout_type::row_major, xt::svector<std::size_t, 4>,
                                                    xt::xtensor_expression_tag> {
 public:
  using self_type = xarray_container;
  using base_type = xt::xstrided_container<self_type>;
  using semantic_base = xt::xcontainer_semantic<self_type>;
  using storage_type = typename base_type::storage_type;
  using allocator_type = typename base_type::allocator_type;
  using value_type = typename base_type::value_type;
  using reference = typename base_type::reference;
  using const_reference = typename base_type::const_reference;
  using pointer = typename base_type::pointer;
  using const_pointer = typename base_type::const_pointer;
  using shape_type = typename base_type::shape_type;
  using inner_shape_type = typename base_type::inner_shape_type;
  using strides_type = typename base_type::strides_type;
  using backstrides_type = typename base_type::backstrides_type;
  using inner_strides_type = typename base_type::inner_strides_type;
  using inner_backstrides_type = typename base_type::inner_backstrides_type;
  using temporary_type = typename semantic_base::temporary_type;
  using expression_tag = xt::xtensor_expression_tag;
  static constexpr std::size_t rank = SIZE_MAX;

  /// A zero of shape {}.
  xarray_container() : storage_(1, value_type()) {}

  /// An array of this shape with uninitialised entries.
  explicit xarray_container(const shape_type& shape, xt::layout_type = xt::layout_type::row_major) {
    base_type::resize(shape, true);
  }

  /// An array of this shape with every entry equal to `value`.
  explicit xarray_container(const shape_type& shape, const_reference value,
                            xt::layout_type = xt::layout_type::row_major) {
    base_type::resize(shape, true);
    std::fill(storage_.begin(), storage_.end(), value);
  }

  explicit xarray_container(storage_type&& storage, inner_shape_type&& shape, inner_strides_type&& strides)
      : base_type(std::move(shape), std::move(strides)), storage_(std::move(storage)) {}

  /// An array of shape {} from a number.
  xarray_container(const value_type& number) : storage_(1, number) {}

  // From nested braces. The one-level constructor is a template, so that it ranks below the others and
  // {{1.0}, {2.0}} is a matrix.
  template <int = 0>
  xarray_container(xgrad::detail::NestedList<T, 1> list) {
    assign_list(list);
  }
  xarray_container(xgrad::detail::NestedList<T, 2> list) { assign_list(list); }
  xarray_container(xgrad::detail::NestedList<T, 3> list) { assign_list(list); }
  xarray_container(xgrad::detail::NestedList<T, 4> list) { assign_list(list); }
  xarray_container(xgrad::detail::NestedList<T, 5> list) { assign_list(list); }

  /// From floating-point numbers in braces and parentheses, which cannot be a shape.
  template <std::floating_point F, class... None>
    requires(xgrad::detail::InParentheses<None...>)
  explicit xarray_container(std::initializer_list<F> list, None...) {
    assign_list(list);
  }
  /// Integers in braces and parentheses are ambiguous: explains what to write instead.
  template <class... None>
    requires(xgrad::detail::InParentheses<None...>)
  explicit xarray_container(std::initializer_list<std::ptrdiff_t>, None...) {
    static_assert(
        xgrad::detail::never<std::tuple<None...>>,
        "xgrad: Array<T>({2, 3}) can be a shape or numbers: write empty<T>({2, 3}) or full<T>({2, 3}, 0) "
        "for an array of this shape, Array<T>{2, 3} for two numbers");
  }

  template <class S = shape_type>
  static xarray_container from_shape(S&& shape) {
    return self_type(xtl::forward_sequence<shape_type, S>(shape));
  }

  xarray_container(const xarray_container&) = default;
  xarray_container& operator=(const xarray_container&) = default;
  xarray_container(xarray_container&&) = default;
  xarray_container& operator=(xarray_container&&) = default;
  ~xarray_container() = default;

  template <class E>
  xarray_container(const xt::xexpression<E>& e) {  // NOLINT
    // A new container has shape {} but no memory, so assigning shape {} would not allocate.
    if (e.derived_cast().dimension() == 0) storage_.resize(1);
    semantic_base::assign(e);
  }
  template <class E>
  xarray_container& operator=(const xt::xexpression<E>& e) {
    return semantic_base::operator=(e);
  }

  /// Explains what to write instead of `if (x > 0)`.
  explicit operator bool() const {
    static_assert(xgrad::detail::never<T>,
                  "xgrad: an array has no truth value: write xt::all(x > 0) or xt::any(x > 0)");
    return false;
  }

 private:
  template <class List>
  void assign_list(const List& list) {
    shape_type shape;
    xgrad::detail::append_extents(list, shape);
    base_type::resize(shape, true);
    auto out = storage_.begin();
    xgrad::detail::copy_list(out, list, shape.data());
  }

  storage_type& storage_impl() noexcept { return storage_; }
  const storage_type& storage_impl() const noexcept { return storage_; }
  friend class xt::xcontainer<self_type>;

  storage_type storage_;
};
