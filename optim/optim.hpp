#pragma once

#include <optim/clipping.hpp>
#include <optim/schedules.hpp>
#include <optim/sgd.hpp>

/// \file
/// All of xgrad::optim.
