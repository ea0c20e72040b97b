// SPDX-License-Identifier: MIT
//
// The parsing of numbers, digit by digit, so that nothing is accepted that was not meant.

#include "cli/numbers.h"

#include <string.h>

static int digit_value(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return 16;
}

// Reads digits from *text on and leaves it behind them.
static bool read_number(const char **text, uint64_t *out) {
    uint64_t radix = 10;
    const char *p = *text;
    if (p[0] == '0' && (p[1] == 'x' || p[1] == 'X')) {
        radix = 16;
        p += 2;
    }
    const char *first = p;
    uint64_t value = 0;
    for (; (uint64_t)digit_value(*p) < radix; p++) {
        uint64_t digit = (uint64_t)digit_value(*p);
        if (value > (UINT64_MAX - digit) / radix)
            return false;
        value = value * radix + digit;
    }
    if (p == first)
        return false;
    *text = p;
    *out = value;
    return true;
}

bool parse_number(const char *text, uint64_t *out) {
    return read_number(&text, out) && *text == '\0';
}

bool parse_size(const char *text, uint64_t *out) {
    static const char suffixes[] = "KMGT";
    uint64_t value;
    if (!read_number(&text, &value))
        return false;
    if (*text != '\0') {
        const char *suffix = strchr(suffixes, *text);
        if (!suffix || text[1] != '\0')
            return false;
        unsigned shift = 10 * (unsigned)(suffix - suffixes + 1);
        if (value > UINT64_MAX >> shift)
            return false;
        value <<= shift;
    }
    *out = value;
    return true;
}

bool parse_range(const char *text, uint64_t *start, uint64_t *size) {
    if (!read_number(&text, start))
        return false;
    if (*text == '\0')
        return true;
    return *text == ':' && parse_size(text + 1, size);
}

bool parse_seconds(const char *text, int64_t *nanoseconds) {
    const uint64_t billion = 1000000000;
    uint64_t seconds = 0;
    if (strncmp(text, "0x", 2) == 0 || strncmp(text, "0X", 2) == 0)
        return false;
    if (*text != '.' && !read_number(&text, &seconds))
        return false;
    if (seconds > (uint64_t)INT64_MAX / billion - 1)
        return false;
    uint64_t total = seconds * billion;
    if (*text == '.') {
        uint64_t unit = billion / 10;
        for (text++; *text >= '0' && *text <= '9'; text++) {
            total += (uint64_t)(*text - '0') * unit;
            unit /= 10;
        }
    }
    *nanoseconds = (int64_t)total;
    return *text == '\0' && total != 0;
}
