#include <autodiff/files/atomic_file.hpp>
#include <autodiff/files/output_file.hpp>
#include <optim/monitors/json_lines.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <string>
#include <utility>

namespace xgrad::optim {
namespace {

using Json = nlohmann::ordered_json;

Json number(const std::optional<double>& value) {
  return value && std::isfinite(*value) ? Json(*value) : Json(nullptr);
}

Json to_json(const EpochRecord& record) {
  return {{"kind", "epoch"},
          {"epoch", record.epoch},
          {"step", record.step},
          {"samples_seen", record.samples_seen},
          {"training_loss", number(record.training_loss)},
          {"training_error", number(record.training_error)},
          {"validation_loss", number(record.validation_loss)},
          {"validation_error", number(record.validation_error)},
          {"learning_rate", number(record.learning_rate)},
          {"momentum", number(record.momentum)},
          {"seconds", number(record.seconds)},
          {"samples_per_second", number(record.samples_per_second)},
          {"waiting_share", number(record.waiting_share)},
          {"best", record.best}};
}

/// Replaces invalid UTF-8 instead of throwing, so that it does not end a run.
std::string text(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

/// The lines of the file that belong to steps up to `step`. Incomplete lines are dropped.
std::string lines_until(const std::filesystem::path& path, std::size_t step) {
  std::string kept;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const Json json = Json::parse(line, nullptr, false);
    if (!json.is_object() || !json.contains("step") || !json["step"].is_number_unsigned()) continue;
    if (json["step"] <= step) kept += line + '\n';
  }
  return kept;
}

}  // namespace

JsonLines::JsonLines(std::filesystem::path path, std::size_t every) : path_(std::move(path)), every_(every) {}
JsonLines::~JsonLines() = default;

void JsonLines::begin(const RunInfo& info) {
  Json settings = Json::object();
  for (const auto& [name, value] : info.settings) settings[name] = value;
  std::string lines = text({{"kind", "run"},
                            {"title", info.title},
                            {"epochs", info.epochs},
                            {"steps_per_epoch", info.steps_per_epoch},
                            {"samples", info.samples},
                            {"parameters", info.parameters},
                            {"settings", settings}}) +
                      '\n';
  using files::OutputFile;
  file_.reset();
  if (info.goes_on() && std::filesystem::is_regular_file(path_)) {
    const std::size_t last_epoch = info.history.empty() ? 0 : info.history.back().step;
    lines += lines_until(path_, std::max(info.step, last_epoch));
    files::write_atomically(path_, lines);  // atomically: no line is lost if the program is killed here
    file_ = std::make_unique<OutputFile>(path_, OutputFile::Mode::add);
  } else {
    file_ = std::make_unique<OutputFile>(path_, OutputFile::Mode::truncate);
    file_->append(lines);
  }
}

void JsonLines::batch(const BatchRecord& record) {
  if (every_ == 0 || record.step % every_ != 0) return;
  write(text({{"kind", "step"},
              {"step", record.step},
              {"epoch", record.epoch},
              {"loss", number(record.loss)},
              {"running_loss", number(record.running_loss)},
              {"running_error", number(record.running_error)},
              {"learning_rate", number(record.learning_rate)},
              {"momentum", number(record.momentum)}}));
}

void JsonLines::epoch(const EpochRecord& record) { write(text(to_json(record))); }

void JsonLines::end(const RunResult& result) {
  write(text({{"kind", "end"},
              {"reason", result.reason_text()},
              {"epochs", result.epochs},
              {"best_epoch", result.best_epoch},
              {"best_error", number(result.best_error)},
              {"best_loss", number(result.best_loss)},
              {"seconds", number(result.seconds)}}));
}

void JsonLines::write(std::string line) {
  using files::OutputFile;
  if (!file_)
    file_ = std::make_unique<OutputFile>(path_, OutputFile::Mode::truncate);  // used without `begin`
  file_->append(line += '\n');
}

}  // namespace xgrad::optim
