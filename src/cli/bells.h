// SPDX-License-Identifier: MIT
//
// Bells on their way from the thread that takes their packets to the VCPU's, which tells of each
// where it rang: so a trace is the same in each run, whatever the two threads do meanwhile.

#ifndef CLI_BELLS_H
#define CLI_BELLS_H

#include <stdbool.h>

#include <zircon/syscalls/port.h>

#include "cli/host.h"

struct bells {
    struct host_lock *lock; // Guards the other fields.
    zx_port_packet_t packet;
    bool full;
    bool closed; // No more packets will come.
};

// False when the host refuses.
bool bells_open(struct bells *bells);
void bells_free(struct bells *bells);

// Hands a packet over, once the one before has been taken. False once the bells are closed.
bool bells_put(struct bells *bells, const zx_port_packet_t *packet);

// Waits for the next packet. False once the bells are closed.
bool bells_take(struct bells *bells, zx_port_packet_t *packet);

// Closes the bells: threads that wait go on.
void bells_close(struct bells *bells);

#endif // CLI_BELLS_H
