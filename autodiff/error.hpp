#pragma once

#include <autodiff/config.hpp>

#include <stdexcept>

namespace xgrad {

/// The base of every exception that xgrad throws. The message names the operation, what came and
/// what was expected: `matmul: inner dimensions differ: {64, 784} x {512, 10} (784 and 512)`.
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

/// An array that fits the address space but not the memory that is left: the message gives its bytes. An
/// array that could not exist at all is a ShapeError.
class XGRAD_API MemoryError : public Error {
 public:
  using Error::Error;
  ~MemoryError() override;
};

/// An argument outside its range: a probability of 2, a label that is no class, a stride of 0.
class XGRAD_API ValueError : public Error {
 public:
  using Error::Error;
  ~ValueError() override;
};

/// A matrix that an operation cannot factorise: singular, not positive definite, with entries that are no
/// numbers.
class XGRAD_API LinearAlgebraError : public Error {
 public:
  using Error::Error;
  ~LinearAlgebraError() override;
};

/// A tape asked for something that it cannot give: a gradient by something it never saw, a second
/// backward pass over released values, a Variable that belongs to another thread's tape.
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

/// A value or a gradient with an entry that is infinite or no number, on a tape that checks: see
/// Tape::check_finite.
class XGRAD_API NotFiniteError : public Error {
 public:
  using Error::Error;
  ~NotFiniteError() override;
};

/// An iteration that did not arrive: fixed_point, root. The message gives the residual that was left.
class XGRAD_API ConvergenceError : public Error {
 public:
  using Error::Error;
  ~ConvergenceError() override;
};

/// A file that is missing, damaged, or not what was expected.
class XGRAD_API FileError : public Error {
 public:
  using Error::Error;
  ~FileError() override;
};

}  // namespace xgrad
