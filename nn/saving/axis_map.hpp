#pragma once

#include <autodiff/inspection/recording.hpp>

#include <cstdint>
#include <optional>
#include <vector>

/// \file
/// Finds which axes of an operation's result correspond to which axes of its inputs by probing its pullbacks,
/// without other knowledge of the operation. Not installed.

namespace xgrad::nn::detail {

/// An axis of an input whose entry b is used for entry to[b] of an axis of the result and for no other entry;
/// to[b] is no_entry if it is used for none.
struct AxisMap {
  static constexpr std::uint32_t no_entry = ~std::uint32_t{0};
  std::size_t input;
  std::size_t input_axis;
  std::size_t result_axis;
  std::vector<std::uint32_t> to;
  bool is_identity() const;
};

/// What the pullbacks of an operation show.
struct AxisMaps {
  std::vector<AxisMap> maps;
  std::vector<bool> is_seen;  ///< by input: whether the pullbacks show that the result depends on it
  bool keeps_order = false;   ///< there is one input; the result has its entries in the same order
};

template <class T>
AxisMaps map_axes(const xgrad::detail::Recording<T>& recording, std::size_t operation);

}  // namespace xgrad::nn::detail
