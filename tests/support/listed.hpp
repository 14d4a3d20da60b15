#pragma once

#include <array>
#include <string>

// The table of operations in docs/operations.md is made of what the tests checked: tests/operations.py
// collects what they noted here.

namespace check {

/// What an operation is called elsewhere, `np.sum`; empty where there is none.
struct Elsewhere {
  std::string numpy = "";
  std::string torch = "";
  std::string jax = "";
};

/// While it lives, the checks that pass or fail are those of this operation, which is thereby listed in the
/// table:
///
///     const check::Listed listed("sinh", {"np.sinh", "torch.sinh", "jnp.sinh"});
///     check::unary([](const auto& x) { return sinh(x); }, [](double x) { return std::sinh(x); });
///
/// One at a time; the same operation may be listed by several test cases, whose checks add up.
class Listed {
 public:
  enum Aspect { value, first_order, second_order, in_float, aspects };

  explicit Listed(std::string name, Elsewhere elsewhere = {});
  Listed(const Listed&) = delete;
  Listed& operator=(const Listed&) = delete;
  /// Appends one line of JSON to the file that the environment variable XGRAD_LISTING names, if any.
  ~Listed();

  /// Notes that this aspect was checked, of the operation in whose test this is called.
  static void note(Aspect aspect, bool passed);

 private:
  struct Count {
    int passed = 0;
    int failed = 0;
  };
  std::string name_;
  Elsewhere elsewhere_;
  std::array<Count, aspects> counts_{};
};

}  // namespace check
