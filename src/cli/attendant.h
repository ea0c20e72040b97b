// SPDX-License-Identifier: MIT
//
// A thread beside the VCPU's: it takes the bells from the port and prints them, and kicks the VCPU
// when the time is up.

#ifndef CLI_ATTENDANT_H
#define CLI_ATTENDANT_H

#include <stdatomic.h>
#include <stdbool.h>

#include <zircon/types.h>

#include "cli/host.h"

struct attendant {
    zx_handle_t port;
    zx_handle_t vcpu;
    zx_time_t deadline; // ZX_TIME_INFINITE: none
    bool trace;
    bool json;
    bool colour;
    atomic_bool time_is_up;
    struct host_thread *thread;
};

// Starts the thread. The caller has filled in the members before time_is_up. False when the host
// refuses a thread.
bool attendant_start(struct attendant *attendant);

// Prints the bells that are still queued and ends the thread.
void attendant_stop(struct attendant *attendant);

#endif // CLI_ATTENDANT_H
