#pragma once

#include <autodiff/elementwise/program.hpp>
#include <autodiff/elementwise/scalar_expression.hpp>

#include <memory>
#include <span>
#include <vector>

/// \file
/// Formulas of entries, and their derivatives by dual numbers. Private to the engine.

namespace xgrad::detail {

/// The formula that a function computes for each entry.
struct Formula {
  kernels::Program program;
  std::size_t inputs = 0;
  std::uint32_t result = 0;  // index of the instruction that computes the result
};

/// A formula with several results, computed in one pass.
struct Pass {
  std::shared_ptr<const Formula> formula;
  std::vector<std::uint32_t> results;
};

/// The derivative with respect to one input, as a formula of the same inputs.
std::shared_ptr<const Formula> derivative(const Formula& formula, std::size_t input);

/// The derivatives with respect to the given inputs, each times a cotangent, which is an additional last
/// input.
Pass gradient_pass(const Formula& formula, std::span<const std::size_t> inputs);

}  // namespace xgrad::detail
