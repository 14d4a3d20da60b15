#pragma once

#include <exception>
#include <string>
#include <vector>

/// \file
/// Collects exceptions while the remaining work is still done. Not installed.

namespace xgrad::optim::detail {

/// Keeps the first of several exceptions and the messages of the later ones.
class Errors {
 public:
  /// Calls f and keeps what it throws. `where` names the place of a later error, such as "a monitor's end".
  template <class F>
  void guard(const char* where, const F& f) {
    try {
      f();
    } catch (...) {
      keep(where, std::current_exception());
    }
  }

  bool any() const { return first_ != nullptr; }

  /// The message of the first error, followed by those of later ones: `...; also, in a monitor's end: ...`.
  std::string message() const;

  /// Throws the first error. If there are later errors and it is one of xgrad's types, it is thrown as that
  /// type with message(); any other type is rethrown unchanged.
  [[noreturn]] void raise() const;

 private:
  void keep(const char* where, std::exception_ptr error);

  std::exception_ptr first_;
  std::string message_;
  std::vector<std::string> later_;
};

}  // namespace xgrad::optim::detail
