// SPDX-License-Identifier: MIT
//
// The queues: what is typed goes into buffers that the guest has put into the first, what the guest
// writes is in those of the second. Messages about the port are in the other two, likewise.

#include "console.h"

#include "bytes.h"
#include "vm.h"

#include <string.h>

enum { INPUT, OUTPUT, MESSAGES_IN, MESSAGES_OUT, QUEUES };

// Messages: a port of 4 bytes, an event and a value of 2.
enum { DEVICE_READY = 0, PORT_ADD = 1, PORT_READY = 3, CONSOLE_PORT = 4, PORT_OPEN = 6 };
enum { MESSAGE_EVENT = 4, MESSAGE_VALUE = 6, MESSAGE_SIZE = 8 };

#define MULTIPLE_PORTS 2u
#define MOST_PORTS 4 // Where the number is in the device's registers.

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

// Writes into the buffers of a queue; how many of the bytes had room.
static size_t fill(struct vm *vm, unsigned number, const uint8_t *bytes, size_t size) {
    struct virtio *device = &vm->devices.console.virtio;
    struct virtqueue *queue = &device->queues[number];
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
        virtio_interrupt(vm, device, number);
    }
    return taken;
}

// The driver has given buffers for messages before it asks.
static void tell(struct vm *vm, uint16_t event, uint16_t value) {
    uint8_t message[MESSAGE_SIZE] = {0};
    put(message + MESSAGE_EVENT, event, 2);
    put(message + MESSAGE_VALUE, value, 2);
    fill(vm, MESSAGES_IN, message, sizeof message);
}

static void answer(struct vm *vm, uint64_t event, bool value) {
    switch (event) {
    case DEVICE_READY:
        vm->devices.console.open = false;
        tell(vm, PORT_ADD, 1);
        break;
    case PORT_READY:
        tell(vm, CONSOLE_PORT, 1);
        tell(vm, PORT_OPEN, 1);
        break;
    case PORT_OPEN:
        vm->devices.console.open = value;
        vm_input_has_room(vm);
        break;
    default:
        break;
    }
}

static bool take_messages(struct vm *vm, struct virtqueue *queue, enum virtqueue_state *state) {
    struct chain chain;
    bool interrupt = false;
    while ((*state = virtqueue_take(vm, queue, &chain)) == VIRTQUEUE_CHAIN) {
        const struct buffer *buffer = &chain.buffers[0];
        if (!buffer->writable && buffer->size >= MESSAGE_SIZE) {
            answer(vm, get(buffer->bytes + MESSAGE_EVENT, 2), buffer->bytes[MESSAGE_VALUE] != 0);
        }
        interrupt |= virtqueue_give_back(vm, queue, &chain, 0);
    }
    return interrupt;
}

// A bell of a queue for what the guest receives says that there are buffers again.
static void serve(struct vm *vm, struct virtio *device, unsigned number) {
    enum virtqueue_state state = VIRTQUEUE_EMPTY;
    struct virtqueue *queue = &device->queues[number];
    if (number == INPUT) {
        vm_input_has_room(vm);
    }
    if ((number == OUTPUT && print(vm, queue, &state)) ||
        (number == MESSAGES_OUT && take_messages(vm, queue, &state))) {
        virtio_interrupt(vm, device, number);
    }
    if (state == VIRTQUEUE_BROKEN) {
        virtio_give_up(vm, device);
    }
}

static const struct virtio_kind kind = {3, 0x0780, QUEUES, serve};

void console_open(struct vm *vm, struct console *console, unsigned number) {
    console->open = false;
    virtio_open(vm, &console->virtio, &kind, number);
    console->virtio.features |= MULTIPLE_PORTS;
    put(console->virtio.specific + MOST_PORTS, 1, 4);
}

// A driver that knows of one port only does not say when it is open.
bool console_is_used(const struct console *console) {
    const bool says = (console->virtio.accepted & MULTIPLE_PORTS) != 0;
    return says ? console->open : console->virtio.queues[INPUT].enabled;
}

size_t console_receive(struct vm *vm, const uint8_t *bytes, size_t size) {
    return fill(vm, INPUT, bytes, size);
}
