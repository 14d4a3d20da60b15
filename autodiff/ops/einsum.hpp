#pragma once

#include <autodiff/ops/lift.hpp>

#include <string_view>
#include <vector>

/// \file
/// Sums of products, written with index letters.

namespace xgrad {

/// Einstein's summation as NumPy writes it: one list of indices for each operand, separated by commas, then
/// those of the result,
///
///     einsum("ij,jk->ik", a, b)        // the matrix product
///     einsum("bij->bji", x)            // each matrix transposed
///     einsum("...ii->...", x)          // traces
///     einsum("bi,ij,bj->b", x, m, x)   // quadratic forms
///
/// Entries with equal letters are multiplied, and what the result does not name is summed over. A letter
/// twice in one operand takes its diagonal. `...` stands for the axes that are not named, which broadcast. An
/// axis of extent 1 is repeated where another operand has more for its letter. Without `->`, the result has
/// the axes of `...`, then the letters that occur once, in alphabetical order (capitals first). Spaces are
/// ignored.
///
/// Three and more operands are contracted in pairs, first those whose product is smallest.
///
/// Throws ValueError, naming the position, for a string that means nothing, or one that does not name as many
/// operands as were given; ShapeError where it does not fit their shapes.
template <class T>
XGRAD_API Variable<T> einsum(std::string_view subscripts, const std::vector<Variable<T>>& operands);

/// The same for Variables, xtensor expressions and numbers in any order, one a Variable.
template <class... X>
  requires ArrayOperands<X...>
auto einsum(std::string_view subscripts, X&&... operands) {
  using T = detail::common_scalar_t<X...>;
  return einsum<T>(subscripts, std::vector<Variable<T>>{detail::lift<T>(std::forward<X>(operands))...});
}

}  // namespace xgrad
