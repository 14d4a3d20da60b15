/// \file
/// Precompiled for the tests.

#include <autodiff/autodiff.hpp>
#include <nn/nn.hpp>
#include <optim/optim.hpp>

#include <doctest/doctest.h>
