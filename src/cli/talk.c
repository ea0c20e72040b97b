// SPDX-License-Identifier: MIT
//
// Lines for a person, in one write each, so that lines of two threads do not mix.

#include "cli/talk.h"

#include <stdarg.h>
#include <stdio.h>

static char *kept;
static size_t kept_size;

void talk_into(char *line, size_t size) {
    kept = line;
    kept_size = size;
}

void talk(const char *format, ...) {
    char line[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    if (kept)
        snprintf(kept, kept_size, "%s", line);
    else
        fprintf(stderr, "zirconia: %s\n", line);
}
