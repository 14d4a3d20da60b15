#include <autodiff/instantiate.hpp>
#include <autodiff/kernels/elementwise.hpp>
#include <autodiff/kernels/splitmix.hpp>
#include <autodiff/ops/arithmetic.hpp>
#include <autodiff/ops/dropout.hpp>

#include <fmt/format.h>

#include <cmath>

namespace xgrad {
namespace {

/// `scale` with probability `keep`, else 0, for each entry.
template <class T>
Array<T> dropout_mask(const Shape& shape, double keep, T scale, Generator& generator) {
  const std::uint64_t stream = generator();
  const auto limit = static_cast<std::uint64_t>(std::ldexp(keep, 53));  // exact: keep has 53 bits at most
  Array<T> mask(shape);
  kernels::parallel_for(mask.size(), kernels::elementwise_grain, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i)
      mask.data()[i] = (kernels::random_bits(stream, i) >> 11) < limit ? scale : T(0);
  });
  return mask;
}

}  // namespace

template <class T>
Variable<T> dropout(const Variable<T>& x, const DropoutOptions& options, Generator& generator) {
  if (!(options.keep > 0 && options.keep <= 1)) {
    throw ValueError(fmt::format("dropout: keep is {}; expected a probability in (0, 1]", options.keep));
  }
  const T scale = options.inverted ? static_cast<T>(1 / options.keep) : T(1);
  const auto mask = constant(dropout_mask<T>(x.shape(), options.keep, scale, generator));
  return operation("dropout",
                   kernels::map(x.shape(), x.value(), mask.value(), [](auto p, auto q) { return p * q; }),
                   {x, [mask](const Variable<T>& g) { return g * mask; }});
}

#define XGRAD_INSTANTIATE(T) \
  template Variable<T> dropout<T>(const Variable<T>&, const DropoutOptions&, Generator&);
XGRAD_FOR_EACH_SCALAR(XGRAD_INSTANTIATE)
#undef XGRAD_INSTANTIATE

}  // namespace xgrad
