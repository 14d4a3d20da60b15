#pragma once

#include <autodiff/random.hpp>

#include <optional>
#include <string>

/// \file
/// The state of a generator as text, the same under every locale. Not installed.

namespace xgrad::nn::detail {

/// The numbers that the generator writes to a stream.
std::string generator_text(const Generator& generator);

/// The generator of that state; none where the text is not one.
std::optional<Generator> generator_from(const std::string& text);

}  // namespace xgrad::nn::detail
