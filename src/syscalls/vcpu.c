// SPDX-License-Identifier: MIT
//
// The calls on VCPUs: the checks that come before the VCPU itself (hypervisor ABI 3.3 to 3.8).
// Without an engine no VCPU can be made, so each call ends where its handle is looked up.

#include "engine/vcpu.h"
#include "objects/handle_table.h"

#include <zircon/syscalls.h>

typedef zx_status_t lookup_fn(zx_handle_t value, zx_obj_type_t type, zx_rights_t rights,
                              struct object **out);

// The handle's verdict; a VCPU behind it would be one that this version cannot run.
static zx_status_t check_handle(lookup_fn *lookup, zx_handle_t handle, zx_obj_type_t type,
                                zx_rights_t rights) {
    struct object *object = NULL;
    const zx_status_t status = lookup(handle, type, rights, &object);
    if (status != ZX_OK) {
        return status;
    }
    object_unref(object);
    return ZX_ERR_NOT_SUPPORTED;
}

zx_status_t zx_vcpu_create(zx_handle_t guest, uint32_t options, zx_vaddr_t entry,
                           zx_handle_t *out) {
    (void)entry;
    (void)out;
    if (options != 0) {
        return ZX_ERR_INVALID_ARGS;
    }
    return check_handle(handle_lookup, guest, ZX_OBJ_TYPE_GUEST, ZX_RIGHT_MANAGE_THREAD);
}

zx_status_t zirconia_2018_vcpu_create(zx_handle_t guest, uint32_t options, zx_vaddr_t entry,
                                      zx_handle_t *out) {
    (void)entry;
    (void)out;
    if (options != 0) {
        return ZX_ERR_INVALID_ARGS;
    }
    return check_handle(handle_lookup_2018, guest, ZX_OBJ_TYPE_GUEST, ZX_RIGHT_MANAGE_PROCESS);
}

zx_status_t zx_vcpu_enter(zx_handle_t handle, zx_port_packet_t *packet) {
    (void)packet;
    return check_handle(handle_lookup, handle, ZX_OBJ_TYPE_VCPU, ZX_RIGHT_EXECUTE);
}

zx_status_t zx_vcpu_resume(zx_handle_t handle, zx_port_packet_t *packet) {
    (void)packet;
    return check_handle(handle_lookup, handle, ZX_OBJ_TYPE_VCPU, ZX_RIGHT_EXECUTE);
}

zx_status_t zx_vcpu_kick(zx_handle_t handle) {
    return check_handle(handle_lookup, handle, ZX_OBJ_TYPE_VCPU, ZX_RIGHT_EXECUTE);
}

zx_status_t zx_vcpu_interrupt(zx_handle_t handle, uint32_t vector) {
    (void)vector;
    return check_handle(handle_lookup, handle, ZX_OBJ_TYPE_VCPU, ZX_RIGHT_SIGNAL);
}

zx_status_t zirconia_2018_vcpu_interrupt(zx_handle_t handle, uint32_t vector) {
    (void)vector;
    return check_handle(handle_lookup_2018, handle, ZX_OBJ_TYPE_VCPU, ZX_RIGHT_SIGNAL);
}

zx_status_t zx_vcpu_read_state(zx_handle_t handle, uint32_t kind, void *buffer,
                               size_t buffer_size) {
    (void)kind;
    (void)buffer;
    (void)buffer_size;
    return check_handle(handle_lookup, handle, ZX_OBJ_TYPE_VCPU, ZX_RIGHT_READ);
}

zx_status_t zirconia_2018_vcpu_read_state(zx_handle_t handle, uint32_t kind, void *buffer,
                                          size_t buffer_size) {
    (void)kind;
    (void)buffer;
    (void)buffer_size;
    return check_handle(handle_lookup_2018, handle, ZX_OBJ_TYPE_VCPU, ZX_RIGHT_READ);
}

zx_status_t zx_vcpu_write_state(zx_handle_t handle, uint32_t kind, const void *buffer,
                                size_t buffer_size) {
    (void)kind;
    (void)buffer;
    (void)buffer_size;
    return check_handle(handle_lookup, handle, ZX_OBJ_TYPE_VCPU, ZX_RIGHT_WRITE);
}

zx_status_t zirconia_2018_vcpu_write_state(zx_handle_t handle, uint32_t kind, const void *buffer,
                                           size_t buffer_size) {
    (void)kind;
    (void)buffer;
    (void)buffer_size;
    return check_handle(handle_lookup_2018, handle, ZX_OBJ_TYPE_VCPU, ZX_RIGHT_WRITE);
}

uint32_t vcpu_info_flags(struct object *object) {
    (void)object;
    return 0;
}
