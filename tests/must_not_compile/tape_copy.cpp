// expect: deleted
// A tape represents a scope and cannot be copied.
#include <autodiff/autodiff.hpp>

int main() {
  xgrad::Tape tape;
  xgrad::Tape other = tape;
}
