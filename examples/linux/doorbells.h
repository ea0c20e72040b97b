// SPDX-License-Identifier: MIT
//
// The thread that serves bells. A store to a bell's page does not stop the guest: Zircon queues a
// packet to a port and lets it run on, and whoever waits at the port does the work meanwhile. The
// timers of local APICs signal the same port.

#ifndef EXAMPLES_LINUX_DOORBELLS_H
#define EXAMPLES_LINUX_DOORBELLS_H

#include <pthread.h>
#include <stdbool.h>
#include <zircon/types.h>

struct vm;

struct doorbells {
    zx_handle_t port;
    pthread_t thread;
    bool started;
};

// The port, before the first bell is set.
void doorbells_open(struct vm *vm);
// The thread, once all devices are there. False when the host refuses it.
bool doorbells_start(struct vm *vm);
// Ends the thread, if there is one, and closes the port.
void doorbells_close(struct vm *vm);

#endif // EXAMPLES_LINUX_DOORBELLS_H
