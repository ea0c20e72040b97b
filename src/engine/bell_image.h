// SPDX-License-Identifier: MIT
//
// The packets of a guest's bells that wait in ports, copied and put back. What a client's ports
// have beside them stays.

#ifndef ENGINE_BELL_IMAGE_H
#define ENGINE_BELL_IMAGE_H

#include "engine/trap_map.h"

#include <zircon/syscalls/port.h>

struct queued_bell {
    size_t trap; // Its place in the map.
    zx_port_packet_t body;
};

struct bell_image {
    struct queued_bell *bells; // Bells of one port stand in the order of its queue.
    size_t count;
    size_t room;
    bool failed; // There was no memory for one of them.
};

// NO_MEMORY, with an image to destroy all the same. The map stays put, here and below.
zx_status_t bell_image_take(struct bell_image *image, const struct trap_map *traps);

// Puts another packet behind those that it has. False without memory.
bool bell_image_add(struct bell_image *image, size_t trap, zx_port_packet_t body);

// In place of all that the bells have sent since and nobody has read, behind what else is in their
// ports. A port without handles takes nothing. The map has the traps that it had.
void bell_image_restore(const struct bell_image *image, const struct trap_map *traps);

void bell_image_destroy(struct bell_image *image);

#endif // ENGINE_BELL_IMAGE_H
