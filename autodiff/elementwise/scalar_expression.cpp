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

Entry apply(Op op, const Entry& a, const Entry& b = {}, const Entry& c = {}) {
  return FormulaBuilder::apply(static_cast<std::uint8_t>(op), a, b, c);
}

Condition compare(Op op, const Entry& a, const Entry& b) {
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

/// The instruction's place; an equal one of those before serves for it.
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

Entry FormulaBuilder::input(std::size_t k) {
  return at(add(formula_->program, {Op::input, {static_cast<std::uint32_t>(k)}}));
}

Entry FormulaBuilder::at(std::uint32_t index) const {
  const kernels::Instruction& instruction = formula_->program[index];
  if (instruction.op == Op::number) return instruction.number;
  return Entry(EntryPlace{serial_, index, 0});
}

std::uint32_t FormulaBuilder::index_of(const Entry& entry) {
  if (entry.place_.formula == serial_) return entry.place_.index;
  if (entry.place_.formula == 0) return add(formula_->program, {Op::number, {}, entry.place_.number});
  throw ValueError(
      "elementwise: its function used a number that belongs to another call of elementwise; entries live as "
      "long as the function that they were given to");
}

std::shared_ptr<const Formula> FormulaBuilder::finish(const Entry& result) {
  formula_->result = index_of(result);
  return formula_;
}

Entry FormulaBuilder::apply(std::uint8_t code, const Entry& a, const Entry& b, const Entry& c) {
  const auto op = static_cast<Op>(code);
  const auto is = [&](const Entry& x, double number) { return is_number(x) && x.place_.number == number; };
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
  const std::array<const Entry*, 3> operands{&a, &b, &c};
  for (std::size_t k = 0; k < operand_count(op); ++k) {
    instruction.operands[k] = at_work->index_of(*operands[k]);
  }
  return at_work->at(add(at_work->formula_->program, instruction));
}

}  // namespace detail

Entry detail::power(const Entry& a, const Entry& b) { return apply(Op::pow, a, b); }
Entry detail::sigmoid_slope(const Entry& x) { return apply(Op::sigmoid_slope, x); }
Entry detail::bell(const Entry& x) { return apply(Op::bell, x); }

Entry& Entry::operator+=(const Entry& other) { return *this = *this + other; }
Entry& Entry::operator-=(const Entry& other) { return *this = *this - other; }
Entry& Entry::operator*=(const Entry& other) { return *this = *this * other; }
Entry& Entry::operator/=(const Entry& other) { return *this = *this / other; }

Entry operator+(const Entry& a, const Entry& b) { return apply(Op::add, a, b); }
Entry operator-(const Entry& a, const Entry& b) { return apply(Op::subtract, a, b); }
Entry operator*(const Entry& a, const Entry& b) { return apply(Op::multiply, a, b); }
Entry operator/(const Entry& a, const Entry& b) { return apply(Op::divide, a, b); }
Entry operator-(const Entry& x) { return apply(Op::negative, x); }

Condition operator<(const Entry& a, const Entry& b) { return compare(Op::less, a, b); }
Condition operator<=(const Entry& a, const Entry& b) { return compare(Op::less_equal, a, b); }
Condition operator==(const Entry& a, const Entry& b) { return compare(Op::equal, a, b); }
Condition operator!=(const Entry& a, const Entry& b) { return !(a == b); }
Condition operator&&(const Condition& a, const Condition& b) {
  return compare(Op::both, FormulaBuilder::entry(a), FormulaBuilder::entry(b));
}
Condition operator||(const Condition& a, const Condition& b) {
  return compare(Op::either, FormulaBuilder::entry(a), FormulaBuilder::entry(b));
}
Condition operator!(const Condition& a) { return compare(Op::equal, FormulaBuilder::entry(a), 0); }

Entry where(const Condition& condition, const Entry& a, const Entry& b) {
  return apply(Op::select, FormulaBuilder::entry(condition), a, b);
}

Entry abs(const Entry& x) { return apply(Op::abs, x); }
Entry max(const Entry& a, const Entry& b) { return apply(Op::max, a, b); }
Entry min(const Entry& a, const Entry& b) { return apply(Op::min, a, b); }

Entry pow(const Entry& x, const Entry& y) {
  return FormulaBuilder::is_number(y) ? apply(Op::power_of_number, x, y) : detail::power(x, y);
}
Entry sqrt(const Entry& x) { return apply(Op::sqrt, x); }
Entry cbrt(const Entry& x) { return apply(Op::cbrt, x); }
Entry hypot(const Entry& x, const Entry& y) { return apply(Op::hypot, x, y); }

Entry exp(const Entry& x) { return apply(Op::exp, x); }
Entry exp2(const Entry& x) { return apply(Op::exp2, x); }
Entry expm1(const Entry& x) { return apply(Op::expm1, x); }
Entry log(const Entry& x) { return apply(Op::log, x); }
Entry log2(const Entry& x) { return apply(Op::log2, x); }
Entry log10(const Entry& x) { return apply(Op::log10, x); }
Entry log1p(const Entry& x) { return apply(Op::log1p, x); }

Entry sin(const Entry& x) { return apply(Op::sin, x); }
Entry cos(const Entry& x) { return apply(Op::cos, x); }
Entry tan(const Entry& x) { return apply(Op::tan, x); }
Entry asin(const Entry& x) { return apply(Op::asin, x); }
Entry acos(const Entry& x) { return apply(Op::acos, x); }
Entry atan(const Entry& x) { return apply(Op::atan, x); }
Entry atan2(const Entry& y, const Entry& x) { return apply(Op::atan2, y, x); }
Entry sinh(const Entry& x) { return apply(Op::sinh, x); }
Entry cosh(const Entry& x) { return apply(Op::cosh, x); }
Entry tanh(const Entry& x) { return apply(Op::tanh, x); }
Entry asinh(const Entry& x) { return apply(Op::asinh, x); }
Entry acosh(const Entry& x) { return apply(Op::acosh, x); }
Entry atanh(const Entry& x) { return apply(Op::atanh, x); }

Entry erf(const Entry& x) { return apply(Op::erf, x); }
Entry erfc(const Entry& x) { return apply(Op::erfc, x); }

Entry floor(const Entry& x) { return apply(Op::floor, x); }
Entry ceil(const Entry& x) { return apply(Op::ceil, x); }
Entry round(const Entry& x) { return apply(Op::round, x); }
Entry trunc(const Entry& x) { return apply(Op::trunc, x); }
Entry fmod(const Entry& x, const Entry& y) { return apply(Op::fmod, x, y); }
Entry fma(const Entry& a, const Entry& b, const Entry& c) { return apply(Op::fma, a, b, c); }

Condition isnan(const Entry& x) { return x != x; }

Entry square(const Entry& x) { return x * x; }
Entry sigmoid(const Entry& x) { return apply(Op::sigmoid, x); }
Entry relu(const Entry& x) { return where(x < 0, 0, x); }

}  // namespace xgrad
