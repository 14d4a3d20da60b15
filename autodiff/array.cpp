#include <autodiff/array.hpp>
#include <autodiff/error.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <utility>
#include <vector>

namespace xgrad {

std::string to_string(const Shape& shape) { return fmt::format("{{{}}}", fmt::join(shape, ", ")); }

std::size_t element_count(const Shape& shape) {
  if (std::find(shape.begin(), shape.end(), std::size_t{0}) != shape.end()) return 0;
  std::size_t count = 1;
  for (const std::size_t extent : shape) {
    if (__builtin_mul_overflow(count, extent, &count)) {
      throw ShapeError(
          fmt::format("the number of entries of shape {} overflows std::size_t", to_string(shape)));
    }
  }
  return count;
}

void detail::throw_too_large(const char* operation, const Shape& shape) {
  throw ShapeError(
      fmt::format("{}: a result of shape {} needs more than 2^47 bytes, the address space of a process",
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

void throw_ragged_list() { throw ShapeError("Array: the rows of a nested list have different lengths"); }

namespace {

constexpr std::ptrdiff_t most_lines = 40;
constexpr std::size_t most_entries = 1000;

/// Formats entries as xtensor does, in columns of equal width, but independent of the locale.
template <class T>
class Column {
 public:
  /// Accounts for an entry; call it for all entries before writing the first.
  void add(T entry) {
    if constexpr (std::is_floating_point_v<T>) {
      if (std::isfinite(entry) && entry != 0) {
        const int digits = 1 + static_cast<int>(std::log10(std::abs(entry)));
        scientific_ = scientific_ || digits <= -5 || digits > 7;
        three_ = three_ || digits <= -100 || digits >= 100;
        while (decimals_ < most_decimals && !is_whole(entry)) ++decimals_;
      }
    } else {
      has_sign_ = has_sign_ || entry < T{};
    }
    entries_.push_back(entry);
  }

  void finish() {
    for (const T entry : entries_) width_ = std::max(width_, digits(entry).size());
    width_ += has_sign_;
  }

  std::string word(T entry) const {
    std::string text = digits(entry);
    if (std::is_floating_point_v<T> && !scientific_) {
      const std::size_t end = text.find_last_not_of('0') + 1;
      std::fill(text.begin() + static_cast<std::ptrdiff_t>(end), text.end(), ' ');
    }
    if (is_negative(entry)) text.insert(0, 1, '-');
    return fmt::format("{:>{}}", text, width_);
  }

  std::size_t width() const { return width_; }

 private:
  static constexpr int most_decimals = 6;

  static bool is_negative(T entry) {
    if constexpr (std::is_floating_point_v<T>) {
      return std::signbit(entry);
    } else {
      return entry < T{};
    }
  }

  bool is_whole(T entry) const {
    const double scaled = static_cast<double>(entry) * std::pow(10.0, decimals_);
    return std::floor(scaled) == scaled;
  }

  /// The entry without its sign.
  std::string digits(T entry) const {
    if constexpr (!std::is_floating_point_v<T>) {
      const std::string text = fmt::format("{}", entry);
      return is_negative(entry) ? text.substr(1) : text;
    } else {
      const T magnitude = std::abs(entry);
      if (!std::isfinite(entry)) return fmt::format("{}", magnitude);
      if (!scientific_) return fmt::format("{:#.{}f}", magnitude, decimals_);
      std::string text = fmt::format("{:.{}e}", magnitude, most_decimals);
      if (three_ && text[text.size() - 4] == 'e') text.insert(text.size() - 2, "0");
      return text;
    }
  }

  std::vector<T> entries_;
  std::size_t width_ = std::is_same_v<T, bool> ? 5 : 0;  // the length of `false`
  int decimals_ = 0;
  bool scientific_ = false, three_ = false;
  bool has_sign_ = std::is_floating_point_v<T>;  // floating-point columns always have room for a sign
};

/// Formats an array, `{1, 2, ..., 9}`: the first and last `edge` entries of each axis, or all if edge is 0.
template <class T>
class Text {
 public:
  Text(const Array<T>& array, std::size_t edge) : array_(array), edge_(edge) {
    visit(0, 0, [&](T entry) { column_.add(entry); });
    column_.finish();
    write(0, 0);
  }

  std::string text() && { return std::move(text_); }

 private:
  static constexpr std::size_t line_width = 75;

  /// Whether entry i of an axis is the first omitted one.
  bool is_gap(std::size_t i, std::size_t extent) const {
    return edge_ > 0 && i == edge_ && extent > 2 * edge_;
  }

  template <class F>
  void visit(std::size_t axis, std::size_t place, const F& use) const {
    const Shape& shape = array_.shape();
    if (axis == shape.size()) return use(array_.data()[place]);
    for (std::size_t i = 0; i < shape[axis]; ++i) {
      if (is_gap(i, shape[axis])) i = shape[axis] - edge_;
      visit(axis + 1, place * shape[axis] + i, use);
    }
  }

  void write(std::size_t axis, std::size_t place) {
    const Shape& shape = array_.shape();
    if (axis == shape.size()) {
      text_ += column_.word(array_.data()[place]);
      return;
    }
    const bool is_last = axis + 1 == shape.size();
    const std::string new_line = '\n' + std::string(axis + 1, ' ');
    const std::string next = is_last ? ", " : "," + new_line;
    const std::size_t on_line = line_width / (column_.width() + 2);
    text_ += '{';
    for (std::size_t i = 0, count = 0; i < shape[axis]; ++i, ++count) {
      if (i > 0) text_ += next;
      if (is_gap(i, shape[axis])) {
        text_ += "..." + next;
        i = shape[axis] - edge_;
      }
      if (is_last && on_line > 0 && count == on_line) {
        text_.pop_back();  // the trailing space of the line
        text_ += new_line;
        count = 0;
      }
      write(axis + 1, place * shape[axis] + i);
    }
    text_ += '}';
  }

  const Array<T>& array_;
  std::size_t edge_;
  Column<T> column_;
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
    text = detail::Text<T>(array, 0).text();
    if (fits(text)) return text;
  }
  for (const std::size_t edge : {3, 2, 1}) {
    text = detail::Text<T>(array, edge).text();
    if (fits(text)) return text;
  }
  // With many axes even the edges are too long: keep the first lines.
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
