// SPDX-License-Identifier: MIT
//
// Run calls, and what is done about each. The guest has a budget always, so each comes back.

#include "cli/step/debuggee.h"

#include <stdio.h>
#include <string.h>

#include <zircon/status.h>
#include <zircon/syscalls.h>
#include <zirconia/snapshot.h>

#include "cli/answer.h"
#include "cli/ending.h"
#include "cli/talk.h"

// --- What the model is told ---

static void update(struct debuggee *debuggee) {
    zirconia_stop_t stop = {0};
    (void)zirconia_vcpu_read_interrupts(debuggee->vm.vcpu, &debuggee->model.interrupts);
    (void)zirconia_vcpu_read_registers(debuggee->vm.vcpu, &debuggee->model.now);
    (void)zirconia_vcpu_read_stop(debuggee->vm.vcpu, &stop);
    debuggee->model.work = stop.work;
}

static size_t read_physical(void *context, uint64_t address, void *bytes, size_t size) {
    const struct debuggee *debuggee = context;
    return zirconia_guest_read_memory(debuggee->vm.guest, address, bytes, size) == ZX_OK ? size : 0;
}

static size_t room_in_page(uint64_t address, size_t size) {
    const size_t room = 0x1000 - (size_t)(address % 0x1000);
    return size < room ? size : room;
}

static size_t read_linear(void *context, uint64_t linear, void *bytes, size_t size) {
    const struct debuggee *debuggee = context;
    size_t done = 0;
    while (done < size) {
        uint64_t physical = 0;
        const size_t part = room_in_page(linear + done, size - done);
        if (zirconia_vcpu_find_linear(debuggee->vm.vcpu, linear + done, &physical) != ZX_OK ||
            read_physical(context, physical, (uint8_t *)bytes + done, part) == 0)
            break;
        done += part;
    }
    return done;
}

static bool walk_linear(void *context, uint64_t linear, zirconia_walk_t *out) {
    const struct debuggee *debuggee = context;
    return zirconia_vcpu_walk_linear(debuggee->vm.vcpu, linear, out) == ZX_OK;
}

static bool find_physical(void *context, uint64_t address, zirconia_physical_t *out) {
    const struct debuggee *debuggee = context;
    return zirconia_guest_find_physical(debuggee->vm.guest, address, out) == ZX_OK;
}

// --- Exits ---

static bool is_bell(const struct debuggee *debuggee, const zirconia_exit_t *exit) {
    const struct options *options = debuggee->model.options;
    for (size_t i = 0; i < options->trap_count; i++) {
        const struct trap_option *trap = &options->traps[i];
        if (trap->kind == ZX_GUEST_TRAP_BELL && exit->qualification[0] - trap->address < trap->size)
            return exit->kind == ZIRCONIA_EXIT_EPT_VIOLATION;
    }
    return false;
}

// A zirconia_exit_observer_t.
static void observe(void *context, const zirconia_exit_t *exit) {
    struct debuggee *debuggee = context;
    const struct debuggee_wish *wish = &debuggee->wish;
    record_exit(&debuggee->record, exit);
    debuggee->has_bell = is_bell(debuggee, exit);
    debuggee->met |= (wish->kinds >> exit->kind & 1) != 0 || (wish->packets && debuggee->has_bell);
}

// A zirconia_entry_observer_t. What is done about the exit is done: a run call that goes on ends
// here, before the guest does anything more.
static void observe_entry(void *context, uint64_t vcpu) {
    struct debuggee *debuggee = context;
    (void)vcpu;
    if ((debuggee->met || debuggee->has_bell) && !debuggee->steps)
        (void)zx_vcpu_kick(debuggee->vm.vcpu);
}

static void take_bell(struct debuggee *debuggee) {
    zx_port_packet_t packet;
    if (zx_port_wait(debuggee->vm.port, 0, &packet) == ZX_OK)
        record_packet(&debuggee->record, &packet);
    debuggee->has_bell = false;
}

// --- Packets ---

static void end(struct debuggee *debuggee, const char *reason) {
    debuggee->record.ended = true;
    snprintf(debuggee->record.end, sizeof(debuggee->record.end), "%s", reason);
}

static void answer(struct debuggee *debuggee, const zx_port_packet_t *packet) {
    struct record *record = &debuggee->record;
    char said[sizeof(record->end)] = "";
    record_packet(record, packet);
    talk_into(said, sizeof(said));
    const struct record_event *last = record_event(record, 0);
    const enum answer answer =
        answer_packet(debuggee->vm.vcpu, &record->serial, debuggee->model.options->serial_port,
                      last ? &last->exit : NULL, packet);
    talk_into(NULL, 0);
    serial_flush(&record->serial);
    if (answer == ANSWER_GUEST_OK)
        end(debuggee, "the guest has ended well: it wrote 0 to port 0xf4");
    else if (answer != ANSWER_GO_ON)
        end(debuggee, said);
}

static void end_by_error(struct debuggee *debuggee, zx_status_t status) {
    char reason[sizeof(debuggee->record.end)];
    const char *noted = ending_noted(0);
    record_error(&debuggee->record, status);
    snprintf(reason, sizeof(reason), "the guest cannot go on: %s%s(%s)", noted, noted[0] ? " " : "",
             zx_status_get_string(status));
    end(debuggee, reason);
}

// --- One run call ---

static void tick(struct debuggee *debuggee) {
    update(debuggee);
    if (debuggee->tick)
        debuggee->tick(debuggee->tick_context);
}

// A guest that is watched takes long to come to the first tick.
static void tick_if_slow(struct debuggee *debuggee) {
    if (debuggee->watchpoint_count > 0)
        tick(debuggee);
}

struct outcome {
    zx_status_t status;
    uint32_t cause; // ZIRCONIA_STOP_ or HISTORY_STOP_CLIENT
};

static uint32_t cause_of_stop(struct debuggee *debuggee) {
    zirconia_stop_t stop = {0};
    (void)zirconia_vcpu_read_stop(debuggee->vm.vcpu, &stop);
    for (size_t i = 0; i < debuggee->watchpoint_count; i++)
        if (debuggee->watchpoints[i].address == stop.address)
            debuggee->hit = debuggee->watched[i];
    return stop.cause;
}

// A stop that nobody waits for any more is none.
static zx_status_t enter(struct debuggee *debuggee, zx_port_packet_t *packet, uint32_t *cause) {
    zx_status_t status;
    do {
        *cause = ZIRCONIA_STOP_NONE;
        status = zx_vcpu_enter(debuggee->vm.vcpu, packet);
        if (status == ZX_ERR_STOP)
            *cause = cause_of_stop(debuggee);
    } while (*cause == ZIRCONIA_STOP_REQUEST && !atomic_load(&debuggee->interrupted));
    return status;
}

// A step over an exit ends before the interrupt that follows it; a run ends behind that.
static bool interrupt_follows(const struct debuggee *debuggee) {
    zirconia_interrupts_t interrupts = {.next = ZIRCONIA_INTERRUPTS_NONE};
    (void)zirconia_vcpu_read_interrupts(debuggee->vm.vcpu, &interrupts);
    return (interrupts.flags & ZIRCONIA_INTERRUPTS_OPEN) != 0 &&
           interrupts.next != ZIRCONIA_INTERRUPTS_NONE;
}

static struct outcome run_once(struct debuggee *debuggee) {
    zx_port_packet_t packet;
    struct outcome outcome;
    const zx_status_t status = enter(debuggee, &packet, &outcome.cause);
    outcome.status = status;
    if (debuggee->has_bell)
        take_bell(debuggee);
    if (status == ZX_OK) {
        debuggee->met |= debuggee->wish.packets;
        outcome.cause = ZIRCONIA_STOP_STEP;
        answer(debuggee, &packet);
    } else if (status == ZX_ERR_TIMED_OUT) {
        tick(debuggee);
    } else if (status != ZX_ERR_CANCELED && status != ZX_ERR_STOP) {
        end_by_error(debuggee, status);
    }
    // Where the budget or a step ends the exit has not, perhaps: the next run call sees its end.
    const bool goes_on =
        status == ZX_ERR_TIMED_OUT || (debuggee->steps && interrupt_follows(debuggee));
    if (debuggee->met && !goes_on) {
        outcome.cause = HISTORY_STOP_CLIENT;
        debuggee->met = false;
    }
    return outcome;
}

// --- Breakpoints ---

static void apply(void *context, bool wanted) {
    struct debuggee *debuggee = context;
    const struct model *model = &debuggee->model;
    uint64_t all[MODEL_MAX_BREAKPOINTS + 1];
    size_t count = 0;
    debuggee->met = false;
    for (size_t i = 0; i < model->breakpoint_count; i++)
        all[count++] = model->breakpoints[i];
    if (debuggee->has_place)
        all[count++] = debuggee->place;
    (void)zirconia_guest_set_breakpoints(debuggee->vm.guest, all, wanted ? count : 0);
    (void)zirconia_guest_set_watchpoints(debuggee->vm.guest, debuggee->watchpoints,
                                         wanted ? debuggee->watchpoint_count : 0);
}

static bool has_breakpoint(void *context, uint64_t linear) {
    const struct debuggee *debuggee = context;
    return model_has_breakpoint(&debuggee->model, linear) ||
           (debuggee->has_place && debuggee->place == linear);
}

bool debuggee_set_breakpoint(struct debuggee *debuggee, uint64_t linear) {
    struct model *model = &debuggee->model;
    if (model_has_breakpoint(model, linear))
        return true;
    if (model->breakpoint_count == MODEL_MAX_BREAKPOINTS)
        return false;
    model->breakpoints[model->breakpoint_count++] = linear;
    return true;
}

bool debuggee_clear_breakpoint(struct debuggee *debuggee, uint64_t linear) {
    struct model *model = &debuggee->model;
    for (size_t i = 0; i < model->breakpoint_count; i++) {
        if (model->breakpoints[i] != linear)
            continue;
        model->breakpoints[i] = model->breakpoints[--model->breakpoint_count];
        return true;
    }
    return false;
}

const char *debuggee_watch(struct debuggee *debuggee, uint64_t linear, uint64_t size) {
    const size_t count = debuggee->watchpoint_count;
    uint64_t physical = 0;
    if (size < 1 || size > 8)
        return "1 to 8 bytes can be watched";
    if (count == ZIRCONIA_WATCHPOINTS_MAX)
        return "16 places are watched, which is the most";
    if (zirconia_vcpu_find_linear(debuggee->vm.vcpu, linear, &physical) != ZX_OK)
        return "that address is not mapped";
    debuggee->watched[count] = linear;
    debuggee->watchpoints[count] = (zirconia_watchpoint_t){.address = physical, .size = size};
    debuggee->watchpoint_count++;
    return NULL;
}

void debuggee_watch_nothing(struct debuggee *debuggee) {
    debuggee->watchpoint_count = 0;
}

// --- Backward ---

static enum debuggee_stop stop_of(const struct history_end *end, enum history_goal goal) {
    if (end->canceled)
        return STOP_INTERRUPTED;
    if (end->at_beginning)
        return STOP_BEGINNING;
    if (end->watch)
        return STOP_WATCHPOINT;
    return goal == HISTORY_STEP ? STOP_STEP : STOP_BREAKPOINT;
}

static enum debuggee_stop replay(struct debuggee *debuggee, enum history_goal goal) {
    struct history_end end = {0};
    struct outcome outcome = {ZX_OK, ZIRCONIA_STOP_NONE};
    if (!history_go_back(&debuggee->history, goal))
        return STOP_BEGINNING;
    tick_if_slow(debuggee);
    do {
        // The history steps where it likes; an exit does not have to end such a run call.
        debuggee->steps = debuggee->history.replay == REPLAY_STEPS || debuggee->history.over;
        outcome = run_once(debuggee);
        debuggee->history.canceled |= atomic_load(&debuggee->interrupted);
    } while (!history_next(&debuggee->history, outcome.status, outcome.cause, &end));
    const bool exit = outcome.cause == HISTORY_STOP_CLIENT;
    const enum debuggee_stop stop = stop_of(&end, goal);
    return stop == STOP_BREAKPOINT && exit ? STOP_EXIT : stop;
}

static void begin(struct debuggee *debuggee, const struct debuggee_wish *wish) {
    debuggee->model.before = debuggee->model.now;
    debuggee->wish = wish ? *wish : (struct debuggee_wish){0};
    debuggee->asked = debuggee->wish;
    debuggee->met = false;
    atomic_store(&debuggee->interrupted, false);
}

static enum debuggee_stop finish(struct debuggee *debuggee, enum debuggee_stop stop) {
    debuggee->wish = (struct debuggee_wish){0};
    debuggee->has_place = false;
    update(debuggee);
    return stop;
}

enum debuggee_stop debuggee_back_step(struct debuggee *debuggee) {
    begin(debuggee, NULL);
    return finish(debuggee, replay(debuggee, HISTORY_STEP));
}

enum debuggee_stop debuggee_back(struct debuggee *debuggee, const struct debuggee_wish *wish) {
    begin(debuggee, wish);
    return finish(debuggee, replay(debuggee, HISTORY_EVENT));
}

enum debuggee_stop debuggee_back_to(struct debuggee *debuggee, uint64_t linear) {
    begin(debuggee, NULL);
    debuggee->place = linear;
    debuggee->has_place = true;
    return finish(debuggee, replay(debuggee, HISTORY_EVENT));
}

enum debuggee_stop debuggee_back_to_beginning(struct debuggee *debuggee) {
    begin(debuggee, NULL);
    (void)history_go_to_beginning(&debuggee->history);
    return finish(debuggee, STOP_BEGINNING);
}

// --- Forward ---

static void set_steps(struct debuggee *debuggee, bool steps) {
    debuggee->steps = steps;
    (void)zirconia_vcpu_set_stepping(debuggee->vm.vcpu, steps);
}

// It has gone behind its HLT, where it never comes, and is put before it.
static enum debuggee_stop fall_asleep(struct debuggee *debuggee) {
    debuggee->wish = (struct debuggee_wish){0};
    (void)replay(debuggee, HISTORY_STEP);
    return STOP_ASLEEP;
}

// True when a run call was the last one, and why.
static bool is_over(struct debuggee *debuggee, const struct outcome *outcome,
                    enum debuggee_stop *stop) {
    if (debuggee->record.ended)
        *stop = STOP_ENDED;
    else if (outcome->cause == HISTORY_STOP_CLIENT)
        *stop = STOP_EXIT;
    else if (outcome->cause == ZIRCONIA_STOP_WATCHPOINT)
        *stop = STOP_WATCHPOINT;
    else if (outcome->cause == ZIRCONIA_STOP_BREAKPOINT)
        *stop = STOP_BREAKPOINT;
    else if (outcome->cause == ZIRCONIA_STOP_STEP && debuggee->steps)
        *stop = STOP_STEP;
    else if (outcome->status == ZX_ERR_TIMED_OUT && !history_slice(&debuggee->history))
        *stop = fall_asleep(debuggee);
    else if (atomic_load(&debuggee->interrupted))
        *stop = STOP_INTERRUPTED;
    else
        return false;
    return true;
}

static enum debuggee_stop run(struct debuggee *debuggee, bool steps) {
    enum debuggee_stop stop = STOP_ENDED;
    struct outcome outcome;
    if (debuggee->record.ended)
        return stop;
    set_steps(debuggee, steps);
    do {
        outcome = run_once(debuggee);
    } while (!is_over(debuggee, &outcome, &stop));
    return stop;
}

// A run that begins at a breakpoint steps over it.
static enum debuggee_stop run_on(struct debuggee *debuggee) {
    if (!has_breakpoint(debuggee, model_code_address(&debuggee->model.now)))
        return run(debuggee, false);
    const enum debuggee_stop stop = run(debuggee, true);
    update(debuggee);
    if (stop != STOP_STEP)
        return stop;
    return has_breakpoint(debuggee, model_code_address(&debuggee->model.now))
               ? STOP_BREAKPOINT
               : run(debuggee, false);
}

static enum debuggee_stop go(struct debuggee *debuggee, bool steps) {
    apply(debuggee, !steps);
    history_begin(&debuggee->history);
    if (!steps)
        tick_if_slow(debuggee);
    return steps ? run(debuggee, true) : run_on(debuggee);
}

static enum debuggee_stop go_to(struct debuggee *debuggee, uint64_t linear) {
    debuggee->place = linear;
    debuggee->has_place = true;
    return go(debuggee, false);
}

enum debuggee_stop debuggee_step(struct debuggee *debuggee) {
    begin(debuggee, NULL);
    return finish(debuggee, go(debuggee, true));
}

enum debuggee_stop debuggee_go(struct debuggee *debuggee, const struct debuggee_wish *wish) {
    begin(debuggee, wish);
    return finish(debuggee, go(debuggee, false));
}

enum debuggee_stop debuggee_go_to(struct debuggee *debuggee, uint64_t linear) {
    begin(debuggee, NULL);
    return finish(debuggee, go_to(debuggee, linear));
}

// The length of an instruction that is stepped over as one, or 0.
static size_t length_of_long_one(const struct model *model) {
    uint8_t bytes[15];
    char text[96];
    size_t length = 0;
    const uint64_t at = model_code_address(&model->now);
    const size_t size = model->source.read(model->source.context, at, bytes, sizeof(bytes));
    if (zirconia_disassemble(bytes, size, model_code_mode(&model->now), at, text, sizeof(text),
                             &length) != ZX_OK)
        return 0;
    return strncmp(text, "call", 4) == 0 || strncmp(text, "rep", 3) == 0 ? length : 0;
}

// On a lower stack the place belongs to a call further in.
static bool is_further_in(const struct debuggee *debuggee, uint64_t linear) {
    const struct model *model = &debuggee->model;
    return model_code_address(&model->now) == linear && !model_has_breakpoint(model, linear) &&
           model->now.general[MODEL_RSP] < model->before.general[MODEL_RSP];
}

enum debuggee_stop debuggee_step_over(struct debuggee *debuggee) {
    const size_t length = length_of_long_one(&debuggee->model);
    const uint64_t behind = model_code_address(&debuggee->model.now) + length;
    enum debuggee_stop stop;
    if (length == 0)
        return debuggee_step(debuggee);
    begin(debuggee, NULL);
    do {
        stop = go_to(debuggee, behind);
        update(debuggee);
    } while (stop == STOP_BREAKPOINT && is_further_in(debuggee, behind));
    if (stop == STOP_BREAKPOINT && model_code_address(&debuggee->model.now) == behind)
        stop = STOP_STEP;
    return finish(debuggee, stop);
}

void debuggee_send_interrupt(struct debuggee *debuggee, uint8_t vector) {
    (void)zx_vcpu_interrupt(debuggee->vm.vcpu, vector);
    history_forget(&debuggee->history);
    update(debuggee);
}

void debuggee_interrupt(struct debuggee *debuggee) {
    atomic_store(&debuggee->interrupted, true);
}

void debuggee_interrupt_now(struct debuggee *debuggee) {
    debuggee_interrupt(debuggee);
    (void)zirconia_vcpu_stop(debuggee->vm.vcpu);
}

// --- The whole ---

// A zirconia_devices_save_t.
static bool save(void *context, void *state, size_t size) {
    const struct debuggee *debuggee = context;
    memcpy(state, &debuggee->record, size);
    return true;
}

// A zirconia_devices_restore_t.
static void restore(void *context, const void *state, size_t size) {
    struct debuggee *debuggee = context;
    memcpy(&debuggee->record, state, size);
}

static zx_status_t watch_vm(struct debuggee *debuggee) {
    const zx_handle_t guest = debuggee->vm.guest;
    zx_status_t status = zirconia_guest_observe(guest, observe, debuggee);
    if (status == ZX_OK)
        status = zirconia_guest_observe_entries(guest, observe_entry, debuggee);
    if (status == ZX_OK)
        status =
            zirconia_guest_set_devices(guest, sizeof(debuggee->record), save, restore, debuggee);
    return status;
}

enum exit_code debuggee_open(struct debuggee *debuggee, const struct options *options,
                             const struct image *image, const struct symbols *symbols) {
    *debuggee = (struct debuggee){
        .model =
            {
                .source = {debuggee, read_linear, read_physical, walk_linear, find_physical},
                .options = options,
                .image = image,
                .symbols = symbols,
                .record = &debuggee->record,
            },
        .record = {.serial = {.record = &debuggee->record}},
    };
    atomic_init(&debuggee->interrupted, false);
    const enum exit_code code = vm_create(options, image, &debuggee->vm);
    if (code != EXIT_CODE_OK)
        return code;
    const zx_status_t status = watch_vm(debuggee);
    if (status != ZX_OK) {
        talk("cannot watch the guest: %s", zx_status_get_string(status));
        return EXIT_CODE_TOOL_FAILED;
    }
    const struct history_client client = {debuggee, apply, has_breakpoint};
    history_open(&debuggee->history, debuggee->vm.guest, debuggee->vm.vcpu, &client);
    update(debuggee);
    debuggee->model.before = debuggee->model.now;
    return EXIT_CODE_OK;
}

void debuggee_close(struct debuggee *debuggee) {
    history_close(&debuggee->history);
    vm_destroy(&debuggee->vm);
}
