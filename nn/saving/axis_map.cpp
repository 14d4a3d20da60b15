#include <autodiff/instantiate.hpp>
#include <autodiff/random.hpp>
#include <nn/saving/axis_map.hpp>

#include <algorithm>
#include <cmath>
#include <exception>
#include <limits>
#include <numeric>

namespace xgrad::nn::detail {

using xgrad::detail::RecordedValue;
using xgrad::detail::Recording;

bool AxisMap::is_identity() const {
  for (std::size_t i = 0; i < to.size(); ++i) {
    if (to[i] != no_entry && to[i] != i) return false;
  }
  return true;
}

namespace {

/// Distinct numbers in [1, 2) for the entries of an axis, in a random order.
class Marks {
 public:
  Marks(std::size_t extent, Generator& generator) : number_(random_permutation(extent, generator)) {
    entry_.resize(extent);
    for (std::size_t i = 0; i < extent; ++i) entry_[number_[i]] = static_cast<std::uint32_t>(i);
  }
  std::size_t extent() const { return number_.size(); }
  double of(std::size_t entry) const { return 1 + static_cast<double>(number_[entry]) / extent_as_number(); }
  double tolerance() const { return std::min(1e-3, 0.25 / extent_as_number()); }
  /// The entry that has this mark, or no_entry.
  std::uint32_t entry(double mark) const {
    const double number = std::round((mark - 1) * extent_as_number());
    if (!(number >= 0 && number < extent_as_number())) return AxisMap::no_entry;
    const std::uint32_t entry = entry_[static_cast<std::size_t>(number)];
    return std::abs(mark - of(entry)) <= tolerance() ? entry : AxisMap::no_entry;
  }

 private:
  double extent_as_number() const { return static_cast<double>(number_.size()); }
  std::vector<std::size_t> number_;
  std::vector<std::uint32_t> entry_;
};

/// Calls f(flat index, index along the axis) for each entry.
template <class F>
void for_each_along(const Shape& shape, std::size_t axis, const F& f) {
  std::size_t inner = 1;
  for (std::size_t i = axis + 1; i < shape.size(); ++i) inner *= shape[i];
  const std::size_t extent = shape[axis];
  const std::size_t size = element_count(shape);
  for (std::size_t start = 0, flat = 0; start < size; start += extent * inner) {
    for (std::size_t entry = 0; entry < extent; ++entry) {
      for (std::size_t i = 0; i < inner; ++i, ++flat) f(flat, entry);
    }
  }
}

template <class T>
T largest(const Array<T>& values) {
  T most = 0;
  for (const T value : values.storage()) most = std::max(most, std::abs(value));
  return most;
}

/// For each entry of an input's axis, the entry of the marked axis of the result that it is used for; empty
/// if the axes do not correspond.
///
/// An operation keeps an axis if weights c along it in the cotangent reappear along the input's axis:
/// J^T (c r) = c J^T r for a random cotangent r, where J is the operation's Jacobian.
template <class T>
std::vector<std::uint32_t> match(const Array<T>& plain, const Array<T>& marked, std::size_t axis,
                                 const Marks& marks) {
  const Shape& shape = plain.shape();
  const double unknown = std::numeric_limits<double>::quiet_NaN();
  std::vector<double> mark(shape[axis], unknown);
  const double least = 1e-2 * static_cast<double>(largest(plain));
  bool is_function = true;
  for_each_along(shape, axis, [&](std::size_t flat, std::size_t entry) {
    const auto below = static_cast<double>(plain.data()[flat]);
    if (!is_function || std::abs(below) <= least) return;
    const double ratio = static_cast<double>(marked.data()[flat]) / below;
    if (std::isnan(mark[entry])) mark[entry] = ratio;
    is_function = std::abs(ratio - mark[entry]) <= marks.tolerance();
  });
  std::vector<std::uint32_t> to;
  std::vector<bool> is_taken(marks.extent(), false);
  bool is_any = false;
  for (std::size_t entry = 0; is_function && entry < mark.size(); ++entry) {
    to.push_back(AxisMap::no_entry);
    if (std::isnan(mark[entry])) continue;
    to[entry] = marks.entry(mark[entry]);
    if (to[entry] == AxisMap::no_entry || is_taken[to[entry]]) return {};
    is_taken[to[entry]] = true;
    is_any = true;
  }
  return is_function && is_any ? to : std::vector<std::uint32_t>{};
}

/// The axes of an input in the order in which they are tried for an axis of the result.
std::vector<std::size_t> candidates(const Shape& input, const Shape& result, std::size_t result_axis) {
  std::vector<std::size_t> axes;
  const auto same = static_cast<std::ptrdiff_t>(result_axis + input.size()) -
                    static_cast<std::ptrdiff_t>(result.size());  // aligned at the last axis
  for (std::size_t i = 0; i < input.size(); ++i) {
    if (input[i] > 1) axes.push_back(i);
  }
  std::stable_sort(axes.begin(), axes.end(), [&](std::size_t a, std::size_t b) {
    const auto rank = [&](std::size_t axis) {
      if (static_cast<std::ptrdiff_t>(axis) == same) return 0;
      return input[axis] == result[result_axis] ? 1 : 2;
    };
    return rank(a) < rank(b);
  });
  return axes;
}

template <class T>
class Probe {
 public:
  Probe(const Recording<T>& recording, std::size_t operation)
      : recording_(recording),
        operation_(operation),
        shape_(recording[operation].shape),
        random_(random_uniform<T>(shape_, T(0.5), T(1.5), generator_)),
        plain_(recording.pull(operation, random_)) {}

  AxisMaps find() {
    AxisMaps result;
    for (const Variable<T>& each : plain_) result.is_seen.push_back(each && largest(each.value()) > 0);
    result.keeps_order = keeps_order();
    if (result.keeps_order) return result;
    for (std::size_t axis = 0; axis < shape_.size(); ++axis) {
      if (shape_[axis] > 1) find(axis, result);
    }
    return result;
  }

 private:
  bool keeps_order() const {
    return plain_.size() == 1 && plain_[0] && plain_[0].size() == random_.size() &&
           std::equal(random_.storage().begin(), random_.storage().end(), plain_[0].value().data());
  }

  void find(std::size_t axis, AxisMaps& result) {
    const Marks marks(shape_[axis], generator_);
    Array<T> weighted = random_;
    for_each_along(shape_, axis, [&](std::size_t flat, std::size_t entry) {
      weighted.data()[flat] *= static_cast<T>(marks.of(entry));
    });
    const std::vector<Variable<T>> marked = recording_.pull(operation_, weighted);
    for (std::size_t input = 0; input < plain_.size(); ++input) {
      if (!result.is_seen[input]) continue;
      const Array<T>& plain = plain_[input].value();
      for (const std::size_t own : candidates(plain.shape(), shape_, axis)) {
        auto to = match(plain, marked[input].value(), own, marks);
        if (to.empty()) continue;
        result.maps.push_back({input, own, axis, std::move(to)});
        break;
      }
    }
  }

  const Recording<T>& recording_;
  std::size_t operation_;
  Shape shape_;
  Generator generator_{1};
  Array<T> random_;
  std::vector<Variable<T>> plain_;
};

}  // namespace

template <class T>
AxisMaps map_axes(const Recording<T>& recording, std::size_t operation) {
  try {
    return Probe<T>(recording, operation).find();
  } catch (const std::exception&) {  // a pullback that throws reveals nothing
    return {{}, std::vector<bool>(recording[operation].inputs.size(), false), false};
  }
}

#define XGRAD_INSTANTIATE(T) template AxisMaps map_axes<T>(const Recording<T>&, std::size_t);
XGRAD_FOR_EACH_SCALAR(XGRAD_INSTANTIATE)
#undef XGRAD_INSTANTIATE

}  // namespace xgrad::nn::detail
