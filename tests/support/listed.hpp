#pragma once

#include <array>
#include <string>

// The table of operations in docs/operations.md is generated from what the tests checked: they record it
// here, and tests/operations.py collects it.

namespace check {

/// An operation's names in other libraries, such as `np.sum`; empty if there is none.
struct Elsewhere {
  std::string numpy = "";
  std::string torch = "";
  std::string jax = "";
};

/// While in scope, attributes all checks to this operation and lists it in the table:
///
///     const check::Listed listed("sinh", {"np.sinh", "torch.sinh", "jnp.sinh"});
///     check::unary([](const auto& x) { return sinh(x); }, [](double x) { return std::sinh(x); });
///
/// Only one may be in scope. Several test cases may list the same operation; their checks are combined.
class Listed {
 public:
  enum Aspect { value, first_order, second_order, in_float, aspects };

  explicit Listed(std::string name, Elsewhere elsewhere = {});
  Listed(const Listed&) = delete;
  Listed& operator=(const Listed&) = delete;
  /// Appends one line of JSON to the file that the environment variable XGRAD_LISTING names, if any.
  ~Listed();

  /// Records a check of this aspect of the operation in scope.
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
