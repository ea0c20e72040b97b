// SPDX-License-Identifier: MIT
//
// The tables, by the offsets of the ACPI specification 6.4, chapter 5.

#include "acpi.h"

#include "bytes.h"
#include "definitions.h"

#include <string.h>

enum {
    HEADER_SIZE = 36,
    FADT_SIZE = 276,
    MADT_SIZE = 44,
    MADT_PROCESSOR_SIZE = 8,
    MADT_IO_APIC_SIZE = 12,
    XSDT_SIZE = HEADER_SIZE + 2 * 8,
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
    put(table + 109, 1 << 2, 2);                              // No VGA.
    put(table + 112, 1 << 4 | 1 << 5 | 1 << 10 | 1 << 20, 4); // No buttons; reset; reduced.
    put_port(table + 116, ACPI_RESET_PORT);
    table[128] = ACPI_RESET;
    table[131] = 4;
    put(table + 140, dsdt, 8);
    put_port(table + 244, ACPI_SLEEP_CONTROL_PORT);
    put_port(table + 256, ACPI_SLEEP_STATUS_PORT);
    finish_table(table, "FACP", FADT_SIZE, 6);
}

// A local APIC for each processor, enabled: type, size, the processor's number, its id, flags. Then
// the I/O APIC, whose pins are the system's interrupts from 0 on: type, size, id, 0, address, 0.
static void write_madt(uint8_t *table, unsigned processor_count) {
    uint8_t *entry = table + MADT_SIZE;
    put(table + 36, LOCAL_APIC_BASE, 4);
    for (unsigned i = 0; i < processor_count; i++, entry += MADT_PROCESSOR_SIZE) {
        entry[1] = MADT_PROCESSOR_SIZE;
        entry[2] = (uint8_t)i;
        entry[3] = (uint8_t)i;
        put(entry + 4, 1, 4);
    }
    entry[0] = 1;
    entry[1] = MADT_IO_APIC_SIZE;
    put(entry + 4, IO_APIC_BASE, 4);
    finish_table(table, "APIC", (uint32_t)(entry + MADT_IO_APIC_SIZE - table), 5);
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
    const size_t size = definitions_write(base + DSDT + HEADER_SIZE);
    finish_table(base + DSDT, "DSDT", HEADER_SIZE + (uint32_t)size, 2);
    write_fadt(base + FADT, ACPI_BASE + DSDT);
    write_madt(base + MADT, processor_count);
    put(base + XSDT + HEADER_SIZE, ACPI_BASE + FADT, 8);
    put(base + XSDT + HEADER_SIZE + 8, ACPI_BASE + MADT, 8);
    finish_table(base + XSDT, "XSDT", XSDT_SIZE, 1);
    write_root_pointer(base, ACPI_BASE + XSDT);
}
