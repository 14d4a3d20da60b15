#pragma once

#include <sys/types.h>

namespace xgrad::files {

/// Opens a file as open(2) does, with O_CLOEXEC, but never as descriptor 0, 1 or 2: in a program whose
/// standard output is closed, what it prints would go into the file. Returns -1 and sets errno on failure.
int open_file(const char* path, int flags, mode_t mode = 0666);

}  // namespace xgrad::files
