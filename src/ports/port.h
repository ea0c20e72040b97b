// SPDX-License-Identifier: MIT
//
// Ports: queues of packets that threads wait on (objects ABI 4), and packet pools: the packets
// that a sender owns beforehand so that sending never allocates (hypervisor ABI 6.4).
//
// Locks: port.lock guards the queue, the counts and `closed`; a pool's lock guards its free list
// and its count of packets away. Neither is held while the other is taken, and no packet is
// released with the port's lock held.

#ifndef PORTS_PORT_H
#define PORTS_PORT_H

#include "objects/object.h"
#include "platform/platform.h"

#include <zircon/syscalls/port.h>

struct packet_pool;

// A packet in a queue or on its way there. The sender fills `body`; the rest is the port's.
struct port_packet {
    zx_port_packet_t body;
    struct port_packet *next;
    struct port_packet *previous;
    struct packet_pool *pool; // Where it goes back to; NULL for a user packet.

    // Takes the packet back after delivery or when it is dropped.
    void (*release)(struct port_packet *packet);
};

struct port {
    struct object object;
    struct platform_mutex lock;
    struct platform_condition arrived; // One signal a packet.
    struct port_packet *first;
    struct port_packet *last;
    uint32_t user_packets;
    bool closed; // No handle is left.
};

// How many user packets may be queued before the next is refused: one more fits than the limit
// says, because the limit is tested before the packet is counted (objects ABI 4.4).
enum { PORT_USER_PACKET_LIMIT = 4096 };

zx_status_t port_create(struct port **out);

static inline struct port *port_from_object(struct object *object) {
    return (struct port *)object;
}

// Appends a packet and takes it over: on failure it is released. ZX_ERR_BAD_STATE when the port
// has no handles left. Never blocks.
zx_status_t port_queue(struct port *port, struct port_packet *packet);

// Appends a copy with its type set to USER. ZX_ERR_NO_MEMORY, SHOULD_WAIT when full, BAD_STATE.
zx_status_t port_queue_user(struct port *port, const zx_port_packet_t *body);

// Takes the oldest packet, waiting until the absolute deadline: ZX_OK or ZX_ERR_TIMED_OUT. Needs
// a reference, not a handle: closing the port does not wake it.
zx_status_t port_wait(struct port *port, zx_time_t deadline, zx_port_packet_t *out);

// Takes a pool's packets out of the queue and releases them.
void port_remove_pool(struct port *port, const struct packet_pool *pool);

// --- Pools ---

enum { PACKET_POOL_TRAP_COUNT = 256 };

// A pool of `count` packets for one port, to which it holds a reference. NULL without memory.
struct packet_pool *packet_pool_create(struct port *port, uint32_t count);

// A packet with a body of zeros, and NULL (try) or a wait (take) when all are on their way. The
// wait ends when one is read from the port or when the port loses its last handle. The caller
// queues the packet on packet_pool_port() or releases it.
struct port_packet *packet_pool_try_take(struct packet_pool *pool);
struct port_packet *packet_pool_take(struct packet_pool *pool);

struct port *packet_pool_port(struct packet_pool *pool);

// The owner is done, and no thread is inside take. The pool's queued packets leave the port, other
// packets stay, and the pool goes away, at the latest with its last packet.
void packet_pool_retire(struct packet_pool *pool);

#endif // PORTS_PORT_H
