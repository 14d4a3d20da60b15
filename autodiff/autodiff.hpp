#pragma once

/// \file
/// The engine of xgrad: Variables, tapes, operations and what checks them.

#include <autodiff/array.hpp>
#include <autodiff/error.hpp>
#include <autodiff/gradcheck.hpp>
#include <autodiff/implicit.hpp>
#include <autodiff/jacobian.hpp>
#include <autodiff/operation.hpp>
#include <autodiff/ops/activations.hpp>
#include <autodiff/ops/arithmetic.hpp>
#include <autodiff/ops/binary.hpp>
#include <autodiff/ops/comparison.hpp>
#include <autodiff/ops/convolution.hpp>
#include <autodiff/ops/dropout.hpp>
#include <autodiff/ops/einsum.hpp>
#include <autodiff/ops/elementwise.hpp>
#include <autodiff/ops/factorizations.hpp>
#include <autodiff/ops/hyperbolic.hpp>
#include <autodiff/ops/indexing.hpp>
#include <autodiff/ops/linalg.hpp>
#include <autodiff/ops/piecewise.hpp>
#include <autodiff/ops/pooling.hpp>
#include <autodiff/ops/products.hpp>
#include <autodiff/ops/pseudoinverse.hpp>
#include <autodiff/ops/reduction.hpp>
#include <autodiff/ops/shape.hpp>
#include <autodiff/ops/softmax.hpp>
#include <autodiff/ops/solve.hpp>
#include <autodiff/ops/special.hpp>
#include <autodiff/ops/trigonometry.hpp>
#include <autodiff/parameter.hpp>
#include <autodiff/random.hpp>
#include <autodiff/tape.hpp>
#include <autodiff/transforms.hpp>
#include <autodiff/variable.hpp>
