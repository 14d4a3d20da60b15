#include <autodiff/error.hpp>
#include <nn/evaluation.hpp>

#include <fmt/format.h>

#include <string>

namespace xgrad::nn::detail {

void check_some_samples(const char* caller, std::size_t samples, std::size_t batch) {
  if (samples == 0)
    throw ValueError(fmt::format("{}: expected at least one sample, got an empty set", caller));
  if (batch == 0) throw ValueError(fmt::format("{}: expected a batch of at least 1 sample, got 0", caller));
}

void check_some_batches(const char* caller, std::size_t samples, std::size_t batches, std::size_t batch) {
  if (batches > 0) return;
  const std::string why =
      samples == 0
          ? "it has no samples"
          : fmt::format("drop_last is set, and {} samples do not fill a batch of {}", samples, batch);
  throw ValueError(fmt::format("{}: the training set has no batches: {}", caller, why));
}

}  // namespace xgrad::nn::detail
