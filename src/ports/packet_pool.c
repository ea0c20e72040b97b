// SPDX-License-Identifier: MIT
//
// Packets that a sender owns beforehand (hypervisor ABI 6.4). A packet goes from the free list to
// the sender, into the port's queue, and back when it is read or dropped. A reader may hold the
// last packet of a pool whose owner is gone, so whoever brings back the last one frees the pool.

#include "ports/port.h"

#include "platform/check.h"

#include <stdlib.h>

// A thread that waits, on its own stack.
struct pool_waiter {
    struct pool_waiter *next;
    struct platform_semaphore *wake;
};

struct packet_pool {
    struct port *port; // A reference.
    struct platform_mutex lock;
    struct pool_waiter *waiters; // Threads that wait for a packet, the last one first.
    struct port_packet *free;    // By `next`.
    uint32_t count;
    uint32_t away;
    bool retired;
    struct port_packet packets[];
};

static void destroy(struct packet_pool *pool) {
    CHECK(pool->away == 0 && pool->retired);
    object_unref(&pool->port->object);
    platform_mutex_destroy(&pool->lock);
    free(pool);
}

// Wakes every waiter: they are few, and the first to come takes the packet.
static void wake_waiters(const struct packet_pool *pool) REQUIRES(pool->lock) {
    ASSERT_HELD(&pool->lock);
    for (struct pool_waiter *waiter = pool->waiters; waiter != NULL; waiter = waiter->next) {
        platform_semaphore_post(waiter->wake);
    }
}

static void return_packet(struct port_packet *packet) {
    struct packet_pool *pool = packet->pool;
    CHECK(lock_order_holds_none_from(LOCK_PORT));
    platform_mutex_lock(&pool->lock);
    CHECK(pool->away > 0 && !packet->queued);
    packet->next = pool->free;
    pool->free = packet;
    pool->away--;
    const bool last = pool->retired && pool->away == 0;
    wake_waiters(pool);
    platform_mutex_unlock(&pool->lock);
    if (last) {
        destroy(pool);
    }
}

struct packet_pool *packet_pool_create(struct port *port, uint32_t count) {
    struct packet_pool *pool = calloc(1, sizeof(*pool) + count * sizeof(pool->packets[0]));
    if (pool == NULL) {
        return NULL;
    }
    object_ref(&port->object);
    pool->port = port;
    pool->count = count;
    platform_mutex_init(&pool->lock, LOCK_PACKET_POOL);
    for (uint32_t i = 0; i < count; i++) {
        struct port_packet *packet = &pool->packets[i];
        packet->pool = pool;
        packet->release = return_packet;
        packet->next = pool->free;
        pool->free = packet;
    }
    return pool;
}

static struct port_packet *take(struct packet_pool *pool) REQUIRES(pool->lock) {
    ASSERT_HELD(&pool->lock);
    struct port_packet *packet = pool->free;
    if (packet != NULL) {
        CHECK(!pool->retired && pool->away < pool->count && !packet->queued);
        pool->free = packet->next;
        pool->away++;
        packet->body = (zx_port_packet_t){0};
    }
    return packet;
}

struct port_packet *packet_pool_try_take(struct packet_pool *pool) {
    platform_mutex_lock(&pool->lock);
    struct port_packet *packet = take(pool);
    platform_mutex_unlock(&pool->lock);
    return packet;
}

static void unlink_waiter(struct packet_pool *pool, const struct pool_waiter *waiter)
    REQUIRES(pool->lock) {
    ASSERT_HELD(&pool->lock);
    struct pool_waiter **link = &pool->waiters;
    while (*link != waiter) {
        link = &(*link)->next;
    }
    *link = waiter->next;
}

struct port_packet *packet_pool_take(struct packet_pool *pool, struct platform_semaphore *wake,
                                     struct blocking *blocking) {
    struct pool_waiter waiter = {.wake = wake};
    platform_mutex_lock(&pool->lock);
    waiter.next = pool->waiters;
    pool->waiters = &waiter;
    while (pool->free == NULL && !blocking_stop_requested(blocking)) {
        platform_mutex_unlock(&pool->lock);
        blocking_sleep(blocking, wake, INT64_MAX);
        platform_mutex_lock(&pool->lock);
    }
    unlink_waiter(pool, &waiter);
    struct port_packet *packet = take(pool);
    platform_mutex_unlock(&pool->lock);
    return packet;
}

struct port *packet_pool_port(struct packet_pool *pool) {
    return pool->port;
}

static bool is_of_pool(const struct port_packet *packet, const void *argument) {
    return packet->pool == argument;
}

void packet_pool_retire(struct packet_pool *pool) {
    port_remove_packets(pool->port, is_of_pool, pool);
    platform_mutex_lock(&pool->lock);
    pool->retired = true;
    const bool last = pool->away == 0;
    platform_mutex_unlock(&pool->lock);
    if (last) {
        destroy(pool);
    }
}
