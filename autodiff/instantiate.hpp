#pragma once

/// \file
/// The precisions that the library is compiled for. Private to its source files.

/// Expands `MACRO(T)` for each precision.
#define XGRAD_FOR_EACH_SCALAR(MACRO) MACRO(float) MACRO(double)
