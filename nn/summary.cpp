#include <autodiff/error.hpp>
#include <nn/summary.hpp>

#include <algorithm>
#include <map>
#include <ostream>
#include <set>

namespace xgrad::nn {
namespace {

/// The layer of a parameter: `blocks.0.conv` for `blocks.0.conv.weight`.
std::string layer_of(const std::string& parameter) {
  const std::size_t dot = parameter.rfind('.');
  return dot == std::string::npos ? parameter : parameter.substr(0, dot);
}

/// Whether an operation only changes the shape or the type.
bool only_rearranges(const std::string& operation) {
  static const std::set<std::string> names{"reshape", "flatten", "expand_dims", "squeeze", "cast"};
  return names.contains(operation);
}

std::string grouped(std::size_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t at = digits.size(); at > 3;) digits.insert(at -= 3, ",");
  return digits;
}

}  // namespace

template <class T>
Summary detail::summarize(const Tape& tape, const Shape& input,
                          const std::vector<NamedParameter<T>>& parameters) {
  Summary summary{.input = input};
  std::map<std::string, const NamedParameter<T>*> by_name;
  for (const auto& each : parameters) {
    by_name[each.name] = &each;
    summary.parameters += each.parameter.size();
  }
  std::set<std::string> counted;
  for (const RecordedOperation& each : tape.operations(parameters)) {
    summary.unlisted.insert(summary.unlisted.end(), each.unlisted.begin(), each.unlisted.end());
    if (each.parameters.empty() && only_rearranges(each.operation)) continue;
    SummaryRow row{.name = each.operation, .operation = each.operation, .output = each.shape};
    const std::size_t entries = element_count(each.shape);
    for (const std::string& name : each.parameters) {
      row.name = layer_of(name);
      const NamedParameter<T>& parameter = *by_name.at(name);
      if (counted.insert(name).second) row.parameters += parameter.parameter.size();
      const Shape& shape = parameter.parameter.shape();
      // Each output entry takes the products of one unit. This overestimates a transposed convolution with a
      // stride, where each input entry does.
      if (shape.size() > 1 && shape[0] > 0) {
        const std::size_t per_unit = parameter.parameter.size() / shape[0];
        row.multiply_adds += entries * per_unit;
      }
    }
    // Batch normalisation in test mode is two operations of one layer; so is a layer whose bias is added
    // separately.
    if (!summary.rows.empty() && !each.parameters.empty() && summary.rows.back().name == row.name) {
      SummaryRow& last = summary.rows.back();
      last.output = row.output;
      last.parameters += row.parameters;
      last.multiply_adds += row.multiply_adds;
    } else {
      summary.rows.push_back(row);
    }
    summary.multiply_adds += row.multiply_adds;
  }
  return summary;
}

std::string to_string(const Summary& summary) {
  std::vector<std::array<std::string, 5>> table{
      {"layer", "operation", "output", "parameters", "multiply-adds"}};
  for (const SummaryRow& row : summary.rows) {
    table.push_back({row.name, row.operation, xgrad::to_string(row.output), grouped(row.parameters),
                     grouped(row.multiply_adds)});
  }
  table.push_back({"total", "", "", grouped(summary.parameters), grouped(summary.multiply_adds)});
  std::array<std::size_t, 5> width{};
  for (const auto& line : table) {
    for (std::size_t c = 0; c < 5; ++c) width[c] = std::max(width[c], line[c].size());
  }
  std::string text = fmt::format("input {}\n", xgrad::to_string(summary.input));
  for (const auto& line : table) {
    text += fmt::format("{:{}}  {:{}}  {:{}}  {:>{}}  {:>{}}\n", line[0], width[0], line[1], width[1],
                        line[2], width[2], line[3], width[3], line[4], width[4]);
  }
  for (const Shape& shape : summary.unlisted) {
    text += fmt::format("not in the model: a parameter of shape {}; name its layer in fields()\n",
                        xgrad::to_string(shape));
  }
  return text;
}

std::ostream& operator<<(std::ostream& out, const Summary& summary) { return out << to_string(summary); }

template XGRAD_API Summary detail::summarize<float>(const Tape&, const Shape&,
                                                    const std::vector<NamedParameter<float>>&);
template XGRAD_API Summary detail::summarize<double>(const Tape&, const Shape&,
                                                     const std::vector<NamedParameter<double>>&);

}  // namespace xgrad::nn
