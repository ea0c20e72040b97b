// SPDX-License-Identifier: MIT
//
// The vectors that wait to be injected into a VCPU (hypervisor ABI 7.1 to 7.3). The owner locks.

#ifndef ENGINE_PENDING_H
#define ENGINE_PENDING_H

#include <stdbool.h>
#include <stdint.h>

enum {
    LAST_DEFINED_EXCEPTION = 20,
    FIRST_EXTERNAL_VECTOR = 32,
};

struct pending {
    uint64_t bits[4]; // A bit a vector.
};

void pending_add(struct pending *pending, uint8_t vector);
bool pending_has(const struct pending *pending, uint8_t vector);
bool pending_any(const struct pending *pending);

// The vector to inject next, or -1.
int pending_choose(const struct pending *pending);

// The vector is injected: it goes, and the exceptions that it beat go with it.
void pending_injected(struct pending *pending, uint8_t vector);

// Only the vector itself goes.
void pending_remove(struct pending *pending, uint8_t vector);

#endif // ENGINE_PENDING_H
