#include <autodiff/error.hpp>
#include <optim/training/checkpoint.hpp>
#include <optim/training/errors.hpp>
#include <optim/training/fit.hpp>
#include <optim/training/interrupt.hpp>
#include <optim/training/state_reader.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>

namespace xgrad::optim {

Monitor::~Monitor() = default;

namespace detail {
namespace {

class Stopwatch {
 public:
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

// ---- The history as an array, for checkpoints ----

constexpr std::size_t record_size = 13;

double or_nan(const std::optional<double>& value) {
  return value.value_or(std::numeric_limits<double>::quiet_NaN());
}

std::optional<double> from_nan(double value) {
  return std::isnan(value) ? std::nullopt : std::optional<double>(value);
}

Array<double> to_array(const std::vector<EpochRecord>& history) {
  Array<double> rows(Shape{history.size(), record_size});
  for (std::size_t i = 0; i < history.size(); ++i) {
    const EpochRecord& r = history[i];
    const double row[record_size] = {static_cast<double>(r.epoch),
                                     static_cast<double>(r.step),
                                     static_cast<double>(r.samples_seen),
                                     r.training_loss,
                                     or_nan(r.training_error),
                                     or_nan(r.validation_loss),
                                     or_nan(r.validation_error),
                                     r.learning_rate,
                                     r.momentum,
                                     r.seconds,
                                     r.samples_per_second,
                                     r.waiting_share,
                                     r.best ? 1.0 : 0.0};
    std::copy_n(row, record_size, rows.data() + i * record_size);
  }
  return rows;
}

/// Whether an array of a file is a history: rows that begin with three counts.
bool is_history(const Array<double>& rows) {
  if (rows.dimension() != 2 || rows.shape()[1] != record_size) return false;
  constexpr double largest = 9007199254740992;  // 2^53, up to which a double holds every count
  for (std::size_t i = 0; i < rows.shape()[0]; ++i) {
    const double* row = rows.data() + i * record_size;
    for (const double count : {row[0], row[1], row[2]}) {
      if (!(count >= 0 && count <= largest)) return false;
    }
  }
  return true;
}

std::vector<EpochRecord> to_history(const Array<double>& rows) {
  std::vector<EpochRecord> history;
  for (std::size_t i = 0; i < rows.shape()[0]; ++i) {
    const double* row = rows.data() + i * record_size;
    history.push_back({static_cast<std::size_t>(row[0]), static_cast<std::size_t>(row[1]),
                       static_cast<std::size_t>(row[2]), row[3], from_nan(row[4]), from_nan(row[5]),
                       from_nan(row[6]), row[7], row[8], row[9], row[10], row[11], row[12] != 0});
  }
  return history;
}

// ---- The loop ----

/// What is summed up over an epoch.
struct Sums {
  std::size_t batches = 0;
  std::size_t samples = 0;
  double loss = 0;
  double wrong = 0;
  bool decides = true;  // whether wrong decisions could be counted
  double seconds = 0;
  double waited = 0;

  void add(const StepResult& step) {
    ++batches;
    samples += step.samples;
    loss += step.loss * static_cast<double>(step.samples);
    wrong += step.wrong.value_or(0);
    decides = decides && step.wrong.has_value();
  }
  double mean_loss() const { return loss / static_cast<double>(samples); }
  std::optional<double> error() const {
    return decides ? std::optional<double>(wrong / static_cast<double>(samples)) : std::nullopt;
  }
  double rate() const { return seconds > 0 ? static_cast<double>(samples) / seconds : 0; }
};

/// A run from its beginning, or from a checkpoint, to its end.
class Run {
 public:
  Run(FitTask& task, const FitSettings& settings) : task_(task), settings_(settings) {
    check();
    if (settings.reduce_on_plateau) plateau_.emplace(*settings.reduce_on_plateau);
    if (!settings.resume.empty()) resume();
  }

  RunResult run() {
    RunInfo info = settings_.info;
    info.history = history_;
    if (!settings_.resume.empty()) info.step = task_.steps();
    const Interrupt interrupt(settings_.stop_on_interrupt);
    tell("a monitor's begin", [&](Monitor& each) { each.begin(info); });
    while (reason_.empty() && !errors_.any()) {
      errors_.guard("training", [&] {
        if (!in_epoch_ && epoch_ >= settings_.epochs) {
          reason_ = "epochs";
        } else if (train_epoch(interrupt)) {
          end_epoch(interrupt);
        }
      });
    }
    if (errors_.any()) {
      reason_ = errors_.message();
    } else if (task_.stopping && reason_ != "interrupted") {
      task_.stopping->restore();  // a run that was interrupted goes on from its last weights, not the best
    }
    const RunResult result = result_of(interrupt.signal());
    tell("a monitor's end", [&](Monitor& each) { each.end(result); });
    if (errors_.any()) errors_.raise();
    return result;
  }

 private:
  void check() const {
    const auto refuse = [](bool wrong, const char* what) {
      if (wrong) throw ValueError(fmt::format("fit: {}", what));
    };
    refuse(settings_.epochs == 0, "0 epochs came, expected at least 1");
    refuse(task_.stopping && !settings_.validates, "early_stopping came without samples for validation");
    refuse(settings_.checkpoint_every > 0 && settings_.checkpoint.empty(),
           "checkpoint_every came without the name of a file, .checkpoint");
    for (const Monitor* each : settings_.monitors)
      refuse(each == nullptr, "a null pointer came for a monitor");
  }

  /// An epoch, or the rest of one; false where it was left before its end.
  bool train_epoch(const Interrupt& interrupt) {
    task_.begin_epoch();
    if (!in_epoch_) {
      in_epoch_ = true;
      ++epoch_;
      sums_ = {};
    }
    const Stopwatch watch;
    const double waited = task_.seconds_waited();
    const Sums before = sums_;
    while (true) {
      rate_ = task_.learning_rate();
      momentum_ = task_.momentum();
      const std::optional<StepResult> step = task_.step();
      if (!step) return true;
      if (!std::isfinite(step->loss)) {
        throw Error(fmt::format("fit: the loss is {} at step {}, in epoch {}: try a smaller learning rate",
                                step->loss, task_.steps(), epoch_));
      }
      sums_.add(*step);
      sums_.seconds = before.seconds + watch.seconds();
      sums_.waited = before.waited + task_.seconds_waited() - waited;
      const BatchRecord record = batch_record(*step);
      tell("a monitor's batch", [&](Monitor& each) { each.batch(record); });
      bool stops = false;
      errors_.guard("on_batch", [&] { stops = settings_.on_batch && settings_.on_batch(record); });
      if (sums_.batches == settings_.info.steps_per_epoch) {  // the epoch ends first
        if (stops) reason_ = "callback";
      } else if (stops || interrupt.came() || errors_.any()) {
        reason_ = stops ? "callback" : "interrupted";
        save();
        return false;
      } else if (settings_.checkpoint_every > 0 && task_.steps() % settings_.checkpoint_every == 0) {
        save();
      }
    }
  }

  BatchRecord batch_record(const StepResult& step) const {
    return {epoch_,        settings_.epochs,  task_.steps(), sums_.samples, settings_.info.samples,
            step.loss,     sums_.mean_loss(), sums_.error(), rate_,         momentum_,
            sums_.seconds, sums_.rate()};
  }

  void end_epoch(const Interrupt& interrupt) {
    in_epoch_ = false;
    EpochRecord record{.epoch = epoch_,
                       .step = task_.steps(),
                       .samples_seen = (history_.empty() ? 0 : history_.back().samples_seen) + sums_.samples,
                       .training_loss = sums_.mean_loss(),
                       .training_error = sums_.error(),
                       .learning_rate = rate_,
                       .momentum = momentum_,
                       .seconds = sums_.seconds,
                       .samples_per_second = sums_.rate(),
                       .waiting_share = sums_.seconds > 0 ? sums_.waited / sums_.seconds : 0};
    if (settings_.validates) {
      const nn::Evaluation found = task_.validate();
      record.validation_loss = found.loss;
      record.validation_error = found.error;
      const double value = found.error.value_or(found.loss);
      record.best = std::none_of(history_.begin(), history_.end(), [&](const EpochRecord& each) {
        return each.validation_error.value_or(or_nan(each.validation_loss)) <= value;
      });
      if (task_.stopping && task_.stopping->update(value)) reason_ = "early stopping";
    }
    if (plateau_) task_.reduce(*plateau_, record.validation_loss.value_or(record.training_loss));
    history_.push_back(record);
    errors_.guard("on_epoch", [&] {
      if (settings_.on_epoch && settings_.on_epoch(record) && reason_.empty()) reason_ = "callback";
    });
    if (interrupt.came() && reason_.empty()) reason_ = "interrupted";
    errors_.guard("the checkpoint", [&] { save(); });
    tell_details();
    tell("a monitor's epoch", [&](Monitor& each) { each.epoch(record); });
  }

  /// Tells every monitor, also after one that fails.
  template <class F>
  void tell(const char* where, const F& f) {
    for (Monitor* each : settings_.monitors) {
      errors_.guard(where, [&] { f(*each); });
    }
  }

  void tell_details() {
    const auto wants = [](const Monitor* each) { return each->wants_details(); };
    if (std::none_of(settings_.monitors.begin(), settings_.monitors.end(), wants)) return;
    errors_.guard("the details for monitors", [&] {
      const Details details = task_.details();
      tell("a monitor's details", [&](Monitor& each) {
        if (wants(&each)) each.details(details);
      });
    });
  }

  RunResult result_of(int signal) const {
    RunResult result{.reason = reason_,
                     .epochs = history_.size(),
                     .seconds = watch_.seconds(),
                     .history = history_,
                     .signal = signal};
    for (const EpochRecord& each : history_) {
      if (!each.best) continue;
      result.best_epoch = each.epoch;
      result.best_error = each.validation_error;
      result.best_loss = each.validation_loss;
    }
    return result;
  }

  void save() const {
    if (settings_.checkpoint.empty()) return;
    nn::StateDict own;
    own.arrays.push_back({"history", to_array(history_)});
    own.metadata = {
        {"epoch", std::to_string(epoch_)},
        {"in_epoch", in_epoch_ ? "1" : "0"},
        {"counts", fmt::format("{} {} {}", sums_.batches, sums_.samples, sums_.decides ? 1 : 0)},
        {"sums", fmt::format("{} {} {} {}", sums_.loss, sums_.wrong, sums_.seconds, sums_.waited)},
        {"reason", reason_}};
    std::map<std::string, nn::StateDict> parts{{"model", task_.net()},
                                               {"optimizer", task_.optimizer()},
                                               {"loader", task_.loader()},
                                               {"fit", std::move(own)}};
    if (plateau_) parts["plateau"] = plateau_->state_dict();
    if (task_.stopping) parts["stopping"] = task_.stopping->state_dict();
    save_checkpoint(settings_.checkpoint, parts);
  }

  void resume() {
    const Generator present = default_generator();
    try {
      auto parts = load_checkpoint(settings_.resume);
      for (const char* name : {"model", "optimizer", "loader", "fit"}) {
        if (!parts.contains(name)) throw FileError(fmt::format("it has no part \"{}\"", name));
      }
      if (plateau_.has_value() != parts.contains("plateau") ||
          (task_.stopping != nullptr) != parts.contains("stopping")) {
        throw FileError("it was written with other options (early_stopping, reduce_on_plateau)");
      }
      read_own(parts["fit"]);
      task_.load_net(parts["model"]);
      task_.load_optimizer(parts["optimizer"]);
      task_.load_loader(parts["loader"]);
      if (plateau_) plateau_->load_state_dict(parts["plateau"]);
      if (task_.stopping) task_.stopping->load_state_dict(parts["stopping"]);
    } catch (const Error& error) {
      default_generator() = present;
      throw FileError(fmt::format("fit: cannot go on from {}: {}", settings_.resume.string(), error.what()));
    }
  }

  void read_own(const nn::StateDict& own) {
    std::vector<std::string> differences;
    const StateReader reader(own, differences);
    const auto epoch = reader.number<std::size_t>("epoch");
    const auto in_epoch = reader.number<std::size_t>("in_epoch");
    const auto counts = reader.numbers<std::size_t>("counts", 3);
    const auto sums = reader.numbers<double>("sums", 4);
    const std::string reason = reader.text("reason");
    const Array<double>* history =
        own.arrays.size() == 1 ? std::get_if<Array<double>>(&own.arrays[0].array) : nullptr;
    if (history == nullptr || !is_history(*history)) {
      differences.emplace_back("it has no proper history");
    }
    throw_differences("fit", differences);
    epoch_ = epoch, in_epoch_ = in_epoch != 0;
    sums_ = {counts[0], counts[1], sums[0], sums[1], counts[2] != 0, sums[2], sums[3]};
    history_ = to_history(*history);
    if (reason == "early stopping")
      reason_ = reason;  // it is over; other runs go on, if there are more epochs
  }

  FitTask& task_;
  const FitSettings& settings_;
  Stopwatch watch_;
  std::optional<ReduceOnPlateau> plateau_;
  std::vector<EpochRecord> history_;
  std::size_t epoch_ = 0;  // that was begun last
  bool in_epoch_ = false;  // it has not ended
  Sums sums_;              // over it
  double rate_ = 0;        // of the last step
  double momentum_ = 0;
  std::string reason_;  // to stop
  Errors errors_;
};

}  // namespace

RunResult run_fit(FitTask& task, const FitSettings& settings) { return Run(task, settings).run(); }

}  // namespace detail
}  // namespace xgrad::optim
