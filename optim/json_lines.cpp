#include <autodiff/error.hpp>
#include <optim/json_lines.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cerrno>
#include <cmath>
#include <cstring>
#include <vector>

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
          {"training_risk", number(record.training_risk)},
          {"training_error", number(record.training_error)},
          {"validation_risk", number(record.validation_risk)},
          {"validation_error", number(record.validation_error)},
          {"learning_rate", number(record.learning_rate)},
          {"momentum", number(record.momentum)},
          {"seconds", number(record.seconds)},
          {"samples_per_second", number(record.samples_per_second)},
          {"waiting_share", number(record.waiting_share)},
          {"best", record.best}};
}

/// Text that is no UTF-8 does not stop a run.
std::string text(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

/// The lines of steps up to this one that are in the file.
std::vector<std::string> lines_until(const std::filesystem::path& path, std::size_t step) {
  std::vector<std::string> kept;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const Json json = Json::parse(line, nullptr, false);
    if (!json.is_object() || !json.contains("step") || !json["step"].is_number_unsigned()) continue;
    if (json["step"] <= step) kept.push_back(line);
  }
  return kept;
}

}  // namespace

JsonLines::JsonLines(std::filesystem::path path, std::size_t every) : path_(std::move(path)), every_(every) {}

void JsonLines::begin(const RunInfo& info) {
  std::vector<std::string> kept;
  if (!info.history.empty()) kept = lines_until(path_, info.history.back().step);
  file_.close();
  file_.clear();
  errno = 0;
  file_.open(path_, std::ios::trunc);
  Json settings = Json::object();
  for (const auto& [name, value] : info.settings) settings[name] = value;
  write(text({{"kind", "run"},
              {"title", info.title},
              {"epochs", info.epochs},
              {"steps_per_epoch", info.steps_per_epoch},
              {"samples", info.samples},
              {"parameters", info.parameters},
              {"settings", settings}}));
  for (const std::string& line : kept) write(line);
}

void JsonLines::batch(const BatchRecord& record) {
  if (every_ == 0 || record.step % every_ != 0) return;
  write(text({{"kind", "step"},
              {"step", record.step},
              {"epoch", record.epoch},
              {"risk", number(record.risk)},
              {"running_risk", number(record.running_risk)},
              {"running_error", number(record.running_error)},
              {"learning_rate", number(record.learning_rate)},
              {"momentum", number(record.momentum)}}));
}

void JsonLines::epoch(const EpochRecord& record) { write(text(to_json(record))); }

void JsonLines::end(const RunResult& result) {
  write(text({{"kind", "end"},
              {"reason", result.reason},
              {"epochs", result.epochs},
              {"best_epoch", result.best_epoch},
              {"best_error", number(result.best_error)},
              {"best_risk", number(result.best_risk)},
              {"seconds", number(result.seconds)}}));
}

void JsonLines::write(const std::string& line) {
  if (!(file_ << line << '\n').flush()) {
    throw FileError(
        fmt::format("cannot write {}: {}", path_.string(), std::strerror(errno != 0 ? errno : EIO)));
  }
}

}  // namespace xgrad::optim
