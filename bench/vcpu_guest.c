// SPDX-License-Identifier: MIT
//
// The guest; see the header.

#include "vcpu_guest.h"

#include <stdio.h>
#include <stdlib.h>
#include <zircon/status.h>
#include <zircon/syscalls.h>
#include <zircon/syscalls/hypervisor.h>
#include <zirconia/virtual_time.h>
#include <zirconia/zirconia.h>

#define MEMORY_SIZE 0x1000000u
#define IMAGE_SIZE 0x4000u

zx_handle_t vcpu_guest;
static zx_handle_t memory;

void vcpu_guest_check(zx_status_t status, const char *what) {
    if (status != ZX_OK) {
        fprintf(stderr, "bench_vcpus: %s: %s\n", what, zx_status_get_string(status));
        exit(EXIT_FAILURE);
    }
}

void vcpu_guest_write(uint64_t address, const void *data, size_t size) {
    vcpu_guest_check(zx_vmo_write(memory, data, address, size), "write memory");
}

void vcpu_guest_read(uint64_t address, void *data, size_t size) {
    vcpu_guest_check(zx_vmo_read(memory, data, address, size), "read memory");
}

static void load(const char *name) {
    static uint8_t image[IMAGE_SIZE];
    char path[512];
    snprintf(path, sizeof path, ZIRCONIA_GUEST_DIR "/%s.bin", name);
    FILE *file = fopen(path, "rb");
    const size_t size = file != NULL ? fread(image, 1, sizeof image, file) : 0;
    vcpu_guest_check(size > 0 && fclose(file) == 0 ? ZX_OK : ZX_ERR_IO, path);
    vcpu_guest_write(VCPU_GUEST_ENTRY, image, size);
}

static void make_memory(zx_handle_t vmar) {
    const zx_vm_option_t options =
        ZX_VM_SPECIFIC | ZX_VM_PERM_READ | ZX_VM_PERM_WRITE | ZX_VM_PERM_EXECUTE;
    const uint64_t tables[2] = {0x1000 | 7, 0x87};
    zx_vaddr_t address = 0;
    vcpu_guest_check(zx_vmo_create(MEMORY_SIZE, 0, &memory), "create memory");
    vcpu_guest_check(zx_vmo_replace_as_executable(memory, ZX_HANDLE_INVALID, &memory),
                     "make it executable");
    vcpu_guest_check(zx_vmar_map(vmar, options, 0, memory, 0, MEMORY_SIZE, &address), "map it");
    vcpu_guest_write(0, &tables[0], sizeof tables[0]);
    vcpu_guest_write(0x1000, &tables[1], sizeof tables[1]);
}

void vcpu_guest_open(const char *image, bool virtual_time) {
    zx_handle_t resource = ZX_HANDLE_INVALID;
    zx_handle_t vmar = ZX_HANDLE_INVALID;
    vcpu_guest_check(zirconia_hypervisor_resource(&resource), "get the resource");
    vcpu_guest_check(zx_guest_create(resource, 0, &vcpu_guest, &vmar), "create a guest");
    vcpu_guest_check(virtual_time ? zirconia_guest_use_virtual_time(vcpu_guest) : ZX_OK,
                     "use virtual time");
    make_memory(vmar);
    vcpu_guest_check(zx_guest_set_trap(vcpu_guest, ZX_GUEST_TRAP_MEM, 0xfff000, 0x1000, 0, 0),
                     "set a trap");
    vcpu_guest_check(zx_guest_set_trap(vcpu_guest, ZX_GUEST_TRAP_IO, 0x10, 2, 0, 0), "set a trap");
    load(image);
    vcpu_guest_check(zx_handle_close(vmar), "close");
    vcpu_guest_check(zx_handle_close(resource), "close");
}

void vcpu_guest_close(void) {
    const zx_handle_t handles[] = {vcpu_guest, memory};
    vcpu_guest_check(zx_handle_close_many(handles, 2), "close");
}
