#pragma once

#include <autodiff/config.hpp>
#include <autodiff/kernels/window.hpp>
#include <autodiff/parameter.hpp>
#include <nn/buffer.hpp>
#include <nn/fields.hpp>

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <deque>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

/// \file
/// The parameters, buffers and mode of any model. fields.hpp says what a model is.

namespace xgrad::nn {

/// The kind of layer whose `weight` a parameter is. It determines the axes of the weight's channels.
enum class LayerKind { other, linear, conv1d, conv2d, conv_transpose2d, batch_norm1d, batch_norm2d };

/// A parameter of a model and its name there, such as `conv1.weight`.
template <class T>
struct NamedParameter {
  std::string name;                   ///< the fields that lead to it, joined by dots
  ParameterHandle<T> parameter;       ///< refers to the model's parameter
  LayerKind kind = LayerKind::other;  ///< of the layer whose weight it is
  std::size_t groups = 1;             ///< of that layer's channels
};

/// A buffer of a model and its name there, such as `bn1.running_mean`.
template <class T>
struct NamedBuffer {
  std::string name;   ///< the fields that lead to it, joined by dots
  Buffer<T>* buffer;  ///< a field of the model, not owned
};

namespace detail {

// ---- The contents of a type, at compile time ----

/// What an object of a type may contain.
struct Contents {
  bool single = false;  ///< parameters in float
  bool real = false;    ///< parameters in double
  bool mode = false;    ///< layers that behave differently in training and in test mode
  bool buffer = false;  ///< arrays that are saved with the parameters but not learned

  constexpr Contents operator|(const Contents& other) const {
    return {single || other.single, real || other.real, mode || other.mode, buffer || other.buffer};
  }
  constexpr bool any() const { return single || real || mode || buffer; }
};

/// How the search continues from an object; `unknown` after an error message.
enum class Kind {
  nothing,
  parameter,
  buffer,
  fields,
  elements,
  entries,
  pointee,
  tuple,
  alternative,
  unknown
};

template <class T>
inline constexpr bool is_parameter = false;
template <class T>
inline constexpr bool is_parameter<Parameter<T>> = true;

template <class T>
inline constexpr bool is_buffer = false;
template <class T>
inline constexpr bool is_buffer<Buffer<T>> = true;

/// A layer that declares the kind of its `weight`.
template <class T>
concept NamesItsKind = requires {
  { T::layer_kind } -> std::convertible_to<LayerKind>;
};

/// Map keys that can serve as names: integers and strings.
template <class K>
concept NamesEntries = std::integral<K> || std::convertible_to<const K&, std::string_view>;

/// The standard containers that a model may hold.
template <class T>
inline constexpr Kind container_kind = Kind::nothing;
template <class T>
inline constexpr Kind container_kind<std::vector<T>> = Kind::elements;
template <class T, std::size_t n>
inline constexpr Kind container_kind<std::array<T, n>> = Kind::elements;
template <class T>
inline constexpr Kind container_kind<std::optional<T>> = Kind::pointee;
template <class T>
inline constexpr Kind container_kind<std::unique_ptr<T>> = Kind::pointee;
template <class T>
inline constexpr Kind container_kind<std::shared_ptr<T>> = Kind::pointee;
template <class T>
inline constexpr Kind container_kind<std::deque<T>> = Kind::elements;
template <class T>
inline constexpr Kind container_kind<std::list<T>> = Kind::elements;
template <NamesEntries K, class T, class... Rest>
inline constexpr Kind container_kind<std::map<K, T, Rest...>> = Kind::entries;
template <NamesEntries K, class T, class... Rest>
inline constexpr Kind container_kind<std::unordered_map<K, T, Rest...>> = Kind::entries;
template <class... T>
inline constexpr Kind container_kind<std::tuple<T...>> = Kind::tuple;
template <class T, class U>
inline constexpr Kind container_kind<std::pair<T, U>> = Kind::tuple;
template <class... T>
inline constexpr Kind container_kind<std::variant<T...>> = Kind::alternative;

template <class T>
consteval std::string_view type_in_function() {
  const std::string_view function = __PRETTY_FUNCTION__;
  return function.substr(function.find("T = ") + 4);
}

/// Classes with constructors that are known to hold no layer.
template <class T>
consteval bool is_plain_class() {
  if constexpr (VariableType<T> || std::is_same_v<T, Size2d> || std::is_same_v<T, Padding>) return true;
  constexpr std::string_view name = type_in_function<T>();
  return name.starts_with("std::") || name.starts_with("xt::") || name.starts_with("__gnu_cxx::");
}

/// Whether a class template that is not a supported container has an argument that holds parameters, buffers
/// or a mode.
template <class T>
inline constexpr bool hides_parts = false;
template <class T>
consteval bool is_part();
template <template <class...> class C, class... A>
inline constexpr bool hides_parts<C<A...>> = (is_part<A>() || ...);

template <class T>
consteval Kind kind_of() {
  if constexpr (std::is_same_v<T, Unknown>) {
    return Kind::unknown;
  } else if constexpr (is_parameter<T>) {
    return Kind::parameter;
  } else if constexpr (is_buffer<T>) {
    return Kind::buffer;
  } else if constexpr (container_kind<T> != Kind::nothing) {
    return container_kind<T>;
  } else if constexpr (!std::is_class_v<T>) {
    static_assert(!std::is_array_v<T>,
                  "xgrad: a field of this struct is a C array; write std::array or std::vector instead");
    return std::is_array_v<T> ? Kind::unknown : Kind::nothing;
  } else if constexpr (NamesItsFields<T>) {
    return Kind::fields;
  } else if constexpr (is_plain_class<T>()) {
    static_assert(
        VariableType<T> || !hides_parts<T>,
        "xgrad: layers in a container that a model cannot hold: use std::vector, std::array, std::deque, "
        "std::list, "
        "std::map, std::tuple, std::pair, std::variant, std::optional, std::unique_ptr or std::shared_ptr");
    return VariableType<T> || !hides_parts<T> ? Kind::nothing : Kind::unknown;
  } else if constexpr (std::is_empty_v<T>) {
    return Kind::nothing;
  } else {
    static_assert(
        std::is_aggregate_v<T>,
        "xgrad: a class with constructors or private fields must list its fields: "
        "auto fields() { return nn::fields(\"fc1\", fc1, \"fc2\", fc2); } (nn::fields() if nothing learns)");
    return std::is_aggregate_v<T> ? Kind::fields : Kind::unknown;
  }
}

template <class T>
consteval Contents contents_of();

template <class F>
struct ContentsOfTuple;
template <template <class...> class Tuple, class... F>
struct ContentsOfTuple<Tuple<F...>> {
  static constexpr Contents value = (Contents{} | ... | contents_of<std::remove_reference_t<F>>());
};

template <class ConstT>
consteval Contents contents_of() {
  using T = std::remove_const_t<ConstT>;
  constexpr Kind kind = kind_of<T>();
  Contents contents{.mode = HasMode<T>};
  if constexpr (kind == Kind::parameter) {
    (std::is_same_v<typename T::value_type, float> ? contents.single : contents.real) = true;
  } else if constexpr (kind == Kind::buffer) {
    contents.buffer = true;
  } else if constexpr (kind == Kind::fields) {
    contents = contents | ContentsOfTuple<decltype(fields_of(std::declval<T&>()).values)>::value;
  } else if constexpr (kind == Kind::elements) {
    contents = contents_of<typename T::value_type>();
  } else if constexpr (kind == Kind::entries) {
    contents = contents_of<typename T::mapped_type>();
  } else if constexpr (kind == Kind::pointee) {
    using Pointee = std::remove_reference_t<decltype(*std::declval<T&>())>;
    contents = contents_of<Pointee>();
    static_assert(
        !std::is_polymorphic_v<Pointee> || !contents_of<Pointee>().any(),
        "xgrad: a model cannot hold a pointer to a class with virtual functions: its fields are not known");
  } else if constexpr (kind == Kind::tuple || kind == Kind::alternative) {
    contents = ContentsOfTuple<T>::value;
  } else if constexpr (kind == Kind::unknown) {
    contents.single = true;  // avoids a second, misleading error about a model without parameters
  }
  return contents;
}

template <class T>
consteval bool is_part() {
  if constexpr (!requires { sizeof(T); } || (std::is_class_v<T> && !std::is_aggregate_v<T> &&
                                             !NamesItsFields<T> && !is_parameter<T> && !is_buffer<T>)) {
    return false;
  } else {
    return contents_of<T>().any();
  }
}

/// The precision of a model's parameters.
template <class Model>
consteval auto precision_of() {
  constexpr Contents contents = contents_of<Model>();
  static_assert(contents.single || contents.real,
                "xgrad: this model has no parameters: a model is a struct whose fields are layers");
  static_assert(
      !(contents.single && contents.real),
      "xgrad: this model has parameters in float and in double; its layers must have one precision");
  if constexpr (contents.real) {
    return double();
  } else {
    return float();
  }
}

template <class Model>
using precision_t = decltype(precision_of<std::remove_const_t<Model>>());

// ---- The contents of an object, at run time ----

/// The parameters, buffers and modes found in an object.
struct XGRAD_API Findings {
  std::vector<NamedParameter<float>> single;
  std::vector<NamedParameter<double>> real;
  std::vector<NamedBuffer<float>> single_buffers;
  std::vector<NamedBuffer<double>> real_buffers;
  std::vector<bool*> modes;

  template <class T>
  std::vector<NamedParameter<T>>& parameters() {
    if constexpr (std::is_same_v<T, float>) {
      return single;
    } else {
      return real;
    }
  }

  template <class T>
  std::vector<NamedBuffer<T>>& buffers() {
    if constexpr (std::is_same_v<T, float>) {
      return single_buffers;
    } else {
      return real_buffers;
    }
  }

  /// Adds a parameter, unless it is empty or was found before.
  template <class T>
  void add(std::string_view name, const Parameter<T>& parameter);

  /// Adds a buffer, with or without a value, unless it is none or was found before.
  template <class T>
  void add(std::string_view name, Buffer<T>& buffer);

  /// Sets the kind and the groups of the layer whose weight the parameter of this name is.
  void set_kind(std::string_view name, LayerKind kind, std::size_t groups);
};

/// `outer.inner`, or the one of them that is not empty.
XGRAD_API std::string join_names(std::string_view outer, std::string_view inner);

/// The number of groups of a layer's channels.
template <class Layer>
std::size_t groups_of(const Layer& layer) {
  if constexpr (requires { layer.geometry.groups; }) {
    return layer.geometry.groups;
  } else {
    return 1;
  }
}

/// Searches an object that is called `name`, in the order of its fields.
template <class T>
void find(T& object, const std::string& name, Findings& found);

template <class Tuple, class Names>
void find_in_tuple(Tuple& fields, const std::string& outer, const Names& name_of, Findings& found) {
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    (find(std::get<I>(fields), join_names(outer, name_of(I)), found), ...);
  }(std::make_index_sequence<std::tuple_size_v<Tuple>>());
}

/// Searches the entries of a map in the order of their keys, even if the map is unordered.
template <class Map>
void find_in_map(Map& map, const std::string& outer, Findings& found) {
  using Entry = std::remove_reference_t<decltype(*map.begin())>;
  std::vector<Entry*> entries;
  for (Entry& entry : map) entries.push_back(&entry);
  std::sort(entries.begin(), entries.end(), [](Entry* a, Entry* b) { return a->first < b->first; });
  for (Entry* entry : entries) {
    if constexpr (std::integral<std::remove_cvref_t<decltype(entry->first)>>) {
      find(entry->second, join_names(outer, std::to_string(entry->first)), found);
    } else {
      find(entry->second, join_names(outer, std::string_view(entry->first)), found);
    }
  }
}

template <class T>
void find(T& object, const std::string& name, Findings& found) {
  if constexpr (std::is_const_v<T>) {
    static_assert(
        !contents_of<T>().any(),
        "xgrad: a layer is const here: the layers of a model must not be const fields, and fields() must not "
        "be a const function");
  } else if constexpr (contents_of<T>().any()) {
    constexpr Kind kind = kind_of<T>();
    if constexpr (HasMode<T>) found.modes.push_back(&object.training);
    if constexpr (kind == Kind::parameter || kind == Kind::buffer) {
      found.add(name, object);
    } else if constexpr (kind == Kind::fields) {
      auto fields = fields_of(object);
      find_in_tuple(fields.values, name, [&](std::size_t i) { return std::string(fields.names[i]); }, found);
      if constexpr (NamesItsKind<T>)
        found.set_kind(join_names(name, "weight"), T::layer_kind, groups_of(object));
    } else if constexpr (kind == Kind::elements) {
      std::size_t i = 0;
      for (auto& element : object) find(element, join_names(name, std::to_string(i++)), found);
    } else if constexpr (kind == Kind::entries) {
      find_in_map(object, name, found);
    } else if constexpr (kind == Kind::pointee) {
      if (object) find(*object, name, found);
    } else if constexpr (kind == Kind::alternative) {
      if (!object.valueless_by_exception()) std::visit([&](auto& each) { find(each, name, found); }, object);
    } else if constexpr (kind == Kind::tuple) {
      find_in_tuple(object, name, [](std::size_t i) { return std::to_string(i); }, found);
    }
  }
}

/// Everything found in a model. A const model is only read.
template <class Model>
Findings find_all(const Model& model) {
  Findings found;
  find(const_cast<Model&>(model), "", found);
  return found;
}

}  // namespace detail

/// The parameters of a model in the order of its fields. A parameter that is found twice is listed once,
/// under its first name. A name consists of the fields that lead to the parameter; elements of vectors and
/// tuples are named by index, those of maps by key and in the order of the keys: `blocks.0.conv.weight`,
/// `heads.age.weight`. The handles stay attached when the model is moved or assigned to. A layer without a
/// bias lists none.
template <class Model, class T = detail::precision_t<Model>>
std::vector<NamedParameter<T>> parameters(Model& model) {
  return std::move(detail::find_all(model).template parameters<T>());
}

/// The buffers of a model, in the order of its fields: arrays that are saved with it but not learned, such as
/// the running statistics of batch normalisation. Buffers without a value are omitted. The pointers point to
/// fields of the model and are valid as long as it is.
template <class Model, class T = detail::precision_t<Model>>
std::vector<NamedBuffer<T>> buffers(Model& model) {
  auto all = std::move(detail::find_all(model).template buffers<T>());
  std::erase_if(all, [](const auto& each) { return !each.buffer->has_value(); });
  return all;
}

/// Switches the layers of a model that have a mode, a field `bool training`, to training: dropout is active.
template <class Model>
  requires(!std::is_const_v<Model>)
void train(Model& model) {
  for (bool* training : detail::find_all(model).modes) *training = true;
}

/// Switches the layers of a model that have a mode to test mode: dropout is inactive.
template <class Model>
  requires(!std::is_const_v<Model>)
void eval(Model& model) {
  for (bool* training : detail::find_all(model).modes) *training = false;
}

namespace detail {

/// Switches the layers of a model that have a mode to the given one for its lifetime, then restores the mode
/// of each.
class XGRAD_API KeepModes {
 public:
  KeepModes(std::vector<bool*> modes, bool training);
  ~KeepModes();
  KeepModes(const KeepModes&) = delete;
  KeepModes& operator=(const KeepModes&) = delete;

 private:
  std::vector<std::pair<bool*, bool>> modes_;
};

}  // namespace detail

/// Keeps a model in test mode, as `eval` sets it, for its lifetime, then restores the mode of each layer.
struct TestMode : detail::KeepModes {
  template <class Model>
    requires(!std::is_const_v<Model>)
  explicit TestMode(Model& model) : KeepModes(detail::find_all(model).modes, false) {}
};

/// The same for training mode, as `train` sets it.
struct TrainingMode : detail::KeepModes {
  template <class Model>
    requires(!std::is_const_v<Model>)
  explicit TrainingMode(Model& model) : KeepModes(detail::find_all(model).modes, true) {}
};

/// The number of weights and biases of a model.
template <class Model>
std::size_t parameter_count(Model& model) {
  std::size_t count = 0;
  for (const auto& each : parameters(model)) count += each.parameter.size();
  return count;
}

}  // namespace xgrad::nn
