#include <optim/monitors/numbers.hpp>
#include <optim/monitors/png.hpp>
#include <optim/monitors/report_tables.hpp>
#include <optim/monitors/svg.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

namespace xgrad::optim::detail {
namespace {

constexpr std::size_t most_in_a_matrix = 20;  // maximum number of classes for a table; above it, an image
constexpr std::size_t most_pairs = 15;
constexpr std::size_t most_rows = 500;  // maximum number of rows in the table of epochs

std::string class_name(const RunInfo& info, std::size_t k) {
  return k < info.classes.size() ? escape_xml(info.classes[k]) : std::to_string(k);
}

double row_sum(const Array<std::int64_t>& matrix, std::size_t i) {
  double sum = 0;
  for (std::size_t j = 0; j < matrix.shape()[1]; ++j) sum += static_cast<double>(matrix(i, j));
  return sum;
}

/// The darkness of an entry in [0, 1]: the square root of its fraction of the row, which emphasises small
/// fractions.
double darkness(const Array<std::int64_t>& matrix, std::size_t i, std::size_t j, double sum) {
  return sum > 0 ? std::sqrt(static_cast<double>(matrix(i, j)) / sum) : 0;
}

std::string matrix_table(const RunInfo& info, const Array<std::int64_t>& matrix) {
  const std::size_t classes = matrix.shape()[0];
  std::string text = "<div class=\"scroll\"><table class=\"matrix\"><tr><th></th>";
  for (std::size_t k = 0; k < classes; ++k) text += fmt::format("<th>{}</th>", class_name(info, k));
  for (std::size_t i = 0; i < classes; ++i) {
    text += fmt::format("</tr>\n<tr><th>{}</th>", class_name(info, i));
    const double sum = row_sum(matrix, i);
    for (std::size_t j = 0; j < classes; ++j) {
      text += fmt::format("<td{} style=\"background:rgba(var(--tint),{:.2f})\">{}</td>",
                          i == j ? " class=\"right\"" : "", 0.6 * darkness(matrix, i, j, sum),
                          matrix(i, j) == 0 ? "" : std::to_string(matrix(i, j)));
    }
  }
  return text + "</tr></table></div>\n";
}

/// The matrix as an image with one pixel per entry.
std::string matrix_image(const Array<std::int64_t>& matrix) {
  const std::size_t classes = matrix.shape()[0];
  constexpr float white[] = {1, 1, 1}, blue[] = {0, 0.27F, 0.5F};
  Array<float> image(Shape{classes, classes, 3});
  for (std::size_t i = 0; i < classes; ++i) {
    const double sum = row_sum(matrix, i);
    for (std::size_t j = 0; j < classes; ++j) {
      const auto share = static_cast<float>(darkness(matrix, i, j, sum));
      for (std::size_t c = 0; c < 3; ++c) image(i, j, c) = white[c] + share * (blue[c] - white[c]);
    }
  }
  return fmt::format("<img class=\"map\" alt=\"confusion matrix\" src=\"{}\">\n", png_address(image));
}

/// A table of the most frequent wrong decisions.
std::string pairs_table(const RunInfo& info, const Array<std::int64_t>& matrix) {
  struct Pair {
    std::int64_t count;
    std::size_t label, decision;
  };
  std::vector<Pair> pairs;
  for (std::size_t i = 0; i < matrix.shape()[0]; ++i) {
    for (std::size_t j = 0; j < matrix.shape()[1]; ++j) {
      if (i != j && matrix(i, j) > 0) pairs.push_back({matrix(i, j), i, j});
    }
  }
  std::stable_sort(pairs.begin(), pairs.end(),
                   [](const Pair& a, const Pair& b) { return a.count > b.count; });
  if (pairs.empty()) return "";
  pairs.resize(std::min(pairs.size(), most_pairs));
  std::string text =
      "<div class=\"scroll\"><table class=\"pairs\"><tr><th>label</th><th>decision</th><th>count</th>"
      "<th>share of label</th></tr>\n";
  for (const Pair& each : pairs) {
    text += fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td><td>{:.0f} %</td></tr>\n",
                        class_name(info, each.label), class_name(info, each.decision), each.count,
                        100 * static_cast<double>(each.count) / row_sum(matrix, each.label));
  }
  return text + "</table></div>\n";
}

std::string worst_confusions(const RunInfo& info, const std::vector<Confusion>& worst) {
  if (worst.empty()) return "";
  std::string text =
      "<h2>Worst confusions</h2>\n<p>Wrong decisions on the validation set with the highest "
      "probability.</p>\n<div class=\"images\">\n";
  for (const Confusion& each : worst) {
    text += fmt::format(
        "<figure><img alt=\"{1}, classified as {2}\" src=\"{0}\"><figcaption>is <b>{1}</b><br>"
        "classified as <b>{2}</b><br>{3:.1f} % sure</figcaption></figure>\n",
        png_address(each.image), class_name(info, each.label), class_name(info, each.decision),
        100 * each.probability);
  }
  return text + "</div>\n";
}

/// The bars of a layer, scaled relative to the longest.
std::string bars(double forward, double backward, double longest) {
  return fmt::format(
      "<span class=\"bar\" style=\"width:{:.1f}%\"></span><span class=\"bar back\" "
      "style=\"width:{:.1f}%\"></span>",
      95 * forward / longest, 95 * backward / longest);
}

std::string row_of_layer(const std::string& name, const std::string& second, const LayerTime& time,
                         double longest) {
  return fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n", escape_xml(name),
                     escape_xml(second), fmt::format("{:.3f}", time.forward),
                     fmt::format("{:.3f}", time.backward), bars(time.forward, time.backward, longest));
}

std::string layer_table(const char* second, const std::string& rows) {
  return fmt::format(
      "<div class=\"scroll\"><table "
      "class=\"layers\"><tr><th>layer</th><th>{}</th><th>forward</th><th>backward</th>"
      "<th></th></tr>\n{}</table></div>\n",
      second, rows);
}

double total(const LayerTime& time) { return time.forward + time.backward; }

template <class Layers>
double longest_of(const Layers& layers) {
  double longest = 1e-9;
  for (const auto& each : layers) longest = std::max(longest, total(each));
  return longest;
}

/// A table cell of a value that not every run has.
std::string optional_cell(bool shown, const std::string& text) {
  return shown ? "<td>" + text + "</td>" : "";
}

std::string number_or_dash(const std::optional<double>& value) { return value ? short_number(*value) : "–"; }

}  // namespace

std::string confusion_section(const RunInfo& info, const Details& details) {
  const auto& matrix = details.confusion;
  if (matrix.dimension() != 2 || matrix.size() == 0) return "";
  const bool many = matrix.shape()[0] > most_in_a_matrix;
  std::string text =
      fmt::format("<h2>Confusion matrix</h2>\n<p>Validation set{}; rows are labels, columns decisions.</p>\n",
                  many ? fmt::format(", {} classes", matrix.shape()[0]) : "");
  text += many ? matrix_image(matrix) + pairs_table(info, matrix) : matrix_table(info, matrix);
  return text + worst_confusions(info, details.worst);
}

std::string filters_section(const Details& details) {
  std::string text;
  for (const Filters& each : details.filters) {
    const Shape& shape = each.weights.shape();
    if (shape.size() != 4 || each.weights.size() == 0) continue;
    const std::size_t shown = std::min<std::size_t>(shape[0], 64);
    text += fmt::format(
        "<h2>Filters of {}</h2>\n<p>{}{} of {} x {}; each scaled from its smallest weight (black) to its "
        "largest (white).</p>\n<div class=\"images filters\">\n",
        escape_xml(each.name), shown < shape[0] ? fmt::format("{} of ", shown) : "", shape[0], shape[1],
        shape[2]);
    const std::size_t size = each.weights.size() / shape[0];
    for (std::size_t o = 0; o < shown; ++o) {
      Array<float> filter(Shape{shape[1], shape[2], shape[3]});
      std::copy_n(each.weights.data() + o * size, size, filter.data());
      text += fmt::format("<figure><img alt=\"filter {}\" src=\"{}\"></figure>\n", o, png_address(filter));
    }
    text += "</div>\n";
  }
  return text;
}

std::string layers_section(const Details& details) {
  if (details.layers.empty()) return "";
  std::vector<LayerTime> types;
  std::map<std::string, std::size_t> counts;
  for (const LayerTime& each : details.layers) {
    const std::string& type = each.type.empty() ? each.name : each.type;
    auto found = std::find_if(types.begin(), types.end(), [&](const LayerTime& t) { return t.name == type; });
    if (found == types.end()) found = types.insert(types.end(), LayerTime{type, 0, 0, type});
    found->forward += each.forward, found->backward += each.backward, ++counts[type];
  }
  std::stable_sort(types.begin(), types.end(),
                   [](const LayerTime& a, const LayerTime& b) { return total(a) > total(b); });
  std::string by_type, by_layer;
  const double longest_type = longest_of(types), longest_layer = longest_of(details.layers);
  for (const LayerTime& each : types) {
    by_type += row_of_layer(each.name, std::to_string(counts[each.name]), each, longest_type);
  }
  for (const LayerTime& each : details.layers)
    by_layer += row_of_layer(each.name, each.type, each, longest_layer);
  return fmt::format(
      "<h2>Time of each layer</h2>\n<p>One training step in milliseconds: forward pass, and "
      "backward pass (lighter).</p>\n"
      "{}<details><summary>each of the {} layers</summary>\n{}</details>\n",
      layer_table("number", by_type), details.layers.size(), layer_table("type", by_layer));
}

std::string epochs_section(const std::vector<EpochRecord>& history) {
  if (history.empty()) return "";
  const auto any = [&](auto get) { return std::any_of(history.begin(), history.end(), get); };
  const bool training_error = any([](const EpochRecord& r) { return r.training_error.has_value(); });
  const bool validation = any([](const EpochRecord& r) { return r.validation_loss.has_value(); });
  const bool validation_error = any([](const EpochRecord& r) { return r.validation_error.has_value(); });
  const auto head = [](bool shown, const char* text) {
    return shown ? fmt::format("<th>{}</th>", text) : "";
  };
  const std::string heads =
      "<tr><th>epoch</th><th>training loss</th>" + head(training_error, "error") +
      head(validation, "validation loss") + head(validation_error, "error") +
      "<th>learning rate</th><th>momentum</th><th>time</th><th>samples/s</th><th>waiting</th></tr>\n";
  const auto best =
      std::find_if(history.rbegin(), history.rend(), [](const EpochRecord& each) { return each.best; });
  const std::size_t best_epoch = best == history.rend() ? 0 : best->epoch;
  const auto row = [&](const EpochRecord& r) {
    return fmt::format(
        "<tr{}><td>{}</td><td>{}</td>{}{}{}<td>{:.3g}</td><td>{:.3g}</td><td>{}</td><td>{:.0f}</"
        "td><td>{:.1f} %</td></tr>\n",
        r.epoch == best_epoch ? " class=\"best\"" : "", r.epoch, short_number(r.training_loss),
        optional_cell(training_error, percent(r.training_error)),
        optional_cell(validation, number_or_dash(r.validation_loss)),
        optional_cell(validation_error, percent(r.validation_error)), r.learning_rate, r.momentum,
        duration(r.seconds), r.samples_per_second, 100 * r.waiting_share);
  };
  constexpr std::size_t at_once = 20;
  const auto table = [&](std::size_t first, std::size_t stride) {
    std::string text = "<div class=\"scroll\"><table class=\"epochs\">" + heads;
    for (std::size_t i = first; i < history.size(); ++i) {
      if (i % stride == 0 || i + 1 == history.size() || history[i].epoch == best_epoch)
        text += row(history[i]);
    }
    return text + "</table></div>\n";
  };
  if (history.size() <= at_once) return "<h2>Epochs</h2>\n" + table(0, 1);
  const std::size_t stride = (history.size() + most_rows - 1) / most_rows;
  const std::string which = stride == 1 ? fmt::format("all {} epochs", history.size())
                                        : fmt::format("every {}th of {} epochs", stride, history.size());
  return fmt::format("<h2>Last epochs</h2>\n{}<details><summary>{}</summary>\n{}</details>\n",
                     table(history.size() - 10, 1), which, table(0, stride));
}

std::string settings_section(const RunInfo& info) {
  std::string text = "<h2>Settings</h2>\n<table class=\"settings\">\n";
  const auto row = [&](const std::string& name, const std::string& value) {
    text += fmt::format("<tr><td>{}</td><td>{}</td></tr>\n", escape_xml(name), escape_xml(value));
  };
  row("weights and biases", std::to_string(info.parameters));
  row("training samples", std::to_string(info.samples));
  row("steps per epoch", std::to_string(info.steps_per_epoch));
  for (const auto& [name, value] : info.settings) row(name, value);
  return text + "</table>\n";
}

}  // namespace xgrad::optim::detail
