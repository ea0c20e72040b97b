// SPDX-License-Identifier: MIT
//
// The calls for debuggers (zirconia/debug.h).

#include "engine/debug.h"

#include "engine/cpu/cpu.h"
#include "engine/vcpu.h"
#include "objects/refusal.h"
#include "syscalls/syscalls.h"

#include <string.h>

zx_status_t sys_vcpu_read_registers(struct vcpu *vcpu, zirconia_registers_t *out) {
    zirconia_registers_t registers;
    const zx_status_t status = debug_read_registers(vcpu, &registers);
    return status == ZX_OK ? copy_to_client(out, &registers, sizeof registers) : status;
}

zx_status_t sys_vcpu_write_registers(struct vcpu *vcpu, const zirconia_registers_t *registers) {
    zirconia_registers_t copy;
    const zx_status_t status = copy_from_client(&copy, registers, sizeof copy);
    return status == ZX_OK ? debug_write_registers(vcpu, &copy) : status;
}

zx_status_t sys_vcpu_find_linear(struct vcpu *vcpu, uint64_t linear, uint64_t *out) {
    uint64_t physical = 0;
    const zx_status_t status = debug_find_linear(vcpu, linear, &physical);
    return status == ZX_OK ? copy_to_client(out, &physical, sizeof physical) : status;
}

zx_status_t sys_vcpu_walk_linear(struct vcpu *vcpu, uint64_t linear, zirconia_walk_t *out) {
    zirconia_walk_t walk;
    const zx_status_t status = debug_walk_linear(vcpu, linear, &walk);
    return status == ZX_OK ? copy_to_client(out, &walk, sizeof walk) : status;
}

zx_status_t sys_vcpu_read_interrupts(struct vcpu *vcpu, zirconia_interrupts_t *out) {
    zirconia_interrupts_t interrupts;
    const zx_status_t status = debug_read_interrupts(vcpu, &interrupts);
    return status == ZX_OK ? copy_to_client(out, &interrupts, sizeof interrupts) : status;
}

// --- Memory, a page at a time ---

enum { MEMORY_PAGE = 0x1000 };

// The turn is the guest's for the copy inside of the library only: what follows a client's pointer
// may fault.
static zx_status_t copy_part(struct guest *guest, uint64_t address, void *part, size_t size,
                             bool write) {
    turn_take_call(&guest->turn);
    zx_status_t status = debug_check_at_rest(guest);
    uint8_t *host = status == ZX_OK ? debug_host_address(guest, address, write) : NULL;
    if (status == ZX_OK && host == NULL) {
        status = refuse_value(ZX_ERR_NOT_FOUND,
                              write ? "guest-physical % has no memory that may be written"
                                    : "guest-physical % has no memory",
                              address);
    }
    if (status == ZX_OK) {
        memcpy(write ? host : part, write ? part : host, size);
    }
    turn_give_call(&guest->turn);
    return status;
}

static size_t part_size(uint64_t address, size_t left) {
    const size_t room = MEMORY_PAGE - address % MEMORY_PAGE;
    return left < room ? left : room;
}

static bool is_out_of_range(uint64_t address, size_t size) {
    return address >= GUEST_PHYSICAL_SIZE || size > GUEST_PHYSICAL_SIZE - address;
}

static zx_status_t refuse_range(uint64_t address, size_t size) {
    return refuse_values(ZX_ERR_OUT_OF_RANGE, "address % with size % does not end below 2^48",
                         address, size);
}

zx_status_t sys_guest_find_physical(struct guest *guest, uint64_t address,
                                    zirconia_physical_t *out) {
    zirconia_physical_t physical;
    if (address >= GUEST_PHYSICAL_SIZE) {
        return refuse_range(address, 1);
    }
    const zx_status_t status = debug_find_physical(guest, address, &physical);
    return status == ZX_OK ? copy_to_client(out, &physical, sizeof physical) : status;
}

zx_status_t sys_guest_read_memory(struct guest *guest, uint64_t address, void *buffer,
                                  size_t size) {
    if (is_out_of_range(address, size)) {
        return refuse_range(address, size);
    }
    zx_status_t status = ZX_OK;
    for (size_t done = 0; done < size && status == ZX_OK;) {
        uint8_t part[MEMORY_PAGE];
        const size_t count = part_size(address + done, size - done);
        status = copy_part(guest, address + done, part, count, false);
        if (status == ZX_OK) {
            status = copy_to_client(client_at(buffer, done), part, count);
        }
        done += count;
    }
    return status;
}

zx_status_t sys_guest_write_memory(struct guest *guest, uint64_t address, const void *buffer,
                                   size_t size) {
    if (is_out_of_range(address, size)) {
        return refuse_range(address, size);
    }
    zx_status_t status = ZX_OK;
    for (size_t done = 0; done < size && status == ZX_OK;) {
        uint8_t part[MEMORY_PAGE];
        const size_t count = part_size(address + done, size - done);
        status = copy_from_client(part, client_at(buffer, done), count);
        if (status == ZX_OK) {
            status = copy_part(guest, address + done, part, count, true);
        }
        done += count;
    }
    return status;
}

// --- Where it stops ---

zx_status_t sys_guest_set_breakpoints(struct guest *guest, const uint64_t *addresses,
                                      size_t count) {
    uint64_t copy[ZIRCONIA_BREAKPOINTS_MAX];
    if (count > ZIRCONIA_BREAKPOINTS_MAX) {
        return refuse_values(ZX_ERR_OUT_OF_RANGE, "count % is above %", count,
                             ZIRCONIA_BREAKPOINTS_MAX);
    }
    const zx_status_t status = copy_from_client(copy, addresses, count * sizeof *copy);
    return status == ZX_OK ? debug_set_breakpoints(guest, copy, count) : status;
}

static zx_status_t check_watchpoint(const zirconia_watchpoint_t *one) {
    if (one->kind > ZIRCONIA_WATCH_ACCESS) {
        return refuse_value(ZX_ERR_INVALID_ARGS, "kind % of a watchpoint is unknown", one->kind);
    }
    if (one->size == 0 || one->size > WATCHPOINT_SIZE || is_out_of_range(one->address, one->size)) {
        return refuse_values(ZX_ERR_INVALID_ARGS,
                             "a watchpoint at % of size % is not of 1 to 8 bytes below 2^48",
                             one->address, one->size);
    }
    return ZX_OK;
}

zx_status_t sys_guest_set_watchpoints(struct guest *guest, const zirconia_watchpoint_t *watchpoints,
                                      size_t count) {
    zirconia_watchpoint_t copy[ZIRCONIA_WATCHPOINTS_MAX];
    if (count > ZIRCONIA_WATCHPOINTS_MAX) {
        return refuse_values(ZX_ERR_OUT_OF_RANGE, "count % is above %", count,
                             ZIRCONIA_WATCHPOINTS_MAX);
    }
    zx_status_t status = copy_from_client(copy, watchpoints, count * sizeof *copy);
    for (size_t i = 0; status == ZX_OK && i < count; i++) {
        status = check_watchpoint(&copy[i]);
    }
    return status == ZX_OK ? debug_set_watchpoints(guest, copy, count) : status;
}

zx_status_t sys_vcpu_set_stepping(struct vcpu *vcpu, uint32_t stepping) {
    if (stepping > 1) {
        return refuse_value(ZX_ERR_INVALID_ARGS, "stepping % is above 1", stepping);
    }
    turn_take_call(&vcpu->guest->turn);
    const zx_status_t status = stepping != 0 ? debug_check_at_rest(vcpu->guest) : ZX_OK;
    if (status == ZX_OK) {
        vcpu->steps = stepping != 0;
    }
    turn_give_call(&vcpu->guest->turn);
    return status;
}

zx_status_t sys_vcpu_stop(struct vcpu *vcpu) {
    vcpu_want_stop(vcpu);
    return ZX_OK;
}

zx_status_t sys_vcpu_read_stop(struct vcpu *vcpu, zirconia_stop_t *out) {
    turn_take_call(&vcpu->guest->turn);
    const zx_status_t status =
        atomic_load(&vcpu->inside) ? refuse(ZX_ERR_BAD_STATE, "the VCPU is in a run call") : ZX_OK;
    const zirconia_stop_t stop = {
        .cause = vcpu->stop.cause,
        .address = vcpu->stop.address,
        .work = vcpu->guest->clock.is_virtual ? machine_work(vcpu->guest->machine) : 0,
    };
    turn_give_call(&vcpu->guest->turn);
    return status == ZX_OK ? copy_to_client(out, &stop, sizeof stop) : status;
}
