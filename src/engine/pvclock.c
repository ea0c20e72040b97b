// SPDX-License-Identifier: MIT
//
// The three structures. They are filled in by memcpy: the guest chooses their alignment. All hosts
// that this library supports are little-endian, as the guest is.

#include "engine/pvclock.h"

#include "engine/guest_clock.h"
#include "engine/instruments/machine_image.h"
#include "engine/vcpu.h"
#include "objects/refusal.h"

#include <string.h>

#define NANOSECONDS 1000000000u

struct system_time {
    uint32_t version;
    uint32_t padding1;
    uint64_t tsc_timestamp;
    uint64_t system_time;
    uint32_t tsc_multiplier;
    int8_t tsc_shift;
    uint8_t flags;
    uint8_t padding2[2];
};
_Static_assert(sizeof(struct system_time) == 32, "hypervisor ABI 9.2");

struct boot_time {
    uint32_t version;
    uint32_t seconds;
    uint32_t nanoseconds;
};
_Static_assert(sizeof(struct boot_time) == 12, "hypervisor ABI 9.3");

struct clock_pairing {
    uint64_t seconds;
    uint64_t nanoseconds;
    uint64_t tsc;
    uint32_t flags;
    uint32_t padding[9];
};
_Static_assert(sizeof(struct clock_pairing) == 64, "hypervisor ABI 9.4");

// A tick is (2^TSC_SHIFT * TSC_MULTIPLIER) / 2^32 ns: what the search of hypervisor ABI 9.2 ends in
// for this frequency.
_Static_assert(GUEST_TSC_FREQUENCY == 1000000000u, "scale");
#define TSC_SHIFT 1
#define TSC_MULTIPLIER 0x80000000u
#define FLAG_STABLE 1u

// The host memory of a structure. A VMO keeps its place in the machine's arena for good, so the
// pointer stays valid when the mapping goes.
static zx_status_t locate(struct guest *guest, uint64_t address, size_t size, uint8_t **out) {
    struct mapping_view view;
    if (address >= GUEST_PHYSICAL_SIZE) {
        return refuse_value(ZX_ERR_INVALID_ARGS, "the clock's page at % is not below 2^48",
                            address);
    }
    if (!address_space_find(guest->space, address, &view)) {
        return refuse_value(ZX_ERR_NOT_FOUND, "the clock's page at % is not mapped", address);
    }
    if (view.length - (address - view.base) < size) {
        return refuse_value(ZX_ERR_OUT_OF_RANGE, "the clock's page at % passes its mapping's end",
                            address);
    }
    // The last byte's page too: to be written to, it must hold no translated code. Where a VMO has
    // grown, its next page may lie elsewhere in the arena.
    uint8_t *host = machine_host_address(guest->machine, address, true);
    if (host == NULL ||
        machine_host_address(guest->machine, address + size - 1, true) != host + size - 1) {
        return refuse_value(ZX_ERR_NOT_FOUND, "the clock's page at % cannot be written", address);
    }
    *out = host;
    return ZX_OK;
}

static zx_status_t store(struct guest *guest, uint64_t address, const void *data, size_t size) {
    uint8_t *host = NULL;
    const zx_status_t status = locate(guest, address, size, &host);
    if (status == ZX_OK) {
        memcpy(host, data, size);
    }
    return status;
}

zx_status_t pvclock_set(struct vcpu *vcpu, uint64_t value) {
    vcpu->pvclock.time = NULL;
    if ((value & 1) == 0) {
        return ZX_OK;
    }
    uint8_t *time = NULL;
    const zx_status_t status =
        locate(vcpu->guest, value & ~1ull, sizeof(struct system_time), &time);
    if (status == ZX_OK) {
        memset(time, 0, sizeof(struct system_time));
        vcpu->pvclock.time = time;
        vcpu->pvclock.address = value & ~1ull;
    }
    return status;
}

bool pvclock_find(struct guest *guest, struct pvclock *pvclock) {
    pvclock->time = NULL;
    return locate(guest, pvclock->address, sizeof(struct system_time), &pvclock->time) == ZX_OK;
}

// Other VCPUs read only in turns of their own, so that the compiler's order is enough.
static void set_version(struct pvclock *pvclock) {
    pvclock->version++;
    atomic_signal_fence(memory_order_seq_cst);
    memcpy(pvclock->time, &pvclock->version, sizeof pvclock->version);
    atomic_signal_fence(memory_order_seq_cst);
}

// A reader that sees an odd version, or two different ones, tries again.
void pvclock_update(struct vcpu *vcpu) {
    struct pvclock *pvclock = &vcpu->pvclock;
    if (pvclock->time == NULL) {
        return;
    }
    machine_note_store(vcpu->guest->machine, pvclock->address, sizeof(struct system_time));
    const int64_t now = guest_clock_now(vcpu->guest);
    const struct system_time time = {
        .tsc_timestamp = (uint64_t)now, // A tick of the TSC is a nanosecond of this clock.
        .system_time = (uint64_t)now,
        .tsc_multiplier = TSC_MULTIPLIER,
        .tsc_shift = TSC_SHIFT,
        .flags = FLAG_STABLE,
    };
    const size_t body = offsetof(struct system_time, tsc_timestamp);
    set_version(pvclock);
    memcpy(pvclock->time + body, (const uint8_t *)&time + body, sizeof time - body);
    set_version(pvclock);
}

zx_status_t pvclock_write_boot_time(struct guest *guest, uint64_t address) {
    const struct boot_time time = {0}; // Since 2022 the guest is not told the date.
    return store(guest, address, &time, sizeof time);
}

zx_status_t pvclock_write_pairing(struct guest *guest, uint64_t address) {
    const uint64_t now = (uint64_t)guest_clock_now(guest);
    const struct clock_pairing pairing = {
        .seconds = now / NANOSECONDS,
        .nanoseconds = now % NANOSECONDS,
        .tsc = now,
    };
    return store(guest, address, &pairing, sizeof pairing);
}
