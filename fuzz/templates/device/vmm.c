// SPDX-License-Identifier: MIT
//
// Answers packets, as a VMM does. The code of your VMM takes the place of this file.

#include "vmm.h"

#include <zircon/syscalls.h>
#include <zircon/syscalls/hypervisor.h>
#include <zirconia/decode.h>

#include "device.h"

static zx_status_t answer_access(const zirconia_mmio_access_t *access, uint32_t offset,
                                 zx_vcpu_state_t *state) {
    uint64_t loaded = 0;
    uint64_t stored = 0;
    if (access->direction & ZIRCONIA_MMIO_READ) {
        loaded = device_read(offset, access->size);
    }
    const zx_status_t status = zirconia_mmio_complete(access, loaded, state, &stored);
    if (status == ZX_OK && (access->direction & ZIRCONIA_MMIO_WRITE)) {
        device_write(offset, access->size, stored);
    }
    return status;
}

// The guest's addresses are physical ones, so its code is at rip.
static zx_status_t answer_memory(zx_handle_t vcpu, zx_handle_t memory,
                                 const zx_packet_guest_mem_t *packet) {
    uint8_t code[16];
    zx_vcpu_state_t state;
    zirconia_mmio_access_t access;
    const uint8_t size = packet->instruction_size;
    zx_status_t status = zx_vmo_read(memory, code, packet->rip, size);
    if (status == ZX_OK) {
        status = zx_vcpu_read_state(vcpu, ZX_VCPU_STATE, &state, sizeof state);
    }
    if (status == ZX_OK) {
        status = zirconia_mmio_decode(code, size, ZIRCONIA_CODE_64, &state, &access);
    }
    if (status == ZX_OK) {
        status = answer_access(&access, (uint32_t)(packet->addr - DEVICE_MEMORY), &state);
    }
    if (status == ZX_OK) {
        status = zx_vcpu_write_state(vcpu, ZX_VCPU_STATE, &state, sizeof state);
    }
    return status;
}

static zx_status_t answer_port(zx_handle_t vcpu, const zx_packet_guest_io_t *packet) {
    const uint16_t offset = (uint16_t)(packet->port - DEVICE_PORT);
    if (!packet->input) {
        device_output(offset, packet->access_size, packet->u32);
        return ZX_OK;
    }
    const zx_vcpu_io_t io = {.access_size = packet->access_size,
                             .u32 = device_input(offset, packet->access_size)};
    return zx_vcpu_write_state(vcpu, ZX_VCPU_IO, &io, sizeof io);
}

zx_status_t vmm_answer(zx_handle_t vcpu, zx_handle_t memory, const zx_port_packet_t *packet) {
    switch (packet->type) {
    case ZX_PKT_TYPE_GUEST_MEM:
        return answer_memory(vcpu, memory, &packet->guest_mem);
    case ZX_PKT_TYPE_GUEST_IO:
        return answer_port(vcpu, &packet->guest_io);
    default:
        return ZX_ERR_NOT_SUPPORTED;
    }
}
