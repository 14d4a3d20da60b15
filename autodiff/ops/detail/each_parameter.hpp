// Included by ops/parameters.hpp once for each value category of a Parameter, XGRAD_PARAMETER.

#define XGRAD_REDUCTION(name, Options, Argument)                                       \
  template <class T, Argument O = Options>                                             \
  Variable<T> name(XGRAD_PARAMETER x, O options = {}) {                                \
    return name(detail::handle_of<T>(x), options);                                     \
  }                                                                                    \
  template <class T, detail::AxesArgument A, Argument O = Options>                     \
  Variable<T> name(XGRAD_PARAMETER x, A&& axes, O options = {}) {                      \
    return name(detail::handle_of<T>(x), axes, options);                               \
  }                                                                                    \
  template <class T, std::integral I, Argument O = Options>                            \
  Variable<T> name(XGRAD_PARAMETER x, std::initializer_list<I> axes, O options = {}) { \
    return name(detail::handle_of<T>(x), axes, options);                               \
  }

XGRAD_REDUCTION(sum, KeepDims, detail::KeepArgument)
XGRAD_REDUCTION(mean, KeepDims, detail::KeepArgument)
XGRAD_REDUCTION(prod, KeepDims, detail::KeepArgument)
XGRAD_REDUCTION(max, KeepDims, detail::KeepArgument)
XGRAD_REDUCTION(min, KeepDims, detail::KeepArgument)
XGRAD_REDUCTION(stddev, VarianceOptions, detail::VarianceArgument)
XGRAD_REDUCTION(median, KeepDims, detail::QuantileArgument)
XGRAD_REDUCTION(norm, NormOptions, detail::NormArgument)
#undef XGRAD_REDUCTION

template <class T, detail::QuantileArgument O = KeepDims>
Variable<T> median(XGRAD_PARAMETER x, std::ptrdiff_t axis, O keep = {}) {
  return median(detail::handle_of<T>(x), axis, keep);
}

template <class T, detail::QuantileArgument O = KeepDims>
Variable<T> quantile(XGRAD_PARAMETER x, double q, O keep = {}) {
  return quantile(detail::handle_of<T>(x), q, keep);
}
template <class T, detail::AxesArgument A, detail::QuantileArgument O = KeepDims>
Variable<T> quantile(XGRAD_PARAMETER x, double q, A&& axes, O keep = {}) {
  return quantile(detail::handle_of<T>(x), q, axes, keep);
}
template <class T, std::integral I, detail::QuantileArgument O = KeepDims>
Variable<T> quantile(XGRAD_PARAMETER x, double q, std::initializer_list<I> axes, O keep = {}) {
  return quantile(detail::handle_of<T>(x), q, axes, keep);
}
template <class T, detail::QuantileArgument O = KeepDims>
Variable<T> quantile(XGRAD_PARAMETER x, double q, std::ptrdiff_t axis, O keep = {}) {
  return quantile(detail::handle_of<T>(x), q, axis, keep);
}

template <class T, class... Indices>
Variable<T> view(XGRAD_PARAMETER x, Indices&&... indices) {
  return view(detail::handle_of<T>(x), std::forward<Indices>(indices)...);
}

template <class T>
Variable<T> flatten(XGRAD_PARAMETER x, std::size_t first_axis = 1) {
  return flatten(detail::handle_of<T>(x), first_axis);
}

template <class T, std::integral I>
Variable<T> expand_dims(XGRAD_PARAMETER x, I axis) {
  return expand_dims(detail::handle_of<T>(x), axis);
}
template <class T>
Variable<T> expand_dims(XGRAD_PARAMETER x, std::size_t axis) {
  return expand_dims(detail::handle_of<T>(x), axis);
}
template <class T, class I, std::size_t N>
Variable<T> expand_dims(XGRAD_PARAMETER x, const I (&axes)[N]) {
  return expand_dims(detail::handle_of<T>(x), axes);
}

template <class T>
Variable<T> squeeze(XGRAD_PARAMETER x) {
  return squeeze(detail::handle_of<T>(x));
}
template <class T, detail::AxesArgument A>
Variable<T> squeeze(XGRAD_PARAMETER x, A&& axes) {
  return squeeze(detail::handle_of<T>(x), axes);
}
template <class T>
Variable<T> squeeze(XGRAD_PARAMETER x, std::size_t axis) {
  return squeeze(detail::handle_of<T>(x), axis);
}
template <class T, class I, std::size_t N>
Variable<T> squeeze(XGRAD_PARAMETER x, const I (&axes)[N]) {
  return squeeze(detail::handle_of<T>(x), axes);
}

template <class T>
Variable<T> transpose(XGRAD_PARAMETER x) {
  return transpose(detail::handle_of<T>(x));
}
template <class T, class I, std::size_t N>
Variable<T> transpose(XGRAD_PARAMETER x, const I (&order)[N]) {
  return transpose(detail::handle_of<T>(x), order);
}
template <class T, IntegerRange R>
Variable<T> transpose(XGRAD_PARAMETER x, R&& order) {
  return transpose(detail::handle_of<T>(x), order);
}

// With integers of any type, and of the type that xtensor's functions take.
#define XGRAD_OF_TWO_INTEGERS(name)                                                  \
  template <class T, std::integral A, std::integral B>                               \
  Variable<T> name(XGRAD_PARAMETER x, A first, B second) {                           \
    return name(detail::handle_of<T>(x), first, second);                             \
  }                                                                                  \
  template <class T>                                                                 \
  Variable<T> name(XGRAD_PARAMETER x, std::ptrdiff_t first, std::ptrdiff_t second) { \
    return name(detail::handle_of<T>(x), first, second);                             \
  }
XGRAD_OF_TWO_INTEGERS(swapaxes)
XGRAD_OF_TWO_INTEGERS(moveaxis)
XGRAD_OF_TWO_INTEGERS(roll)
#undef XGRAD_OF_TWO_INTEGERS

template <class T>
Variable<T> moveaxis(XGRAD_PARAMETER x, std::initializer_list<int> source,
                     std::initializer_list<int> destination) {
  return moveaxis(detail::handle_of<T>(x), source, destination);
}

template <class T>
Variable<T> tril(XGRAD_PARAMETER x, int k = 0) {
  return tril(detail::handle_of<T>(x), k);
}
template <class T>
Variable<T> triu(XGRAD_PARAMETER x, int k = 0) {
  return triu(detail::handle_of<T>(x), k);
}
template <class T>
Variable<T> diag(XGRAD_PARAMETER x, int k = 0) {
  return diag(detail::handle_of<T>(x), k);
}
template <class T>
Variable<T> diagonal(XGRAD_PARAMETER x, int k = 0) {
  return diagonal(detail::handle_of<T>(x), k);
}
template <class T, std::integral A, std::integral B>
Variable<T> diagonal(XGRAD_PARAMETER x, int k, A rows_axis, B columns_axis) {
  return diagonal(detail::handle_of<T>(x), k, rows_axis, columns_axis);
}
template <class T>
Variable<T> diagonal(XGRAD_PARAMETER x, int k, std::size_t rows_axis, std::size_t columns_axis) {
  return diagonal(detail::handle_of<T>(x), k, rows_axis, columns_axis);
}

template <class T, std::integral I>
Variable<T> pad(XGRAD_PARAMETER x, I width, const PadOptions& options = {}) {
  return pad(detail::handle_of<T>(x), width, options);
}
template <class T>
Variable<T> pad(XGRAD_PARAMETER x, const PadWidths& widths, const PadOptions& options = {}) {
  return pad(detail::handle_of<T>(x), widths, options);
}

template <class T>
Variable<T> flip(XGRAD_PARAMETER x) {
  return flip(detail::handle_of<T>(x));
}
template <class T, detail::AxesArgument A>
Variable<T> flip(XGRAD_PARAMETER x, A&& axes) {
  return flip(detail::handle_of<T>(x), axes);
}
template <class T>
Variable<T> flip(XGRAD_PARAMETER x, std::size_t axis) {
  return flip(detail::handle_of<T>(x), axis);
}
template <class T, class I, std::size_t N>
Variable<T> flip(XGRAD_PARAMETER x, const I (&axes)[N]) {
  return flip(detail::handle_of<T>(x), axes);
}

template <class T, std::integral I>
Variable<T> roll(XGRAD_PARAMETER x, I shift) {
  return roll(detail::handle_of<T>(x), shift);
}
template <class T>
Variable<T> roll(XGRAD_PARAMETER x, std::ptrdiff_t shift) {
  return roll(detail::handle_of<T>(x), shift);
}
template <class T>
Variable<T> roll(XGRAD_PARAMETER x, const std::vector<std::ptrdiff_t>& shifts, const std::vector<int>& axes) {
  return roll(detail::handle_of<T>(x), shifts, axes);
}

template <class T, std::integral I>
Variable<T> tile(XGRAD_PARAMETER x, I count) {
  return tile(detail::handle_of<T>(x), count);
}
template <class T, class I>
Variable<T> tile(XGRAD_PARAMETER x, std::initializer_list<I> counts) {
  return tile(detail::handle_of<T>(x), counts);
}
template <class T, IntegerRange R>
Variable<T> tile(XGRAD_PARAMETER x, const R& counts) {
  return tile(detail::handle_of<T>(x), counts);
}

template <class T, std::integral I>
Variable<T> repeat(XGRAD_PARAMETER x, I count) {
  return repeat(detail::handle_of<T>(x), count);
}
template <class T, std::integral I, std::integral A>
Variable<T> repeat(XGRAD_PARAMETER x, I count, A axis) {
  return repeat(detail::handle_of<T>(x), count, axis);
}
template <class T>
Variable<T> repeat(XGRAD_PARAMETER x, std::size_t count, std::size_t axis) {
  return repeat(detail::handle_of<T>(x), count, axis);
}
template <class T, std::integral A>
Variable<T> repeat(XGRAD_PARAMETER x, std::vector<std::size_t> counts, A axis) {
  return repeat(detail::handle_of<T>(x), std::move(counts), axis);
}
template <class T>
Variable<T> repeat(XGRAD_PARAMETER x, std::vector<std::size_t> counts, std::size_t axis) {
  return repeat(detail::handle_of<T>(x), std::move(counts), axis);
}

template <class T, std::integral I, std::integral A = int>
std::vector<Variable<T>> split(XGRAD_PARAMETER x, I parts, A axis = 0) {
  return split(detail::handle_of<T>(x), parts, axis);
}
template <class T>
std::vector<Variable<T>> split(XGRAD_PARAMETER x, std::size_t parts, std::size_t axis = 0) {
  return split(detail::handle_of<T>(x), parts, axis);
}
template <class T>
std::vector<Variable<T>> split(XGRAD_PARAMETER x, const std::vector<std::ptrdiff_t>& indices, int axis = 0) {
  return split(detail::handle_of<T>(x), indices, axis);
}
template <class T, class I, std::size_t N>
std::vector<Variable<T>> split(XGRAD_PARAMETER x, const I (&indices)[N], int axis = 0) {
  return split(detail::handle_of<T>(x), indices, axis);
}

template <class T>
Variable<T> cumsum(XGRAD_PARAMETER x, std::ptrdiff_t axis) {
  return cumsum(detail::handle_of<T>(x), axis);
}
template <class T>
Variable<T> cumsum(XGRAD_PARAMETER x) {
  return cumsum(detail::handle_of<T>(x));
}
template <class T>
Variable<T> cumprod(XGRAD_PARAMETER x, std::ptrdiff_t axis) {
  return cumprod(detail::handle_of<T>(x), axis);
}
template <class T>
Variable<T> cumprod(XGRAD_PARAMETER x) {
  return cumprod(detail::handle_of<T>(x));
}
