#include <optim/monitors/chart.hpp>
#include <optim/monitors/numbers.hpp>
#include <optim/monitors/report_page.hpp>
#include <optim/monitors/report_style.hpp>
#include <optim/monitors/report_tables.hpp>
#include <optim/monitors/svg.hpp>
#include <optim/version.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace xgrad::optim::detail {
namespace {

double or_nan(const std::optional<double>& value) {
  return value.value_or(std::numeric_limits<double>::quiet_NaN());
}

/// The best epoch, which is the last one marked as best; nullptr without validation.
const EpochRecord* best_of(const std::vector<EpochRecord>& history) {
  const auto best =
      std::find_if(history.rbegin(), history.rend(), [](const EpochRecord& each) { return each.best; });
  return best == history.rend() ? nullptr : &*best;
}

/// A curve of a chart, one value per epoch.
struct Curve {
  const char* name;
  const char* color;
  std::vector<double> values;
};

/// Whether the values span orders of magnitude, as in a run that diverges, and need a logarithmic axis. The
/// threshold is higher if there are zeros, which a logarithmic axis cannot show.
bool is_wide(const std::vector<Curve>& curves) {
  double least = std::numeric_limits<double>::infinity(), most = 0;
  bool has_zero = false;
  for (const Curve& each : curves) {
    for (const double value : each.values) {
      if (!std::isfinite(value)) continue;
      if (value < 0) return false;
      has_zero = has_zero || value == 0;
      if (value > 0) least = std::min(least, value), most = std::max(most, value);
    }
  }
  return most / least > (has_zero ? 1e5 : 100);
}

/// A chart over the epochs; empty if no curve has a finite value. A chart of results, unlike one of settings,
/// marks the best epoch and may have a logarithmic axis.
enum class Of { results, settings };
std::string chart(const std::vector<EpochRecord>& history, const char* title, const char* unit,
                  const std::vector<Curve>& curves, Of of) {
  const auto has_number = [](const Curve& curve) {
    return std::any_of(curve.values.begin(), curve.values.end(), [](double v) { return std::isfinite(v); });
  };
  if (std::none_of(curves.begin(), curves.end(), has_number)) return "";
  const bool wide = of == Of::results && is_wide(curves);
  Chart drawing({.title = title,
                 .x_label = "epoch",
                 .y_label = wide && *unit != 0 ? fmt::format("{}, logarithmic", unit) : unit,
                 .log_y = wide,
                 .width = 460,
                 .height = 310,
                 .background = "",
                 .whole_x = true});
  std::vector<double> epochs;
  for (const EpochRecord& each : history) epochs.push_back(static_cast<double>(each.epoch));
  for (const Curve& each : curves) {
    if (has_number(each)) drawing.line(each.name, epochs, each.values, {.color = each.color});
  }
  const EpochRecord* best = best_of(history);
  if (of == Of::results && best != nullptr && history.size() > 1) {
    drawing.mark(static_cast<double>(best->epoch), fmt::format("best: {}", best->epoch));
  }
  return drawing.svg();
}

std::string charts(const std::vector<EpochRecord>& history) {
  const auto curve = [&](const char* name, const char* color, auto get) {
    Curve made{name, color, {}};
    for (const EpochRecord& each : history) made.values.push_back(get(each));
    return made;
  };
  constexpr const char* one = "var(--one)";
  constexpr const char* two = "var(--two)";
  constexpr const char* three = "var(--three)";
  std::string text = "<div class=\"charts\">\n";
  text += chart(history, "Loss", "mean loss",
                {curve("training", one, [](const auto& r) { return r.training_loss; }),
                 curve("validation", two, [](const auto& r) { return or_nan(r.validation_loss); })},
                Of::results);
  text += chart(history, "Error", "wrong decisions, %",
                {curve("training", one, [](const auto& r) { return 100 * or_nan(r.training_error); }),
                 curve("validation", two, [](const auto& r) { return 100 * or_nan(r.validation_error); })},
                Of::results);
  text += chart(history, "Learning rate", "", {curve("", one, [](const auto& r) { return r.learning_rate; })},
                Of::settings);
  const auto has_momentum = [](const EpochRecord& each) { return each.momentum != 0; };
  if (std::any_of(history.begin(), history.end(), has_momentum)) {
    text += chart(history, "Momentum", "", {curve("", three, [](const auto& r) { return r.momentum; })},
                  Of::settings);
  }
  return text + "</div>\n";
}

std::string figure(const std::string& name, const std::string& value) {
  return fmt::format("<div class=\"figure\"><b>{}</b><span>{}</span></div>\n", escape_xml(value),
                     escape_xml(name));
}

std::string figures(const ReportData& data) {
  std::string text;
  for (const auto& [name, value] : data.figures) text += figure(name, value);
  if (data.history.empty()) return text;
  const EpochRecord& last = data.history.back();
  if (const EpochRecord* best = best_of(data.history)) {
    text += best->validation_error ? figure(fmt::format("best validation error, epoch {}", best->epoch),
                                            percent(best->validation_error))
                                   : figure(fmt::format("best validation loss, epoch {}", best->epoch),
                                            short_number(*best->validation_loss));
  }
  if (last.validation_error) text += figure("validation error", percent(last.validation_error));
  if (last.validation_loss) text += figure("validation loss", short_number(*last.validation_loss));
  text += figure("training loss", short_number(last.training_loss));
  text += figure("epochs", fmt::format("{} of {}", last.epoch, data.info.epochs));
  const double seconds = std::accumulate(data.history.begin(), data.history.end(), 0.0,
                                         [](double sum, const auto& r) { return sum + r.seconds; });
  return text + figure("training time", duration(seconds));
}

constexpr const char* kind_names[] = {"runs", "finished", "stopped"};

}  // namespace

ReportPage report_page(const ReportData& data) {
  const std::string title = data.info.title.empty() ? "Training" : escape_xml(data.info.title);
  ReportPage page;
  page.before = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{0}</title>\n"
      "<style>{1}</style>\n<script>{2}</script>\n</head>\n<body class=\"",
      title, report_style, report_script);
  const std::string shown = figures(data);
  page.after = fmt::format(" · started {} · xgrad {}</p>\n", escape_xml(data.started), XGRAD_VERSION);
  if (!shown.empty()) page.after += "<div class=\"figures\">\n" + shown + "</div>\n";
  if (!data.history.empty()) page.after += charts(data.history);
  page.after += confusion_section(data.info, data.details) + filters_section(data.details) +
                layers_section(data.details) + epochs_section(data.history) + settings_section(data.info) +
                "</body>\n</html>\n";
  page.title = title;
  return page;
}

std::string with_state(const ReportPage& page, const ReportState& state, long long written) {
  const std::string left =
      state.seconds_left
          ? fmt::format(", about {} left", duration(std::max(1.0, std::round(*state.seconds_left))))
          : "";
  return fmt::format("{}{}\" data-written=\"{}\">\n<h1>{}</h1>\n<p><span class=\"state\">{}{}</span>{}",
                     page.before, kind_names[state.kind], written, page.title, escape_xml(state.text), left,
                     page.after);
}

}  // namespace xgrad::optim::detail
