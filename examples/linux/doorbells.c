// SPDX-License-Identifier: MIT
//
// The key of a bell's packet is the number of its device, the address says which queue. The key of
// a timer's is the number of its processor.

#include "doorbells.h"

#include "vm.h"

#include <zircon/syscalls.h>
#include <zircon/syscalls/port.h>

static void *serve(void *context) {
    struct vm *vm = context;
    for (;;) {
        zx_port_packet_t packet;
        check(zx_port_wait(vm->doorbells.port, ZX_TIME_INFINITE, &packet), "zx_port_wait");
        if (packet.type == ZX_PKT_TYPE_USER) {
            return NULL;
        }
        pthread_mutex_lock(&vm->lock);
        if (packet.type == ZX_PKT_TYPE_SIGNAL_ONE) {
            local_apic_expire(vm, (unsigned)packet.key);
        } else {
            devices_ring(vm, (unsigned)packet.key, packet.guest_bell.addr);
        }
        pthread_mutex_unlock(&vm->lock);
    }
}

void doorbells_open(struct vm *vm) {
    check(zx_port_create(0, &vm->doorbells.port), "zx_port_create");
}

bool doorbells_start(struct vm *vm) {
    vm->doorbells.started = pthread_create(&vm->doorbells.thread, NULL, serve, vm) == 0;
    return vm->doorbells.started;
}

void doorbells_close(struct vm *vm) {
    const zx_port_packet_t end = {.type = ZX_PKT_TYPE_USER};
    if (vm->doorbells.started) {
        check(zx_port_queue(vm->doorbells.port, &end), "zx_port_queue");
        pthread_join(vm->doorbells.thread, NULL);
    }
    check(zx_handle_close(vm->doorbells.port), "zx_handle_close of a port");
}
