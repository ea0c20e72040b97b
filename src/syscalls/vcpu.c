// SPDX-License-Identifier: MIT
//
// The calls on VCPUs: argument checks in each era's order (hypervisor ABI 3.3 to 3.8).

#include "engine/vcpu.h"

#include "syscalls/syscalls.h"

#include <zircon/syscalls.h>

static zx_status_t create(zx_handle_t guest, uint32_t options, zx_vaddr_t entry, zx_handle_t *out,
                          bool abi_2018) {
    const zx_rights_t right = abi_2018 ? ZX_RIGHT_MANAGE_PROCESS : ZX_RIGHT_MANAGE_THREAD;
    struct object *object = NULL;
    if (options != 0) {
        return ZX_ERR_INVALID_ARGS;
    }
    zx_status_t status = look_up(guest, ZX_OBJ_TYPE_GUEST, right, abi_2018, &object);
    if (status != ZX_OK) {
        return status;
    }
    struct vcpu *vcpu = NULL;
    status = entry < GUEST_PHYSICAL_SIZE
                 ? vcpu_create(guest_from_object(object), entry, !abi_2018, &vcpu)
                 : ZX_ERR_INVALID_ARGS;
    object_unref(object);
    return status == ZX_OK ? hand_over(&vcpu->object, ZX_DEFAULT_VCPU_RIGHTS, out) : status;
}

zx_status_t sys_vcpu_create(zx_handle_t guest, uint32_t options, zx_vaddr_t entry,
                            zx_handle_t *out) {
    return create(guest, options, entry, out, false);
}

zx_status_t sys_2018_vcpu_create(zx_handle_t guest, uint32_t options, zx_vaddr_t entry,
                                 zx_handle_t *out) {
    return create(guest, options, entry, out, true);
}

static zx_status_t enter(zx_handle_t handle, enum packet_layout layout, zx_port_packet_t *packet) {
    struct object *object = NULL;
    zx_status_t status = handle_lookup(handle, ZX_OBJ_TYPE_VCPU, ZX_RIGHT_EXECUTE, &object);
    if (status != ZX_OK) {
        return status;
    }
    struct vcpu *vcpu = vcpu_from_object(object);
    zx_port_packet_t result = {0};
    status = vcpu_check_owner(vcpu);
    if (status == ZX_OK) {
        status = vcpu_enter(vcpu, layout, &result);
    }
    object_unref(object);
    return status == ZX_OK ? copy_to_client(packet, &result, sizeof result) : status;
}

zx_status_t sys_vcpu_enter(zx_handle_t handle, zx_port_packet_t *packet) {
    return enter(handle, PACKET_2022, packet);
}

zx_status_t sys_vcpu_resume(zx_handle_t handle, zx_port_packet_t *packet) {
    return enter(handle, PACKET_2018, packet);
}

static void kick(struct object *object) {
    vcpu_kick(vcpu_from_object(object));
}

zx_status_t sys_vcpu_kick(zx_handle_t handle) {
    return handle_use(handle, ZX_OBJ_TYPE_VCPU, ZX_RIGHT_EXECUTE, kick);
}

// A vector that there is not is ignored in 2018.
static zx_status_t interrupt(zx_handle_t handle, uint32_t vector, bool abi_2018) {
    struct object *object = NULL;
    const zx_status_t status =
        look_up(handle, ZX_OBJ_TYPE_VCPU, ZX_RIGHT_SIGNAL, abi_2018, &object);
    if (status != ZX_OK) {
        return status;
    }
    const bool exists = vector <= UINT8_MAX;
    if (exists) {
        vcpu_interrupt(vcpu_from_object(object), (uint8_t)vector);
    }
    object_unref(object);
    return exists || abi_2018 ? ZX_OK : ZX_ERR_OUT_OF_RANGE;
}

zx_status_t sys_vcpu_interrupt(zx_handle_t handle, uint32_t vector) {
    return interrupt(handle, vector, false);
}

zx_status_t sys_2018_vcpu_interrupt(zx_handle_t handle, uint32_t vector) {
    return interrupt(handle, vector, true);
}

// --- Registers: 2018 judges kind and size after the thread, a size above all kinds' before it ---

static zx_status_t give_state(struct vcpu *vcpu, void *buffer) {
    zx_vcpu_state_t state;
    vcpu_read_state(vcpu, &state);
    return copy_to_client(buffer, &state, sizeof state);
}

static zx_status_t read_state(zx_handle_t handle, uint32_t kind, void *buffer, size_t size,
                              bool abi_2018) {
    struct object *object = NULL;
    zx_status_t status = look_up(handle, ZX_OBJ_TYPE_VCPU, ZX_RIGHT_READ, abi_2018, &object);
    if (status != ZX_OK) {
        return status;
    }
    struct vcpu *vcpu = vcpu_from_object(object);
    const bool known = kind == ZX_VCPU_STATE && size == sizeof(zx_vcpu_state_t);
    const bool passes = abi_2018 ? size <= sizeof(zx_vcpu_state_t) : known;
    status = passes ? vcpu_check_owner(vcpu) : ZX_ERR_INVALID_ARGS;
    if (status == ZX_OK) {
        status = known ? give_state(vcpu, buffer) : ZX_ERR_INVALID_ARGS;
    }
    object_unref(object);
    return status;
}

zx_status_t sys_vcpu_read_state(zx_handle_t handle, uint32_t kind, void *buffer,
                                size_t buffer_size) {
    return read_state(handle, kind, buffer, buffer_size, false);
}

zx_status_t sys_2018_vcpu_read_state(zx_handle_t handle, uint32_t kind, void *buffer,
                                     size_t buffer_size) {
    return read_state(handle, kind, buffer, buffer_size, true);
}

// The larger of the two kinds that can be written.
union written_state {
    zx_vcpu_state_t state;
    zx_vcpu_io_t io;
};

static bool is_known(uint32_t kind, size_t size) {
    return (kind == ZX_VCPU_STATE && size == sizeof(zx_vcpu_state_t)) ||
           (kind == ZX_VCPU_IO && size == sizeof(zx_vcpu_io_t));
}

// 2018 takes any size of an answer, and never more than its data.
static zx_status_t take_answer(struct vcpu *vcpu, zx_vcpu_io_t *io, bool abi_2018) {
    const uint8_t size = io->access_size;
    if (!abi_2018 && size != 1 && size != 2 && size != 4) {
        return ZX_ERR_INVALID_ARGS;
    }
    if (size > sizeof io->data) {
        io->access_size = sizeof io->data;
    }
    vcpu_write_io(vcpu, io);
    return ZX_OK;
}

static zx_status_t take_state(struct vcpu *vcpu, uint32_t kind, union written_state *from,
                              bool abi_2018) {
    if (kind == ZX_VCPU_IO) {
        return take_answer(vcpu, &from->io, abi_2018);
    }
    vcpu_write_state(vcpu, &from->state);
    return ZX_OK;
}

static zx_status_t write_state(zx_handle_t handle, uint32_t kind, const void *buffer, size_t size,
                               bool abi_2018) {
    struct object *object = NULL;
    zx_status_t status = look_up(handle, ZX_OBJ_TYPE_VCPU, ZX_RIGHT_WRITE, abi_2018, &object);
    if (status != ZX_OK) {
        return status;
    }
    struct vcpu *vcpu = vcpu_from_object(object);
    union written_state from = {0};
    const bool known = is_known(kind, size);
    const bool passes = abi_2018 ? size <= sizeof from : known;
    status = passes ? copy_from_client(&from, buffer, size) : ZX_ERR_INVALID_ARGS;
    if (status == ZX_OK) {
        status = vcpu_check_owner(vcpu);
    }
    if (status == ZX_OK) {
        status = known ? take_state(vcpu, kind, &from, abi_2018) : ZX_ERR_INVALID_ARGS;
    }
    object_unref(object);
    return status;
}

zx_status_t sys_vcpu_write_state(zx_handle_t handle, uint32_t kind, const void *buffer,
                                 size_t buffer_size) {
    return write_state(handle, kind, buffer, buffer_size, false);
}

zx_status_t sys_2018_vcpu_write_state(zx_handle_t handle, uint32_t kind, const void *buffer,
                                      size_t buffer_size) {
    return write_state(handle, kind, buffer, buffer_size, true);
}
