// SPDX-License-Identifier: MIT
//
// One thread reads what is typed, so that Ctrl-C is seen while the guest runs; the guest's thread
// does all else.

#include "cli/step/tui.h"

#include <inttypes.h>
#include <string.h>

#include "cli/host.h"
#include "cli/step/input.h"
#include "cli/step/screen.h"
#include "cli/talk.h"

#include "terminal.h"

enum { TYPED = 4096, CONTROL_C = 3 };

struct tui {
    struct session *session;
    struct screen screen;
    struct grid grid;
    struct host_lock *lock; // Guards the other fields.
    uint8_t typed[TYPED];
    size_t count;
    bool busy;  // What was typed is being carried out.
    bool ended; // Nothing more will be typed.
};

static void draw(struct tui *tui) {
    view_draw(&tui->session->view, &tui->session->debuggee.model, &tui->grid);
    screen_draw(&tui->screen, &tui->grid, stdout);
}

// A function of debuggee->tick.
static void show_progress(void *context) {
    struct tui *tui = context;
    struct debuggee *debuggee = &tui->session->debuggee;
    snprintf(tui->session->view.message, sizeof(tui->session->view.message), "%s; Ctrl-C stops it",
             debuggee->history.replay == REPLAY_NONE ? "the guest runs" : "on the way back");
    draw(tui);
}

// --- The thread that reads ---

static void keep(struct tui *tui, const uint8_t *bytes, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (bytes[i] == CONTROL_C && tui->busy)
            debuggee_interrupt_now(&tui->session->debuggee);
        else if (tui->count < TYPED)
            tui->typed[tui->count++] = bytes[i];
    }
}

static void read_terminal(void *context) {
    struct tui *tui = context;
    size_t count = 0;
    do {
        uint8_t bytes[256];
        count = terminal_read(bytes, sizeof(bytes));
        host_lock(tui->lock);
        keep(tui, bytes, count);
        tui->ended = count == 0;
        host_lock_wake(tui->lock);
        host_unlock(tui->lock);
    } while (count > 0);
}

// Waits for bytes. 0 when there will be none.
static size_t take(struct tui *tui, uint8_t bytes[TYPED]) {
    host_lock(tui->lock);
    tui->busy = false;
    while (tui->count == 0 && !tui->ended)
        host_lock_wait(tui->lock);
    const size_t count = tui->count;
    memcpy(bytes, tui->typed, count);
    tui->count = 0;
    tui->busy = true;
    host_unlock(tui->lock);
    return count;
}

// --- The guest's thread ---

static void press(struct tui *tui, const struct key *keys, unsigned count) {
    for (unsigned i = 0; i < count && !tui->session->over; i++)
        input_key(tui->session, &keys[i]);
}

static void converse(struct tui *tui) {
    struct key_reader reader = {0};
    uint8_t bytes[TYPED];
    size_t count;
    draw(tui);
    while (!tui->session->over && (count = take(tui, bytes)) > 0) {
        struct key keys[2];
        for (size_t i = 0; i < count; i++)
            press(tui, keys, keys_read(&reader, bytes[i], keys));
        press(tui, keys, keys_pause(&reader, keys));
        draw(tui);
    }
}

static bool run_with_reader(struct tui *tui) {
    struct host_thread *reader = host_thread_start(read_terminal, tui);
    if (!reader) {
        talk("cannot start a thread");
        return false;
    }
    converse(tui);
    terminal_wake();
    host_thread_join(reader);
    return true;
}

bool tui_run(struct session *session) {
    static struct tui tui;
    tui = (struct tui){.session = session, .lock = host_lock_create()};
    if (!tui.lock || !terminal_open()) {
        talk("cannot use the terminal");
        return false;
    }
    session_say(session,
                "s a step, e to the next exit, b and E back, 1 to 0 panes, ? all keys, q end");
    session->debuggee.tick = show_progress;
    session->debuggee.tick_context = &tui;
    terminal_report_sizes();
    fputs(screen_greeting, stdout);
    terminal_set_farewell(screen_farewell);
    const bool done = run_with_reader(&tui);
    terminal_close();
    host_lock_destroy(tui.lock);
    return done;
}
