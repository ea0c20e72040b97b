// SPDX-License-Identifier: MIT
//
// Lines are put together in memory and written whole.

#include "cli/text.h"

#include <stdarg.h>
#include <string.h>

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

// How many bytes a colour code takes, which has no width; 0 for anything else.
static size_t code_length(const char *bytes) {
    const size_t length = bytes[0] == '\033' ? strcspn(bytes, "m") : 0;
    return length ? length + 1 : 0;
}

// How many bytes of the line fit, up to a space or whole.
static size_t fitting(const char *bytes, size_t width) {
    size_t at = 0;
    size_t space = 0;
    for (size_t columns = 0; bytes[at]; columns++) {
        for (size_t code; (code = code_length(bytes + at)) != 0;)
            at += code;
        if (columns == width)
            return space ? space : at;
        if (bytes[at] == ' ' && columns > width / 4)
            space = at;
        at += bytes[at] != '\0';
    }
    return at;
}

void text_wrap(struct text *text, size_t width, size_t column) {
    const struct text whole = *text;
    const char *rest = whole.bytes;
    text->length = 0;
    for (size_t indent = 0; *rest; indent = column) {
        const size_t length = fitting(rest, width - indent);
        text_append(text, "%s%*s%.*s", text->length ? "\n" : "", (int)indent, "", (int)length,
                    rest);
        rest += length;
        rest += strspn(rest, " ");
    }
}

void text_write_line(struct text *text, FILE *stream) {
    text->bytes[text->length] = '\n';
    fwrite(text->bytes, 1, text->length + 1, stream);
}
