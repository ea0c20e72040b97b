// SPDX-License-Identifier: MIT
//
// The calls on VCPUs: argument checks in each era's order (hypervisor ABI 3.3 to 3.8).

#include "engine/vcpu.h"

#include "objects/handle_table.h"
#include "syscalls/syscalls.h"

#include <zircon/syscalls.h>

typedef zx_status_t lookup_fn(zx_handle_t value, zx_obj_type_t type, zx_rights_t rights,
                              struct object **out);

static zx_status_t create(bool abi_2018, zx_handle_t guest, zx_vaddr_t entry, zx_handle_t *out) {
    lookup_fn *lookup = abi_2018 ? handle_lookup_2018 : handle_lookup;
    const zx_rights_t right = abi_2018 ? ZX_RIGHT_MANAGE_PROCESS : ZX_RIGHT_MANAGE_THREAD;
    struct object *object = NULL;
    zx_status_t status = lookup(guest, ZX_OBJ_TYPE_GUEST, right, &object);
    if (status != ZX_OK) {
        return status;
    }
    struct vcpu *vcpu = NULL;
    status = entry < GUEST_PHYSICAL_SIZE
                 ? vcpu_create(guest_from_object(object), entry, !abi_2018, &vcpu)
                 : ZX_ERR_INVALID_ARGS;
    object_unref(object);
    if (status == ZX_OK) {
        status = give_handle(&vcpu->object, ZX_DEFAULT_VCPU_RIGHTS, out);
        object_unref(&vcpu->object);
    }
    return status;
}

zx_status_t sys_vcpu_create(zx_handle_t guest, uint32_t options, zx_vaddr_t entry,
                            zx_handle_t *out) {
    if (options != 0) {
        return ZX_ERR_INVALID_ARGS;
    }
    return create(false, guest, entry, out);
}

zx_status_t sys_2018_vcpu_create(zx_handle_t guest, uint32_t options, zx_vaddr_t entry,
                                 zx_handle_t *out) {
    if (options != 0) {
        return ZX_ERR_INVALID_ARGS;
    }
    return create(true, guest, entry, out);
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

zx_status_t sys_vcpu_kick(zx_handle_t handle) {
    struct object *object = NULL;
    const zx_status_t status = handle_lookup(handle, ZX_OBJ_TYPE_VCPU, ZX_RIGHT_EXECUTE, &object);
    if (status == ZX_OK) {
        vcpu_kick(vcpu_from_object(object));
        object_unref(object);
    }
    return status;
}

zx_status_t sys_vcpu_interrupt(zx_handle_t handle, uint32_t vector) {
    struct object *object = NULL;
    zx_status_t status = handle_lookup(handle, ZX_OBJ_TYPE_VCPU, ZX_RIGHT_SIGNAL, &object);
    if (status != ZX_OK) {
        return status;
    }
    if (vector > UINT8_MAX) {
        status = ZX_ERR_OUT_OF_RANGE;
    } else {
        vcpu_interrupt(vcpu_from_object(object), (uint8_t)vector);
    }
    object_unref(object);
    return status;
}

// Of that era: a vector above 255 is ignored.
zx_status_t sys_2018_vcpu_interrupt(zx_handle_t handle, uint32_t vector) {
    struct object *object = NULL;
    const zx_status_t status =
        handle_lookup_2018(handle, ZX_OBJ_TYPE_VCPU, ZX_RIGHT_SIGNAL, &object);
    if (status != ZX_OK) {
        return status;
    }
    if (vector <= UINT8_MAX) {
        vcpu_interrupt(vcpu_from_object(object), (uint8_t)vector);
    }
    object_unref(object);
    return ZX_OK;
}

static zx_status_t read_state(struct vcpu *vcpu, void *buffer) {
    zx_vcpu_state_t state;
    vcpu_read_state(vcpu, &state);
    return copy_to_client(buffer, &state, sizeof state);
}

zx_status_t sys_vcpu_read_state(zx_handle_t handle, uint32_t kind, void *buffer,
                                size_t buffer_size) {
    struct object *object = NULL;
    zx_status_t status = handle_lookup(handle, ZX_OBJ_TYPE_VCPU, ZX_RIGHT_READ, &object);
    if (status != ZX_OK) {
        return status;
    }
    struct vcpu *vcpu = vcpu_from_object(object);
    if (kind != ZX_VCPU_STATE || buffer_size != sizeof(zx_vcpu_state_t)) {
        status = ZX_ERR_INVALID_ARGS;
    } else {
        status = vcpu_check_owner(vcpu);
    }
    if (status == ZX_OK) {
        status = read_state(vcpu, buffer);
    }
    object_unref(object);
    return status;
}

zx_status_t sys_2018_vcpu_read_state(zx_handle_t handle, uint32_t kind, void *buffer,
                                     size_t buffer_size) {
    struct object *object = NULL;
    zx_status_t status = handle_lookup_2018(handle, ZX_OBJ_TYPE_VCPU, ZX_RIGHT_READ, &object);
    if (status != ZX_OK) {
        return status;
    }
    struct vcpu *vcpu = vcpu_from_object(object);
    status = buffer_size <= sizeof(zx_vcpu_state_t) ? vcpu_check_owner(vcpu) : ZX_ERR_INVALID_ARGS;
    if (status == ZX_OK && (kind != ZX_VCPU_STATE || buffer_size != sizeof(zx_vcpu_state_t))) {
        status = ZX_ERR_INVALID_ARGS;
    }
    if (status == ZX_OK) {
        status = read_state(vcpu, buffer);
    }
    object_unref(object);
    return status;
}

// The largest of the two kinds that can be written.
union written_state {
    zx_vcpu_state_t state;
    zx_vcpu_io_t io;
};

static bool size_fits(uint32_t kind, size_t size) {
    return (kind == ZX_VCPU_STATE && size == sizeof(zx_vcpu_state_t)) ||
           (kind == ZX_VCPU_IO && size == sizeof(zx_vcpu_io_t));
}

static void write_state(struct vcpu *vcpu, uint32_t kind, const union written_state *from) {
    if (kind == ZX_VCPU_STATE) {
        vcpu_write_state(vcpu, &from->state);
    } else {
        vcpu_write_io(vcpu, &from->io);
    }
}

zx_status_t sys_vcpu_write_state(zx_handle_t handle, uint32_t kind, const void *buffer,
                                 size_t buffer_size) {
    struct object *object = NULL;
    zx_status_t status = handle_lookup(handle, ZX_OBJ_TYPE_VCPU, ZX_RIGHT_WRITE, &object);
    if (status != ZX_OK) {
        return status;
    }
    struct vcpu *vcpu = vcpu_from_object(object);
    union written_state from = {0};
    status = size_fits(kind, buffer_size) ? copy_from_client(&from, buffer, buffer_size)
                                          : ZX_ERR_INVALID_ARGS;
    if (status == ZX_OK) {
        status = vcpu_check_owner(vcpu);
    }
    const uint8_t size = from.io.access_size;
    if (status == ZX_OK && kind == ZX_VCPU_IO && size != 1 && size != 2 && size != 4) {
        status = ZX_ERR_INVALID_ARGS;
    }
    if (status == ZX_OK) {
        write_state(vcpu, kind, &from);
    }
    object_unref(object);
    return status;
}

// Of that era: the size of an input's answer is not checked; more than its data is not read.
zx_status_t sys_2018_vcpu_write_state(zx_handle_t handle, uint32_t kind, const void *buffer,
                                      size_t buffer_size) {
    struct object *object = NULL;
    zx_status_t status = handle_lookup_2018(handle, ZX_OBJ_TYPE_VCPU, ZX_RIGHT_WRITE, &object);
    if (status != ZX_OK) {
        return status;
    }
    struct vcpu *vcpu = vcpu_from_object(object);
    union written_state from = {0};
    status = buffer_size <= sizeof from ? copy_from_client(&from, buffer, buffer_size)
                                        : ZX_ERR_INVALID_ARGS;
    if (status == ZX_OK) {
        status = vcpu_check_owner(vcpu);
    }
    if (status == ZX_OK && !size_fits(kind, buffer_size)) {
        status = ZX_ERR_INVALID_ARGS;
    }
    if (status == ZX_OK) {
        if (kind == ZX_VCPU_IO && from.io.access_size > sizeof from.io.data) {
            from.io.access_size = sizeof from.io.data;
        }
        write_state(vcpu, kind, &from);
    }
    object_unref(object);
    return status;
}
