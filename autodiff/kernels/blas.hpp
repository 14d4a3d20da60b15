#pragma once

/// \file
/// The one place of the library that includes xtensor-blas: its cxxblas and cxxlapack call BLAS and LAPACK on
/// raw arrays.

#include <xtensor-blas/xblas.hpp>
#include <xtensor-blas/xlapack.hpp>
