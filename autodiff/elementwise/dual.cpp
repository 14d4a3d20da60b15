#include <autodiff/elementwise/dual.hpp>
#include <autodiff/ops/detail/pullbacks.hpp>

#include <algorithm>
#include <array>
#include <optional>

// A dual number is a value and its slope, the derivative with respect to an input; no slope means zero. The
// instructions for the values exist already; this appends instructions for the slopes. Each value has one
// slope per input, and the slopes share common subexpressions.

namespace xgrad::detail {
namespace {

using kernels::Instruction;
using kernels::Op;

using Operands = std::array<ScalarExpression, 3>;
using Slope = std::optional<ScalarExpression>;

/// The derivative of a^c for a number c, computed as by `pow` with a number.
ScalarExpression derivative_of_power(const ScalarExpression& a, double c) {
  if (c == 0) return 0;
  if (has_power_below(c)) return c * power_of_number(a, c - 1);
  return pullbacks::of_pow_by_base(ScalarExpression(1), a, ScalarExpression(c));
}

/// The derivative of an operation with value y with respect to one of its operands x. For functions, it is
/// the pullback of 1.
ScalarExpression derivative_by(Op op, std::size_t operand, const Operands& x, const ScalarExpression& y) {
  const ScalarExpression one = 1;
  const ScalarExpression& a = x[0];
  const ScalarExpression& b = x[1];
  switch (op) {
    case Op::negative:
      return -1;
    case Op::abs:
      return where(a > 0, 1, where(a < 0, -1, 0));
    case Op::exp:
      return pullbacks::of_exp(one, y);
    case Op::exp2:
      return pullbacks::of_exp2(one, y);
    case Op::expm1:
      return pullbacks::of_expm1(one, a);
    case Op::log:
      return pullbacks::of_log(one, a);
    case Op::log2:
      return pullbacks::of_log2(one, a);
    case Op::log10:
      return pullbacks::of_log10(one, a);
    case Op::log1p:
      return pullbacks::of_log1p(one, a);
    case Op::sqrt:
      return pullbacks::of_sqrt(one, y);
    case Op::cbrt:
      return pullbacks::of_cbrt(one, y);
    case Op::sin:
      return pullbacks::of_sin(one, a);
    case Op::cos:
      return pullbacks::of_cos(one, a);
    case Op::tan:
      return pullbacks::of_tan(one, a);
    case Op::asin:
      return pullbacks::of_asin(one, a);
    case Op::acos:
      return pullbacks::of_acos(one, a);
    case Op::atan:
      return pullbacks::of_atan(one, a);
    case Op::sinh:
      return pullbacks::of_sinh(one, a);
    case Op::cosh:
      return pullbacks::of_cosh(one, a);
    case Op::tanh:
      return pullbacks::of_tanh(one, a);
    case Op::asinh:
      return pullbacks::of_asinh(one, a);
    case Op::acosh:
      return pullbacks::of_acosh(one, a);
    case Op::atanh:
      return pullbacks::of_atanh(one, a);
    case Op::erf:
      return pullbacks::of_erf(one, a);
    case Op::erfc:
      return pullbacks::of_erfc(one, a);
    case Op::sigmoid:
      return pullbacks::of_sigmoid(one, a);
    case Op::sigmoid_slope:
      return pullbacks::of_sigmoid_slope(one, a);
    case Op::bell:
      return pullbacks::of_bell(one, a);
    case Op::add:
      return 1;
    case Op::subtract:
      return operand == 0 ? 1 : -1;
    case Op::multiply:
      return operand == 0 ? b : a;
    case Op::divide:
      return operand == 0 ? 1 / b : -(y / b);
    case Op::pow:
      return operand == 0 ? pullbacks::of_pow_by_base(one, a, b) : pullbacks::of_pow_by_exponent(one, a, b);
    case Op::power_of_number:
      return derivative_of_power(a, FormulaBuilder::number(b));
    case Op::atan2:
      return operand == 0 ? pullbacks::of_atan2_by_y(one, a, b) : pullbacks::of_atan2_by_x(one, a, b);
    case Op::hypot:
      return operand == 0 ? pullbacks::of_hypot_by_first(one, a, b)
                          : pullbacks::of_hypot_by_second(one, a, b);
    case Op::fmod:
      return operand == 0 ? ScalarExpression(1) : -round((a - y) / b);
    case Op::fma:
      return operand == 2 ? ScalarExpression(1) : x[1 - operand];
    default:
      return 0;
  }
}

bool is_step(Op op) {
  switch (op) {
    case Op::input:
    case Op::number:
    case Op::floor:
    case Op::ceil:
    case Op::round:
    case Op::trunc:
    case Op::less:
    case Op::less_equal:
    case Op::equal:
    case Op::both:
    case Op::either:
      return true;
    default:
      return false;
  }
}

/// The slope of the selected operand. The other slopes do not contribute, even if NaN or infinite.
Slope chosen_slope(Op op, const Operands& x, const std::array<Slope, 3>& slopes) {
  if (op == Op::select) {
    if (!slopes[1] && !slopes[2]) return {};
    return where(FormulaBuilder::condition(x[0]), slopes[1].value_or(0), slopes[2].value_or(0));
  }
  if (!slopes[0] && !slopes[1]) return {};
  const ScalarExpression a = slopes[0].value_or(0);
  const ScalarExpression b = slopes[1].value_or(0);
  const ScalarExpression half = (a + b) / 2;
  return op == Op::max ? where(x[0] > x[1], a, where(x[1] > x[0], b, half))
                       : where(x[0] < x[1], a, where(x[1] < x[0], b, half));
}

/// The slopes of an operation with respect to each input.
std::vector<Slope> slopes_of(Op op, const Operands& x, const ScalarExpression& y, std::size_t inputs,
                             const std::array<const std::vector<Slope>*, 3>& operands) {
  std::vector<Slope> slopes(inputs);
  const auto of_operand = [&](std::size_t k, std::size_t input) -> Slope {
    return operands[k] == nullptr || operands[k]->empty() ? Slope() : (*operands[k])[input];
  };
  if (op == Op::select || op == Op::max || op == Op::min) {
    for (std::size_t j = 0; j < inputs; ++j) {
      slopes[j] = chosen_slope(op, x, {of_operand(0, j), of_operand(1, j), of_operand(2, j)});
    }
    return slopes;
  }
  for (std::size_t k = 0; k < operand_count(op); ++k) {
    Slope factor;
    for (std::size_t j = 0; j < inputs; ++j) {
      const Slope inner = of_operand(k, j);
      if (!inner) continue;
      if (!factor) factor = derivative_by(op, k, x, y);
      const ScalarExpression term = *factor * *inner;
      slopes[j] = slopes[j] ? *slopes[j] + term : term;
    }
  }
  return slopes;
}

/// Appends instructions for the slopes of the formula's result with respect to each of the given inputs.
std::vector<Slope> add_slopes(FormulaBuilder& builder, std::span<const std::size_t> inputs) {
  const std::size_t count = builder.formula().program.size();
  std::vector<bool> needed(count, false);
  needed[builder.formula().result] = true;
  for (std::size_t i = count; i-- > 0;) {
    const Instruction& each = builder.formula().program[i];
    for (std::size_t k = 0; needed[i] && k < operand_count(each.op); ++k) needed[each.operands[k]] = true;
  }
  std::vector<std::vector<Slope>> slopes(count);  // empty for a value that depends on no input
  for (std::size_t i = 0; i < count; ++i) {
    if (!needed[i]) continue;
    const Instruction each = builder.formula().program[i];  // a copy: the program grows
    if (each.op == Op::input) {
      const auto found = std::ranges::find(inputs, each.operands[0]);
      if (found == inputs.end()) continue;
      slopes[i].resize(inputs.size());
      slopes[i][static_cast<std::size_t>(found - inputs.begin())] = ScalarExpression(1);
      continue;
    }
    if (is_step(each.op)) continue;
    Operands x;
    std::array<const std::vector<Slope>*, 3> of_operands{};
    bool depends = false;
    for (std::size_t k = 0; k < operand_count(each.op); ++k) {
      x[k] = builder.at(each.operands[k]);
      of_operands[k] = &slopes[each.operands[k]];
      depends = depends || !of_operands[k]->empty();
    }
    if (!depends) continue;
    const ScalarExpression y = builder.at(static_cast<std::uint32_t>(i));
    slopes[i] = slopes_of(each.op, x, y, inputs.size(), of_operands);
  }
  std::vector<Slope> result = slopes[builder.formula().result];
  result.resize(inputs.size());
  return result;
}

}  // namespace

std::shared_ptr<const Formula> derivative(const Formula& formula, std::size_t input) {
  FormulaBuilder builder(formula, formula.inputs);
  return builder.finish(add_slopes(builder, std::array{input}).front().value_or(0));
}

Pass gradient_pass(const Formula& formula, std::span<const std::size_t> inputs) {
  FormulaBuilder builder(formula, formula.inputs + 1);
  Pass pass;
  const std::vector<Slope> slopes = add_slopes(builder, inputs);
  const ScalarExpression cotangent = builder.input(formula.inputs);
  for (const Slope& slope : slopes) {
    pass.results.push_back(builder.index_of(slope ? cotangent * *slope : ScalarExpression(0)));
  }
  pass.formula = builder.finish(cotangent);
  return pass;
}

}  // namespace xgrad::detail
