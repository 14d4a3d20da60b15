#pragma once

#include <autodiff/array.hpp>
#include <autodiff/config.hpp>
#include <nn/dataset.hpp>

#include <cstdint>
#include <filesystem>
#include <string>

/// \file
/// The files of MNIST and its relatives (IDX: a magic number with the type and the number of dimensions, the
/// extents, the entries, all big-endian), plain or compressed with gzip.

namespace xgrad::nn {

/// Reads an IDX file of unsigned bytes with `dimension` axes. Throws FileError, naming the file and what is
/// wrong, where it cannot be read, is no such file, has another type or number of axes, or holds fewer or
/// more entries than its header says. Memory is taken as data comes, never by the header's word.
/// Bytes behind a complete gzip stream are ignored, as gzip itself does.
XGRAD_API Array<std::uint8_t> read_idx(const std::string& path, std::size_t dimension);

/// Reads images {N, H, W} as {N, H, W, 1}, scaled from 0 ... 255 to 0 ... 1. Errors as for read_idx.
template <class T = float>
XGRAD_API Array<T> read_idx_images(const std::string& path);

/// Reads one part of a folder with the four files of MNIST or a relative, plain or compressed with gzip:
/// `train` (train-images-idx3-ubyte, train-labels-idx1-ubyte) or `t10k`, the test set. Errors as for
/// read_idx, and where there are not as many labels as images.
XGRAD_API Batch<float, std::uint8_t> read_mnist(const std::filesystem::path& folder,
                                                const std::string& part = "train");

/// Reads labels {N}. Errors as for read_idx.
XGRAD_API Array<std::uint8_t> read_idx_labels(const std::string& path);

}  // namespace xgrad::nn
