// SPDX-License-Identifier: MIT
//
// The packets of a guest's bells that wait in ports, copied and put back. What a client's ports
// have beside them stays.

#ifndef ENGINE_BELL_IMAGE_H
#define ENGINE_BELL_IMAGE_H

#include "engine/trap_map.h"

#include <zircon/syscalls/port.h>

struct queued_bell {
    size_t trap; // The trap's place in the map.
    zx_port_packet_t body;
};

struct bell_image {
    struct queued_bell *bells; // Bells of one port stand in the order of its queue.
    size_t count;
    size_t room;
    bool failed; // There was no memory for one of them.
};

// Copies the packets. On NO_MEMORY, too, the image must be destroyed. The map does not change
// meanwhile, here and below.
zx_status_t bell_image_take(struct bell_image *image, const struct trap_map *traps);

// Appends a packet to the image. False when memory is short.
bool bell_image_add(struct bell_image *image, size_t trap, zx_port_packet_t body);

// Puts the packets back, behind what else is in their ports, in place of the unread packets that
// the bells have sent since. A port without handles takes nothing. The map must have the traps that
// it had.
void bell_image_restore(const struct bell_image *image, const struct trap_map *traps);

void bell_image_destroy(struct bell_image *image);

#endif // ENGINE_BELL_IMAGE_H
