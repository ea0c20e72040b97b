// SPDX-License-Identifier: MIT
//
// The loop around zx_vcpu_enter(), and what processors ask of each other: a start, or an interrupt.

#include "processors.h"

#include "interrupt.h"
#include "memory_access.h"

#include <inttypes.h>
#include <stdio.h>
#include <zircon/syscalls.h>
#include <zircon/syscalls/hypervisor.h>
#include <zircon/syscalls/port.h>

static void *run_application_processor(void *context);

static void answer_port(struct processor *processor, const zx_packet_guest_io_t *access) {
    struct vm *vm = processor->vm;
    zx_vcpu_io_t io = {.access_size = access->access_size};
    pthread_mutex_lock(&vm->lock);
    for (unsigned i = 0; i < access->access_size && i < sizeof io.data; i++) {
        const uint16_t port = (uint16_t)(access->port + i);
        if (access->input) {
            io.data[i] = devices_read(vm, port);
        } else {
            devices_write(vm, port, access->data[i]);
        }
    }
    if (vm->devices.power != POWER_ON) {
        atomic_store(&vm->ended, true);
    }
    pthread_mutex_unlock(&vm->lock);
    if (access->input) {
        check(zx_vcpu_write_state(processor->vcpu, ZX_VCPU_IO, &io, sizeof io),
              "zx_vcpu_write_state of an input");
    }
}

uint64_t interrupt_mask(bool logical, uint8_t destination) {
    if (destination == 0xff) {
        return UINT64_MAX;
    }
    return logical ? destination : 1ull << (destination & 63);
}

void interrupt_send(struct vm *vm, uint64_t mask, uint8_t vector) {
    for (unsigned i = 0; i < vm->config.processor_count; i++) {
        if ((mask >> i & 1) != 0 && vm->processors[i].vcpu != ZX_HANDLE_INVALID) {
            check(zx_vcpu_interrupt(vm->processors[i].vcpu, vector), "zx_vcpu_interrupt");
        }
    }
}

// What one processor sends to others.
static void send_interrupt(struct vm *vm, uint64_t mask, uint8_t vector) {
    pthread_mutex_lock(&vm->lock);
    interrupt_send(vm, mask, vector);
    pthread_mutex_unlock(&vm->lock);
}

static void kick(const struct processor *processor) {
    if (processor->vcpu != ZX_HANDLE_INVALID) {
        check(zx_vcpu_kick(processor->vcpu), "zx_vcpu_kick");
    }
}

// With the lock held.
static void end(struct vm *vm) {
    atomic_store(&vm->ended, true);
    for (unsigned i = 0; i < vm->config.processor_count; i++) {
        kick(&vm->processors[i]);
    }
    vm_input_has_room(vm);
}

// A kernel starts each processor twice, of which the second is to have no effect, and in the order
// of their ids: a guest's VCPUs get theirs as they are created.
void processors_start(struct vm *vm, uint64_t id, uint64_t entry) {
    if (id >= vm->config.processor_count || vm->processors[id].started || atomic_load(&vm->ended)) {
        return;
    }
    struct processor *processor = &vm->processors[id];
    processor->entry = entry;
    if (pthread_create(&processor->thread, NULL, run_application_processor, processor) != 0) {
        fprintf(stderr, "zirconia: the host refuses a thread\n");
        vm->failed = true;
        end(vm);
        return;
    }
    processor->started = true;
    while (!processor->created) {
        pthread_cond_wait(&vm->created, &vm->lock);
    }
}

static bool answer(struct processor *processor, const zx_port_packet_t *packet) {
    struct vm *vm = processor->vm;
    if (packet->type == ZX_PKT_TYPE_GUEST_IO) {
        answer_port(processor, &packet->guest_io);
        return true;
    }
    if (packet->type == ZX_PKT_TYPE_GUEST_MEM) {
        return memory_access_answer(processor, &packet->guest_mem);
    }
    if (packet->type == ZX_PKT_TYPE_GUEST_VCPU &&
        packet->guest_vcpu.type == ZX_PKT_GUEST_VCPU_INTERRUPT) {
        send_interrupt(vm, packet->guest_vcpu.interrupt.mask, packet->guest_vcpu.interrupt.vector);
        return true;
    }
    if (packet->type == ZX_PKT_TYPE_GUEST_VCPU &&
        packet->guest_vcpu.type == ZX_PKT_GUEST_VCPU_STARTUP) {
        pthread_mutex_lock(&vm->lock);
        processors_start(vm, packet->guest_vcpu.startup.id, packet->guest_vcpu.startup.entry);
        pthread_mutex_unlock(&vm->lock);
        return true;
    }
    fprintf(stderr, "zirconia: an unexpected packet of type %" PRIu32 "\n", packet->type);
    return false;
}

static zx_status_t enter(const struct vm_config *config, zx_handle_t vcpu,
                         zx_port_packet_t *packet) {
    return config->enter != NULL ? config->enter(config->enter_context, vcpu, packet)
                                 : zx_vcpu_enter(vcpu, packet);
}

static bool run_until_end(struct processor *processor) {
    struct vm *vm = processor->vm;
    while (!atomic_load(&vm->ended)) {
        zx_port_packet_t packet;
        const zx_status_t status = enter(&vm->config, processor->vcpu, &packet);
        if (status == ZX_ERR_CANCELED) {
            atomic_fetch_add(&vm->cancels, 1);
        } else if (status == ZX_ERR_STOP) {
            pthread_mutex_lock(&vm->lock);
            vm->killed = true;
            pthread_mutex_unlock(&vm->lock);
            return true;
        } else if (status != ZX_OK) {
            fprintf(stderr, "zirconia: zx_vcpu_enter: %s\n", zx_status_get_string(status));
            return false;
        } else if (!answer(processor, &packet)) {
            return false;
        }
    }
    return true;
}

void processors_end(struct vm *vm) {
    pthread_mutex_lock(&vm->lock);
    end(vm);
    pthread_mutex_unlock(&vm->lock);
}

// The first to end gets the others out of their run calls. In virtual time they would wait for this
// one's turn, which goes with the VCPU.
static void run_processor(struct processor *processor) {
    struct vm *vm = processor->vm;
    const bool good = run_until_end(processor);
    pthread_mutex_lock(&vm->lock);
    vm->failed = vm->failed || !good;
    end(vm);
    check(zx_handle_close(processor->vcpu), "zx_handle_close of a VCPU");
    processor->vcpu = ZX_HANDLE_INVALID;
    pthread_mutex_unlock(&vm->lock);
}

static void create_vcpu(struct processor *processor) {
    struct vm *vm = processor->vm;
    zx_handle_t vcpu = ZX_HANDLE_INVALID;
    check(zx_vcpu_create(vm->guest, 0, processor->entry, &vcpu), "zx_vcpu_create");
    pthread_mutex_lock(&vm->lock);
    processor->vcpu = vcpu;
    processor->created = true;
    pthread_cond_broadcast(&vm->created);
    pthread_mutex_unlock(&vm->lock);
}

static void *run_application_processor(void *context) {
    create_vcpu(context);
    run_processor(context);
    return NULL;
}

bool processors_run(struct vm *vm, const struct boot_entry *entry) {
    const zx_vcpu_state_t state = {.rsi = entry->boot_parameters};
    struct processor *boot = &vm->processors[0];
    boot->entry = entry->rip;
    vm->code_mode = entry->code_mode;
    create_vcpu(boot);
    check(zx_vcpu_write_state(boot->vcpu, ZX_VCPU_STATE, &state, sizeof state),
          "zx_vcpu_write_state");
    run_processor(boot);
    for (unsigned i = 1; i < vm->config.processor_count; i++) {
        if (vm->processors[i].started) {
            pthread_join(vm->processors[i].thread, NULL);
        }
    }
    return !vm->failed;
}

bool processors_kick(struct vm *vm, unsigned number) {
    const struct processor *processor = &vm->processors[number % vm->config.processor_count];
    pthread_mutex_lock(&vm->lock);
    kick(processor);
    pthread_mutex_unlock(&vm->lock);
    return !atomic_load(&vm->ended);
}
