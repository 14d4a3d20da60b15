#include <autodiff/memory.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstdlib>

namespace xgrad::detail {
namespace {

constexpr std::size_t alignment = 64;

#if defined(__SANITIZE_ADDRESS__)
constexpr bool pooled = false;  // so that AddressSanitizer sees every buffer's own life
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
constexpr bool pooled = false;
#else
constexpr bool pooled = true;
#endif
#else
constexpr bool pooled = true;
#endif

/// Blocks come in classes, four to each power of two, in multiples of the alignment.
constexpr std::size_t class_count = 4 * 40;

std::size_t class_of(std::size_t bytes) noexcept {
  if (bytes <= alignment) return 0;
  const std::size_t last = bytes - 1;
  const auto exponent = static_cast<std::size_t>(std::bit_width(last)) - 1;  // last in [2^e, 2^(e+1))
  const std::size_t quarter = (last >> (exponent - 2)) & 3;
  return 4 * (exponent - 6) + quarter + 1;
}

std::size_t class_bytes(std::size_t index) noexcept {
  if (index == 0) return alignment;
  const std::size_t exponent = (index - 1) / 4 + 6;
  const std::size_t quarter = (index - 1) % 4;
  const std::size_t bytes = (std::size_t{1} << exponent) + (quarter + 1) * (std::size_t{1} << (exponent - 2));
  return (bytes + alignment - 1) / alignment * alignment;
}

std::atomic<std::size_t> system_allocation_count{0};

void* from_system(std::size_t bytes) {
  system_allocation_count.fetch_add(1, std::memory_order_relaxed);
  void* memory = std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

struct FreeBlock {
  FreeBlock* next;
};

/// Trivially destructible, so that Arrays that outlive the thread's other objects may still ask it.
struct Pool {
  std::array<FreeBlock*, class_count> blocks{};
  std::array<std::size_t, class_count> bytes{};
  bool closed = false;
  std::ptrdiff_t in_use = 0;
  std::ptrdiff_t peak = 0;
};
thread_local Pool pool;

/// A thread keeps at most this much unused memory of one class; what goes beyond returns to the system.
constexpr std::size_t largest_reserve = std::size_t{1} << 30;

/// Empties the pool when its thread ends.
struct PoolCloser {
  bool armed = false;
  ~PoolCloser() {
    pool.closed = true;
    for (FreeBlock*& list : pool.blocks) {
      while (list != nullptr) {
        FreeBlock* block = list;
        list = block->next;
        std::free(block);
      }
    }
  }
};
thread_local PoolCloser closer;

void* from_pool(std::size_t bytes) {
  const std::size_t index = class_of(bytes);
  if (!pooled || index >= class_count) return from_system(bytes);
  if (FreeBlock* block = pool.blocks[index]) {
    pool.blocks[index] = block->next;
    pool.bytes[index] -= class_bytes(index);
    return block;
  }
  return from_system(class_bytes(index));
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
  if (!pooled || index >= class_count || pool.closed ||
      pool.bytes[index] + class_bytes(index) > largest_reserve) {
    std::free(memory);
    return;
  }
  closer.armed = true;  // touches the closer: it is constructed, so it will run
  pool.bytes[index] += class_bytes(index);
  pool.blocks[index] = new (memory) FreeBlock{pool.blocks[index]};
}

std::size_t system_allocations() noexcept { return system_allocation_count.load(std::memory_order_relaxed); }

std::ptrdiff_t bytes_in_use() noexcept { return pool.in_use; }
std::ptrdiff_t peak_bytes_in_use() noexcept { return pool.peak; }
void reset_peak_bytes() noexcept { pool.peak = pool.in_use; }

}  // namespace xgrad::detail
