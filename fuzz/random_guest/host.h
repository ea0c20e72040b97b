// SPDX-License-Identifier: MIT
//
// The host of a random guest: what a VMM does between two entries, from sensible to absurd.

#ifndef RANDOM_GUEST_HOST_H
#define RANDOM_GUEST_HOST_H

#include "choices.h"

#include <stdbool.h>
#include <zircon/types.h>

struct host {
    zx_handle_t guest;
    zx_handle_t vmar;
    zx_handle_t memory;
    zx_handle_t port; // The port of the bells.
};

// Ends the process on ZX_ERR_INTERNAL. Returns the status.
zx_status_t host_check(zx_status_t status, const char *call);

// Ends the process unless the condition holds.
void host_require(bool condition, const char *what);

// What a guest may have besides: its memory at ALIAS too, a bell.
enum { HOST_ALIAS = 1, HOST_BELL = 2, HOST_PARTS = 4 };

zx_handle_t host_make_memory(void);

// A guest with traps on ports and accesses; no memory and no VCPU.
void host_open(struct host *host, unsigned parts);
// Maps its memory, which has these bytes, in place of all that was mapped.
void host_map(const struct host *host, const uint8_t *bytes, unsigned parts);
void host_unmap(const struct host *host);
void host_close(struct host *host);

// Makes a VCPU, of the calling thread's. An application processor may be the guest's first, which
// is to say that the boot processor has come and gone.
zx_handle_t host_make_vcpu(const struct host *host, zx_vaddr_t entry, bool first);

// Takes the packets of all bells. A VCPU waits when a bell of its has 256.
void host_answer_bells(const struct host *host);

// Has the VCPU, on its thread, answer a kick, and one that may be left from before with it.
void host_answer_kick(zx_handle_t vcpu);

// One action. `bits` is of the code that the VCPU began with. True if it has set a trap, which
// stays as long as the guest.
bool host_act(const struct host *host, zx_handle_t vcpu, unsigned bits, struct choices *choices);

void host_set_registers(zx_handle_t vcpu, unsigned bits, struct choices *choices);

// An interrupt, an NMI or an exception.
unsigned host_choose_vector(struct choices *choices);

#endif // RANDOM_GUEST_HOST_H
