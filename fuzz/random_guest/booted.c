// SPDX-License-Identifier: MIT
//
// States behind boots, each of which is carried out once in a process.

#include "booted.h"

#include "code.h"
#include "descriptors.h"
#include "engine/exit_trace.h"
#include "host.h"
#include "instructions.h"
#include "layout.h"
#include "page_tables.h"

#include <stdbool.h>
#include <stddef.h>
#include <zircon/syscalls.h>
#include <zircon/syscalls/hypervisor.h>
#include <zircon/syscalls/port.h>
#include <zirconia/debug.h>
#include <zirconia/virtual_time.h>

enum {
    BOOTS = 8,         // For each mode.
    BOOT_SEEDS = 1000, // Some lead nowhere.
    BOOT_WORK = 200,
};

static zirconia_registers_t states[BOOT_MODES][BOOTS];

// Where the code begins, as RIP.
static uint64_t start_of(enum boot_mode mode) {
    const bool based = boot_bits(mode) == 16;
    return based ? 0 : CHAOS;
}

// False where the boot does not lead to the code.
static bool boot(enum boot_mode mode, uint64_t seed, zirconia_registers_t *out) {
    static struct image image;
    struct choices choices;
    struct host host = {0};
    zx_handle_t vcpu = ZX_HANDLE_INVALID;
    zx_port_packet_t packet;
    choices_init(&choices, (const uint8_t *)&seed, sizeof seed);
    image_clear(&image, 0xcc);
    page_tables_put(&image, &choices);
    descriptors_put(&image, &choices);
    image_put(&image, CHAOS, "\xeb\xfe", 2); // jmp $
    boot_put(&image, &choices, mode, 0);
    host_open(&host, 0);
    host_map(&host, image.bytes, 0);
    vcpu = host_make_vcpu(&host, boot_entry(mode), true);
    host_require(zirconia_guest_set_budget(host.guest, BOOT_WORK) == ZX_OK, "there is no budget");
    const zx_status_t status = zx_vcpu_enter(vcpu, &packet);
    host_require(zirconia_vcpu_read_registers(vcpu, out) == ZX_OK, "there are no registers");
    host_require(zx_handle_close(vcpu) == ZX_OK, "the VCPU's handle is gone");
    host_close(&host);
    return status == ZX_ERR_TIMED_OUT && out->rip == start_of(mode);
}

void booted_make(void) {
    static bool made;
    if (made) {
        return;
    }
    made = true;
    exit_trace_hold(true); // Nobody asks what these guests do.
    for (enum boot_mode mode = 0; mode < BOOT_MODES; mode++) {
        unsigned count = 0;
        for (uint64_t seed = 0; seed < BOOT_SEEDS && count < BOOTS; seed++) {
            count += boot(mode, seed, &states[mode][count]);
        }
        host_require(count == BOOTS, "a mode has too few boots");
    }
    exit_trace_hold(false);
}

void booted_put(zx_handle_t vcpu, enum boot_mode mode, uint32_t start, struct choices *choices) {
    zirconia_registers_t registers = states[mode][choose(choices, BOOTS)];
    registers.rip += start;
    for (unsigned i = 0; i < sizeof registers.general / sizeof registers.general[0]; i++) {
        if (i != 4 || choose_one_in(choices, 8)) { // RSP
            registers.general[i] = instructions_choose_address(choices, boot_bits(mode));
        }
    }
    host_require(zirconia_vcpu_write_registers(vcpu, &registers) == ZX_OK,
                 "a state behind a boot is refused");
}
