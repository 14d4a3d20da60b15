#include <autodiff/inspection/finite.hpp>
#include <autodiff/kernels/elementwise.hpp>
#include <autodiff/ops/arithmetic.hpp>
#include <autodiff/record_list.hpp>
#include <autodiff/tape.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <atomic>

namespace xgrad {
namespace detail {
namespace {

enum Flag : std::uint8_t {
  contributes = 1,  // the result depends on it
  asked = 2,        // an input whose gradient is requested
  needed = 4,       // depends on such an input
};

template <class F>
decltype(auto) with_type(Scalar scalar, F&& function) {
  return scalar == Scalar::single ? function(float{}) : function(double{});
}

NodePointer filled(Scalar scalar, const Shape& shape, int value) {
  return with_type(scalar, [&]<class T>(T) { return constant(full<T>(shape, T(value))).node(); });
}

/// The sum of two cotangents, in place if no tape records and one of them is not shared.
NodePointer add_cotangents(NodePointer a, NodePointer b, bool recorded) {
  return with_type(a->scalar, [&]<class T>(T) {
    if (recorded) return add(Variable<T>(std::move(a)), Variable<T>(std::move(b))).node();
    const auto value_of = [](const NodePointer& node) -> Array<T>& {
      return static_cast<ValueNode<T>&>(*node).value;
    };
    if (!a.is_unique()) std::swap(a, b);
    if (!a.is_unique()) {
      a = Variable<T>(Array<T>(value_of(a))).node();
      a->computed_by = record_list().backward_of;
    }
    kernels::add_in_place(value_of(a), value_of(b));
    a->constant = a->constant && b->constant;
    return std::move(a);
  });
}

void sort_unique(std::vector<std::uint32_t>& indices) {
  std::sort(indices.begin(), indices.end());
  indices.erase(std::unique(indices.begin(), indices.end()), indices.end());
}

/// A backward pass over a tape's interval of the record list.
class BackwardPass {
 public:
  /// Suspends recording on this tape and those inside it; `seen_by` are the tapes that record the backward
  /// pass itself.
  BackwardPass(RecordList& list, std::size_t slot, std::uint64_t seen_by)
      : list_(list),
        tape_(list.tapes[slot]),
        slot_(slot),
        bit_(std::uint64_t{1} << slot),
        recording_(list.recording),
        outer_backward_(list.backward_of),
        scratch_(next_scratch(list)),
        // Outer checking tapes check this pass, even if they do not record it.
        checks_((list.checking & ((bit_ << 1) - 1)) != 0),
        measures_((list.measuring & bit_) != 0) {
    list_.recording &= seen_by;
    list_.backward_of = tape_.serial;
    ++list_.backward_depth;
  }
  ~BackwardPass() {
    scratch_.cotangents.clear();
    --list_.backward_depth;
    list_.recording = recording_;
    list_.backward_of = outer_backward_;
    if (releases_) list_.consume(slot_);
    if (list_.measuring != 0) list_.last_event = profile_clock();
  }
  BackwardPass(const BackwardPass&) = delete;
  BackwardPass& operator=(const BackwardPass&) = delete;

  std::vector<NodePointer> gradient(const NodePointer& y, NodePointer cotangent,
                                    std::span<const NodePointer> inputs);
  void into_sums(const NodePointer& y, NodePointer cotangent, std::span<const NodePointer> inputs,
                 std::span<NodePointer* const> sums);
  void into_parameters(const NodePointer& y, NodePointer cotangent);

 private:
  static BackwardScratch& next_scratch(RecordList& list) {
    if (list.backward_depth == list.scratches.size()) {
      list.scratches.push_back(std::make_unique<BackwardScratch>());
    }
    return *list.scratches[list.backward_depth];
  }

  void prepare_cotangent(const char* caller, const Node& y, NodePointer& cotangent) const;
  /// The record of y. Throws TapeError if this tape did not record it.
  std::uint32_t find_result(const char* caller, const Node& y);
  void start(std::uint32_t last);
  /// The records of the inputs. Throws TapeError if one was not recorded.
  std::vector<std::uint32_t> find_inputs(const Node& y, std::span<const NodePointer> inputs);
  void ask_for(std::span<const std::uint32_t> inputs, std::uint32_t last);
  void mark_contributions(bool parameters_asked);
  void mark_needed();
  void check_unchanged(std::uint32_t input, const Record& user);
  void check_unchanged(const ParameterCell& parameter);
  void check_not_lost(std::uint32_t input, const Record& user);
  void run(std::uint32_t index);
  void run_joint(const Record& record, NodePointer cotangent);
  void pass_to(std::uint32_t parent, NodePointer cotangent, const Record& from, std::size_t position);

  bool is_seen(const Record& record) const { return (record.tapes & bit_) != 0; }
  /// The index of a record in the pass's buffers. Inputs first used before this tape was opened follow after
  /// the interval.
  std::size_t place(std::uint32_t index) const {
    if (index >= tape_.first) return index - tape_.first;
    const auto& earlier = scratch_.earlier_inputs;
    const auto found = std::ranges::lower_bound(earlier, index);
    if (found == earlier.end() || *found != index) return nowhere;
    return count_ + static_cast<std::size_t>(found - earlier.begin());
  }
  static constexpr std::size_t nowhere = ~std::size_t{0};
  bool is_wanted(const Edge& edge) const {
    const std::size_t to = edge.parent == no_record ? nowhere : place(edge.parent);
    return to != nowhere && (scratch_.flags[to] & (asked | needed)) != 0;
  }

  RecordList& list_;
  const RecordList::OpenTape tape_;  // a copy: a pullback may open a tape, which may reallocate the list
  std::size_t slot_;
  std::uint64_t bit_;
  std::uint64_t recording_;
  std::uint64_t outer_backward_;
  BackwardScratch& scratch_;
  const bool checks_;
  const bool measures_;
  std::size_t count_ = 0;  // of records in the interval up to the result
  bool releases_ = false;  // whether this pass consumes the tape
};

void BackwardPass::prepare_cotangent(const char* caller, const Node& y, NodePointer& cotangent) const {
  const Shape& shape = shape_of(y);
  if (!cotangent) {
    if (element_count(shape) != 1) {
      throw TapeError(
          fmt::format("{0}: expected a result with one entry, got shape {1}; pass its cotangent, "
                      "tape.{0}(y{2}, cotangent), or reduce it, e.g. sum(y)",
                      caller, to_string(shape), std::string_view(caller) == "gradient" ? ", x" : ""));
    }
    cotangent = filled(y.scalar, shape, 1);
  } else if (shape_of(*cotangent) != shape) {
    throw ShapeError(fmt::format("{}: the cotangent has shape {}, expected the result's shape {}", caller,
                                 to_string(shape_of(*cotangent)), to_string(shape)));
  } else if (checks_) {
    check_cotangent(caller, *cotangent);
  }
}

[[noreturn]] void throw_not_recorded(const char* caller, const Node& y) {
  throw TapeError(
      fmt::format("{}: the result, of shape {}, was not computed while this tape was recording; open the "
                  "Tape before the computation",
                  caller, to_string(shape_of(y))));
}

std::uint32_t BackwardPass::find_result(const char* caller, const Node& y) {
  const std::uint32_t index = list_.find(y);
  const bool is_seen_here = index != no_record && index >= tape_.first && is_seen(list_[index]);
  const bool is_operation = is_seen_here && list_[index].name != nullptr;
  if (is_operation || (is_seen_here && y.computed_by != tape_.serial)) return index;
  if (y.computed_by == tape_.serial) {
    throw TapeError(
        fmt::format("{}: the result, of shape {}, is a gradient that this same tape computed; open an "
                    "outer Tape before this one to differentiate through it",
                    caller, to_string(shape_of(y))));
  }
  if (list_.is_elsewhere(y)) {
    throw TapeError(
        fmt::format("{}: the result, of shape {}, was recorded by a tape that is open on another thread; "
                    "call that tape on its thread",
                    caller, to_string(shape_of(y))));
  }
  if (y.session != 0) throw_not_recorded(caller, y);
  return no_record;
}

void BackwardPass::start(std::uint32_t last) {
  count_ = last - tape_.first + 1;
  scratch_.flags.assign(count_ + scratch_.earlier_inputs.size(), 0);
  scratch_.cotangents.assign(scratch_.flags.size(), NodePointer());
}

void BackwardPass::check_unchanged(std::uint32_t input, const Record& user) {
  const Record& record = list_[input];
  if (record.parameter == nullptr) return;
  const std::uint64_t now = record.parameter->version.load(std::memory_order_relaxed);
  if (now != record.mark) {
    throw VersionError(
        fmt::format("a parameter of shape {} was changed after '{}' had used it (version {} then, {} "
                    "now): call backward before the optimiser's step or any other change",
                    to_string(record.shape()), user.name, record.mark, now));
  }
}

/// Throws VersionError if an operation on this tape used an earlier value of the parameter, instead of the
/// less helpful TapeError.
void BackwardPass::check_unchanged(const ParameterCell& parameter) {
  for (std::uint32_t i = tape_.first; i < list_.size(); ++i) {
    for (const Edge& edge : list_[i].inputs()) {
      if (edge.parent != no_record && list_[edge.parent].parameter == &parameter) {
        check_unchanged(edge.parent, list_[i]);
      }
    }
  }
}

void BackwardPass::check_not_lost(std::uint32_t input, const Record& user) {
  const Record& record = list_[input];
  const bool is_input = record.name == nullptr;
  const bool was_computed = is_input && record.parameter == nullptr && record.mark == tape_.serial;
  if (was_computed || (!is_input && input >= tape_.first && !is_seen(record))) {
    throw TapeError(
        fmt::format("'{}' used a gradient that this same tape computed, of shape {}: its derivative was not "
                    "recorded; open an outer Tape before this one to differentiate through it",
                    user.name, to_string(record.shape())));
  }
}

void BackwardPass::mark_contributions(bool parameters_asked) {
  auto& flags = scratch_.flags;
  flags[count_ - 1] |= contributes;
  for (std::size_t i = count_; i-- > 0;) {
    if ((flags[i] & contributes) == 0) continue;
    const Record& record = list_[tape_.first + static_cast<std::uint32_t>(i)];
    for (const Edge& edge : record.inputs()) {
      if (edge.parent == no_record) continue;
      const std::size_t at = place(edge.parent);
      const bool is_asked = at != nowhere && (flags[at] & asked) != 0;
      if (!is_asked) check_not_lost(edge.parent, record);
      check_unchanged(edge.parent, record);
      if (at == nowhere) continue;
      flags[at] |= contributes;
      if (parameters_asked && list_[edge.parent].parameter != nullptr) flags[at] |= asked;
    }
  }
}

void BackwardPass::mark_needed() {
  auto& flags = scratch_.flags;
  for (std::size_t i = 0; i < count_; ++i) {
    if ((flags[i] & contributes) == 0) continue;
    for (const Edge& edge : list_[tape_.first + static_cast<std::uint32_t>(i)].inputs()) {
      const std::size_t at = edge.parent == no_record ? nowhere : place(edge.parent);
      if (at != nowhere && (flags[at] & (asked | needed)) != 0) {
        flags[i] |= needed;
        break;
      }
    }
  }
}

void BackwardPass::pass_to(std::uint32_t parent, NodePointer cotangent, const Record& from,
                           std::size_t position) {
  const Record& record = list_[parent];
  if (!cotangent || !record.has_shape(shape_of(*cotangent))) {
    throw ShapeError(fmt::format("'{}': the pullback of input {} returned {}, expected shape {}", from.name,
                                 position,
                                 cotangent ? "shape " + to_string(shape_of(*cotangent)) : "an empty Variable",
                                 to_string(record.shape())));
  }
  NodePointer& sum = scratch_.cotangents[place(parent)];
  add_to_sum(sum, std::move(cotangent));
  if (checks_) [[unlikely]]
    check_gradient(list_, from, position, *sum);
}

void BackwardPass::run(std::uint32_t index) {
  const std::size_t at = index - tape_.first;
  const Record& record = list_[index];
  if ((scratch_.flags[at] & needed) == 0 || !scratch_.cotangents[at]) return;
  const bool keep = (scratch_.flags[at] & asked) != 0;
  NodePointer cotangent = keep ? scratch_.cotangents[at] : std::move(scratch_.cotangents[at]);
  const std::int64_t begin = measures_ ? profile_clock() : 0;
  const std::span<Edge> edges = record.inputs();
  if (record.joint) {
    run_joint(record, std::move(cotangent));
  } else {
    std::size_t last = edges.size();
    while (!is_wanted(edges[last - 1])) --last;
    for (std::size_t i = 0; i < last; ++i) {
      if (!is_wanted(edges[i])) continue;
      NodePointer output;
      // The last pullback receives ownership of the cotangent, so that it may reuse its memory.
      edges[i].pullback->run(i + 1 == last ? std::move(cotangent) : cotangent, record.result,
                             std::span(&output, 1));
      pass_to(edges[i].parent, std::move(output), record, i);
    }
  }
  if (measures_) [[unlikely]]
    list_.add_event(bit_, index, record.name, record.shape(), 0, begin, profile_clock(), true);
}

void BackwardPass::run_joint(const Record& record, NodePointer cotangent) {
  const std::span<Edge> edges = record.inputs();
  xt::svector<NodePointer*, 8> sums(edges.size(), nullptr);
  for (std::size_t i = 0; i < edges.size(); ++i) {
    if (is_wanted(edges[i])) sums[i] = &scratch_.cotangents[place(edges[i].parent)];
  }
  if (edges.front().pullback->add_to(cotangent, std::span(sums.data(), sums.size()))) {
    for (std::size_t i = 0; checks_ && i < edges.size(); ++i) {
      if (sums[i] != nullptr && *sums[i]) check_gradient(list_, record, i, **sums[i]);
    }
    return;
  }
  std::vector<NodePointer> outputs(edges.size());
  try {
    edges.front().pullback->run(std::move(cotangent), record.result, outputs);
  } catch (const WrongCount& count) {
    throw ShapeError(fmt::format("'{}': the joint pullback returned {} cotangents for {} inputs", record.name,
                                 count.came, count.expected));
  }
  for (std::size_t i = 0; i < edges.size(); ++i) {
    if (is_wanted(edges[i])) pass_to(edges[i].parent, std::move(outputs[i]), record, i);
  }
}

std::vector<std::uint32_t> BackwardPass::find_inputs(const Node& y, std::span<const NodePointer> inputs) {
  std::vector<std::uint32_t> records;
  scratch_.earlier_inputs.clear();
  for (const NodePointer& input : inputs) {
    if (!input) throw_empty_variable();
    const std::uint32_t index = list_.find(*input);
    if (index == no_record && input->id != y.id) {
      if (input->parameter != nullptr) check_unchanged(*input->parameter);
      throw TapeError(fmt::format(
          "gradient: the input of shape {} was not used by any operation that this tape recorded; {}",
          to_string(shape_of(*input)),
          input->constant ? "it is a constant: make it a Variable to get its gradient"
                          : "open the Tape before the computation, and pass the Variable that was used in "
                            "it, not another one with the same value"));
    }
    records.push_back(index);
    if (index < tape_.first) scratch_.earlier_inputs.push_back(index);
  }
  sort_unique(scratch_.earlier_inputs);
  return records;
}

void BackwardPass::ask_for(std::span<const std::uint32_t> inputs, std::uint32_t last) {
  start(last);
  for (const std::uint32_t index : inputs) {
    const std::size_t at = index == no_record ? nowhere : place(index);
    if (at < scratch_.flags.size()) scratch_.flags[at] |= asked;
  }
  mark_contributions(false);
  mark_needed();
}

std::vector<NodePointer> BackwardPass::gradient(const NodePointer& y, NodePointer cotangent,
                                                std::span<const NodePointer> inputs) {
  constexpr const char* caller = "gradient";
  if (!y) throw_empty_variable();
  prepare_cotangent(caller, *y, cotangent);
  const std::uint32_t last = find_result(caller, *y);
  const std::vector<std::uint32_t> records = find_inputs(*y, inputs);
  // The gradient of a constant is zero; for any other unrecorded result, terms would be missing.
  const auto is_result = [&](const NodePointer& input) { return input->id == y->id; };
  if (last == no_record && !y->constant && !std::ranges::all_of(inputs, is_result)) {
    throw_not_recorded(caller, *y);
  }
  if (last != no_record) {
    ask_for(records, last);
    scratch_.cotangents[count_ - 1] = cotangent;
    for (std::uint32_t i = last + 1; i-- > tape_.first;) run(i);
  }

  std::vector<NodePointer> gradients;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const std::size_t at = records[i] == no_record || last == no_record ? nowhere : place(records[i]);
    if (inputs[i]->id == y->id) {
      gradients.push_back(cotangent);
    } else if (at < scratch_.cotangents.size() && scratch_.cotangents[at]) {
      gradients.push_back(scratch_.cotangents[at]);
    } else {
      gradients.push_back(filled(inputs[i]->scalar, shape_of(*inputs[i]), 0));
    }
  }
  return gradients;
}

void BackwardPass::into_sums(const NodePointer& y, NodePointer cotangent, std::span<const NodePointer> inputs,
                             std::span<NodePointer* const> sums) {
  const std::uint32_t last = list_.find(*y);
  const std::vector<std::uint32_t> records = find_inputs(*y, inputs);
  ask_for(records, last);
  scratch_.cotangents[count_ - 1] = std::move(cotangent);
  for (std::size_t i = 0; i < sums.size(); ++i) scratch_.cotangents[place(records[i])] = std::move(*sums[i]);
  for (std::uint32_t i = last + 1; i-- > tape_.first;) run(i);
  for (std::size_t i = 0; i < sums.size(); ++i) *sums[i] = std::move(scratch_.cotangents[place(records[i])]);
}

void BackwardPass::into_parameters(const NodePointer& y, NodePointer cotangent) {
  constexpr const char* caller = "backward";
  if (!y) throw_empty_variable();
  prepare_cotangent(caller, *y, cotangent);
  const std::uint32_t last = find_result(caller, *y);
  if (last == no_record) {
    if (!y->constant) throw_not_recorded(caller, *y);
    throw TapeError(
        fmt::format("backward: the result, of shape {}, is a constant: it was computed from constants alone",
                    to_string(shape_of(*y))));
  }
  // Parameters that an outer tape recorded first have records before the interval.
  auto& earlier = scratch_.earlier_inputs;
  earlier.clear();
  for (std::uint32_t i = tape_.first; i <= last && tape_.first > 0; ++i) {
    for (const Edge& edge : list_[i].inputs()) {
      if (edge.parent < tape_.first && list_[edge.parent].parameter != nullptr)
        earlier.push_back(edge.parent);
    }
  }
  sort_unique(earlier);

  start(last);
  mark_contributions(true);
  if (std::ranges::none_of(scratch_.flags, [](std::uint8_t flag) { return (flag & asked) != 0; })) {
    throw TapeError(
        "backward: the result does not depend on any parameter; for the gradient with respect to a Variable "
        "call tape.gradient(y, x)");
  }
  mark_needed();
  scratch_.cotangents[count_ - 1] = std::move(cotangent);
  releases_ = true;
  for (std::uint32_t i = list_.size(); i-- > tape_.first;) {
    Record& record = list_[i];
    if (i <= last) {
      run(i);
      NodePointer& gradient = scratch_.cotangents[i - tape_.first];
      if (gradient && record.parameter != nullptr) record.parameter->accumulate(std::move(gradient));
      gradient = NodePointer();
    }
    const bool seen_by_others = (record.tapes & ~bit_ & list_.alive()) != 0;
    if (!seen_by_others) record.release();
  }
  for (std::size_t i = 0; i < earlier.size(); ++i) {
    NodePointer& gradient = scratch_.cotangents[count_ + i];
    if (gradient) list_[earlier[i]].parameter->accumulate(std::move(gradient));
  }
}

void check_not_consumed(const RecordList& list, std::size_t slot, const char* caller) {
  if (list.tapes[slot].consumed) {
    throw TapeError(
        fmt::format("{}: backward was already called on this tape and released the saved values; use "
                    "gradient for several passes over one recording, or record again on a new Tape",
                    caller));
  }
}

std::uint64_t next_serial() noexcept {
  static std::atomic<std::uint64_t> last{0};
  return ++last;
}

}  // namespace

void add_to_sum(NodePointer& sum, NodePointer cotangent) {
  sum = sum ? add_cotangents(std::move(sum), std::move(cotangent), is_recording()) : std::move(cotangent);
}

void add_gradients(const NodePointer& y, NodePointer cotangent, std::span<const NodePointer> inputs,
                   std::span<NodePointer* const> sums) {
  RecordList& list = record_list();
  const std::size_t slot = list.tapes.size() - 1;
  const std::uint64_t outer = (std::uint64_t{1} << slot) - 1;
  BackwardPass(list, slot, outer).into_sums(y, std::move(cotangent), inputs, sums);
}

}  // namespace detail

Tape::Tape() : recorder_(&detail::record_list()), serial_(detail::next_serial()) {
  slot_ = recorder_->open(serial_);
}

Tape::~Tape() {
  auto& list = detail::record_list();
  if (is_own(list)) list.close(slot_);
}

bool Tape::is_own(const detail::RecordList& list) const noexcept {
  // A new thread's list may have the address of an ended thread's list.
  return &list == recorder_ && slot_ < list.tapes.size() && list.tapes[slot_].serial == serial_;
}

detail::RecordList& Tape::own_list(const char* caller) const {
  auto& list = detail::record_list();
  if (!is_own(list)) {
    throw TapeError(fmt::format(
        "{}: this tape was opened on another thread; open a Tape on each thread that records", caller));
  }
  return list;
}

std::size_t Tape::size() const noexcept {
  auto& list = detail::record_list();
  if (!is_own(list) || list.tapes[slot_].consumed) return 0;
  const std::uint32_t first = list.tapes[slot_].first;
  std::size_t count = 0;
  for (std::uint32_t i = first; i < list.size(); ++i) count += (list[i].tapes >> slot_) & 1;
  return count;
}

std::vector<detail::NodePointer> Tape::backward_pass(const detail::NodePointer& y,
                                                     detail::NodePointer cotangent,
                                                     std::span<const detail::NodePointer> inputs) const {
  auto& list = own_list("gradient");
  detail::check_not_consumed(list, slot_, "gradient");
  const std::uint64_t outer = (std::uint64_t{1} << slot_) - 1;
  return detail::BackwardPass(list, slot_, outer).gradient(y, std::move(cotangent), inputs);
}

void Tape::backward_into_parameters(const detail::NodePointer& y, detail::NodePointer cotangent) {
  auto& list = own_list("backward");
  detail::check_not_consumed(list, slot_, "backward");
  detail::BackwardPass(list, slot_, 0).into_parameters(y, std::move(cotangent));
}

}  // namespace xgrad
