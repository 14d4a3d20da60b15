#pragma once

#include <exception>
#include <string>
#include <vector>

/// \file
/// What to do when one thing fails and the rest has to be done all the same. Not installed.

namespace xgrad::optim::detail {

/// Keeps the first of several errors. Later ones are added to its message.
class Errors {
 public:
  /// Calls f and keeps what it throws. `where` says where a later error occurred, such as "a monitor's end".
  template <class F>
  void guard(const char* where, const F& f) {
    try {
      f();
    } catch (...) {
      keep(where, std::current_exception());
    }
  }

  bool any() const { return first_ != nullptr; }

  /// The message of the first error, with those of the later ones: `...; also, in a monitor's end: ...`.
  std::string message() const;

  /// Throws the first error. If it is one of xgrad's types, it is thrown as that type with `message`; another
  /// type is thrown as it came.
  [[noreturn]] void raise() const;

 private:
  void keep(const char* where, std::exception_ptr error);

  std::exception_ptr first_;
  std::string message_;
  std::vector<std::string> later_;
};

}  // namespace xgrad::optim::detail
