#pragma once

#include <autodiff/config.hpp>
#include <nn/module.hpp>
#include <nn/saving/layout_trace.hpp>
#include <nn/saving/safetensors.hpp>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

/// \file
/// Saves and loads models in the safetensors format: every parameter and buffer under its name, such as
/// `conv1.weight`, readable by `safetensors.numpy.load_file`.

namespace xgrad::nn {

/// How the axes of weights and the entries along them are ordered in a file.
enum class Layout {
  channels_last,   ///< as in memory: convolutions {out, kH, kW, in / groups}
  channels_first,  ///< as in PyTorch: convolutions {out, in / groups, kH, kW}
};
inline constexpr Layout channels_last = Layout::channels_last;    ///< short for Layout::channels_last
inline constexpr Layout channels_first = Layout::channels_first;  ///< short for Layout::channels_first

/// Options for save, load, state_dict and load_state_dict.
///
/// With `.layout = nn::channels_first` the file has PyTorch's order. Kernels of convolutions {out, k..., in}
/// become {out, in, k...}, those of transposed convolutions {in, out / groups, kH, kW}. Flattened images are
/// ordered (row, column, channel) here and (channel, row, column) in PyTorch. This affects the columns of the
/// Linear layer that takes them, the vectors of a BatchNorm1d in between, and the rows and the bias of a
/// Linear layer whose outputs are reshaped to images. trace_layout finds these arrays:
///
///     nn::load(net, "lenet.safetensors", {.layout = nn::channels_first,
///                                         .traced = nn::trace_layout(net, {1, 28, 28, 1})});
///
/// Without a trace, only convolutions and BatchNorm2d have a known order. For arrays whose order a trace
/// cannot determine, `flattened` and `unflattened` map the array's name to the number of channels, or to 0 if
/// it keeps its order; they override the trace.
struct SavingOptions {
  Layout layout = channels_last;                        ///< the order in the file
  std::map<std::string, std::size_t> flattened = {};    ///< channels of columns: `{{"fc1.weight", 16}}`
  std::map<std::string, std::size_t> unflattened = {};  ///< of rows with the layer's bias, or of vectors
  LayoutTrace traced = {};                              ///< result of trace_layout

  /// Prefix of the model's names in the file, such as "module." or "model.". Loading skips arrays without it.
  std::string prefix = "";
  /// Loading: whether missing and unexpected arrays, and arrays of another shape or type, are an error. If
  /// false, the model keeps its values there, and the report lists them.
  bool strict = true;
  /// Loading: converts arrays of other types too, float64 to float by rounding, and integers. If false, only
  /// lossless conversions are made: F16 and BF16 to either precision, F32 to F64.
  bool cast = false;
};

/// What load did with each array. Names are the model's; in `unexpected` and `skipped` they are the file's.
struct LoadReport {
  std::vector<std::string> loaded;                ///< set from the file
  std::vector<std::string> missing;               ///< not in the file; the model kept its values
  std::vector<std::string> unexpected;            ///< not in the model
  std::map<std::string, std::string> mismatched;  ///< has another shape or type, with both
  std::map<std::string, std::string> skipped;     ///< not read, with the reason
  std::map<std::string, std::string> cast;        ///< converted, with the types: `F16 to F32`

  /// The number of loaded arrays, and a line for each other field that is not empty:
  /// `missing: head.weight, head.bias`.
  XGRAD_API std::string text() const;
};

namespace detail {

/// The parameters and buffers of a model.
template <class T>
struct SavedParts {
  std::vector<NamedParameter<T>> parameters;
  std::vector<NamedBuffer<T>> buffers;
};

template <class Model, class T = precision_t<Model>>
SavedParts<T> saved_parts(const Model& model) {
  Findings found = find_all(model);
  return {std::move(found.template parameters<T>()), std::move(found.template buffers<T>())};
}

template <class T>
XGRAD_API StateDict state_dict(const SavedParts<T>& parts, const SavingOptions& options);

/// `where`: the source of the state, for the error message.
template <class T>
XGRAD_API LoadReport load_state_dict(const SavedParts<T>& parts, const StateDict& state,
                                     const SavingOptions& options, const std::string& where);

template <class T>
XGRAD_API LoadReport load_file(const SavedParts<T>& parts, const std::filesystem::path& path,
                               const SavingOptions& options);

}  // namespace detail

/// Copies of a model's parameters and buffers by name, to keep the best weights or to write them with
/// write_safetensors. Throws ValueError if the options do not fit the model, or if they do not determine the
/// order of an array.
template <class Model>
StateDict state_dict(const Model& model, const SavingOptions& options = {}) {
  return detail::state_dict(detail::saved_parts(model), options);
}

/// Sets a model's parameters and buffers from a state that has exactly these: the same names and shapes, and
/// types that convert without loss. Arrays of integers and of other types that no parameter has are skipped
/// if the model has no array of their name (PyTorch's `num_batches_tracked`, `position_ids`). A buffer
/// without a value takes the array of its name, of any shape, and stays without a value if there is none.
/// Throws FileError that lists all differences; the model is then unchanged. With `.strict = false`, arrays
/// that fit are loaded, and the report lists the others.
template <class Model>
  requires(!std::is_const_v<Model>)
LoadReport load_state_dict(Model& model, const StateDict& state, const SavingOptions& options = {}) {
  return detail::load_state_dict(detail::saved_parts(model), state, options, "the state");
}

/// Writes the parameters and buffers of a model to a file. A crash or an error leaves an existing file of
/// that name unchanged. Throws FileError with the file and the system's reason.
template <class Model>
void save(const Model& model, const std::filesystem::path& path, const SavingOptions& options = {}) {
  write_safetensors(path, state_dict(model, options));
}

/// Loads a model from a file, or from shards through their index (`model.safetensors.index.json`), as
/// load_state_dict does; only the arrays of the model are read. Throws FileError as load_state_dict and
/// read_safetensors do; the model is then unchanged.
template <class Model>
  requires(!std::is_const_v<Model>)
LoadReport load(Model& model, const std::filesystem::path& path, const SavingOptions& options = {}) {
  return detail::load_file(detail::saved_parts(model), path, options);
}

}  // namespace xgrad::nn
