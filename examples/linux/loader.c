// SPDX-License-Identifier: MIT
//
// The boot protocol: a setup header in the image, completed in the "zero page" that the kernel is
// handed.

#include "loader.h"

#include "acpi.h"
#include "bytes.h"
#include "protected_mode.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum {
    ZERO_PAGE = 0x7000,
    COMMAND_LINE = 0x8000,
    COMMAND_LINE_SIZE = 2048,
    TRAMPOLINE = 0x9000,
    LOW_MEMORY_END = 0x9f000,
    HIGH_MEMORY = 0x100000,
    ENTRY_64 = 0x200, // From the start of the protected-mode code.
};

// Offsets in the zero page, and in the image as well from the setup header on.
enum {
    ACPI_ROOT_POINTER = 0x70,
    MEMORY_MAP_ENTRIES = 0x1e8,
    SETUP_HEADER = 0x1f1,
    SETUP_SECTORS = 0x1f1,
    HEADER_LENGTH = 0x201,
    MAGIC = 0x202,
    PROTOCOL = 0x206,
    LOADER_TYPE = 0x210,
    INITRAMFS_ADDRESS = 0x218,
    INITRAMFS_SIZE = 0x21c,
    COMMAND_LINE_ADDRESS = 0x228,
    INITRAMFS_LAST = 0x22c,
    LOAD_FLAGS_64 = 0x236,
    PREFERRED_ADDRESS = 0x258,
    NEEDED_SIZE = 0x260,
    MEMORY_MAP = 0x2d0,
};

// Protocols, as they are numbered.
enum { HAS_PREFERRED_ADDRESS = 0x20a, HAS_LOAD_FLAGS_64 = 0x20c };

void loader_map_identity(uint8_t *memory) {
    const uint64_t present_writable = 3;
    const uint64_t large = 0x80;
    put(memory, 0x1000 | present_writable, 8);
    for (uint64_t i = 0; i < 4; i++) {
        put(memory + 0x1000 + 8 * i, (0x2000 + 0x1000 * i) | present_writable, 8);
    }
    for (uint64_t i = 0; i < 4 * 512; i++) {
        put(memory + 0x2000 + 8 * i, i << 21 | large | present_writable, 8);
    }
}

static void add_memory(uint8_t *zero_page, uint64_t base, uint64_t end, uint32_t type) {
    uint8_t *entry = zero_page + MEMORY_MAP + 20 * zero_page[MEMORY_MAP_ENTRIES]++;
    put(entry, base, 8);
    put(entry + 8, end - base, 8);
    put(entry + 16, type, 4);
}

static void fill_zero_page(uint8_t *memory, uint64_t memory_size, const struct file *kernel) {
    const uint32_t usable = 1;
    const uint32_t reserved = 2;
    uint8_t *zero_page = memory + ZERO_PAGE;
    memset(zero_page, 0, 0x1000);
    memcpy(zero_page + SETUP_HEADER, kernel->bytes + SETUP_HEADER,
           MAGIC + kernel->bytes[HEADER_LENGTH] - SETUP_HEADER);
    zero_page[LOADER_TYPE] = 0xff;
    put(zero_page + COMMAND_LINE_ADDRESS, COMMAND_LINE, 4);
    put(zero_page + ACPI_ROOT_POINTER, ACPI_BASE, 8);
    add_memory(zero_page, 0, LOW_MEMORY_END, usable);
    add_memory(zero_page, ACPI_BASE, ACPI_BASE + ACPI_SIZE, reserved);
    add_memory(zero_page, HIGH_MEMORY, memory_size, usable);
}

static const char *check(const struct file *kernel) {
    if (kernel->size < 0x400 || memcmp(kernel->bytes + MAGIC, "HdrS", 4) != 0) {
        return "not a Linux kernel (bzImage)";
    }
    if (get(kernel->bytes + PROTOCOL, 2) < HAS_PREFERRED_ADDRESS) {
        return "a kernel from before Linux 2.6.31";
    }
    return NULL;
}

static bool is_64_bit(const struct file *kernel) {
    return get(kernel->bytes + PROTOCOL, 2) >= HAS_LOAD_FLAGS_64 &&
           (kernel->bytes[LOAD_FLAGS_64] & 1) != 0;
}

// As high as memory and the kernel allow.
static uint64_t initramfs_end(const struct file *kernel, uint64_t memory_size) {
    const uint64_t end = get(kernel->bytes + INITRAMFS_LAST, 4) + 1;
    return (end < memory_size ? end : memory_size) & ~0xfffull;
}

static void make_entry(uint8_t *memory, const struct file *kernel, uint64_t base,
                       struct boot_entry *entry) {
    if (is_64_bit(kernel)) {
        *entry = (struct boot_entry){base + ENTRY_64, ZERO_PAGE, ZIRCONIA_CODE_64};
    } else {
        protected_mode_write(memory, TRAMPOLINE, (uint32_t)base);
        *entry = (struct boot_entry){TRAMPOLINE, ZERO_PAGE, ZIRCONIA_CODE_32};
    }
}

// Zircon's timer has a deadline by MSR, but the one in the page of an xAPIC, which is what a 32-bit
// kernel uses, has none, though CPUID tells of one.
static const char *words_for(const struct file *kernel) {
    return is_64_bit(kernel) ? "" : "lapic=notscdeadline ";
}

const char *loader_load(uint8_t *memory, uint64_t memory_size, const struct file *kernel,
                        const struct file *initramfs, const char *command_line,
                        struct boot_entry *entry) {
    const char *error = check(kernel);
    if (error != NULL) {
        return error;
    }
    const uint64_t setup_size = 512 * (kernel->bytes[SETUP_SECTORS] + 1u);
    const uint64_t base = get(kernel->bytes + PREFERRED_ADDRESS, 8);
    const uint64_t needed = get(kernel->bytes + NEEDED_SIZE, 4);
    const uint64_t end = initramfs_end(kernel, memory_size);
    const uint64_t initramfs_room = (initramfs->size + 0xfff) & ~0xfffull;
    if (setup_size >= kernel->size || kernel->size - setup_size > needed || base < HIGH_MEMORY ||
        base > UINT32_MAX) {
        return "a damaged kernel: its header contradicts its size";
    }
    if (base + needed > memory_size || initramfs_room > end ||
        base + needed > end - initramfs_room) {
        return "too little memory for it and its initramfs";
    }
    const char *words = words_for(kernel);
    if (strlen(words) + strlen(command_line) >= COMMAND_LINE_SIZE) {
        return "its command line is too long";
    }
    loader_map_identity(memory);
    fill_zero_page(memory, memory_size, kernel);
    snprintf((char *)memory + COMMAND_LINE, COMMAND_LINE_SIZE, "%s%s", words, command_line);
    memcpy(memory + base, kernel->bytes + setup_size, kernel->size - setup_size);
    if (initramfs->size != 0) {
        memcpy(memory + end - initramfs_room, initramfs->bytes, initramfs->size);
        put(memory + ZERO_PAGE + INITRAMFS_ADDRESS, end - initramfs_room, 4);
        put(memory + ZERO_PAGE + INITRAMFS_SIZE, initramfs->size, 4);
    }
    make_entry(memory, kernel, base, entry);
    return NULL;
}
