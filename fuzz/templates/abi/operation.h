// SPDX-License-Identifier: MIT
//
// An input is a list of operations, three bytes each, which the target (abi_fuzzer.c) and the
// mutator (mutator.c) know. Every byte means something, so that inputs can be typed: "a" adds
// pages, "r" removes some, "w" writes and "p" reads.

#ifndef OPERATION_H_
#define OPERATION_H_

#include <stdint.h>

enum operation_kind { OPERATION_READ, OPERATION_ADD, OPERATION_REMOVE, OPERATION_WRITE };

enum { OPERATION_KINDS = 4, OPERATION_PAGES = 8, MOST_OPERATIONS = 256 };

typedef struct operation {
    uint8_t kind;  // Modulo OPERATION_KINDS.
    uint8_t page;  // Modulo MEMORY_PAGES.
    uint8_t value; // How many pages, 1 and this modulo OPERATION_PAGES; or what is written.
} operation_t;

#endif // OPERATION_H_
