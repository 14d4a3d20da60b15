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
/// Models on disk, in the safetensors format: every parameter and buffer under its name, `conv1.weight`, as
/// `safetensors.numpy.load_file` reads it.

namespace xgrad::nn {

/// How the axes of weights and the entries along them are ordered in a file.
enum class Layout {
  channels_last,   ///< as in memory: convolutions {out, kH, kW, in / groups}
  channels_first,  ///< as in PyTorch: convolutions {out, in / groups, kH, kW}
};
inline constexpr Layout channels_last = Layout::channels_last;
inline constexpr Layout channels_first = Layout::channels_first;

/// How a model is written and read.
///
/// With `.layout = nn::channels_first` the file has PyTorch's order. Kernels of convolutions {out, k..., in}
/// become {out, in, k...}, those of transposed ones {in, out / groups, kH, kW}. Where images are flattened,
/// (row, column, channel) in order here, PyTorch has (channel, row, column): this concerns the columns of the
/// Linear layer that takes them, the vectors of a BatchNorm1d in between, and the rows and the bias of a
/// Linear layer whose outputs are reshaped to images. Which these are, trace_layout finds:
///
///     nn::load(net, "lenet.safetensors", {.layout = nn::channels_first,
///                                         .traced = nn::trace_layout(net, {1, 28, 28, 1})});
///
/// Without a trace only models of convolutions and BatchNorm2d are known. For what a trace cannot know,
/// `flattened` and `unflattened` give the number of channels by the array's name, 0 for an array that stays
/// as it is; they overrule the trace.
struct SavingOptions {
  Layout layout = channels_last;
  std::map<std::string, std::size_t> flattened = {};    ///< of columns: `{{"fc1.weight", 16}}`
  std::map<std::string, std::size_t> unflattened = {};  ///< of rows, with the layer's bias, and of vectors
  LayoutTrace traced = {};                              ///< what trace_layout found

  /// What stands in front of the model's names in the file: "module.", "model.". Reading then leaves out
  /// arrays without it.
  std::string prefix = "";
  /// Reading: whether what is missing, unexpected or of another shape or type is an error. Otherwise the
  /// model keeps its values there, and the report says so.
  bool strict = true;
  /// Reading: converts arrays of other types, float64 to float by rounding, and integers. Without it only
  /// conversions without loss happen: F16 and BF16 to either precision, F32 to F64.
  bool cast = false;
};

/// What load did with each array. Names are the model's, those of `unexpected` and `skipped` the file's.
struct LoadReport {
  std::vector<std::string> loaded;
  std::vector<std::string> missing;               ///< not in the file: the model kept its values
  std::vector<std::string> unexpected;            ///< not in the model
  std::map<std::string, std::string> mismatched;  ///< another shape or type, and which
  std::map<std::string, std::string> skipped;     ///< not read, and why
  std::map<std::string, std::string> cast;        ///< converted, and from what: `F16 to F32`

  /// A line for each kind that came: `missing: head.weight, head.bias`.
  XGRAD_API std::string text() const;
};

namespace detail {

/// What a model consists of when it is saved.
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

/// `where`: what the message says the state came from.
template <class T>
XGRAD_API LoadReport load_state_dict(const SavedParts<T>& parts, const StateDict& state,
                                     const SavingOptions& options, const std::string& where);

template <class T>
XGRAD_API LoadReport load_file(const SavedParts<T>& parts, const std::filesystem::path& path,
                               const SavingOptions& options);

}  // namespace detail

/// The parameters and buffers of a model by name, copied: to keep the best weights, or to write them with
/// write_safetensors. Throws ValueError where the options do not fit the model, or do not tell the order of
/// an array.
template <class Model>
StateDict state_dict(const Model& model, const SavingOptions& options = {}) {
  return detail::state_dict(detail::saved_parts(model), options);
}

/// Gives a model the values of a state that has exactly its parameters and buffers: the same names and
/// shapes, and types that convert without loss. Integers and other types that no parameter has are passed
/// over where the model has nothing of their name (PyTorch's `num_batches_tracked`, `position_ids`). A buffer
/// without value takes the one of its name, of any shape, and keeps none where there is none. Throws
/// FileError that lists everything that differs; the model then stays as it was. With `.strict = false` what
/// fits is loaded, and the report says what does not.
template <class Model>
  requires(!std::is_const_v<Model>)
LoadReport load_state_dict(Model& model, const StateDict& state, const SavingOptions& options = {}) {
  return detail::load_state_dict(detail::saved_parts(model), state, options, "the state");
}

/// Writes the parameters and buffers of a model to a file. A crash or an error leaves the older file of that
/// name as it was. Throws FileError, naming the file and the system's reason.
template <class Model>
void save(const Model& model, const std::filesystem::path& path, const SavingOptions& options = {}) {
  write_safetensors(path, state_dict(model, options));
}

/// Reads a model from a file, or from shards by their index (`model.safetensors.index.json`), as
/// load_state_dict does; only the arrays of the model are read. Throws FileError as there and as
/// read_safetensors does; the model then stays as it was.
template <class Model>
  requires(!std::is_const_v<Model>)
LoadReport load(Model& model, const std::filesystem::path& path, const SavingOptions& options = {}) {
  return detail::load_file(detail::saved_parts(model), path, options);
}

}  // namespace xgrad::nn
