#pragma once

/// \file
/// What every header of xgrad needs to know about the way the library was built.

/// Marks what the shared library exports; everything else stays inside it.
#if defined(__GNUC__) || defined(__clang__)
#define XGRAD_API __attribute__((visibility("default")))
#else
#define XGRAD_API
#endif

// Containers of the standard library have another layout with _GLIBCXX_DEBUG: programs that mix both crash.
#if defined(_GLIBCXX_DEBUG) && !defined(XGRAD_BUILT_WITH_GLIBCXX_DEBUG)
#error \
    "xgrad: this xgrad was built without _GLIBCXX_DEBUG; use -D_GLIBCXX_ASSERTIONS instead, or build xgrad with `meson setup -Dcpp_debugstl=true`"
#endif
