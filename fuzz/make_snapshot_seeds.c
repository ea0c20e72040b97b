// SPDX-License-Identifier: MIT
//
// Writes seeds for fuzz_snapshot_file: make_snapshot_seeds PROGRAM FOLDER. PROGRAM is the tests'
// guest snapshot.bin (tests/guests/snapshot.asm), whose cases come out in the middle of something:
// its registers in use, handlers open, a timer armed, bells that nobody has taken. Each is saved as
// it comes out, and without the memory, which makes it small. The last word of each is 0, so that
// fuzz_snapshot_file puts it right.

#include "snapshot_guest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zircon/syscalls.h>
#include <zircon/syscalls/hypervisor.h>
#include <zircon/syscalls/port.h>
#include <zirconia/virtual_time.h>

enum { LONGEST_PROGRAM = 0x10000, WORK = 2000, PAGE = 0x1000, TAIL = 16 };

// In the order of the program's cases.
static const char *const cases[] = {
    "media", "interrupted", "shadow", "halted", "timer", "modified", "bells", "clock", "long_block",
};

static struct snapshot_guest guest;

static void load_program(const char *path) {
    static uint8_t bytes[LONGEST_PROGRAM];
    FILE *file = fopen(path, "rb");
    snapshot_require(file != NULL, "the program cannot be opened");
    const size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    snapshot_require(size > 0 && zx_vmo_write(guest.memory, bytes, SNAPSHOT_ENTRY, size) == ZX_OK,
                     "the program cannot be loaded");
}

static uint64_t word_at(const struct snapshot_bytes *bytes, size_t at) {
    uint64_t word = 0;
    memcpy(&word, bytes->bytes + at, sizeof word);
    return word;
}

// At the end of a file are the pages, each behind one more than its address, a 0 and the hash.
static void drop_pages(struct snapshot_bytes *bytes) {
    const size_t page = PAGE + sizeof(uint64_t);
    size_t end = bytes->size - TAIL;
    while (end > page && word_at(bytes, end - page) % PAGE == 1) {
        end -= page;
    }
    memset(bytes->bytes + end, 0, TAIL);
    bytes->size = end + TAIL;
}

static void write_seed(const char *folder, const char *name, const char *kind,
                       const struct snapshot_bytes *bytes) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s%s", folder, name, kind);
    FILE *file = fopen(path, "wb");
    snapshot_require(file != NULL && fwrite(bytes->bytes, 1, bytes->size, file) == bytes->size &&
                         fclose(file) == 0,
                     "a seed cannot be written");
}

// An NMI and an interrupt wait for the next run.
static void make_seed(const char *folder, size_t number) {
    static struct snapshot_bytes bytes;
    zx_port_packet_t packet;
    zx_vcpu_state_t state;
    zx_vcpu_read_state(guest.vcpu, ZX_VCPU_STATE, &state, sizeof state);
    state.rsi = number;
    zx_vcpu_write_state(guest.vcpu, ZX_VCPU_STATE, &state, sizeof state);
    zirconia_guest_set_budget(guest.guest, WORK);
    zx_vcpu_enter(guest.vcpu, &packet);
    zx_vcpu_interrupt(guest.vcpu, 2);
    zx_vcpu_interrupt(guest.vcpu, 0x40);
    memset(guest.device, (int)number, sizeof guest.device);
    const zx_handle_t snapshot = snapshot_guest_take(&guest);
    snapshot_guest_save(&guest, snapshot, &bytes);
    zx_handle_close(snapshot);
    memset(bytes.bytes + bytes.size - sizeof(uint64_t), 0, sizeof(uint64_t));
    write_seed(folder, cases[number], "", &bytes);
    drop_pages(&bytes);
    write_seed(folder, cases[number], "_registers", &bytes);
}

int main(int argc, char **argv) {
    if (argc != 3) {
        fprintf(stderr, "make_snapshot_seeds PROGRAM FOLDER\n");
        return EXIT_FAILURE;
    }
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        memset(&guest, 0, sizeof guest);
        snapshot_guest_make(&guest);
        load_program(argv[1]);
        make_seed(argv[2], i);
        zx_handle_close(guest.vcpu);
        zx_handle_close(guest.guest);
        zx_handle_close(guest.memory);
        zx_handle_close(guest.port);
    }
    return EXIT_SUCCESS;
}
