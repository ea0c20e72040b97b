// SPDX-License-Identifier: MIT
//
// A thread beside the VCPU's: it takes the bells from the port, hands them to whoever tells of
// them, and kicks the VCPU when the time is up.

#ifndef CLI_ATTENDANT_H
#define CLI_ATTENDANT_H

#include <stdatomic.h>
#include <stdbool.h>

#include <zircon/types.h>

#include "cli/bells.h"

struct attendant {
    zx_handle_t port;
    zx_handle_t vcpu;
    zx_time_t deadline;  // ZX_TIME_INFINITE: none
    struct bells *bells; // NULL: nobody tells of them
    atomic_bool time_is_up;
    struct host_thread *thread;
};

// Starts the thread. The caller has filled in the members before time_is_up. False when the host
// refuses a thread.
bool attendant_start(struct attendant *attendant);

// Ends the thread.
void attendant_stop(struct attendant *attendant);

#endif // CLI_ATTENDANT_H
