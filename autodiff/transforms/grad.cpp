#include <autodiff/transforms/grad.hpp>

#include <fmt/format.h>

namespace xgrad::detail {

void check_direction(const char* caller, const Shape& direction, const Shape& input) {
  if (direction == input) return;
  throw ShapeError(fmt::format("{}: the direction has shape {}, expected its input's shape {}", caller,
                               to_string(direction), to_string(input)));
}

RepeatRandom::RepeatRandom(const Generator& state) : present_(default_generator()) {
  default_generator() = state;
}

RepeatRandom::~RepeatRandom() { default_generator() = present_; }

}  // namespace xgrad::detail
