// expect: write empty<T>({2, 3})
// Ambiguous: a shape or two numbers. xtensor takes them as two numbers, and indices (1, 2) are then out of
// bounds.
#include <autodiff/autodiff.hpp>

int main() { xgrad::Array<float> y({2, 3}); }
