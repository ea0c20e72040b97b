// SPDX-License-Identifier: MIT
//
// Reads the process's own memory where nothing may be mapped, or nothing that the program has asked
// for, in a way that memory checkers do not report. platform_copy() is for pointers of clients.

#ifndef PLATFORM_PEEK_H
#define PLATFORM_PEEK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// False when some of the bytes are not mapped, and where the host has no way to find out.
bool platform_peek(uintptr_t address, void *out, size_t size);

#endif // PLATFORM_PEEK_H
