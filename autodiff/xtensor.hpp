#pragma once

/// \file
/// The one place that knows where xtensor keeps its headers: releases from 0.26 on have them in sub-folders.
/// Those that few sources need have names here: `#include XGRAD_XTENSOR_IO`.

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

// Mends xtensor issue 1970. xtensor picks the type of an evaluated formula by the type of its shape, and
// takes any S<T, N> for a shape of N axes. To g++ its svector<T, 4>, the shape of xt::xarray, is such an S<T,
// N>, and the exception for it stands in xtensor 0.24 for C++17 alone: in C++20 every array got four axes,
// and xt::eval(a * 1.0), immediate reducers, xt::variance, xt::tile and xt::pad wrote out of bounds.
template <>
struct xtype_for_shape<svector<std::size_t, 4>> {
  template <class T, layout_type layout>
  using type = xarray<T, layout>;
};
template <>
struct xtype_for_shape<svector<std::ptrdiff_t, 4>> : xtype_for_shape<svector<std::size_t, 4>> {};

}  // namespace xt::detail
