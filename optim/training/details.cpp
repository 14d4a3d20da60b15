#include <autodiff/error.hpp>
#include <optim/training/details.hpp>

#include <algorithm>

namespace xgrad::optim::detail {

void ConfusionCollector::add(const Array<float>& probabilities, const Array<std::int64_t>& labels,
                             const Array<float>& images) {
  const std::size_t classes = probabilities.shape()[1];
  if (matrix_.dimension() != 2) matrix_ = Array<std::int64_t>(Shape{classes, classes}, 0);
  const Array<std::int64_t> decisions = nn::arg_max(probabilities);
  const bool has_images = images.dimension() == 4;
  const std::size_t size = has_images && images.shape()[0] > 0 ? images.size() / images.shape()[0] : 0;
  for (std::size_t n = 0; n < labels.size(); ++n) {
    const auto label = static_cast<std::size_t>(labels(n));
    const auto decision = static_cast<std::size_t>(decisions(n));
    if (label >= classes) continue;
    ++matrix_(label, decision);
    if (label == decision || !has_images) continue;
    const auto probability = static_cast<double>(probabilities(n, decision));
    if (worst_.size() == most_ && !(probability > worst_.back().probability)) continue;
    Array<float> image(Shape{images.shape()[1], images.shape()[2], images.shape()[3]});
    std::copy_n(images.data() + n * size, size, image.data());
    const auto place = std::upper_bound(worst_.begin(), worst_.end(), probability,
                                        [](double p, const Confusion& each) { return p > each.probability; });
    worst_.insert(place, {std::move(image), label, decision, probability});
    if (worst_.size() > most_) worst_.pop_back();
  }
}

void ConfusionCollector::finish(Details& details) {
  if (matrix_.dimension() == 2) details.confusion = std::move(matrix_);
  details.worst = std::move(worst_);
}

template <class T>
std::vector<Filters> first_filters(const std::vector<nn::NamedParameter<T>>& parameters) {
  for (const auto& each : parameters) {
    if (each.kind != nn::LayerKind::conv2d) continue;
    return {{each.name, to_array<float>(xt::cast<float>(each.parameter.value()))}};
  }
  return {};
}

std::vector<LayerTime> by_layer(const std::vector<RecordedOperation>& operations) {
  std::vector<LayerTime> layers;
  for (const RecordedOperation& each : operations) {
    std::string name = each.operation;
    if (!each.parameters.empty()) name = each.parameters[0].substr(0, each.parameters[0].rfind('.'));
    if (layers.empty() || layers.back().name != name) layers.push_back({name, 0, 0, each.operation});
    layers.back().forward += 1e3 * each.seconds;
    layers.back().backward += 1e3 * each.backward_seconds;
  }
  return layers;
}

#define XGRAD_INSTANTIATE(T) \
  template std::vector<Filters> first_filters<T>(const std::vector<nn::NamedParameter<T>>&);
XGRAD_INSTANTIATE(float)
XGRAD_INSTANTIATE(double)
#undef XGRAD_INSTANTIATE

}  // namespace xgrad::optim::detail
