// SPDX-License-Identifier: MIT
//
// Waits for signals that end in a packet (objects ABI 4.5, 4.7). The wait and its packet are one
// piece of memory: it is a signal observer of its object while armed and in the port's queue when
// it has matched, or both when it repeats, and is freed when it is neither.
//
// Locks: object.lock, then port.lock. Whoever arms or disarms a wait holds both, so a thread that
// finds it armed under either may use what it points to.

#ifndef PORTS_PORT_OBSERVER_H
#define PORTS_PORT_OBSERVER_H

#include "objects/signal_observer.h"
#include "ports/port.h"

// The wait that zx_object_wait_async() asks for.
struct port_wait_request {
    zx_handle_t source; // The handle through which the object is watched.
    uint64_t key;
    zx_signals_t trigger;
    bool repeating; // 2018 only.
    bool edge;
    bool timestamp;
};

// ZX_ERR_NO_MEMORY, or ZX_ERR_BAD_STATE when the port has no handles left.
zx_status_t port_observe(struct port *port, struct object *object,
                         const struct port_wait_request *request);

// Ends the waits through that handle with that key, and withdraws the packets of such waits. False
// when there were none.
bool port_cancel(struct port *port, struct object *object, zx_handle_t source, uint64_t key);

// Ends the waits with that key on every object, and withdraws their packets. False when there were
// none.
bool port_cancel_key(struct port *port, uint64_t key);

// Ends all waits of a port that takes no further ones.
void port_observers_end(struct port *port);

#endif // PORTS_PORT_OBSERVER_H
