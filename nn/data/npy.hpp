#pragma once

#include <autodiff/config.hpp>
#include <nn/saving/any_array.hpp>

#include <filesystem>

namespace xgrad::nn {

/// Reads an array written by `numpy.save` (.npy, versions 1 to 3 of the format), plain or compressed with
/// gzip:
///
///     const auto x = std::get<Array<float>>(nn::read_npy("x.npy"));
///
/// float16 is read as float, exactly, and booleans as bytes; arrays in big-endian or Fortran order are
/// converted. Throws FileError, naming the file and what is wrong, if it cannot be read, is damaged,
/// truncated or too long, or has another type (text, dates, objects, complex numbers, fields).
XGRAD_API AnyArray read_npy(const std::filesystem::path& path);

/// Writes an array for `numpy.load`: to a temporary file, which then replaces the file. Throws FileError,
/// naming the file and the system's reason, if that fails.
XGRAD_API void write_npy(const std::filesystem::path& path, const AnyArray& array);

}  // namespace xgrad::nn
