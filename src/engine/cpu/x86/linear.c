// SPDX-License-Identifier: MIT
//
// The page walk in software. It faults where the engine's own walk does.

#include "engine/cpu/x86/linear.h"

#include "engine/cpu/state.h"
#include "engine/cpu/x86/mode.h"
#include "engine/cpu/x86/page_entry.h"
#include "engine/cpu/x86/walk_cache.h"
#include "engine/instruments/page_walk.h"

#include <string.h>
#include <zircon/compiler.h>

#define ENTRY_SOFTWARE 0x7ff0000000000000ull // Reserved in a PDPTE of 32-bit paging.

struct paging {
    unsigned entry_size;
    unsigned index_bits;
    unsigned top_shift;
    uint64_t root;
};

// One translation under way.
struct walk {
    struct cpu *cpu;
    struct paging paging;
    uint64_t linear;
    enum access access;
    enum access_mode mode;
    uint64_t rights; // ENTRY_WRITABLE and ENTRY_USER of all levels, ENTRY_NO_EXECUTE of any.
    struct access_fault *fault;
    struct cached_walk *record; // The record of the entries that the walk read.
    struct page_walk *report;   // Another one, for a debugger; or NULL.
};

static struct paging paging_of(const struct cpu *cpu) {
    const uint64_t cr3 = cpu_get(cpu, CR3);
    if (cpu_long_mode(cpu)) {
        return (struct paging){8, 9, 39, cr3 & ENTRY_ADDRESS};
    }
    if ((cpu_get(cpu, CR4) & CR4_PAE) != 0) {
        return (struct paging){8, 9, 30, cr3 & 0xffffffe0u};
    }
    return (struct paging){4, 10, 22, cr3 & 0xfffff000u};
}

static bool is_table_of_32_bit_paging(const struct walk *walk, unsigned shift) {
    return shift == 30 && walk->paging.top_shift == 30;
}

static enum access_result page_fault(const struct walk *walk, uint32_t cause) {
    walk->fault->address = walk->linear;
    walk->fault->error_code = cause | (walk->access == ACCESS_WRITE ? PAGE_FAULT_WRITE : 0) |
                              (walk->mode == ACCESS_AS_USER ? PAGE_FAULT_USER : 0);
    return ACCESS_PAGE_FAULT;
}

static bool is_leaf(const struct walk *walk, unsigned shift, uint64_t entry) {
    if (shift == 12) {
        return true;
    }
    const bool large_allowed = walk->paging.entry_size == 8
                                   ? shift < 39 && !is_table_of_32_bit_paging(walk, shift)
                                   : (cpu_get(walk->cpu, CR4) & CR4_PSE) != 0;
    return large_allowed && (entry & ENTRY_LARGE) != 0;
}

// Does the entry have a bit set that must be clear?
static bool is_reserved(const struct walk *walk, unsigned shift, uint64_t entry) {
    uint64_t reserved = ENTRY_BEYOND_ADDRESS;
    if (walk->paging.entry_size == 4) {
        return is_leaf(walk, shift, entry) && shift > 12 && (entry & 1u << 21) != 0;
    }
    reserved |= (cpu_get(walk->cpu, EFER) & EFER_NXE) == 0 ? ENTRY_NO_EXECUTE : 0;
    reserved |= shift == 39 ? ENTRY_LARGE : 0;
    if (is_table_of_32_bit_paging(walk, shift)) {
        reserved |= ENTRY_NO_EXECUTE | ENTRY_SOFTWARE;
    } else if (shift > 12 && is_leaf(walk, shift, entry)) {
        reserved |= ((1ull << shift) - 1) & ENTRY_ADDRESS & ~ENTRY_ATTRIBUTE_TABLE;
    }
    return (entry & reserved) != 0;
}

static void combine_rights(struct walk *walk, unsigned shift, uint64_t entry) {
    if (!is_table_of_32_bit_paging(walk, shift)) {
        walk->rights &= entry | ENTRY_NO_EXECUTE;
    }
    if (walk->paging.entry_size == 8) {
        walk->rights |= entry & ENTRY_NO_EXECUTE;
    }
}

// SDM volume 3A, section 4.6.1.
static bool permitted(const struct walk *walk) {
    const struct cpu *cpu = walk->cpu;
    const bool user_page = (walk->rights & ENTRY_USER) != 0;
    const bool user = walk->mode == ACCESS_AS_USER;
    const bool writable =
        (walk->rights & ENTRY_WRITABLE) != 0 || (!user && (cpu_get(cpu, CR0) & CR0_WP) == 0);
    if (walk->access == ACCESS_WRITE && !writable) {
        return false;
    }
    if (walk->mode == ACCESS_AS_LOOK) {
        return true;
    }
    if (user) {
        return user_page;
    }
    const bool allowed =
        walk->mode == ACCESS_AS_SUPERVISOR && (cpu_system_flags(cpu) & RFLAGS_AC) != 0;
    return !user_page || allowed || (cpu_get(cpu, CR4) & CR4_SMAP) == 0;
}

static uint64_t marks_of(const struct walk *walk, bool leaf) {
    if (walk->mode == ACCESS_AS_LOOK) {
        return 0;
    }
    return ENTRY_ACCESSED | (leaf && walk->access == ACCESS_WRITE ? ENTRY_DIRTY : 0);
}

// The entry as it is afterwards.
static uint64_t mark(struct machine *machine, uint64_t address, uint64_t entry, uint64_t marks) {
    if ((entry & marks) != marks) {
        uint8_t *host = machine_host_address(machine, address, true);
        if (host != NULL) {
            host[0] |= (uint8_t)marks;
            return entry | marks;
        }
    }
    return entry;
}

static void record(const struct walk *walk, const uint8_t *host, uint64_t entry) {
    struct cached_walk *out = walk->record;
    out->entry_size = walk->paging.entry_size;
    out->entries[out->levels] = host;
    out->values[out->levels++] = entry;
}

static void report(const struct walk *walk, uint64_t address, uint64_t entry, unsigned shift) {
    struct page_walk *out = walk->report;
    if (out != NULL) {
        out->entries[out->count].address = address;
        out->entries[out->count].value = entry;
        out->entries[out->count++].shift = shift;
    }
}

// The address in the leaf entry; 4 MiB pages keep bits 39 to 32 of theirs in bits 20 to 13.
static uint64_t leaf_address(const struct walk *walk, unsigned shift, uint64_t entry) {
    const uint64_t offset = (1ull << shift) - 1;
    const bool high = walk->paging.entry_size == 4 && shift > 12;
    const uint64_t base = (entry & ENTRY_ADDRESS & ~offset) | (high ? (entry & 0x1fe000) << 19 : 0);
    return base | (walk->linear & offset);
}

static enum access_result walk_tables(struct walk *walk, uint64_t *guest_physical) {
    struct machine *machine = cpu_machine(walk->cpu);
    uint64_t table = walk->paging.root;
    for (unsigned shift = walk->paging.top_shift;; shift -= walk->paging.index_bits) {
        const uint64_t index = walk->linear >> shift & ((1ull << walk->paging.index_bits) - 1);
        const uint64_t address = table + index * walk->paging.entry_size;
        const uint8_t *host = machine_host_address(machine, address, false);
        if (host == NULL) {
            walk->fault->address = address;
            return ACCESS_NESTED_FAULT;
        }
        uint64_t entry = 0;
        memcpy(&entry, host, walk->paging.entry_size);
        report(walk, address, entry, shift);
        if ((entry & ENTRY_PRESENT) == 0) {
            return page_fault(walk, 0);
        }
        if (is_reserved(walk, shift, entry)) {
            return page_fault(walk, PAGE_FAULT_PRESENT | PAGE_FAULT_RESERVED);
        }
        combine_rights(walk, shift, entry);
        if (is_leaf(walk, shift, entry)) {
            if (!permitted(walk)) {
                return page_fault(walk, PAGE_FAULT_PRESENT);
            }
            record(walk, host, mark(machine, address, entry, marks_of(walk, true)));
            *guest_physical = leaf_address(walk, shift, entry);
            return ACCESS_DONE;
        }
        const uint64_t marks = is_table_of_32_bit_paging(walk, shift) ? 0 : marks_of(walk, false);
        record(walk, host, mark(machine, address, entry, marks));
        table = entry & (walk->paging.entry_size == 8 ? ENTRY_ADDRESS : 0xfffff000u);
    }
}

// Begins a walk that knows on whose behalf it is, and where its results go.
static enum access_result begin_walk(struct walk *walk, uint64_t linear, uint64_t *guest_physical) {
    struct cpu *cpu = walk->cpu;
    walk->record->levels = 0;
    if (!cpu_long_mode(cpu)) {
        linear &= 0xffffffffu;
    } else if (!cpu_canonical(linear)) {
        *walk->fault = (struct access_fault){.address = linear};
        return ACCESS_NOT_CANONICAL;
    }
    walk->rights = ENTRY_WRITABLE | ENTRY_USER;
    if ((cpu_get(cpu, CR0) & CR0_PG) == 0) {
        *guest_physical = linear;
        return ACCESS_DONE;
    }
    walk->paging = paging_of(cpu);
    walk->linear = linear;
    return walk_tables(walk, guest_physical);
}

static enum access_result translate(struct cpu *cpu, enum access_mode mode, uint64_t linear,
                                    enum access access, uint64_t *guest_physical,
                                    struct access_fault *fault, struct cached_walk *record) {
    struct walk walk = {
        .cpu = cpu,
        .access = access,
        .mode = mode,
        .fault = fault,
        .record = record,
    };
    return begin_walk(&walk, linear, guest_physical);
}

bool cpu_find_linear(struct cpu *cpu, uint64_t linear, uint64_t *guest_physical) {
    struct cached_walk unused;
    struct access_fault fault;
    return translate(cpu, ACCESS_AS_LOOK, linear, ACCESS_READ, guest_physical, &fault, &unused) ==
           ACCESS_DONE;
}

static enum page_walk_end end_of(enum access_result result, const struct access_fault *fault) {
    switch (result) {
    case ACCESS_DONE:
        return PAGE_WALK_MAPPED;
    case ACCESS_PAGE_FAULT:
        return (fault->error_code & PAGE_FAULT_RESERVED) != 0 ? PAGE_WALK_RESERVED
                                                              : PAGE_WALK_NOT_PRESENT;
    case ACCESS_NESTED_FAULT:
        return PAGE_WALK_UNBACKED;
    case ACCESS_NOT_CANONICAL:
        break;
    }
    return PAGE_WALK_NOT_CANONICAL;
}

void cpu_walk_linear(struct cpu *cpu, uint64_t linear, struct page_walk *out) {
    struct cached_walk unused;
    struct access_fault fault = {0};
    struct walk walk = {
        .cpu = cpu,
        .access = ACCESS_READ,
        .mode = ACCESS_AS_LOOK,
        .fault = &fault,
        .record = &unused,
        .report = out,
    };
    *out = (struct page_walk){0};
    out->end = end_of(begin_walk(&walk, linear, &out->physical), &fault);
    out->entry_size = walk.paging.entry_size;
    out->writable = (walk.rights & ENTRY_WRITABLE) != 0;
    out->user = (walk.rights & ENTRY_USER) != 0;
    out->executable = (walk.rights & ENTRY_NO_EXECUTE) == 0;
    if (out->end == PAGE_WALK_UNBACKED) {
        out->physical = fault.address;
    }
}

// All that a walk depends on beside the entries that it reads.
static struct walk_key key_of(const struct cpu *cpu, enum access_mode mode, uint64_t linear,
                              enum access access) {
    const bool allowed = mode == ACCESS_AS_SUPERVISOR && (cpu_system_flags(cpu) & RFLAGS_AC) != 0;
    const struct cpu_paging paging = cpu_paging(cpu);
    return (struct walk_key){
        .page = linear & ~0xfffull,
        .cr0 = paging.cr0,
        .cr3 = paging.cr3,
        .cr4 = paging.cr4,
        .efer = paging.efer,
        .changes = machine_address_changes(cpu_machine(cpu)),
        .kind = (uint32_t)mode << 3 | (uint32_t)access << 1 | allowed,
    };
}

// Apart, so that where a walk is kept, which is nearly always, no registers are saved for it.
__NO_INLINE static enum access_result locate_anew(struct cpu *cpu, enum access_mode mode,
                                                  uint64_t linear, enum access access,
                                                  uint8_t **host, struct access_fault *fault) {
    const struct walk_key key = key_of(cpu, mode, linear, access);
    struct cached_walk *walk = walk_cache_slot(&cpu_progress(cpu)->walks, &key);
    uint64_t physical = 0;
    walk->host = NULL;
    const enum access_result result = translate(cpu, mode, linear, access, &physical, fault, walk);
    if (result != ACCESS_DONE) {
        return result;
    }
    physical &= ~0xfffull;
    uint8_t *page = machine_host_address(cpu_machine(cpu), physical, access == ACCESS_WRITE);
    if (page == NULL) {
        fault->address = physical | (linear & 0xfff);
        return ACCESS_NESTED_FAULT;
    }
    walk->key = key;
    walk->host = page;
    *host = page + (linear & 0xfff);
    return ACCESS_DONE;
}

// The host's address of a byte, good to the end of its page.
static enum access_result locate_page(struct cpu *cpu, enum access_mode mode, uint64_t linear,
                                      enum access access, uint8_t **host,
                                      struct access_fault *fault) {
    const struct walk_key key = key_of(cpu, mode, linear, access);
    uint8_t *page = cached_walk_host(walk_cache_slot(&cpu_progress(cpu)->walks, &key), &key);
    if (page == NULL) {
        return locate_anew(cpu, mode, linear, access, host, fault);
    }
    *host = page + (linear & 0xfff);
    return ACCESS_DONE;
}

// Host pointers of the one or two pages of a short access.
static enum access_result locate(struct cpu *cpu, enum access_mode mode, uint64_t linear,
                                 size_t size, enum access access, uint8_t *parts[2],
                                 struct access_fault *fault) {
    const uint64_t next = (linear | 0xfff) + 1;
    enum access_result result = locate_page(cpu, mode, linear, access, &parts[0], fault);
    if (result == ACCESS_DONE && size > next - linear) {
        result = locate_page(cpu, mode, next, access, &parts[1], fault);
    }
    return result;
}

// Nearly always of the size of a register, which is copied at once. Where the compiler does not
// know the size, its copy takes longer than all else here.
static void copy(void *to, const void *from, size_t size) {
    switch (size) {
    case 2:
        memcpy(to, from, 2);
        return;
    case 4:
        memcpy(to, from, 4);
        return;
    case 8:
        memcpy(to, from, 8);
        return;
    case 15: // An instruction
        memcpy(to, from, 15);
        return;
    case 16: // A gate
        memcpy(to, from, 16);
        return;
    case 40: // The frame of an event, and of an IRET in 64-bit code
        memcpy(to, from, 40);
        return;
    case 48: // With an error code
        memcpy(to, from, 48);
        return;
    default:
        memcpy(to, from, size);
    }
}

static size_t first_part(uint64_t linear, size_t size) {
    const size_t room = 0x1000 - (linear & 0xfff);
    return size < room ? size : room;
}

// Tells a debugger of an access that the instruction itself makes, in one page.
static void note(struct cpu *cpu, enum access_mode mode, const uint8_t *host, size_t size,
                 bool write) {
    const struct cpu_progress *progress = cpu_progress(cpu);
    if (progress->accessed_count > 0 && mode >= ACCESS_AS_SUPERVISOR) {
        accessed_note(progress->accessed, progress->accessed_count, host, size, write);
    }
}

static enum access_result read_across(struct cpu *cpu, enum access_mode mode, uint64_t linear,
                                      void *out, size_t size, struct access_fault *fault) {
    const size_t first = first_part(linear, size);
    uint8_t *parts[2] = {NULL, NULL};
    const enum access_result result = locate(cpu, mode, linear, size, ACCESS_READ, parts, fault);
    if (parts[0] != NULL && parts[1] != NULL) {
        memcpy(out, parts[0], first);
        memcpy((uint8_t *)out + first, parts[1], size - first);
        note(cpu, mode, parts[0], first, false);
        note(cpu, mode, parts[1], size - first, false);
    }
    return result;
}

enum access_result linear_read_as(struct cpu *cpu, enum access_mode mode, uint64_t linear,
                                  void *out, size_t size, struct access_fault *fault) {
    uint8_t *host = NULL;
    if (first_part(linear, size) < size) {
        return read_across(cpu, mode, linear, out, size, fault);
    }
    const enum access_result result = locate_page(cpu, mode, linear, ACCESS_READ, &host, fault);
    if (result == ACCESS_DONE) {
        copy(out, host, size);
        note(cpu, mode, host, size, false);
    }
    return result;
}

static enum access_result write_across(struct cpu *cpu, enum access_mode mode, uint64_t linear,
                                       const void *data, size_t size, struct access_fault *fault) {
    const size_t first = first_part(linear, size);
    uint8_t *parts[2] = {NULL, NULL};
    const enum access_result result = locate(cpu, mode, linear, size, ACCESS_WRITE, parts, fault);
    if (parts[0] != NULL && parts[1] != NULL) {
        memcpy(parts[0], data, first);
        memcpy(parts[1], (const uint8_t *)data + first, size - first);
        note(cpu, mode, parts[0], first, true);
        note(cpu, mode, parts[1], size - first, true);
    }
    return result;
}

enum access_result linear_write_as(struct cpu *cpu, enum access_mode mode, uint64_t linear,
                                   const void *data, size_t size, struct access_fault *fault) {
    uint8_t *host = NULL;
    if (first_part(linear, size) < size) {
        return write_across(cpu, mode, linear, data, size, fault);
    }
    const enum access_result result = locate_page(cpu, mode, linear, ACCESS_WRITE, &host, fault);
    if (result == ACCESS_DONE) {
        copy(host, data, size);
        note(cpu, mode, host, size, true);
    }
    return result;
}

enum access_result linear_probe_write(struct cpu *cpu, enum access_mode mode, uint64_t linear,
                                      size_t size, struct access_fault *fault) {
    uint8_t *parts[2] = {NULL, NULL};
    return locate(cpu, mode, linear, size, ACCESS_WRITE, parts, fault);
}

__NO_INLINE static size_t fetch_across(struct cpu *cpu, uint64_t linear, uint8_t *out) {
    struct access_fault fault;
    if (linear_read_as(cpu, ACCESS_AS_LOOK, linear, out, 15, &fault) == ACCESS_DONE) {
        return 15;
    }
    const size_t first = first_part(linear, 15);
    return linear_read_as(cpu, ACCESS_AS_LOOK, linear, out, first, &fault) == ACCESS_DONE ? first
                                                                                          : 0;
}

size_t linear_fetch(struct cpu *cpu, uint64_t linear, uint8_t *out) {
    struct access_fault fault;
    uint8_t *host = NULL;
    if (first_part(linear, 15) < 15 ||
        locate_page(cpu, ACCESS_AS_LOOK, linear, ACCESS_READ, &host, &fault) != ACCESS_DONE) {
        return fetch_across(cpu, linear, out);
    }
    memcpy(out, host, 15);
    return 15;
}
