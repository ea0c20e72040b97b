// SPDX-License-Identifier: MIT
//
// A fuzz target for a VMM's device code. An input is a list of accesses: a byte for the routine of
// the agent (agent.h), a byte for the register or port, and what is written. The guest's agent
// makes the accesses, and the device answers. The guest is made for the first input, so not before
// an engine such as AFL++ forks; a snapshot brings it back for each. The answer_ functions do what
// your VMM does with packets: call it there instead.

#include <stdlib.h>
#include <string.h>
#include <zircon/process.h>
#include <zircon/syscalls.h>
#include <zircon/syscalls/hypervisor.h>
#include <zircon/syscalls/port.h>
#include <zirconia/snapshot.h>
#include <zirconia/zirconia.h>

#include "agent.h"
#include "device.h"
#include "vmm.h"

enum { MEMORY_SIZE = 1 << 20, PAGE = 4096, MOST_ACCESSES = 64, END_PORT = 0xf4 };

static zx_handle_t guest, memory, vcpu, snapshot;

// A call that fails is a crash, so that libFuzzer keeps the input.
static void check(zx_status_t status) {
    if (status != ZX_OK) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void make_guest(void) {
    zx_handle_t resource, vmar;
    zx_vaddr_t address;
    check(zirconia_hypervisor_resource(&resource));
    check(zx_guest_create(resource, 0, &guest, &vmar));
    check(zx_vmo_create(MEMORY_SIZE, 0, &memory));
    check(zx_vmo_replace_as_executable(memory, ZX_HANDLE_INVALID, &memory));
    check(zx_vmar_map(vmar,
                      ZX_VM_SPECIFIC | ZX_VM_PERM_READ | ZX_VM_PERM_WRITE | ZX_VM_PERM_EXECUTE, 0,
                      memory, 0, MEMORY_SIZE, &address));
    check(zx_guest_set_trap(guest, ZX_GUEST_TRAP_MEM, DEVICE_MEMORY, PAGE, ZX_HANDLE_INVALID, 0));
    check(zx_guest_set_trap(guest, ZX_GUEST_TRAP_IO, DEVICE_PORT, DEVICE_PORTS, ZX_HANDLE_INVALID,
                            0));
    check(zx_guest_set_trap(guest, ZX_GUEST_TRAP_IO, END_PORT, 1, ZX_HANDLE_INVALID, 0));
    check(zx_vcpu_create(guest, 0, AGENT, &vcpu));
}

static void prepare(void) {
    const zx_vcpu_state_t state = {.rsi = ACCESSES, .rbx = ROUTINES, .rdi = AGENT};
    uint64_t tables[1024] = {
        0x1003}; // At 0, where a VCPU's CR3 begins: 4 GiB, mapped to themselves.
    for (uint64_t i = 0; i < 4; i++) {
        tables[512 + i] = i << 30 | 0x83;
    }
    make_guest();
    check(zx_vmo_write(memory, tables, 0, sizeof tables));
    check(zx_vmo_write(memory, agent, AGENT, sizeof agent));
    check(zx_vmo_write(memory, routines, ROUTINES, sizeof routines));
    check(zx_vcpu_write_state(vcpu, ZX_VCPU_STATE, &state, sizeof state));
    check(zirconia_guest_snapshot(guest, ZIRCONIA_SNAPSHOT_STEADY_TABLES, &snapshot));
}

static size_t read_accesses(const uint8_t *data, size_t size, agent_access_t *accesses) {
    size_t count = 0;
    while (size >= 2 && count < MOST_ACCESSES) {
        agent_access_t *access = &accesses[count++];
        const uint8_t routine = data[0] % ROUTINE_COUNT;
        *access = (agent_access_t){.routine = routine};
        access->address = routine & ROUTINE_PORT ? DEVICE_PORT + data[1] % DEVICE_PORTS
                                                 : DEVICE_MEMORY + data[1] % DEVICE_MEMORY_SIZE;
        data += 2;
        size -= 2;
        if (routine & ROUTINE_WRITE) {
            const size_t width = (size_t)1 << (routine & ROUTINE_WIDTH);
            const size_t taken = size < width ? size : width;
            memcpy(&access->value, data, taken);
            data += taken;
            size -= taken;
        }
    }
    accesses[count++] = (agent_access_t){.routine = ROUTINE_OUT, .address = END_PORT};
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    agent_access_t accesses[MOST_ACCESSES + 1];
    zx_port_packet_t packet;
    const size_t count = read_accesses(data, size, accesses);
    if (snapshot == ZX_HANDLE_INVALID) {
        prepare();
    }
    device_reset();
    check(zirconia_guest_restore(guest, snapshot));
    check(zx_vmo_write(memory, accesses, ACCESSES, count * sizeof accesses[0]));
    for (;;) {
        check(zx_vcpu_enter(vcpu, &packet));
        if (packet.type == ZX_PKT_TYPE_GUEST_IO && packet.guest_io.port == END_PORT) {
            return 0;
        }
        check(vmm_answer(vcpu, memory, &packet));
    }
}
