#include <optim/chart.hpp>
#include <optim/png.hpp>
#include <optim/report.hpp>
#include <optim/svg.hpp>
#include <optim/text_file.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

namespace xgrad::optim {
namespace {

constexpr const char* style = R"css(
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #5c6670; --paper: #ffffff; --line: #d9dee3; --card: #f6f8fa; --tint: 0, 114, 178; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ec; --soft: #9aa4ae; --paper: #14171a; --line: #343a40; --card: #1c2024; --tint: 86, 180, 233; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1120px; padding: 28px 24px 60px; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, "Segoe UI", Helvetica, Arial, sans-serif; }
h1 { font-size: 25px; margin: 0; } h2 { font-size: 18px; margin: 36px 0 12px; } p { margin: 4px 0; color: var(--soft); }
.figures { display: flex; flex-wrap: wrap; gap: 12px; margin-top: 20px; }
.figure { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 10px 16px; min-width: 138px; }
.figure b { display: block; font-size: 22px; font-variant-numeric: tabular-nums; } .figure span { color: var(--soft); font-size: 13px; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(420px, 1fr)); gap: 14px; }
.charts svg { width: 100%; height: auto; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; } th { font-weight: 500; color: var(--soft); }
td, th { padding: 4px 9px; text-align: right; } th:first-child, td:first-child, .settings td { text-align: left; }
.matrix td { text-align: center; min-width: 44px; border: 1px solid var(--line); } .matrix .right { outline: 2px solid rgba(var(--tint), .55); outline-offset: -2px; }
.epochs tr:nth-child(even) td { background: var(--card); } .epochs .best td { font-weight: 650; }
.images { display: flex; flex-wrap: wrap; gap: 14px; } .images figure { margin: 0; width: 112px; font-size: 13px; line-height: 1.35; color: var(--soft); }
.images img { width: 112px; height: 112px; image-rendering: pixelated; border: 1px solid var(--line); border-radius: 4px; display: block; margin-bottom: 4px; }
.images b { color: var(--ink); } .filters figure, .filters img { width: 64px; } .filters img { height: 64px; }
.bar { display: inline-block; height: 12px; border-radius: 2px; background: rgb(var(--tint)); } .back { background: rgba(var(--tint), .45); }
.layers td:last-child { text-align: left; width: 60%; white-space: nowrap; }
)css";

/// Keeps the place on the page when it reloads.
constexpr const char* script = R"js(
addEventListener("beforeunload", () => sessionStorage.setItem("place", scrollY));
addEventListener("load", () => scrollTo(0, Number(sessionStorage.getItem("place") || 0)));
)js";

double or_nan(const std::optional<double>& value) {
  return value.value_or(std::numeric_limits<double>::quiet_NaN());
}

std::string percent(const std::optional<double>& value) {
  return value ? fmt::format("{:.2f} %", 100 * *value) : "–";
}

std::string number(const std::optional<double>& value) { return value ? fmt::format("{:.4f}", *value) : "–"; }

/// A column of the history, if any epoch has it.
template <class Get>
std::vector<double> column(const std::vector<EpochRecord>& history, const Get& get) {
  std::vector<double> values;
  for (const EpochRecord& each : history) values.push_back(get(each));
  const bool any = std::any_of(values.begin(), values.end(), [](double v) { return std::isfinite(v); });
  return any ? values : std::vector<double>();
}

Chart chart(const char* title, const char* unit, bool logarithmic = false) {
  return Chart({.title = title,
                .x_label = "epoch",
                .y_label = unit,
                .log_y = logarithmic,
                .width = 540,
                .height = 330,
                .background = ""});
}

std::string charts(const std::vector<EpochRecord>& history) {
  const auto epochs = column(history, [](const auto& r) { return static_cast<double>(r.epoch); });
  const auto add = [&](Chart& to, const char* name, const std::vector<double>& values,
                       const LineOptions& options = {}) {
    if (!values.empty()) to.line(name, epochs, values, options);
  };
  Chart risk = chart("Risk", "mean loss");
  add(risk, "training", column(history, [](const auto& r) { return r.training_risk; }));
  add(risk, "validation", column(history, [](const auto& r) { return or_nan(r.validation_risk); }));
  Chart error = chart("Error", "wrong decisions, %");
  add(error, "training", column(history, [](const auto& r) { return 100 * or_nan(r.training_error); }));
  add(error, "validation", column(history, [](const auto& r) { return 100 * or_nan(r.validation_error); }));
  Chart rate = chart("Learning rate", "");
  add(rate, "", column(history, [](const auto& r) { return r.learning_rate; }));
  Chart momentum = chart("Momentum", "");
  add(momentum, "", column(history, [](const auto& r) { return r.momentum; }), {.color = "#009e73"});
  return fmt::format("<div class=\"charts\">{}{}{}{}</div>\n", risk.svg(), error.svg(), rate.svg(),
                     momentum.svg());
}

std::string class_name(const RunInfo& info, std::size_t k) {
  return k < info.classes.size() ? escape_xml(info.classes[k]) : std::to_string(k);
}

std::string confusions(const RunInfo& info, const Details& details) {
  const auto& matrix = details.confusion;
  if (matrix.dimension() != 2 || matrix.size() == 0) return "";
  const std::size_t classes = matrix.shape()[0];
  std::string text =
      "<h2>Confusion matrix</h2>\n<p>Validation set; rows are labels, columns decisions.</p>\n"
      "<div class=\"scroll\"><table class=\"matrix\"><tr><th></th>";
  for (std::size_t k = 0; k < classes; ++k) text += fmt::format("<th>{}</th>", class_name(info, k));
  for (std::size_t i = 0; i < classes; ++i) {
    text += fmt::format("</tr>\n<tr><th>{}</th>", class_name(info, i));
    double total = 0;
    for (std::size_t j = 0; j < classes; ++j) total += static_cast<double>(matrix(i, j));
    for (std::size_t j = 0; j < classes; ++j) {
      // Tinted by the share of the row; small shares are the interesting ones, hence the root.
      const double share = total > 0 ? static_cast<double>(matrix(i, j)) / total : 0;
      text += fmt::format("<td{} style=\"background:rgba(var(--tint),{:.2f})\">{}</td>",
                          i == j ? " class=\"right\"" : "", 0.6 * std::sqrt(share),
                          matrix(i, j) == 0 ? "" : std::to_string(matrix(i, j)));
    }
  }
  text += "</tr></table></div>\n";
  if (details.worst.empty()) return text;
  text +=
      "<h2>Worst confusions</h2>\n<p>Wrong decisions of the validation set that the network is surest "
      "of.</p>\n"
      "<div class=\"images\">\n";
  for (const Confusion& each : details.worst) {
    text += fmt::format(
        "<figure><img alt=\"{1}, taken for {2}\" src=\"{0}\"><figcaption>is <b>{1}</b><br>taken for <b>{2}"
        "</b><br>{3:.1f} % sure</figcaption></figure>\n",
        detail::png_address(each.image), class_name(info, each.label), class_name(info, each.decision),
        100 * each.probability);
  }
  return text + "</div>\n";
}

std::string filters(const Details& details) {
  std::string text;
  for (const Filters& each : details.filters) {
    const Shape& shape = each.weights.shape();
    if (shape.size() != 4 || each.weights.size() == 0) continue;
    text += fmt::format(
        "<h2>Filters of {}</h2>\n<p>{} of {} x {}; each from its least weight, black, to its largest, "
        "white.</p>\n<div class=\"images filters\">\n",
        escape_xml(each.name), shape[0], shape[1], shape[2]);
    const std::size_t size = each.weights.size() / shape[0];
    for (std::size_t o = 0; o < std::min<std::size_t>(shape[0], 64); ++o) {
      Array<float> filter(Shape{shape[1], shape[2], shape[3]});
      std::copy_n(each.weights.data() + o * size, size, filter.data());
      text += fmt::format("<figure><img alt=\"filter {}\" src=\"{}\"></figure>\n", o,
                          detail::png_address(filter));
    }
    text += "</div>\n";
  }
  return text;
}

std::string layers(const Details& details) {
  if (details.layers.empty()) return "";
  double longest = 1e-9;
  for (const LayerTime& each : details.layers) longest = std::max(longest, each.forward + each.backward);
  std::string text =
      "<h2>Time of each layer</h2>\n<p>One training step: forward, and lighter backward, in "
      "milliseconds.</p>\n"
      "<div class=\"scroll\"><table "
      "class=\"layers\"><tr><th>layer</th><th>forward</th><th>backward</th><th></th></tr>\n";
  for (const LayerTime& each : details.layers) {
    text += fmt::format(
        "<tr><td>{}</td><td>{:.3f}</td><td>{:.3f}</td><td><span class=\"bar\" style=\"width:{:.1f}%\">"
        "</span><span class=\"bar back\" style=\"width:{:.1f}%\"></span></td></tr>\n",
        escape_xml(each.name), each.forward, each.backward, 95 * each.forward / longest,
        95 * each.backward / longest);
  }
  return text + "</table></div>\n";
}

std::string epochs(const std::vector<EpochRecord>& history) {
  std::string text =
      "<h2>Epochs</h2>\n<div class=\"scroll\"><table class=\"epochs\"><tr><th>epoch</th><th>training "
      "risk</th><th>error</th>"
      "<th>validation risk</th><th>error</th><th>learning "
      "rate</th><th>momentum</th><th>seconds</th><th>samples/s</th>"
      "<th>waiting</th></tr>\n";
  const auto best =
      std::find_if(history.rbegin(), history.rend(), [](const EpochRecord& each) { return each.best; });
  for (const EpochRecord& each : history) {
    text += fmt::format(
        "<tr{}><td>{}</td><td>{:.4f}</td><td>{}</td><td>{}</td><td>{}</td><td>{:.3g}</td><td>{:.3g}</td>"
        "<td>{:.1f}</td><td>{:.0f}</td><td>{:.1f} %</td></tr>\n",
        best != history.rend() && best->epoch == each.epoch ? " class=\"best\"" : "", each.epoch,
        each.training_risk, percent(each.training_error), number(each.validation_risk),
        percent(each.validation_error), each.learning_rate, each.momentum, each.seconds,
        each.samples_per_second, 100 * each.waiting_share);
  }
  return text + "</table></div>\n";
}

std::string settings(const RunInfo& info) {
  std::string text = "<h2>Settings</h2>\n<table class=\"settings\">\n";
  const auto row = [&](const std::string& name, const std::string& value) {
    text += fmt::format("<tr><td>{}</td><td>{}</td></tr>\n", escape_xml(name), escape_xml(value));
  };
  row("weights and biases", std::to_string(info.parameters));
  row("training samples", std::to_string(info.samples));
  row("steps an epoch", std::to_string(info.steps_per_epoch));
  for (const auto& [name, value] : info.settings) row(name, value);
  return text + "</table>\n";
}

std::string figure(const std::string& name, const std::string& value) {
  return fmt::format("<div class=\"figure\"><b>{}</b><span>{}</span></div>", value, name);
}

std::string figures(const RunInfo& info, const std::vector<EpochRecord>& history) {
  if (history.empty()) return "";
  const EpochRecord& last = history.back();
  const double seconds = std::accumulate(history.begin(), history.end(), 0.0,
                                         [](double sum, const auto& r) { return sum + r.seconds; });
  std::string text =
      "<div class=\"figures\">" + figure("of epochs", fmt::format("{} / {}", last.epoch, info.epochs));
  text += figure("training risk", number(last.training_risk));
  if (last.validation_risk) text += figure("validation risk", number(last.validation_risk));
  if (last.validation_error) {
    double best = 1;
    for (const EpochRecord& each : history) best = std::min(best, each.validation_error.value_or(1));
    text += figure("validation error", percent(last.validation_error)) +
            figure("best validation error", percent(best));
  }
  return text +
         figure("of training",
                seconds < 120 ? fmt::format("{:.0f} s", seconds) : fmt::format("{:.1f} min", seconds / 60)) +
         "</div>\n";
}

}  // namespace

Report::Report(std::filesystem::path path) : path_(std::move(path)) {}

void Report::begin(const RunInfo& info) {
  info_ = info;
  history_ = info.history;
  details_ = {};
  write("begins", true);
}

void Report::details(const Details& details) { details_ = details; }

void Report::epoch(const EpochRecord& record) {
  history_.push_back(record);
  write(fmt::format("epoch {} of {}", record.epoch + 1, info_.epochs), true);
}

void Report::end(const RunResult& result) {
  const std::string why = result.reason == "epochs" ? "finished" : "stopped: " + result.reason;
  write(why, false);
}

void Report::write(const std::string& state, bool goes_on) const {
  const std::string title = info_.title.empty() ? "Training" : escape_xml(info_.title);
  detail::write_text_file(
      path_,
      fmt::format(
          "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n{}"
          "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{}</title>\n"
          "<style>{}</style>\n<script>{}</script>\n</head>\n<body>\n<h1>{}</h1>\n<p>{}</p>\n{}{}{}{}{}{}{}</"
          "body>\n"
          "</html>\n",
          goes_on ? "<meta http-equiv=\"refresh\" content=\"5\">\n" : "", title, style, script, title,
          escape_xml(state), figures(info_, history_), history_.empty() ? "" : charts(history_),
          confusions(info_, details_), filters(details_), layers(details_),
          history_.empty() ? "" : epochs(history_), settings(info_)));
}

}  // namespace xgrad::optim
