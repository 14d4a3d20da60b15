#pragma once

/// \file
/// Includes xtensor, whose headers are in subfolders from release 0.26 on. Headers that few sources need have
/// macros: `#include XGRAD_XTENSOR_IO`.

#if __has_include(<xtensor/containers/xarray.hpp>)
#include <xtensor/containers/xarray.hpp>
#include <xtensor/core/xmath.hpp>
#include <xtensor/core/xnoalias.hpp>
#include <xtensor/views/xstrided_view.hpp>
#include <xtensor/views/xview.hpp>
#define XGRAD_XTENSOR_BUILDER <xtensor/generators/xbuilder.hpp>
#define XGRAD_XTENSOR_COMPLEX <xtensor/misc/xcomplex.hpp>
#define XGRAD_XTENSOR_IO <xtensor/io/xio.hpp>
#define XGRAD_XTENSOR_MANIPULATION <xtensor/misc/xmanipulation.hpp>
#define XGRAD_XTENSOR_NORM <xtensor/reducers/xnorm.hpp>
#define XGRAD_XTENSOR_PAD <xtensor/misc/xpad.hpp>
#define XGRAD_XTENSOR_SORT <xtensor/misc/xsort.hpp>
#else
#include <xtensor/xarray.hpp>
#include <xtensor/xmath.hpp>
#include <xtensor/xnoalias.hpp>
#include <xtensor/xstrided_view.hpp>
#include <xtensor/xview.hpp>
#define XGRAD_XTENSOR_BUILDER <xtensor/xbuilder.hpp>
#define XGRAD_XTENSOR_COMPLEX <xtensor/xcomplex.hpp>
#define XGRAD_XTENSOR_IO <xtensor/xio.hpp>
#define XGRAD_XTENSOR_MANIPULATION <xtensor/xmanipulation.hpp>
#define XGRAD_XTENSOR_NORM <xtensor/xnorm.hpp>
#define XGRAD_XTENSOR_PAD <xtensor/xpad.hpp>
#define XGRAD_XTENSOR_SORT <xtensor/xsort.hpp>
#endif

#include <cstddef>

namespace xt::detail {

// Works around xtensor issue 1970. xtensor chooses the container type of an evaluated expression from its
// shape type, and treats any S<T, N> as a shape with N axes. g++ matches svector<T, 4>, the dynamic shape of
// xt::xarray, as such an S<T, N>. xtensor 0.24 excludes it only in C++17; in C++20 every array gets four
// axes, and xt::eval(a * 1.0), immediate reducers, xt::variance, xt::tile and xt::pad write out of bounds.
template <>
struct xtype_for_shape<svector<std::size_t, 4>> {
  template <class T, layout_type layout>
  using type = xarray<T, layout>;
};
template <>
struct xtype_for_shape<svector<std::ptrdiff_t, 4>> : xtype_for_shape<svector<std::size_t, 4>> {};

}  // namespace xt::detail
