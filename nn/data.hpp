#pragma once

/// \file
/// Data: IDX files, and batches of arrays.

#include <nn/idx.hpp>
#include <nn/loader.hpp>
