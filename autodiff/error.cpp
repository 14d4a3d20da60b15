#include <autodiff/error.hpp>

namespace xgrad {

// Defined here so that each type's RTTI exists once, in the library.
Error::~Error() = default;
ShapeError::~ShapeError() = default;
MemoryError::~MemoryError() = default;
ValueError::~ValueError() = default;
LinearAlgebraError::~LinearAlgebraError() = default;
TapeError::~TapeError() = default;
VersionError::~VersionError() = default;
NotFiniteError::~NotFiniteError() = default;
ConvergenceError::~ConvergenceError() = default;
FileError::~FileError() = default;

}  // namespace xgrad
