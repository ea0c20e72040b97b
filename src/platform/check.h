// SPDX-License-Identifier: MIT
//
// Invariants of the library itself, looked at while it runs in builds with ZIRCONIA_CHECKS, as
// debug, sanitizer and fuzz builds are. One that does not hold ends the process with a line that
// names it. What a guest or a client passes is never checked in this way: it gets a status.

#ifndef PLATFORM_CHECK_H
#define PLATFORM_CHECK_H

#include <stdbool.h>

#ifdef ZIRCONIA_CHECKS
#define CHECK(condition) ((condition) ? (void)0 : check_failed(__FILE__, __LINE__, #condition))
_Noreturn void check_failed(const char *file, int line, const char *condition);
#else
#define CHECK(condition) ((void)(false && (condition))) // Compiled, but never evaluated.
#endif

#endif // PLATFORM_CHECK_H
