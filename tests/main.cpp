// The main function of every test program. doctest's options apply to each: build/tests/autodiff_tape --help
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>

int main(int count, char** words) {
  // Empties the file, because the tests append to it (support/listed.hpp).
  if (const char* listing = std::getenv("XGRAD_LISTING")) std::ofstream{listing};
  return doctest::Context(count, words).run();
}
