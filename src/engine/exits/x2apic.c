// SPDX-License-Identifier: MIT
//
// Reads and writes of local APIC registers, and inter-processor interrupts (hypervisor ABI 5.7,
// 5.8.2). Nothing is delivered to other VCPUs here: the client gets a packet and does it.

#include "engine/exits/x2apic.h"

#include "objects/refusal.h"

#define SPURIOUS_VECTOR 0xffu
#define VERSION 0x60015u

// Numbered as MSRs.
enum x2apic_register {
    X2APIC_ID = 0x802,
    X2APIC_VERSION = 0x803,
    X2APIC_TPR = 0x808,
    X2APIC_EOI = 0x80b,
    X2APIC_LDR = 0x80d,
    X2APIC_SVR = 0x80f,
    X2APIC_ISR_FIRST = 0x810, // The ISR; the TMR and the IRR follow it.
    X2APIC_IRR_LAST = 0x827,
    X2APIC_ESR = 0x828,
    X2APIC_LVT_CMCI = 0x82f,
    X2APIC_ICR = 0x830,
    X2APIC_LVT_TIMER = 0x832,
    X2APIC_LVT_THERMAL = 0x833,
    X2APIC_LVT_PERFORMANCE = 0x834,
    X2APIC_LVT_LINT0 = 0x835,
    X2APIC_LVT_LINT1 = 0x836,
    X2APIC_LVT_ERROR = 0x837,
    X2APIC_INITIAL_COUNT = 0x838,
    X2APIC_DIVIDE = 0x83e,
    X2APIC_SELF_IPI = 0x83f,
};

// RDX keeps what it had.
static zx_status_t give(struct exit_context *context, uint32_t value) {
    cpu_set(context->vcpu->cpu, RAX, value);
    exit_advance(context);
    return ZX_OK;
}

zx_status_t x2apic_read(struct exit_context *context, uint32_t msr) {
    struct vcpu *vcpu = context->vcpu;
    if (msr >= X2APIC_ISR_FIRST && msr <= X2APIC_IRR_LAST) {
        return give(context, 0);
    }
    switch (msr) {
    case X2APIC_ID:
        return give(context, vcpu->seat.vpid - 1);
    case X2APIC_VERSION:
        return give(context, VERSION);
    case X2APIC_SVR:
        return give(context, SPURIOUS_VECTOR);
    case X2APIC_TPR:
    case X2APIC_LDR:
    case X2APIC_ESR:
    case X2APIC_LVT_PERFORMANCE:
        return give(context, 0);
    case X2APIC_LVT_CMCI:
    case X2APIC_LVT_THERMAL:
    case X2APIC_LVT_LINT0:
    case X2APIC_LVT_LINT1:
        return give(context, LVT_MASKED);
    case X2APIC_LVT_TIMER:
        return give(context, local_apic_lvt_timer(&vcpu->apic));
    default:
        return exit_general_protection(context);
    }
}

// --- Inter-processor interrupts ---

enum {
    DELIVERY_FIXED = 0,
    DELIVERY_NMI = 4,
    DELIVERY_INIT = 5,
    DELIVERY_STARTUP = 6,
};

enum {
    SHORTHAND_NONE,
    SHORTHAND_SELF,
    SHORTHAND_ALL,
    SHORTHAND_OTHERS,
};

#define ICR_LOGICAL (1u << 11)
#define ICR_DELIVERY(low) ((low) >> 8 & 7u)
#define ICR_SHORTHAND(low) ((low) >> 18 & 3u)
#define DESTINATION_ALL UINT32_MAX

// Bit n for the VCPU with APIC id n. Zircon counts in 32 bits for "others", so the mask has no
// VCPU above 31.
static uint64_t target_mask(const struct vcpu *vcpu, uint32_t low, uint32_t destination) {
    const uint64_t self = 1ull << (vcpu->seat.vpid - 1);
    switch (ICR_SHORTHAND(low)) {
    case SHORTHAND_SELF:
        return self;
    case SHORTHAND_ALL:
        return UINT64_MAX;
    case SHORTHAND_OTHERS:
        return UINT32_MAX & ~self;
    default:
        break;
    }
    if (destination == DESTINATION_ALL) {
        return UINT64_MAX;
    }
    return destination < 64 ? 1ull << destination : 0;
}

static zx_status_t send_interrupt(struct exit_context *context, uint64_t mask, uint8_t vector) {
    exit_advance(context);
    zx_port_packet_t *packet = context->packet;
    packet->type = ZX_PKT_TYPE_GUEST_VCPU;
    const zirconia_guest_vcpu_interrupt_t interrupt = {.mask = mask, .vector = vector};
    switch (context->layout) {
    case PACKET_201807:
        packet->guest_vcpu_201807.type = ZX_PKT_GUEST_VCPU_INTERRUPT;
        packet->guest_vcpu_201807.interrupt.mask = (uint32_t)mask;
        packet->guest_vcpu_201807.interrupt.vector = vector;
        break;
    case PACKET_2018:
        packet->guest_vcpu_2018.type = ZX_PKT_GUEST_VCPU_INTERRUPT;
        packet->guest_vcpu_2018.interrupt = interrupt;
        break;
    case PACKET_2022:
        packet->guest_vcpu_2022.type = ZX_PKT_GUEST_VCPU_INTERRUPT;
        packet->guest_vcpu_2022.interrupt = interrupt;
        break;
    }
    return ZX_ERR_NEXT;
}

static zx_status_t send_startup(struct exit_context *context, uint32_t id, uint8_t vector) {
    exit_advance(context);
    zx_port_packet_t *packet = context->packet;
    packet->type = ZX_PKT_TYPE_GUEST_VCPU;
    const zirconia_guest_vcpu_startup_t startup = {.id = id, .entry = (uint64_t)vector << 12};
    switch (context->layout) {
    case PACKET_201807:
        packet->guest_vcpu_201807.type = ZX_PKT_GUEST_VCPU_STARTUP;
        packet->guest_vcpu_201807.startup = startup;
        break;
    case PACKET_2018:
        packet->guest_vcpu_2018.type = ZX_PKT_GUEST_VCPU_STARTUP;
        packet->guest_vcpu_2018.startup = startup;
        break;
    case PACKET_2022:
        packet->guest_vcpu_2022.type = ZX_PKT_GUEST_VCPU_STARTUP;
        packet->guest_vcpu_2022.startup = startup;
        break;
    }
    return ZX_ERR_NEXT;
}

static zx_status_t done(struct exit_context *context) {
    exit_advance(context);
    return ZX_OK;
}

static zx_status_t write_icr(struct exit_context *context, uint32_t low, uint32_t destination) {
    const struct vcpu *vcpu = context->vcpu;
    const uint64_t mask = target_mask(vcpu, low, destination);
    const uint8_t vector = (uint8_t)low;
    if ((low & ICR_LOGICAL) != 0) {
        return refuse_value(ZX_ERR_NOT_SUPPORTED,
                            "WRMSR of % to the ICR: a logical destination, which Zircon does not "
                            "handle",
                            low);
    }
    switch (ICR_DELIVERY(low)) {
    case DELIVERY_FIXED:
        return send_interrupt(context, mask, vector);
    case DELIVERY_NMI:
        return send_interrupt(context, mask & ~(1ull << (vcpu->seat.vpid - 1)), VECTOR_NMI);
    case DELIVERY_INIT:
        return done(context);
    case DELIVERY_STARTUP:
        return send_startup(context, destination, vector);
    default:
        return refuse_value(ZX_ERR_NOT_SUPPORTED,
                            "WRMSR of % to the ICR: a delivery mode that Zircon does not handle",
                            low);
    }
}

// --- Writes ---

static zx_status_t write_lvt_timer(struct exit_context *context, uint32_t value) {
    const zx_status_t status = local_apic_set_lvt_timer(&context->vcpu->apic, value);
    return status == ZX_OK ? done(context) : status;
}

zx_status_t x2apic_write(struct exit_context *context, uint32_t msr, uint32_t low, uint32_t high) {
    struct vcpu *vcpu = context->vcpu;
    if (msr == X2APIC_ICR) {
        return write_icr(context, low, high);
    }
    if (high != 0) {
        return exit_general_protection(context);
    }
    switch (msr) {
    case X2APIC_EOI:
    case X2APIC_ESR:
        return low == 0 ? done(context) : exit_general_protection(context);
    case X2APIC_LVT_TIMER:
        return write_lvt_timer(context, low);
    case X2APIC_INITIAL_COUNT:
        local_apic_set_initial_count(&vcpu->apic, low);
        return done(context);
    case X2APIC_DIVIDE:
        local_apic_set_divide(&vcpu->apic, low);
        return done(context);
    case X2APIC_SELF_IPI:
        vcpu_interrupt_itself(vcpu, (uint8_t)low);
        return done(context);
    case X2APIC_TPR:
    case X2APIC_SVR:
    case X2APIC_LVT_CMCI:
    case X2APIC_LVT_THERMAL:
    case X2APIC_LVT_PERFORMANCE:
    case X2APIC_LVT_LINT0:
    case X2APIC_LVT_LINT1:
    case X2APIC_LVT_ERROR:
        return done(context);
    default:
        return exit_general_protection(context);
    }
}
