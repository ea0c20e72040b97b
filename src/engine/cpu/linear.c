// SPDX-License-Identifier: MIT
//
// The page walk in software.

#include "engine/cpu/linear.h"

#include <string.h>

#define ENTRY_PRESENT 1ull
#define ENTRY_WRITABLE 2ull
#define ENTRY_ACCESSED 0x20ull
#define ENTRY_DIRTY 0x40ull
#define ENTRY_LARGE 0x80ull
#define ENTRY_NO_EXECUTE (1ull << 63)
#define ENTRY_ADDRESS 0xffffffffff000ull

#define FAULT_PRESENT 1u
#define FAULT_WRITE 2u
#define FAULT_FETCH 16u

struct paging {
    unsigned entry_size;
    unsigned index_bits;
    unsigned top_shift;
    uint64_t root;
};

static struct paging paging_of(const struct cpu *cpu) {
    const uint64_t cr3 = cpu_control(cpu, 3);
    if (cpu_long_mode(cpu)) {
        return (struct paging){8, 9, 39, cr3 & ENTRY_ADDRESS};
    }
    if ((cpu_control(cpu, 4) & CR4_PAE) != 0) {
        return (struct paging){8, 9, 30, cr3 & 0xffffffe0u};
    }
    return (struct paging){4, 10, 22, cr3 & 0xfffff000u};
}

static uint64_t load_entry(const uint8_t *host, unsigned size) {
    uint64_t entry = 0;
    memcpy(&entry, host, size);
    return entry;
}

static enum access_result page_fault(struct access_fault *fault, uint64_t linear,
                                     enum access access, bool present) {
    fault->address = linear;
    fault->error_code = (present ? FAULT_PRESENT : 0) | (access == ACCESS_WRITE ? FAULT_WRITE : 0) |
                        (access == ACCESS_FETCH ? FAULT_FETCH : 0);
    return ACCESS_PAGE_FAULT;
}

static bool is_leaf(const struct cpu *cpu, const struct paging *paging, unsigned shift,
                    uint64_t entry) {
    if (shift == 12) {
        return true;
    }
    const bool large_allowed = paging->entry_size == 8
                                   ? shift < 39 && (shift < 30 || cpu_long_mode(cpu))
                                   : (cpu_control(cpu, 4) & CR4_PSE) != 0;
    return large_allowed && (entry & ENTRY_LARGE) != 0;
}

enum access_result linear_translate(struct cpu *cpu, uint64_t linear, enum access access,
                                    uint64_t *guest_physical, struct access_fault *fault) {
    if (!cpu_long_mode(cpu)) {
        linear &= 0xffffffffu;
    }
    if ((cpu_control(cpu, 0) & CR0_PG) == 0) {
        *guest_physical = linear;
        return ACCESS_DONE;
    }
    const struct paging paging = paging_of(cpu);
    uint64_t table = paging.root;
    bool writable = true;
    for (unsigned shift = paging.top_shift;; shift -= paging.index_bits) {
        const uint64_t index = linear >> shift & ((1ull << paging.index_bits) - 1);
        const uint64_t entry_address = table + index * paging.entry_size;
        uint8_t *host = machine_host_address(cpu->machine, entry_address, false);
        if (host == NULL) {
            fault->address = entry_address;
            return ACCESS_NESTED_FAULT;
        }
        const uint64_t entry = load_entry(host, paging.entry_size);
        if ((entry & ENTRY_PRESENT) == 0) {
            return page_fault(fault, linear, access, false);
        }
        const bool three_level_root = shift == 30 && paging.top_shift == 30;
        writable = writable && (three_level_root || (entry & ENTRY_WRITABLE) != 0);
        if (!is_leaf(cpu, &paging, shift, entry)) {
            table = entry & (paging.entry_size == 8 ? ENTRY_ADDRESS : 0xfffff000u);
            continue;
        }
        if (access == ACCESS_WRITE && !writable && (cpu_control(cpu, 0) & CR0_WP) != 0) {
            return page_fault(fault, linear, access, true);
        }
        const uint64_t offset = (1ull << shift) - 1;
        const uint64_t marks = ENTRY_ACCESSED | (access == ACCESS_WRITE ? ENTRY_DIRTY : 0);
        if ((entry & marks) != marks) {
            host = machine_host_address(cpu->machine, entry_address, true);
            if (host != NULL) {
                host[0] |= (uint8_t)marks;
            }
        }
        *guest_physical = (entry & ENTRY_ADDRESS & ~offset) | (linear & offset);
        return ACCESS_DONE;
    }
}

// Host pointers of the one or two pages of a short access.
static enum access_result locate(struct cpu *cpu, uint64_t linear, size_t size, enum access access,
                                 uint8_t *parts[2], struct access_fault *fault) {
    const uint64_t next = (linear | 0xfff) + 1;
    const uint64_t starts[2] = {linear, next};
    const unsigned count = size > next - linear ? 2 : 1;
    for (unsigned i = 0; i < count; i++) {
        uint64_t physical = 0;
        const enum access_result result =
            linear_translate(cpu, starts[i], access, &physical, fault);
        if (result != ACCESS_DONE) {
            return result;
        }
        parts[i] = machine_host_address(cpu->machine, physical, access == ACCESS_WRITE);
        if (parts[i] == NULL) {
            fault->address = physical;
            return ACCESS_NESTED_FAULT;
        }
    }
    return ACCESS_DONE;
}

static size_t first_part(uint64_t linear, size_t size) {
    const size_t room = 0x1000 - (linear & 0xfff);
    return size < room ? size : room;
}

enum access_result linear_read(struct cpu *cpu, uint64_t linear, void *out, size_t size,
                               struct access_fault *fault) {
    uint8_t *parts[2] = {NULL, NULL};
    const enum access_result result = locate(cpu, linear, size, ACCESS_READ, parts, fault);
    if (result == ACCESS_DONE) {
        const size_t first = first_part(linear, size);
        memcpy(out, parts[0], first);
        if (parts[1] != NULL) {
            memcpy((uint8_t *)out + first, parts[1], size - first);
        }
    }
    return result;
}

enum access_result linear_write(struct cpu *cpu, uint64_t linear, const void *data, size_t size,
                                struct access_fault *fault) {
    uint8_t *parts[2] = {NULL, NULL};
    const enum access_result result = locate(cpu, linear, size, ACCESS_WRITE, parts, fault);
    if (result == ACCESS_DONE) {
        const size_t first = first_part(linear, size);
        memcpy(parts[0], data, first);
        if (parts[1] != NULL) {
            memcpy(parts[1], (const uint8_t *)data + first, size - first);
        }
    }
    return result;
}

size_t linear_fetch(struct cpu *cpu, uint64_t linear, uint8_t *out) {
    struct access_fault fault;
    if (linear_read(cpu, linear, out, 15, &fault) == ACCESS_DONE) {
        return 15;
    }
    const size_t first = first_part(linear, 15);
    return linear_read(cpu, linear, out, first, &fault) == ACCESS_DONE ? first : 0;
}
