// SPDX-License-Identifier: MIT
//
// Structures that the prototypes in zircon/syscalls.h point to, declared but not defined. A client
// that looks into one includes the header of its family, here port.h.

#ifndef ZIRCON_SYSCALLS_TYPES_H_
#define ZIRCON_SYSCALLS_TYPES_H_

typedef struct zx_port_packet zx_port_packet_t;

#endif // ZIRCON_SYSCALLS_TYPES_H_
