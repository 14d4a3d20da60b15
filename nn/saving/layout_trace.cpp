#include <autodiff/inspection/recording.hpp>
#include <autodiff/instantiate.hpp>
#include <nn/saving/layout_reader.hpp>
#include <nn/saving/layout_trace.hpp>

#include <ostream>

namespace xgrad::nn {
namespace {

/// During its lifetime, the parameters of a model have other values: close to their own, and nonzero, so that
/// every result depends on all of its operands. The destructor restores parameters and buffers.
template <class T>
class OtherValues {
 public:
  OtherValues(const std::vector<NamedParameter<T>>& parameters, const std::vector<NamedBuffer<T>>& buffers)
      : buffers_(buffers) {
    Generator generator(2);
    for (const auto& each : parameters) {
      // Bypasses the parameter's version, which counts its owner's changes: this one is undone before it
      // shows.
      auto& node = const_cast<xgrad::detail::Node&>(*each.parameter.variable().node());
      Array<T>& value = static_cast<xgrad::detail::ValueNode<T>&>(node).value;
      values_.emplace_back(&value, value);
      const Array<T> noise = random_uniform<T>(value.shape(), T(0.05), T(0.15), generator);
      for (std::size_t i = 0; i < value.size(); ++i) {
        T& entry = value.data()[i];
        entry = entry == T(0) ? noise.data()[i] : entry * (1 + noise.data()[i]);
      }
    }
    for (const auto& each : buffers_) old_buffers_.push_back(each.buffer->value());
  }
  ~OtherValues() {
    for (auto& [value, old] : values_) std::copy(old.begin(), old.end(), value->begin());
    for (std::size_t i = 0; i < buffers_.size(); ++i) buffers_[i].buffer->mutable_value() = old_buffers_[i];
  }
  OtherValues(const OtherValues&) = delete;
  OtherValues& operator=(const OtherValues&) = delete;

 private:
  std::vector<std::pair<Array<T>*, Array<T>>> values_;
  std::vector<NamedBuffer<T>> buffers_;
  std::vector<Array<T>> old_buffers_;
};

}  // namespace

template <class T>
LayoutTrace detail::trace_layout(const std::vector<NamedParameter<T>>& parameters,
                                 const std::vector<NamedBuffer<T>>& buffers,
                                 const std::function<void()>& forward) {
  const OtherValues<T> other(parameters, buffers);
  const xgrad::detail::Recording<T> recording(forward);
  return LayoutReader<T>(recording).read(parameters, buffers);
}

template <class T>
Variable<T> detail::traced_input(const Shape& shape, std::size_t index) {
  Generator generator(3 + index);
  return Variable<T>(random_normal<T>(shape, T(0), T(1), generator));
}

std::string to_string(const LayoutTrace& trace) {
  std::string text;
  for (const auto& [name, order] : trace.arrays) {
    if (!order.problem.empty()) {
      text += fmt::format("{}: unknown order: {}\n", name, order.problem);
    } else if (!order.text.empty()) {
      text += fmt::format("{}: {}\n", name, order.text);
    }
  }
  return text;
}

std::ostream& operator<<(std::ostream& out, const LayoutTrace& trace) { return out << to_string(trace); }

#define XGRAD_INSTANTIATE(T)                                                          \
  template LayoutTrace detail::trace_layout<T>(const std::vector<NamedParameter<T>>&, \
                                               const std::vector<NamedBuffer<T>>&,    \
                                               const std::function<void()>&);         \
  template Variable<T> detail::traced_input<T>(const Shape&, std::size_t);
XGRAD_FOR_EACH_SCALAR(XGRAD_INSTANTIATE)
#undef XGRAD_INSTANTIATE

}  // namespace xgrad::nn
