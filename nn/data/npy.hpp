#pragma once

#include <autodiff/config.hpp>
#include <nn/saving/any_array.hpp>

#include <filesystem>

namespace xgrad::nn {

/// Reads an array that `numpy.save` wrote (.npy, versions 1 to 3 of the format), plain or compressed with
/// gzip:
///
///     const auto x = std::get<Array<float>>(nn::read_npy("x.npy"));
///
/// float16 comes as float, without rounding, booleans as bytes; arrays in the other order of bytes and in
/// Fortran's order are turned into ours. Throws FileError, naming the file and what is wrong, where it cannot
/// be read, is damaged, cut short or too long, or has another type (text, dates, objects, complex numbers,
/// fields).
XGRAD_API AnyArray read_npy(const std::filesystem::path& path);

/// Writes an array as `numpy.load` reads it: to a temporary file, which then takes the file's place. Throws
/// FileError, naming the file and the system's reason.
XGRAD_API void write_npy(const std::filesystem::path& path, const AnyArray& array);

}  // namespace xgrad::nn
