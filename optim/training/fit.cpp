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

// ---- The history as named columns, for checkpoints ----

double or_nan(const std::optional<double>& value) {
  return value.value_or(std::numeric_limits<double>::quiet_NaN());
}

/// A member of EpochRecord as a column of doubles.
struct Column {
  const char* name;
  double (*get)(const EpochRecord&);
  void (*set)(EpochRecord&, double);
};

/// Whether a double is a count: an integer that it represents exactly.
bool is_count(double value) {
  constexpr double largest = 9007199254740992;  // 2^53: a double represents all integers up to it
  return value >= 0 && value <= largest;
}

template <auto member>
constexpr Column column(const char* name) {
  using Member = std::remove_reference_t<decltype(std::declval<EpochRecord&>().*member)>;
  return {name,
          [](const EpochRecord& record) {
            if constexpr (std::is_same_v<Member, std::optional<double>>) {
              return or_nan(record.*member);
            } else {
              return static_cast<double>(record.*member);
            }
          },
          [](EpochRecord& record, double value) {
            if constexpr (std::is_same_v<Member, std::optional<double>>) {
              record.*member = std::isnan(value) ? std::nullopt : std::optional<double>(value);
            } else if constexpr (std::is_same_v<Member, std::size_t>) {
              if (!is_count(value)) throw FileError("its history is missing or invalid");
              record.*member = static_cast<std::size_t>(value);
            } else {
              record.*member = static_cast<Member>(value);
            }
          }};
}

constexpr Column columns[] = {
    column<&EpochRecord::epoch>("epoch"),
    column<&EpochRecord::step>("step"),
    column<&EpochRecord::samples_seen>("samples_seen"),
    column<&EpochRecord::training_loss>("training_loss"),
    column<&EpochRecord::training_error>("training_error"),
    column<&EpochRecord::validation_loss>("validation_loss"),
    column<&EpochRecord::validation_error>("validation_error"),
    column<&EpochRecord::learning_rate>("learning_rate"),
    column<&EpochRecord::momentum>("momentum"),
    column<&EpochRecord::seconds>("seconds"),
    column<&EpochRecord::samples_per_second>("samples_per_second"),
    column<&EpochRecord::waiting_share>("waiting_share"),
    column<&EpochRecord::best>("best"),
};

/// One array for each column, `history.epoch` and so on.
std::vector<nn::NamedArray> to_columns(const std::vector<EpochRecord>& history) {
  std::vector<nn::NamedArray> arrays;
  for (const Column& each : columns) {
    Array<double> values(Shape{history.size()});
    std::transform(history.begin(), history.end(), values.begin(), each.get);
    arrays.push_back({fmt::format("history.{}", each.name), std::move(values)});
  }
  return arrays;
}

/// The history in a state. Throws FileError if a column is missing, has another length, or is not of counts
/// where it should be.
std::vector<EpochRecord> to_history(const nn::StateDict& state) {
  std::optional<std::vector<EpochRecord>> history;
  for (const Column& each : columns) {
    const std::string name = fmt::format("history.{}", each.name);
    const auto found = std::find_if(state.arrays.begin(), state.arrays.end(),
                                    [&](const nn::NamedArray& array) { return array.name == name; });
    const auto* values = found == state.arrays.end() ? nullptr : std::get_if<Array<double>>(&found->array);
    if (values == nullptr || values->dimension() != 1 || (history && values->size() != history->size())) {
      throw FileError("its history is missing or invalid");
    }
    if (!history) history.emplace(values->size());
    for (std::size_t i = 0; i < values->size(); ++i) each.set((*history)[i], values->data()[i]);
  }
  return *history;
}

// ---- The loop ----

/// Sums over an epoch.
struct Sums {
  std::size_t batches = 0;
  std::size_t samples = 0;
  double loss = 0;
  double wrong = 0;
  bool decides = true;  // whether every step so far has a count of wrong decisions
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

/// A run of `fit`, new or resumed from a checkpoint.
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
    while (!reason_ && !errors_.any()) {
      errors_.guard("training", [&] {
        if (!in_epoch_ && epoch_ >= settings_.epochs) {
          reason_ = StopReason::epochs;
        } else if (train_epoch(interrupt)) {
          end_epoch(interrupt);
        }
      });
    }
    if (errors_.any()) {
      reason_ = StopReason::error;
    } else if (task_.stopping && reason_ != StopReason::interrupted) {
      task_.stopping->restore();  // an interrupted run resumes from its last weights, not the best
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
    refuse(settings_.epochs == 0, "expected at least 1 epoch, got 0");
    refuse(task_.stopping && !settings_.validates, "early_stopping requires validation samples, got none");
    refuse(settings_.checkpoint_every > 0 && settings_.checkpoint.empty(),
           "checkpoint_every requires a file name in checkpoint, got none");
    for (const Monitor* each : settings_.monitors)
      refuse(each == nullptr, "expected monitors, got a null pointer");
  }

  /// Trains an epoch, or the rest of one; returns false if the run stops before its end.
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
      if (sums_.batches == settings_.info.steps_per_epoch) {  // end_epoch handles interrupts and errors
        if (stops) reason_ = StopReason::callback;
      } else if (stops || interrupt.came() || errors_.any()) {
        reason_ = stops ? StopReason::callback : StopReason::interrupted;
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
      if (task_.stopping && task_.stopping->update(value)) reason_ = StopReason::early_stopping;
    }
    if (plateau_) task_.reduce(*plateau_, record.validation_loss.value_or(record.training_loss));
    history_.push_back(record);
    errors_.guard("on_epoch", [&] {
      if (settings_.on_epoch && settings_.on_epoch(record) && !reason_) reason_ = StopReason::callback;
    });
    if (interrupt.came() && !reason_) reason_ = StopReason::interrupted;
    errors_.guard("the checkpoint", [&] { save(); });
    tell_details();
    tell("a monitor's epoch", [&](Monitor& each) { each.epoch(record); });
  }

  /// Calls f for every monitor, even if an earlier one throws.
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
    RunResult result{.reason = reason_.value_or(StopReason::epochs),
                     .error = errors_.any() ? errors_.message() : "",
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
    own.arrays = to_columns(history_);
    own.metadata = {
        {"epoch", std::to_string(epoch_)},
        {"in_epoch", in_epoch_ ? "1" : "0"},
        {"counts", fmt::format("{} {} {}", sums_.batches, sums_.samples, sums_.decides ? 1 : 0)},
        {"sums", fmt::format("{} {} {} {}", sums_.loss, sums_.wrong, sums_.seconds, sums_.waited)},
        {"reason", reason_ ? to_string(*reason_) : ""}};
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
        throw FileError("it was written with different options (early_stopping, reduce_on_plateau)");
      }
      read_own(parts["fit"]);
      task_.load_net(parts["model"]);
      task_.load_optimizer(parts["optimizer"]);
      task_.load_loader(parts["loader"]);
      if (plateau_) plateau_->load_state_dict(parts["plateau"]);
      if (task_.stopping) task_.stopping->load_state_dict(parts["stopping"]);
    } catch (const Error& error) {
      default_generator() = present;
      throw FileError(fmt::format("fit: cannot resume from {}: {}", settings_.resume.string(), error.what()));
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
    throw_differences("fit", differences);
    epoch_ = epoch, in_epoch_ = in_epoch != 0;
    sums_ = {counts[0], counts[1], sums[0], sums[1], counts[2] != 0, sums[2], sums[3]};
    history_ = to_history(own);
    if (reason == to_string(StopReason::early_stopping))
      reason_ = StopReason::early_stopping;  // the run is finished; all other runs continue if there are more
                                             // epochs
  }

  FitTask& task_;
  const FitSettings& settings_;
  Stopwatch watch_;
  std::optional<ReduceOnPlateau> plateau_;
  std::vector<EpochRecord> history_;
  std::size_t epoch_ = 0;  // the last one begun
  bool in_epoch_ = false;  // whether it is unfinished
  Sums sums_;              // over this epoch
  double rate_ = 0;        // of the last step
  double momentum_ = 0;
  std::optional<StopReason> reason_;  // empty while the run continues
  Errors errors_;
};

}  // namespace

RunResult run_fit(FitTask& task, const FitSettings& settings) { return Run(task, settings).run(); }

}  // namespace detail
}  // namespace xgrad::optim
