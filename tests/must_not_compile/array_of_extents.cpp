// expect: write empty<T>({2, 3})
// The same of extents that are constants.
#include <autodiff/autodiff.hpp>

int main() {
  const std::size_t batch = 16, time = 64;
  xgrad::Array<int> x({batch, time});
}
