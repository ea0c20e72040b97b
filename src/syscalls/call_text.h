// SPDX-License-Identifier: MIT
//
// A line about a call. Nothing here allocates, takes a lock or calls a function of the C library
// that a signal handler must not.

#ifndef SYSCALLS_CALL_TEXT_H
#define SYSCALLS_CALL_TEXT_H

#include "syscalls/trace.h"

enum { LINE_SIZE = 1024 };

struct line {
    char text[LINE_SIZE];
    size_t length;
};

// Appends text. What does not fit is left out; one character stays free for the end.
void line_add(struct line *line, const char *text);
void line_add_in_base(struct line *line, uint64_t number, unsigned base);
void line_add_number(struct line *line, uint64_t number);
void line_add_status(struct line *line, zx_status_t status);

// Appends the name and the arguments, up to the closing parenthesis. Results are shown behind their
// pointers if the call has `succeeded`.
void line_add_call(struct line *line, const struct traced_call *call, const uint64_t *arguments,
                   bool succeeded);

// The argument for a parameter.
uint64_t call_argument(const struct traced_call *call, const uint64_t *arguments, const char *name);

#endif // SYSCALLS_CALL_TEXT_H
