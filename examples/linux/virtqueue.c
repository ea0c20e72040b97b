// SPDX-License-Identifier: MIT
//
// The rings. A processor of the guest changes them meanwhile, so an index is read before what it
// announces and written after it, as one access: a ring lies where virtio wants it, at an even
// address, or the queue is broken.

#include "virtqueue.h"

#include "bytes.h"
#include "vm.h"

#include <stdatomic.h>

enum { NEXT = 1, DEVICE_WRITES = 2, NO_INTERRUPT = 1, DESCRIPTOR_SIZE = 16 };

static _Atomic(uint16_t) *ring_word(uint8_t *ring, size_t offset) {
    return (_Atomic(uint16_t) *)(void *)(ring + offset);
}

static bool is_even(const void *address) {
    return ((uintptr_t)address & 1) == 0;
}

static bool take_index(const struct vm *vm, struct virtqueue *queue, uint16_t *head, bool *found) {
    uint8_t *ring = vm_memory(vm, queue->available, 6u + 2u * queue->size);
    if (ring == NULL || !is_even(ring)) {
        return false;
    }
    const uint16_t index = atomic_load(ring_word(ring, 2));
    *found = index != queue->next_available;
    if (*found) {
        *head = (uint16_t)get(ring + 4 + 2 * (queue->next_available++ % queue->size), 2);
    }
    return true;
}

static bool add_buffer(const struct vm *vm, const uint8_t *descriptor, struct chain *chain) {
    const uint32_t size = (uint32_t)get(descriptor + 8, 4);
    struct buffer *buffer = &chain->buffers[chain->count++];
    buffer->bytes = vm_memory(vm, get(descriptor, 8), size);
    buffer->size = size;
    buffer->writable = (descriptor[12] & DEVICE_WRITES) != 0;
    return buffer->bytes != NULL;
}

static bool follow(const struct vm *vm, const struct virtqueue *queue, struct chain *chain) {
    const uint8_t *table = vm_memory(vm, queue->descriptors, DESCRIPTOR_SIZE * queue->size);
    uint16_t index = chain->head;
    while (table != NULL && index < queue->size && chain->count < queue->size) {
        const uint8_t *descriptor = table + DESCRIPTOR_SIZE * index;
        if (!add_buffer(vm, descriptor, chain)) {
            return false;
        }
        if ((descriptor[12] & NEXT) == 0) {
            return true;
        }
        index = (uint16_t)get(descriptor + 14, 2);
    }
    return false;
}

enum virtqueue_state virtqueue_take(const struct vm *vm, struct virtqueue *queue,
                                    struct chain *chain) {
    bool found = false;
    chain->count = 0;
    if (!queue->enabled) {
        return VIRTQUEUE_EMPTY;
    }
    if (!take_index(vm, queue, &chain->head, &found)) {
        return VIRTQUEUE_BROKEN;
    }
    if (!found) {
        return VIRTQUEUE_EMPTY;
    }
    return follow(vm, queue, chain) ? VIRTQUEUE_CHAIN : VIRTQUEUE_BROKEN;
}

bool virtqueue_give_back(const struct vm *vm, struct virtqueue *queue, const struct chain *chain,
                         uint32_t written) {
    uint8_t *ring = vm_memory(vm, queue->used, 6u + 8u * queue->size);
    uint8_t *available = vm_memory(vm, queue->available, 2);
    if (ring == NULL || available == NULL || !is_even(ring) || !is_even(available)) {
        return false;
    }
    uint8_t *entry = ring + 4 + 8 * (queue->next_used++ % queue->size);
    put(entry, chain->head, 4);
    put(entry + 4, written, 4);
    atomic_store(ring_word(ring, 2), queue->next_used);
    return (atomic_load(ring_word(available, 0)) & NO_INTERRUPT) == 0;
}
