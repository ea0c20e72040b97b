// SPDX-License-Identifier: MIT
//
// The test machine: a guest with one processor, its memory and its devices, made and run with the
// public ABI alone.

#ifndef TESTS_LINUX_MACHINE_H
#define TESTS_LINUX_MACHINE_H

#include "devices.h"
#include "loader.h"

#include <zircon/types.h>

struct machine {
    zx_handle_t guest;
    zx_handle_t vmar;
    zx_handle_t vcpu;
    uint8_t *memory; // The guest's from guest-physical 0 on, mapped here as well.
    uint64_t memory_size;
    uint64_t kicks; // How many times the run call came back for one.
    struct devices devices;
};

// Of the calling thread from now on. Ends the process when a call fails, with its name.
void machine_create(struct machine *machine, uint64_t memory_size);
void machine_start(struct machine *machine, const struct boot_entry *entry);

// Runs until the guest turns itself off or resets; false, and a line on standard error, when the
// run call fails.
bool machine_run(struct machine *machine);

void machine_destroy(struct machine *machine);

#endif // TESTS_LINUX_MACHINE_H
