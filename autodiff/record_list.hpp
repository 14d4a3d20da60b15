#pragma once

#include <autodiff/inspection/call_site.hpp>
#include <autodiff/inspection/profile.hpp>
#include <autodiff/parameter.hpp>
#include <autodiff/recorder.hpp>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

/// \file
/// The list of records that a thread's tapes share, and the arena that their saved state lives in. Private
/// to the engine: recorder.cpp appends to it, tape.cpp replays it, graph.cpp draws it.

namespace xgrad::detail {

inline constexpr std::uint32_t no_record = Node::not_recorded;

/// Memory that is given out in order and taken back in the opposite order. It keeps what it has, so that a
/// steady loop stops asking the system.
class Arena {
 public:
  struct Mark {
    std::size_t block = 0;
    std::size_t used = 0;
  };

  void* allocate(std::size_t bytes) {
    constexpr std::size_t alignment = alignof(std::max_align_t);
    bytes = (bytes + alignment - 1) / alignment * alignment;
    if (bytes > limit_ - used_) return allocate_from_next(bytes);
    void* memory = memory_ + used_;
    used_ += bytes;
    return memory;
  }
  Mark mark() const noexcept { return {block_, used_}; }
  void rewind(Mark mark) noexcept;
  /// Returns what the last user needed less than half of to the system.
  void trim() noexcept;

 private:
  struct Block {
    std::unique_ptr<std::byte[]> memory;
    std::size_t bytes;
  };
  void* allocate_from_next(std::size_t bytes);
  void use(std::size_t block, std::size_t used) noexcept;

  std::vector<Block> blocks_;
  std::size_t block_ = 0;  // the one in use
  std::size_t used_ = 0;   // of it
  std::byte* memory_ = nullptr;
  std::size_t limit_ = 0;
  std::size_t highest_ = 0;  // the last block used since the last trim
};

/// An input of a record: where its cotangent goes, and through what.
struct Edge {
  std::uint32_t parent;  // no_record for a constant
  Pullback* pullback;    // null for a constant; a joint record has it at the first edge
};

/// One operation, or one input of the computation (a record without edges).
struct Record {
  std::uint64_t id;            // of the result
  std::uint64_t tapes;         // the open tapes that see it, one bit a slot
  const char* name;            // the operation's; null for an input
  const std::size_t* extents;  // the result's shape
  Edge* edges;
  NodePointer result;        // kept where a pullback takes it
  ParameterCell* parameter;  // an input that is a parameter (counted)
  union {
    const CallSite* site;  // an operation: where the program called it, if a tape checks what it sees
    std::uint64_t mark;    // an input: the parameter's version, or the tape whose replay computed it
  };
  std::uint32_t edge_count;
  std::uint32_t dimension;
  Scalar scalar;
  bool joint;

  std::span<Edge> inputs() const noexcept { return {edges, edge_count}; }
  Shape shape() const { return Shape(extents, extents + dimension); }
  bool has_shape(const Shape& other) const noexcept {
    return other.size() == dimension && std::equal(other.begin(), other.end(), extents);
  }
  void release() noexcept;
};

/// Finds the record of an input by its identity. Entries are never removed one by one: whoever looks one up
/// checks that the record still has the identity.
class InputIndex {
 public:
  std::uint32_t find(std::uint64_t id) const noexcept;
  void insert(std::uint64_t id, std::uint32_t record);
  void clear() noexcept;

 private:
  struct Entry {
    std::uint64_t id = 0;
    std::uint32_t record = no_record;
  };
  void place(Entry entry) noexcept;
  std::vector<Entry> entries_;
  std::size_t count_ = 0;
};

/// Thrown where a joint pullback returned fewer or more cotangents than the operation has inputs; a replay
/// turns it into an error that names the operation.
struct WrongCount {
  std::size_t came;
  std::size_t expected;
};

/// What a replay writes down, kept from one replay to the next.
struct BackwardScratch {
  std::vector<std::uint8_t> flags;
  std::vector<NodePointer> cotangents;
  std::vector<std::uint32_t> earlier_inputs;
};

/// The state of one thread.
class RecordList {
 public:
  struct OpenTape {
    std::uint64_t serial;
    std::uint32_t first;  // its interval starts at this record
    Arena::Mark mark;
    bool closed = false;
    bool consumed = false;
  };

  RecordList() = default;
  RecordList(const RecordList&) = delete;
  RecordList& operator=(const RecordList&) = delete;
  ~RecordList();

  std::uint32_t size() const noexcept { return size_; }
  /// The tapes that are open and not consumed.
  std::uint64_t alive() const noexcept { return alive_; }
  Record& operator[](std::uint32_t index) noexcept { return blocks_[index / block_size][index % block_size]; }

  std::size_t open(std::uint64_t serial);
  void close(std::size_t slot) noexcept;
  void consume(std::size_t slot) noexcept;

  /// The record that stands for this node on the open tapes, or no_record.
  std::uint32_t find(const Node& node) noexcept;
  /// The same; an input that is new to the open tapes gets its record here. Throws TapeError where the node
  /// belongs to another thread's open tape.
  std::uint32_t find_or_add(Node& node, const char* operation);
  void add_operation(const char* name, Node& result, std::span<const Link> links, bool joint);
  /// Whether a tape that is open on another thread recorded this node.
  bool is_elsewhere(const Node& node) const;

  /// Whether a tape that is recording checks or measures: then each operation is to be shown to `observe`.
  bool is_observing() const noexcept { return ((checking | measuring) & recording) != 0; }
  /// Looks at an operation that has just been recorded, or whose inputs are all constants. Throws
  /// NotFiniteError.
  void observe(const char* name, const Node& result, std::span<const Link> links);
  /// Adds what was measured, of an operation or of its pullbacks, to the tapes of these bits.
  void add_event(std::uint64_t tapes, std::uint32_t record, const char* name, const Shape& shape,
                 std::size_t bytes, std::int64_t begin, std::int64_t end, bool backward);

  /// Tapes that are recording, and the tape that is being replayed (0 for none).
  std::uint64_t recording = 0;
  std::uint64_t backward_of = 0;
  /// Tapes that check that everything is finite, and tapes that measure times.
  std::uint64_t checking = 0;
  std::uint64_t measuring = 0;

  Captures* captures = nullptr;  // who wants to know what operations use, if anybody
  bool inspecting = false;       // a Recording is read: nothing hides operations in a tape of its own

  std::vector<std::unique_ptr<std::vector<ProfileEvent>>> events;  // by slot; null where nothing was measured
  std::int64_t last_event = 0;                                     // the end of what was measured last

  std::vector<OpenTape> tapes;
  std::vector<std::unique_ptr<BackwardScratch>> scratches;
  std::size_t backward_depth = 0;
  Arena arena;

 private:
  static constexpr std::uint32_t block_size = 4096;

  Record& append(Node& node);
  void drop_unseen() noexcept;

  std::vector<std::unique_ptr<Record[]>> blocks_;
  std::uint32_t size_ = 0;
  std::uint64_t alive_ = 0;
  std::uint64_t session_ = 0;  // from the first open tape to the last
  InputIndex inputs_;
};

RecordList& record_list();

/// Replays the innermost tape backward from y, a result that it recorded, and adds the gradients by the
/// inputs to the sums, one for each; the tapes around it record the additions.
void add_gradients(const NodePointer& y, NodePointer cotangent, std::span<const NodePointer> inputs,
                   std::span<NodePointer* const> sums);

/// Adds a cotangent to the sum of those before, if any.
void add_to_sum(NodePointer& sum, NodePointer cotangent);

}  // namespace xgrad::detail
