// A mixture of Gaussians fitted to samples of a known mixture, by gradient ascent on the log-likelihood.
// `logsumexp` adds densities without underflow; soft-max weights and logarithms of deviations leave every
// parameter unconstrained.
#include <autodiff/autodiff.hpp>
#include <nn/nn.hpp>
#include <optim/optim.hpp>

#include <fmt/format.h>

#include <cmath>
#include <numbers>

using namespace xgrad;

struct Mixture {
  Parameter<double> logits;  // the weights are their soft-max
  Parameter<double> means;
  Parameter<double> log_deviations;

  Mixture(const xt::xarray<double>& weights, const xt::xarray<double>& mu, const xt::xarray<double>& sigma)
      : logits(xt::log(weights)), means(mu), log_deviations(xt::log(sigma)) {}

  auto fields() { return nn::fields("logits", logits, "means", means, "log_deviations", log_deviations); }

  /// The mean over samples x {N, 1} of log sum_k w_k N(x; mu_k, sigma_k^2).
  Variable<double> log_likelihood(const Variable<double>& x) const {
    const auto z = (x - means) * exp(-log_deviations);
    const auto log_densities = -0.5 * square(z) - log_deviations - 0.5 * std::log(2 * std::numbers::pi);
    return mean(logsumexp(log_softmax(logits) + log_densities, 1));
  }
};

/// Samples {count, 1}.
Array<double> draw(const Mixture& mixture, std::size_t count, Generator& generator) {
  const Array<double> weights = softmax(mixture.logits).value();
  const Array<double> deviations = exp(mixture.log_deviations).value();
  const Array<double> uniform = random_uniform<double>({count}, 0, 1, generator);
  Array<double> samples = random_normal<double>({count, 1}, 0, 1, generator);
  for (std::size_t i = 0; i < count; ++i) {
    std::size_t k = 0;
    for (double rest = uniform(i); k + 1 < weights.size() && rest >= weights(k); ++k) rest -= weights(k);
    samples(i, 0) = mixture.means.value()(k) + deviations(k) * samples(i, 0);
  }
  return samples;
}

int main() {
  const Mixture truth({0.5, 0.3, 0.2}, {-2.0, 1.0, 4.0}, {0.5, 1.0, 0.7});
  Generator generator(1);
  const auto samples = constant(draw(truth, 20'000, generator));

  Mixture fitted({1.0, 1.0, 1.0}, {-1.0, 0.0, 1.0}, {1.0, 1.0, 1.0});
  optim::SGD<double> sgd(nn::parameters(fitted), {.learning_rate = 0.3, .momentum = 0.9});
  for (int step = 0; step <= 300; ++step) {
    Tape tape;
    const auto loss = -fitted.log_likelihood(samples);
    tape.backward(loss);
    if (step % 100 == 0) fmt::print("step {:3}  log-likelihood {:8.5f}\n", step, -loss.item());
    sgd.step();
  }

  fmt::print("\n             weight            mean         deviation\n");
  fmt::print("          true   fitted     true   fitted   true   fitted\n");
  for (std::size_t k = 0; k < 3; ++k) {
    const auto weight = [k](const Mixture& m) { return softmax(m.logits).value()(k); };
    const auto deviation = [k](const Mixture& m) { return exp(m.log_deviations).value()(k); };
    fmt::print("{:7} {:7.3f} {:7.3f} {:9.3f} {:7.3f} {:7.3f} {:7.3f}\n", k + 1, weight(truth), weight(fitted),
               truth.means.value()(k), fitted.means.value()(k), deviation(truth), deviation(fitted));
  }
  fmt::print("\nlog-likelihood of a sample, in the mean: {:.5f} under the truth, {:.5f} as fitted\n",
             truth.log_likelihood(samples).item(), fitted.log_likelihood(samples).item());
}
