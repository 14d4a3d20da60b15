#pragma once

/// \file
/// Includes all of nn: models, layers, losses, metrics, data and saving. "The note" in comments is Carlo
/// Tomasi's lecture note Training Convolutional Neural Networks (2019).

#include <autodiff/ops/names.hpp>
#include <nn/backprop.hpp>
#include <nn/batch_norm.hpp>
#include <nn/buffer.hpp>
#include <nn/data/data.hpp>
#include <nn/evaluation.hpp>
#include <nn/fields.hpp>
#include <nn/information.hpp>
#include <nn/initialization.hpp>
#include <nn/layers.hpp>
#include <nn/losses.hpp>
#include <nn/metrics.hpp>
#include <nn/module.hpp>
#include <nn/residual.hpp>
#include <nn/saving/layout_trace.hpp>
#include <nn/saving/safetensors.hpp>
#include <nn/saving/saving.hpp>
#include <nn/saving/state_dict.hpp>
#include <nn/sequential.hpp>
#include <nn/summary.hpp>
