#pragma once

/// \file
/// Includes all of nn/data: files, data sets, splits, image augmentation and mini-batches.

#include <nn/data/augmentation.hpp>
#include <nn/data/cifar.hpp>
#include <nn/data/csv.hpp>
#include <nn/data/dataset.hpp>
#include <nn/data/idx.hpp>
#include <nn/data/image_dataset.hpp>
#include <nn/data/loader.hpp>
#include <nn/data/npy.hpp>
#include <nn/data/npz.hpp>
#include <nn/data/splits.hpp>
