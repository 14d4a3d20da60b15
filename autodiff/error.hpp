#pragma once

#include <autodiff/config.hpp>

#include <stdexcept>

namespace xgrad {

/// Base class of all exceptions that xgrad throws. The message names the operation, what it expected and what
/// it got: `matmul: inner dimensions differ: {64, 784} x {512, 10} (784 and 512)`.
class XGRAD_API Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
  ~Error() override;
};

/// Shapes, axes or sizes that an operation cannot combine.
class XGRAD_API ShapeError : public Error {
 public:
  using Error::Error;
  ~ShapeError() override;
};

/// Out of memory; the message contains the number of bytes requested. An array larger than the address space
/// is a ShapeError instead.
class XGRAD_API MemoryError : public Error {
 public:
  using Error::Error;
  ~MemoryError() override;
};

/// An argument outside its range: a probability of 2, a label that is not a class index, a stride of 0.
class XGRAD_API ValueError : public Error {
 public:
  using Error::Error;
  ~ValueError() override;
};

/// A matrix that an operation cannot factorise: singular, not positive definite, or with NaN or infinite
/// entries.
class XGRAD_API LinearAlgebraError : public Error {
 public:
  using Error::Error;
  ~LinearAlgebraError() override;
};

/// Invalid use of a tape: a gradient with respect to a Variable that the tape did not record, a second
/// backward pass after the saved values were released, or a Variable that belongs to another thread's tape.
class XGRAD_API TapeError : public Error {
 public:
  using Error::Error;
  ~TapeError() override;
};

/// A parameter's value changed between the operation that used it and the backward pass.
class XGRAD_API VersionError : public TapeError {
 public:
  using TapeError::TapeError;
  ~VersionError() override;
};

/// A value or gradient with a NaN or infinite entry, on a tape with Tape::check_finite enabled.
class XGRAD_API NotFiniteError : public Error {
 public:
  using Error::Error;
  ~NotFiniteError() override;
};

/// An iteration that did not converge: fixed_point, root. The message contains the last residual.
class XGRAD_API ConvergenceError : public Error {
 public:
  using Error::Error;
  ~ConvergenceError() override;
};

/// A file that is missing, damaged, or not of the expected format.
class XGRAD_API FileError : public Error {
 public:
  using Error::Error;
  ~FileError() override;
};

}  // namespace xgrad
