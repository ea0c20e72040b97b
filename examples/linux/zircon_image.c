// SPDX-License-Identifier: MIT
//
// An image is a list of items, each with a header and padded to 8 bytes, in an item that contains
// them all. Numbers are those of <zircon/boot/image.h> in Zircon's public sources.

#include "zircon_image.h"

#include "acpi.h"
#include "bytes.h"

#include <stdbool.h>
#include <string.h>

// The fields of a header.
enum { TYPE = 0, LENGTH = 4, EXTRA = 8, FLAGS = 12, MAGIC = 24, CHECKSUM = 28, HEADER_SIZE = 32 };

#define CONTAINER 0x544f4f42u
#define KERNEL_X64 0x4c4e524bu
#define KERNEL_ARM64 0x384e524bu
#define COMMAND_LINE 0x4c444d43u
#define MEMORY_CONFIG 0x434d454du
#define PROCESSOR_CONFIG 0x43555043u
#define ACPI_ROOT 0x50445352u
#define DEBUG_UART 0x54524155u

#define CONTAINER_MAGIC 0x868cf7e6u
#define ITEM_MAGIC 0xb5781729u
#define NO_CHECKSUM 0x4a87e8d6u
#define HAS_VERSION 0x00010000u
#define HAS_CHECKSUM 0x00020000u

#define KERNEL_ADDRESS 0x100000u
#define PAGE 0x1000u

enum { RAM = 1, RESERVED = 3, UART_PORT = 1 };

static uint64_t aligned(uint64_t size, uint64_t alignment) {
    return (size + alignment - 1) & ~(alignment - 1);
}

// The sum of ISO 3309, as zlib has it.
static uint32_t checksum(const uint8_t *bytes, size_t size) {
    uint32_t sum = UINT32_MAX;
    for (size_t i = 0; i < size; i++) {
        sum ^= bytes[i];
        for (int bit = 0; bit < 8; bit++) {
            sum = sum >> 1 ^ ((sum & 1) != 0 ? 0xedb88320u : 0);
        }
    }
    return ~sum;
}

static uint32_t field(const uint8_t *header, unsigned offset) {
    return (uint32_t)get(header + offset, 4);
}

// --- What is given ---

static const char *check_container(const struct file *image) {
    if (image->size < HEADER_SIZE || field(image->bytes, TYPE) != CONTAINER ||
        field(image->bytes, EXTRA) != CONTAINER_MAGIC) {
        return "not a Zircon boot image";
    }
    if (field(image->bytes, MAGIC) != ITEM_MAGIC ||
        (field(image->bytes, FLAGS) & HAS_VERSION) == 0) {
        return "a damaged image: the container's header";
    }
    if (field(image->bytes, LENGTH) > image->size - HEADER_SIZE) {
        return "a damaged image: it is shorter than its header says";
    }
    return field(image->bytes, LENGTH) % 8 == 0 ? NULL
                                                : "a damaged image: its length is no multiple of 8";
}

// `left` is what there is of the container from the item on.
static const char *check_item(const uint8_t *item, uint64_t left) {
    if (left < HEADER_SIZE || field(item, MAGIC) != ITEM_MAGIC) {
        return "a damaged image: the header of an item";
    }
    const uint32_t length = field(item, LENGTH);
    if (length > left - HEADER_SIZE || aligned(length, 8) > left - HEADER_SIZE) {
        return "a damaged image: an item is longer than what contains it";
    }
    if ((field(item, FLAGS) & HAS_CHECKSUM) != 0 &&
        checksum(item + HEADER_SIZE, length) != field(item, CHECKSUM)) {
        return "a damaged image: the checksum of an item is wrong";
    }
    return NULL;
}

static uint64_t item_size(const uint8_t *item) {
    return HEADER_SIZE + aligned(field(item, LENGTH), 8);
}

static const char *check_items(const struct file *image) {
    const uint8_t *item = image->bytes + HEADER_SIZE;
    uint64_t left = field(image->bytes, LENGTH);
    while (left != 0) {
        const char *error = check_item(item, left);
        if (error != NULL) {
            return error;
        }
        left -= item_size(item);
        item += item_size(item);
    }
    return NULL;
}

static const char *check_kernel(const struct file *image) {
    const uint8_t *kernel = image->bytes + HEADER_SIZE;
    if (field(image->bytes, LENGTH) == 0) {
        return "an image without a kernel";
    }
    if (field(kernel, TYPE) == KERNEL_ARM64) {
        return "a kernel for arm64";
    }
    if (field(kernel, TYPE) != KERNEL_X64) {
        return "an image whose first item is no kernel";
    }
    return field(kernel, LENGTH) < 16 ? "a damaged image: a kernel without its entry" : NULL;
}

// --- What is handed over ---

struct list {
    uint8_t *container;
    uint8_t *at;
    const uint8_t *end;
    bool full;
};

// Returns the place for `length` bytes of the item, NULL when there is no more room.
static uint8_t *add_item(struct list *list, uint32_t type, uint32_t length) {
    const uint64_t size = HEADER_SIZE + aligned(length, 8);
    uint8_t *item = list->at;
    if (list->full || size > (uint64_t)(list->end - item)) {
        list->full = true;
        return NULL;
    }
    memset(item, 0, size);
    put(item + TYPE, type, 4);
    put(item + LENGTH, length, 4);
    put(item + FLAGS, HAS_VERSION, 4);
    put(item + MAGIC, ITEM_MAGIC, 4);
    put(item + CHECKSUM, NO_CHECKSUM, 4);
    list->at += size;
    return item + HEADER_SIZE;
}

static void copy_items(struct list *list, const struct file *image) {
    const uint8_t *kernel = image->bytes + HEADER_SIZE;
    const uint8_t *others = kernel + item_size(kernel);
    const uint64_t size =
        HEADER_SIZE + field(image->bytes, LENGTH) - (uint64_t)(others - image->bytes);
    if (size > (uint64_t)(list->end - list->at)) {
        list->full = true;
        return;
    }
    memcpy(list->at, others, size);
    list->at += size;
}

static void add_command_line(struct list *list, const char *words) {
    const uint32_t length = (uint32_t)strlen(words) + 1;
    uint8_t *item = words[0] != '\0' ? add_item(list, COMMAND_LINE, length) : NULL;
    if (item != NULL) {
        memcpy(item, words, length);
    }
}

static void add_memory(struct list *list, uint64_t memory_size) {
    const struct {
        uint64_t base, end, type;
    } ranges[] = {
        {0, ACPI_BASE, RAM},
        {ACPI_BASE, ACPI_BASE + ACPI_SIZE, RESERVED},
        {KERNEL_ADDRESS, memory_size, RAM},
    };
    enum { COUNT = sizeof ranges / sizeof ranges[0], RANGE_SIZE = 24 };
    uint8_t *item = add_item(list, MEMORY_CONFIG, COUNT * RANGE_SIZE);
    for (unsigned i = 0; item != NULL && i < COUNT; i++) {
        put(item + RANGE_SIZE * i, ranges[i].base, 8);
        put(item + RANGE_SIZE * i + 8, ranges[i].end - ranges[i].base, 8);
        put(item + RANGE_SIZE * i + 16, ranges[i].type, 4);
    }
}

static void add_machine(struct list *list, uint64_t memory_size, unsigned processor_count) {
    add_memory(list, memory_size);
    uint8_t *processors = add_item(list, PROCESSOR_CONFIG, 32); // One cluster of them all.
    if (processors != NULL) {
        put(processors, 1, 4);
        put(processors + 16, processor_count, 4);
    }
    uint8_t *root = add_item(list, ACPI_ROOT, 8);
    if (root != NULL) {
        put(root, ACPI_BASE, 8);
    }
    uint8_t *uart = add_item(list, DEBUG_UART, 16);
    if (uart != NULL) {
        put(uart, SERIAL_PORT, 8);
        put(uart + 8, UART_PORT, 4);
        put(uart + 12, SERIAL_PIN, 4);
    }
}

static void finish(struct list *list) {
    const uint64_t length = (uint64_t)(list->at - list->container) - HEADER_SIZE;
    put(list->container + LENGTH, length, 4);
    put(list->container + EXTRA, CONTAINER_MAGIC, 4);
}

const char *zircon_image_load(uint8_t *memory, uint64_t memory_size, unsigned processor_count,
                              const struct file *image, const char *command_line,
                              struct boot_entry *entry) {
    const char *error = check_container(image);
    error = error != NULL ? error : check_items(image);
    error = error != NULL ? error : check_kernel(image);
    if (error != NULL) {
        return error;
    }
    const uint8_t *kernel = image->bytes + HEADER_SIZE;
    const uint64_t kernel_end = KERNEL_ADDRESS + HEADER_SIZE + item_size(kernel);
    const uint64_t reserved = get(kernel + HEADER_SIZE + 8, 8);
    const uint64_t start = get(kernel + HEADER_SIZE, 8);
    if (start < KERNEL_ADDRESS || start >= kernel_end) {
        return "a damaged image: its entry is outside of its kernel";
    }
    if (kernel_end > memory_size || reserved > memory_size - kernel_end ||
        aligned(kernel_end + reserved, PAGE) + HEADER_SIZE > memory_size) {
        return "too little memory for its kernel";
    }
    const uint64_t base = aligned(kernel_end + reserved, PAGE);
    struct list list = {memory + base, memory + base, memory + memory_size, false};
    add_item(&list, CONTAINER, 0);
    copy_items(&list, image);
    add_command_line(&list, command_line);
    add_machine(&list, memory_size, processor_count);
    if (list.full) {
        return "too little memory for its items";
    }
    finish(&list);
    loader_map_identity(memory);
    memcpy(memory + KERNEL_ADDRESS, image->bytes, HEADER_SIZE + item_size(kernel));
    *entry = (struct boot_entry){start, base, ZIRCONIA_CODE_64};
    return NULL;
}
