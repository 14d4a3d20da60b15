#include <autodiff/elementwise/dual.hpp>
#include <autodiff/elementwise/scalar_expression.hpp>
#include <autodiff/error.hpp>
#include <autodiff/ops/detail/pullbacks.hpp>

#include <algorithm>
#include <bit>
#include <utility>

namespace xgrad {

using detail::FormulaBuilder;
using kernels::Op;

namespace {

ScalarExpression apply(Op op, const ScalarExpression& a, const ScalarExpression& b = {},
                       const ScalarExpression& c = {}) {
  return FormulaBuilder::apply(static_cast<std::uint8_t>(op), a, b, c);
}

Condition compare(Op op, const ScalarExpression& a, const ScalarExpression& b) {
  return FormulaBuilder::condition(apply(op, a, b));
}

}  // namespace

namespace detail {
namespace {

thread_local FormulaBuilder* at_work = nullptr;

std::uint64_t next_serial() {
  thread_local std::uint64_t last = 0;
  return ++last;
}

bool same(const kernels::Instruction& a, const kernels::Instruction& b) {
  return a.op == b.op && a.operands == b.operands &&
         std::bit_cast<std::uint64_t>(a.number) == std::bit_cast<std::uint64_t>(b.number);
}

/// The index of the instruction. An equal earlier instruction is reused.
std::uint32_t add(kernels::Program& program, const kernels::Instruction& instruction) {
  constexpr std::ptrdiff_t looked_at = 64;  // bounds the search in long formulas
  const auto last = program.rbegin();
  const auto end = last + std::min(looked_at, program.rend() - last);
  const auto found =
      std::find_if(last, end, [&](const kernels::Instruction& each) { return same(each, instruction); });
  if (found != end) return static_cast<std::uint32_t>(program.rend() - found - 1);
  program.push_back(instruction);
  return static_cast<std::uint32_t>(program.size() - 1);
}

}  // namespace

FormulaBuilder::FormulaBuilder(std::size_t inputs) : FormulaBuilder(Formula(), inputs) {}

FormulaBuilder::FormulaBuilder(const Formula& formula, std::size_t inputs)
    : formula_(make_pooled<Formula>(formula)), serial_(next_serial()), outer_(std::exchange(at_work, this)) {
  formula_->inputs = inputs;
}

FormulaBuilder::~FormulaBuilder() { at_work = outer_; }

ScalarExpression FormulaBuilder::input(std::size_t k) {
  return at(add(formula_->program, {Op::input, {static_cast<std::uint32_t>(k)}}));
}

ScalarExpression FormulaBuilder::at(std::uint32_t index) const {
  const kernels::Instruction& instruction = formula_->program[index];
  if (instruction.op == Op::number) return instruction.number;
  return ScalarExpression(ExpressionPlace{serial_, index, 0});
}

std::uint32_t FormulaBuilder::index_of(const ScalarExpression& entry) {
  if (entry.place_.formula == serial_) return entry.place_.index;
  if (entry.place_.formula == 0) return add(formula_->program, {Op::number, {}, entry.place_.number});
  throw ValueError(
      "elementwise: its function used a number that belongs to another call of elementwise; entries live as "
      "long as the function that they were given to");
}

std::shared_ptr<const Formula> FormulaBuilder::finish(const ScalarExpression& result) {
  formula_->result = index_of(result);
  return formula_;
}

ScalarExpression FormulaBuilder::apply(std::uint8_t code, const ScalarExpression& a,
                                       const ScalarExpression& b, const ScalarExpression& c) {
  const auto op = static_cast<Op>(code);
  const auto is = [&](const ScalarExpression& x, double number) {
    return is_number(x) && x.place_.number == number;
  };
  if (is_number(a) && is_number(b) && is_number(c)) {
    return kernels::evaluate(op, a.place_.number, b.place_.number, c.place_.number);
  }
  if (at_work == nullptr) {
    throw ValueError("elementwise: a number that its function was given was used after the call");
  }
  if (op == Op::multiply && is(a, 1)) return b;
  if (op == Op::multiply && is(b, 1)) return a;
  if (op == Op::both && (is(a, 0) || is(b, 0))) return 0;
  if (op == Op::select && is_number(a)) return a.place_.number != 0 ? b : c;
  if (op == Op::multiply && is(a, -1)) return -b;
  if (op == Op::multiply && is(b, -1)) return -a;
  kernels::Instruction instruction{op};
  const std::array<const ScalarExpression*, 3> operands{&a, &b, &c};
  for (std::size_t k = 0; k < operand_count(op); ++k) {
    instruction.operands[k] = at_work->index_of(*operands[k]);
  }
  return at_work->at(add(at_work->formula_->program, instruction));
}

}  // namespace detail

ScalarExpression detail::power(const ScalarExpression& a, const ScalarExpression& b) {
  return apply(Op::pow, a, b);
}
ScalarExpression detail::sigmoid_slope(const ScalarExpression& x) { return apply(Op::sigmoid_slope, x); }
ScalarExpression detail::bell(const ScalarExpression& x) { return apply(Op::bell, x); }

ScalarExpression& ScalarExpression::operator+=(const ScalarExpression& other) {
  return *this = *this + other;
}
ScalarExpression& ScalarExpression::operator-=(const ScalarExpression& other) {
  return *this = *this - other;
}
ScalarExpression& ScalarExpression::operator*=(const ScalarExpression& other) {
  return *this = *this * other;
}
ScalarExpression& ScalarExpression::operator/=(const ScalarExpression& other) {
  return *this = *this / other;
}

ScalarExpression operator+(const ScalarExpression& a, const ScalarExpression& b) {
  return apply(Op::add, a, b);
}
ScalarExpression operator-(const ScalarExpression& a, const ScalarExpression& b) {
  return apply(Op::subtract, a, b);
}
ScalarExpression operator*(const ScalarExpression& a, const ScalarExpression& b) {
  return apply(Op::multiply, a, b);
}
ScalarExpression operator/(const ScalarExpression& a, const ScalarExpression& b) {
  return apply(Op::divide, a, b);
}
ScalarExpression operator-(const ScalarExpression& x) { return apply(Op::negative, x); }

Condition operator<(const ScalarExpression& a, const ScalarExpression& b) { return compare(Op::less, a, b); }
Condition operator<=(const ScalarExpression& a, const ScalarExpression& b) {
  return compare(Op::less_equal, a, b);
}
Condition operator==(const ScalarExpression& a, const ScalarExpression& b) {
  return compare(Op::equal, a, b);
}
Condition operator!=(const ScalarExpression& a, const ScalarExpression& b) { return !(a == b); }
Condition operator&&(const Condition& a, const Condition& b) {
  return compare(Op::both, FormulaBuilder::entry(a), FormulaBuilder::entry(b));
}
Condition operator||(const Condition& a, const Condition& b) {
  return compare(Op::either, FormulaBuilder::entry(a), FormulaBuilder::entry(b));
}
Condition operator!(const Condition& a) { return compare(Op::equal, FormulaBuilder::entry(a), 0); }

ScalarExpression where(const Condition& condition, const ScalarExpression& a, const ScalarExpression& b) {
  return apply(Op::select, FormulaBuilder::entry(condition), a, b);
}

ScalarExpression abs(const ScalarExpression& x) { return apply(Op::abs, x); }
ScalarExpression max(const ScalarExpression& a, const ScalarExpression& b) { return apply(Op::max, a, b); }
ScalarExpression min(const ScalarExpression& a, const ScalarExpression& b) { return apply(Op::min, a, b); }

ScalarExpression pow(const ScalarExpression& x, const ScalarExpression& y) {
  return FormulaBuilder::is_number(y) ? apply(Op::power_of_number, x, y) : detail::power(x, y);
}
ScalarExpression sqrt(const ScalarExpression& x) { return apply(Op::sqrt, x); }
ScalarExpression cbrt(const ScalarExpression& x) { return apply(Op::cbrt, x); }
ScalarExpression hypot(const ScalarExpression& x, const ScalarExpression& y) {
  return apply(Op::hypot, x, y);
}

ScalarExpression exp(const ScalarExpression& x) { return apply(Op::exp, x); }
ScalarExpression exp2(const ScalarExpression& x) { return apply(Op::exp2, x); }
ScalarExpression expm1(const ScalarExpression& x) { return apply(Op::expm1, x); }
ScalarExpression log(const ScalarExpression& x) { return apply(Op::log, x); }
ScalarExpression log2(const ScalarExpression& x) { return apply(Op::log2, x); }
ScalarExpression log10(const ScalarExpression& x) { return apply(Op::log10, x); }
ScalarExpression log1p(const ScalarExpression& x) { return apply(Op::log1p, x); }

ScalarExpression sin(const ScalarExpression& x) { return apply(Op::sin, x); }
ScalarExpression cos(const ScalarExpression& x) { return apply(Op::cos, x); }
ScalarExpression tan(const ScalarExpression& x) { return apply(Op::tan, x); }
ScalarExpression asin(const ScalarExpression& x) { return apply(Op::asin, x); }
ScalarExpression acos(const ScalarExpression& x) { return apply(Op::acos, x); }
ScalarExpression atan(const ScalarExpression& x) { return apply(Op::atan, x); }
ScalarExpression atan2(const ScalarExpression& y, const ScalarExpression& x) {
  return apply(Op::atan2, y, x);
}
ScalarExpression sinh(const ScalarExpression& x) { return apply(Op::sinh, x); }
ScalarExpression cosh(const ScalarExpression& x) { return apply(Op::cosh, x); }
ScalarExpression tanh(const ScalarExpression& x) { return apply(Op::tanh, x); }
ScalarExpression asinh(const ScalarExpression& x) { return apply(Op::asinh, x); }
ScalarExpression acosh(const ScalarExpression& x) { return apply(Op::acosh, x); }
ScalarExpression atanh(const ScalarExpression& x) { return apply(Op::atanh, x); }

ScalarExpression erf(const ScalarExpression& x) { return apply(Op::erf, x); }
ScalarExpression erfc(const ScalarExpression& x) { return apply(Op::erfc, x); }

ScalarExpression floor(const ScalarExpression& x) { return apply(Op::floor, x); }
ScalarExpression ceil(const ScalarExpression& x) { return apply(Op::ceil, x); }
ScalarExpression round(const ScalarExpression& x) { return apply(Op::round, x); }
ScalarExpression trunc(const ScalarExpression& x) { return apply(Op::trunc, x); }
ScalarExpression fmod(const ScalarExpression& x, const ScalarExpression& y) { return apply(Op::fmod, x, y); }
ScalarExpression fma(const ScalarExpression& a, const ScalarExpression& b, const ScalarExpression& c) {
  return apply(Op::fma, a, b, c);
}

Condition isnan(const ScalarExpression& x) { return x != x; }

ScalarExpression square(const ScalarExpression& x) { return x * x; }
ScalarExpression sigmoid(const ScalarExpression& x) { return apply(Op::sigmoid, x); }
ScalarExpression relu(const ScalarExpression& x) { return where(x < 0, 0, x); }

}  // namespace xgrad
