// SPDX-License-Identifier: MIT
//
// A split virtqueue (virtio 1.1, 2.6): the guest puts chains of buffers into one ring, the device
// gives them back in another. All addresses are the guest's, and none is trusted.

#ifndef EXAMPLES_LINUX_VIRTQUEUE_H
#define EXAMPLES_LINUX_VIRTQUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vm;

enum { VIRTQUEUE_SIZE_MAX = 64 };

struct virtqueue {
    uint16_t size;
    uint16_t interrupt; // The entry of the MSI-X table.
    bool enabled;
    uint64_t descriptors;
    uint64_t available;
    uint64_t used;
    uint16_t next_available;
    uint16_t next_used;
};

struct buffer {
    uint8_t *bytes;
    uint32_t size;
    bool writable; // By the device.
};

struct chain {
    uint16_t head;
    unsigned count;
    struct buffer buffers[VIRTQUEUE_SIZE_MAX];
};

enum virtqueue_state { VIRTQUEUE_EMPTY, VIRTQUEUE_CHAIN, VIRTQUEUE_BROKEN };

// The next chain. BROKEN when the guest has put something there that is none.
enum virtqueue_state virtqueue_take(const struct vm *vm, struct virtqueue *queue,
                                    struct chain *chain);

// Gives a chain back, with how many bytes were written into it. True when the guest wants an
// interrupt.
bool virtqueue_give_back(const struct vm *vm, struct virtqueue *queue, const struct chain *chain,
                         uint32_t written);

#endif // EXAMPLES_LINUX_VIRTQUEUE_H
