// SPDX-License-Identifier: MIT
//
// A deed: something that a guest does, or is to do, in a lesson.

#ifndef CLI_DEED_H
#define CLI_DEED_H

#include <stdbool.h>
#include <stdint.h>

#include <zirconia/observe.h>

#include "cli/text.h"

enum deed_kind {
    DEED_OUT,
    DEED_IN,
    DEED_STORE,
    DEED_LOAD,
    DEED_RING,
    DEED_MSR_WRITE,
    DEED_HALT,
    DEED_WINDOW,
    DEED_INTERRUPT,
    DEED_KIND_COUNT,
};

struct deed {
    enum deed_kind kind;
    uint64_t where; // The port, guest-physical address, MSR or vector.
    uint64_t value; // What is read or written.
    uint8_t size;   // In bytes. 0: any size.
    bool any_value;
    uint64_t vcpu;
};

// Makes a deed of an exit. False for an exit that is no deed. The value of a store, and sizes in
// memory, are not known yet.
bool deed_of_exit(const zirconia_exit_t *exit, struct deed *deed);

// Writes the deed as a command: "write 0x2a to port 0x61".
void deed_text(const struct deed *deed, struct text *text);

// How one deed differs from what was to be done, in past tense: "wrote 0x2b to port 0x61, not
// 0x2a". False when it does not.
bool deed_difference(const struct deed *done, const struct deed *wanted, struct text *text);

#endif // CLI_DEED_H
