// SPDX-License-Identifier: MIT
//
// The observer and the counts of a guest.

#include "engine/observe.h"

#include "engine/exit_trace.h"
#include "engine/exits/exits.h"
#include "engine/guest_clock.h"
#include "engine/vcpu.h"

#include <string.h>

static zirconia_exit_kind_t kind_of(enum exit_reason reason) {
    switch (reason) {
    case EXIT_CPUID:
        return ZIRCONIA_EXIT_CPUID;
    case EXIT_HLT:
        return ZIRCONIA_EXIT_HLT;
    case EXIT_INTERRUPT_WINDOW:
        return ZIRCONIA_EXIT_INTERRUPT_WINDOW;
    case EXIT_VMCALL:
        return ZIRCONIA_EXIT_VMCALL;
    case EXIT_CONTROL_REGISTER_ACCESS:
        return ZIRCONIA_EXIT_CONTROL_REGISTER_ACCESS;
    case EXIT_IO_INSTRUCTION:
        return ZIRCONIA_EXIT_IO_INSTRUCTION;
    case EXIT_RDMSR:
        return ZIRCONIA_EXIT_RDMSR;
    case EXIT_WRMSR:
        return ZIRCONIA_EXIT_WRMSR;
    case EXIT_EPT_VIOLATION:
        return ZIRCONIA_EXIT_EPT_VIOLATION;
    case EXIT_XSETBV:
        return ZIRCONIA_EXIT_XSETBV;
    case EXIT_PAUSE:
        return ZIRCONIA_EXIT_PAUSE;
    case EXIT_TRIPLE_FAULT:
        return ZIRCONIA_EXIT_TRIPLE_FAULT;
    case EXIT_REQUESTED:
    case EXIT_STEPPED:
    case EXIT_BREAKPOINT:
    case EXIT_EXCEPTION: // See observe_exception().
    case EXIT_OTHER:
    case EXIT_FAILED:
        break;
    }
    return ZIRCONIA_EXIT_KIND_COUNT; // Nobody is told.
}

static uint64_t value_of(const struct cpu *cpu) {
    return (cpu_get(cpu, RDX) << 32) | (uint32_t)cpu_get(cpu, RAX);
}

static void qualify(const struct vcpu *vcpu, const struct cpu_exit *exit, uint64_t *out) {
    const struct cpu *cpu = vcpu->cpu;
    const bool fixed_port = exit->port.immediate_port;
    switch (exit->reason) {
    case EXIT_CPUID:
        out[0] = (uint32_t)cpu_get(cpu, RAX);
        out[1] = (uint32_t)cpu_get(cpu, RCX);
        break;
    case EXIT_CONTROL_REGISTER_ACCESS:
        control_register_qualify(vcpu, exit, out);
        break;
    case EXIT_IO_INSTRUCTION:
        out[0] = fixed_port ? exit->port.port_immediate : (uint16_t)cpu_get(cpu, RDX);
        out[1] = exit->port.access_size;
        out[2] = exit->port.input;
        break;
    case EXIT_RDMSR:
    case EXIT_WRMSR:
    case EXIT_XSETBV:
        out[0] = (uint32_t)cpu_get(cpu, RCX);
        out[1] = exit->reason == EXIT_RDMSR ? 0 : value_of(cpu);
        break;
    case EXIT_EPT_VIOLATION:
        out[0] = exit->guest_physical;
        out[1] = (exit->fetch ? 4 : 0) | (exit->write ? 2 : 0) | (exit->read ? 1 : 0);
        break;
    case EXIT_VMCALL:
        out[0] = cpu_get(cpu, RAX);
        break;
    default:
        break;
    }
}

static void add(atomic_ullong *figure, uint64_t amount) {
    const uint64_t value = atomic_load_explicit(figure, memory_order_relaxed);
    atomic_store_explicit(figure, value + amount, memory_order_relaxed);
}

// When an exit began, for the observer. Not all that it is told of is work, so an exit could seem
// to begin before what it was told last; then it begins at that time.
static int64_t time_to_tell(struct vcpu *vcpu, int64_t now) {
    const int64_t time = guest_clock_beginning(vcpu->guest, now);
    if (time > vcpu->told_time) {
        vcpu->told_time = time;
    }
    return vcpu->told_time;
}

// What there is to tell of any kind.
static zirconia_exit_t begin_telling(const struct vcpu *vcpu, zirconia_exit_kind_t kind) {
    return (zirconia_exit_t){.kind = kind, .resumed = vcpu->exit_time == 0 ? vcpu->resumed : 0};
}

static void tell(struct vcpu *vcpu, zirconia_exit_t *told, int64_t now) {
    struct observation *observation = &vcpu->guest->observation;
    platform_mutex_lock(&observation->lock);
    const zirconia_exit_observer_t observer = observation->observer;
    void *context = observation->context;
    platform_mutex_unlock(&observation->lock);
    const struct cpu *cpu = vcpu->cpu;
    told->mode = cpu_code_mode(cpu) == 64   ? ZIRCONIA_CODE_64
                 : cpu_code_mode(cpu) == 32 ? ZIRCONIA_CODE_32
                                            : ZIRCONIA_CODE_16;
    told->vcpu = vcpu->seat.vpid - 1;
    told->rip = cpu_get(cpu, RIP);
    told->cr3 = cpu_get(cpu, CR3);
    told->time = time_to_tell(vcpu, now);
    const int cancel_state = platform_cancel_off();
    if (exit_trace_is_on()) {
        exit_trace_exit(told);
    }
    if (observer != NULL) {
        observer(context, told);
    }
    platform_cancel_restore(cancel_state);
}

// True when somebody wants to know more.
static bool count(struct vcpu *vcpu, zirconia_exit_kind_t kind) {
    struct observation *observation = &vcpu->guest->observation;
    add(&observation->figures[kind].count, 1);
    return atomic_load_explicit(&observation->observed, memory_order_relaxed);
}

static void tell_failed_deliveries(struct vcpu *vcpu) {
    const struct failed_delivery *failed;
    const size_t failures = cpu_failed_deliveries(vcpu->cpu, &failed);
    for (size_t i = 0; i < failures; i++) {
        const struct vectored_event *event = &failed[i].event;
        const bool page_fault =
            event->kind == VECTORED_EXCEPTION && event->vector == VECTOR_PAGE_FAULT;
        if (count(vcpu, ZIRCONIA_EXIT_DELIVERY_FAILED)) {
            zirconia_exit_t told = begin_telling(vcpu, ZIRCONIA_EXIT_DELIVERY_FAILED);
            told.qualification[0] = event->vector;
            told.qualification[1] = event->error_code;
            told.qualification[2] = page_fault ? failed[i].address : 0;
            tell(vcpu, &told, platform_monotonic());
        }
    }
}

void observe_exit(struct vcpu *vcpu, const struct cpu_exit *exit) {
    const zirconia_exit_kind_t kind = kind_of(exit->reason);
    if (exit->reason == EXIT_TRIPLE_FAULT) {
        tell_failed_deliveries(vcpu);
    }
    if (kind == ZIRCONIA_EXIT_KIND_COUNT || !count(vcpu, kind)) {
        return;
    }
    zirconia_exit_t told = begin_telling(vcpu, kind);
    vcpu->exit_kind = kind;
    vcpu->exit_time = platform_monotonic();
    told.instruction_size = exit->instruction_length;
    memcpy(told.instruction, exit->instruction, exit->instruction_length);
    qualify(vcpu, exit, told.qualification);
    tell(vcpu, &told, vcpu->exit_time);
}

bool observe_is_watched(const struct vcpu *vcpu) {
    return atomic_load_explicit(&vcpu->guest->observation.observed, memory_order_relaxed);
}

bool observe_unwatched(struct vcpu *vcpu, enum exit_reason reason) {
    if (observe_is_watched(vcpu)) {
        return false;
    }
    add(&vcpu->guest->observation.figures[kind_of(reason)].count, 1);
    return true;
}

void observe_exception(struct vcpu *vcpu, const struct cpu_exit *exit) {
    tell_failed_deliveries(vcpu);
    if (count(vcpu, ZIRCONIA_EXIT_EXCEPTION)) {
        zirconia_exit_t told = begin_telling(vcpu, ZIRCONIA_EXIT_EXCEPTION);
        told.qualification[0] = exit->vector;
        told.qualification[1] = exit->error_code;
        told.qualification[2] = exit->vector == VECTOR_PAGE_FAULT ? cpu_get(vcpu->cpu, CR2) : 0;
        tell(vcpu, &told, platform_monotonic());
    }
}

void observe_injection(struct vcpu *vcpu, uint8_t vector) {
    if (count(vcpu, ZIRCONIA_EXIT_INTERRUPT_INJECTED)) {
        zirconia_exit_t told = begin_telling(vcpu, ZIRCONIA_EXIT_INTERRUPT_INJECTED);
        told.qualification[0] = vector;
        tell(vcpu, &told, platform_monotonic());
    }
}

static void tell_entry(struct vcpu *vcpu) {
    struct observation *observation = &vcpu->guest->observation;
    platform_mutex_lock(&observation->lock);
    const zirconia_entry_observer_t observer = observation->entry_observer;
    void *context = observation->entry_context;
    platform_mutex_unlock(&observation->lock);
    if (observer != NULL) {
        const int cancel_state = platform_cancel_off();
        observer(context, vcpu->seat.vpid - 1);
        platform_cancel_restore(cancel_state);
    }
}

void observe_entry(struct vcpu *vcpu) {
    if (vcpu->exit_time == 0) {
        return;
    }
    const int64_t now = platform_monotonic();
    const int64_t time = now - vcpu->exit_time;
    vcpu->exit_time = 0;
    vcpu->resumed = guest_clock_at(vcpu->guest, now);
    vcpu->told_time = vcpu->resumed;
    add(&vcpu->guest->observation.figures[vcpu->exit_kind].nanoseconds, (uint64_t)time);
    tell_entry(vcpu);
}

void observe_with(struct observation *observation, zirconia_exit_observer_t observer,
                  void *context) {
    platform_mutex_lock(&observation->lock);
    observation->observer = observer;
    observation->context = context;
    atomic_store(&observation->observed, observer != NULL || exit_trace_is_on());
    platform_mutex_unlock(&observation->lock);
}

void observe_entries_with(struct observation *observation, zirconia_entry_observer_t observer,
                          void *context) {
    platform_mutex_lock(&observation->lock);
    observation->entry_observer = observer;
    observation->entry_context = context;
    platform_mutex_unlock(&observation->lock);
}

void observe_count(const struct observation *observation, zirconia_exit_kind_t kind,
                   zirconia_exit_statistics_t *out) {
    out->count = atomic_load(&observation->figures[kind].count);
    out->nanoseconds = atomic_load(&observation->figures[kind].nanoseconds);
}

// --- All guests ---

static struct {
    struct platform_mutex lock;
    struct observation *first;
    uint64_t counts[ZIRCONIA_EXIT_KIND_COUNT]; // The exits of guests that are gone.
} all = {.lock = PLATFORM_MUTEX_INIT(LOCK_OBSERVATION)};

static void add_figures(const struct observation *observation, uint64_t *counts) {
    for (int kind = 0; kind < ZIRCONIA_EXIT_KIND_COUNT; kind++) {
        counts[kind] +=
            atomic_load_explicit(&observation->figures[kind].count, memory_order_relaxed);
    }
}

void observation_open(struct observation *observation) {
    platform_mutex_init(&observation->lock, LOCK_OBSERVATION);
    atomic_store(&observation->observed, exit_trace_is_on());
    platform_mutex_lock(&all.lock);
    observation->next = all.first;
    all.first = observation;
    platform_mutex_unlock(&all.lock);
}

void observation_close(struct observation *observation) {
    platform_mutex_lock(&all.lock);
    struct observation **link = &all.first;
    while (*link != observation) {
        link = &(*link)->next;
    }
    *link = observation->next;
    add_figures(observation, all.counts);
    platform_mutex_unlock(&all.lock);
    platform_mutex_destroy(&observation->lock);
}

void observe_count_all(uint64_t counts[ZIRCONIA_EXIT_KIND_COUNT]) {
    platform_mutex_lock(&all.lock);
    memcpy(counts, all.counts, sizeof(all.counts));
    for (const struct observation *one = all.first; one != NULL; one = one->next) {
        add_figures(one, counts);
    }
    platform_mutex_unlock(&all.lock);
}
