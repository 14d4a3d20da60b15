#pragma once

#include <optim/monitors/monitor.hpp>

#include <optional>
#include <string>
#include <utility>
#include <vector>

/// \file
/// The HTML page of Report. Not installed.

namespace xgrad::optim::detail {

/// The contents of the page.
struct ReportData {
  RunInfo info = {};
  std::vector<EpochRecord> history = {};
  Details details = {};
  std::vector<std::pair<std::string, std::string>> figures = {};  ///< added by the user, shown at the top
  std::string started = {};                                       ///< date and time of the start
};

/// The state of the run, which changes while the rest of the page stays the same.
struct ReportState {
  enum Kind { runs, finished, stopped } kind = runs;
  std::string text = {};                    ///< such as `epoch 3 of 12`
  std::optional<double> seconds_left = {};  ///< estimated remaining time
};

/// The page without its state: the text before and after it.
struct ReportPage {
  std::string title;  // escaped for HTML
  std::string before, after;
};

ReportPage report_page(const ReportData& data);

/// The complete page; `written` is the current time in milliseconds since 1970.
std::string with_state(const ReportPage& page, const ReportState& state, long long written);

}  // namespace xgrad::optim::detail
