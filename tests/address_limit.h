// SPDX-License-Identifier: MIT
//
// Whether the host holds this process to a limit of address space. An emulator of another processor
// does not: what it takes itself counts too, so it leaves its programs without one.

#ifndef TESTS_ADDRESS_LIMIT_H
#define TESTS_ADDRESS_LIMIT_H

#include <stdbool.h>
#include <stdlib.h>
#include <sys/resource.h>

static inline bool address_limit_holds(void) {
    struct rlimit before;
    getrlimit(RLIMIT_AS, &before);
    const struct rlimit none = {.rlim_cur = 1 << 20, .rlim_max = before.rlim_max};
    setrlimit(RLIMIT_AS, &none);
    void *volatile large = malloc(1 << 30);
    setrlimit(RLIMIT_AS, &before);
    free(large);
    return large == NULL;
}

#endif // TESTS_ADDRESS_LIMIT_H
