#pragma once

#include <autodiff/config.hpp>
#include <nn/module.hpp>
#include <nn/safetensors.hpp>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

/// \file
/// Models on disk, in the safetensors format: every parameter and buffer under its name, `conv1.weight`, as
/// `safetensors.numpy.load_file` reads it.

namespace xgrad::nn {

/// How the axes of weights and the columns of a Linear layer after `flatten` are ordered in a file.
enum class Layout {
  channels_last,   ///< as in memory: convolutions {out, kH, kW, in / groups}
  channels_first,  ///< as in PyTorch: convolutions {out, in / groups, kH, kW}
};
inline constexpr Layout channels_last = Layout::channels_last;
inline constexpr Layout channels_first = Layout::channels_first;

/// How a model is written and read.
///
/// With `.layout = nn::channels_first` the file has PyTorch's order. Kernels of convolutions {out, k..., in}
/// become {out, in, k...}, those of transposed ones {in, out / groups, kH, kW}. The columns of a Linear layer
/// that takes flattened images, (row, column, channel) in order here, become (channel, row, column). Which
/// layer that is, the order of the fields tells: the first Linear after a convolution, if it has more inputs
/// than that convolution has channels, and a multiple of them. Where a model does something else, `flattened`
/// says it: the number of channels by the weight's name, 0 for a layer that is to stay as it is.
struct SavingOptions {
  Layout layout = channels_last;
  std::map<std::string, std::size_t> flattened = {};  ///< `{{"fc1.weight", 16}}`
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
XGRAD_API void load_state_dict(const SavedParts<T>& parts, const StateDict& state,
                               const SavingOptions& options, const std::string& where);

}  // namespace detail

/// The parameters and buffers of a model by name, copied: to keep the best weights, or to write them with
/// write_safetensors. Throws ValueError where `options.flattened` does not fit.
template <class Model>
StateDict state_dict(const Model& model, const SavingOptions& options = {}) {
  return detail::state_dict(detail::saved_parts(model), options);
}

/// Gives a model the values of a state that has exactly its parameters and buffers: the same names, shapes
/// and types. (PyTorch's `num_batches_tracked` is passed over.) Throws FileError that lists everything that
/// differs; the model then stays as it was.
template <class Model>
  requires(!std::is_const_v<Model>)
void load_state_dict(Model& model, const StateDict& state, const SavingOptions& options = {}) {
  detail::load_state_dict(detail::saved_parts(model), state, options, "the state");
}

/// Writes the parameters and buffers of a model to a file. A crash or an error leaves the older file of that
/// name as it was. Throws FileError, naming the file and the system's reason.
template <class Model>
void save(const Model& model, const std::filesystem::path& path, const SavingOptions& options = {}) {
  write_safetensors(path, state_dict(model, options));
}

/// Reads a model from a file that has exactly its parameters and buffers, as load_state_dict does. Throws
/// FileError that lists everything that differs; the model then stays as it was.
template <class Model>
  requires(!std::is_const_v<Model>)
void load(Model& model, const std::filesystem::path& path, const SavingOptions& options = {}) {
  detail::load_state_dict(detail::saved_parts(model), read_safetensors(path), options, path.string());
}

}  // namespace xgrad::nn
