#pragma once

#include <autodiff/array.hpp>

#include <array>
#include <cstdint>
#include <span>
#include <vector>

/// \file
/// A scalar formula as a list of instructions, evaluated for every entry of broadcast arrays in one pass:
/// tile by tile, so that intermediate values stay in the first-level cache.

namespace xgrad::kernels {

enum class Op : std::uint8_t {
  input,   // an entry of the input array with the index operands[0]
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
  power_of_number,  // the second operand is a number, which determines the algorithm
  atan2,
  hypot,
  fmod,
  max,
  min,
  less,  // conditions have the value 1 or 0
  less_equal,
  equal,
  both,
  either,
  select,  // the second operand where the first is not 0, the third elsewhere
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
  std::array<std::uint32_t, 3> operands{};  // indices of earlier instructions; of an input, its index
  double number = 0;
};

using Program = std::vector<Instruction, PoolAllocator<Instruction>>;

/// Evaluates one instruction on numbers.
double evaluate(Op op, double a, double b, double c);

/// Evaluates the instructions with the indices `results` for every entry of inputs that broadcast to `shape`,
/// into arrays of that shape. An entry's result does not depend on its position.
template <class T>
void run(const Program& program, std::span<const std::uint32_t> results, const Shape& shape,
         std::span<const Array<T>* const> inputs, std::span<T* const> out);

}  // namespace xgrad::kernels
