// expect: write empty<T>({2, 3})
// Ambiguous, as for an Array: a shape or two numbers.
#include <autodiff/autodiff.hpp>

int main() { xgrad::Variable<float> x({2, 3}); }
