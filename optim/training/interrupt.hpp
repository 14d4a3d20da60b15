#pragma once

/// \file
/// Handling of SIGINT (Ctrl-C) and SIGTERM. Not installed.

namespace xgrad::optim::detail {

/// During its lifetime, the first SIGINT or SIGTERM is recorded instead of ending the program and restores
/// the previous handlers, so that a second signal has its usual effect. Only one object is active at a time;
/// one constructed while another is active does nothing. A signal that is ignored stays ignored.
class Interrupt {
 public:
  explicit Interrupt(bool on);
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  /// The signal that was received, or 0.
  int signal() const;
  bool came() const { return signal() != 0; }

 private:
  bool on_;
};

}  // namespace xgrad::optim::detail
