// SPDX-License-Identifier: MIT
//
// The end of a process whose invariants do not hold.

#include "platform/check.h"

#ifdef ZIRCONIA_CHECKS

#include "platform/platform.h"

#include <stdio.h>

enum { LINE_SIZE = 512 };

_Noreturn void check_failed(const char *file, int line, const char *condition) {
    char text[LINE_SIZE];
    snprintf(text, sizeof(text), "%s:%d: CHECK(%s) failed\n", file, line, condition);
    platform_abort(text);
}

#endif
