#pragma once

/// \file
/// Data: files, sets of samples, splits, changes of images, and mini-batches.

#include <nn/augmentation.hpp>
#include <nn/cifar.hpp>
#include <nn/csv.hpp>
#include <nn/dataset.hpp>
#include <nn/idx.hpp>
#include <nn/image_dataset.hpp>
#include <nn/loader.hpp>
#include <nn/npy.hpp>
#include <nn/npz.hpp>
#include <nn/splits.hpp>
