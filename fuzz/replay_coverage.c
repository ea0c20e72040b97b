// SPDX-License-Identifier: MIT
//
// Counters of the program's modules, which call these functions as they are loaded.

#include "replay_coverage.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MODULES = 8, MOST_TOLD = 60 };

struct module {
    uint8_t *begin;
    size_t size;
    uint8_t *kept;
    unsigned *others;        // For each counter, how many runs had another value.
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
    struct module *module = &modules[module_count++];
    *module = (struct module){begin, size, malloc(size), calloc(size, sizeof(unsigned)), NULL};
    if (module->kept == NULL || module->others == NULL) {
        abort();
    }
}

void __sanitizer_symbolize_pc(void *place, const char *format, char *name, size_t size);
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
        memset(modules[i].others, 0, modules[i].size * sizeof *modules[i].others);
    }
}

static void note_others(const struct module *module) {
    for (size_t i = 0; i < module->size; i++) {
        module->others[i] += module->begin[i] != module->kept[i];
    }
}

bool replay_coverage_is_same(void) {
    bool same = true;
    for (size_t i = 0; i < module_count; i++) {
        if (memcmp(modules[i].kept, modules[i].begin, modules[i].size) != 0) {
            note_others(&modules[i]);
            same = false;
        }
    }
    return same;
}

// Sanitizers have this function, which names the place.
#pragma weak __sanitizer_symbolize_pc

static void tell(const struct module *module, size_t counter) {
    char name[256] = "";
    const uintptr_t place = module->places != NULL ? module->places[2 * counter] : 0;
    if (__sanitizer_symbolize_pc != NULL) {
        __sanitizer_symbolize_pc((void *)place, "%f %S", name, sizeof name);
    }
    fprintf(stderr, "in %u runs: counter %zu, at %#zx %s\n", module->others[counter], counter,
            (size_t)place, name);
}

void replay_coverage_tell(void) {
    int told = 0;
    for (size_t i = 0; i < module_count; i++) {
        for (size_t j = 0; j < modules[i].size && told < MOST_TOLD; j++) {
            if (modules[i].others[j] != 0) {
                tell(&modules[i], j);
                told++;
            }
        }
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
