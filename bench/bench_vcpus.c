// SPDX-License-Identifier: MIT
//
// The cost of a switch between two VCPUs of a guest, beside that of a switch between two threads of
// the host, which is a part of it. --short makes one quick pass.

#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zircon/status.h>
#include <zircon/syscalls.h>
#include <zircon/syscalls/hypervisor.h>
#include <zircon/syscalls/port.h>
#include <zirconia/zirconia.h>

#define MEMORY_SIZE 0x1000000u
#define ENTRY 0x10000u

static zx_handle_t guest;
static zx_handle_t memory;

static void check(zx_status_t status, const char *what) {
    if (status != ZX_OK) {
        fprintf(stderr, "bench_vcpus: %s: %s\n", what, zx_status_get_string(status));
        exit(EXIT_FAILURE);
    }
}

static void write_memory(uint64_t address, const void *data, size_t size) {
    check(zx_vmo_write(memory, data, address, size), "write memory");
}

static void load(void) {
    static uint8_t image[0x4000];
    FILE *file = fopen(ZIRCONIA_GUEST_DIR "/bench_vcpus.bin", "rb");
    const size_t size = file != NULL ? fread(image, 1, sizeof image, file) : 0;
    check(size > 0 && fclose(file) == 0 ? ZX_OK : ZX_ERR_IO, "read bench_vcpus.bin");
    write_memory(ENTRY, image, size);
}

static void make_guest(uint32_t rounds) {
    const zx_vm_option_t options =
        ZX_VM_SPECIFIC | ZX_VM_PERM_READ | ZX_VM_PERM_WRITE | ZX_VM_PERM_EXECUTE;
    const uint64_t tables[2] = {0x1000 | 7, 0x87};
    zx_handle_t resource = ZX_HANDLE_INVALID;
    zx_handle_t vmar = ZX_HANDLE_INVALID;
    zx_vaddr_t address = 0;
    check(zirconia_hypervisor_resource(&resource), "get the resource");
    check(zx_guest_create(resource, 0, &guest, &vmar), "create a guest");
    check(zx_vmo_create(MEMORY_SIZE, 0, &memory), "create memory");
    check(zx_vmo_replace_as_executable(memory, ZX_HANDLE_INVALID, &memory), "make it executable");
    check(zx_vmar_map(vmar, options, 0, memory, 0, MEMORY_SIZE, &address), "map it");
    check(zx_guest_set_trap(guest, ZX_GUEST_TRAP_MEM, 0xfff000, 0x1000, 0, 0), "set a trap");
    check(zx_guest_set_trap(guest, ZX_GUEST_TRAP_IO, 0x11, 1, 0, 0), "set a trap");
    write_memory(0, &tables[0], sizeof tables[0]);
    write_memory(0x1000, &tables[1], sizeof tables[1]);
    write_memory(0x8004, &rounds, sizeof rounds);
    load();
    check(zx_handle_close(vmar), "close");
    check(zx_handle_close(resource), "close");
}

static void run_vcpu(zx_vaddr_t entry, uint32_t packet_type) {
    zx_handle_t vcpu = ZX_HANDLE_INVALID;
    zx_port_packet_t packet;
    check(zx_vcpu_create(guest, 0, entry, &vcpu), "create a VCPU");
    check(zx_vcpu_enter(vcpu, &packet), "run a VCPU");
    check(packet.type == packet_type ? ZX_OK : ZX_ERR_BAD_STATE, "end of a VCPU");
    check(zx_handle_close(vcpu), "close");
}

static void *run_other(void *nothing) {
    run_vcpu(ENTRY + 0x1000, ZX_PKT_TYPE_GUEST_IO);
    return nothing;
}

// The boot processor is the first to be created; it waits for the other one in the guest.
static double time_switches(uint32_t rounds) {
    zx_handle_t vcpu = ZX_HANDLE_INVALID;
    zx_port_packet_t packet;
    pthread_t other;
    make_guest(rounds);
    check(zx_vcpu_create(guest, 0, ENTRY, &vcpu), "create a VCPU");
    check(pthread_create(&other, NULL, run_other, NULL) == 0 ? ZX_OK : ZX_ERR_NO_RESOURCES,
          "create a thread");
    const zx_time_t start = zx_clock_get_monotonic();
    check(zx_vcpu_enter(vcpu, &packet), "run a VCPU");
    const zx_time_t end = zx_clock_get_monotonic();
    pthread_join(other, NULL);
    const zx_handle_t handles[] = {vcpu, guest, memory};
    check(zx_handle_close_many(handles, 3), "close");
    return (double)(end - start) / (2.0 * rounds);
}

// --- The same between two threads, with a mutex and a condition ---

static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    uint32_t token;
} shared = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0};

static void pass(uint32_t parity, uint32_t rounds) {
    for (uint32_t i = 0; i < rounds; i++) {
        pthread_mutex_lock(&shared.lock);
        while (shared.token % 2 != parity) {
            pthread_cond_wait(&shared.changed, &shared.lock);
        }
        shared.token++;
        pthread_cond_signal(&shared.changed);
        pthread_mutex_unlock(&shared.lock);
    }
}

static void *pass_back(void *rounds) {
    pass(1, *(const uint32_t *)rounds);
    return NULL;
}

static double time_threads(uint32_t rounds) {
    pthread_t other;
    const zx_time_t start = zx_clock_get_monotonic();
    check(pthread_create(&other, NULL, pass_back, &rounds) == 0 ? ZX_OK : ZX_ERR_NO_RESOURCES,
          "create a thread");
    pass(0, rounds);
    pthread_join(other, NULL);
    return (double)(zx_clock_get_monotonic() - start) / (2.0 * rounds);
}

int main(int argc, char **argv) {
    const bool brief = argc == 2 && strcmp(argv[1], "--short") == 0;
    if (argc > 2 || (argc == 2 && !brief)) {
        fprintf(stderr, "usage: bench_vcpus [--short]\n");
        return 2;
    }
    const uint32_t rounds = brief ? 100 : 20000;
    const double threads = time_threads(rounds);
    const double switches = time_switches(rounds);
    printf(
        "Switches, ns each\n  threads of the host %25.0f\n  VCPUs of a guest %28.0f  %.1f times\n",
        threads, switches, switches / threads);
    return EXIT_SUCCESS;
}
