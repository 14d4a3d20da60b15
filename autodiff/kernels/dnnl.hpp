#pragma once

#include <oneapi/dnnl/dnnl.hpp>

#if DNNL_VERSION_MAJOR < 2
#error "xgrad: oneDNN 2 or 3 is needed"
#endif

/// \file
/// The only file that includes oneDNN. In version 2 the arguments of a primitive form an operation
/// descriptor; in version 3 they are passed to the primitive descriptor directly.

namespace xgrad::kernels::onednn {

/// The primitive descriptor of P, for instance of dnnl::convolution_forward. Throws dnnl::error if oneDNN has
/// no implementation.
template <class P, class... Arguments>
typename P::primitive_desc describe(const dnnl::engine& engine, const dnnl::primitive_attr& attributes,
                                    const Arguments&... arguments) {
#if DNNL_VERSION_MAJOR >= 3
  return {engine, arguments..., attributes};
#else
  return {typename P::desc(arguments...), attributes, engine};
#endif
}

/// The same for the gradient of a primitive whose descriptor is `forward`.
template <class P, class Forward, class... Arguments>
typename P::primitive_desc describe_gradient(const dnnl::engine& engine,
                                             const dnnl::primitive_attr& attributes, const Forward& forward,
                                             const Arguments&... arguments) {
#if DNNL_VERSION_MAJOR >= 3
  return {engine, arguments..., forward, attributes};
#else
  return {typename P::desc(arguments...), attributes, engine, forward};
#endif
}

}  // namespace xgrad::kernels::onednn
