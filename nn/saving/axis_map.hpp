#pragma once

#include <autodiff/inspection/recording.hpp>

#include <cstdint>
#include <optional>
#include <vector>

/// \file
/// Which axes of an operation's result belong to which axes of its inputs, found by asking the operation's
/// own pullbacks: nothing has to be known of it. Not installed.

namespace xgrad::nn::detail {

/// An axis of an input whose entry b is used for entry to[b] of an axis of the result, and for no other;
/// no_entry where for none.
struct AxisMap {
  static constexpr std::uint32_t no_entry = ~std::uint32_t{0};
  std::size_t input;
  std::size_t input_axis;
  std::size_t result_axis;
  std::vector<std::uint32_t> to;
  bool is_identity() const;
};

/// What the pullbacks of an operation tell.
struct AxisMaps {
  std::vector<AxisMap> maps;
  std::vector<bool> is_seen;  ///< by input: whether the result depends on it, as far as pullbacks tell
  bool keeps_order = false;   ///< one input, whose entries are those of the result, in the same order
};

template <class T>
AxisMaps map_axes(const xgrad::detail::Recording<T>& recording, std::size_t operation);

}  // namespace xgrad::nn::detail
