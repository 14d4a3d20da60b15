#pragma once

#include <autodiff/ops/lift.hpp>

#include <string_view>
#include <vector>

/// \file
/// Sums of products in index notation.

namespace xgrad {

/// Einstein summation as in NumPy: one list of indices for each operand, separated by commas, then the
/// indices of the result,
///
///     einsum("ij,jk->ik", a, b)        // the matrix product
///     einsum("bij->bji", x)            // each matrix transposed
///     einsum("...ii->...", x)          // traces
///     einsum("bi,ij,bj->b", x, m, x)   // quadratic forms
///
/// Entries with equal letters are multiplied, and letters that are not in the result are summed over. A
/// letter that occurs twice in one operand takes its diagonal. `...` stands for the axes without a letter,
/// which broadcast. An axis of extent 1 is repeated if its letter has a larger extent in another operand.
/// Without `->`, the result has the axes of `...`, then the letters that occur once, in alphabetical order
/// (capitals first). Spaces are ignored.
///
/// Three or more operands are contracted in pairs, the pair with the smallest product first.
///
/// Throws ValueError for a malformed string, naming the position, or for a string with another number of
/// operands than given; ShapeError if it does not match their shapes.
template <class T>
XGRAD_API Variable<T> einsum(std::string_view subscripts, const std::vector<Variable<T>>& operands);

/// The same for Variables, xtensor expressions and numbers in any order, at least one of them a Variable or
/// an array.
template <class... X>
  requires ArrayOperands<X...>
auto einsum(std::string_view subscripts, X&&... operands) {
  using T = detail::common_scalar_t<X...>;
  return einsum<T>(subscripts, std::vector<Variable<T>>{detail::lift<T>(std::forward<X>(operands))...});
}

}  // namespace xgrad
