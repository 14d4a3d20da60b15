#pragma once

#include <fmt/core.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <string>

/// Seconds since it was made.
class Stopwatch {
 public:
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

/// A line that fills while an epoch goes on, with the rate and the time that remains. Where the output is no
/// terminal it shows nothing.
class ProgressBar {
 public:
  ProgressBar(std::string title, std::size_t images) : title_(std::move(title)), images_(images) {}
  ~ProgressBar() { clear(); }
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  void advance(std::size_t images) {
    done_ += images;
    const double now = watch_.seconds();
    if (!is_terminal_ || now - shown_ < 0.1) return;
    shown_ = now;
    constexpr std::size_t width = 30;
    const std::size_t filled = width * done_ / images_;
    const double rate = static_cast<double>(done_) / now;
    fmt::print("\r{} [{}{}] {:3.0f} %  {:.0f} images/s  {:.0f} s left ", title_, std::string(filled, '='),
               std::string(width - filled, ' '),
               100.0 * static_cast<double>(done_) / static_cast<double>(images_), rate,
               static_cast<double>(images_ - done_) / rate);
    std::fflush(stdout);
  }

  /// Takes the bar away, for the line of the epoch.
  void clear() {
    if (is_terminal_ && shown_ > 0) fmt::print("\r{:80}\r", "");
    shown_ = 0;
  }

  double seconds() const { return watch_.seconds(); }

 private:
  std::string title_;
  std::size_t images_;
  std::size_t done_ = 0;
  Stopwatch watch_;
  double shown_ = 0;
  bool is_terminal_ = isatty(STDOUT_FILENO) != 0;
};
