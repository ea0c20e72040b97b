// SPDX-License-Identifier: MIT
//
// The paravirtual clock (hypervisor ABI 9): structures in guest memory from which a guest tells the
// time without an exit. All functions need the guest's turn.

#ifndef ENGINE_PVCLOCK_H
#define ENGINE_PVCLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <zircon/types.h>

struct guest;
struct vcpu;

struct pvclock {
    uint64_t address; // The guest-physical address of the structure.
    uint8_t *time;    // In host memory, at any alignment; NULL while the clock is off.
    uint32_t version; // Odd while the structure changes.
};

// A write to the system-time register: bit 0 for on, the rest is the structure's address.
// INVALID_ARGS, NOT_FOUND or OUT_OF_RANGE when the structure is not in one writable mapping.
zx_status_t pvclock_set(struct vcpu *vcpu, uint64_t value);

// Finds the host memory of a clock that is on, after its address came from a file. False where no
// clock can be at that address.
bool pvclock_find(struct guest *guest, struct pvclock *pvclock);

// Called before every entry.
void pvclock_update(struct vcpu *vcpu);

zx_status_t pvclock_write_boot_time(struct guest *guest, uint64_t address);
zx_status_t pvclock_write_pairing(struct guest *guest, uint64_t address);

#endif // ENGINE_PVCLOCK_H
