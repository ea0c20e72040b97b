// SPDX-License-Identifier: MIT
//
// Counters of the program's modules, which call these functions as they are loaded.

#include "replay_coverage.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MODULES = 8, MOST_TOLD = 20 };

struct module {
    uint8_t *begin;
    size_t size;
    uint8_t *kept;
    const uintptr_t *places; // Two words a counter: its address, and what it is.
};

static struct module modules[MODULES];
static size_t module_count;

// NOLINTBEGIN(bugprone-reserved-identifier)
void __sanitizer_cov_8bit_counters_init(uint8_t *begin, uint8_t *end);
void __sanitizer_cov_8bit_counters_init(uint8_t *begin, uint8_t *end) {
    if (begin == end || module_count == MODULES ||
        (module_count > 0 && modules[module_count - 1].begin == begin)) {
        return;
    }
    const size_t size = (size_t)(end - begin);
    modules[module_count++] = (struct module){.begin = begin, .size = size, .kept = malloc(size)};
    if (modules[module_count - 1].kept == NULL) {
        abort();
    }
}

void __sanitizer_cov_pcs_init(const uintptr_t *begin, const uintptr_t *end);
void __sanitizer_cov_pcs_init(const uintptr_t *begin, const uintptr_t *end) {
    (void)end;
    if (module_count > 0) {
        modules[module_count - 1].places = begin;
    }
}
// NOLINTEND(bugprone-reserved-identifier)

void replay_coverage_clear(void) {
    for (size_t i = 0; i < module_count; i++) {
        memset(modules[i].begin, 0, modules[i].size);
    }
}

void replay_coverage_keep(void) {
    for (size_t i = 0; i < module_count; i++) {
        memcpy(modules[i].kept, modules[i].begin, modules[i].size);
    }
}

static void tell(const struct module *module) {
    int told = 0;
    for (size_t i = 0; i < module->size && told < MOST_TOLD; i++) {
        if (module->begin[i] != module->kept[i]) {
            const uintptr_t place = module->places != NULL ? module->places[2 * i] : 0;
            fprintf(stderr, "counter %zu, at %#zx: %u, was %u\n", i, (size_t)place,
                    module->begin[i], module->kept[i]);
            told++;
        }
    }
}

bool replay_coverage_is_same(void) {
    bool same = true;
    for (size_t i = 0; i < module_count; i++) {
        if (memcmp(modules[i].kept, modules[i].begin, modules[i].size) != 0) {
            same = false;
        }
    }
    return same;
}

void replay_coverage_tell(void) {
    for (size_t i = 0; i < module_count; i++) {
        tell(&modules[i]);
    }
}

size_t replay_coverage_places(void) {
    size_t count = 0;
    for (size_t i = 0; i < module_count; i++) {
        for (size_t j = 0; j < modules[i].size; j++) {
            count += modules[i].kept[j] != 0;
        }
    }
    return count;
}
