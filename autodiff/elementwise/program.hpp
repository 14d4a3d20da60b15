#pragma once

#include <autodiff/array.hpp>

#include <array>
#include <cstdint>
#include <span>
#include <vector>

/// \file
/// A formula of numbers as a list of instructions, computed for every entry of broadcast arrays in one pass:
/// tile by tile, so that what is between the inputs and the results stays in the first-level cache.

namespace xgrad::kernels {

enum class Op : std::uint8_t {
  input,   // the array of this number
  number,  // a constant
  identity,
  negative,
  abs,
  exp,
  exp2,
  expm1,
  log,
  log2,
  log10,
  log1p,
  sqrt,
  cbrt,
  sin,
  cos,
  tan,
  asin,
  acos,
  atan,
  sinh,
  cosh,
  tanh,
  asinh,
  acosh,
  atanh,
  erf,
  erfc,
  sigmoid,
  sigmoid_slope,  // its derivative
  bell,           // exp(-x^2)
  floor,
  ceil,
  round,
  trunc,
  add,
  subtract,
  multiply,
  divide,
  pow,
  power_of_number,  // the second operand is a number, which chooses the way
  atan2,
  hypot,
  fmod,
  max,
  min,
  less,  // conditions are 1 or 0
  less_equal,
  equal,
  both,
  either,
  select,  // the second where the first is not 0, the third elsewhere
  fma,
  count
};

constexpr std::size_t operand_count(Op op) {
  if (op <= Op::number) return 0;
  if (op < Op::add) return 1;
  return op < Op::select ? 2 : 3;
}

struct Instruction {
  Op op;
  std::array<std::uint32_t, 3> operands{};  // places of earlier instructions; of an input, its number
  double number = 0;
};

using Program = std::vector<Instruction, PoolAllocator<Instruction>>;

/// One instruction applied to numbers.
double evaluate(Op op, double a, double b, double c);

/// Computes the instructions at the places `results` for every entry of inputs that broadcast to `shape`,
/// into arrays of that shape. An entry's result does not depend on its position.
template <class T>
void run(const Program& program, std::span<const std::uint32_t> results, const Shape& shape,
         std::span<const Array<T>* const> inputs, std::span<T* const> out);

}  // namespace xgrad::kernels
