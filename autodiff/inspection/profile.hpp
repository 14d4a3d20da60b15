#pragma once

#include <autodiff/array.hpp>
#include <autodiff/config.hpp>

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <string>
#include <vector>

namespace xgrad {

namespace detail {

/// One call of an operation, or one pass backward through it.
struct ProfileEvent {
  std::string operation;
  Shape shape;  // of the result
  std::size_t bytes;
  std::int64_t begin;  // both in nanoseconds of a clock that never goes back
  std::int64_t end;
  std::uint32_t thread;
  std::uint32_t record;  // of the operation, where it was recorded
  bool backward;
};

/// The clock that events are measured with.
std::int64_t profile_clock() noexcept;

/// A number for the calling thread.
std::uint32_t thread_number() noexcept;

}  // namespace detail

/// What the calls of one operation cost together.
struct OperationCost {
  std::string operation;
  std::size_t calls = 0;
  double seconds = 0;  ///< of the calls
  std::size_t backward_calls = 0;
  double backward_seconds = 0;
  std::size_t bytes = 0;  ///< of the results of the calls
};

/// What a tape measured, see Tape::profile: prints, with fmt and with streams, as a table of its operations.
class XGRAD_API Profile {
 public:
  Profile() = default;
  explicit Profile(std::vector<detail::ProfileEvent> events) : events_(std::move(events)) {}

  /// One entry for each operation, the most expensive first.
  std::vector<OperationCost> operations() const;

  /// Adds what another tape measured, of another step or on another thread.
  Profile& operator+=(const Profile& other);

  /// Writes every call and every pass backward as a file in the Trace Event Format, which chrome://tracing
  /// and ui.perfetto.dev show on a time line; the file is replaced as a whole. Throws FileError if it cannot
  /// be written.
  void write_chrome_trace(const std::string& path) const;

 private:
  std::vector<detail::ProfileEvent> events_;
};

/// The table as text.
XGRAD_API std::string to_string(const Profile& profile);

XGRAD_API std::ostream& operator<<(std::ostream& out, const Profile& profile);

}  // namespace xgrad

template <>
struct fmt::formatter<xgrad::Profile> : fmt::formatter<std::string> {
  template <class Context>
  auto format(const xgrad::Profile& profile, Context& context) const {
    return fmt::formatter<std::string>::format(xgrad::to_string(profile), context);
  }
};
