#include <autodiff/elementwise/program.hpp>
#include <autodiff/instantiate.hpp>
#include <autodiff/kernels/batch.hpp>
#include <autodiff/kernels/broadcast.hpp>
#include <autodiff/kernels/functions.hpp>
#include <autodiff/kernels/parallel.hpp>

#include <algorithm>
#include <limits>
#include <utility>

namespace xgrad::kernels {
namespace {

template <class E>
using Pooled = std::vector<E, PoolAllocator<E>>;

/// Entries per tile: several tiles fit into the first-level cache.
template <class T>
constexpr std::size_t tile = 2048 / sizeof(T);

/// Evaluates an instruction on SIMD vectors.
template <Op op, class V>
V compute(const V& a, const V& b, const V& c) {
  using T = typename V::value_type;
  const V zero(T(0));
  const V one(T(1));
  (void)b, (void)c;
  // clang-format off
  if constexpr (op == Op::identity) return a;
  else if constexpr (op == Op::negative) return -a;
  else if constexpr (op == Op::abs) return xsimd::abs(a);
  else if constexpr (op == Op::exp) return kernels::exp<T>(a);
  else if constexpr (op == Op::exp2) return kernels::exp2<T>(a);
  else if constexpr (op == Op::expm1) return kernels::expm1<T>(a);
  else if constexpr (op == Op::log) return kernels::log<T>(a);
  else if constexpr (op == Op::log2) return kernels::log2<T>(a);
  else if constexpr (op == Op::log10) return kernels::log10<T>(a);
  else if constexpr (op == Op::log1p) return kernels::log1p<T>(a);
  else if constexpr (op == Op::sqrt) return xsimd::sqrt(a);
  else if constexpr (op == Op::cbrt) return kernels::cbrt<T>(a);
  else if constexpr (op == Op::sin) return kernels::sin<T>(a);
  else if constexpr (op == Op::cos) return kernels::cos<T>(a);
  else if constexpr (op == Op::tan) return kernels::tan<T>(a);
  else if constexpr (op == Op::asin) return kernels::asin<T>(a);
  else if constexpr (op == Op::acos) return kernels::acos<T>(a);
  else if constexpr (op == Op::atan) return kernels::atan<T>(a);
  else if constexpr (op == Op::sinh) return kernels::sinh<T>(a);
  else if constexpr (op == Op::cosh) return kernels::cosh<T>(a);
  else if constexpr (op == Op::tanh) return kernels::tanh<T>(a);
  else if constexpr (op == Op::asinh) return kernels::asinh<T>(a);
  else if constexpr (op == Op::acosh) return kernels::acosh<T>(a);
  else if constexpr (op == Op::atanh) return kernels::atanh<T>(a);
  else if constexpr (op == Op::erf) return kernels::erf<T>(a);
  else if constexpr (op == Op::erfc) return kernels::erfc<T>(a);
  else if constexpr (op == Op::sigmoid) return kernels::sigmoid<T>(a);
  else if constexpr (op == Op::sigmoid_slope) return kernels::sigmoid_slope<T>(a);
  else if constexpr (op == Op::bell) return kernels::bell<T>(a);
  else if constexpr (op == Op::floor) return xsimd::floor(a);
  else if constexpr (op == Op::ceil) return xsimd::ceil(a);
  else if constexpr (op == Op::round) return xsimd::nearbyint(a);
  else if constexpr (op == Op::trunc) return xsimd::trunc(a);
  else if constexpr (op == Op::add) return a + b;
  else if constexpr (op == Op::subtract) return a - b;
  else if constexpr (op == Op::multiply) return a * b;
  else if constexpr (op == Op::divide) return a / b;
  else if constexpr (op == Op::pow) return kernels::pow<T>(a, b);
  else if constexpr (op == Op::power_of_number) return kernels::power_of_number<T>(a, b.get(0));
  else if constexpr (op == Op::atan2) return kernels::atan2<T>(a, b);
  else if constexpr (op == Op::hypot) return kernels::hypot<T>(a, b);
  else if constexpr (op == Op::fmod) return kernels::fmod<T>(a, b);
  else if constexpr (op == Op::max) return xsimd::select((a > b) | xsimd::isnan(a), a, b);
  else if constexpr (op == Op::min) return xsimd::select((a < b) | xsimd::isnan(a), a, b);
  else if constexpr (op == Op::less) return xsimd::select(a < b, one, zero);
  else if constexpr (op == Op::less_equal) return xsimd::select(a <= b, one, zero);
  else if constexpr (op == Op::equal) return xsimd::select(a == b, one, zero);
  else if constexpr (op == Op::both) return a * b;
  else if constexpr (op == Op::either) return xsimd::max(a, b);
  else if constexpr (op == Op::select) return xsimd::select(a == zero, c, b);
  else return multiply_add<T>(a, b, c);
  // clang-format on
}

constexpr bool is_long(Op op) {
  switch (op) {
    case Op::exp:
    case Op::exp2:
    case Op::log:
    case Op::sigmoid:
    case Op::sqrt:
      return false;  // short enough to inline, so that their constants stay in registers
    default:
      return (op >= Op::expm1 && op <= Op::bell) || (op >= Op::pow && op <= Op::fmod);
  }
}

/// Long instructions are compiled once, instead of once for each kind of operands.
template <Op op, class V>
[[gnu::noinline]] V compute_apart(const V& a, const V& b, const V& c) {
  return compute<op>(a, b, c);
}

/// Evaluates one instruction on a tile: out[i] = op(a[i], b[i], c[i]); `out` may be an operand. `count` is a
/// multiple of the vector width.
template <class T>
using Loop = void (*)(T* out, const T* a, const T* b, const T* c, std::size_t count);

/// Operands whose bit is set in `uniform` are a single number for all entries.
template <class T, Op op, unsigned uniform>
void loop(T* out, const T* a, const T* b, const T* c, std::size_t count) {
  using V = Batch<T>;
  constexpr std::size_t operands = operand_count(op);
  const auto first = [](unsigned k, const T* x) {
    return k < operands && (uniform >> k & 1) != 0 ? V(*x) : V(T(0));
  };
  const V ua = first(0, a);
  const V ub = first(1, b);
  const V uc = first(2, c);
  const auto load = [](unsigned k, const T* x, const V& number, std::size_t i) {
    return k < operands && (uniform >> k & 1) == 0 ? V::load_unaligned(x + i) : number;
  };
#pragma GCC unroll 4
  for (std::size_t i = 0; i < count; i += V::size) {
    const V x = load(0, a, ua, i);
    const V y = load(1, b, ub, i);
    const V z = load(2, c, uc, i);
    if constexpr (is_long(op)) {
      compute_apart<op>(x, y, z).store_unaligned(out + i);
    } else {
      compute<op>(x, y, z).store_unaligned(out + i);
    }
  }
}

constexpr std::size_t kinds = 8;  // combinations of uniform operands: one bit per operand

template <class T, Op op, std::size_t... kind>
constexpr std::array<Loop<T>, kinds> loops_of(std::index_sequence<kind...>) {
  // If all operands are uniform, the result is too and is computed once, elsewhere. Only `identity`
  // broadcasts a number to a tile.
  constexpr std::size_t used = op == Op::identity ? 2 : (std::size_t{1} << operand_count(op)) - 1;
  return {(kind < used ? &loop < T, op, kind < used ? kind : 0 > : nullptr)...};
}

template <class T>
Loop<T> find_loop(Op op, std::size_t kind) {
  constexpr auto table = []<std::size_t... ops>(std::index_sequence<ops...>) {
    constexpr auto first = static_cast<std::size_t>(Op::identity);
    return std::array{loops_of<T, static_cast<Op>(first + ops)>(std::make_index_sequence<kinds>())...};
  }(std::make_index_sequence<static_cast<std::size_t>(Op::count) - static_cast<std::size_t>(Op::identity)>());
  return table[static_cast<std::size_t>(op) - static_cast<std::size_t>(Op::identity)][kind];
}

/// Evaluates an instruction on numbers, bit-identical to its result on tiles.
template <class T>
T evaluate_as(Op op, const std::array<T, 3>& operands) {
  alignas(64) T x[3][Batch<T>::size];
  for (std::size_t k = 0; k < 3; ++k) std::fill_n(x[k], Batch<T>::size, operands[k]);
  find_loop<T>(op, 0)(x[0], x[0], x[1], x[2], Batch<T>::size);
  return x[0][0];
}

/// The steps for each tile and the places of their operands. A place is an input, a result, a number or a
/// slot (buffer for a tile).
template <class T>
class Plan {
 public:
  struct Step {
    Loop<T> loop;
    std::uint32_t out;
    std::array<std::uint32_t, 3> in;
  };

  Plan(const Program& program, std::span<const std::uint32_t> results,
       std::span<const Array<T>* const> inputs)
      : inputs_(inputs.size()), results_(results.size()), program_(program) {
    mark_needed(results);
    find_uniform(inputs);
    assign_places(results);
  }

  std::span<const Step> steps() const { return steps_; }
  std::span<const T> numbers() const { return numbers_; }
  std::size_t slots() const { return slots_; }

  // Places, in this order.
  std::size_t result_place(std::size_t k) const { return inputs_ + k; }
  std::size_t number_place(std::size_t k) const { return inputs_ + results_ + k; }
  std::size_t slot_place(std::size_t k) const { return number_place(program_.size()) + k; }
  std::size_t places() const { return slot_place(slots_); }

 private:
  static constexpr std::uint32_t nowhere = ~std::uint32_t{0};

  std::span<const std::uint32_t> operands(std::size_t i) const {
    return {program_[i].operands.data(), operand_count(program_[i].op)};
  }

  void mark_needed(std::span<const std::uint32_t> results) {
    last_use_.assign(program_.size(), 0);
    for (const std::uint32_t result : results) last_use_[result] = nowhere;
    for (std::size_t i = program_.size(); i-- > 0;) {
      if (last_use_[i] == 0) continue;
      for (const std::uint32_t operand : operands(i)) {
        if (last_use_[operand] == 0) last_use_[operand] = static_cast<std::uint32_t>(i);
      }
    }
  }

  void find_uniform(std::span<const Array<T>* const> inputs) {
    uniform_.assign(program_.size(), false);
    numbers_.assign(program_.size(), T(0));
    for (std::size_t i = 0; i < program_.size(); ++i) {
      const Instruction& each = program_[i];
      if (last_use_[i] == 0) continue;
      if (each.op == Op::number) {
        uniform_[i] = true;
        numbers_[i] = static_cast<T>(each.number);
      } else if (each.op == Op::input) {
        uniform_[i] = inputs[each.operands[0]]->size() == 1;
        if (uniform_[i]) numbers_[i] = *inputs[each.operands[0]]->data();
      } else {
        uniform_[i] = std::ranges::all_of(operands(i), [&](std::uint32_t k) { return uniform_[k]; });
        if (!uniform_[i]) continue;
        std::array<T, 3> x{};
        for (std::size_t k = 0; k < operands(i).size(); ++k) x[k] = numbers_[each.operands[k]];
        numbers_[i] = evaluate_as(each.op, x);
      }
    }
  }

  void assign_places(std::span<const std::uint32_t> results) {
    Pooled<std::uint32_t> place(program_.size(), nowhere);
    Pooled<std::uint32_t> free;
    for (std::size_t i = 0; i < program_.size(); ++i) {
      if (last_use_[i] == 0) continue;
      if (uniform_[i]) {
        place[i] = static_cast<std::uint32_t>(number_place(i));
        continue;
      }
      if (program_[i].op == Op::input) {
        place[i] = program_[i].operands[0];
        continue;
      }
      // A slot that is not used after this instruction is reused for its result.
      for (const std::uint32_t operand : operands(i)) {
        const bool is_slot = place[operand] != nowhere && place[operand] >= slot_place(0);
        if (last_use_[operand] == i && is_slot) {
          free.push_back(place[operand]);
          last_use_[operand] = nowhere;  // only once, even if it is an operand twice
        }
      }
      const auto result = std::ranges::find(results, i);
      if (result != results.end()) {
        place[i] = static_cast<std::uint32_t>(result_place(result - results.begin()));
      } else if (!free.empty()) {
        place[i] = free.back();
        free.pop_back();
      } else {
        place[i] = static_cast<std::uint32_t>(slot_place(slots_++));
      }
      add_step(program_[i].op, place[i], i, place);
    }
    // Results that are inputs, numbers, or copies of another result.
    for (std::size_t k = 0; k < results.size(); ++k) {
      const auto own = static_cast<std::uint32_t>(result_place(k));
      if (place[results[k]] == own) continue;
      const std::size_t kind = uniform_[results[k]] ? 1 : 0;
      steps_.push_back({find_loop<T>(Op::identity, kind), own, {place[results[k]], 0, 0}});
    }
  }

  void add_step(Op op, std::uint32_t out, std::size_t i, const Pooled<std::uint32_t>& place) {
    Step step{nullptr, out, {}};
    std::size_t kind = 0;
    for (std::size_t k = 0; k < operands(i).size(); ++k) {
      step.in[k] = place[operands(i)[k]];
      kind |= std::size_t{uniform_[operands(i)[k]]} << k;
    }
    step.loop = find_loop<T>(op, kind);
    steps_.push_back(step);
  }

  std::size_t inputs_;
  std::size_t results_;
  const Program& program_;
  Pooled<std::uint32_t> last_use_;  // 0 if the instruction is not needed
  Pooled<std::uint8_t> uniform_;
  Pooled<T> numbers_;
  Pooled<Step> steps_;
  std::size_t slots_ = 0;
};

/// Reads an input as broadcast to the result's shape.
template <class T>
struct Source {
  const T* data;
  BroadcastLoop<1> loop;

  Source(const Array<T>& input, const Shape& shape) : data(input.data()), loop(shape, {&input.shape()}) {}

  bool is_contiguous() const { return loop.rows == 1 && loop.step[0] == 1; }

  /// The entries [begin, begin + count) of the broadcast array.
  void copy(std::size_t begin, std::size_t count, T* to) const {
    const std::size_t inner = loop.inner;
    const std::size_t end = begin + count;
    loop.for_rows(begin / inner, (end - 1) / inner + 1, [&](std::size_t row, const auto& offsets) {
      const std::size_t low = std::max(begin, row * inner);
      const std::size_t high = std::min(end, (row + 1) * inner);
      const T* from = data + offsets[0];
      if (loop.step[0] == 0) {
        std::fill_n(to + (low - begin), high - low, *from);
      } else {
        std::copy_n(from + (low - row * inner), high - low, to + (low - begin));
      }
    });
  }
};

/// Prefetches the next tile, a few cache lines before each step of this one, so that memory access overlaps
/// with computation.
template <class T>
class Prefetch {
 public:
  Prefetch(std::span<const Source<T>> sources, std::span<T* const> out, std::size_t first, std::size_t end,
           std::size_t steps)
      : sources_(sources), out_(out), first_(first), step_(first < end ? (tile<T> + steps - 1) / steps : 0) {
    last_ = std::min(first + tile<T>, end);
  }

  void before_step() {
    for (std::size_t until = std::min(first_ + step_, last_); first_ < until; first_ += line) {
      for (const Source<T>& source : sources_) {
        if (source.is_contiguous()) __builtin_prefetch(source.data + first_);
      }
      for (T* const to : out_) __builtin_prefetch(to + first_, 1);
    }
  }

 private:
  static constexpr std::size_t line = 64 / sizeof(T);
  std::span<const Source<T>> sources_;
  std::span<T* const> out_;
  std::size_t first_;
  std::size_t step_;
  std::size_t last_;
};

/// Evaluates the tiles of one thread.
template <class T>
void run_tiles(const Plan<T>& plan, std::span<const Source<T>> sources, std::span<T* const> out,
               std::size_t begin, std::size_t end, T* slots, T** place) {
  constexpr std::size_t width = Batch<T>::size;
  // Slots for inputs and results come first, followed by those of the plan.
  T* const input_slots = slots;
  T* const result_slots = input_slots + sources.size() * tile<T>;
  T* const plan_slots = result_slots + out.size() * tile<T>;
  for (std::size_t k = 0; k < plan.numbers().size(); ++k) {
    place[plan.number_place(k)] = const_cast<T*>(&plan.numbers()[k]);  // only read
  }
  for (std::size_t k = 0; k < plan.slots(); ++k) place[plan.slot_place(k)] = plan_slots + k * tile<T>;

  for (std::size_t first = begin; first < end; first += tile<T>) {
    const std::size_t count = std::min(tile<T>, end - first);
    const std::size_t padded = (count + width - 1) / width * width;
    for (std::size_t k = 0; k < sources.size(); ++k) {
      if (sources[k].is_contiguous() && padded == count) {
        place[k] = const_cast<T*>(sources[k].data + first);  // only read
        continue;
      }
      place[k] = input_slots + k * tile<T>;
      sources[k].copy(first, count, place[k]);
      std::fill_n(place[k] + count, padded - count, place[k][0]);
    }
    for (std::size_t k = 0; k < out.size(); ++k) {
      place[plan.result_place(k)] = padded == count ? out[k] + first : result_slots + k * tile<T>;
    }
    Prefetch<T> prefetch(sources, out, first + tile<T>, end, plan.steps().size());
    for (const auto& step : plan.steps()) {
      prefetch.before_step();
      step.loop(place[step.out], place[step.in[0]], place[step.in[1]], place[step.in[2]], padded);
    }
    for (std::size_t k = 0; k < out.size() && padded != count; ++k) {
      std::copy_n(place[plan.result_place(k)], count, out[k] + first);
    }
  }
}

}  // namespace

double evaluate(Op op, double a, double b, double c) { return evaluate_as<double>(op, {a, b, c}); }

template <class T>
void run(const Program& program, std::span<const std::uint32_t> results, const Shape& shape,
         std::span<const Array<T>* const> inputs, std::span<T* const> out) {
  const std::size_t entries = element_count(shape);
  if (entries == 0) return;
  const Plan<T> plan(program, results, inputs);
  Pooled<Source<T>> sources;
  sources.reserve(inputs.size());
  for (const Array<T>* input : inputs) sources.emplace_back(*input, shape);

  const std::size_t tiles = (entries + tile<T> - 1) / tile<T>;
  const std::size_t threads = thread_count(entries, elementwise_grain);
  const std::size_t slots = (inputs.size() + out.size() + plan.slots()) * tile<T>;
  Pooled<T*> places(threads * plan.places(), nullptr);
  Array<T> memory = empty<T>({threads * slots});
  parallel_parts(tiles, threads, [&](std::size_t begin, std::size_t end, std::size_t thread) {
    run_tiles<T>(plan, sources, out, begin * tile<T>, std::min(end * tile<T>, entries),
                 memory.data() + thread * slots, places.data() + thread * plan.places());
  });
}

#define XGRAD_INSTANTIATE(T)                                                         \
  template void run<T>(const Program&, std::span<const std::uint32_t>, const Shape&, \
                       std::span<const Array<T>* const>, std::span<T* const>);
XGRAD_FOR_EACH_SCALAR(XGRAD_INSTANTIATE)
#undef XGRAD_INSTANTIATE

}  // namespace xgrad::kernels
