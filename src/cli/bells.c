// SPDX-License-Identifier: MIT
//
// One packet at a time.

#include "cli/bells.h"

bool bells_open(struct bells *bells) {
    *bells = (struct bells){.lock = host_lock_create()};
    return bells->lock != NULL;
}

void bells_free(struct bells *bells) {
    host_lock_destroy(bells->lock);
}

bool bells_put(struct bells *bells, const zx_port_packet_t *packet) {
    host_lock(bells->lock);
    while (bells->full && !bells->closed)
        host_lock_wait(bells->lock);
    const bool put = !bells->closed;
    bells->packet = *packet;
    bells->full = put;
    host_lock_wake(bells->lock);
    host_unlock(bells->lock);
    return put;
}

bool bells_take(struct bells *bells, zx_port_packet_t *packet) {
    host_lock(bells->lock);
    while (!bells->full && !bells->closed)
        host_lock_wait(bells->lock);
    const bool taken = bells->full;
    *packet = bells->packet;
    bells->full = false;
    host_lock_wake(bells->lock);
    host_unlock(bells->lock);
    return taken;
}

void bells_close(struct bells *bells) {
    host_lock(bells->lock);
    bells->closed = true;
    host_lock_wake(bells->lock);
    host_unlock(bells->lock);
}
