#pragma once

/// \file
/// What every header of xgrad needs to know about the way the library was built.

/// Marks what the shared library exports; everything else stays inside it.
#if defined(__GNUC__) || defined(__clang__)
#define XGRAD_API __attribute__((visibility("default")))
#else
#define XGRAD_API
#endif
