// expect: write empty<T>({2, 3})
// The same with constant extents.
#include <autodiff/autodiff.hpp>

int main() {
  const std::size_t batch = 16, time = 64;
  xgrad::Array<int> x({batch, time});
}
