#include <optim/training/interrupt.hpp>

#include <array>
#include <atomic>
#include <csignal>
#include <cstddef>

namespace xgrad::optim::detail {
namespace {

constexpr std::array signals{SIGINT, SIGTERM};

std::atomic<bool> taken{false};
std::atomic<int> noted{0};
static_assert(std::atomic<int>::is_always_lock_free);  // a signal handler may only use lock-free atomics
std::array<struct sigaction, signals.size()> before;

void put_back() {
  for (std::size_t i = 0; i < signals.size(); ++i) sigaction(signals[i], &before[i], nullptr);
}

void note(int signal) {
  noted = signal;
  put_back();
}

}  // namespace

Interrupt::Interrupt(bool on) : on_(on && !taken.exchange(true)) {
  if (!on_) return;
  noted = 0;
  struct sigaction action{};
  action.sa_handler = note;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;  // no read or write is interrupted by it
  for (std::size_t i = 0; i < signals.size(); ++i) {
    sigaction(signals[i], &action, &before[i]);
    // A shell starts background programs with SIGINT ignored; keep it so.
    if (before[i].sa_handler == SIG_IGN) sigaction(signals[i], &before[i], nullptr);
  }
}

Interrupt::~Interrupt() {
  if (!on_) return;
  if (noted == 0) put_back();
  taken = false;
}

int Interrupt::signal() const { return on_ ? noted.load() : 0; }

}  // namespace xgrad::optim::detail
