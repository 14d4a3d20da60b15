/// \file
/// Precompiled for the sources of the library: headers of others, two by way of ours, so that a header of
/// ours that forgets another of ours still shows.

#include <autodiff/kernels/batch.hpp>
#include <autodiff/xtensor.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>
