#include <autodiff/error.hpp>
#include <optim/clipping.hpp>
#include <optim/max_norm.hpp>
#include <optim/optimizer.hpp>
#include <optim/training/state_reader.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>

namespace xgrad::optim {

void detail::check_not_negative(const char* optimizer, const char* option, double value) {
  if (!(std::isfinite(value) && value >= 0)) {
    throw ValueError(fmt::format("{}: expected a finite {} >= 0, got {}", optimizer, option, value));
  }
}

void detail::check_coefficient(const char* optimizer, const char* option, double value) {
  if (!(value >= 0 && value < 1)) {
    throw ValueError(fmt::format("{}: expected {} in [0, 1), got {}", optimizer, option, value));
  }
}

template <class T>
Optimizer<T>::Optimizer(const char* name, std::vector<nn::NamedParameter<T>> parameters,
                        OptimizerOptions options, std::vector<std::string> memories)
    : name_(name), options_(std::move(options)), memory_names_(std::move(memories)) {
  for (auto& each : parameters) {
    if (std::find(handles_.begin(), handles_.end(), each.parameter) != handles_.end()) continue;
    handles_.push_back(each.parameter);
    parameters_.push_back(std::move(each));
  }
  if (parameters_.empty()) {
    throw ValueError(fmt::format("{}: expected at least one parameter, got none", name_));
  }
  updates_.assign(parameters_.size(), 0);
  memories_.assign(memory_names_.size(), std::vector<std::optional<Array<T>>>(parameters_.size()));
  checked_rate(options_.learning_rate);
  detail::check_not_negative(name_, "weight_decay", options_.weight_decay);
  detail::check_not_negative(name_, "clip_norm", options_.clip_norm);
  detail::check_not_negative(name_, "max_norm", options_.max_norm);
}

/// Updates the handles of parameters that have moved. If one model was moved over another, two handles refer
/// to the same parameter; the handle that referred to it before is kept, with its state.
template <class T>
void Optimizer<T>::follow_parameters() {
  for (std::size_t i = handles_.size(); i-- > 0;) {
    if (!handles_[i].is_owned()) {
      throw ValueError(fmt::format(
          "{}: parameter \"{}\" of shape {} is no longer owned by a model (its model or layer was "
          "destroyed or moved from), so a step would train nothing; construct a new optimiser from "
          "nn::parameters(net)",
          name_, parameters_[i].name, to_string(handles_[i].shape())));
    }
    if (!handles_[i].follow()) continue;
    parameters_[i].parameter = handles_[i];
    if (std::count(handles_.begin(), handles_.end(), handles_[i]) == 1) continue;
    const auto at = static_cast<std::ptrdiff_t>(i);
    handles_.erase(handles_.begin() + at);
    parameters_.erase(parameters_.begin() + at);
    updates_.erase(updates_.begin() + at);
    for (auto& memory : memories_) memory.erase(memory.begin() + at);
  }
}

template <class T>
double Optimizer<T>::checked_rate(const Schedule& learning_rate) const {
  const double rate = learning_rate(steps_) * scale_;
  if (!(std::isfinite(rate) && rate >= 0)) {
    throw ValueError(
        fmt::format("{0}: expected a finite learning rate >= 0 at step {2}, got {1}", name_, rate, steps_));
  }
  return rate;
}

template <class T>
double Optimizer<T>::clip_factor() const {
  if (options_.clip_norm == 0) return 1;
  const double norm = grad_norm(handles_);
  if (!std::isfinite(norm)) {
    throw ValueError(fmt::format("{}: clipping requires a finite norm of the gradients, got {} at step {}",
                                 name_, norm, steps_));
  }
  return norm > options_.clip_norm ? options_.clip_norm / norm : 1;
}

template <class T>
T* Optimizer<T>::memory(std::size_t m, std::size_t i) {
  auto& array = memories_[m][i];
  if (!array || array->shape() != handles_[i].shape()) {
    array = full<T>(handles_[i].shape(), T(0));
    updates_[i] = 1;
  }
  return array->data();
}

template <class T>
void Optimizer<T>::step() {
  follow_parameters();
  const Common common{.rate = static_cast<T>(checked_rate(options_.learning_rate)),
                      .decay = static_cast<T>(options_.weight_decay),
                      .clip = static_cast<T>(clip_factor())};
  prepare();
  for (std::size_t i = 0; i < handles_.size(); ++i) {
    ParameterHandle<T>& parameter = handles_[i];
    if (!parameter.has_grad()) continue;
    const T* gradient = parameter.grad().data();
    ++updates_[i];
    update(i, common, parameter.mutable_value().data(), gradient, parameter.size());
    if (options_.max_norm > 0) constrain_max_norm(parameter, options_.max_norm);
  }
  clear_grad();
  ++steps_;
}

template <class T>
void Optimizer<T>::clear_grad() {
  for (auto& parameter : handles_) parameter.clear_grad();
}

template <class T>
void Optimizer<T>::set_learning_rate(const Schedule& learning_rate) {
  checked_rate(learning_rate);
  options_.learning_rate = learning_rate;
}

template <class T>
void Optimizer<T>::set_learning_rate_scale(double scale) {
  if (!(std::isfinite(scale) && scale >= 0)) {
    throw ValueError(fmt::format("{}: expected a finite learning rate scale >= 0, got {}", name_, scale));
  }
  scale_ = scale;
}

template <class T>
void Optimizer<T>::reset() {
  steps_ = 0;
  scale_ = 1;
  std::fill(updates_.begin(), updates_.end(), 0);
  for (auto& memory : memories_) std::fill(memory.begin(), memory.end(), std::nullopt);
}

template <class T>
nn::StateDict Optimizer<T>::state_dict() const {
  nn::StateDict state;
  state.metadata["optimizer"] = name_;
  state.metadata["steps"] = std::to_string(steps_);
  state.metadata["updates"] = fmt::format("{}", fmt::join(updates_, " "));
  state.metadata["learning_rate_scale"] =
      fmt::format("{}", scale_);  // shortest text that is read back bit for bit
  for (std::size_t m = 0; m < memories_.size(); ++m) {
    for (std::size_t i = 0; i < parameters_.size(); ++i) {
      if (!memories_[m][i]) continue;
      state.arrays.push_back({memory_names_[m] + "." + parameters_[i].name, *memories_[m][i]});
    }
  }
  return state;
}

template <class T>
void Optimizer<T>::load_state_dict(const nn::StateDict& state) {
  std::vector<std::string> differences;
  const detail::StateReader reader(state, differences);
  const std::string kind = reader.text("optimizer");
  if (!kind.empty() && kind != name_) differences.push_back(fmt::format("it is the state of {}", kind));
  const std::size_t steps = reader.number<std::size_t>("steps");
  const double scale = reader.number<double>("learning_rate_scale");
  auto updates = reader.numbers<std::size_t>("updates", parameters_.size());

  auto memories = std::vector(memories_.size(), std::vector<std::optional<Array<T>>>(parameters_.size()));
  std::map<std::string, std::pair<std::size_t, std::size_t>> places;
  for (std::size_t m = 0; m < memories_.size(); ++m) {
    for (std::size_t i = 0; i < parameters_.size(); ++i) {
      places[memory_names_[m] + "." + parameters_[i].name] = {m, i};
    }
  }
  for (const nn::NamedArray& each : state.arrays) {
    const auto place = places.find(each.name);
    if (place == places.end()) {
      differences.push_back(fmt::format("\"{}\" does not belong to any parameter", each.name));
      continue;
    }
    const auto [m, i] = place->second;
    const auto* array = std::get_if<Array<T>>(&each.array);
    if (array == nullptr || array->shape() != handles_[i].shape()) {
      const Shape shape = std::visit([](const auto& any) { return any.shape(); }, each.array);
      differences.push_back(fmt::format("\"{0}\": expected shape {3}, got {1}{2}", each.name,
                                        to_string(shape), array == nullptr ? " in the other precision" : "",
                                        to_string(handles_[i].shape())));
      continue;
    }
    memories[m][i] = *array;
  }
  detail::throw_differences(name_, differences);
  memories_ = std::move(memories);
  updates_ = std::move(updates);
  steps_ = steps;
  scale_ = scale;
}

template class Optimizer<float>;
template class Optimizer<double>;

}  // namespace xgrad::optim
