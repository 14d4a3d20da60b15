#include <autodiff/inspection/finite.hpp>
#include <autodiff/tape.hpp>

#include <fmt/format.h>

#include <cmath>

namespace xgrad {
namespace detail {
namespace {

struct Odd {
  double entry = 0;
  std::size_t index = 0;  // of the first one
  std::size_t count = 0;
};

template <class T>
Odd odd_entries(const Array<T>& value) {
  Odd odd;
  const auto& entries = value.storage();
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (std::isfinite(entries[i])) continue;
    if (odd.count++ == 0) {
      odd.entry = static_cast<double>(entries[i]);
      odd.index = i;
    }
  }
  return odd;
}

template <class T>
bool is_finite(const Array<T>& value) {
  int odd = 0;  // no early exit, so that the loop vectorises
  for (const T entry : value.storage()) odd |= std::isfinite(entry) ? 0 : 1;
  return odd == 0;
}

bool is_finite(const Node& node) {
  return node.scalar == Scalar::single ? is_finite(static_cast<const ValueNode<float>&>(node).value)
                                       : is_finite(static_cast<const ValueNode<double>&>(node).value);
}

/// `inf at {1, 0} (2 of 6 entries)`.
std::string described(const Node& node) {
  const Odd odd = node.scalar == Scalar::single
                      ? odd_entries(static_cast<const ValueNode<float>&>(node).value)
                      : odd_entries(static_cast<const ValueNode<double>&>(node).value);
  const Shape& shape = shape_of(node);
  return fmt::format("{} at {} ({} of {})", odd.entry, to_string(index_of(odd.index, shape)), odd.count,
                     element_count(shape) == 1 ? "1 entry" : fmt::format("{} entries", element_count(shape)));
}

/// `; recorded at train.cpp:12`.
std::string recorded(const CallSite& site) {
  const std::string place = place_in_program(site);
  return place.empty() ? "" : "; recorded " + place;
}

}  // namespace

void check_value(const char* operation, const Node& result, std::span<const Link> links,
                 const CallSite& site) {
  if (is_finite(result)) return;
  RecordList& list = record_list();
  std::string shapes;
  std::string earlier;
  for (std::size_t i = 0; i < links.size(); ++i) {
    const Node& input = *links[i].input;
    // The operation may have taken over the input's memory; the input's record still has the shape.
    const std::uint32_t record = list.find(input);
    shapes += i == 0 ? "" : ", ";
    shapes += to_string(record == no_record ? shape_of(input) : list[record].shape());
    if (earlier.empty() && !is_finite(input)) {
      earlier = fmt::format("; its input {} was already not finite: {}", i, described(input));
    }
  }
  throw NotFiniteError(
      fmt::format("'{}': the value, of shape {}, is not finite: {}; shapes of its inputs: {}{}{}", operation,
                  to_string(shape_of(result)), described(result), shapes, earlier, recorded(site)));
}

void check_gradient(RecordList& list, const Record& operation, std::size_t input, const Node& gradient) {
  if (is_finite(gradient)) return;
  std::string shapes;
  for (const Edge& edge : operation.inputs()) {
    shapes += shapes.empty() ? "" : ", ";
    shapes += edge.parent == no_record ? "constant" : to_string(list[edge.parent].shape());
  }
  throw NotFiniteError(
      fmt::format("'{}': the gradient with respect to its input {}, of shape {}, is not finite: {}; shapes "
                  "of its inputs: {}, of its value: {}{}",
                  operation.name, input, to_string(shape_of(gradient)), described(gradient), shapes,
                  to_string(operation.shape()), operation.site == nullptr ? "" : recorded(*operation.site)));
}

void check_cotangent(const char* caller, const Node& cotangent) {
  if (is_finite(cotangent)) return;
  throw NotFiniteError(fmt::format("{}: the given cotangent, of shape {}, is not finite: {}", caller,
                                   to_string(shape_of(cotangent)), described(cotangent)));
}

}  // namespace detail

void Tape::check_finite(bool on) {
  const std::uint64_t bit = std::uint64_t{1} << slot_;
  std::uint64_t& checking = own_list("check_finite").checking;
  checking = on ? checking | bit : checking & ~bit;
}

}  // namespace xgrad
