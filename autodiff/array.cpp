#include <autodiff/array.hpp>
#include <autodiff/error.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdio>
#include <locale>
#include <sstream>
#include XGRAD_XTENSOR_IO

namespace xgrad {

std::string to_string(const Shape& shape) { return fmt::format("{{{}}}", fmt::join(shape, ", ")); }

std::size_t element_count(const Shape& shape) {
  if (std::find(shape.begin(), shape.end(), std::size_t{0}) != shape.end()) return 0;
  std::size_t count = 1;
  for (const std::size_t extent : shape) {
    if (__builtin_mul_overflow(count, extent, &count)) {
      throw ShapeError(
          fmt::format("an array of shape {} has more entries than memory has addresses", to_string(shape)));
    }
  }
  return count;
}

void detail::throw_too_large(const char* operation, const Shape& shape) {
  throw ShapeError(fmt::format("{}: a result of shape {} needs more than 2^47 bytes, which no process has",
                               operation, to_string(shape)));
}

Shape broadcast_shape(const char* operation, const Shape& a, const Shape& b) {
  Shape result(std::max(a.size(), b.size()), 1);
  for (std::size_t i = 0; i < result.size(); ++i) {
    const std::size_t axis = result.size() - 1 - i;
    const std::size_t extent_a = i < a.size() ? a[a.size() - 1 - i] : 1;
    const std::size_t extent_b = i < b.size() ? b[b.size() - 1 - i] : 1;
    if (extent_a != extent_b && extent_a != 1 && extent_b != 1) {
      throw ShapeError(fmt::format("{}: shapes {} and {} do not broadcast: extents {} and {}", operation,
                                   to_string(a), to_string(b), extent_a, extent_b));
    }
    result[axis] = extent_a == 1 ? extent_b : extent_a;
  }
  detail::check_size(operation, result, 1);
  return result;
}

namespace detail {

void throw_ragged_list() {
  throw ShapeError("an array from numbers in braces: its rows have different lengths");
}

namespace {

constexpr std::ptrdiff_t most_lines = 40;
constexpr std::size_t most_entries = 1000;

/// The array as xtensor prints it.
template <class T>
std::string print(const Array<T>& array) {
  std::ostringstream out;
  out.imbue(std::locale::classic());
  out << array;
  return std::move(out).str();
}

/// The `edge` first and last entries of each axis, `{1, 2, ..., 9}`, one row a line.
template <class T>
class Ends {
 public:
  Ends(const Array<T>& array, std::size_t edge) : array_(array), edge_(edge) {}

  std::string text() {
    write(0, 0);  // for the width of the longest entry
    text_.clear();
    write(0, 0);
    return text_;
  }

 private:
  static std::string word(T entry) {
    if constexpr (std::is_floating_point_v<T>) {
      return fmt::format("{:.6g}", entry);
    } else {
      return fmt::format("{}", entry);
    }
  }

  void write(std::size_t axis, std::size_t place) {
    const Shape& shape = array_.shape();
    if (axis == shape.size()) {
      const std::string entry = word(array_.data()[place]);
      width_ = std::max(width_, entry.size());
      text_ += fmt::format("{:>{}}", entry, width_);
      return;
    }
    const std::string next = axis + 1 == shape.size() ? ", " : ",\n" + std::string(axis + 1, ' ');
    text_ += '{';
    for (std::size_t i = 0; i < shape[axis]; ++i) {
      if (i > 0) text_ += next;
      if (i == edge_ && shape[axis] > 2 * edge_) {
        text_ += "..." + next;
        i = shape[axis] - edge_;
      }
      write(axis + 1, place * shape[axis] + i);
    }
    text_ += '}';
  }

  const Array<T>& array_;
  std::size_t edge_;
  std::size_t width_ = 0;
  std::string text_;
};

template <class T>
void dump_array(const Array<T>& array) {
  fmt::print(stderr, "shape {}\n{}\n", to_string(array.shape()), to_string(array));
}

}  // namespace

}  // namespace detail

template <class T>
std::string to_string(const Array<T>& array) {
  const auto fits = [](const std::string& text) {
    return std::count(text.begin(), text.end(), '\n') < detail::most_lines;
  };
  std::string text;
  if (array.size() <= detail::most_entries) {
    text = detail::print(array);
    if (fits(text)) return text;
  }
  for (const std::size_t edge : {3, 2, 1}) {
    text = detail::Ends<T>(array, edge).text();
    if (fits(text)) return text;
  }
  // Many axes: the first lines.
  std::size_t end = 0;
  for (std::ptrdiff_t line = 0; line + 1 < detail::most_lines; ++line) end = text.find('\n', end) + 1;
  return text.substr(0, end) + "...";
}

namespace detail {

void dump(const Array<float>& array) { dump_array(array); }
void dump(const Array<double>& array) { dump_array(array); }
void dump(const Array<bool>& array) { dump_array(array); }
void dump(const Array<std::int64_t>& array) { dump_array(array); }
void dump(const Array<int>& array) { dump_array(to_array<std::int64_t>(xt::cast<std::int64_t>(array))); }

}  // namespace detail

template std::string to_string<float>(const Array<float>&);
template std::string to_string<double>(const Array<double>&);
template std::string to_string<bool>(const Array<bool>&);
template std::string to_string<std::int64_t>(const Array<std::int64_t>&);
template std::string to_string<std::uint64_t>(const Array<std::uint64_t>&);

}  // namespace xgrad
