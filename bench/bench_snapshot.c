// SPDX-License-Identifier: MIT
//
// The cost of restoring a guest and running a payload of 1,000 instructions that stores to some
// pages, beside the least that is possible: the same payload alone, and a copy of pages that are
// known beforehand; and what coverage adds. --short makes one quick pass.

#include <stdbool.h>
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
#include <zirconia/zirconia.h>

#define PAGE 0x1000u
#define ENTRY 0x10000u
#define DATA 0x200000u
#define MOST_PAGES 64u
#define INSTRUCTIONS 1000u
#define BATCHES 150u // Short ones: beside other work, some are not interrupted.

static zx_handle_t guest;
static zx_handle_t memory;
static zx_handle_t vcpu;
static uint8_t *mapped;

static void check(zx_status_t status, const char *what) {
    if (status != ZX_OK) {
        fprintf(stderr, "bench_snapshot: %s: %s\n", what, zx_status_get_string(status));
        exit(EXIT_FAILURE);
    }
}

static void write_memory(uint64_t address, const void *data, size_t size) {
    check(zx_vmo_write(memory, data, address, size), "write memory");
}

static void load(void) {
    static uint8_t image[PAGE];
    FILE *file = fopen(ZIRCONIA_GUEST_DIR "/bench_snapshot.bin", "rb");
    const size_t size = file != NULL ? fread(image, 1, sizeof image, file) : 0;
    check(size > 0 && fclose(file) == 0 ? ZX_OK : ZX_ERR_IO, "read bench_snapshot.bin");
    write_memory(ENTRY, image, size);
}

static void enter(void) {
    zx_port_packet_t packet;
    check(zx_vcpu_enter(vcpu, &packet), "run");
    check(packet.type == ZX_PKT_TYPE_GUEST_IO ? ZX_OK : ZX_ERR_BAD_STATE, "end of a run");
}

// The page tables have their accessed and dirty bits set, as after a while of use.
static void make_guest(uint64_t size) {
    const zx_vm_option_t options =
        ZX_VM_SPECIFIC | ZX_VM_PERM_READ | ZX_VM_PERM_WRITE | ZX_VM_PERM_EXECUTE;
    const uint64_t tables[2] = {0x1000 | 0x67, 0xe7};
    zx_handle_t resource = ZX_HANDLE_INVALID;
    zx_handle_t vmar = ZX_HANDLE_INVALID;
    zx_vaddr_t address = 0;
    check(zirconia_hypervisor_resource(&resource), "get the resource");
    check(zx_guest_create(resource, 0, &guest, &vmar), "create a guest");
    check(zx_vmo_create(size, 0, &memory), "create memory");
    check(zx_vmo_replace_as_executable(memory, ZX_HANDLE_INVALID, &memory), "make it executable");
    check(zx_vmar_map(vmar, options, 0, memory, 0, size, &address), "map it");
    check(zx_vmar_map(zx_vmar_root_self(), ZX_VM_PERM_READ | ZX_VM_PERM_WRITE, 0, memory, 0,
                      DATA + MOST_PAGES * PAGE, &address),
          "map it here");
    mapped = (uint8_t *)address; // NOLINT(performance-no-int-to-ptr)
    check(zx_guest_set_trap(guest, ZX_GUEST_TRAP_IO, 0x11, 1, 0, 0), "set a trap");
    write_memory(0, &tables[0], sizeof tables[0]);
    write_memory(0x1000, &tables[1], sizeof tables[1]);
    load();
    memset(mapped + DATA, 1, MOST_PAGES * PAGE);
    check(zx_vcpu_create(guest, 0, ENTRY, &vcpu), "create a VCPU");
    check(zx_handle_close(vmar), "close");
    check(zx_handle_close(resource), "close");
    enter();
}

static void end_guest(void) {
    const zx_handle_t handles[] = {vcpu, guest, memory};
    check(zx_vmar_unmap(zx_vmar_root_self(), (zx_vaddr_t)mapped, DATA + MOST_PAGES * PAGE),
          "unmap");
    check(zx_handle_close_many(handles, 3), "close");
}

static zx_vcpu_state_t state_for(uint64_t pages) {
    zx_vcpu_state_t state;
    check(zx_vcpu_read_state(vcpu, ZX_VCPU_STATE, &state, sizeof state), "read state");
    state.rdi = DATA;
    state.rsi = pages;
    state.rbx = (INSTRUCTIONS - 4 * pages) / 2;
    return state;
}

// --- What is measured: microseconds a round, the least of the batches ---

static zx_handle_t snapshot;
static zx_vcpu_state_t begin;
static uint64_t page_count;
static uint8_t copies[MOST_PAGES][PAGE];

static void restore_and_run(void) {
    check(zirconia_guest_restore(guest, snapshot), "restore");
    enter();
}

static void only_restore(void) {
    check(zirconia_guest_restore(guest, snapshot), "restore");
}

static void only_copy(void) {
    for (uint64_t i = 0; i < page_count; i++) {
        memcpy(mapped + DATA + i * PAGE, copies[i], PAGE);
    }
}

static void copy_and_run(void) {
    only_copy();
    check(zx_vcpu_write_state(vcpu, ZX_VCPU_STATE, &begin, sizeof begin), "write state");
    enter();
}

static double time_of(void (*work)(void), unsigned rounds) {
    double least = 1e9;
    for (unsigned batch = 0; batch < BATCHES; batch++) {
        const zx_time_t start = zx_clock_get_monotonic();
        for (unsigned i = 0; i < rounds; i++) {
            work();
        }
        const double time = (double)(zx_clock_get_monotonic() - start) / rounds / 1e3;
        least = time < least ? time : least;
    }
    return least;
}

static void measure_coverage(uint64_t size, unsigned rounds) {
    static uint8_t map[0x10000];
    check(zirconia_guest_set_coverage(guest, 0, map, sizeof map), "coverage");
    restore_and_run();
    printf("%5llu MiB   4 pages, covered       restore and run %6.2f us\n",
           (unsigned long long)(size >> 20), time_of(restore_and_run, rounds));
    check(zirconia_guest_set_coverage(guest, 0, NULL, 0), "coverage");
    restore_and_run();
}

static void measure(uint64_t size, uint64_t pages, uint32_t options, unsigned rounds) {
    page_count = pages;
    begin = state_for(pages);
    check(zx_vcpu_write_state(vcpu, ZX_VCPU_STATE, &begin, sizeof begin), "write state");
    check(zirconia_guest_snapshot(guest, options, &snapshot), "snapshot");
    for (unsigned i = 0; i < 8; i++) {
        restore_and_run();
    }
    const double both = time_of(restore_and_run, rounds);
    const double restore = time_of(only_restore, rounds);
    const double copy = time_of(copy_and_run, rounds);
    printf("%5llu MiB %3llu pages %-13s  restore and run %6.2f us  restore %6.2f us  known pages "
           "and registers, and run %6.2f us\n",
           (unsigned long long)(size >> 20), (unsigned long long)pages,
           (options & ZIRCONIA_SNAPSHOT_STEADY_TABLES) != 0 ? "steady tables" : "", both, restore,
           copy);
    if (pages == 4 && (options & ZIRCONIA_SNAPSHOT_STEADY_TABLES) != 0) {
        measure_coverage(size, rounds);
    }
    check(zx_handle_close(snapshot), "close");
}

int main(int argc, char **argv) {
    const bool is_short = argc > 1 && strcmp(argv[1], "--short") == 0;
    const unsigned rounds = is_short ? 2 : 200;
    const uint64_t sizes[] = {16ull << 20, 1024ull << 20};
    for (unsigned i = 0; i < 2; i++) {
        make_guest(sizes[i]);
        for (uint64_t pages = 4; pages <= MOST_PAGES; pages *= 16) {
            const uint32_t noted = ZIRCONIA_SNAPSHOT_NOTED_STORES;
            measure(sizes[i], pages, noted, rounds);
            measure(sizes[i], pages, noted | ZIRCONIA_SNAPSHOT_STEADY_TABLES, rounds);
        }
        end_guest();
    }
    return EXIT_SUCCESS;
}
