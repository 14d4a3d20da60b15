#include <autodiff/error.hpp>
#include <nn/evaluation.hpp>

#include <fmt/format.h>

namespace xgrad::nn::detail {

void check_some_samples(const char* caller, std::size_t samples, std::size_t batch) {
  if (samples == 0) throw ValueError(fmt::format("{}: a set without samples came", caller));
  if (batch == 0) throw ValueError(fmt::format("{}: batch is 0; expected at least 1 sample", caller));
}

}  // namespace xgrad::nn::detail
