#pragma once

#include <autodiff/array.hpp>
#include <autodiff/kernels/broadcast.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>

/// \file
/// Sorting of rows. NaN counts as larger than every number, -0 and 0 are equal, and equal entries keep their
/// order: the order of a row is unique.

namespace xgrad::kernels {

/// Smallest entry first, or largest first.
enum class Order : bool { ascending, descending };

namespace detail {

/// An entry as an unsigned integer that compares as the entry does, and its index in the row.
template <class T>
struct Keyed {
  using Key = std::conditional_t<std::is_same_v<T, float>, std::uint32_t, std::uint64_t>;
  Key key;
  Key index;

  friend bool operator<(const Keyed& a, const Keyed& b) {
    return a.key != b.key ? a.key < b.key : a.index < b.index;
  }
};

template <class T>
typename Keyed<T>::Key key_of(T entry, Order order) {
  using Key = typename Keyed<T>::Key;
  constexpr Key sign = Key(1) << (8 * sizeof(Key) - 1);
  if (std::isnan(entry)) return order == Order::ascending ? ~Key(0) : Key(0);
  const Key bits = std::bit_cast<Key>(entry + T(0));  // -0 becomes 0
  // The bits of negative numbers grow as the numbers decrease.
  const Key key = (bits & sign) != 0 ? ~bits : bits | sign;
  return order == Order::ascending ? key : ~key;
}

template <class T>
void make_keys(const T* row, std::size_t length, Order order, Keyed<T>* items) {
  using Key = typename Keyed<T>::Key;
  for (std::size_t i = 0; i < length; ++i) items[i] = {key_of(row[i], order), static_cast<Key>(i)};
}

inline constexpr unsigned digit_bits = 11;
template <class T>
inline constexpr unsigned digits = (8 * sizeof(T) + digit_bits - 1) / digit_bits;

/// The keys of a row, and workspace for as many.
template <class T>
struct KeyedRow {
  std::span<Keyed<T>> items;
  std::span<Keyed<T>> other;
};

/// Whether rows of this length are sorted by radix sort.
template <class T>
bool sorts_by_digits(std::size_t length) {
  constexpr std::size_t few = 64 * digits<T>;
  return length >= few && length <= std::numeric_limits<std::uint32_t>::max();
}

/// Radix sort of items with ascending indices, from the least significant digit on.
template <class T>
void radix_sort(KeyedRow<T>& row) {
  using Key = typename Keyed<T>::Key;
  constexpr unsigned bits = digit_bits;
  constexpr Key mask = (Key(1) << bits) - 1;
  std::array<std::array<std::uint32_t, mask + 1>, digits<T>> counts{};
  for (const Keyed<T>& item : row.items) {
    for (unsigned d = 0; d < digits<T>; ++d) ++counts[d][item.key >> (d * bits) & mask];
  }
  for (unsigned d = 0; d < digits<T>; ++d) {
    auto& place = counts[d];
    if (place[row.items[0].key >> (d * bits) & mask] == row.items.size()) continue;  // all digits are equal
    std::uint32_t before = 0;
    for (std::uint32_t& count : place) before += std::exchange(count, before);
    for (const Keyed<T>& item : row.items) row.other[place[item.key >> (d * bits) & mask]++] = item;
    std::swap(row.items, row.other);
  }
}

template <class T>
void sort_keys(KeyedRow<T>& row) {
  if (sorts_by_digits<T>(row.items.size())) {
    radix_sort<T>(row);
  } else {
    std::sort(row.items.begin(), row.items.end());
  }
}

/// Calls `body(r, row)` for every row, with the keys of its entries; `sorts` must be true if it calls
/// sort_keys.
template <class T, class Body>
void for_keyed_rows(const T* in, std::size_t rows, std::size_t length, Order order, bool sorts,
                    const Body& body) {
  constexpr std::size_t grain = elementwise_grain / 16;  // sorting takes much longer than copying
  const std::size_t threads = thread_count(rows, grain / (length + 1) + 1);
  const std::size_t room = sorts && sorts_by_digits<T>(length) ? 2 * length : length;
  xt::uvector<Keyed<T>, PoolAllocator<Keyed<T>>> memory(threads * room);
  parallel_parts(rows, threads, [&](std::size_t begin, std::size_t end, std::size_t thread) {
    Keyed<T>* const own = memory.data() + thread * room;
    for (std::size_t r = begin; r < end; ++r) {
      KeyedRow<T> row{{own, length}, {own + length, room - length}};
      make_keys(in + r * length, length, order, own);
      body(r, row);
    }
  });
}

}  // namespace detail

/// For every row, the indices of its first `count` entries in order, and these entries unless `values` is
/// null.
template <class T>
void order_rows(const T* in, std::size_t rows, std::size_t length, std::size_t count, Order order, T* values,
                std::int64_t* indices) {
  using Key = typename detail::Keyed<T>::Key;
  if (rows * count == 0) return;
  const bool sorts = count >= length / 8;
  detail::for_keyed_rows(in, rows, length, order, sorts, [=](std::size_t r, detail::KeyedRow<T>& row) {
    if (sorts) {
      detail::sort_keys<T>(row);
    } else {
      const auto items = row.items;
      const auto end = items.begin() + static_cast<std::ptrdiff_t>(count);
      std::nth_element(items.begin(), end - 1, items.end());
      std::sort(items.begin(), end);
    }
    for (std::size_t k = 0; k < count; ++k) {
      const Key index = row.items[k].index;
      indices[r * count + k] = static_cast<std::int64_t>(index);
      if (values != nullptr) values[r * count + k] = in[r * length + index];
    }
  });
}

/// For every row, the indices of the entries at positions `lower` and `lower` + 1 of its ascending order; the
/// same one twice if `lower` is the last position. If the row has a NaN, its index twice.
template <class T>
void select_rows(const T* in, std::size_t rows, std::size_t length, std::size_t lower, std::int64_t* low,
                 std::int64_t* high) {
  detail::for_keyed_rows(in, rows, length, Order::ascending, false,
                         [=](std::size_t r, detail::KeyedRow<T>& row) {
                           const auto items = row.items;
                           const auto at = items.begin() + static_cast<std::ptrdiff_t>(lower);
                           std::nth_element(items.begin(), at, items.end());
                           const auto next = lower + 1 == length ? at : std::min_element(at + 1, items.end());
                           const auto last = std::max_element(at, items.end());
                           const bool has_nan = last->key == ~typename detail::Keyed<T>::Key(0);
                           low[r] = static_cast<std::int64_t>((has_nan ? last : at)->index);
                           high[r] = static_cast<std::int64_t>((has_nan ? last : next)->index);
                         });
}

/// out[r][k] = in[r][indices[r][k]], for rows of `length` and of `count` entries.
template <class T>
void take_in_rows(const T* in, const std::int64_t* indices, std::size_t rows, std::size_t length,
                  std::size_t count, T* out) {
  parallel_for(rows, elementwise_grain / (count + 1) + 1, [=](std::size_t begin, std::size_t end) {
    for (std::size_t r = begin; r < end; ++r) {
      for (std::size_t k = 0; k < count; ++k) {
        out[r * count + k] = in[r * length + static_cast<std::size_t>(indices[r * count + k])];
      }
    }
  });
}

/// out[r][indices[r][k]] += in[r][k], the adjoint of take_in_rows.
template <class T>
void add_in_rows(const T* in, const std::int64_t* indices, std::size_t rows, std::size_t length,
                 std::size_t count, T* out) {
  parallel_for(rows, elementwise_grain / (count + 1) + 1, [=](std::size_t begin, std::size_t end) {
    for (std::size_t r = begin; r < end; ++r) {
      for (std::size_t k = 0; k < count; ++k) {
        out[r * length + static_cast<std::size_t>(indices[r * count + k])] += in[r * count + k];
      }
    }
  });
}

}  // namespace xgrad::kernels
