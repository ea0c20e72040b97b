// SPDX-License-Identifier: MIT
//
// Makes the VM and takes it apart.

#include "vm.h"

#include "acpi.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zircon/process.h>
#include <zircon/syscalls.h>
#include <zircon/syscalls/hypervisor.h>
#include <zirconia/virtual_time.h>
#include <zirconia/zirconia.h>

// What the tool says when it, the library or the host failed.
#define EXIT_FAILED 125

void check(zx_status_t status, const char *what) {
    if (status != ZX_OK) {
        fprintf(stderr, "zirconia: %s: %s\n", what, zx_status_get_string(status));
        exit(EXIT_FAILED);
    }
}

static void make_memory(struct vm *vm) {
    const zx_vm_option_t read_write = ZX_VM_PERM_READ | ZX_VM_PERM_WRITE;
    const uint64_t size = vm->config.memory_size;
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

static void make_guest(struct vm *vm) {
    zx_handle_t resource = ZX_HANDLE_INVALID;
    check(zirconia_hypervisor_resource(&resource), "zirconia_hypervisor_resource");
    check(zx_guest_create(resource, 0, &vm->guest, &vm->vmar), "zx_guest_create");
    check(zx_handle_close(resource), "zx_handle_close");
    if (vm->config.virtual_time) {
        check(zirconia_guest_use_virtual_time(vm->guest), "zirconia_guest_use_virtual_time");
    }
}

const char *vm_open(struct vm *vm, const struct vm_config *config) {
    memset(vm, 0, sizeof *vm);
    vm->config = *config;
    vm->code_mode = ZIRCONIA_CODE_64;
    pthread_mutex_init(&vm->lock, NULL);
    pthread_cond_init(&vm->created, NULL);
    pthread_cond_init(&vm->input_has_room, NULL);
    for (unsigned i = 0; i < PROCESSORS_MAX; i++) {
        vm->processors[i].vm = vm;
    }
    make_guest(vm);
    make_memory(vm);
    acpi_write(vm->memory, config->processor_count);
    doorbells_open(vm);
    const char *error = devices_open(vm);
    if (error == NULL && !doorbells_start(vm)) {
        error = "the host refuses a thread";
    }
    return error;
}

void vm_close(struct vm *vm) {
    doorbells_close(vm);
    devices_close(vm);
    check(zx_vmar_unmap(zx_vmar_root_self(), (zx_vaddr_t)vm->memory, vm->config.memory_size),
          "zx_vmar_unmap");
    check(zx_handle_close(vm->vmar), "zx_handle_close of the address space");
    check(zx_handle_close(vm->guest), "zx_handle_close of the guest");
    pthread_cond_destroy(&vm->input_has_room);
    pthread_cond_destroy(&vm->created);
    pthread_mutex_destroy(&vm->lock);
}

uint8_t *vm_memory(const struct vm *vm, uint64_t address, uint64_t size) {
    const uint64_t memory_size = vm->config.memory_size;
    if (size > memory_size || address > memory_size - size) {
        return NULL;
    }
    return vm->memory + address;
}

// To the console that the guest has a driver of and reads, if there is one. What can wait, waits
// for it; until then Linux may have opened the serial port, as its console, without reading it.
static size_t receive(struct vm *vm, const uint8_t *bytes, size_t size, bool can_wait) {
    if (console_is_used(&vm->devices.console)) {
        return console_receive(vm, bytes, size);
    }
    return can_wait && vm->config.console ? 0 : uart_receive(vm, bytes, size);
}

size_t vm_input(struct vm *vm, const uint8_t *bytes, size_t size, bool wait) {
    pthread_mutex_lock(&vm->lock);
    size_t taken = receive(vm, bytes, size, wait);
    while (wait && taken < size && !atomic_load(&vm->ended)) {
        pthread_cond_wait(&vm->input_has_room, &vm->lock);
        taken += receive(vm, bytes + taken, size - taken, wait);
    }
    pthread_mutex_unlock(&vm->lock);
    return taken;
}

void vm_input_has_room(struct vm *vm) {
    pthread_cond_signal(&vm->input_has_room);
}
