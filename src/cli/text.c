// SPDX-License-Identifier: MIT
//
// Lines are put together in memory and written whole.

#include "cli/text.h"

#include <stdarg.h>

void text_append(struct text *text, const char *format, ...) {
    // One byte stays free for the newline.
    size_t room = sizeof(text->bytes) - 1 - text->length;
    va_list arguments;
    va_start(arguments, format);
    int wanted = vsnprintf(text->bytes + text->length, room, format, arguments);
    va_end(arguments);
    if (wanted > 0)
        text->length += (size_t)wanted < room ? (size_t)wanted : room - 1;
}

void text_pad(struct text *text, size_t column) {
    if (text->length < column)
        text_append(text, "%*s", (int)(column - text->length), "");
}

void text_write_line(struct text *text, FILE *stream) {
    text->bytes[text->length] = '\n';
    fwrite(text->bytes, 1, text->length + 1, stream);
}
