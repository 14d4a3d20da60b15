#pragma once

#include <nn/saving/any_array.hpp>

#include <map>
#include <string>
#include <vector>

/// \file
/// The state of a model, an optimiser or a loader, from which it resumes exactly.

namespace xgrad::nn {

/// An array and its name.
struct NamedArray {
  std::string name;  ///< `conv1.weight`, for example
  AnyArray array;    ///< of any type that files contain
};

/// A saved state: named arrays and texts. `write_safetensors` is one way to write it to a file.
struct StateDict {
  std::vector<NamedArray> arrays;               ///< names are expected to differ
  std::map<std::string, std::string> metadata;  ///< texts by name
};

}  // namespace xgrad::nn
