// SPDX-License-Identifier: MIT
//
// Requests for the VCPU that runs to leave the guest, by any thread.

#include "engine/cpu/cpu.h"
#include "engine/cpu/unicorn/machine.h"
#include "platform/publish.h"

void machine_request_exit(struct machine *machine) {
    exit_request_make(&machine->work.request);
}

// What was requested is looked for behind this.
void machine_clear_exit_request(struct machine *machine) {
    if (atomic_load(&machine->work.request.wanted)) {
        platform_publish(&machine->work.request.wanted, false);
    }
}
