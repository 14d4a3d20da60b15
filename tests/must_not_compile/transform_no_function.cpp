// expect: the function cannot be called with these arguments
// A number is not a function.
#include <autodiff/autodiff.hpp>

int main() { auto slope = xgrad::grad(3.0)(1.0); }
