// SPDX-License-Identifier: MIT
//
// A look at the process's own memory where nothing may be mapped, or nothing that the program has
// asked for: what watches over a program's memory is not to complain. platform_copy() is for what
// clients hand over.

#ifndef PLATFORM_PEEK_H
#define PLATFORM_PEEK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// False when some of the bytes are not there, and where the host has no way to find out.
bool platform_peek(uintptr_t address, void *out, size_t size);

#endif // PLATFORM_PEEK_H
