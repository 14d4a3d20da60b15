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

/// One call of an operation, or one backward pass through it.
struct ProfileEvent {
  std::string operation;
  Shape shape;  // of the result
  std::size_t bytes;
  std::int64_t begin;  // begin and end in nanoseconds of a monotonic clock
  std::int64_t end;
  std::uint32_t thread;
  std::uint32_t record;  // of the operation, if it was recorded
  bool backward;
};

/// The current time, in nanoseconds of a monotonic clock.
std::int64_t profile_clock() noexcept;

/// A unique number of the calling thread.
std::uint32_t thread_number() noexcept;

}  // namespace detail

/// The total cost of all calls of one operation.
struct OperationCost {
  std::string operation;           ///< name of the operation
  std::size_t calls = 0;           ///< number of forward calls
  double seconds = 0;              ///< total of the forward calls
  std::size_t backward_calls = 0;  ///< number of backward passes through the operation
  double backward_seconds = 0;     ///< total of these
  std::size_t bytes = 0;           ///< total size of the results
};

/// The measurements of a tape, see Tape::profile. Prints as a table of operations, with fmt and with streams.
class XGRAD_API Profile {
 public:
  Profile() = default;
  explicit Profile(std::vector<detail::ProfileEvent> events) : events_(std::move(events)) {}

  /// One entry per operation, most expensive first.
  std::vector<OperationCost> operations() const;

  /// Adds the measurements of another tape, for example of another step or thread.
  Profile& operator+=(const Profile& other);

  /// Writes every call and every backward pass to a file in the Trace Event Format, for the time lines of
  /// chrome://tracing and ui.perfetto.dev. The file is written atomically. Throws FileError if it cannot be
  /// written.
  void write_chrome_trace(const std::string& path) const;

 private:
  std::vector<detail::ProfileEvent> events_;
};

/// Formats the table of operations.
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
