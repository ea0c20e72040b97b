// SPDX-License-Identifier: MIT
//
// The machine's calls, and the loop that answers its packets.

#include "machine.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zircon/process.h>
#include <zircon/status.h>
#include <zircon/syscalls.h>
#include <zircon/syscalls/hypervisor.h>
#include <zircon/syscalls/port.h>
#include <zirconia/zirconia.h>

#define PORT_COUNT 0xffff // A trap cannot reach the last port.

static void check(zx_status_t status, const char *what) {
    if (status != ZX_OK) {
        fprintf(stderr, "linux: %s: %s\n", what, zx_status_get_string(status));
        exit(EXIT_FAILURE);
    }
}

static void make_memory(struct machine *machine) {
    const zx_vm_option_t read_write = ZX_VM_PERM_READ | ZX_VM_PERM_WRITE;
    const uint64_t size = machine->memory_size;
    zx_handle_t vmo = ZX_HANDLE_INVALID;
    zx_vaddr_t address = 0;
    check(zx_vmo_create(size, 0, &vmo), "zx_vmo_create");
    check(zx_vmo_replace_as_executable(vmo, ZX_HANDLE_INVALID, &vmo),
          "zx_vmo_replace_as_executable");
    check(zx_vmar_map(machine->vmar, read_write | ZX_VM_PERM_EXECUTE | ZX_VM_SPECIFIC, 0, vmo, 0,
                      size, &address),
          "zx_vmar_map in the guest");
    check(zx_vmar_map(zx_vmar_root_self(), read_write, 0, vmo, 0, size, &address), "zx_vmar_map");
    check(zx_handle_close(vmo), "zx_handle_close");
    machine->memory = (uint8_t *)address;
}

void machine_create(struct machine *machine, uint64_t memory_size) {
    zx_handle_t resource = ZX_HANDLE_INVALID;
    memset(machine, 0, sizeof *machine);
    machine->memory_size = memory_size;
    check(zirconia_hypervisor_resource(&resource), "zirconia_hypervisor_resource");
    check(zx_guest_create(resource, 0, &machine->guest, &machine->vmar), "zx_guest_create");
    check(zx_handle_close(resource), "zx_handle_close");
    check(zx_guest_set_trap(machine->guest, ZX_GUEST_TRAP_IO, 0, PORT_COUNT, ZX_HANDLE_INVALID, 0),
          "zx_guest_set_trap");
    make_memory(machine);
}

void machine_start(struct machine *machine, const struct boot_entry *entry) {
    const zx_vcpu_state_t state = {.rsi = entry->boot_parameters};
    check(zx_vcpu_create(machine->guest, 0, entry->rip, &machine->vcpu), "zx_vcpu_create");
    check(zx_vcpu_write_state(machine->vcpu, ZX_VCPU_STATE, &state, sizeof state),
          "zx_vcpu_write_state");
}

static void answer_port(struct machine *machine, const zx_packet_guest_io_t *access) {
    zx_vcpu_io_t io = {.access_size = access->access_size};
    for (unsigned i = 0; i < access->access_size; i++) {
        const uint16_t port = (uint16_t)(access->port + i);
        if (access->input) {
            io.data[i] = devices_read(&machine->devices, port);
        } else {
            devices_write(&machine->devices, port, access->data[i]);
        }
    }
    if (access->input) {
        check(zx_vcpu_write_state(machine->vcpu, ZX_VCPU_IO, &io, sizeof io),
              "zx_vcpu_write_state of an input");
    }
}

static void explain(const zx_port_packet_t *packet) {
    if (packet->type == ZX_PKT_TYPE_GUEST_VCPU) {
        fprintf(stderr, "linux: a request for another processor, of which there is none\n");
    } else {
        fprintf(stderr, "linux: an unexpected packet of type %" PRIu32 "\n", packet->type);
    }
}

static bool answer(struct machine *machine, const zx_port_packet_t *packet) {
    if (packet->type != ZX_PKT_TYPE_GUEST_IO) {
        explain(packet);
        return false;
    }
    answer_port(machine, &packet->guest_io);
    return true;
}

bool machine_run(struct machine *machine) {
    while (machine->devices.power == POWER_ON) {
        zx_port_packet_t packet;
        const zx_status_t status = zx_vcpu_enter(machine->vcpu, &packet);
        if (status == ZX_ERR_CANCELED) {
            machine->kicks++;
        } else if (status != ZX_OK) {
            fprintf(stderr, "linux: zx_vcpu_enter: %s\n", zx_status_get_string(status));
            return false;
        } else if (!answer(machine, &packet)) {
            return false;
        }
    }
    return true;
}

void machine_destroy(struct machine *machine) {
    const zx_handle_t handles[] = {machine->vcpu, machine->vmar, machine->guest};
    check(zx_vmar_unmap(zx_vmar_root_self(), (zx_vaddr_t)machine->memory, machine->memory_size),
          "zx_vmar_unmap");
    check(zx_handle_close_many(handles, 3), "zx_handle_close_many");
}
