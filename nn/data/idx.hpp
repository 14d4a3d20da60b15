#pragma once

#include <autodiff/array.hpp>
#include <autodiff/config.hpp>
#include <nn/data/dataset.hpp>

#include <cstdint>
#include <filesystem>
#include <string>

/// \file
/// Reads the files of MNIST and similar data sets (IDX: a magic number with the type and the number of
/// dimensions, the extents, the entries, all big-endian), plain or compressed with gzip.

namespace xgrad::nn {

/// Reads an IDX file with `dimension` axes, whose entries are of type T: std::uint8_t, as in MNIST, or
/// std::int8_t, std::int16_t, std::int32_t, float or double. Throws FileError, naming the file and what is
/// wrong, if it cannot be read, is not an IDX file, has another type or number of axes, or contains fewer or
/// more entries than its header says. Memory is allocated as data is read, whatever the header says. Bytes
/// after a complete gzip stream are ignored, as by gzip itself.
template <class T = std::uint8_t>
XGRAD_API Array<T> read_idx(const std::string& path, std::size_t dimension);

/// Reads images {N, H, W} of bytes as {N, H, W, 1}: in float or double, scaled from 0 ... 255 to 0 ... 1, or
/// unchanged (T = std::uint8_t) for an ImageDataset. Errors as for read_idx.
template <class T = float>
XGRAD_API Array<T> read_idx_images(const std::string& path);

/// Reads one part of a folder with the four files of MNIST or a similar data set, plain or compressed with
/// gzip: `train` (train-images-idx3-ubyte, train-labels-idx1-ubyte) or `t10k`, the test set; names with a
/// dot, train-images.idx3-ubyte, are accepted as well. The inputs are images as from read_idx_images<T>, the
/// targets their labels {N}. Errors as for read_idx, and if the numbers of images and labels differ.
///
///     nn::ImageDataset train(nn::read_mnist<std::uint8_t>(folder));   // a quarter of the memory of float
template <class T = float>
XGRAD_API Batch<T, std::uint8_t> read_mnist(const std::filesystem::path& folder,
                                            const std::string& part = "train");

/// Reads labels {N}. Errors as for read_idx.
XGRAD_API Array<std::uint8_t> read_idx_labels(const std::string& path);

}  // namespace xgrad::nn
