// SPDX-License-Identifier: MIT
//
// Numbers as people type them: decimal, or hexadecimal after 0x. Signs, spaces and octal are not
// accepted, and a number that does not fit is refused.

#ifndef CLI_NUMBERS_H
#define CLI_NUMBERS_H

#include <stdbool.h>
#include <stdint.h>

bool parse_number(const char *text, uint64_t *out);

// A number that may end in K, M, G or T, which are powers of 1024.
bool parse_size(const char *text, uint64_t *out);

// NUMBER[:SIZE]; *size stays as it is when there is none.
bool parse_range(const char *text, uint64_t *start, uint64_t *size);

// Seconds, with a decimal point if need be, as nanoseconds, at least 1.
bool parse_seconds(const char *text, int64_t *nanoseconds);

#endif // CLI_NUMBERS_H
