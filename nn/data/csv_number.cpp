#include <nn/data/csv_number.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

namespace xgrad::nn::detail {
namespace {

constexpr std::array<std::string_view, 16> missing_marks{
    "",     "NA",   "N/A",  "n/a",     "#N/A",     "#N/A N/A", "#NA",     "<NA>",
    "NULL", "null", "None", "1.#QNAN", "-1.#QNAN", "1.#IND",   "-1.#IND", "1.#SNAN"};

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool equal_in_any_case(std::string_view text, std::string_view lower_case) {
  return std::equal(text.begin(), text.end(), lower_case.begin(), lower_case.end(),
                    [](char a, char b) { return lower(a) == b; });
}

/// Whether a number beyond the range of a double is large or small: the sign of the decimal exponent of its
/// first nonzero digit. `text` is a number that from_chars accepted.
bool is_large(std::string_view text) {
  const std::size_t mark = std::min(text.find_first_of("eE"), text.size());
  const std::string_view digits = text.substr(0, mark);
  const std::size_t point = std::min(digits.find('.'), digits.size());
  const std::size_t first = std::min(digits.find_first_of("123456789"), digits.size());
  const double place =
      first < point ? static_cast<double>(point - first) : -static_cast<double>(first - point - 1);
  double exponent = 0;
  if (mark < text.size()) {
    std::string_view written = text.substr(mark + 1);
    const bool negative = written.starts_with('-');
    if (negative || written.starts_with('+')) written.remove_prefix(1);
    for (const char c : written) exponent = std::min(10 * exponent + (c - '0'), 1e300);
    if (negative) exponent = -exponent;
  }
  return exponent + place > 0;
}

}  // namespace

bool is_missing(std::string_view field) {
  if (std::find(missing_marks.begin(), missing_marks.end(), field) != missing_marks.end()) return true;
  if (field.starts_with('-') || field.starts_with('+')) field.remove_prefix(1);
  if (!equal_in_any_case(field.substr(0, 3), "nan")) return false;
  field.remove_prefix(3);
  return field.empty() || (field.size() > 1 && field.front() == '(' && field.back() == ')');
}

std::optional<double> parse_number(std::string_view field) {
  if (equal_in_any_case(field, "true")) return 1;
  if (equal_in_any_case(field, "false")) return 0;
  const bool negative = field.starts_with('-');
  if (negative || field.starts_with('+')) field.remove_prefix(1);
  if (field.starts_with('-') || is_missing(field)) return std::nullopt;  // from_chars accepts both
  double value = 0;
  const auto [last, error] = std::from_chars(field.data(), field.data() + field.size(), value);
  if (error == std::errc::invalid_argument || last != field.data() + field.size()) return std::nullopt;
  if (error == std::errc::result_out_of_range) {
    value = is_large(field) ? std::numeric_limits<double>::infinity() : 0.0;
  }
  return negative ? -value : value;
}

}  // namespace xgrad::nn::detail
