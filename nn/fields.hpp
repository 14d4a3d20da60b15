#pragma once

#include <nn/field_bindings.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

/// \file
/// Finds the fields of a model without registration. A model is a plain struct, an aggregate, whose fields
/// are layers, parameters, other models, and standard containers of them: vectors, arrays, deques, lists,
/// maps, tuples, pairs, optionals, unique and shared pointers, and variants for layers chosen at run time:
///
///     struct Block {
///       nn::Conv2d<float> conv1{8, 8, 3, {.padding = 1}};
///       std::vector<nn::Linear<float>> heads;
///     };                                         // conv1.weight, conv1.bias, heads.0.weight, ...
///
/// Numbers, strings, options, functions and anything else without parameters, buffers or a mode are ignored.
/// A class that is not an aggregate (it has constructors, private fields or a base) lists its fields in one
/// line:
///
///     auto fields() { return nn::fields("conv1", conv1, "heads", heads); }

namespace xgrad::nn {

/// The fields of a model with their names, as returned by `fields`.
template <class... F>
struct Fields {
  std::array<std::string_view, sizeof...(F)> names;  ///< in the order of the fields
  std::tuple<F&...> values;                          ///< references to the fields
};

namespace detail {

/// Placeholder for fields that could not be found, returned after the error message.
struct Unknown {};
Fields<Unknown> unknown_fields();

template <class... Arguments, std::size_t... I>
auto make_fields([[maybe_unused]] std::tuple<Arguments...> arguments, std::index_sequence<I...>) {
  return Fields<std::remove_reference_t<std::tuple_element_t<2 * I + 1, std::tuple<Arguments...>>>...>{
      {std::string_view(std::get<2 * I>(arguments))...}, {std::get<2 * I + 1>(arguments)...}};
}

template <class... Arguments, std::size_t... I>
consteval bool are_names_and_fields(std::index_sequence<I...>) {
  using All = std::tuple<Arguments...>;
  return ((std::is_convertible_v<std::tuple_element_t<2 * I, All>, std::string_view> &&
           std::is_lvalue_reference_v<std::tuple_element_t<2 * I + 1, All>>) &&
          ...);
}

}  // namespace detail

/// Lists the fields of a class as alternating names and fields: `fields("fc1", fc1, "fc2", fc2)`. Without
/// arguments, the class has nothing to learn.
template <class... NamesAndFields>
auto fields(NamesAndFields&&... names_and_fields) {
  constexpr auto half = std::make_index_sequence<sizeof...(NamesAndFields) / 2>();
  constexpr bool right =
      sizeof...(NamesAndFields) % 2 == 0 && detail::are_names_and_fields<NamesAndFields&&...>(half);
  static_assert(
      right, "xgrad: nn::fields takes alternating names and fields: nn::fields(\"fc1\", fc1, \"fc2\", fc2)");
  if constexpr (right) {
    return detail::make_fields(std::forward_as_tuple(std::forward<NamesAndFields>(names_and_fields)...),
                               half);
  } else {
    return detail::unknown_fields();
  }
}

namespace detail {

template <class T>
inline constexpr bool is_fields = false;
template <class... F>
inline constexpr bool is_fields<Fields<F...>> = true;

template <class T>
concept NamesItsFields = requires(T& t) { requires is_fields<decltype(t.fields())>; };

/// A layer that behaves differently in training and in test mode.
template <class T>
concept HasMode = requires(T& t) { requires std::same_as<decltype((t.training)), bool&>; };

// ---- The number of fields of an aggregate ----

/// Converts to any type; used in unevaluated expressions only.
struct Anything {
  template <class U>
  operator U() const;  // NOLINT
};

template <std::size_t>
using AnythingAt = Anything;

/// Whether T{...} accepts `before` values, then `nested` values in their own braces, then `after` values.
template <class T, std::size_t before, std::size_t nested, std::size_t after>
consteval bool initializes_nested() {
  return []<std::size_t... I, std::size_t... J, std::size_t... K>(
             std::index_sequence<I...>, std::index_sequence<J...>, std::index_sequence<K...>) {
    return requires { T{AnythingAt<I>{}..., {AnythingAt<J>{}...}, AnythingAt<K>{}...}; };
  }(std::make_index_sequence<before>(), std::make_index_sequence<nested>(),
         std::make_index_sequence<after>());
}

template <class T, std::size_t count>
consteval bool initializes() {
  return []<std::size_t... I>(std::index_sequence<I...>) {
    return requires { T{AnythingAt<I>{}...}; };
  }(std::make_index_sequence<count>());
}

/// The largest number of values that T{...} accepts; smaller numbers fail if fields have no default. It is
/// max_fields + 1 if there are more, or if the accepted numbers have a gap, as with C arrays of layers.
template <class T, std::size_t count = 0, bool found = false>
consteval std::size_t count_fields() {
  constexpr bool taken = initializes<T, count>();
  if constexpr (count > max_fields && (taken || !found)) {
    return max_fields + 1;
  } else if constexpr (taken || !found) {
    return count_fields<T, count + 1, taken>();
  } else {
    constexpr bool gap =
        initializes<T, count + 1>() || initializes<T, count + 2>() || initializes<T, count + 3>();
    return gap ? max_fields + 1 : count - 1;
  }
}

/// Whether value `at` of the `count` that T{...} accepts is the first of a C array. Without braces of its
/// own, each entry of an array takes one value; with them, the array takes only one place, and fewer than
/// `count` values fit in all.
template <class T, std::size_t count, std::size_t at>
consteval bool is_c_array() {
  if constexpr (initializes_nested<T, at, 0, count - at - 1>()) {
    return false;  // an empty pair of braces initializes this value only
  } else {
    return []<std::size_t... I>(std::index_sequence<I...>) {  // arrays of I + 2 entries
      return ((initializes_nested<T, at, I + 2, count - at - I - 2>() &&
               !initializes_nested<T, at, I + 2, count - at - I - 1>()) ||
              ...);
    }(std::make_index_sequence<count - at - 1>());
  }
}

template <class T, std::size_t count>
consteval bool has_c_array() {
  return []<std::size_t... I>(std::index_sequence<I...>) {
    return (is_c_array<T, count, I>() || ...);
  }(std::make_index_sequence<count>());
}

/// Converts to any base of T.
template <class T>
struct BaseOf {
  template <class U>
    requires(std::is_base_of_v<U, T> && !std::is_same_v<U, T>)
  operator U() const;  // NOLINT
};

template <class T>
concept HasBase = requires { T{BaseOf<T>{}}; };

// ---- The names of the fields ----

// The name of a function template's instance contains its arguments, and an argument may be the address of a
// field. The object below is never defined: only consteval functions take addresses in it, so that the
// program contains none.

template <class T>
struct Holder {
  T value;
};

template <class P>
struct Address {
  constexpr explicit Address(P p) : pointer(p) {}
  P pointer;
};

#if defined(__clang__)
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wundefined-var-template"
#pragma clang diagnostic ignored "-Wundefined-internal"
#endif

template <class T>
extern const Holder<T> holder;

template <class T, std::size_t count, std::size_t i>
consteval auto address_of_field() {
  const auto all =
      std::apply([](auto&... field) { return std::tuple(&field...); }, bind_fields<count>(holder<T>.value));
  return Address(std::get<i>(all));
}

template <Address address>
constexpr auto name_in_function() {
  return std::string_view(__PRETTY_FUNCTION__, sizeof(__PRETTY_FUNCTION__) - 1);
}

#if defined(__clang__)
#pragma clang diagnostic pop
#endif

constexpr bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/// The last name before the brace that closes the first argument, as printed by g++ and clang:
///
///     ... [with ... A = Address<...>{(& holder<Net>.Holder<Net>::value.Net::conv1)}]
///     ... [address = {&holder.value.conv1}]
constexpr std::string_view last_name(std::string_view function) {
  std::size_t end = function.rfind('}');
  while (end > 0 && !is_name_character(function[end - 1])) --end;
  std::size_t begin = end;
  while (begin > 0 && is_name_character(function[begin - 1])) --begin;
  return function.substr(begin, end - begin);
}

template <class T, std::size_t... I>
consteval std::array<std::string_view, sizeof...(I)> field_names(std::index_sequence<I...>) {
  return {last_name(name_in_function<address_of_field<T, sizeof...(I), I>()>())...};
}

// ---- The fields themselves ----

template <class T, std::size_t count>
auto reflect(T& model) {
  return std::apply(
      [](auto&... field) {
        return Fields<std::remove_reference_t<decltype(field)>...>{
            field_names<std::remove_const_t<T>>(std::make_index_sequence<sizeof...(field)>()), {field...}};
      },
      bind_fields<count>(model));
}

template <class T>
auto fields_of_aggregate(T& model) {
  constexpr std::size_t count = count_fields<T>();
  constexpr bool countable = count <= max_fields;
  static_assert(
      countable,
      "xgrad: the fields of this struct cannot be counted: more than 32, a reference, or a C array; "
      "list them in one line: auto fields() { return nn::fields(\"fc1\", fc1, \"fc2\", fc2); }");
  if constexpr (!countable) {
    return unknown_fields();
  } else if constexpr (has_c_array<T, count>()) {
    static_assert(!has_c_array<T, count>(),
                  "xgrad: a field of this struct is a C array; write std::array or std::vector instead");
    return unknown_fields();
  } else {
    return reflect<T, count>(model);
  }
}

/// The fields of a model: those listed by its `fields()`, otherwise those of the aggregate.
template <class T>
auto fields_of(T& model) {
  if constexpr (NamesItsFields<T>) {
    return model.fields();
  } else if constexpr (HasBase<T>) {
    static_assert(!HasBase<T>,
                  "xgrad: a model with a base class must list its fields: "
                  "auto fields() { return nn::fields(\"fc1\", fc1, \"fc2\", fc2); }");
    return unknown_fields();
  } else {
    return fields_of_aggregate(model);
  }
}

}  // namespace detail

}  // namespace xgrad::nn
