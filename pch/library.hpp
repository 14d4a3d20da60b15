/// \file
/// Precompiled for the sources of the library: headers of others alone, so that a header of ours that forgets
/// an include still shows where it is first in a source.

#include <autodiff/kernels/batch.hpp>
#include <autodiff/xtensor.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>
