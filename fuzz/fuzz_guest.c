// SPDX-License-Identifier: MIT
//
// Runs any bytes as guest code, in long, compatibility or real mode, with registers and an
// interrupt that the input chooses too. It looks for faults and for runs that a kick does not end.
//
// A kick ends each run that lasts longer than a moment; so how far a guest that loops comes differs
// from run to run.

#include "input.h"

#include "platform/platform.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zircon/syscalls.h>
#include <zircon/syscalls/hypervisor.h>
#include <zircon/syscalls/port.h>
#include <zirconia/zirconia.h>

enum {
    MEMORY_SIZE = 0x100000,
    TABLES = 0,
    ENTRY_STUB = 0x8000,
    DESCRIPTORS = 0x9000,
    CODE = 0x20000,
    STACK = 0x60000,
    MOST_RUNS = 20,
    MOMENT_US = 1000,
};

enum mode { LONG, COMPATIBILITY, REAL, MODES };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition, const char *what) {
    if (!condition) {
        fprintf(stderr, "fuzz_guest: %s\n", what);
        abort();
    }
}

struct machine {
    zx_handle_t guest;
    zx_handle_t vmar;
    zx_handle_t memory;
    zx_handle_t vcpu;
};

// --- Time ---

static atomic_uint runs;
static _Atomic zx_handle_t watched;

static void watch(void *nothing) {
    unsigned last = 0;
    (void)nothing;
    for (;;) {
        platform_sleep_until(platform_monotonic() + ZX_USEC(MOMENT_US));
        const unsigned now = atomic_load(&runs);
        if (now == last) {
            zx_vcpu_kick(atomic_load(&watched));
        }
        last = now;
    }
}

static void start_watch(void) {
    static bool started;
    if (!started) {
        started = platform_thread_start("watch", watch, NULL);
        require(started, "no thread to watch");
    }
}

// --- The guest ---

static void put(const struct machine *machine, uint64_t at, const void *data, size_t size) {
    require(zx_vmo_write(machine->memory, data, at, size) == ZX_OK, "memory cannot be written");
}

// Maps the first GiB to itself. The stub loads 32-bit code segment 8 and goes to the code.
static void put_surroundings(const struct machine *machine) {
    static const uint64_t level_four = (TABLES + 0x1000) | 3;
    static const uint64_t level_three = 0x83;
    static const uint64_t descriptors[] = {0, 0x00cf9b000000ffff, 0x00cf93000000ffff};
    static const uint8_t pointer[] = {23, 0, 0, DESCRIPTORS >> 8, 0, 0, 0, 0, 0, 0};
    static const uint8_t stub[] = {
        0x0f, 0x01, 0x14, 0x25,       0x80, DESCRIPTORS >> 8, 0, 0, // lgdt [DESCRIPTORS + 0x80]
        0x6a, 0x08,                                                 // push 8
        0x68, 0x00, 0x00, CODE >> 16, 0x00,                         // push CODE
        0x48, 0xcb,                                                 // retfq
    };
    put(machine, TABLES, &level_four, sizeof level_four);
    put(machine, TABLES + 0x1000, &level_three, sizeof level_three);
    put(machine, DESCRIPTORS, descriptors, sizeof descriptors);
    put(machine, DESCRIPTORS + 0x80, pointer, sizeof pointer);
    put(machine, ENTRY_STUB, stub, sizeof stub);
}

static void map_memory(struct machine *machine) {
    zx_handle_t plain = ZX_HANDLE_INVALID;
    zx_vaddr_t address = 0;
    const zx_vm_option_t all =
        ZX_VM_SPECIFIC | ZX_VM_PERM_READ | ZX_VM_PERM_WRITE | ZX_VM_PERM_EXECUTE;
    require(zx_vmo_create(MEMORY_SIZE, 0, &plain) == ZX_OK &&
                zx_vmo_replace_as_executable(plain, ZX_HANDLE_INVALID, &machine->memory) == ZX_OK &&
                zx_vmar_map(machine->vmar, all, 0, machine->memory, 0, MEMORY_SIZE, &address) ==
                    ZX_OK,
            "no memory for the guest");
}

// The first VCPU starts in long mode, every other in real mode.
static void make_vcpu(struct machine *machine, enum mode mode) {
    const uint64_t entry = mode == COMPATIBILITY ? ENTRY_STUB : CODE;
    zx_status_t status = zx_vcpu_create(machine->guest, 0, entry, &machine->vcpu);
    if (status == ZX_OK && mode == REAL) {
        zx_handle_close(machine->vcpu);
        status = zx_vcpu_create(machine->guest, 0, entry, &machine->vcpu);
    }
    require(status == ZX_OK, "no VCPU");
}

static void open_machine(struct machine *machine, enum mode mode) {
    zx_handle_t resource = ZX_HANDLE_INVALID;
    require(zirconia_hypervisor_resource(&resource) == ZX_OK &&
                zx_guest_create(resource, 0, &machine->guest, &machine->vmar) == ZX_OK,
            "no guest");
    zx_handle_close(resource);
    map_memory(machine);
    put_surroundings(machine);
    require(zx_guest_set_trap(machine->guest, ZX_GUEST_TRAP_IO, 0, 0x1000, 0, 0) == ZX_OK &&
                zx_guest_set_trap(machine->guest, ZX_GUEST_TRAP_MEM, 0xf0000, 0x1000, 0, 0) ==
                    ZX_OK,
            "no traps");
    make_vcpu(machine, mode);
}

static void set_registers(const struct machine *machine, struct input *input) {
    zx_vcpu_state_t state;
    require(zx_vcpu_read_state(machine->vcpu, ZX_VCPU_STATE, &state, sizeof state) == ZX_OK,
            "registers cannot be read");
    uint64_t *const registers[] = {&state.rax, &state.rcx, &state.rdx,
                                   &state.rbx, &state.rsi, &state.rdi};
    for (size_t i = 0; i < sizeof registers / sizeof registers[0]; i++) {
        *registers[i] = input_amount(input);
    }
    state.rsp = STACK;
    require(zx_vcpu_write_state(machine->vcpu, ZX_VCPU_STATE, &state, sizeof state) == ZX_OK,
            "registers cannot be written");
}

static void run(const struct machine *machine) {
    zx_status_t status = ZX_OK;
    for (int i = 0; i < MOST_RUNS && status == ZX_OK; i++) {
        zx_port_packet_t packet;
        atomic_fetch_add(&runs, 1);
        status = zx_vcpu_enter(machine->vcpu, &packet);
        if (status == ZX_OK && packet.type == ZX_PKT_TYPE_GUEST_IO && packet.guest_io.input) {
            zx_vcpu_io_t answer = {.access_size = packet.guest_io.access_size};
            answer.u32 = 0x5a5a5a5a;
            zx_vcpu_write_state(machine->vcpu, ZX_VCPU_IO, &answer, sizeof answer);
        }
    }
    atomic_fetch_add(&runs, 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct input input = {data, size};
    struct machine machine = {0};
    open_machine(&machine, (enum mode)(input_byte(&input) % MODES));
    start_watch();
    set_registers(&machine, &input);
    zx_vcpu_interrupt(machine.vcpu, input_byte(&input));
    put(&machine, CODE, input.data, input.left < 0x1000 ? input.left : 0x1000);
    atomic_store(&watched, machine.vcpu);
    run(&machine);
    atomic_store(&watched, ZX_HANDLE_INVALID);
    const zx_handle_t handles[] = {machine.vcpu, machine.guest, machine.vmar, machine.memory};
    require(zx_handle_close_many(handles, 4) == ZX_OK, "a handle is gone");
    return 0;
}
