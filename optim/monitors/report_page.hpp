#pragma once

#include <optim/monitors/monitor.hpp>

#include <optional>
#include <string>
#include <utility>
#include <vector>

/// \file
/// The page of a run. Not installed.

namespace xgrad::optim::detail {

/// What the page shows.
struct ReportData {
  RunInfo info = {};
  std::vector<EpochRecord> history = {};
  Details details = {};
  std::vector<std::pair<std::string, std::string>> figures = {};  ///< of the user, for the top
  std::string started = {};                                       ///< the date
};

/// What the run is doing; it changes while the rest of the page stays.
struct ReportState {
  enum Kind { runs, finished, stopped } kind = runs;
  std::string text = {};                    ///< `epoch 3 of 12`
  std::optional<double> seconds_left = {};  ///< an estimate
};

/// The page but for its state: what comes before and after it.
struct ReportPage {
  std::string title;  // as HTML
  std::string before, after;
};

ReportPage report_page(const ReportData& data);

/// The whole page, written at this time in milliseconds since 1970.
std::string with_state(const ReportPage& page, const ReportState& state, long long written);

}  // namespace xgrad::optim::detail
