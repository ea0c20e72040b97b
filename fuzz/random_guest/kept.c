// SPDX-License-Identifier: MIT
//
// Guests that are kept from one life to the next. Between two lives a guest goes back to a
// snapshot, which is of its VCPUs as they were made, of its clock and of its bells. Its memory and
// mappings are no part of that: they are other ones in each life, and a snapshot without any is
// restored whatever the host has done to them.
//
// A thread has one VCPU, so each guest has a thread of its own, or two. What a guest is made with,
// and no snapshot takes back, it has for good: there is one guest for each kind of first
// instruction and for two VCPUs, with a bell and without. A guest that the host has set traps for
// ends. What is done to have a guest for the next life is no coverage of it.

#include "random_guest.h"

#include "booted.h"
#include "engine/exit_trace.h"
#include "life.h"
#include "rest.h"
#include "uncounted.h"
#include "worker.h"

#include <zircon/syscalls.h>
#include <zirconia/snapshot.h>
#include <zirconia/virtual_time.h>

enum kind {
    KIND_FIRST,       // One VCPU, the boot processor.
    KIND_APPLICATION, // One VCPU, an application processor.
    KIND_PAIR,
    KINDS,
};

enum {
    BELLS = 2,   // With and without.
    WARM_UP = 8, // Work.
};

struct kept_vcpu {
    const struct kept *kept;
    struct worker worker; // Its thread.
    zx_handle_t handle;   // ZX_HANDLE_INVALID while there is no guest.
    enum boot_mode mode;  // One of those that it may be made for.
    bool first;           // The guest's first.
};

struct kept {
    struct host host; // Its memory stays.
    struct kept_vcpu vcpus[ALARM_VCPUS];
    zx_handle_t snapshot;
    // What the first VCPU's thread is to do.
    struct life *life;
    struct choices *choices;
    unsigned parts;
    struct random_guest_result *result;
};

// --- On the VCPU's thread ---

static void make_vcpu(void *argument) {
    struct kept_vcpu *vcpu = argument;
    vcpu->handle = host_make_vcpu(&vcpu->kept->host, boot_entry(vcpu->mode), vcpu->first);
}

static void answer_kick(void *argument) {
    const struct kept_vcpu *vcpu = argument;
    host_answer_kick(vcpu->handle);
}

// --- On the first VCPU's thread ---

static zx_handle_t snapshot_of(const struct kept *kept) {
    zx_handle_t snapshot = ZX_HANDLE_INVALID;
    host_unmap(&kept->host);
    host_require(zirconia_guest_snapshot(kept->host.guest, 0, &snapshot) == ZX_OK, "no snapshot");
    return snapshot;
}

static void restore(const struct kept *kept, zx_handle_t snapshot) {
    host_unmap(&kept->host);
    host_require(zirconia_guest_restore(kept->host.guest, snapshot) == ZX_OK,
                 "the guest does not go back");
}

static void set_budget(const struct kept *kept, uint64_t work) {
    host_require(zirconia_guest_set_budget(kept->host.guest, work) == ZX_OK, "there is no budget");
}

// What is done for a guest's first run alone is done before the first life: places are found for
// its memory and tables. So the first life has the coverage of all others.
static void warm_up(const struct kept *kept) {
    const zx_handle_t vcpu = kept->vcpus[0].handle;
    const zx_handle_t snapshot = snapshot_of(kept);
    zx_port_packet_t packet;
    host_map(&kept->host, life_bytes(), kept->parts);
    set_budget(kept, WARM_UP);
    host_check(zx_vcpu_enter(vcpu, &packet), "zx_vcpu_enter");
    set_budget(kept, ZIRCONIA_BUDGET_NONE);
    host_answer_kick(vcpu);
    host_answer_bells(&kept->host);
    rest_forget(vcpu);
    restore(kept, snapshot);
    host_require(zx_handle_close(snapshot) == ZX_OK, "the snapshot's handle is gone");
    host_map(&kept->host, life_bytes(), kept->parts);
}

static void make(struct kept *kept) {
    if (kept->host.memory == ZX_HANDLE_INVALID) {
        kept->host.memory = host_make_memory();
    }
    host_open(&kept->host, kept->parts);
    host_map(&kept->host, life_bytes(), kept->parts); // A VCPU has to begin in memory.
    for (unsigned i = 0; i < kept->life->count; i++) {
        struct kept_vcpu *vcpu = &kept->vcpus[i];
        vcpu->kept = kept;
        vcpu->mode = kept->life->processors[i].mode;
        vcpu->first = i == 0;
        if (i == 0) {
            make_vcpu(vcpu);
            if (!exit_trace_is_on()) { // Which would tell of it.
                warm_up(kept);
            }
        } else {
            worker_do(&vcpu->worker, make_vcpu, vcpu);
        }
    }
    life_observe(&kept->host);
    kept->snapshot = snapshot_of(kept);
}

static void end(struct kept *kept) {
    host_require(zx_handle_close(kept->snapshot) == ZX_OK, "the snapshot's handle is gone");
    for (unsigned i = 0; i < kept->life->count; i++) {
        host_require(zx_handle_close(kept->vcpus[i].handle) == ZX_OK, "the VCPU's handle is gone");
        kept->vcpus[i].handle = ZX_HANDLE_INVALID;
    }
    host_close(&kept->host);
}

static void go_back(struct kept *kept) {
    for (unsigned i = 0; i < kept->life->count; i++) {
        rest_forget(kept->vcpus[i].handle);
    }
    for (unsigned i = 0; kept->life->count > 1 && i < kept->life->count; i++) {
        rest_end(kept->vcpus[i].handle);
    }
    answer_kick(&kept->vcpus[0]);
    if (kept->life->count > 1) {
        worker_do(&kept->vcpus[1].worker, answer_kick, &kept->vcpus[1]);
    }
    host_answer_bells(&kept->host);
    restore(kept, kept->snapshot);
}

static void have_guest(struct kept *kept) {
    uncounted_begin();
    if (kept->vcpus[0].handle == ZX_HANDLE_INVALID) {
        make(kept);
    } else {
        go_back(kept);
    }
    uncounted_end();
}

static void give_up_if_changed(struct kept *kept) {
    bool trapped = false;
    for (unsigned i = 0; i < kept->life->count; i++) {
        trapped |= kept->life->processors[i].trapped;
    }
    if (trapped) {
        uncounted_begin();
        end(kept);
        uncounted_end();
    }
}

static void live(void *argument) {
    struct kept *kept = argument;
    struct life *life = kept->life;
    have_guest(kept);
    host_map(&kept->host, life_bytes(), kept->parts);
    life->host = kept->host;
    life->kept = true;
    life->second = &kept->vcpus[1].worker;
    for (unsigned i = 0; i < life->count; i++) {
        life->processors[i].handle = kept->vcpus[i].handle;
    }
    life_live(life, kept->choices);
    life_tell(life, kept->result);
    give_up_if_changed(kept);
}

// ---

static struct kept *kept_for(const struct life *life, unsigned parts) {
    static struct kept all[KINDS][BELLS];
    const bool application = life->processors[0].mode >= BOOT_LONG_MODES;
    const enum kind alone = application ? KIND_APPLICATION : KIND_FIRST;
    return &all[life->count > 1 ? KIND_PAIR : alone][(parts & HOST_BELL) != 0 ? 1 : 0];
}

void random_guest_run_kept(const uint8_t *data, size_t size, struct random_guest_result *result) {
    struct life life = {0};
    struct choices choices;
    booted_make();
    choices_init(&choices, data, size);
    life_conceive(&life, &choices);
    const unsigned parts = choose(&choices, HOST_PARTS);
    struct kept *kept = kept_for(&life, parts);
    kept->life = &life;
    kept->choices = &choices;
    kept->parts = parts;
    kept->result = result;
    worker_do(&kept->vcpus[0].worker, live, kept);
}
