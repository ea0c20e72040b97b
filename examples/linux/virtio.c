// SPDX-License-Identifier: MIT
//
// The registers and the interrupts of a virtio device.

#include "virtio.h"

#include "bytes.h"
#include "interrupt.h"
#include "vm.h"

#include <string.h>
#include <zircon/syscalls.h>
#include <zircon/syscalls/hypervisor.h>

// Where in the first region is what.
enum { COMMON = 0x000, ISR = 0x100, SPECIFIC = 0x200, TABLE = 0x800, PENDING = 0xc00 };

// The common registers.
enum {
    FEATURE_SELECT = 0,
    FEATURES = 4,
    ACCEPTED_SELECT = 8,
    ACCEPTED = 12,
    CONFIG_INTERRUPT = 16,
    QUEUE_COUNT = 18,
    STATUS = 20,
    QUEUE_SELECT = 22,
    QUEUE_SIZE = 24,
    QUEUE_INTERRUPT = 26,
    QUEUE_ENABLE = 28,
    QUEUE_BELL = 30,
    QUEUE_DESCRIPTORS = 32,
    QUEUE_AVAILABLE = 40,
    QUEUE_USED = 48,
    COMMON_SIZE = 56,
};

#define VERSION_1 (1ull << 32)
#define DRIVER_OK 0x04
#define NEEDS_RESET 0x40
#define NO_VECTOR 0xffff

#define CAPABILITY_VENDOR 0x09
#define CAPABILITY_MSI_X 0x11
#define MSI_X 0x90 // Where its capability is.
#define MSI_X_ENABLE 0x80
#define MSI_X_MASK_ALL 0x40
#define VECTOR_SIZE 16
#define VECTOR_MASKED 1
#define LOGICAL 4

#define BELL_STEP 4 // Between the addresses of two queues.

// A capability that says where one part of the device is.
static void add_capability(uint8_t *at, uint8_t size, uint8_t type, uint8_t region, uint32_t offset,
                           uint32_t length) {
    at[0] = CAPABILITY_VENDOR;
    at[2] = size;
    at[3] = type;
    at[4] = region;
    put(at + 8, offset, 4);
    put(at + 12, length, 4);
}

static void add_capabilities(uint8_t *config) {
    enum { FIRST = 0x40, SECOND = 0x50, THIRD = 0x60, BELL = 0x70 };
    config[PCI_CAPABILITIES] = FIRST;
    config[PCI_STATUS] = 0x10;
    add_capability(config + FIRST, 16, 1, 0, COMMON, COMMON_SIZE);
    config[FIRST + 1] = SECOND;
    add_capability(config + SECOND, 16, 3, 0, ISR, 1);
    config[SECOND + 1] = THIRD;
    add_capability(config + THIRD, 16, 4, 0, SPECIFIC, VIRTIO_SPECIFIC_SIZE);
    config[THIRD + 1] = BELL;
    add_capability(config + BELL, 20, 2, 1, 0, PCI_REGION_SIZE);
    config[BELL + 1] = MSI_X;
    put(config + BELL + 16, BELL_STEP, 4);
    config[MSI_X] = CAPABILITY_MSI_X;
    put(config + MSI_X + 2, VIRTIO_VECTORS - 1, 2);
    put(config + MSI_X + 4, TABLE, 4);
    put(config + MSI_X + 8, PENDING, 4);
}

static void make_function(struct virtio *device) {
    uint8_t *config = device->function.config;
    uint8_t *writable = device->function.writable;
    put(config + PCI_VENDOR, 0x1af4, 2);
    put(config + PCI_DEVICE, 0x1040u + device->kind->id, 2);
    config[PCI_REVISION] = 1;
    put(config + PCI_CLASS, device->kind->class, 2);
    put(config + PCI_SUBSYSTEM, device->kind->id, 2);
    put(config + PCI_COMMAND, 0x0006, 2); // Memory, and reads of the guest's memory.
    put(writable + PCI_COMMAND, 0x0406, 2);
    for (unsigned i = 0; i < 2; i++) {
        put(config + PCI_REGIONS + 4 * i, pci_region(device->number, i), 4);
        put(writable + PCI_REGIONS + 4 * i, ~(PCI_REGION_SIZE - 1u), 4);
    }
    writable[MSI_X + 3] = MSI_X_ENABLE | MSI_X_MASK_ALL;
    add_capabilities(config);
}

static void reset(struct virtio *device) {
    device->accepted = 0;
    device->status = 0;
    device->config_interrupt = NO_VECTOR;
    for (unsigned i = 0; i < VIRTIO_QUEUES; i++) {
        device->queues[i] = (struct virtqueue){.size = VIRTQUEUE_SIZE_MAX, .interrupt = NO_VECTOR};
    }
}

void virtio_open(struct vm *vm, struct virtio *device, const struct virtio_kind *kind,
                 unsigned number) {
    memset(device, 0, sizeof *device);
    device->kind = kind;
    device->number = number;
    device->features = VERSION_1;
    for (unsigned i = 0; i < VIRTIO_VECTORS; i++) {
        device->vectors[i].control = VECTOR_MASKED;
    }
    make_function(device);
    reset(device);
    vm->devices.pci.functions[number] = &device->function;
    check(zx_guest_set_trap(vm->guest, ZX_GUEST_TRAP_MEM, pci_region(number, 0), PCI_REGION_SIZE,
                            ZX_HANDLE_INVALID, number),
          "zx_guest_set_trap of a device's registers");
    check(zx_guest_set_trap(vm->guest, ZX_GUEST_TRAP_BELL, pci_region(number, 1), PCI_REGION_SIZE,
                            vm->doorbells.port, number),
          "zx_guest_set_trap of a device's bell");
}

// --- Interrupts ---

// A message is a store to the local APICs' address, which names one of them, of a vector.
static void send(struct vm *vm, struct virtio *device, unsigned number) {
    const struct virtio_vector *vector = &device->vectors[number];
    const uint8_t control = device->function.config[MSI_X + 3];
    if ((control & MSI_X_ENABLE) == 0) {
        return;
    }
    if ((control & MSI_X_MASK_ALL) != 0 || (vector->control & VECTOR_MASKED) != 0) {
        device->pending |= 1u << number;
        return;
    }
    device->pending &= ~(1u << number);
    interrupt_send(
        vm, interrupt_mask((vector->address & LOGICAL) != 0, (uint8_t)(vector->address >> 12)),
        (uint8_t)vector->data);
}

static void send_pending(struct vm *vm, struct virtio *device) {
    for (unsigned i = 0; i < VIRTIO_VECTORS; i++) {
        if ((device->pending >> i & 1) != 0) {
            send(vm, device, i);
        }
    }
}

void virtio_interrupt(struct vm *vm, struct virtio *device, unsigned queue) {
    const uint16_t number = device->queues[queue].interrupt;
    if (number < VIRTIO_VECTORS) {
        send(vm, device, number);
    }
}

void virtio_give_up(struct vm *vm, struct virtio *device) {
    device->status |= NEEDS_RESET;
    if (device->config_interrupt < VIRTIO_VECTORS) {
        send(vm, device, device->config_interrupt);
    }
}

void virtio_ring(struct vm *vm, struct virtio *device, uint64_t offset) {
    const uint64_t queue = offset / BELL_STEP;
    if (queue < device->kind->queue_count &&
        (device->status & (DRIVER_OK | NEEDS_RESET)) == DRIVER_OK) {
        device->kind->serve(vm, device, (unsigned)queue);
    }
}

// --- Registers ---

static struct virtqueue *chosen_queue(struct virtio *device) {
    return device->queue_select < device->kind->queue_count ? &device->queues[device->queue_select]
                                                            : NULL;
}

static void put_half(uint64_t *whole, bool upper, uint64_t value) {
    const unsigned shift = upper ? 32 : 0;
    *whole = (*whole & ~(0xffffffffull << shift)) | (value & 0xffffffff) << shift;
}

static void enable_queue(struct virtqueue *queue) {
    queue->enabled = true;
    queue->next_available = 0;
    queue->next_used = 0;
}

static void write_queue(struct virtqueue *queue, uint64_t number, uint64_t value) {
    const bool upper = (number & 4) != 0;
    switch (number) {
    case QUEUE_SIZE:
        if (value != 0 && value <= VIRTQUEUE_SIZE_MAX && (value & (value - 1)) == 0) {
            queue->size = (uint16_t)value;
        }
        break;
    case QUEUE_INTERRUPT:
        queue->interrupt = value < VIRTIO_VECTORS ? (uint16_t)value : NO_VECTOR;
        break;
    case QUEUE_ENABLE:
        if (value == 1) {
            enable_queue(queue);
        }
        break;
    case QUEUE_DESCRIPTORS:
    case QUEUE_DESCRIPTORS + 4:
        put_half(&queue->descriptors, upper, value);
        break;
    case QUEUE_AVAILABLE:
    case QUEUE_AVAILABLE + 4:
        put_half(&queue->available, upper, value);
        break;
    case QUEUE_USED:
    case QUEUE_USED + 4:
        put_half(&queue->used, upper, value);
        break;
    default:
        break;
    }
}

static uint64_t read_queue(const struct virtio *device, uint64_t number) {
    if (device->queue_select >= device->kind->queue_count) {
        return 0;
    }
    const struct virtqueue *queue = &device->queues[device->queue_select];
    switch (number) {
    case QUEUE_SIZE:
        return queue->size;
    case QUEUE_INTERRUPT:
        return queue->interrupt;
    case QUEUE_ENABLE:
        return queue->enabled;
    case QUEUE_BELL:
        return device->queue_select;
    default:
        return 0; // The addresses, which no driver reads back.
    }
}

static void write_status(struct vm *vm, struct virtio *device, uint8_t value) {
    const bool begins = (value & ~device->status & DRIVER_OK) != 0;
    if (value == 0) {
        reset(device);
        return;
    }
    device->status = value | (device->status & NEEDS_RESET);
    for (unsigned i = 0; begins && i < device->kind->queue_count; i++) {
        virtio_ring(vm, device, BELL_STEP * i);
    }
}

static void write_common(struct vm *vm, struct virtio *device, uint64_t number, uint64_t value) {
    switch (number) {
    case FEATURE_SELECT:
        device->feature_select = (uint32_t)value;
        break;
    case ACCEPTED_SELECT:
        device->accepted_select = (uint32_t)value;
        break;
    case ACCEPTED:
        if (device->accepted_select < 2) {
            put_half(&device->accepted, device->accepted_select != 0, value);
        }
        break;
    case CONFIG_INTERRUPT:
        device->config_interrupt = value < VIRTIO_VECTORS ? (uint16_t)value : NO_VECTOR;
        break;
    case STATUS:
        write_status(vm, device, (uint8_t)value);
        break;
    case QUEUE_SELECT:
        device->queue_select = (uint16_t)value;
        break;
    default:
        if (chosen_queue(device) != NULL) {
            write_queue(chosen_queue(device), number, value);
        }
        break;
    }
}

static uint64_t read_common(const struct virtio *device, uint64_t number) {
    switch (number) {
    case FEATURE_SELECT:
        return device->feature_select;
    case FEATURES:
        return device->feature_select < 2
                   ? device->features >> 32 * device->feature_select & 0xffffffff
                   : 0;
    case ACCEPTED_SELECT:
        return device->accepted_select;
    case ACCEPTED:
        return device->accepted_select < 2
                   ? device->accepted >> 32 * device->accepted_select & 0xffffffff
                   : 0;
    case CONFIG_INTERRUPT:
        return device->config_interrupt;
    case QUEUE_COUNT:
        return device->kind->queue_count;
    case STATUS:
        return device->status;
    case QUEUE_SELECT:
        return device->queue_select;
    default:
        return read_queue(device, number);
    }
}

static void write_vector(struct vm *vm, struct virtio *device, uint64_t offset, uint64_t value) {
    struct virtio_vector *vector = &device->vectors[offset / VECTOR_SIZE];
    switch (offset % VECTOR_SIZE) {
    case 0:
        put_half(&vector->address, false, value);
        break;
    case 4:
        put_half(&vector->address, true, value);
        break;
    case 8:
        vector->data = (uint32_t)value;
        break;
    case 12:
        vector->control = (uint32_t)value;
        send_pending(vm, device);
        break;
    default:
        break;
    }
}

static uint64_t read_vector(const struct virtio *device, uint64_t offset) {
    const struct virtio_vector *vector = &device->vectors[offset / VECTOR_SIZE];
    switch (offset % VECTOR_SIZE) {
    case 0:
        return vector->address & 0xffffffff;
    case 4:
        return vector->address >> 32;
    case 8:
        return vector->data;
    default:
        return vector->control;
    }
}

void virtio_write(struct vm *vm, struct virtio *device, uint64_t offset, unsigned size,
                  uint64_t value) {
    if (offset < COMMON_SIZE) {
        write_common(vm, device, offset, value);
    } else if (offset - TABLE < VECTOR_SIZE * VIRTIO_VECTORS) {
        write_vector(vm, device, offset - TABLE, value);
        if (size == 8) {
            write_vector(vm, device, offset - TABLE + 4, value >> 32);
        }
    }
}

uint64_t virtio_read(const struct virtio *device, uint64_t offset, unsigned size) {
    if (offset < COMMON_SIZE) {
        return read_common(device, offset);
    }
    if (offset - SPECIFIC <= VIRTIO_SPECIFIC_SIZE - (uint64_t)size) {
        return get(device->specific + (offset - SPECIFIC), size);
    }
    if (offset - TABLE < VECTOR_SIZE * VIRTIO_VECTORS) {
        return read_vector(device, offset - TABLE);
    }
    return offset == PENDING ? device->pending : 0;
}
