#pragma once

#include <optim/monitors/monitor.hpp>

#include <string>
#include <vector>

/// \file
/// The tables and images of the page of Report as HTML; empty if there is nothing to show. Not installed.

namespace xgrad::optim::detail {

std::string confusion_section(const RunInfo& info, const Details& details);
std::string filters_section(const Details& details);
std::string layers_section(const Details& details);
std::string epochs_section(const std::vector<EpochRecord>& history);
std::string settings_section(const RunInfo& info);

}  // namespace xgrad::optim::detail
