#pragma once

#include <autodiff/array.hpp>

#include <cstdint>
#include <variant>

namespace xgrad::nn {

/// An array of any real type that files contain. Booleans are stored as bytes, 0 and 1; half and bfloat16 as
/// float, which represents all their values.
using AnyArray = std::variant<Array<float>, Array<double>, Array<std::int8_t>, Array<std::int16_t>,
                              Array<std::int32_t>, Array<std::int64_t>, Array<std::uint8_t>,
                              Array<std::uint16_t>, Array<std::uint32_t>, Array<std::uint64_t>>;

}  // namespace xgrad::nn
