#pragma once

/// \file
/// Build configuration that every header of xgrad needs.

/// Marks symbols that the shared library exports; all others are hidden.
#if defined(__GNUC__) || defined(__clang__)
#define XGRAD_API __attribute__((visibility("default")))
#else
#define XGRAD_API
#endif

// _GLIBCXX_DEBUG changes the layout of the standard containers: a program that mixes both layouts crashes.
#if defined(_GLIBCXX_DEBUG) && !defined(XGRAD_BUILT_WITH_GLIBCXX_DEBUG)
#error \
    "xgrad: this xgrad was built without _GLIBCXX_DEBUG; use -D_GLIBCXX_ASSERTIONS instead, or build xgrad with `meson setup -Dcpp_debugstl=true`"
#endif
