#pragma once

/// \file
/// The only file of the library that includes xtensor-blas, whose cxxblas and cxxlapack call BLAS and LAPACK
/// on raw arrays.

#include <xtensor-blas/xblas.hpp>
#include <xtensor-blas/xlapack.hpp>
