// SPDX-License-Identifier: MIT
//
// Makes and unmakes the guest, by the calls that any VMM would use.

#include "cli/vm.h"

#include <inttypes.h>
#include <string.h>

#include <zircon/process.h>
#include <zircon/status.h>
#include <zircon/syscalls.h>
#include <zircon/syscalls/hypervisor.h>
#include <zirconia/virtual_time.h>
#include <zirconia/zirconia.h>

static const uint64_t page_size = 4096;
static const uint64_t max_memory_size = (uint64_t)1 << 40;
static const uint64_t identity_limit = (uint64_t)1 << 32;

static enum exit_code failed(const char *what, zx_status_t status) {
    talk("cannot %s: %s", what, zx_status_get_string(status));
    return EXIT_CODE_TOOL_FAILED;
}

static enum exit_code make_guest(struct vm *vm) {
    zx_handle_t resource;
    zx_status_t status = zirconia_hypervisor_resource(&resource);
    if (status == ZX_OK) {
        status = zx_guest_create(resource, 0, &vm->guest, &vm->guest_vmar);
        zx_handle_close(resource);
    }
    return status == ZX_OK ? EXIT_CODE_OK : failed("create a guest", status);
}

static enum exit_code choose_clock(const struct vm *vm, const struct options *options) {
    const zx_status_t status =
        options->virtual_time ? zirconia_guest_use_virtual_time(vm->guest) : ZX_OK;
    return status == ZX_OK ? EXIT_CODE_OK : failed("choose the guest's clock", status);
}

static enum exit_code make_memory(struct vm *vm) {
    const zx_vm_option_t read_write = ZX_VM_PERM_READ | ZX_VM_PERM_WRITE;
    zx_handle_t plain;
    zx_vaddr_t address;
    zx_status_t status = zx_vmo_create(vm->memory_size, 0, &plain);
    if (status == ZX_OK)
        status = zx_vmo_replace_as_executable(plain, ZX_HANDLE_INVALID, &vm->vmo);
    if (status == ZX_OK)
        status = zx_vmar_map(vm->guest_vmar, read_write | ZX_VM_PERM_EXECUTE | ZX_VM_SPECIFIC, 0,
                             vm->vmo, 0, (size_t)vm->memory_size, &address);
    if (status == ZX_OK)
        status = zx_vmar_map(zx_vmar_root_self(), read_write, 0, vm->vmo, 0,
                             (size_t)vm->memory_size, &vm->memory);
    return status == ZX_OK ? EXIT_CODE_OK : failed("make the guest's memory", status);
}

static void write_entry(uint8_t *memory, uint64_t table, uint64_t index, uint64_t entry) {
    for (unsigned i = 0; i < 8; i++)
        memory[table + index * 8 + i] = (uint8_t)(entry >> (8 * i));
}

// The boot processor starts with paging on and CR3 = 0 (hypervisor ABI 4.2): a PML4 at 0, a page
// directory pointer table at 0x1000, and four page directories with pages of 2 MiB.
static void write_page_tables(uint8_t *memory) {
    const uint64_t present_write_user = 7;
    const uint64_t large = 0x80;
    const uint64_t pointers = 0x1000;
    const uint64_t directories = 0x2000;
    write_entry(memory, 0, 0, pointers | present_write_user);
    for (uint64_t i = 0; i < 4; i++)
        write_entry(memory, pointers, i, (directories + i * page_size) | present_write_user);
    for (uint64_t i = 0; i < 4 * 512; i++)
        write_entry(memory, directories, i, (i << 21) | large | present_write_user);
}

static const char *trap_problem(zx_status_t status) {
    switch (status) {
    case ZX_ERR_ALREADY_EXISTS:
        return "overlaps another trap";
    case ZX_ERR_OUT_OF_RANGE:
        return "needs 1 or more ports, below 0xffff";
    case ZX_ERR_INVALID_ARGS:
        return "needs whole pages of 4096 bytes, below 2^48";
    default:
        return NULL;
    }
}

static enum exit_code set_trap(const struct vm *vm, const struct trap_option *trap, uint64_t key) {
    zx_handle_t port = trap->kind == ZX_GUEST_TRAP_BELL ? vm->port : ZX_HANDLE_INVALID;
    zx_status_t status = zx_guest_set_trap(vm->guest, trap->kind, (zx_vaddr_t)trap->address,
                                           (size_t)trap->size, port, key);
    if (status == ZX_OK)
        return EXIT_CODE_OK;
    const char *problem = trap_problem(status);
    if (!problem)
        return failed("set a trap", status);
    talk("trap '%s' %s", trap->text, problem);
    return EXIT_CODE_USAGE;
}

static enum exit_code set_traps(const struct vm *vm, const struct options *options) {
    const struct trap_option exit_port = {
        .text = "exit port 0xf4", .kind = ZX_GUEST_TRAP_IO, .address = VM_EXIT_PORT, .size = 1};
    const struct trap_option serial = {
        .text = "--serial", .kind = ZX_GUEST_TRAP_IO, .address = options->serial_port, .size = 8};
    enum exit_code code = set_trap(vm, &exit_port, KEY_EXIT_PORT);
    if (code == EXIT_CODE_OK && options->has_serial)
        code = set_trap(vm, &serial, KEY_SERIAL);
    for (size_t i = 0; i < options->trap_count && code == EXIT_CODE_OK; i++)
        code = set_trap(vm, &options->traps[i], KEY_FIRST_TRAP + i);
    return code;
}

// C code needs a stack, aligned as after a call.
static enum exit_code make_vcpu(struct vm *vm, uint64_t entry) {
    uint64_t top = vm->memory_size < identity_limit ? vm->memory_size : identity_limit;
    const zx_vcpu_state_t state = {.rsp = top - 8};
    zx_status_t status = zx_vcpu_create(vm->guest, 0, (zx_vaddr_t)entry, &vm->vcpu);
    if (status == ZX_OK)
        status = zx_vcpu_write_state(vm->vcpu, ZX_VCPU_STATE, &state, sizeof(state));
    return status == ZX_OK ? EXIT_CODE_OK : failed("create a VCPU", status);
}

enum exit_code vm_create(const struct options *options, const struct image *image, struct vm *vm) {
    *vm = (struct vm){0};
    if (options->memory_size < VM_RESERVED_BYTES + page_size ||
        options->memory_size > max_memory_size) {
        talk("--mem: 0x%" PRIx64 " is not between 28K and 1T", options->memory_size);
        return EXIT_CODE_USAGE;
    }
    vm->memory_size = (options->memory_size + page_size - 1) & ~(page_size - 1);
    zx_status_t status = zx_port_create(0, &vm->port);
    if (status != ZX_OK)
        return failed("create a port", status);
    enum exit_code code = make_guest(vm);
    if (code == EXIT_CODE_OK)
        code = choose_clock(vm, options);
    if (code == EXIT_CODE_OK)
        code = make_memory(vm);
    if (code != EXIT_CODE_OK)
        return code;
    if (!image_load(image, options->image, (uint8_t *)vm->memory, vm->memory_size,
                    VM_RESERVED_BYTES))
        return EXIT_CODE_USAGE;
    write_page_tables((uint8_t *)vm->memory);
    code = set_traps(vm, options);
    return code == EXIT_CODE_OK ? make_vcpu(vm, image->entry) : code;
}

void vm_destroy(struct vm *vm) {
    if (vm->memory)
        zx_vmar_unmap(zx_vmar_root_self(), vm->memory, (size_t)vm->memory_size);
    zx_handle_close(vm->vcpu);
    zx_handle_close(vm->guest);
    zx_handle_close(vm->guest_vmar);
    zx_handle_close(vm->vmo);
    zx_handle_close(vm->port);
    *vm = (struct vm){0};
}
