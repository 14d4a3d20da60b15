#pragma once

#include <optim/adagrad.hpp>
#include <optim/adam.hpp>
#include <optim/clipping.hpp>
#include <optim/early_stopping.hpp>
#include <optim/max_norm.hpp>
#include <optim/optimizer.hpp>
#include <optim/plateau.hpp>
#include <optim/rmsprop.hpp>
#include <optim/schedules.hpp>
#include <optim/sgd.hpp>

/// \file
/// All of xgrad::optim.
