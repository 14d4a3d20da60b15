#pragma once

/// \file
/// The sanitizers that a file is compiled with: g++ defines a macro for each, clang provides `__has_feature`.

#if defined(__has_feature)
#define XGRAD_SANITIZED_FOR(feature) __has_feature(feature)
#else
#define XGRAD_SANITIZED_FOR(feature) 0
#endif

#if defined(__SANITIZE_ADDRESS__) || XGRAD_SANITIZED_FOR(address_sanitizer)
#define XGRAD_HAS_ADDRESS_SANITIZER 1
#else
#define XGRAD_HAS_ADDRESS_SANITIZER 0
#endif

#if defined(__SANITIZE_THREAD__) || XGRAD_SANITIZED_FOR(thread_sanitizer)
#define XGRAD_HAS_THREAD_SANITIZER 1
#else
#define XGRAD_HAS_THREAD_SANITIZER 0
#endif

#undef XGRAD_SANITIZED_FOR
