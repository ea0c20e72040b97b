// SPDX-License-Identifier: MIT
//
// Guests that are kept from one life to the next. Between two lives a guest goes back to a
// snapshot, which is of its VCPU as it was made, of its clock and of its bells. Its memory and
// mappings are no part of that: they are other ones in each life, and a snapshot without any is
// restored whatever the host has done to them.
//
// A thread has one VCPU, so each guest has a thread of its own. What a guest is made with, and no
// snapshot takes back, it has for good: there is one guest for each kind of first instruction, with
// a bell and without. A guest that the host has set traps for ends. Guests with two VCPUs are not
// kept: the first to be done closes its VCPU, for which the other one would wait.

#include "random_guest.h"

#include "booted.h"
#include "life.h"
#include "platform/platform.h"

#include <zircon/syscalls.h>
#include <zirconia/snapshot.h>

enum {
    KINDS = 4,
    MOST_LIVES = 4096,
};

struct kept {
    struct host host; // Its memory stays.
    zx_handle_t vcpu; // ZX_HANDLE_INVALID while there is no guest.
    zx_handle_t snapshot;
    unsigned lives;
    bool started; // Its thread.
    // What the thread is to do.
    struct life *life;
    struct choices *choices;
    unsigned parts;
    struct random_guest_result *result;
    struct platform_semaphore wanted;
    struct platform_semaphore done;
};

static void make(struct kept *kept) {
    if (kept->host.memory == ZX_HANDLE_INVALID) {
        kept->host.memory = host_make_memory();
    }
    kept->host.trapped = false;
    kept->lives = 0;
    host_open(&kept->host, kept->parts);
    life_observe(&kept->host);
    host_map(&kept->host, life_bytes(), kept->parts); // A VCPU has to begin in memory.
    kept->vcpu = host_make_vcpu(&kept->host, boot_entry(kept->life->processors[0].mode), true);
    host_unmap(&kept->host);
    host_require(zirconia_guest_snapshot(kept->host.guest, 0, &kept->snapshot) == ZX_OK,
                 "no snapshot");
}

static void end(struct kept *kept) {
    host_require(zx_handle_close(kept->snapshot) == ZX_OK, "the snapshot's handle is gone");
    host_require(zx_handle_close(kept->vcpu) == ZX_OK, "the VCPU's handle is gone");
    host_close(&kept->host);
    kept->vcpu = ZX_HANDLE_INVALID;
}

static void go_back(struct kept *kept) {
    host_answer_kick(kept->vcpu);
    host_answer_bells(&kept->host);
    host_unmap(&kept->host);
    host_require(zirconia_guest_restore(kept->host.guest, kept->snapshot) == ZX_OK,
                 "the guest does not go back");
}

static void live(struct kept *kept) {
    struct life *life = kept->life;
    if (kept->vcpu == ZX_HANDLE_INVALID) {
        make(kept);
    } else {
        go_back(kept);
    }
    host_map(&kept->host, life_bytes(), kept->parts);
    life->host = kept->host;
    life->kept = true;
    life->processors[0].handle = kept->vcpu;
    life_live(life, kept->choices);
    life_tell(life, kept->result);
    kept->lives++;
    if (life->host.trapped || kept->lives == MOST_LIVES) {
        end(kept);
    }
}

static void wait_for(struct platform_semaphore *semaphore) {
    platform_semaphore_wait_until(semaphore, INT64_MAX);
}

static void live_when_wanted(void *context) {
    struct kept *kept = context;
    for (;;) {
        wait_for(&kept->wanted);
        live(kept);
        platform_semaphore_post(&kept->done);
    }
}

static void start(struct kept *kept) {
    platform_semaphore_init(&kept->wanted);
    platform_semaphore_init(&kept->done);
    kept->started = platform_thread_start("kept", live_when_wanted, kept);
    host_require(kept->started, "there is no thread for a guest");
}

static struct kept *kept_for(enum boot_mode mode, unsigned parts) {
    static struct kept all[KINDS];
    const unsigned bell = (parts & HOST_BELL) != 0 ? 1 : 0;
    const unsigned application = mode >= BOOT_LONG_MODES ? 1 : 0;
    struct kept *kept = &all[2 * application + bell];
    if (!kept->started) {
        start(kept);
    }
    return kept;
}

void random_guest_run_kept(const uint8_t *data, size_t size, struct random_guest_result *result) {
    struct life life = {0};
    struct choices choices;
    booted_make();
    choices_init(&choices, data, size);
    life_conceive(&life, &choices);
    if (life.count > 1) {
        life_on_own_guest(&life, &choices, NULL, result);
        return;
    }
    const unsigned parts = choose(&choices, HOST_PARTS);
    struct kept *kept = kept_for(life.processors[0].mode, parts);
    kept->life = &life;
    kept->choices = &choices;
    kept->parts = parts;
    kept->result = result;
    platform_semaphore_post(&kept->wanted);
    wait_for(&kept->done);
}
