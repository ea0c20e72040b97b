// SPDX-License-Identifier: MIT
//
// The calls on VCPUs: argument checks in each era's order (hypervisor ABI 3.3 to 3.8).

#include "engine/vcpu.h"

#include "objects/refusal.h"
#include "syscalls/syscalls.h"

#include <zircon/syscalls.h>

zx_status_t sys_vcpu_create(const struct era *era, zx_handle_t guest, uint32_t options,
                            zx_vaddr_t entry, zx_handle_t *out) {
    struct object *object = NULL;
    if (options != 0) {
        return refuse_options(options);
    }
    zx_status_t status = look_up(era, guest, ZX_OBJ_TYPE_GUEST, era->vcpu_right, &object);
    if (status != ZX_OK) {
        return status;
    }
    struct vcpu *vcpu = NULL;
    status = entry < GUEST_PHYSICAL_SIZE
                 ? vcpu_create(guest_from_object(object), entry, era, &vcpu)
                 : refuse_value(ZX_ERR_INVALID_ARGS, "entry % is not below 2^48", entry);
    object_unref(object);
    return status == ZX_OK ? hand_over(&vcpu->object, ZX_DEFAULT_VCPU_RIGHTS, out) : status;
}

static zx_status_t enter(struct vcpu *vcpu, enum packet_layout layout, zx_port_packet_t *packet) {
    zx_port_packet_t result = {0};
    zx_status_t status = vcpu_check_owner(vcpu);
    if (status == ZX_OK) {
        status = vcpu_enter(vcpu, layout, &result);
    }
    return status == ZX_OK ? copy_to_client(packet, &result, sizeof result) : status;
}

zx_status_t sys_vcpu_enter(struct vcpu *vcpu, zx_port_packet_t *packet) {
    return enter(vcpu, PACKET_2022, packet);
}

zx_status_t sys_vcpu_resume(const struct era *era, struct vcpu *vcpu, zx_port_packet_t *packet) {
    return enter(vcpu, era->resume_packet, packet);
}

static void kick(struct object *object) {
    vcpu_kick(vcpu_from_object(object));
}

zx_status_t sys_vcpu_kick(zx_handle_t handle) {
    return handle_use(handle, ZX_OBJ_TYPE_VCPU, ZX_RIGHT_EXECUTE, kick);
}

zx_status_t sys_vcpu_interrupt(const struct era *era, struct vcpu *vcpu, uint32_t vector) {
    if (vector > UINT8_MAX) {
        return refuse_value(era->vector_beyond, "vector % is above 255", vector);
    }
    vcpu_interrupt(vcpu, (uint8_t)vector);
    return ZX_OK;
}

// --- Registers: an era that judges kind and size after the owner judges a size above all kinds'
// before it ---

static zx_status_t refuse_kind(uint32_t kind, bool known_kind, size_t size) {
    return known_kind ? refuse_values(ZX_ERR_INVALID_ARGS,
                                      "buffer_size % is not the size of kind %", size, kind)
                      : refuse_value(ZX_ERR_INVALID_ARGS, "kind % is unknown", kind);
}

static zx_status_t give_state(struct vcpu *vcpu, void *buffer) {
    zx_vcpu_state_t state;
    vcpu_read_state(vcpu, &state);
    return copy_to_client(buffer, &state, sizeof state);
}

zx_status_t sys_vcpu_read_state(const struct era *era, struct vcpu *vcpu, uint32_t kind,
                                void *buffer, size_t size) {
    const bool known = kind == ZX_VCPU_STATE && size == sizeof(zx_vcpu_state_t);
    const bool passes = era->owner_before_kind ? size <= sizeof(zx_vcpu_state_t) : known;
    const zx_status_t status =
        passes ? vcpu_check_owner(vcpu) : refuse_kind(kind, kind == ZX_VCPU_STATE, size);
    if (status != ZX_OK) {
        return status;
    }
    return known ? give_state(vcpu, buffer) : refuse_kind(kind, kind == ZX_VCPU_STATE, size);
}

// The larger of the two kinds that can be written.
union written_state {
    zx_vcpu_state_t state;
    zx_vcpu_io_t io;
};

static zx_status_t refuse_written(uint32_t kind, size_t size) {
    return refuse_kind(kind, kind == ZX_VCPU_STATE || kind == ZX_VCPU_IO, size);
}

static bool is_known(uint32_t kind, size_t size) {
    return (kind == ZX_VCPU_STATE && size == sizeof(zx_vcpu_state_t)) ||
           (kind == ZX_VCPU_IO && size == sizeof(zx_vcpu_io_t));
}

// Older eras take any access size in an answer, and copy at most its data.
static zx_status_t take_answer(const struct era *era, struct vcpu *vcpu, zx_vcpu_io_t *io) {
    const uint8_t size = io->access_size;
    if (!era->owner_before_kind && size != 1 && size != 2 && size != 4) {
        return refuse_value(ZX_ERR_INVALID_ARGS, "access_size % is not 1, 2 or 4", size);
    }
    if (size > sizeof io->data) {
        io->access_size = sizeof io->data;
    }
    vcpu_write_io(vcpu, io);
    return ZX_OK;
}

static zx_status_t take_state(const struct era *era, struct vcpu *vcpu, uint32_t kind,
                              union written_state *from) {
    if (kind == ZX_VCPU_IO) {
        return take_answer(era, vcpu, &from->io);
    }
    vcpu_write_state(vcpu, &from->state);
    return ZX_OK;
}

zx_status_t sys_vcpu_write_state(const struct era *era, struct vcpu *vcpu, uint32_t kind,
                                 const void *buffer, size_t size) {
    union written_state from = {0};
    const bool known = is_known(kind, size);
    const bool passes = era->owner_before_kind ? size <= sizeof from : known;
    zx_status_t status =
        passes ? copy_from_client(&from, buffer, size) : refuse_written(kind, size);
    if (status == ZX_OK) {
        status = vcpu_check_owner(vcpu);
    }
    if (status != ZX_OK) {
        return status;
    }
    return known ? take_state(era, vcpu, kind, &from) : refuse_written(kind, size);
}
