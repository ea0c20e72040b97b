// SPDX-License-Identifier: MIT
//
// Exception ports of 2018 (objects ABI 8.4 to 8.6): a task's exceptions become packets of a port.

#ifndef TASKS_EXCEPTION_PORT_H
#define TASKS_EXCEPTION_PORT_H

#include "ports/port.h"
#include "tasks/exception_binding.h"

// NO_MEMORY; ALREADY_BOUND when the slot is taken, by this port too; BAD_HANDLE when the port lost
// its last handle meanwhile.
zx_status_t exception_port_bind(struct exception_binding **slot, struct port *port, uint64_t key);

// Puts aside the packets that one more thread may need. False without memory.
bool exception_packets_put_aside(void);
void exception_packets_thread_gone(void);

// Whether a binding is one to that port.
binding_matches_fn exception_port_is;

#endif // TASKS_EXCEPTION_PORT_H
