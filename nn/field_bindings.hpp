#pragma once

#include <cstddef>
#include <tuple>

/// \file
/// The fields of an aggregate as a tuple of references, given their number. A structured binding needs a
/// fixed list of names, so there is one branch for each number of fields.

namespace xgrad::nn::detail {

/// The largest number of fields of a struct that are found without a `fields()` function.
inline constexpr std::size_t max_fields = 32;

template <std::size_t N, class T>
constexpr auto bind_fields(T& t) noexcept {
  if constexpr (N == 0) {
    return std::tuple<>();
  } else if constexpr (N == 1) {
    auto& [a0] = t;
    return std::tie(a0);
  } else if constexpr (N == 2) {
    auto& [a0, b0] = t;
    return std::tie(a0, b0);
  } else if constexpr (N == 3) {
    auto& [a0, b0, c0] = t;
    return std::tie(a0, b0, c0);
  } else if constexpr (N == 4) {
    auto& [a0, b0, c0, d0] = t;
    return std::tie(a0, b0, c0, d0);
  } else if constexpr (N == 5) {
    auto& [a0, b0, c0, d0, e0] = t;
    return std::tie(a0, b0, c0, d0, e0);
  } else if constexpr (N == 6) {
    auto& [a0, b0, c0, d0, e0, f0] = t;
    return std::tie(a0, b0, c0, d0, e0, f0);
  } else if constexpr (N == 7) {
    auto& [a0, b0, c0, d0, e0, f0, g0] = t;
    return std::tie(a0, b0, c0, d0, e0, f0, g0);
  } else if constexpr (N == 8) {
    auto& [a0, b0, c0, d0, e0, f0, g0, h0] = t;
    return std::tie(a0, b0, c0, d0, e0, f0, g0, h0);
  } else if constexpr (N == 9) {
    auto& [a0, b0, c0, d0, e0, f0, g0, h0, a1] = t;
    return std::tie(a0, b0, c0, d0, e0, f0, g0, h0, a1);
  } else if constexpr (N == 10) {
    auto& [a0, b0, c0, d0, e0, f0, g0, h0, a1, b1] = t;
    return std::tie(a0, b0, c0, d0, e0, f0, g0, h0, a1, b1);
  } else if constexpr (N == 11) {
    auto& [a0, b0, c0, d0, e0, f0, g0, h0, a1, b1, c1] = t;
    return std::tie(a0, b0, c0, d0, e0, f0, g0, h0, a1, b1, c1);
  } else if constexpr (N == 12) {
    auto& [a0, b0, c0, d0, e0, f0, g0, h0, a1, b1, c1, d1] = t;
    return std::tie(a0, b0, c0, d0, e0, f0, g0, h0, a1, b1, c1, d1);
  } else if constexpr (N == 13) {
    auto& [a0, b0, c0, d0, e0, f0, g0, h0, a1, b1, c1, d1, e1] = t;
    return std::tie(a0, b0, c0, d0, e0, f0, g0, h0, a1, b1, c1, d1, e1);
  } else if constexpr (N == 14) {
    auto& [a0, b0, c0, d0, e0, f0, g0, h0, a1, b1, c1, d1, e1, f1] = t;
    return std::tie(a0, b0, c0, d0, e0, f0, g0, h0, a1, b1, c1, d1, e1, f1);
  } else if constexpr (N == 15) {
    auto& [a0, b0, c0, d0, e0, f0, g0, h0, a1, b1, c1, d1, e1, f1, g1] = t;
    return std::tie(a0, b0, c0, d0, e0, f0, g0, h0, a1, b1, c1, d1, e1, f1, g1);
  } else if constexpr (N == 16) {
    auto& [a0, b0, c0, d0, e0, f0, g0, h0, a1, b1, c1, d1, e1, f1, g1, h1] = t;
    return std::tie(a0, b0, c0, d0, e0, f0, g0, h0, a1, b1, c1, d1, e1, f1, g1, h1);
  } else if constexpr (N == 17) {
    auto& [a0, b0, c0, d0, e0, f0, g0, h0, a1, b1, c1, d1, e1, f1, g1, h1, a2] = t;
    return std::tie(a0, b0, c0, d0, e0, f0, g0, h0, a1, b1, c1, d1, e1, f1, g1, h1, a2);
  } else if constexpr (N == 18) {
    auto& [a0, b0, c0, d0, e0, f0, g0, h0, a1, b1, c1, d1, e1, f1, g1, h1, a2, b2] = t;
    return std::tie(a0, b0, c0, d0, e0, f0, g0, h0, a1, b1, c1, d1, e1, f1, g1, h1, a2, b2);
  } else if constexpr (N == 19) {
    auto& [a0, b0, c0, d0, e0, f0, g0, h0, a1, b1, c1, d1, e1, f1, g1, h1, a2, b2, c2] = t;
    return std::tie(a0, b0, c0, d0, e0, f0, g0, h0, a1, b1, c1, d1, e1, f1, g1, h1, a2, b2, c2);
  } else if constexpr (N == 20) {
    auto& [a0, b0, c0, d0, e0, f0, g0, h0, a1, b1, c1, d1, e1, f1, g1, h1, a2, b2, c2, d2] = t;
    return std::tie(a0, b0, c0, d0, e0, f0, g0, h0, a1, b1, c1, d1, e1, f1, g1, h1, a2, b2, c2, d2);
  } else if constexpr (N == 21) {
    auto& [a0, b0, c0, d0, e0, f0, g0, h0, a1, b1, c1, d1, e1, f1, g1, h1, a2, b2, c2, d2, e2] = t;
    return std::tie(a0, b0, c0, d0, e0, f0, g0, h0, a1, b1, c1, d1, e1, f1, g1, h1, a2, b2, c2, d2, e2);
  } else if constexpr (N == 22) {
    auto& [a0, b0, c0, d0, e0, f0, g0, h0, a1, b1, c1, d1, e1, f1, g1, h1, a2, b2, c2, d2, e2, f2] = t;
    return std::tie(a0, b0, c0, d0, e0, f0, g0, h0, a1, b1, c1, d1, e1, f1, g1, h1, a2, b2, c2, d2, e2, f2);
  } else if constexpr (N == 23) {
    auto& [a0, b0, c0, d0, e0, f0, g0, h0, a1, b1, c1, d1, e1, f1, g1, h1, a2, b2, c2, d2, e2, f2, g2] = t;
    return std::tie(a0, b0, c0, d0, e0, f0, g0, h0, a1, b1, c1, d1, e1, f1, g1, h1, a2, b2, c2, d2, e2, f2,
                    g2);
  } else if constexpr (N == 24) {
    auto& [a0, b0, c0, d0, e0, f0, g0, h0, a1, b1, c1, d1, e1, f1, g1, h1, a2, b2, c2, d2, e2, f2, g2, h2] =
        t;
    return std::tie(a0, b0, c0, d0, e0, f0, g0, h0, a1, b1, c1, d1, e1, f1, g1, h1, a2, b2, c2, d2, e2, f2,
                    g2, h2);
  } else if constexpr (N == 25) {
    auto& [a0, b0, c0, d0, e0, f0, g0, h0, a1, b1, c1, d1, e1, f1, g1, h1, a2, b2, c2, d2, e2, f2, g2, h2,
           a3] = t;
    return std::tie(a0, b0, c0, d0, e0, f0, g0, h0, a1, b1, c1, d1, e1, f1, g1, h1, a2, b2, c2, d2, e2, f2,
                    g2, h2, a3);
  } else if constexpr (N == 26) {
    auto& [a0, b0, c0, d0, e0, f0, g0, h0, a1, b1, c1, d1, e1, f1, g1, h1, a2, b2, c2, d2, e2, f2, g2, h2, a3,
           b3] = t;
    return std::tie(a0, b0, c0, d0, e0, f0, g0, h0, a1, b1, c1, d1, e1, f1, g1, h1, a2, b2, c2, d2, e2, f2,
                    g2, h2, a3, b3);
  } else if constexpr (N == 27) {
    auto& [a0, b0, c0, d0, e0, f0, g0, h0, a1, b1, c1, d1, e1, f1, g1, h1, a2, b2, c2, d2, e2, f2, g2, h2, a3,
           b3, c3] = t;
    return std::tie(a0, b0, c0, d0, e0, f0, g0, h0, a1, b1, c1, d1, e1, f1, g1, h1, a2, b2, c2, d2, e2, f2,
                    g2, h2, a3, b3, c3);
  } else if constexpr (N == 28) {
    auto& [a0, b0, c0, d0, e0, f0, g0, h0, a1, b1, c1, d1, e1, f1, g1, h1, a2, b2, c2, d2, e2, f2, g2, h2, a3,
           b3, c3, d3] = t;
    return std::tie(a0, b0, c0, d0, e0, f0, g0, h0, a1, b1, c1, d1, e1, f1, g1, h1, a2, b2, c2, d2, e2, f2,
                    g2, h2, a3, b3, c3, d3);
  } else if constexpr (N == 29) {
    auto& [a0, b0, c0, d0, e0, f0, g0, h0, a1, b1, c1, d1, e1, f1, g1, h1, a2, b2, c2, d2, e2, f2, g2, h2, a3,
           b3, c3, d3, e3] = t;
    return std::tie(a0, b0, c0, d0, e0, f0, g0, h0, a1, b1, c1, d1, e1, f1, g1, h1, a2, b2, c2, d2, e2, f2,
                    g2, h2, a3, b3, c3, d3, e3);
  } else if constexpr (N == 30) {
    auto& [a0, b0, c0, d0, e0, f0, g0, h0, a1, b1, c1, d1, e1, f1, g1, h1, a2, b2, c2, d2, e2, f2, g2, h2, a3,
           b3, c3, d3, e3, f3] = t;
    return std::tie(a0, b0, c0, d0, e0, f0, g0, h0, a1, b1, c1, d1, e1, f1, g1, h1, a2, b2, c2, d2, e2, f2,
                    g2, h2, a3, b3, c3, d3, e3, f3);
  } else if constexpr (N == 31) {
    auto& [a0, b0, c0, d0, e0, f0, g0, h0, a1, b1, c1, d1, e1, f1, g1, h1, a2, b2, c2, d2, e2, f2, g2, h2, a3,
           b3, c3, d3, e3, f3, g3] = t;
    return std::tie(a0, b0, c0, d0, e0, f0, g0, h0, a1, b1, c1, d1, e1, f1, g1, h1, a2, b2, c2, d2, e2, f2,
                    g2, h2, a3, b3, c3, d3, e3, f3, g3);
  } else if constexpr (N == 32) {
    auto& [a0, b0, c0, d0, e0, f0, g0, h0, a1, b1, c1, d1, e1, f1, g1, h1, a2, b2, c2, d2, e2, f2, g2, h2, a3,
           b3, c3, d3, e3, f3, g3, h3] = t;
    return std::tie(a0, b0, c0, d0, e0, f0, g0, h0, a1, b1, c1, d1, e1, f1, g1, h1, a2, b2, c2, d2, e2, f2,
                    g2, h2, a3, b3, c3, d3, e3, f3, g3, h3);
  }
}

}  // namespace xgrad::nn::detail
