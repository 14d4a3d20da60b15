#pragma once

#include <autodiff/kernels/transpose.hpp>

#include <array>
#include <utility>

/// \file
/// Interleaving of a few vectors, like the channels of an image, and the inverse.

namespace xgrad::kernels {

namespace detail {

/// Every second entry of a followed by b, from entry `first` on.
template <std::size_t first, class V, std::size_t... i>
V unzip(V a, V b, std::index_sequence<i...>) {
  return __builtin_shufflevector(a, b, (first + 2 * i)...);
}

/// Vector j of the `count` vectors interleaved, with the entries of the vectors up to k filled in.
template <std::size_t count, std::size_t j, std::size_t k, class T, std::size_t... lane>
auto interleaved(const std::array<Batch<T>, count>& vectors, std::index_sequence<lane...> lanes) {
  constexpr std::size_t width = Batch<T>::size;
  constexpr auto turn = [](std::size_t i) { return (j * width + i) % count; };
  constexpr auto place = [](std::size_t i) { return (j * width + i) / count; };
  const typename Batch<T>::register_type next = vectors[k];
  if constexpr (k == 0) {
    return __builtin_shufflevector(next, next, place(lane)...);
  } else {
    return __builtin_shufflevector(interleaved<count, j, k - 1, T>(vectors, lanes), next,
                                   (turn(lane) == k ? width + place(lane) : lane)...);
  }
}

/// Vector k of the separated entries, with the entries from the vectors up to j filled in.
template <std::size_t count, std::size_t k, std::size_t j, class T, std::size_t... lane>
auto separated(const std::array<Batch<T>, count>& vectors, std::index_sequence<lane...> lanes) {
  constexpr std::size_t width = Batch<T>::size;
  constexpr auto from = [](std::size_t i) { return (i * count + k) / width; };
  constexpr auto place = [](std::size_t i) { return (i * count + k) % width; };
  const typename Batch<T>::register_type next = vectors[j];
  if constexpr (j == 0) {
    return __builtin_shufflevector(next, next, place(lane)...);
  } else {
    return __builtin_shufflevector(separated<count, k, j - 1, T>(vectors, lanes), next,
                                   (from(lane) == j ? width + place(lane) : lane)...);
  }
}

}  // namespace detail

/// The first entry of each vector, then the second of each, ...
template <class T, std::size_t count>
[[gnu::always_inline]] inline std::array<Batch<T>, count> interleave(
    const std::array<Batch<T>, count>& vectors) {
  constexpr auto lanes = std::make_index_sequence<Batch<T>::size>();
  std::array<Batch<T>, count> result;
  if constexpr (count == 1) {
    result = vectors;
  } else if constexpr (count % 2 == 0) {
    std::array<Batch<T>, count / 2> even, odd;
#pragma GCC unroll 8
    for (std::size_t i = 0; i < count / 2; ++i) even[i] = vectors[2 * i], odd[i] = vectors[2 * i + 1];
    even = interleave<T>(even);
    odd = interleave<T>(odd);
#pragma GCC unroll 8
    for (std::size_t i = 0; i < count / 2; ++i) {
      const typename Batch<T>::register_type a = even[i], b = odd[i];
      result[2 * i] = detail::zip<0>(a, b, lanes);
      result[2 * i + 1] = detail::zip<Batch<T>::size / 2>(a, b, lanes);
    }
  } else {
    [&]<std::size_t... j>(std::index_sequence<j...>) {
      ((result[j] = detail::interleaved<count, j, count - 1, T>(vectors, lanes)), ...);
    }(std::make_index_sequence<count>());
  }
  return result;
}

/// The inverse of `interleave`.
template <class T, std::size_t count>
[[gnu::always_inline]] inline std::array<Batch<T>, count> separate(
    const std::array<Batch<T>, count>& vectors) {
  constexpr auto lanes = std::make_index_sequence<Batch<T>::size>();
  std::array<Batch<T>, count> result;
  if constexpr (count == 1) {
    result = vectors;
  } else if constexpr (count % 2 == 0) {
    std::array<Batch<T>, count / 2> even, odd;
#pragma GCC unroll 8
    for (std::size_t i = 0; i < count / 2; ++i) {
      const typename Batch<T>::register_type a = vectors[2 * i], b = vectors[2 * i + 1];
      even[i] = detail::unzip<0>(a, b, lanes);
      odd[i] = detail::unzip<1>(a, b, lanes);
    }
    even = separate<T>(even);
    odd = separate<T>(odd);
#pragma GCC unroll 8
    for (std::size_t i = 0; i < count / 2; ++i) result[2 * i] = even[i], result[2 * i + 1] = odd[i];
  } else {
    [&]<std::size_t... k>(std::index_sequence<k...>) {
      ((result[k] = detail::separated<count, k, count - 1, T>(vectors, lanes)), ...);
    }(std::make_index_sequence<count>());
  }
  return result;
}

/// out[k * stride + i] = in[i * count + k] for k < count and i < places. Writes whole vectors: entries after
/// the last place are unspecified. Does not read from `end` on.
template <std::size_t count, class T>
void separate_rows(const T* in, const T* end, std::size_t places, T* out, std::size_t stride) {
  constexpr std::size_t width = Batch<T>::size;
  for (std::size_t i = 0; i < places; i += width, in += count * width) {
    if (static_cast<std::size_t>(end - in) < count * width) {
      for (; i < places; ++i, in += count) {
        for (std::size_t k = 0; k < count; ++k) out[k * stride + i] = in[k];
      }
      return;
    }
    std::array<Batch<T>, count> vectors;
#pragma GCC unroll 8
    for (std::size_t j = 0; j < count; ++j) vectors[j] = Batch<T>::load_unaligned(in + j * width);
    vectors = separate<T>(vectors);
#pragma GCC unroll 8
    for (std::size_t k = 0; k < count; ++k) vectors[k].store_unaligned(out + k * stride + i);
  }
}

/// Calls `body` with `count`, from 1 to `most`, as a compile-time constant.
template <std::size_t most, class Body>
void with_count(std::size_t count, Body&& body) {
  [&]<std::size_t... i>(std::index_sequence<i...>) {
    (void)((count == i + 1 && (body(std::integral_constant<std::size_t, i + 1>()), true)) || ...);
  }(std::make_index_sequence<most>());
}

}  // namespace xgrad::kernels
