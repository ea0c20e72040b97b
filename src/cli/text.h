// SPDX-License-Identifier: MIT
//
// A line under construction. What does not fit is cut off; the longest line of the tool fits.

#ifndef CLI_TEXT_H
#define CLI_TEXT_H

#include <stddef.h>
#include <stdio.h>
#include <zircon/compiler.h>

struct text {
    size_t length;
    char bytes[4096];
};

#ifdef __GNUC__
__PRINTFLIKE(2, 3)
#endif
void text_append(struct text *text, const char *format, ...);

// Fills with spaces up to a column.
void text_pad(struct text *text, size_t column);

// Breaks the line at spaces, so that no part is wider than that; those behind the first begin at
// the column.
void text_wrap(struct text *text, size_t width, size_t column);

// Writes the text and a newline in one call, so that lines of two threads do not mix.
void text_write_line(struct text *text, FILE *stream);

#endif // CLI_TEXT_H
