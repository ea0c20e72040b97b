// SPDX-License-Identifier: MIT
//
// Makes the VM and takes it apart.

#include "vm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zircon/process.h>
#include <zircon/syscalls.h>
#include <zircon/syscalls/hypervisor.h>
#include <zirconia/virtual_time.h>
#include <zirconia/zirconia.h>

#define PORT_COUNT 0xffff // A trap cannot reach the last port.

void check(zx_status_t status, const char *what) {
    if (status != ZX_OK) {
        fprintf(stderr, "linux: %s: %s\n", what, zx_status_get_string(status));
        exit(EXIT_FAILURE);
    }
}

static void make_memory(struct vm *vm) {
    const zx_vm_option_t read_write = ZX_VM_PERM_READ | ZX_VM_PERM_WRITE;
    const uint64_t size = vm->memory_size;
    zx_handle_t vmo = ZX_HANDLE_INVALID;
    zx_vaddr_t address = 0;
    check(zx_vmo_create(size, 0, &vmo), "zx_vmo_create");
    check(zx_vmo_replace_as_executable(vmo, ZX_HANDLE_INVALID, &vmo),
          "zx_vmo_replace_as_executable");
    check(zx_vmar_map(vm->vmar, read_write | ZX_VM_PERM_EXECUTE | ZX_VM_SPECIFIC, 0, vmo, 0, size,
                      &address),
          "zx_vmar_map in the guest");
    check(zx_vmar_map(zx_vmar_root_self(), read_write, 0, vmo, 0, size, &address), "zx_vmar_map");
    check(zx_handle_close(vmo), "zx_handle_close");
    vm->memory = (uint8_t *)address;
}

void vm_create(struct vm *vm, uint64_t memory_size, unsigned processor_count, bool virtual_time) {
    zx_handle_t resource = ZX_HANDLE_INVALID;
    memset(vm, 0, sizeof *vm);
    pthread_mutex_init(&vm->lock, NULL);
    pthread_cond_init(&vm->created, NULL);
    vm->memory_size = memory_size;
    vm->processor_count = processor_count;
    for (unsigned i = 0; i < processor_count; i++) {
        vm->processors[i].vm = vm;
    }
    check(zirconia_hypervisor_resource(&resource), "zirconia_hypervisor_resource");
    check(zx_guest_create(resource, 0, &vm->guest, &vm->vmar), "zx_guest_create");
    check(zx_handle_close(resource), "zx_handle_close");
    check(zx_guest_set_trap(vm->guest, ZX_GUEST_TRAP_IO, 0, PORT_COUNT, ZX_HANDLE_INVALID, 0),
          "zx_guest_set_trap");
    if (virtual_time) {
        check(zirconia_guest_use_virtual_time(vm->guest), "zirconia_guest_use_virtual_time");
    }
    make_memory(vm);
}

void vm_destroy(struct vm *vm) {
    check(zx_vmar_unmap(zx_vmar_root_self(), (zx_vaddr_t)vm->memory, vm->memory_size),
          "zx_vmar_unmap");
    check(zx_handle_close(vm->vmar), "zx_handle_close of the address space");
    check(zx_handle_close(vm->guest), "zx_handle_close of the guest");
    pthread_cond_destroy(&vm->created);
    pthread_mutex_destroy(&vm->lock);
}
