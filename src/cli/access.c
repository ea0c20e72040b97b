// SPDX-License-Identifier: MIT
//
// Shows how a VMM completes an access with zirconia/decode.h.

#include "cli/access.h"

#include <zircon/status.h>
#include <zircon/syscalls.h>

#include "cli/talk.h"

uint32_t access_output(const zx_packet_guest_io_t *io) {
    uint32_t data = 0;
    for (unsigned i = 0; i < io->access_size && i < 4; i++)
        data |= (uint32_t)io->data[i] << (8 * i);
    return data;
}

zx_status_t access_input(zx_handle_t vcpu, uint8_t access_size, uint32_t value) {
    zx_vcpu_io_t io = {.access_size = access_size};
    for (unsigned i = 0; i < 4; i++)
        io.data[i] = (uint8_t)(value >> (8 * i));
    const zx_status_t status = zx_vcpu_write_state(vcpu, ZX_VCPU_IO, &io, sizeof(io));
    if (status != ZX_OK)
        talk("cannot answer an input: %s", zx_status_get_string(status));
    return status;
}

zx_status_t access_memory(zx_handle_t vcpu, const zirconia_exit_t *exit, uint64_t loaded,
                          zirconia_mmio_access_t *access, uint64_t *stored) {
    zx_vcpu_state_t state;
    zx_status_t status = zx_vcpu_read_state(vcpu, ZX_VCPU_STATE, &state, sizeof(state));
    if (status == ZX_OK)
        status = zirconia_mmio_decode(exit->instruction, exit->instruction_size, exit->mode, &state,
                                      access);
    if (status == ZX_OK)
        status = zirconia_mmio_complete(access, loaded, &state, stored);
    if (status == ZX_OK)
        status = zx_vcpu_write_state(vcpu, ZX_VCPU_STATE, &state, sizeof(state));
    return status;
}
