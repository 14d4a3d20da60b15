#pragma once

/// \file
/// Explicit instantiation for the supported precisions. Private to the library's source files.

/// Expands `MACRO(T)` for each supported precision T.
#define XGRAD_FOR_EACH_SCALAR(MACRO) MACRO(float) MACRO(double)
