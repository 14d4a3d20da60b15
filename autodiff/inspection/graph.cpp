#include <autodiff/record_list.hpp>
#include <autodiff/tape.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <string_view>

namespace xgrad {
namespace detail {
namespace {

/// Escapes text for a quoted string in the Graphviz language.
std::string escaped(std::string_view text) {
  std::string result;
  for (const char character : text) {
    if (character == '"' || character == '\\') result += '\\';
    result += character == '\n' ? ' ' : character;
  }
  return result;
}

using Names = std::span<const std::pair<const ParameterCell*, std::string>>;

/// The node of an input: a parameter, a Variable, or a result computed before the tape was opened.
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
    throw TapeError("dot: backward was already called on this tape and released its record; call dot first");
  }
  const std::uint64_t bit = std::uint64_t{1} << slot_;
  const auto is_seen = [&](std::uint32_t index) {
    return index >= tape.first && (list[index].tapes & bit) != 0;
  };

  // Values that only outer tapes recorded, or that were recorded before this one was opened, are inputs too.
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

std::vector<RecordedOperation> Tape::list(std::span<const Name> names) const {
  using namespace detail;
  RecordList& list = own_list("operations");
  const RecordList::OpenTape& tape = list.tapes[slot_];
  if (tape.consumed) {
    throw TapeError(
        "operations: backward was already called on this tape and released its record; call "
        "operations first");
  }
  const std::uint64_t bit = std::uint64_t{1} << slot_;
  std::vector<RecordedOperation> operations;
  std::map<std::uint32_t, std::size_t> place_of;
  for (std::uint32_t i = tape.first; i < list.size(); ++i) {
    const Record& record = list[i];
    if ((record.tapes & bit) == 0 || record.name == nullptr) continue;
    RecordedOperation operation{.operation = record.name, .shape = record.shape()};
    for (const Edge& edge : record.inputs()) {
      if (edge.parent == no_record || list[edge.parent].parameter == nullptr) continue;
      const auto known = std::ranges::find(names, list[edge.parent].parameter, &Name::first);
      if (known != names.end()) {
        operation.parameters.push_back(known->second);
      } else {
        operation.unlisted.push_back(list[edge.parent].shape());
      }
    }
    place_of[i] = operations.size();
    operations.push_back(std::move(operation));
  }
  if (slot_ < list.events.size() && list.events[slot_]) {
    for (const ProfileEvent& event : *list.events[slot_]) {
      const auto place = place_of.find(event.record);
      if (place == place_of.end()) continue;
      RecordedOperation& operation = operations[place->second];
      (event.backward ? operation.backward_seconds : operation.seconds) +=
          static_cast<double>(event.end - event.begin) * 1e-9;
    }
  }
  return operations;
}

std::string Tape::dot() const { return draw({}); }

}  // namespace xgrad
