#include <autodiff/error.hpp>
#include <optim/monitors/monitor.hpp>

namespace xgrad::optim {

Monitor::~Monitor() = default;

std::string to_string(StopReason reason) {
  switch (reason) {
    case StopReason::epochs:
      return "epochs";
    case StopReason::early_stopping:
      return "early stopping";
    case StopReason::callback:
      return "callback";
    case StopReason::interrupted:
      return "interrupted";
    case StopReason::error:
      return "error";
  }
  throw ValueError("to_string: not a StopReason");
}

}  // namespace xgrad::optim
