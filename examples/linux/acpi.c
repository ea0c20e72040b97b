// SPDX-License-Identifier: MIT
//
// The tables, by the offsets of the ACPI specification 6.4, chapter 5.

#include "acpi.h"

#include "bytes.h"

#include <string.h>

enum {
    HEADER_SIZE = 36,
    FADT_SIZE = 276,
    MADT_SIZE = 44,
    MADT_ENTRY_SIZE = 8,
    XSDT_SIZE = HEADER_SIZE + 2 * 8,
};

// Scope (\_SB) { Device (COM0) { Name (_HID, EisaId ("PNP0501"))
//     Name (_CRS, ResourceTemplate () { IO (Decode16, 0x3f8, 0x3f8, 1, 8) }) } }
// Name (\_S5, Package () { 5, 0, 0, 0 })
// The port has no interrupt: there is no controller that could send it, and the driver polls.
static const uint8_t definitions[] = {
    0x10, 0x2a, '\\', '_',  'S',  'B',  '_',                          // Scope
    0x5b, 0x82, 0x22, 'C',  'O',  'M',  '0',                          // Device
    0x08, '_',  'H',  'I',  'D',  0x0c, 0x41, 0xd0, 0x05, 0x01,       // Name, PNP0501
    0x08, '_',  'C',  'R',  'S',  0x11, 0x0d, 0x0a, 0x0a,             // Name, a buffer of 10
    0x47, 0x01, 0xf8, 0x03, 0xf8, 0x03, 0x01, 0x08, 0x79, 0x00,       // IO, the end
    0x08, '\\', '_',  'S',  '5',  '_',  0x12, 0x07, 0x04, 0x0a, 0x05, // Name, a package of 4
    0x00, 0x00, 0x00,
};

static uint8_t checksum(const uint8_t *bytes, size_t size) {
    uint8_t sum = 0;
    for (size_t i = 0; i < size; i++) {
        sum = (uint8_t)(sum + bytes[i]);
    }
    return (uint8_t)-sum;
}

static void finish_table(uint8_t *table, const char *signature, uint32_t size, uint8_t revision) {
    memcpy(table, signature, 4);
    put(table + 4, size, 4);
    table[8] = revision;
    memcpy(table + 10, "ZRCNIALINUXVMM", 14);
    put(table + 24, 1, 4);
    memcpy(table + 28, "ZRCN", 4);
    put(table + 32, 1, 4);
    table[9] = checksum(table, size);
}

// A register of one byte in port space.
static void put_port(uint8_t *address, uint16_t port) {
    address[0] = 1;
    address[1] = 8;
    address[3] = 1;
    put(address + 4, port, 8);
}

static void write_fadt(uint8_t *table, uint64_t dsdt) {
    put(table + 40, dsdt, 4);
    put(table + 109, 1 << 2 | 1 << 3 | 1 << 5, 2);            // No VGA, no MSI, no clock chip.
    put(table + 112, 1 << 4 | 1 << 5 | 1 << 10 | 1 << 20, 4); // No buttons; reset; reduced.
    put_port(table + 116, ACPI_RESET_PORT);
    table[128] = ACPI_RESET;
    table[131] = 4;
    put(table + 140, dsdt, 8);
    put_port(table + 244, ACPI_SLEEP_CONTROL_PORT);
    put_port(table + 256, ACPI_SLEEP_STATUS_PORT);
    finish_table(table, "FACP", FADT_SIZE, 6);
}

// A local APIC for each processor, enabled: type, size, the processor's number, its id, flags.
static void write_madt(uint8_t *table, unsigned processor_count) {
    put(table + 36, 0xfee00000, 4);
    for (unsigned i = 0; i < processor_count; i++) {
        uint8_t *entry = table + MADT_SIZE + MADT_ENTRY_SIZE * i;
        entry[1] = MADT_ENTRY_SIZE;
        entry[2] = (uint8_t)i;
        entry[3] = (uint8_t)i;
        put(entry + 4, 1, 4);
    }
    finish_table(table, "APIC", MADT_SIZE + MADT_ENTRY_SIZE * processor_count, 5);
}

static void write_root_pointer(uint8_t *root, uint64_t xsdt) {
    memcpy(root, "RSD PTR ", 8);
    memcpy(root + 9, "ZRCNIA", 6);
    root[15] = 2;
    put(root + 20, 36, 4);
    put(root + 24, xsdt, 8);
    root[8] = checksum(root, 20);
    root[32] = checksum(root, 36);
}

void acpi_write(uint8_t *memory, unsigned processor_count) {
    enum { XSDT = 0x100, FADT = 0x200, MADT = 0x400, DSDT = 0x500 };
    uint8_t *base = memory + ACPI_BASE;
    memset(base, 0, ACPI_SIZE);
    memcpy(base + DSDT + HEADER_SIZE, definitions, sizeof definitions);
    finish_table(base + DSDT, "DSDT", HEADER_SIZE + sizeof definitions, 2);
    write_fadt(base + FADT, ACPI_BASE + DSDT);
    write_madt(base + MADT, processor_count);
    put(base + XSDT + HEADER_SIZE, ACPI_BASE + FADT, 8);
    put(base + XSDT + HEADER_SIZE + 8, ACPI_BASE + MADT, 8);
    finish_table(base + XSDT, "XSDT", XSDT_SIZE, 1);
    write_root_pointer(base, ACPI_BASE + XSDT);
}
