#pragma once

#include <autodiff/config.hpp>
#include <nn/data/dataset.hpp>

#include <cstdint>
#include <filesystem>
#include <vector>

namespace xgrad::nn {

/// Reads files of CIFAR-10 in the binary version (data_batch_1.bin ... data_batch_5.bin, test_batch.bin;
/// Krizhevsky, 2009): for each image a byte with its label, and 3 planes of 32 x 32 bytes, red, green, blue.
/// The inputs are the images {N, 32, 32, 3}, scaled from 0 ... 255 to 0 ... 1 in float or double, or as bytes
/// (T = std::uint8_t) for an ImageDataset; the targets are the labels {N}. Throws FileError, naming the file
/// and what is wrong, if it cannot be read, does not consist of whole images, or has a label outside 0 ... 9.
template <class T = float>
XGRAD_API Batch<T, std::uint8_t> read_cifar10(const std::vector<std::filesystem::path>& files);

}  // namespace xgrad::nn
