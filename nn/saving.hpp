#pragma once

#include <autodiff/config.hpp>
#include <nn/module.hpp>

#include <filesystem>
#include <vector>

/// \file
/// Models on disk, in the safetensors format: every parameter under its name, `conv1.weight`, as
/// `safetensors.numpy.load_file` reads it. Convolution weights are {out, kH, kW, in}, channels last.

namespace xgrad::nn {

namespace detail {

template <class T>
XGRAD_API void save(const std::vector<NamedParameter<T>>& parameters, const std::filesystem::path& path);

template <class T>
XGRAD_API void load(const std::vector<NamedParameter<T>>& parameters, const std::filesystem::path& path);

}  // namespace detail

/// Writes the parameters of a model to a file. A crash or an error leaves the older file of that name as it
/// was. Throws FileError, naming the file and the system's reason.
template <class Model>
void save(const Model& model, const std::filesystem::path& path) {
  detail::save(parameters(model), path);
}

/// Reads the parameters of a model from a file that has exactly these: the same names, shapes and types.
/// Throws FileError that lists everything that differs; the model then stays as it was.
template <class Model>
  requires(!std::is_const_v<Model>)
void load(Model& model, const std::filesystem::path& path) { detail::load(parameters(model), path); }

}  // namespace xgrad::nn
