// SPDX-License-Identifier: MIT
//
// The two queues: what is typed goes into buffers that the guest has put into the first, what the
// guest writes is in those of the second.

#include "console.h"

#include "vm.h"

#include <string.h>

enum { INPUT = 0, OUTPUT = 1 };

static bool print(struct vm *vm, struct virtqueue *queue, enum virtqueue_state *state) {
    struct chain chain;
    bool interrupt = false;
    while ((*state = virtqueue_take(vm, queue, &chain)) == VIRTQUEUE_CHAIN) {
        for (unsigned i = 0; i < chain.count; i++) {
            const struct buffer *buffer = &chain.buffers[i];
            for (uint32_t at = 0; at < buffer->size && !buffer->writable; at++) {
                vm->config.send(vm->config.context, buffer->bytes[at]);
            }
        }
        interrupt |= virtqueue_give_back(vm, queue, &chain, 0);
    }
    return interrupt;
}

// A bell of the input's queue says that there are buffers again.
static void serve(struct vm *vm, struct virtio *device, unsigned number) {
    enum virtqueue_state state = VIRTQUEUE_EMPTY;
    if (number == INPUT) {
        vm_input_has_room(vm);
        return;
    }
    if (print(vm, &device->queues[number], &state)) {
        virtio_interrupt(vm, device, number);
    }
    if (state == VIRTQUEUE_BROKEN) {
        virtio_give_up(vm, device);
    }
}

static const struct virtio_kind kind = {3, 0x0780, 2, serve};

void console_open(struct vm *vm, struct console *console, unsigned number) {
    virtio_open(vm, &console->virtio, &kind, number);
}

bool console_is_used(const struct console *console) {
    return console->virtio.queues[INPUT].enabled;
}

size_t console_receive(struct vm *vm, const uint8_t *bytes, size_t size) {
    struct virtio *device = &vm->devices.console.virtio;
    struct virtqueue *queue = &device->queues[INPUT];
    struct chain chain;
    size_t taken = 0;
    bool interrupt = false;
    while (taken < size && virtqueue_take(vm, queue, &chain) == VIRTQUEUE_CHAIN) {
        const struct buffer *buffer = &chain.buffers[0];
        size_t count = size - taken < buffer->size ? size - taken : buffer->size;
        if (!buffer->writable) {
            count = 0;
        }
        memcpy(buffer->bytes, bytes + taken, count);
        taken += count;
        interrupt |= virtqueue_give_back(vm, queue, &chain, (uint32_t)count);
    }
    if (interrupt) {
        virtio_interrupt(vm, device, INPUT);
    }
    return taken;
}
