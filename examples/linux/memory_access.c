// SPDX-License-Identifier: MIT
//
// The walk through the page tables (Intel SDM, volume 3, chapter 4), and the access.

#include "memory_access.h"

#include "bytes.h"
#include "vm.h"

#include <inttypes.h>
#include <stdio.h>
#include <zircon/syscalls.h>
#include <zircon/syscalls/hypervisor.h>
#include <zirconia/decode.h>

#define PRESENT 0x01u
#define LARGE 0x80u
#define ADDRESS 0x000ffffffffff000u

enum { INSTRUCTION_MAX = 15 };

// One of the forms that page tables have.
struct paging {
    unsigned levels;
    unsigned entry_size;
    unsigned index_bits;
    unsigned top_index_bits;
    uint64_t cr3_mask;
    uint64_t top_reserved; // Bits that no present entry of the first table has.
};

static const struct paging four_levels = {4, 8, 9, 9, ADDRESS, 0};
static const struct paging physical_address_extension = {3, 8, 9, 2, 0xffffffe0, 0x1e6};
static const struct paging two_levels = {2, 4, 10, 10, 0xfffff000, 0};

static bool walk(const struct vm *vm, const struct paging *paging, uint64_t cr3, uint64_t linear,
                 uint64_t *physical) {
    uint64_t table = cr3 & paging->cr3_mask;
    for (unsigned level = paging->levels; level > 0; level--) {
        const bool top = level == paging->levels;
        const unsigned shift = 12 + paging->index_bits * (level - 1);
        const unsigned bits = top ? paging->top_index_bits : paging->index_bits;
        const uint64_t index = linear >> shift & ((1ull << bits) - 1);
        const uint8_t *bytes = vm_memory(vm, table + index * paging->entry_size, 8);
        const uint64_t entry = bytes == NULL ? 0 : get(bytes, paging->entry_size);
        if ((entry & PRESENT) == 0 || (top && (entry & paging->top_reserved) != 0)) {
            return false;
        }
        table = entry & ADDRESS;
        if (level == 1 || (level < 4 && !(top && level == 3) && (entry & LARGE) != 0)) {
            const uint64_t inside = (1ull << shift) - 1;
            *physical = (table & ~inside) | (linear & inside);
            return true;
        }
    }
    return false;
}

// A packet does not tell a 32-bit guest's form of paging. Its entries do: with the first of the
// three levels of PAE, none may have what an entry of two levels has for a page of a program.
static bool translate(const struct vm *vm, uint64_t cr3, uint64_t linear, uint64_t *physical) {
    if (vm->code_mode == ZIRCONIA_CODE_64) {
        return walk(vm, &four_levels, cr3, linear, physical);
    }
    return walk(vm, &physical_address_extension, cr3, linear, physical) ||
           walk(vm, &two_levels, cr3, linear, physical);
}

static bool fetch(const struct vm *vm, const zx_packet_guest_mem_t *access, uint8_t *instruction) {
    for (unsigned i = 0; i < access->instruction_size; i++) {
        uint64_t physical = 0;
        const uint8_t *byte = NULL;
        if (translate(vm, access->cr3, access->rip + i, &physical)) {
            byte = vm_memory(vm, physical, 1);
        }
        if (byte == NULL) {
            return false;
        }
        instruction[i] = *byte;
    }
    return true;
}

static uint64_t load(const struct processor *processor, uint64_t address,
                     const zirconia_mmio_access_t *access) {
    return (access->direction & ZIRCONIA_MMIO_READ) != 0
               ? devices_load(processor, address, access->size)
               : 0;
}

// The read and the write of one instruction are one to other processors.
static zx_status_t carry_out(struct processor *processor, uint64_t address,
                             const zirconia_mmio_access_t *access, zx_vcpu_state_t *state) {
    struct vm *vm = processor->vm;
    uint64_t stored = 0;
    pthread_mutex_lock(&vm->lock);
    const zx_status_t status =
        zirconia_mmio_complete(access, load(processor, address, access), state, &stored);
    if (status == ZX_OK && (access->direction & ZIRCONIA_MMIO_WRITE) != 0) {
        devices_store(processor, address, access->size, stored);
    }
    pthread_mutex_unlock(&vm->lock);
    return status;
}

bool memory_access_answer(struct processor *processor, const zx_packet_guest_mem_t *access) {
    const struct vm *vm = processor->vm;
    const zx_handle_t vcpu = processor->vcpu;
    uint8_t instruction[INSTRUCTION_MAX];
    zx_vcpu_state_t state;
    zirconia_mmio_access_t decoded;
    zx_status_t status = ZX_ERR_NOT_FOUND;
    if (access->instruction_size <= INSTRUCTION_MAX && fetch(vm, access, instruction)) {
        check(zx_vcpu_read_state(vcpu, ZX_VCPU_STATE, &state, sizeof state), "zx_vcpu_read_state");
        status = zirconia_mmio_decode(instruction, access->instruction_size, vm->code_mode, &state,
                                      &decoded);
    }
    if (status == ZX_OK) {
        status = carry_out(processor, access->addr, &decoded, &state);
    }
    if (status != ZX_OK) {
        fprintf(stderr,
                "zirconia: the access to 0x%" PRIx64 " by the instruction at 0x%" PRIx64
                " cannot be answered: %s\n",
                access->addr, access->rip, zx_status_get_string(status));
        return false;
    }
    check(zx_vcpu_write_state(vcpu, ZX_VCPU_STATE, &state, sizeof state), "zx_vcpu_write_state");
    return true;
}
