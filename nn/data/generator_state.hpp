#pragma once

#include <autodiff/random.hpp>

#include <optional>
#include <string>

/// \file
/// The state of a generator as text, independent of the locale. Not installed.

namespace xgrad::nn::detail {

/// The state of the generator, as it writes it to a stream.
std::string generator_text(const Generator& generator);

/// The generator with this state; nothing if the text is not one.
std::optional<Generator> generator_from(const std::string& text);

}  // namespace xgrad::nn::detail
