// expect: write empty<T>({2, 3})
// As for an Array.
#include <autodiff/autodiff.hpp>

int main() { xgrad::Variable<float> x({2, 3}); }
