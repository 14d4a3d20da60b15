#pragma once

/// \file
/// Includes every public header of xgrad::optim. "The note" in comments is Carlo Tomasi's lecture note
/// Training Convolutional Neural Networks (2019).

#include <optim/adagrad.hpp>
#include <optim/adam.hpp>
#include <optim/clipping.hpp>
#include <optim/max_norm.hpp>
#include <optim/minimizers/hessian_free.hpp>
#include <optim/minimizers/minimize.hpp>
#include <optim/monitors/chart.hpp>
#include <optim/monitors/json_lines.hpp>
#include <optim/monitors/monitor.hpp>
#include <optim/monitors/progress_bar.hpp>
#include <optim/monitors/report.hpp>
#include <optim/monitors/svg.hpp>
#include <optim/monitors/tensorboard.hpp>
#include <optim/optimizer.hpp>
#include <optim/rmsprop.hpp>
#include <optim/schedules.hpp>
#include <optim/sgd.hpp>
#include <optim/training/checkpoint.hpp>
#include <optim/training/early_stopping.hpp>
#include <optim/training/fit.hpp>
#include <optim/training/learning_rate.hpp>
#include <optim/training/plateau.hpp>
