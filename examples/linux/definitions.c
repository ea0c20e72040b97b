// SPDX-License-Identifier: MIT
//
// A writer of the little AML that is needed (ACPI specification 6.4, chapters 20 and 6.4). In ASL:
//
//     Scope (\_SB) {
//         Device (COM0) { Name (_HID, EisaId ("PNP0501"))  // a 16550
//             Name (_CRS, ResourceTemplate () {
//                 IO (Decode16, 0x3f8, 0x3f8, 1, 8)
//                 Interrupt (ResourceConsumer, Edge, ActiveHigh, Exclusive) {4} }) }
//         Device (RTC0) { Name (_HID, EisaId ("PNP0B00"))  // a clock with CMOS memory
//             Name (_CRS, ResourceTemplate () { IO (Decode16, 0x70, 0x70, 1, 2) }) }
//         Device (PCI0) { Name (_HID, EisaId ("PNP0A03"))  // the host's bridge to PCI
//             Name (_CRS, ResourceTemplate () {
//                 WordBusNumber (..., 0, 0, 0, 0, 1)
//                 IO (Decode16, 0xcf8, 0xcf8, 1, 8)
//                 DWordMemory (..., PCI_MEMORY, PCI_MEMORY + PCI_MEMORY_SIZE - 1, ...) }) }
//     }
//     Name (\_S5, Package () {5, 0, 0, 0})

#include "definitions.h"

#include "acpi.h"
#include "bytes.h"

#include <string.h>

#define NAME 0x08
#define BUFFER 0x11
#define PACKAGE 0x12
#define SCOPE 0x10
#define DEVICE 0x5b, 0x82
#define DWORD_PREFIX 0x0c
#define BYTE_PREFIX 0x0a

struct code {
    uint8_t *at;
};

static void add(struct code *code, uint64_t value, unsigned size) {
    put(code->at, value, size);
    code->at += size;
}

static void add_bytes(struct code *code, const void *bytes, size_t size) {
    memcpy(code->at, bytes, size);
    code->at += size;
}

#define ADD(code, ...)                                                                             \
    add_bytes(code, (const uint8_t[]){__VA_ARGS__}, sizeof((uint8_t[]){__VA_ARGS__}))

// What has a length before it: the form with two bytes is used whatever the length.
static uint8_t *begin(struct code *code) {
    code->at += 2;
    return code->at - 2;
}

static void end(struct code *code, uint8_t *length) {
    const unsigned size = (unsigned)(code->at - length);
    length[0] = (uint8_t)(0x40 | (size & 0xf));
    length[1] = (uint8_t)(size >> 4);
}

static void add_ports(struct code *code, uint16_t first, uint8_t count) {
    ADD(code, 0x47, 1);
    add(code, first, 2);
    add(code, first, 2);
    ADD(code, 1, count);
}

static void add_interrupt(struct code *code, uint32_t number) {
    const uint8_t consumer_edge = 3;
    ADD(code, 0x89, 6, 0, consumer_edge, 1);
    add(code, number, 4);
}

// A window that the bridge passes on, of addresses of `size` bytes.
static void add_window(struct code *code, uint8_t tag, uint8_t type, uint64_t base, uint64_t length,
                       unsigned size) {
    const uint8_t fixed = 0xc;
    const uint8_t writable = type == 0;
    ADD(code, tag, (uint8_t)(3 + 5 * size), 0, type, fixed, writable);
    add(code, 0, size);
    add(code, base, size);
    add(code, base + length - 1, size);
    add(code, 0, size);
    add(code, length, size);
}

// `id` is that of a PNP0xxx, in the order of its bytes.
static uint8_t *begin_device(struct code *code, const char *name, uint16_t id) {
    ADD(code, DEVICE);
    uint8_t *length = begin(code);
    add_bytes(code, name, 4);
    ADD(code, NAME, '_', 'H', 'I', 'D', DWORD_PREFIX, 0x41, 0xd0, (uint8_t)(id >> 8), (uint8_t)id);
    return length;
}

// The size of a buffer is said once more, as a number.
static uint8_t *begin_resources(struct code *code) {
    ADD(code, NAME, '_', 'C', 'R', 'S', BUFFER);
    uint8_t *length = begin(code);
    ADD(code, BYTE_PREFIX, 0);
    return length;
}

static void end_resources(struct code *code, uint8_t *length) {
    ADD(code, 0x79, 0); // The end, without a checksum.
    length[3] = (uint8_t)(code->at - length - 4);
    end(code, length);
}

static void add_serial(struct code *code) {
    uint8_t *device = begin_device(code, "COM0", 0x0501);
    uint8_t *resources = begin_resources(code);
    add_ports(code, SERIAL_PORT, 8);
    add_interrupt(code, SERIAL_PIN);
    end_resources(code, resources);
    end(code, device);
}

static void add_clock(struct code *code) {
    uint8_t *device = begin_device(code, "RTC0", 0x0b00);
    uint8_t *resources = begin_resources(code);
    add_ports(code, RTC_PORT, 2);
    end_resources(code, resources);
    end(code, device);
}

static void add_bridge(struct code *code) {
    uint8_t *device = begin_device(code, "PCI0", 0x0a03);
    uint8_t *resources = begin_resources(code);
    add_window(code, 0x88, 2, 0, 1, 2); // Bus 0 alone.
    add_ports(code, PCI_PORT, 8);
    add_window(code, 0x87, 0, PCI_MEMORY, PCI_MEMORY_SIZE, 4);
    end_resources(code, resources);
    end(code, device);
}

size_t definitions_write(uint8_t *to) {
    struct code code = {to};
    ADD(&code, SCOPE);
    uint8_t *scope = begin(&code);
    ADD(&code, '\\', '_', 'S', 'B', '_');
    add_serial(&code);
    add_clock(&code);
    add_bridge(&code);
    end(&code, scope);
    ADD(&code, NAME, '\\', '_', 'S', '5', '_', PACKAGE);
    uint8_t *package = begin(&code);
    ADD(&code, 4, BYTE_PREFIX, 5, 0, 0, 0);
    end(&code, package);
    return (size_t)(code.at - to);
}
