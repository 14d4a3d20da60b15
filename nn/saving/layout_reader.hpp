#pragma once

#include <nn/saving/arrangements.hpp>
#include <nn/saving/axis_map.hpp>
#include <nn/saving/layout_solver.hpp>
#include <nn/saving/layout_trace.hpp>

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

/// \file
/// Derives the order of a model's weights in PyTorch from a recording of the model. Not installed.

namespace xgrad::nn::detail {

/// The name of a parameter's layer: `blocks.0.conv` for `blocks.0.conv.weight`.
std::string layer_of(const std::string& name);

/// The order of a layer's weight as far as the kind of layer determines it.
ArrayOrder order_by_kind(LayerKind kind, std::size_t groups);

/// Visits the recorded operations in program order and relates the axes of their values; see trace_layout.
template <class T>
class LayoutReader {
 public:
  explicit LayoutReader(const xgrad::detail::Recording<T>& recording);

  LayoutTrace read(const std::vector<NamedParameter<T>>& parameters,
                   const std::vector<NamedBuffer<T>>& buffers);

 private:
  using Recorded = xgrad::detail::RecordedValue;
  using Optional = std::optional<std::size_t>;

  /// A value, at its index in the recording: its axes in the solver.
  struct Value {
    std::vector<std::size_t> axes;
    Optional reshaped_from = {};  ///< the value before a reshape or an exchange of channels
    bool is_image_operand = false;
  };
  /// Axes of a value that are flattened into one axis, `whole`, of another value.
  struct Join {
    std::size_t whole;
    std::size_t value;
    std::vector<std::size_t> positions;
  };
  /// A parameter that is broadcast to a value of more axes, `other`.
  struct Follow {
    std::size_t other;
    std::vector<Optional> position;  ///< of each axis, among the other's
  };

  const Shape& shape(std::size_t value) const { return recording_[value].shape; }
  std::size_t axis(std::size_t value, std::ptrdiff_t position) const;
  bool has_places(std::size_t value) const;
  void add_input(std::size_t value);
  void link(std::size_t operation);
  void link_linear(std::size_t operation);
  /// Relates the images that a convolution, transposed or not, takes and returns.
  void link_images(std::size_t operation);
  void link_convolution(std::size_t operation);
  void link_transposed_convolution(std::size_t operation);
  void link_exchange(std::size_t operation);
  void link_channels(std::size_t x, std::size_t result, std::size_t groups, std::size_t weight_in,
                     std::size_t weight_out);
  void link_same(std::size_t operation);
  void link_matmul(std::size_t operation);
  void link_any(std::size_t operation, const std::set<std::pair<std::size_t, std::size_t>>& accounted);
  void link_arrangement(std::size_t operation, std::size_t input, const std::vector<Optional>& to);
  void link_reshape(std::size_t from, std::size_t to);
  void join(std::size_t whole, std::size_t value, const std::vector<std::size_t>& positions);
  void settle_roles();
  void settle_joins();

  std::vector<std::size_t> positions_there(std::size_t value) const;
  ArrayOrder order_of(const NamedParameter<T>& parameter, LayerKind layer) const;
  void arrange_own(std::size_t value, ArrayOrder& order) const;
  void set_entries(std::size_t value, ArrayOrder& order) const;
  ArrayOrder order_of_buffer(const Shape& shape) const;

  const xgrad::detail::Recording<T>& recording_;
  LayoutSolver solver_;
  Arrangements arrangements_;
  std::vector<Value> values_;
  std::vector<Join> joins_;
  std::map<std::size_t, Follow> follows_;
  std::map<std::size_t, std::size_t> exchanged_;  ///< groups, by kernel of a transposed convolution
  std::map<const xgrad::detail::ParameterCell*, std::size_t> value_of_;
  bool has_images_ = false;
};

}  // namespace xgrad::nn::detail
