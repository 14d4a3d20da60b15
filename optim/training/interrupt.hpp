#pragma once

/// \file
/// Ctrl-C. Not installed.

namespace xgrad::optim::detail {

/// While it lives, the first SIGINT or SIGTERM is noted instead of ending the program, and puts back what
/// happened before: the second ends it. One at a time does so; where another lives, this one does nothing.
/// A signal that is ignored stays so.
class Interrupt {
 public:
  explicit Interrupt(bool on);
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  /// The signal that came, or 0.
  int signal() const;
  bool came() const { return signal() != 0; }

 private:
  bool on_;
};

}  // namespace xgrad::optim::detail
