// SPDX-License-Identifier: MIT
//
// Packets of bells.

#include "engine/bell_image.h"

#include "platform/check.h"

#include <stdlib.h>

// --- Which ports ---

static struct port *port_of(const struct trap *trap) {
    return trap->pool != NULL ? packet_pool_port(trap->pool) : NULL;
}

// The first trap of a port stands for all of the port's.
static bool is_first_of_port(const struct trap_map *traps, size_t index) {
    const struct port *port = port_of(&traps->traps[index]);
    for (size_t i = 0; i < index && port != NULL; i++) {
        if (port_of(&traps->traps[i]) == port) {
            return false;
        }
    }
    return port != NULL;
}

static size_t trap_of(const struct trap_map *traps, const struct packet_pool *pool) {
    size_t index = 0;
    while (index < traps->count && (pool == NULL || traps->traps[index].pool != pool)) {
        index++;
    }
    return index;
}

// --- Taking it ---

struct visit {
    struct bell_image *image;
    const struct trap_map *traps;
};

static bool has_room(struct bell_image *image) {
    if (image->count < image->room) {
        return true;
    }
    const size_t room = image->room == 0 ? 16 : 2 * image->room;
    struct queued_bell *bells = realloc(image->bells, room * sizeof *bells);
    if (bells != NULL) {
        image->bells = bells;
        image->room = room;
    }
    return bells != NULL;
}

bool bell_image_add(struct bell_image *image, size_t trap, zx_port_packet_t body) {
    const bool room = has_room(image);
    if (room) {
        image->bells[image->count++] = (struct queued_bell){.trap = trap, .body = body};
    }
    return room;
}

static void copy(const struct port_packet *packet, void *argument) {
    const struct visit *visit = argument;
    struct bell_image *image = visit->image;
    const size_t trap = trap_of(visit->traps, packet->pool);
    if (trap == visit->traps->count) {
        return;
    }
    image->failed |= !bell_image_add(image, trap, packet->body);
}

zx_status_t bell_image_take(struct bell_image *image, const struct trap_map *traps) {
    *image = (struct bell_image){0};
    struct visit visit = {.image = image, .traps = traps};
    for (size_t i = 0; i < traps->count; i++) {
        if (is_first_of_port(traps, i)) {
            port_visit_packets(port_of(&traps->traps[i]), copy, &visit);
        }
    }
    return image->failed ? ZX_ERR_NO_MEMORY : ZX_OK;
}

// --- Putting it back ---

static bool is_of_guest(const struct port_packet *packet, const void *argument) {
    const struct trap_map *traps = argument;
    return trap_of(traps, packet->pool) < traps->count;
}

// Waits for a packet that a reader is just giving back.
static void send(const struct queued_bell *bell, const struct trap_map *traps,
                 struct platform_semaphore *wake) {
    struct packet_pool *pool = traps->traps[bell->trap].pool;
    struct port_packet *packet = packet_pool_take(pool, wake, NULL);
    CHECK(packet != NULL);
    packet->body = bell->body;
    port_queue(packet_pool_port(pool), packet);
}

void bell_image_restore(const struct bell_image *image, const struct trap_map *traps) {
    struct platform_semaphore wake;
    platform_semaphore_init(&wake);
    for (size_t i = 0; i < traps->count; i++) {
        if (is_first_of_port(traps, i)) {
            port_remove_packets(port_of(&traps->traps[i]), is_of_guest, traps);
        }
    }
    for (size_t i = 0; i < image->count; i++) {
        send(&image->bells[i], traps, &wake);
    }
    platform_semaphore_destroy(&wake);
}

void bell_image_destroy(struct bell_image *image) {
    free(image->bells);
}
