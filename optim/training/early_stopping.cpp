#include <autodiff/error.hpp>
#include <optim/training/early_stopping.hpp>
#include <optim/training/state_reader.hpp>

#include <fmt/format.h>

#include <cmath>
#include <utility>

namespace xgrad::optim {

EarlyStopping::EarlyStopping(std::function<nn::StateDict()> save,
                             std::function<void(const nn::StateDict&)> load,
                             const EarlyStoppingOptions& options)
    : save_(std::move(save)), load_(std::move(load)), options_(options) {
  if (options.patience < 1) throw ValueError("EarlyStopping: expected patience >= 1, got 0");
  if (!(std::isfinite(options.min_delta) && options.min_delta >= 0)) {
    throw ValueError(
        fmt::format("EarlyStopping: expected a finite min_delta >= 0, got {}", options.min_delta));
  }
}

bool EarlyStopping::update(double validation_error) {
  ++epochs_;
  if (validation_error < best_ - options_.min_delta) {
    weights_ = save_();
    best_ = validation_error;
    best_epoch_ = epochs_;
  }
  return epochs_ - best_epoch_ >= options_.patience;
}

void EarlyStopping::restore() const {
  if (best_epoch_ > 0) load_(weights_);
}

nn::StateDict EarlyStopping::state_dict() const {
  nn::StateDict state;
  state.metadata = {{"best", fmt::format("{}", best_)},
                    {"best_epoch", std::to_string(best_epoch_)},
                    {"epochs", std::to_string(epochs_)}};
  detail::add_part(state, "weights.", weights_);
  return state;
}

void EarlyStopping::load_state_dict(const nn::StateDict& state) {
  std::vector<std::string> differences;
  const detail::StateReader reader(state, differences);
  const double best = reader.number<double>("best");
  const auto best_epoch = reader.number<std::size_t>("best_epoch");
  const auto epochs = reader.number<std::size_t>("epochs");
  if (best_epoch > epochs) differences.emplace_back("the best epoch is later than the last");
  detail::throw_differences("EarlyStopping", differences);
  best_ = best, best_epoch_ = best_epoch, epochs_ = epochs;
  weights_ = detail::part_of(state, "weights.");
}

}  // namespace xgrad::optim
