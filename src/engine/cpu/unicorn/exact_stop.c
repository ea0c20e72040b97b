// SPDX-License-Identifier: MIT
//
// Finding the byte, and trying it.

#include "engine/cpu/unicorn/exact_stop.h"

#include "engine/cpu/unicorn/flat_engine.h"
#include "platform/platform.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

// --- Where it is ---

// Members of uc_engine that follow each other, from 2.1.1 on.
struct neighbours {
    uint32_t page_size;
    uint32_t page_mask;
    uint64_t host_page_size;
    uint64_t real_host_page_size;
    int32_t cache_line;
    int32_t context_content; // What a saved context has: UC_CTL_CONTEXT_CPU.
    int32_t context_size;
    uint64_t next_pc;
    bool hook_insert;
    bool first_block;
    bool no_exit_request;
    bool initialised;
};

#define SEARCHED 0x2000u
#define GUEST_PAGE 0x1000u

static bool fits(const uint8_t *bytes) {
    struct neighbours found;
    memcpy(&found, bytes, offsetof(struct neighbours, hook_insert));
    const uint8_t *flags = bytes + offsetof(struct neighbours, hook_insert);
    const uint64_t page = platform_page_size();
    return found.page_size == GUEST_PAGE && found.page_mask == GUEST_PAGE - 1 &&
           found.host_page_size == page && found.real_host_page_size == page &&
           found.context_content == UC_CTL_CONTEXT_CPU && found.context_size > 0 && flags[0] == 0 &&
           flags[1] <= 1 && flags[2] == 0 && flags[3] == 1;
}

// The byte's offset, or 0 if it is not found. The size of uc_engine is unknown, so a copy may fail,
// which does no harm.
static size_t find(const uc_engine *unicorn) {
    uint8_t bytes[sizeof(struct neighbours)];
    for (size_t at = 0; at < SEARCHED; at += sizeof(uint32_t)) {
        if (!platform_copy(bytes, (const uint8_t *)unicorn + at, sizeof bytes)) {
            return 0;
        }
        if (fits(bytes)) {
            return at + offsetof(struct neighbours, no_exit_request);
        }
    }
    return 0;
}

static void set(uc_engine *unicorn, size_t offset, bool value) {
    memcpy((uint8_t *)unicorn + offset, &value, sizeof value);
}

// --- What it does ---

static const uint8_t code[] = {
    0x48, 0xff, 0xc3,       // inc rbx
    0x48, 0x89, 0x07,       // mov [rdi], rax
    0x48, 0xff, 0xc3,       // inc rbx
    0x48, 0x89, 0x47, 0x08, // mov [rdi + 8], rax
    0x48, 0xff, 0xc3,       // inc rbx
    0xeb, 0x00,             // jmp next
    0xeb, 0xfe,             // next: jmp next
};
#define NEXT (sizeof code - 2)
#define STORED 0x5a17c0deu
#define DATA_OFFSET 0x2000u

static void stop_at_store(uc_engine *unicorn, uc_mem_type type, uint64_t address, int size,
                          int64_t value, void *context) {
    (void)type;
    (void)address;
    (void)size;
    (void)value;
    (void)context;
    uc_emu_stop(unicorn);
}

// Stops at the first store of a block. True if the run ends behind the block, which is complete.
static bool ends_behind_block(uc_engine *unicorn, uint8_t *hidden, size_t place) {
    const uint64_t start = HIDDEN_BASE + place;
    const uint64_t data = HIDDEN_BASE + DATA_OFFSET;
    const uint64_t stored = STORED;
    uint64_t count = 0;
    uint64_t rip = 0;
    memcpy(hidden + place, code, sizeof code);
    memset(hidden + DATA_OFFSET, 0, 2 * sizeof stored);
    uc_reg_write(unicorn, UC_X86_REG_RAX, &stored);
    uc_reg_write(unicorn, UC_X86_REG_RBX, &count);
    uc_reg_write(unicorn, UC_X86_REG_RDI, &data);
    if (uc_emu_start(unicorn, start, 0, 0, 0) != UC_ERR_OK) {
        return false;
    }
    uc_reg_read(unicorn, UC_X86_REG_RBX, &count);
    uc_reg_read(unicorn, UC_X86_REG_RIP, &rip);
    return rip == start + NEXT && count == 3 &&
           memcmp(hidden + DATA_OFFSET, &stored, sizeof stored) == 0 &&
           memcmp(hidden + DATA_OFFSET + sizeof stored, &stored, sizeof stored) == 0;
}

// Whether stops are exact with the byte, and are not without it.
static bool behaves(uc_engine *unicorn, uint8_t *hidden, size_t offset) {
    uc_hook hook = 0;
    if (uc_hook_add(unicorn, &hook, UC_HOOK_MEM_WRITE, (void *)stop_at_store, NULL, 1, 0) !=
        UC_ERR_OK) {
        return false;
    }
    const bool without = ends_behind_block(unicorn, hidden, 0);
    set(unicorn, offset, true);
    return !without && ends_behind_block(unicorn, hidden, GUEST_PAGE);
}

// --- Once ---

static size_t known_offset; // 0: stops are not exact.
static const char *obstacle;

static size_t examine(uint8_t *hidden) {
    uc_engine *unicorn = NULL;
    if (!platform_protect(hidden, HIDDEN_SIZE, PLATFORM_READ | PLATFORM_WRITE) ||
        flat_engine_open(hidden, NULL, &unicorn) != ZX_OK) {
        return 0;
    }
    const size_t offset = find(unicorn);
    const bool exact = offset != 0 && behaves(unicorn, hidden, offset);
    flat_engine_close(unicorn);
    return exact ? offset : 0;
}

// NULL where nothing stands against exact stops.
static const char *what_forbids(void) {
#if defined(__APPLE__) && defined(__aarch64__)
    // uc_emu_stop() changes what belongs to the thread that runs.
    return "on this host Unicorn cannot be stopped from another thread";
#else
    const char *wish = getenv("ZIRCONIA_EXIT_REQUESTS");
    return wish != NULL && strcmp(wish, "hook") == 0 ? "ZIRCONIA_EXIT_REQUESTS=hook asks for it"
                                                     : NULL;
#endif
}

static void learn(void) {
    obstacle = what_forbids();
    uint8_t *hidden = obstacle != NULL ? NULL : platform_reserve(HIDDEN_SIZE);
    if (hidden != NULL) {
        known_offset = examine(hidden);
        platform_unmap(hidden, HIDDEN_SIZE);
    }
    if (known_offset == 0 && obstacle == NULL) {
        obstacle = "this Unicorn was not seen to stop between two blocks by itself";
    }
}

bool exact_stop_have(void) {
    static struct platform_once once = PLATFORM_ONCE_INIT;
    platform_call_once(&once, learn);
    return known_offset != 0;
}

const char *exact_stop_obstacle(void) {
    return exact_stop_have() ? NULL : obstacle;
}

void exact_stop_set(uc_engine *unicorn) {
    set(unicorn, known_offset, true);
}
