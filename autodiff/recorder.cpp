#include <autodiff/inspection/finite.hpp>
#include <autodiff/record_list.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <utility>

namespace xgrad::detail {
namespace {

/// The sessions in which some thread has an open tape. Only queried for a Variable of another session.
class Sessions {
 public:
  std::uint64_t open() {
    const std::lock_guard lock(mutex_);
    live_.push_back(++last_);
    return last_;
  }
  void close(std::uint64_t session) noexcept {
    const std::lock_guard lock(mutex_);
    std::erase(live_, session);
  }
  bool is_open(std::uint64_t session) {
    const std::lock_guard lock(mutex_);
    return std::ranges::find(live_, session) != live_.end();
  }

 private:
  std::mutex mutex_;
  std::vector<std::uint64_t> live_;
  std::uint64_t last_ = 0;
};

Sessions& sessions() {
  static auto* instance = new Sessions;  // never destroyed: threads may end after main
  return *instance;
}

void destroy_pullbacks(std::span<const Link> links) noexcept {
  for (const Link& link : links) {
    if (link.pullback != nullptr) link.pullback->~Pullback();
  }
}

NodePointer finish(const char* name, NodePointer result, std::span<const Link> links, bool joint) {
  RecordList& list = record_list();
  const bool recorded = std::ranges::any_of(links, [](const Link& link) { return link.pullback != nullptr; });
  if (!recorded) {
    mark_computed(*result, std::ranges::all_of(links, [](const Link& link) { return link.input->constant; }));
  } else {
    try {
      list.add_operation(name, *result, links, joint);
    } catch (...) {
      destroy_pullbacks(links);
      throw;
    }
  }
  if (list.is_observing()) [[unlikely]]
    list.observe(name, *result, links);
  return result;
}

}  // namespace

Pullback::~Pullback() = default;

void Pullback::run(NodePointer, const NodePointer&, std::span<NodePointer>) {}

bool Pullback::add_to(NodePointer&, std::span<NodePointer* const>) { return false; }

RecordList& record_list() {
  thread_local RecordList list;
  return list;
}

bool is_recorded(const Node* input) noexcept {
  return input != nullptr && !input->constant && record_list().recording != 0;
}

bool is_recording() noexcept { return record_list().recording != 0; }

Pause::Pause() noexcept : recording_(std::exchange(record_list().recording, 0)) {}

Pause::~Pause() {
  RecordList& list = record_list();
  list.recording = recording_ & list.alive();  // without tapes that backward consumed meanwhile
}

Captures::Captures() noexcept {
  RecordList& list = record_list();
  tape_ = std::uint64_t{1} << (list.tapes.size() - 1);
  first_ = list.tapes.back().first;
  outer_ = std::exchange(list.captures, this);
}

Captures::~Captures() { record_list().captures = outer_; }

void Captures::note(Node& input, std::uint32_t record) {
  RecordList& list = record_list();
  const bool is_paused = (list.recording & tape_) == 0;
  const bool is_computed_here = record >= first_ && list[record].name != nullptr;
  if (is_paused || is_computed_here) return;
  input.references.fetch_add(1, std::memory_order_relaxed);
  nodes_.emplace_back(&input);
}

std::vector<NodePointer> Captures::nodes() const {
  std::vector<NodePointer> each = nodes_;
  const auto id = [](const NodePointer& node) { return node->id; };
  std::ranges::sort(each, {}, id);
  const auto same = [&](const NodePointer& a, const NodePointer& b) { return id(a) == id(b); };
  each.erase(std::unique(each.begin(), each.end(), same), each.end());
  return each;
}

bool is_result(const Node& node) noexcept {
  RecordList& list = record_list();
  return node.parameter == nullptr && (list.recording == 0 || list.find(node) != no_record);
}

void mark_computed(Node& node, bool constant) noexcept {
  node.constant = constant;
  node.computed_by = record_list().backward_of;
}

void* arena_allocate(std::size_t bytes) { return record_list().arena.allocate(bytes); }

NodePointer finish(const char* name, NodePointer result, std::span<const Link> links) {
  return finish(name, std::move(result), links, false);
}

NodePointer finish_joint(const char* name, NodePointer result, std::span<const Link> links) {
  return finish(name, std::move(result), links, true);
}

void throw_wrong_count(std::size_t came, std::size_t expected) { throw WrongCount{came, expected}; }

void* Arena::allocate_from_next(std::size_t bytes) {
  constexpr std::size_t block_bytes = std::size_t{1} << 18;
  std::size_t next = blocks_.empty() ? 0 : block_ + 1;
  while (next < blocks_.size() && blocks_[next].bytes < bytes) ++next;
  if (next == blocks_.size()) {
    const std::size_t size = std::max(bytes, block_bytes);
    blocks_.push_back({std::make_unique<std::byte[]>(size), size});
  }
  use(next, bytes);
  highest_ = std::max(highest_, next);
  return memory_;
}

void Arena::use(std::size_t block, std::size_t used) noexcept {
  block_ = block;
  used_ = used;
  memory_ = block < blocks_.size() ? blocks_[block].memory.get() : nullptr;
  limit_ = block < blocks_.size() ? blocks_[block].bytes : 0;
}

void Arena::rewind(Mark mark) noexcept { use(mark.block, mark.used); }

void Arena::trim() noexcept {
  blocks_.resize(std::min(blocks_.size(), 2 * (highest_ + 1)));
  highest_ = block_;
}

void Record::release() noexcept {
  for (const Edge& edge : inputs()) {
    if (edge.pullback != nullptr) edge.pullback->~Pullback();
  }
  edge_count = 0;
  result = NodePointer();
  if (parameter != nullptr) std::exchange(parameter, nullptr)->release();
}

std::uint32_t InputIndex::find(std::uint64_t id) const noexcept {
  if (entries_.empty()) return no_record;
  const std::size_t last = entries_.size() - 1;
  for (std::size_t i = id & last; entries_[i].id != 0; i = (i + 1) & last) {
    if (entries_[i].id == id) return entries_[i].record;
  }
  return no_record;
}

void InputIndex::insert(std::uint64_t id, std::uint32_t record) {
  if (2 * (count_ + 1) > entries_.size()) {
    std::vector<Entry> old(std::max<std::size_t>(64, 2 * entries_.size()));
    std::swap(old, entries_);
    count_ = 0;
    for (const Entry& entry : old) {
      if (entry.id != 0) place(entry);
    }
  }
  place({id, record});
}

void InputIndex::place(Entry entry) noexcept {
  const std::size_t last = entries_.size() - 1;
  std::size_t i = entry.id & last;
  while (entries_[i].id != 0 && entries_[i].id != entry.id) i = (i + 1) & last;
  if (entries_[i].id == 0) ++count_;
  entries_[i] = entry;
}

void InputIndex::clear() noexcept {
  if (count_ != 0) std::ranges::fill(entries_, Entry{});
  count_ = 0;
}

RecordList::~RecordList() {
  while (size_ > 0) (*this)[--size_].release();
  if (session_ != 0) sessions().close(session_);
}

std::size_t RecordList::open(std::uint64_t serial) {
  const std::size_t slot = tapes.size();
  if (slot == 64) throw TapeError("Tape: 64 tapes are open on this thread; no more can be nested");
  if (slot == 0) session_ = sessions().open();
  tapes.push_back({serial, size_, arena.mark()});
  const std::uint64_t bit = std::uint64_t{1} << slot;
  alive_ |= bit;
  recording |= bit;
  return slot;
}

void RecordList::consume(std::size_t slot) noexcept {
  const std::uint64_t bit = std::uint64_t{1} << slot;
  tapes[slot].consumed = true;
  alive_ &= ~bit;
  recording &= ~bit;
  drop_unseen();
}

void RecordList::close(std::size_t slot) noexcept {
  tapes[slot].closed = true;
  consume(slot);
  const std::uint64_t bit = std::uint64_t{1} << slot;
  checking &= ~bit;
  measuring &= ~bit;
  if (slot < events.size()) events[slot].reset();
  while (!tapes.empty() && tapes.back().closed) {
    if (size_ == tapes.back().first) arena.rewind(tapes.back().mark);
    tapes.pop_back();
  }
  if (tapes.empty()) {
    sessions().close(std::exchange(session_, 0));
    arena.trim();
  }
}

void RecordList::drop_unseen() noexcept {
  while (size_ > 0 && ((*this)[size_ - 1].tapes & alive_) == 0) (*this)[--size_].release();
  if (size_ == 0) inputs_.clear();
}

std::uint32_t RecordList::find(const Node& node) noexcept {
  const auto is_valid = [&](std::uint32_t index) { return index < size_ && (*this)[index].id == node.id; };
  if (is_valid(node.record)) return node.record;
  const std::uint32_t index = inputs_.find(node.id);
  return is_valid(index) ? index : no_record;
}

namespace {

/// Whether a parameter was changed in place after this record was made. Later uses of the parameter get a new
/// record, so that backward passes that do not include the old record do not report the change.
bool is_outdated(const Record& record) noexcept {
  return record.parameter != nullptr &&
         record.mark != record.parameter->version.load(std::memory_order_relaxed);
}

}  // namespace

std::uint32_t RecordList::find_or_add(Node& node, const char* operation) {
  std::uint32_t index = find(node);
  if (index != no_record && !is_outdated((*this)[index])) return index;
  if (is_elsewhere(node)) {
    throw TapeError(
        fmt::format("{}: a Variable of shape {} was recorded by a tape that is open on another "
                    "thread; pass its value, or constant(x.value())",
                    operation, to_string(shape_of(node))));
  }
  Record& record = append(node);
  index = size_ - 1;
  record.name = nullptr;
  if (node.parameter != nullptr) {
    node.parameter->retain();
    record.parameter = node.parameter;
    record.mark = node.parameter->version.load(std::memory_order_relaxed);
  } else {
    record.mark = node.computed_by;
  }
  inputs_.insert(node.id, index);
  return index;
}

bool RecordList::is_elsewhere(const Node& node) const {
  return node.session != 0 && node.session != session_ && sessions().is_open(node.session);
}

void RecordList::add_operation(const char* name, Node& result, std::span<const Link> links, bool joint) {
  auto* edges = static_cast<Edge*>(arena.allocate(links.size() * sizeof(Edge)));
  bool takes_result = false;
  for (std::size_t i = 0; i < links.size(); ++i) {
    const bool recorded = joint ? is_recorded(links[i].input) : links[i].pullback != nullptr;
    const std::uint32_t parent = recorded ? find_or_add(*links[i].input, name) : no_record;
    if (recorded && captures != nullptr) captures->note(*links[i].input, parent);
    new (&edges[i]) Edge{parent, links[i].pullback};
    takes_result = takes_result || (links[i].pullback != nullptr && links[i].pullback->takes_result());
  }
  Record& record = append(result);
  result.record = size_ - 1;
  result.session = session_;
  result.computed_by = backward_of;
  record.name = name;
  record.edges = edges;
  record.edge_count = static_cast<std::uint32_t>(links.size());
  record.joint = joint;
  if (takes_result) {
    result.references.fetch_add(1, std::memory_order_relaxed);
    record.result = NodePointer(&result);
  }
}

[[gnu::cold]] void RecordList::observe(const char* name, const Node& result, std::span<const Link> links) {
  if ((measuring & recording) != 0) {
    const Shape& shape = shape_of(result);
    const std::size_t width = result.scalar == Scalar::single ? sizeof(float) : sizeof(double);
    add_event(measuring & recording, find(result), name, shape, width * element_count(shape), last_event,
              profile_clock(), false);
  }
  if ((checking & recording) != 0) {
    const CallSite site = call_site();
    if (const std::uint32_t index = find(result); index != no_record) {
      (*this)[index].site = new (arena.allocate(sizeof(CallSite))) CallSite(site);
    }
    // Inside a backward pass, only the resulting gradients are checked: a pullback may legitimately have
    // infinite intermediate values.
    if (backward_of == 0) check_value(name, result, links, site);
  }
  if (measuring != 0) last_event = profile_clock();
}

void RecordList::add_event(std::uint64_t to, std::uint32_t record, const char* name, const Shape& shape,
                           std::size_t bytes, std::int64_t begin, std::int64_t end, bool backward) {
  for (std::size_t slot = 0; slot < events.size(); ++slot) {
    if (((to >> slot) & 1) == 0) continue;
    events[slot]->push_back({name, shape, bytes, begin, end, thread_number(), record, backward});
  }
}

Record& RecordList::append(Node& node) {
  if (size_ == no_record) throw TapeError("Tape: more operations than a tape can hold");
  if (size_ / block_size == blocks_.size()) blocks_.push_back(std::make_unique<Record[]>(block_size));
  const Shape& shape = shape_of(node);
  auto* extents = static_cast<std::size_t*>(arena.allocate(shape.size() * sizeof(std::size_t)));
  std::ranges::copy(shape, extents);
  Record& record = (*this)[size_++];
  record.id = node.id;
  record.tapes = recording;
  record.extents = extents;
  record.edges = nullptr;
  record.edge_count = 0;
  record.dimension = static_cast<std::uint32_t>(shape.size());
  record.parameter = nullptr;
  record.site = nullptr;
  record.scalar = node.scalar;
  record.joint = false;
  return record;
}

}  // namespace xgrad::detail
