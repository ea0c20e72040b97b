// SPDX-License-Identifier: MIT
//
// The host.

#include "host.h"

#include "instructions.h"
#include "layout.h"
#include "page_tables.h"
#include "platform/platform.h"

#include <stdio.h>
#include <stdlib.h>
#include <zircon/status.h>
#include <zircon/syscalls.h>
#include <zircon/syscalls/hypervisor.h>
#include <zircon/syscalls/port.h>
#include <zirconia/virtual_time.h>
#include <zirconia/zirconia.h>

// Above all that host_act() maps.
#define MAPPED_END ((size_t)1 << 30)
#define EVERYTHING (ZX_VM_PERM_READ | ZX_VM_PERM_WRITE | ZX_VM_PERM_EXECUTE)

void host_require(bool condition, const char *what) {
    if (!condition) {
        fprintf(stderr, "random guest: %s\n", what);
        abort();
    }
}

zx_status_t host_check(zx_status_t status, const char *call) {
    if (status == ZX_ERR_INTERNAL) {
        fprintf(stderr, "random guest: %s gives ZX_ERR_INTERNAL\n", call);
        abort();
    }
    return status;
}

#define CHECK_CALL(call) host_check(call, #call)
#define REQUIRE_OK(call) host_require((call) == ZX_OK, #call)

// One for all guests.
static zx_handle_t bell_port(void) {
    static zx_handle_t port;
    if (port == ZX_HANDLE_INVALID) {
        REQUIRE_OK(zx_port_create(0, &port));
    }
    return port;
}

void host_answer_bells(const struct host *host) {
    zx_port_packet_t packet;
    while (zx_port_wait(host->port, 0, &packet) == ZX_OK) {
    }
}

zx_handle_t host_make_memory(void) {
    zx_handle_t plain = ZX_HANDLE_INVALID;
    zx_handle_t memory = ZX_HANDLE_INVALID;
    REQUIRE_OK(zx_vmo_create(MEMORY_SIZE, 0, &plain));
    REQUIRE_OK(zx_vmo_replace_as_executable(plain, ZX_HANDLE_INVALID, &memory));
    return memory;
}

// One for all guests, each of which is given all of its bytes anew.
static zx_handle_t guest_memory(void) {
    static zx_handle_t memory;
    if (memory == ZX_HANDLE_INVALID) {
        memory = host_make_memory();
    }
    return memory;
}

void host_map(const struct host *host, const uint8_t *bytes, unsigned parts) {
    zx_vaddr_t address = 0;
    REQUIRE_OK(zx_vmo_write(host->memory, bytes, 0, MEMORY_SIZE));
    REQUIRE_OK(zx_vmar_map(host->vmar, EVERYTHING | ZX_VM_SPECIFIC, 0, host->memory, 0, MEMORY_SIZE,
                           &address));
    if ((parts & HOST_ALIAS) != 0) {
        REQUIRE_OK(zx_vmar_map(host->vmar, EVERYTHING | ZX_VM_SPECIFIC, ALIAS, host->memory, 0,
                               MEMORY_SIZE, &address));
    }
}

void host_unmap(const struct host *host) {
    REQUIRE_OK(zx_vmar_unmap(host->vmar, 0, MAPPED_END));
}

void host_open(struct host *host, unsigned parts) {
    zx_handle_t resource = ZX_HANDLE_INVALID;
    REQUIRE_OK(zirconia_hypervisor_resource(&resource));
    REQUIRE_OK(zx_guest_create(resource, 0, &host->guest, &host->vmar));
    REQUIRE_OK(zx_handle_close(resource));
    REQUIRE_OK(zirconia_guest_use_virtual_time(host->guest));
    host->memory = host->memory != ZX_HANDLE_INVALID ? host->memory : guest_memory();
    host->port = bell_port();
    REQUIRE_OK(zx_guest_set_trap(host->guest, ZX_GUEST_TRAP_IO, 0, PORTS, ZX_HANDLE_INVALID, 1));
    REQUIRE_OK(
        zx_guest_set_trap(host->guest, ZX_GUEST_TRAP_MEM, MEMORY_TRAP, PAGE, ZX_HANDLE_INVALID, 2));
    if ((parts & HOST_BELL) != 0) {
        REQUIRE_OK(
            zx_guest_set_trap(host->guest, ZX_GUEST_TRAP_BELL, BELL_TRAP, PAGE, host->port, 3));
    }
}

void host_close(struct host *host) {
    host_answer_bells(host);
    const zx_handle_t handles[] = {host->guest, host->vmar};
    REQUIRE_OK(zx_handle_close_many(handles, sizeof handles / sizeof handles[0]));
}

zx_handle_t host_make_vcpu(const struct host *host, zx_vaddr_t entry, bool first) {
    zx_handle_t vcpu = ZX_HANDLE_INVALID;
    REQUIRE_OK(zx_vcpu_create(host->guest, 0, entry, &vcpu));
    if (first && entry == ENTRY_REAL) {
        REQUIRE_OK(zx_handle_close(vcpu)); // The first one starts in long mode.
        REQUIRE_OK(zx_vcpu_create(host->guest, 0, entry, &vcpu));
    }
    return vcpu;
}

void host_answer_kick(zx_handle_t vcpu) {
    zx_port_packet_t packet;
    CHECK_CALL(zx_vcpu_kick(vcpu));
    host_require(zx_vcpu_enter(vcpu, &packet) == ZX_ERR_CANCELED, "a kick was lost");
}

// --- Memory ---

static uint32_t choose_page(struct choices *choices) {
    static const uint32_t pages[] = {CHAOS,     CHAOS + PAGE,  DATA,    DATA + PAGE, STACK_0 - PAGE,
                                     STACK_3,   ALIAS + CHAOS, ALIAS,   PAGE_TABLE,  WILD_TABLE,
                                     DIRECTORY, GDT,           IDT_64,  HANDLERS_64, MEMORY_TRAP,
                                     BELL_TRAP, LEGACY_TABLE,  0x50000, 0x60000};
    return choose_one_in(choices, 4) ? PAGE * choose(choices, 3 * MEMORY_SIZE / PAGE)
                                     : CHOOSE_FROM(choices, pages);
}

static size_t choose_length(struct choices *choices) {
    return PAGE * (choose_one_in(choices, 4) ? 1 + choose(choices, 64) : 1 + choose(choices, 2));
}

static void change_mapping(const struct host *host, struct choices *choices) {
    const uint32_t page = choose_page(choices);
    const size_t length = choose_length(choices);
    const zx_vm_option_t permissions =
        choose_one_in(choices, 2) ? EVERYTHING : choose(choices, EVERYTHING + 1);
    const uint64_t offset =
        choose_one_in(choices, 2) ? page % MEMORY_SIZE : choose_page(choices) % MEMORY_SIZE;
    zx_vaddr_t address = 0;
    switch (choose(choices, 4)) {
    case 0:
        CHECK_CALL(zx_vmar_unmap(host->vmar, page, length));
        break;
    case 1:
        CHECK_CALL(zx_vmar_protect(host->vmar, permissions, page, length));
        break;
    default:
        CHECK_CALL(zx_vmar_map(host->vmar, permissions | ZX_VM_SPECIFIC_OVERWRITE, page,
                               host->memory, offset, length, &address));
        break;
    }
}

static void change_memory(const struct host *host, struct choices *choices) {
    static const uint8_t codes[][4] = {
        {0xf4, 0x90, 0x90, 0x90}, {0x90, 0x90, 0x90, 0x90}, {0xcc, 0xcc, 0xcc, 0xcc},
        {0x0f, 0x0b, 0x90, 0x90}, {0xeb, 0xfe, 0x90, 0x90}, {0xee, 0xec, 0xef, 0xed},
    };
    const uint64_t place = CHAOS + choose(choices, CHAOS_SIZE);
    uint64_t value = page_tables_choose_entry(choices);
    uint32_t operation = ZX_VMO_OP_ZERO;
    switch (choose(choices, 4)) {
    case 0:
        CHECK_CALL(zx_vmo_write(host->memory, &value, page_tables_choose_place(choices), 8));
        break;
    case 1:
        value = choose_bits(choices, 8);
        CHECK_CALL(zx_vmo_write(host->memory, &value, choose_page(choices) % MEMORY_SIZE, 8));
        break;
    case 2:
        operation = choose_one_in(choices, 2) ? ZX_VMO_OP_DECOMMIT : ZX_VMO_OP_ZERO;
        CHECK_CALL(zx_vmo_op_range(host->memory, operation, choose_page(choices) % MEMORY_SIZE,
                                   PAGE, NULL, 0));
        break;
    default:
        CHECK_CALL(zx_vmo_write(host->memory, CHOOSE_FROM(choices, codes), place, 4));
        break;
    }
}

static bool set_trap(const struct host *host, struct choices *choices) {
    const zx_guest_trap_t kind = choose(choices, 3);
    const zx_handle_t port = kind == ZX_GUEST_TRAP_BELL ? host->port : ZX_HANDLE_INVALID;
    const zx_vaddr_t base =
        kind == ZX_GUEST_TRAP_IO ? PORTS + choose(choices, 0x4000) : choose_page(choices);
    const size_t size = kind == ZX_GUEST_TRAP_IO ? 1 + choose(choices, 8) : PAGE;
    return CHECK_CALL(zx_guest_set_trap(host->guest, kind, base, size, port, 4)) == ZX_OK;
}

// --- The VCPU ---

unsigned host_choose_vector(struct choices *choices) {
    static const unsigned vectors[] = {2, 2, 32, 33, 64, 255, 3, 6, 8, 13, 14, 18, 20, 25};
    return choose_one_in(choices, 2) ? 32 + choose(choices, 224) : CHOOSE_FROM(choices, vectors);
}

void host_set_registers(zx_handle_t vcpu, unsigned bits, struct choices *choices) {
    zx_vcpu_state_t state;
    if (CHECK_CALL(zx_vcpu_read_state(vcpu, ZX_VCPU_STATE, &state, sizeof state)) != ZX_OK) {
        return;
    }
    uint64_t *const registers[] = {&state.rax, &state.rcx, &state.rdx, &state.rbx, &state.rbp,
                                   &state.rsi, &state.rdi, &state.r8,  &state.r9,  &state.r15};
    for (size_t i = 0; i < sizeof registers / sizeof registers[0]; i++) {
        *registers[i] = choose_one_in(choices, 4) ? choose_bits(choices, 8)
                                                  : instructions_choose_address(choices, bits);
    }
    if (choose_one_in(choices, 8)) {
        state.rsp = instructions_choose_address(choices, bits);
        state.rflags = choose_bits(choices, 4) | 2;
    }
    CHECK_CALL(zx_vcpu_write_state(vcpu, ZX_VCPU_STATE, &state, sizeof state));
}

bool host_act(const struct host *host, zx_handle_t vcpu, unsigned bits, struct choices *choices) {
    switch (choose(choices, 16)) {
    case 0:
    case 1:
        change_mapping(host, choices);
        break;
    case 2:
    case 3:
        change_memory(host, choices);
        break;
    case 4:
        return set_trap(host, choices);
    case 5:
        host_set_registers(vcpu, bits, choices);
        break;
    case 6:
    case 7:
        CHECK_CALL(zx_vcpu_interrupt(vcpu, host_choose_vector(choices)));
        break;
    case 8:
        CHECK_CALL(zx_vcpu_kick(vcpu));
        break;
    default:
        break;
    }
    return false;
}
