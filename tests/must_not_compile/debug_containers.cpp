// expect: this xgrad was built without _GLIBCXX_DEBUG
// _GLIBCXX_DEBUG changes the layout of containers.
#define _GLIBCXX_DEBUG
#include <autodiff/autodiff.hpp>

int main() {}
