// SPDX-License-Identifier: MIT
//
// A virtio device on the PCI bus (virtio 1.1, 4.1), without the legacy interface. Its first region
// is a memory trap: registers, and the MSI-X table. Its second is a bell: the guest stores there to
// say that a queue has something new, and goes on while the thread of doorbells.c serves the queue.

#ifndef EXAMPLES_LINUX_VIRTIO_H
#define EXAMPLES_LINUX_VIRTIO_H

#include "pci.h"
#include "virtqueue.h"

enum { VIRTIO_QUEUES = 4, VIRTIO_VECTORS = VIRTIO_QUEUES + 1, VIRTIO_SPECIFIC_SIZE = 32 };

struct vm;
struct virtio;

// What one kind of device is.
struct virtio_kind {
    uint16_t id;    // 2 a disk, 3 a console.
    uint16_t class; // PCI's.
    unsigned queue_count;
    // The guest has put chains into a queue, or begins to use the device.
    void (*serve)(struct vm *vm, struct virtio *device, unsigned queue);
};

struct virtio_vector {
    uint64_t address;
    uint32_t data;
    uint32_t control;
};

struct virtio {
    const struct virtio_kind *kind;
    unsigned number; // On the bus.
    struct pci_function function;
    uint64_t features; // Offered.
    uint64_t accepted;
    uint32_t feature_select;
    uint32_t accepted_select;
    uint16_t queue_select;
    uint16_t config_interrupt;
    uint8_t status;
    struct virtqueue queues[VIRTIO_QUEUES];
    struct virtio_vector vectors[VIRTIO_VECTORS];
    uint32_t pending;                       // Vectors that were to be sent while they were masked.
    uint8_t specific[VIRTIO_SPECIFIC_SIZE]; // The device's own registers, read-only.
};

// Puts the device on the bus, with its traps; the caller fills in features and `specific` then.
void virtio_open(struct vm *vm, struct virtio *device, const struct virtio_kind *kind,
                 unsigned number);

void virtio_write(struct vm *vm, struct virtio *device, uint64_t offset, unsigned size,
                  uint64_t value);
uint64_t virtio_read(const struct virtio *device, uint64_t offset, unsigned size);

// The guest has stored at this offset of the bell.
void virtio_ring(struct vm *vm, struct virtio *device, uint64_t offset);

// Tells the guest that a queue has chains that were given back.
void virtio_interrupt(struct vm *vm, struct virtio *device, unsigned queue);

// The guest has broken a rule of the queues: the device does nothing any more until it is reset.
void virtio_give_up(struct vm *vm, struct virtio *device);

#endif // EXAMPLES_LINUX_VIRTIO_H
