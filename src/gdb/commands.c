// SPDX-License-Identifier: MIT
//
// The packets of gdb's protocol, by their first letters. What is not known is answered by an empty
// packet, as the protocol wants it.

#include "gdb/server.h"

#include <stdio.h>
#include <string.h>

#define ERROR_ADDRESS "E0e"
#define ERROR_ARGUMENT "E16"

static zx_handle_t chosen(const struct zirconia_gdb *gdb) {
    return gdb->vcpus[gdb->chosen - 1].handle;
}

static void answer(struct zirconia_gdb *gdb, bool right) {
    packet_put(&gdb->reply, right ? "OK" : ERROR_ARGUMENT);
}

// --- Registers ---

static void read_all(struct zirconia_gdb *gdb, const char *text) {
    zirconia_registers_t registers;
    (void)text;
    if (zirconia_vcpu_read_registers(chosen(gdb), &registers) == ZX_OK) {
        target_put_all(gdb->mode, &registers, &gdb->reply);
    } else {
        answer(gdb, false);
    }
}

static bool write_registers(struct zirconia_gdb *gdb, const zirconia_registers_t *registers) {
    history_forget(&gdb->history);
    return zirconia_vcpu_write_registers(chosen(gdb), registers) == ZX_OK;
}

static void write_all(struct zirconia_gdb *gdb, const char *text) {
    zirconia_registers_t registers;
    answer(gdb, zirconia_vcpu_read_registers(chosen(gdb), &registers) == ZX_OK &&
                    target_take_all(gdb->mode, text, &registers) &&
                    write_registers(gdb, &registers));
}

static void read_one(struct zirconia_gdb *gdb, const char *text) {
    zirconia_registers_t registers;
    uint64_t number;
    if (!take_number(&text, &number) ||
        zirconia_vcpu_read_registers(chosen(gdb), &registers) != ZX_OK ||
        !target_put(gdb->mode, &registers, number, &gdb->reply)) {
        answer(gdb, false);
    }
}

static void write_one(struct zirconia_gdb *gdb, const char *text) {
    zirconia_registers_t registers;
    uint64_t number;
    answer(gdb, take_number(&text, &number) && take_word(&text, "=") &&
                    zirconia_vcpu_read_registers(chosen(gdb), &registers) == ZX_OK &&
                    target_take(gdb->mode, text, number, &registers) &&
                    write_registers(gdb, &registers));
}

// --- Memory ---

static bool take_range(const char **text, uint64_t *address, uint64_t *size) {
    return take_number(text, address) && take_word(text, ",") && take_number(text, size);
}

static void read_memory(struct zirconia_gdb *gdb, const char *text) {
    uint8_t bytes[PACKET_MOST / 2];
    uint64_t address;
    uint64_t size;
    if (!take_range(&text, &address, &size)) {
        answer(gdb, false);
        return;
    }
    size = size < sizeof bytes ? size : sizeof bytes;
    const size_t count = gdb_read_memory(gdb, address, bytes, (size_t)size);
    if (count > 0 || size == 0) {
        packet_put_hex(&gdb->reply, bytes, count);
    } else {
        packet_put(&gdb->reply, ERROR_ADDRESS);
    }
}

static void write_bytes(struct zirconia_gdb *gdb, uint64_t address, const uint8_t *bytes,
                        size_t size) {
    const bool written = gdb_write_memory(gdb, address, bytes, size) == size;
    packet_put(&gdb->reply, written ? "OK" : ERROR_ADDRESS);
}

static void write_hex(struct zirconia_gdb *gdb, const char *text) {
    uint8_t bytes[PACKET_MOST / 2];
    uint64_t address;
    uint64_t size;
    if (take_range(&text, &address, &size) && take_word(&text, ":") && size <= sizeof bytes &&
        take_hex(&text, bytes, (size_t)size)) {
        write_bytes(gdb, address, bytes, (size_t)size);
    } else {
        answer(gdb, false);
    }
}

static void write_binary(struct zirconia_gdb *gdb, const char *text, const char *end) {
    uint64_t address;
    uint64_t size;
    if (take_range(&text, &address, &size) && take_word(&text, ":") &&
        size <= (size_t)(end - text)) {
        write_bytes(gdb, address, (const uint8_t *)text, (size_t)size);
    } else {
        answer(gdb, false);
    }
}

// --- Breakpoints and watchpoints ---

static void remove_breakpoint(struct zirconia_gdb *gdb, uint64_t address) {
    size_t kept = 0;
    for (size_t i = 0; i < gdb->breakpoint_count; i++) {
        if (gdb->breakpoints[i] != address) {
            gdb->breakpoints[kept++] = gdb->breakpoints[i];
        }
    }
    gdb->breakpoint_count = kept;
}

static bool add_breakpoint(struct zirconia_gdb *gdb, uint64_t address) {
    remove_breakpoint(gdb, address); // It may come twice.
    if (gdb->breakpoint_count == ZIRCONIA_BREAKPOINTS_MAX) {
        return false;
    }
    gdb->breakpoints[gdb->breakpoint_count++] = address;
    return true;
}

static bool is_inside(uint64_t address, uint64_t first, uint64_t size) {
    return address - first < size;
}

static void remove_watch(struct zirconia_gdb *gdb, uint32_t kind, uint64_t address, uint64_t size) {
    size_t kept = 0;
    for (size_t i = 0; i < gdb->watch_count; i++) {
        if (gdb->watches[i].place.kind != kind ||
            !is_inside(gdb->watches[i].linear, address, size)) {
            gdb->watches[kept++] = gdb->watches[i];
        }
    }
    gdb->watch_count = kept;
}

// In pieces of up to 8 bytes, each in a page.
static bool add_watch(struct zirconia_gdb *gdb, uint32_t kind, uint64_t address, uint64_t size) {
    remove_watch(gdb, kind, address, size);
    const uint64_t first = address;
    for (uint64_t left = size; left > 0;) {
        const uint64_t room = 8 - address % 8;
        const uint64_t count = left < room ? left : room;
        uint64_t physical;
        if (gdb->watch_count == ZIRCONIA_WATCHPOINTS_MAX || !gdb_find(gdb, address, &physical)) {
            remove_watch(gdb, kind, first, size);
            return false;
        }
        gdb->watches[gdb->watch_count++] = (struct gdb_watch){
            .linear = address, .place = {.address = physical, .size = count, .kind = kind}};
        address += count;
        left -= count;
    }
    return true;
}

// gdb's kinds 2, 3 and 4 are those of watchpoints, in the order of ZIRCONIA_WATCH_.
enum { KIND_WATCH = 2, KIND_LAST = 4 };

// Z and z: kind, address and size.
static void change_point(struct zirconia_gdb *gdb, const char *text, bool add) {
    uint64_t kind;
    uint64_t address;
    uint64_t size;
    if (!take_number(&text, &kind) || !take_word(&text, ",") ||
        !take_range(&text, &address, &size)) {
        answer(gdb, false);
    } else if (kind <= 1 && add) {
        answer(gdb, add_breakpoint(gdb, address));
    } else if (kind <= 1) {
        remove_breakpoint(gdb, address);
        answer(gdb, true);
    } else if (kind <= KIND_LAST && add) {
        answer(gdb, size > 0 && add_watch(gdb, (uint32_t)kind - KIND_WATCH, address, size));
    } else if (kind <= KIND_LAST) {
        remove_watch(gdb, (uint32_t)kind - KIND_WATCH, address, size);
        answer(gdb, true);
    }
}

static void add_point(struct zirconia_gdb *gdb, const char *text) {
    change_point(gdb, text, true);
}

static void remove_point(struct zirconia_gdb *gdb, const char *text) {
    change_point(gdb, text, false);
}

// --- Going on ---

static void go_on(struct zirconia_gdb *gdb) {
    gdb_apply(gdb, true);
    history_begin(&gdb->history);
    gdb->slices = gdb->history.possible;
    gdb_go_on(gdb);
}

static void go(struct zirconia_gdb *gdb, enum gdb_action action) {
    for (unsigned i = 0; i < gdb->vcpu_count; i++) {
        gdb->vcpus[i].action = i + 1 == gdb->chosen ? action : GDB_RUNS;
    }
    go_on(gdb);
}

static void cont(struct zirconia_gdb *gdb, const char *text) {
    (void)text;
    go(gdb, GDB_RUNS);
}

static void step(struct zirconia_gdb *gdb, const char *text) {
    (void)text;
    go(gdb, GDB_STEPS);
}

// For a thread, or for all with 0; what was said of it before stays.
static void act(struct zirconia_gdb *gdb, uint64_t thread, enum gdb_action action) {
    for (unsigned i = 0; i < gdb->vcpu_count; i++) {
        struct gdb_vcpu *vcpu = &gdb->vcpus[i];
        if (vcpu->action == GDB_WAITS && (thread == 0 || thread == i + 1)) {
            vcpu->action = action;
        }
    }
}

// A thread with no action does not run. In virtual time all do, for the others may wait for it to
// give its turn.
static void cont_threads(struct zirconia_gdb *gdb, const char *text) {
    bool any = false;
    for (unsigned i = 0; i < gdb->vcpu_count; i++) {
        gdb->vcpus[i].action = GDB_WAITS;
    }
    while (take_word(&text, ";")) {
        const char action = *text;
        text += action != '\0';
        uint64_t number = 0;
        if (action == 'C' || action == 'S') {
            take_number(&text, &number); // A signal, of which a guest has none.
        }
        number = 0;
        if (take_word(&text, ":") && !take_word(&text, "-1")) {
            take_number(&text, &number);
        }
        const bool steps = action == 's' || action == 'S';
        if (steps || action == 'c' || action == 'C') {
            act(gdb, number, steps ? GDB_STEPS : GDB_RUNS);
            any = true;
        }
    }
    if (!any || gdb->is_virtual) {
        act(gdb, 0, GDB_RUNS);
    }
    if (any) {
        go_on(gdb);
    } else {
        answer(gdb, false);
    }
}

static void go_back(struct zirconia_gdb *gdb, enum history_goal goal) {
    if (!gdb->history.possible) {
        return;
    }
    gdb->told = false;
    if (history_go_back(&gdb->history, goal)) {
        gdb->vcpus[0].ended = false; // Its end is yet to come.
        platform_condition_broadcast(&gdb->changed);
        return;
    }
    gdb->told = true;
    gdb->stop = (struct gdb_stop){.thread = gdb->chosen, .signal = GDB_TRAP, .at_beginning = true};
    gdb_put_stop(gdb, &gdb->reply);
}

static void back_step(struct zirconia_gdb *gdb, const char *text) {
    (void)text;
    go_back(gdb, HISTORY_STEP);
}

static void back_cont(struct zirconia_gdb *gdb, const char *text) {
    (void)text;
    go_back(gdb, HISTORY_EVENT);
}

static void kill_guest(struct zirconia_gdb *gdb, const char *text) {
    (void)text;
    answer(gdb, true);
    gdb->killed = true;
    platform_condition_broadcast(&gdb->changed);
}

static void detach(struct zirconia_gdb *gdb, const char *text) {
    (void)text;
    struct packet right = {0};
    packet_put(&right, "OK");
    gdb_send(gdb, &right);
    gdb->connected = false;
}

// --- Questions ---

static void why(struct zirconia_gdb *gdb, const char *text) {
    (void)text;
    gdb_put_stop(gdb, &gdb->reply);
}

static bool is_there(const struct zirconia_gdb *gdb, uint64_t thread) {
    return thread > 0 && thread <= gdb->vcpu_count && !gdb->vcpus[thread - 1].gone;
}

static bool take_thread(const struct zirconia_gdb *gdb, const char **text, unsigned *thread) {
    uint64_t number;
    if (take_word(text, "-1")) {
        *thread = gdb->chosen;
        return true;
    }
    const bool found = take_number(text, &number) && (number == 0 || is_there(gdb, number));
    *thread = found && number > 0 ? (unsigned)number : gdb->chosen;
    return found;
}

static void choose(struct zirconia_gdb *gdb, const char *text) {
    unsigned thread;
    const bool known =
        (take_word(&text, "g") || take_word(&text, "c")) && take_thread(gdb, &text, &thread);
    if (known) {
        gdb->chosen = thread;
    }
    answer(gdb, known);
}

static void is_alive(struct zirconia_gdb *gdb, const char *text) {
    unsigned thread;
    answer(gdb, take_thread(gdb, &text, &thread));
}

static void list_threads(struct zirconia_gdb *gdb, const char *text) {
    (void)text;
    for (unsigned i = 1; i <= gdb->vcpu_count; i++) {
        if (is_there(gdb, i)) {
            packet_put(&gdb->reply, gdb->reply.size == 0 ? "m" : ",");
            packet_put_number(&gdb->reply, i);
        }
    }
}

static void end_of_list(struct zirconia_gdb *gdb, const char *text) {
    (void)text;
    packet_put(&gdb->reply, "l");
}

static void which_thread(struct zirconia_gdb *gdb, const char *text) {
    (void)text;
    packet_put(&gdb->reply, "QC");
    packet_put_number(&gdb->reply, gdb->chosen);
}

static void about_thread(struct zirconia_gdb *gdb, const char *text) {
    unsigned thread;
    char name[32];
    if (!take_thread(gdb, &text, &thread)) {
        answer(gdb, false);
        return;
    }
    snprintf(name, sizeof name, "VCPU %u", thread - 1);
    packet_put_hex(&gdb->reply, name, strlen(name));
}

static void was_there(struct zirconia_gdb *gdb, const char *text) {
    (void)text;
    packet_put(&gdb->reply, "1"); // A guest goes on when gdb leaves.
}

static void supported(struct zirconia_gdb *gdb, const char *text) {
    (void)text;
    packet_put(&gdb->reply, "PacketSize=");
    packet_put_number(&gdb->reply, PACKET_MOST);
    packet_put(&gdb->reply, ";qXfer:features:read+;vContSupported+;QStartNoAckMode+");
    if (gdb->history.possible) {
        packet_put(&gdb->reply, ";ReverseStep+;ReverseContinue+");
    }
}

// gdb has the registers of the mode that the guest was in when it last asked.
static void describe(struct zirconia_gdb *gdb, const char *text) {
    uint64_t offset;
    uint64_t length;
    zirconia_registers_t registers;
    if (take_range(&text, &offset, &length)) {
        if (offset == 0 && zirconia_vcpu_read_registers(chosen(gdb), &registers) == ZX_OK) {
            gdb->mode = target_mode_of(&registers);
        }
        target_describe(gdb->mode, offset, length, &gdb->reply);
    } else {
        answer(gdb, false);
    }
}

static void resumes(struct zirconia_gdb *gdb, const char *text) {
    (void)text;
    packet_put(&gdb->reply, "vCont;c;C;s;S");
}

static void no_acknowledgement(struct zirconia_gdb *gdb, const char *text) {
    (void)text;
    answer(gdb, true);
    gdb->acknowledges = false;
}

static void empty(struct zirconia_gdb *gdb, const char *text) {
    (void)gdb;
    (void)text;
}

static void yes(struct zirconia_gdb *gdb, const char *text) {
    (void)text;
    answer(gdb, true);
}

// --- Physical addresses: by a word of gdb's user, and as QEMU's users do ---

static void set_physical(struct zirconia_gdb *gdb, const char *text) {
    gdb->physical = *text == '1';
    answer(gdb, *text == '0' || *text == '1');
}

static void ask_physical(struct zirconia_gdb *gdb, const char *text) {
    (void)text;
    packet_put(&gdb->reply, gdb->physical ? "1" : "0");
}

static void monitor(struct zirconia_gdb *gdb, const char *text) {
    char word[32] = {0};
    size_t size = 0;
    while (size < sizeof word - 1 && take_hex(&text, word + size, 1)) {
        size++;
    }
    const char *said = "monitor physical on|off: what memory addresses are\n";
    if (strcmp(word, "physical on") == 0 || strcmp(word, "physical off") == 0) {
        gdb->physical = word[10] == 'n';
        said = gdb->physical ? "addresses are guest-physical\n" : "addresses are linear\n";
    }
    packet_put_hex(&gdb->reply, said, strlen(said));
}

// ---

// The first that fits.
static const struct {
    const char *word;
    void (*run)(struct zirconia_gdb *gdb, const char *text);
} commands[] = {
    {"?", why},
    {"g", read_all},
    {"G", write_all},
    {"p", read_one},
    {"P", write_one},
    {"m", read_memory},
    {"M", write_hex},
    {"Z", add_point},
    {"z", remove_point},
    {"c", cont},
    {"C", cont},
    {"s", step},
    {"S", step},
    {"bs", back_step},
    {"bc", back_cont},
    {"k", kill_guest},
    {"D", detach},
    {"H", choose},
    {"T", is_alive},
    {"vCont?", resumes},
    {"vCont", cont_threads},
    {"vKill", kill_guest},
    {"vMustReplyEmpty", empty},
    {"qSupported", supported},
    {"qXfer:features:read:target.xml:", describe},
    {"qfThreadInfo", list_threads},
    {"qsThreadInfo", end_of_list},
    {"qThreadExtraInfo,", about_thread},
    {"qAttached", was_there},
    {"qSymbol", yes},
    {"qRcmd,", monitor},
    {"qqemu.PhyMemMode", ask_physical},
    {"Qqemu.PhyMemMode:", set_physical},
    {"QStartNoAckMode", no_acknowledgement},
    {"qC", which_thread},
};

static bool says_nothing(const struct zirconia_gdb *gdb) {
    return !gdb->connected || !gdb->stopped || gdb->history.replay != REPLAY_NONE;
}

void gdb_command(struct zirconia_gdb *gdb, const char *text, size_t size) {
    gdb->reply.size = 0;
    if (text[0] == 'X') {
        write_binary(gdb, text + 1, text + size);
    }
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        const char *rest = text;
        if (take_word(&rest, commands[i].word)) {
            commands[i].run(gdb, rest);
            break;
        }
    }
    if (!says_nothing(gdb) || gdb->killed) {
        gdb_send(gdb, &gdb->reply);
    }
}
