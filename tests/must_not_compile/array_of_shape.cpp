// expect: write empty<T>({2, 3})
// A shape or two numbers? In xtensor two numbers, which indices (1, 2) then miss.
#include <autodiff/autodiff.hpp>

int main() { xgrad::Array<float> y({2, 3}); }
