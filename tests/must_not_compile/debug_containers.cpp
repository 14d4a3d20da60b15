// expect: this xgrad was built without _GLIBCXX_DEBUG
// Its containers have another layout.
#define _GLIBCXX_DEBUG
#include <autodiff/autodiff.hpp>

int main() {}
