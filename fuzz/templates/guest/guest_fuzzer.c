// SPDX-License-Identifier: MIT
//
// A fuzz target for code that runs in a guest. An input is put into the guest's memory, and the
// guest runs from a snapshot until it writes to END_PORT, which is the good end. All else is a
// crash: an exception that it has no handler for, an access to what it does not have, and work that
// does not end. libFuzzer sees the counts of the guest's edges, and what it compares, as its own;
// AFL++ sees the counts.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zircon/process.h>
#include <zircon/status.h>
#include <zircon/syscalls.h>
#include <zircon/syscalls/hypervisor.h>
#include <zircon/syscalls/port.h>
#include <zirconia/coverage.h>
#include <zirconia/snapshot.h>
#include <zirconia/virtual_time.h>
#include <zirconia/zirconia.h>

#include "comparisons.h"
#include "counters.h"
#include "layout.h"

#define WORK_FOR_AN_INPUT 100000u // Blocks of code: virtual_time.h.

static zx_handle_t guest, memory, vcpu, snapshot;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(zx_status_t status, const char *what) {
    if (status != ZX_OK) {
        fprintf(stderr, "guest_fuzzer: %s: %s\n", what, zx_status_get_string(status));
        abort();
    }
}

// Counts all code that the guest runs; zirconia_guest_set_coverage_ranges() would leave some out.
static void watch_guest(void) {
#ifndef GUEST_HAS_COUNTERS
    check(zirconia_guest_set_coverage(guest, 0, counters(), COUNTERS_SIZE), "coverage");
#endif
    if (wants_comparisons()) {
        check(zirconia_guest_set_comparisons(guest, compared, NULL), "comparisons");
    }
}

static void make_guest(void) {
    zx_handle_t resource, vmar;
    zx_vaddr_t address;
    check(zirconia_hypervisor_resource(&resource), "resource");
    check(zx_guest_create(resource, 0, &guest, &vmar), "guest");
    check(zirconia_guest_use_virtual_time(guest), "virtual time");
    check(zx_vmo_create(MEMORY_SIZE, 0, &memory), "memory");
    check(zx_vmo_replace_as_executable(memory, ZX_HANDLE_INVALID, &memory), "memory");
    check(zx_vmar_map(vmar,
                      ZX_VM_SPECIFIC | ZX_VM_PERM_READ | ZX_VM_PERM_WRITE | ZX_VM_PERM_EXECUTE, 0,
                      memory, 0, MEMORY_SIZE, &address),
          "mapping");
    check(zx_guest_set_trap(guest, ZX_GUEST_TRAP_IO, END_PORT, 1, ZX_HANDLE_INVALID, 0), "trap");
    check(zx_vcpu_create(guest, 0, IMAGE, &vcpu), "VCPU");
}

static void load_image(void) {
    static uint8_t image[COUNTERS + COUNTERS_SIZE - IMAGE];
    const uint64_t tables[1024] = {[0] = 0x1003, [512] = 0x83}; // 1 GiB, mapped to itself.
    FILE *file = fopen(GUEST_IMAGE, "rb");
    const size_t size = file != NULL ? fread(image, 1, sizeof image, file) : 0;
    check(size > 0 && fclose(file) == 0 ? ZX_OK : ZX_ERR_IO, GUEST_IMAGE);
    check(zx_vmo_write(memory, image, IMAGE, size), "image");
    check(zx_vmo_write(memory, tables, 0, sizeof tables), "page tables");
}

// For the first input, so not before an engine such as AFL++ forks. A guest that has to start first
// is run here until it asks for its input, and then the snapshot is taken.
static void prepare(void) {
    const zx_vcpu_state_t state = {.rsp = STACK_END - 8};
    make_guest();
    load_image();
    watch_guest();
    check(zx_vcpu_write_state(vcpu, ZX_VCPU_STATE, &state, sizeof state), "registers");
    check(zirconia_guest_set_budget(guest, WORK_FOR_AN_INPUT), "budget");
    check(zirconia_guest_snapshot(guest, ZIRCONIA_SNAPSHOT_STEADY_TABLES, &snapshot), "snapshot");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct guest_input input;
    zx_port_packet_t packet;
    if (snapshot == ZX_HANDLE_INVALID) {
        prepare();
    }
    input.size = (uint32_t)(size < sizeof input.bytes ? size : sizeof input.bytes);
    memcpy(input.bytes, data, input.size);
    check(zirconia_guest_restore(guest, snapshot), "restore");
    check(zx_vmo_write(memory, &input, INPUT, sizeof input.size + input.size), "input");
    const zx_status_t status = zx_vcpu_enter(vcpu, &packet);
#ifdef GUEST_HAS_COUNTERS
    check(zx_vmo_read(memory, counters(), COUNTERS, COUNTERS_SIZE), "counters");
#endif
    check(status, "the guest");
    check(packet.type == ZX_PKT_TYPE_GUEST_IO ? ZX_OK : ZX_ERR_NOT_SUPPORTED, "packet");
    return 0;
}
