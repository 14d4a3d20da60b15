#pragma once

#include <oneapi/dnnl/dnnl.hpp>

#if DNNL_VERSION_MAJOR < 2
#error "xgrad: oneDNN 2 or 3 is needed"
#endif

/// \file
/// The one place that includes oneDNN. In version 2 the arguments of a primitive make an operation
/// descriptor; in version 3 they go to the primitive's description itself.

namespace xgrad::kernels::onednn {

/// The description of a primitive P, for instance a dnnl::convolution_forward. Throws dnnl::error where
/// oneDNN has none.
template <class P, class... Arguments>
typename P::primitive_desc describe(const dnnl::engine& engine, const dnnl::primitive_attr& attributes,
                                    const Arguments&... arguments) {
#if DNNL_VERSION_MAJOR >= 3
  return {engine, arguments..., attributes};
#else
  return {typename P::desc(arguments...), attributes, engine};
#endif
}

/// The same for the gradient of a primitive whose description is `forward`.
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
