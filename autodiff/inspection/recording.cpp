#include <autodiff/inspection/recording.hpp>
#include <autodiff/instantiate.hpp>

#include <algorithm>
#include <map>

namespace xgrad::detail {
namespace {

template <class T>
bool is_uniform(const Node& node) {
  if (node.scalar != scalar_of<T>) return false;
  const Array<T>& value = static_cast<const ValueNode<T>&>(node).value;
  return std::all_of(value.begin(), value.end(), [&](T entry) { return entry == value.data()[0]; });
}

}  // namespace

template <class T>
Recording<T>::Inspecting::Inspecting() : before(std::exchange(record_list().inspecting, true)) {}

template <class T>
Recording<T>::Inspecting::~Inspecting() {
  record_list().inspecting = before;
}

template <class T>
void Recording<T>::read(std::uint64_t first_new) {
  RecordList& list = record_list();
  std::map<std::uint64_t, NodePointer> inputs;
  for (const NodePointer& node : captures_.nodes()) inputs[node->id] = node;
  std::map<std::uint32_t, std::size_t> place_of;
  const auto add = [&](std::uint32_t index, RecordedValue value) {
    const Record& record = list[index];
    const auto input = inputs.find(record.id);
    if (value.operation == nullptr && input != inputs.end()) {
      value.is_new = record.id > first_new;
      value.is_uniform = is_uniform<T>(*input->second);
    }
    place_of[index] = values_.size();
    values_.push_back(std::move(value));
    records_.push_back(index);
  };
  const std::uint32_t first = list.tapes.back().first;
  for (std::uint32_t i = first; i < list.size(); ++i) {
    const Record& record = list[i];
    RecordedValue value{record.name, record.shape(), {}, record.parameter, false, false};
    for (const Edge& edge : record.inputs()) {
      if (edge.parent == no_record) {
        value.inputs.emplace_back();
        continue;
      }
      // A value that an outer tape recorded earlier is an input here.
      if (!place_of.contains(edge.parent)) {
        const Record& outer = list[edge.parent];
        add(edge.parent, {nullptr, outer.shape(), {}, outer.parameter, false, false});
      }
      value.inputs.emplace_back(place_of.at(edge.parent));
    }
    add(i, std::move(value));
  }
}

template <class T>
std::vector<Variable<T>> Recording<T>::pull(std::size_t index, const Array<T>& cotangent) const {
  RecordList& list = record_list();
  const Record& record = list[records_[index]];
  const std::span<Edge> edges = record.inputs();
  std::vector<Variable<T>> result(edges.size());
  const auto can_be_asked = [&](const Edge& edge) {
    return edge.parent != no_record && list[edge.parent].scalar == scalar_of<T>;
  };
  if (record.scalar != scalar_of<T>) return result;
  const Pause pause;
  if (record.joint) {
    if (!std::ranges::all_of(edges, [&](const Edge& edge) {
          return edge.parent == no_record || list[edge.parent].scalar == scalar_of<T>;
        })) {
      return result;
    }
    std::vector<NodePointer> sums(edges.size());
    std::vector<NodePointer*> wanted;
    for (std::size_t i = 0; i < edges.size(); ++i)
      wanted.push_back(can_be_asked(edges[i]) ? &sums[i] : nullptr);
    NodePointer g = Variable<T>(cotangent).node();
    if (!edges.front().pullback->add_to(g, wanted))
      edges.front().pullback->run(std::move(g), record.result, sums);
    for (std::size_t i = 0; i < edges.size(); ++i) {
      if (can_be_asked(edges[i]) && sums[i]) result[i] = Variable<T>(std::move(sums[i]));
    }
    return result;
  }
  for (std::size_t i = 0; i < edges.size(); ++i) {
    if (!can_be_asked(edges[i]) || edges[i].pullback == nullptr) continue;
    NodePointer output;
    edges[i].pullback->run(Variable<T>(cotangent).release(), record.result, std::span(&output, 1));
    result[i] = Variable<T>(std::move(output));
  }
  return result;
}

#define XGRAD_INSTANTIATE(T) template class Recording<T>;
XGRAD_FOR_EACH_SCALAR(XGRAD_INSTANTIATE)
#undef XGRAD_INSTANTIATE

}  // namespace xgrad::detail
