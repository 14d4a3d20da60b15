#pragma once

#include <autodiff/elementwise/program.hpp>
#include <autodiff/elementwise/scalar_expression.hpp>

#include <memory>
#include <span>
#include <vector>

/// \file
/// Formulas of entries, and their derivatives by dual numbers. Private to the engine.

namespace xgrad::detail {

/// What a function does to its entries.
struct Formula {
  kernels::Program program;
  std::size_t inputs = 0;
  std::uint32_t result = 0;  // the instruction that computes it
};

/// Several results of one pass.
struct Pass {
  std::shared_ptr<const Formula> formula;
  std::vector<std::uint32_t> results;
};

/// The derivative by one input, a formula of the same inputs.
std::shared_ptr<const Formula> derivative(const Formula& formula, std::size_t input);

/// The derivatives by the inputs given, each times a cotangent, which is one more input behind the others.
Pass gradient_pass(const Formula& formula, std::span<const std::size_t> inputs);

}  // namespace xgrad::detail
