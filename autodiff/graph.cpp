#include <autodiff/record_list.hpp>
#include <autodiff/tape.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string_view>

namespace xgrad {
namespace detail {
namespace {

/// As it stands between the quotes of a string in the language of Graphviz.
std::string escaped(std::string_view text) {
  std::string result;
  for (const char character : text) {
    if (character == '"' || character == '\\') result += '\\';
    result += character == '\n' ? ' ' : character;
  }
  return result;
}

using Names = std::span<const std::pair<const ParameterCell*, std::string>>;

/// A value that the drawing starts from: a parameter, a Variable, or a result of operations before the tape.
std::string input_node(std::uint32_t index, const Record& record, Names names) {
  const auto known = std::ranges::find(names, record.parameter, &Names::value_type::first);
  const bool is_parameter = record.parameter != nullptr;
  const std::string_view name =
      is_parameter ? known != names.end() ? std::string_view(known->second) : std::string_view("parameter")
                   : "input";
  return fmt::format("  n{} [shape=box{} label=\"{}\\n{}\"];\n", index,
                     is_parameter ? " style=filled fillcolor=lightgray" : "", escaped(name),
                     to_string(record.shape()));
}

}  // namespace
}  // namespace detail

std::string Tape::draw(detail::Names names) const {
  using namespace detail;
  RecordList& list = own_list("dot");
  const RecordList::OpenTape& tape = list.tapes[slot_];
  if (tape.consumed) {
    throw TapeError("dot: backward was called on this tape before and released its record; call dot first");
  }
  const std::uint64_t bit = std::uint64_t{1} << slot_;
  const auto is_seen = [&](std::uint32_t index) {
    return index >= tape.first && (list[index].tapes & bit) != 0;
  };

  // What tapes around this one recorded, or what was met before this one was opened, is an input too.
  std::vector<std::uint32_t> earlier;
  std::string operations;
  std::string uses;
  for (std::uint32_t i = tape.first; i < list.size(); ++i) {
    const Record& record = list[i];
    if (!is_seen(i)) continue;
    if (record.name == nullptr) {
      operations += input_node(i, record, names);
      continue;
    }
    fmt::format_to(std::back_inserter(operations), "  n{} [label=\"{}\\n{}\"];\n", i, escaped(record.name),
                   to_string(record.shape()));
    for (const Edge& edge : record.inputs()) {
      if (edge.parent == no_record) continue;
      if (!is_seen(edge.parent)) earlier.push_back(edge.parent);
      fmt::format_to(std::back_inserter(uses), "  n{} -> n{};\n", edge.parent, i);
    }
  }
  std::ranges::sort(earlier);
  earlier.erase(std::unique(earlier.begin(), earlier.end()), earlier.end());

  std::string text = "digraph tape {\n  ordering=in;\n";
  for (const std::uint32_t index : earlier) text += input_node(index, list[index], names);
  return text + operations + uses + "}\n";
}

std::string Tape::dot() const { return draw({}); }

}  // namespace xgrad
