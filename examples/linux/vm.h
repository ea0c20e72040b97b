// SPDX-License-Identifier: MIT
//
// The VM: a guest with its memory and devices, made with the public ABI alone. Its processors are
// run by processors.c.
//
// Locks: `lock` guards the devices, and what processors know of each other.

#ifndef EXAMPLES_LINUX_VM_H
#define EXAMPLES_LINUX_VM_H

#include "devices.h"
#include "doorbells.h"
#include "local_apic.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <zircon/status.h>
#include <zircon/syscalls/port.h>
#include <zircon/types.h>
#include <zirconia/decode.h>

#define PROCESSORS_MAX 8

struct vm;

struct processor {
    struct vm *vm;
    pthread_t thread; // The boot processor's is the one that runs the VM.
    zx_handle_t vcpu; // ZX_HANDLE_INVALID before it is created and after it has ended.
    uint64_t entry;
    struct local_apic local_apic;
    bool started;
    bool created;
};

struct vm_config {
    uint64_t memory_size;
    unsigned processor_count;
    bool virtual_time;
    bool console;     // A virtio console beside the serial port: input goes there once it is used.
    const char *disk; // A file. NULL: there is no disk.
    // Is handed each byte that the guest sends, with the VM's lock held.
    void (*send)(void *context, uint8_t byte);
    void *context;
    // Stands in for zx_vcpu_enter(): a debugger's, which returns ZX_ERR_STOP when it has killed the
    // guest. NULL: nothing does.
    zx_status_t (*enter)(void *context, zx_handle_t vcpu, zx_port_packet_t *packet);
    void *enter_context;
};

struct vm {
    struct vm_config config;
    zx_handle_t guest;
    zx_handle_t vmar;
    uint8_t *memory;                // The guest's from guest-physical 0 on, mapped here as well.
    zirconia_code_mode_t code_mode; // The kernel's.
    struct processor processors[PROCESSORS_MAX]; // By local APIC id.
    pthread_mutex_t lock;
    pthread_cond_t created;
    pthread_cond_t input_has_room;
    atomic_bool ended;
    bool failed;
    bool killed;          // By a debugger.
    atomic_ulong cancels; // How many times a run call came back for a kick.
    struct doorbells doorbells;
    struct devices devices;
};

// Ends the process when `status` is an error, with `what` failed.
void check(zx_status_t status, const char *what);

// NULL, or why there is no such VM. vm_close() is due in any case.
const char *vm_open(struct vm *vm, const struct vm_config *config);
void vm_close(struct vm *vm);

// Where the VMM sees the guest's memory from `address` on, NULL when not all of it is memory.
uint8_t *vm_memory(const struct vm *vm, uint64_t address, uint64_t size);

// Hands the guest what was typed, as much of it as there is room for, or with `wait` all of it
// unless the VM ends. How many bytes it took. Any thread, without the lock.
size_t vm_input(struct vm *vm, const uint8_t *bytes, size_t size, bool wait);
// With the lock held.
void vm_input_has_room(struct vm *vm);

#endif // EXAMPLES_LINUX_VM_H
