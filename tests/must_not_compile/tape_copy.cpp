// expect: deleted
// A tape is a scope, and cannot be copied.
#include <autodiff/autodiff.hpp>

int main() {
  xgrad::Tape tape;
  xgrad::Tape other = tape;
}
