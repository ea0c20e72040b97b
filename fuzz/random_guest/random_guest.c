// SPDX-License-Identifier: MIT
//
// Random guests that are made for one life, or for a few.

#include "random_guest.h"

#include "booted.h"
#include "life.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zircon/syscalls.h>
#include <zircon/syscalls/hypervisor.h>
#include <zirconia/snapshot.h>

static void run_life(const uint8_t *data, size_t size, struct random_guest_result *result,
                     struct random_guest_record *record) {
    struct life life = {0};
    struct choices choices;
    booted_make();
    choices_init(&choices, data, size);
    life_conceive(&life, &choices);
    life_on_own_guest(&life, &choices, record, result);
}

void random_guest_run(const uint8_t *data, size_t size, struct random_guest_result *result) {
    run_life(data, size, result, NULL);
}

// --- All of what it did ---

void random_guest_run_recorded(const uint8_t *data, size_t size, struct random_guest_result *result,
                               struct random_guest_record *record) {
    run_life(data, size, result, record);
}

bool random_guest_is_same(const struct random_guest_record *one,
                          const struct random_guest_record *other) {
    bool same = memcmp(one->coverage, other->coverage, sizeof one->coverage) == 0;
    for (unsigned i = 0; i < RANDOM_GUEST_PARTS; i++) {
        const struct random_guest_part *part = &one->parts[i];
        same = same && part->size == other->parts[i].size &&
               (part->size == 0 || memcmp(part->bytes, other->parts[i].bytes, part->size) == 0);
    }
    return same;
}

void random_guest_forget(struct random_guest_record *record) {
    for (unsigned i = 0; i < RANDOM_GUEST_PARTS; i++) {
        free(record->parts[i].bytes);
        record->parts[i] = (struct random_guest_part){0};
    }
}

// --- The same from a snapshot ---

// What becomes of the only VCPU, which is made.
static uint64_t live_again(struct life *life, struct choices choices, struct choices own) {
    struct processor *processor = &life->processors[0];
    processor->choices = own;
    processor->trace = (struct trace){0};
    processor->entries = 0;
    life_set_alarms(life, &choices);
    life_run(processor);
    struct trace trace = processor->trace;
    trace_word(&trace, (uint64_t)alarms_now(&life->alarms));
    alarms_destroy(&life->alarms);
    life_trace_memory(life, &trace);
    host_answer_bells(&life->host);
    return trace.hash;
}

unsigned random_guest_repeat(const uint8_t *data, size_t size, unsigned times, bool *same) {
    struct life life = {0};
    struct choices choices;
    zx_handle_t snapshot = ZX_HANDLE_INVALID;
    unsigned lives = 0;
    *same = true;
    booted_make();
    choices_init(&choices, data, size);
    life_conceive(&life, &choices);
    if (life.count != 1) {
        return 0;
    }
    life_open_guest(&life, &choices);
    struct processor *processor = &life.processors[0];
    processor->life = &life;
    choices_fork(&choices, &processor->choices);
    life_make_vcpu(processor);
    const struct choices own = processor->choices;
    host_require(zirconia_guest_snapshot(life.host.guest, 0, &snapshot) == ZX_OK, "no snapshot");
    uint64_t first = 0;
    do {
        const uint64_t trace = live_again(&life, choices, own);
        first = lives == 0 ? trace : first;
        *same = *same && trace == first;
        host_answer_kick(processor->handle);
        lives++;
    } while (lives < times && zirconia_guest_restore(life.host.guest, snapshot) == ZX_OK);
    host_require(zx_handle_close(snapshot) == ZX_OK, "the snapshot's handle is gone");
    host_require(zx_handle_close(processor->handle) == ZX_OK, "the VCPU's handle is gone");
    host_close(&life.host);
    return lives;
}

bool random_guest_dump(const uint8_t *data, size_t size, const char *path) {
    struct life life = {0};
    struct choices choices;
    choices_init(&choices, data, size);
    life_conceive(&life, &choices);
    FILE *file = fopen(path, "wb");
    const bool written = file != NULL && fwrite(life_bytes(), 1, MEMORY_SIZE, file) == MEMORY_SIZE;
    return file != NULL && fclose(file) == 0 && written;
}
