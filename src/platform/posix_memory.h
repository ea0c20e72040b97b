// SPDX-License-Identifier: MIT
//
// The three ways in which POSIX systems give a file without a name, in the order in which
// platform_memory_create() tries them, and where two of them cannot grow, the third for what grows.
// Apart from it only tests use them.

#ifndef PLATFORM_POSIX_MEMORY_H
#define PLATFORM_POSIX_MEMORY_H

#include <stdint.h>

struct platform_memory;

// A file descriptor, or -1 when the system has no such thing.
int nameless_file_memfd(void);
int nameless_file_shared(void);
int nameless_file_temporary(void);

// Takes over the descriptor, also when it fails.
struct platform_memory *memory_from_file(int file, uint64_t size);

#endif // PLATFORM_POSIX_MEMORY_H
