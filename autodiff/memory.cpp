#include <autodiff/error.hpp>
#include <autodiff/kernels/sanitizers.hpp>
#include <autodiff/memory.hpp>

#include <fmt/format.h>
#include <pthread.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstdlib>
#include <mutex>
#include <string>

#if defined(__GLIBC__)
#include <malloc.h>
#endif

/// \file
/// Size-class allocator. Small blocks go through a per-thread free list without a lock, and move between it
/// and the process-wide depot in batches; large blocks go directly to the depot.

namespace xgrad {
namespace detail {
namespace {

constexpr std::size_t alignment = 64;

constexpr bool pooled = XGRAD_HAS_ADDRESS_SANITIZER == 0;  // so that it can track each buffer's lifetime

// ---- Size classes: four per power of two, in multiples of the alignment ----

constexpr std::size_t class_count = 4 * 40;

constexpr std::size_t class_of(std::size_t bytes) noexcept {
  if (bytes <= alignment) return 0;
  const std::size_t last = bytes - 1;
  const auto exponent = static_cast<std::size_t>(std::bit_width(last)) - 1;  // last in [2^e, 2^(e+1))
  const std::size_t quarter = (last >> (exponent - 2)) & 3;
  return 4 * (exponent - 6) + quarter + 1;
}

constexpr std::size_t class_bytes(std::size_t index) noexcept {
  if (index == 0) return alignment;
  const std::size_t exponent = (index - 1) / 4 + 6;
  const std::size_t quarter = (index - 1) % 4;
  const std::size_t bytes = (std::size_t{1} << exponent) + (quarter + 1) * (std::size_t{1} << (exponent - 2));
  return (bytes + alignment - 1) / alignment * alignment;
}

constexpr std::size_t largest_small = std::size_t{1} << 15;
constexpr std::size_t small_count = class_of(largest_small) + 1;
/// Maximum bytes that a thread caches of one class; half of it moves to or from the depot at a time.
constexpr std::size_t kept_by_thread = std::size_t{1} << 16;

// ---- Lists of free blocks ----

struct FreeBlock {
  FreeBlock* next;
};

struct FreeList {
  FreeBlock* first = nullptr;
  std::size_t count = 0;

  void push(void* memory) noexcept {
    first = new (memory) FreeBlock{first};
    ++count;
  }
  void* pop() noexcept {
    FreeBlock* block = first;
    first = block->next;
    --count;
    return block;
  }
  void move_to(FreeList& other, std::size_t number) noexcept {
    for (; number > 0 && count > 0; --number) other.push(pop());
  }
};

std::atomic<std::size_t> system_allocation_count{0};
std::atomic<std::size_t> trims{0};  // a thread empties its lists when this has changed

// ---- The depot: the free blocks of the process ----

class Depot;
Depot& depot() noexcept;

class Depot {
 public:
  Depot() {
    // A child of fork gets a copy of the mutex, which another thread must not hold at that moment.
    pthread_atfork([] { depot().mutex_.lock(); }, [] { depot().mutex_.unlock(); },
                   [] { depot().mutex_.unlock(); });
  }

  /// A free large block, or null.
  void* take(std::size_t index) noexcept {
    const std::lock_guard lock(mutex_);
    Class& own = requested(index);
    if (own.free.count == 0) return nullptr;
    unused_ -= class_bytes(index);
    void* memory = own.free.pop();
    note_peak();
    return memory;
  }

  /// Moves at most `number` small blocks from the depot to the list.
  void take(std::size_t index, FreeList& list, std::size_t number) noexcept {
    const std::lock_guard lock(mutex_);
    Class& own = requested(index);
    const std::size_t before = own.free.count;
    own.free.move_to(list, number);
    unused_ -= (before - own.free.count) * class_bytes(index);
    note_peak();
  }

  void give(std::size_t index, void* memory) noexcept {
    FreeList list;
    list.push(memory);
    give(index, list, 1);
  }

  /// Moves `number` blocks from the list to the depot.
  void give(std::size_t index, FreeList& list, std::size_t number) noexcept {
    FreeList surplus;
    {
      const std::lock_guard lock(mutex_);
      FreeList& own = classes_[index].free;
      const std::size_t before = own.count;
      list.move_to(own, number);
      unused_ += (own.count - before) * class_bytes(index);
      if (unused_ > bound()) evict(unused_ - bound(), surplus);
    }
    release(surplus);
#if defined(__GLIBC__)
    if (returned_.load(std::memory_order_relaxed) > always_kept) {
      returned_.store(0, std::memory_order_relaxed);
      malloc_trim(0);  // otherwise malloc keeps freed blocks below its mmap threshold
    }
#endif
  }

  /// A block from the system, for a request of `requested` bytes. Throws MemoryError if the system refuses it
  /// even after all unused memory has been returned.
  void* from_system(std::size_t bytes, std::size_t requested) {
    bytes = (bytes + alignment - 1) / alignment * alignment;
    system_allocation_count.fetch_add(1, std::memory_order_relaxed);
    void* memory = std::aligned_alloc(alignment, bytes);
    if (memory == nullptr) {
      trim();
      memory = std::aligned_alloc(alignment, bytes);
    }
    if (memory == nullptr) {
      throw MemoryError(fmt::format("out of memory: cannot allocate {} bytes; {} bytes are in use", requested,
                                    use().in_use));
    }
    const std::lock_guard lock(mutex_);
    held_ += bytes;
    note_peak();
    return memory;
  }

  /// Frees a block that is not pooled.
  void to_system(void* memory, std::size_t bytes) noexcept {
    {
      const std::lock_guard lock(mutex_);
      held_ -= (bytes + alignment - 1) / alignment * alignment;
    }
    std::free(memory);
  }

  std::size_t trim() noexcept {
    FreeList all;
    std::size_t bytes = 0;
    {
      const std::lock_guard lock(mutex_);
      bytes = unused_;
      peak_ = earlier_peak_ = held_ - unused_;
      evict(unused_, all);
    }
    release(all);
#if defined(__GLIBC__)
    malloc_trim(0);
#endif
    return bytes;
  }

  MemoryUse use() noexcept {
    const std::lock_guard lock(mutex_);
    return {.in_use = held_ - unused_, .unused = unused_};
  }

 private:
  struct Class {
    FreeList free;
    std::uint64_t last_request = 0;
  };

  Class& requested(std::size_t index) noexcept {
    classes_[index].last_request = ++requests_;
    if (requests_ % requests_in_window == 0) {
      earlier_peak_ = peak_;
      peak_ = 0;
    }
    return classes_[index];
  }

  void note_peak() noexcept { peak_ = std::max(peak_, held_ - unused_); }

  std::size_t bound() const noexcept { return std::max(always_kept, 2 * std::max(peak_, earlier_peak_)); }

  /// Removes at least this many bytes, or all, starting with the least recently requested size.
  void evict(std::size_t bytes, FreeList& out) noexcept {
    while (bytes > 0 && unused_ > 0) {
      Class* oldest = nullptr;
      for (Class& each : classes_) {
        if (each.free.count > 0 && (oldest == nullptr || each.last_request < oldest->last_request)) {
          oldest = &each;
        }
      }
      const std::size_t size = class_bytes(static_cast<std::size_t>(oldest - classes_.data()));
      const std::size_t number = std::min((bytes + size - 1) / size, oldest->free.count);
      oldest->free.move_to(out, number);
      unused_ -= number * size;
      held_ -= number * size;
      returned_.fetch_add(number * size, std::memory_order_relaxed);
      bytes -= std::min(bytes, number * size);
    }
  }

  static void release(FreeList& blocks) noexcept {
    while (blocks.count > 0) std::free(blocks.pop());
  }

  static constexpr std::size_t always_kept = std::size_t{1} << 26;
  static constexpr std::uint64_t requests_in_window = std::uint64_t{1} << 15;

  std::mutex mutex_;
  std::array<Class, class_count> classes_{};
  std::uint64_t requests_ = 0;
  std::size_t held_ = 0;                  // bytes obtained from the system
  std::size_t unused_ = 0;                // of these, bytes in the lists
  std::size_t peak_ = 0;                  // peak of bytes in use, in this window of requests
  std::size_t earlier_peak_ = 0;          // the same in the previous window
  std::atomic<std::size_t> returned_{0};  // bytes freed since the last malloc_trim
};

Depot& depot() noexcept {
  static auto* instance = new Depot;  // never destroyed: Arrays may outlive it
  return *instance;
}

// ---- Per-thread state ----

/// Trivially destructible, so that it stays usable by Arrays that outlive the thread's other objects.
struct ThreadPool {
  std::array<FreeList, small_count> lists{};
  std::size_t trims_seen = 0;
  bool closed = false;
  std::ptrdiff_t in_use = 0;
  std::ptrdiff_t peak = 0;

  void empty() noexcept {
    for (std::size_t index = 0; index < small_count; ++index) {
      if (lists[index].count > 0) depot().give(index, lists[index], lists[index].count);
    }
  }
};
thread_local ThreadPool pool;

/// Empties the thread's lists when it ends.
struct PoolCloser {
  bool armed = false;
  ~PoolCloser() {
    pool.closed = true;
    pool.empty();
  }
};
thread_local PoolCloser closer;

constexpr std::size_t batch_of(std::size_t index) noexcept { return kept_by_thread / 2 / class_bytes(index); }

/// Empties the thread's lists if the pool has been trimmed since the last call.
void follow_trims() noexcept {
  if (const std::size_t now = trims.load(std::memory_order_relaxed); now != pool.trims_seen) {
    pool.trims_seen = now;
    pool.empty();
  }
}

[[gnu::noinline]] void* refill(std::size_t index) {
  closer.armed = true;  // odr-uses the closer, so that it is constructed and its destructor runs
  follow_trims();
  FreeList& list = pool.lists[index];
  depot().take(index, list, pool.closed ? 1 : batch_of(index));
  return list.count > 0 ? list.pop() : depot().from_system(class_bytes(index), class_bytes(index));
}

void* from_pool(std::size_t bytes) {
  const std::size_t index = class_of(bytes);
  if (!pooled || index >= class_count) return depot().from_system(bytes, bytes);
  if (index < small_count) {
    FreeList& list = pool.lists[index];
    return list.count > 0 ? list.pop() : refill(index);
  }
  follow_trims();
  if (void* memory = depot().take(index)) return memory;
  return depot().from_system(class_bytes(index), bytes);
}

}  // namespace

void* allocate(std::size_t bytes) {
  void* memory = from_pool(bytes);
  pool.in_use += static_cast<std::ptrdiff_t>(bytes);
  pool.peak = std::max(pool.peak, pool.in_use);
  return memory;
}

void deallocate(void* memory, std::size_t bytes) noexcept {
  if (memory == nullptr) return;
  pool.in_use -= static_cast<std::ptrdiff_t>(bytes);
  const std::size_t index = class_of(bytes);
  if (!pooled || index >= class_count) {
    depot().to_system(memory, bytes);
  } else if (index >= small_count || pool.closed) {
    depot().give(index, memory);
  } else {
    closer.armed = true;
    FreeList& list = pool.lists[index];
    list.push(memory);
    if (list.count * class_bytes(index) > kept_by_thread) depot().give(index, list, batch_of(index));
  }
}

std::size_t system_allocations() noexcept { return system_allocation_count.load(std::memory_order_relaxed); }

std::ptrdiff_t bytes_in_use() noexcept { return pool.in_use; }
std::ptrdiff_t peak_bytes_in_use() noexcept { return pool.peak; }
void reset_peak_bytes() noexcept { pool.peak = pool.in_use; }

}  // namespace detail

MemoryUse memory_use() noexcept { return detail::depot().use(); }

std::size_t trim_memory() noexcept {
  detail::pool.trims_seen = detail::trims.fetch_add(1, std::memory_order_relaxed) + 1;
  detail::pool.empty();
  return detail::depot().trim();
}

}  // namespace xgrad
