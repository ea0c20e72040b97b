// SPDX-License-Identifier: MIT
//
// Accesses to guest-physical memory that is trapped or not there (hypervisor ABI 5.13).

#include "engine/exits/exits.h"
#include "engine/vcpu_stop.h"
#include "objects/refusal.h"

#include <string.h>

static void fill_2022(struct exit_context *context, uint64_t rip, uint8_t operand_size) {
    zirconia_2022_packet_guest_mem_t *mem = &context->packet->guest_mem_2022;
    mem->addr = context->exit->guest_physical;
    mem->cr3 = cpu_get(context->vcpu->cpu, CR3);
    mem->rip = rip;
    mem->instruction_size = context->exit->instruction_length;
    mem->default_operand_size = operand_size;
}

static void fill_2018(struct exit_context *context, uint8_t operand_size) {
    zirconia_2018_packet_guest_mem_t *mem = &context->packet->guest_mem_2018;
    mem->addr = context->exit->guest_physical;
    mem->inst_len = context->exit->instruction_length;
    memcpy(mem->inst_buf, context->exit->instruction, mem->inst_len);
    mem->default_operand_size = operand_size;
}

static zx_status_t send(struct exit_context *context, const struct trap *trap,
                        struct port_packet *packet) {
    packet->body.key = trap->key;
    packet->body.type = ZX_PKT_TYPE_GUEST_BELL;
    packet->body.guest_bell.addr = context->exit->guest_physical;
    return port_queue(packet_pool_port(trap->pool), packet);
}

// Gives the turn to others meanwhile. A kick does not end this wait but the next one, for the turn;
// so the packet is sent before it.
static zx_status_t wait_and_send(struct exit_context *context, const struct trap *trap) {
    struct port_packet *packet = NULL;
    zx_status_t status = ZX_OK;
    vcpu_give_turn(context, TURN_KEPT);
    while (packet == NULL && status == ZX_OK) {
        packet = packet_pool_take(trap->pool, &context->vcpu->seat.wake, context->blocking);
        if (packet == NULL) {
            status = vcpu_stop_in_wait(context, ZX_ERR_NO_MEMORY);
        }
    }
    if (packet == NULL) {
        return status;
    }
    status = send(context, trap, packet);
    const zx_status_t taken = vcpu_take_turn(context);
    return taken == ZX_OK ? status : taken;
}

// The store itself is skipped; the packet says only where it went. The budget of 256 packets
// blocks the VCPU, which gives its turn to others meanwhile (hypervisor ABI 6.4).
static zx_status_t ring(struct exit_context *context, const struct trap *trap) {
    struct port_packet *packet = packet_pool_try_take(trap->pool);
    return packet != NULL ? send(context, trap, packet) : wait_and_send(context, trap);
}

// What the access was, and `where` it went wrong, of its three texts.
static zx_status_t refuse_access(const struct cpu_exit *exit, zx_status_t status,
                                 const char *const where[3]) {
    return refuse_value(status, where[exit->fetch ? 0 : exit->write ? 1 : 2], exit->guest_physical);
}

#define ACCESSES(where)                                                                            \
    (const char *const[]) {                                                                        \
        "fetch from guest-physical %, " where, "write to guest-physical %, " where,                \
            "read of guest-physical %, " where                                                     \
    }

zx_status_t exit_ept_violation(struct exit_context *context) {
    struct cpu *cpu = context->vcpu->cpu;
    const uint64_t address = context->exit->guest_physical;
    if (address >= GUEST_PHYSICAL_SIZE) {
        return refuse_access(context->exit, ZX_ERR_OUT_OF_RANGE, ACCESSES("which no guest has"));
    }
    if (context->exit->starved) {
        return refuse_access(context->exit, ZX_ERR_NO_MEMORY,
                             ACCESSES("for which the host has no memory"));
    }
    struct trap trap;
    if (!trap_map_find(&context->vcpu->guest->memory_traps, address, &trap)) {
        // Nothing is mapped, or the mapping is read-only: an error rather than an endless retry.
        struct mapping_view view;
        const bool mapped = address_space_find(context->vcpu->guest->space, address, &view);
        return mapped ? refuse_access(context->exit, ZX_ERR_ACCESS_DENIED,
                                      ACCESSES("whose mapping does not allow it"))
                      : refuse_access(context->exit, ZX_ERR_NOT_FOUND,
                                      ACCESSES("where no mapping and no trap is"));
    }
    const uint64_t rip = cpu_get(cpu, RIP);
    exit_advance(context);
    if (trap.kind == ZX_GUEST_TRAP_BELL) { // A modification reads the operand as well.
        const bool stores = context->exit->write && !context->exit->read;
        return stores ? ring(context, &trap)
                      : refuse_access(context->exit, ZX_ERR_NOT_SUPPORTED,
                                      ACCESSES("where a bell takes stores only"));
    }
    context->packet->key = trap.key;
    context->packet->type = ZX_PKT_TYPE_GUEST_MEM;
    const uint8_t operand_size = cpu_code_mode(cpu) == 16 ? 2 : 4;
    if (context->layout == PACKET_2022) {
        fill_2022(context, rip, operand_size);
    } else {
        fill_2018(context, operand_size);
    }
    return ZX_ERR_NEXT;
}
