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
/// The list of records that a thread's tapes share, and the arena that holds their saved state. Private to
/// the engine: recorder.cpp appends to it, tape.cpp runs backward passes over it, graph.cpp draws it.

namespace xgrad::detail {

inline constexpr std::uint32_t no_record = Node::not_recorded;

/// A stack allocator: memory is released in reverse order of allocation. Its blocks are reused, so that a
/// steady loop makes no system allocations.
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
  /// Frees the blocks beyond twice the number used since the last trim.
  void trim() noexcept;

 private:
  struct Block {
    std::unique_ptr<std::byte[]> memory;
    std::size_t bytes;
  };
  void* allocate_from_next(std::size_t bytes);
  void use(std::size_t block, std::size_t used) noexcept;

  std::vector<Block> blocks_;
  std::size_t block_ = 0;  // index of the block in use
  std::size_t used_ = 0;   // bytes used of that block
  std::byte* memory_ = nullptr;
  std::size_t limit_ = 0;
  std::size_t highest_ = 0;  // highest block used since the last trim
};

/// An input of a record: the record that receives the cotangent, and the pullback that computes it.
struct Edge {
  std::uint32_t parent;  // no_record for a constant
  Pullback* pullback;    // null for a constant; a joint pullback is stored at the first edge
};

/// One operation, or one input of the computation (leaf: a record without edges).
struct Record {
  std::uint64_t id;            // of the result's node
  std::uint64_t tapes;         // the open tapes that recorded it, one bit per slot
  const char* name;            // of the operation; null for an input
  const std::size_t* extents;  // the result's shape
  Edge* edges;
  NodePointer result;        // kept if a pullback takes it
  ParameterCell* parameter;  // an input that is a parameter (counted)
  union {
    const CallSite* site;  // operation: where the program called it, if a tape checks for finite values
    std::uint64_t mark;    // input: the parameter's version, or the tape whose backward pass computed it
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

/// A hash table from the id of an input to its record. Entries are never removed individually: callers must
/// check that the record still has the id.
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

/// Thrown if a joint pullback returned a different number of cotangents than the operation has inputs; the
/// backward pass converts it to an error that names the operation.
struct WrongCount {
  std::size_t came;
  std::size_t expected;
};

/// Buffers of a backward pass, reused by later ones.
struct BackwardScratch {
  std::vector<std::uint8_t> flags;
  std::vector<NodePointer> cotangents;
  std::vector<std::uint32_t> earlier_inputs;
};

/// The recording state of one thread.
class RecordList {
 public:
  struct OpenTape {
    std::uint64_t serial;
    std::uint32_t first;  // first record of its interval
    Arena::Mark mark;
    bool closed = false;
    bool consumed = false;
  };

  RecordList() = default;
  RecordList(const RecordList&) = delete;
  RecordList& operator=(const RecordList&) = delete;
  ~RecordList();

  std::uint32_t size() const noexcept { return size_; }
  /// The tapes that are open and not consumed, one bit per slot.
  std::uint64_t alive() const noexcept { return alive_; }
  Record& operator[](std::uint32_t index) noexcept { return blocks_[index / block_size][index % block_size]; }

  std::size_t open(std::uint64_t serial);
  void close(std::size_t slot) noexcept;
  void consume(std::size_t slot) noexcept;

  /// The record of this node on the open tapes, or no_record.
  std::uint32_t find(const Node& node) noexcept;
  /// The same, but adds a record for an input that is new to the open tapes. Throws TapeError if the node
  /// belongs to an open tape of another thread.
  std::uint32_t find_or_add(Node& node, const char* operation);
  void add_operation(const char* name, Node& result, std::span<const Link> links, bool joint);
  /// Whether a tape that is open on another thread recorded this node.
  bool is_elsewhere(const Node& node) const;

  /// Whether a recording tape checks or measures; each operation must then be passed to `observe`.
  bool is_observing() const noexcept { return ((checking | measuring) & recording) != 0; }
  /// Checks and measures an operation that has just been recorded or whose inputs are all constants. Throws
  /// NotFiniteError.
  void observe(const char* name, const Node& result, std::span<const Link> links);
  /// Adds a measurement of an operation or of its pullbacks to the tapes with these bits.
  void add_event(std::uint64_t tapes, std::uint32_t record, const char* name, const Shape& shape,
                 std::size_t bytes, std::int64_t begin, std::int64_t end, bool backward);

  /// The recording tapes, one bit per slot, and the serial of the tape whose backward pass is running, or 0.
  std::uint64_t recording = 0;
  std::uint64_t backward_of = 0;
  /// The tapes that check for finite values, and those that measure times, one bit per slot.
  std::uint64_t checking = 0;
  std::uint64_t measuring = 0;

  Captures* captures = nullptr;  // the innermost collector of captures, if any
  bool inspecting = false;       // a Recording is being made: `checkpoint` must not hide its operations

  std::vector<std::unique_ptr<std::vector<ProfileEvent>>> events;  // by slot; null if nothing was measured
  std::int64_t last_event = 0;                                     // end of the last measurement

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
  std::uint64_t session_ = 0;  // identifies the time from opening the first tape to closing the last
  InputIndex inputs_;
};

RecordList& record_list();

/// Runs a backward pass of the innermost tape from y, a result that it recorded, and adds the gradients with
/// respect to the inputs to the sums, one per input; outer tapes record the additions.
void add_gradients(const NodePointer& y, NodePointer cotangent, std::span<const NodePointer> inputs,
                   std::span<NodePointer* const> sums);

/// Adds a cotangent to the sum, which may still be empty.
void add_to_sum(NodePointer& sum, NodePointer cotangent);

}  // namespace xgrad::detail
