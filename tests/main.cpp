// The main function of every test program. doctest's options apply to each: build/tests/autodiff_tape --help
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>
