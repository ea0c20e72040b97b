// SPDX-License-Identifier: MIT
//
// Ports: queues of packets that threads wait on (objects ABI 4), and packet pools: the packets
// that a sender owns beforehand so that sending never allocates (hypervisor ABI 6.4). Waits for
// signals that end in a packet are in port_observer.h.
//
// Locks: port.lock guards the queue, the waiters, the list of armed observers, the counts and
// `closed`; a pool's lock guards its free list and its count of packets away. Neither is held while
// the other is taken, and no packet is released with the port's lock held.

#ifndef PORTS_PORT_H
#define PORTS_PORT_H

#include "objects/blocking.h"
#include "objects/era.h"
#include "objects/object.h"
#include "platform/platform.h"

#include <zircon/syscalls/port.h>

struct packet_pool;
struct port_observer;
struct port_waiter;
struct wake_list;

// A packet in a queue or on its way there. The sender fills in `body`; the rest belongs to the
// port.
struct port_packet {
    zx_port_packet_t body;
    struct port_packet *next;
    struct port_packet *previous;
    struct packet_pool *pool; // The pool that it goes back to, or NULL.
    zx_handle_t source;       // The handle of the wait that it is the result of, or 0.
    bool queued;

    // The packet's observer may queue it again, so it is not released when it leaves the queue.
    bool armed;

    // Takes the packet back after delivery or when it is dropped.
    void (*release)(struct port_packet *packet);
};

struct port {
    struct object object;
    const struct era *era; // The era of the file that made the port, for its limits.
    struct platform_mutex lock;
    struct port_packet *first;
    struct port_packet *last;
    struct port_waiter *first_waiter; // Waiting threads to which no packet has been announced yet.
    struct port_waiter *last_waiter;
    struct port_observer *observers; // The list of armed observers.
    uint32_t limited_packets;
    bool closed; // No handle is left.

    // Packets of waits that found the port full, by `next`. A thread that tells of its being
    // stopped may have been stopped in the host's allocator, so they are freed later.
    struct port_packet *lost;
    void (*on_close)(struct port *port);
};

// The era limits how many packets may be queued before the next is refused: one more fits than its
// limit says, because the limit is tested before the packet is counted (objects ABI 4.4). User
// packets count, in some eras those of waits as well. A pool's never do.
zx_status_t port_create(const struct era *era, struct port **out);

static inline struct port *port_from_object(struct object *object) {
    return (struct port *)object;
}

void port_free_lost(struct port *port);

// Sets the function that is called, inside a call, when the last handle is closed. False when the
// port has no handle any more.
bool port_watch_close(struct port *port, void (*on_close)(struct port *port));

// Appends a packet and takes it over: on failure it is released. ZX_ERR_BAD_STATE when the port
// has no handles left, SHOULD_WAIT when it is full. Never blocks.
zx_status_t port_queue(struct port *port, struct port_packet *packet);

// As port_queue(), but inside the lock, and on failure the packet stays the caller's. A thread that
// waits for a packet is put into `wakes`.
zx_status_t port_queue_locked(struct port *port, struct port_packet *packet,
                              struct wake_list *wakes) REQUIRES(port->lock);

// Appends a copy with its type set to USER. ZX_ERR_NO_MEMORY, SHOULD_WAIT when full, BAD_STATE.
zx_status_t port_queue_user(struct port *port, const zx_port_packet_t *body);

// Takes the oldest packet, waiting until the absolute deadline: ZX_OK, ZX_ERR_TIMED_OUT or, as
// waiter_block(), ZX_ERR_INTERNAL_INTR_RETRY. Needs a reference, not a handle: closing the port
// does not wake it.
zx_status_t port_wait(struct port *port, zx_time_t deadline, zx_port_packet_t *out);

// Takes the packets out of the queue that `matches` accepts, releases those that are not armed,
// and tells whether there was any.
typedef bool packet_matches_fn(const struct port_packet *packet, const void *argument);
bool port_remove_packets(struct port *port, packet_matches_fn *matches, const void *argument);

// Shows all packets in the order of the queue, inside the port's lock.
void port_visit_packets(struct port *port,
                        void (*visit)(const struct port_packet *packet, void *argument),
                        void *argument);

// --- Pools ---

enum { PACKET_POOL_TRAP_COUNT = 256 };

// A pool of `count` packets for one port, to which it holds a reference. NULL without memory.
struct packet_pool *packet_pool_create(struct port *port, uint32_t count);

// A packet with a body of zeros, and NULL (try) or a wait (take) when all are on their way. The
// wait, on a semaphore of the thread's, ends when one is read from the port or when the port loses
// its last handle; and, with NULL, when the thread is to stop or to end and the semaphore is
// posted. The caller queues the packet on packet_pool_port() or releases it.
struct port_packet *packet_pool_try_take(struct packet_pool *pool);
struct port_packet *packet_pool_take(struct packet_pool *pool, struct platform_semaphore *wake,
                                     struct blocking *blocking);

struct port *packet_pool_port(struct packet_pool *pool);

// The owner of the pool ends it, with no thread inside packet_pool_take(). The pool's queued
// packets leave the port, other packets stay, and the pool goes away, at the latest with its last
// packet.
void packet_pool_retire(struct packet_pool *pool);

#endif // PORTS_PORT_H
