// SPDX-License-Identifier: MIT
//
// Windows: the console passes keys on as a terminal's, and a read that waits is cancelled.

#include "terminal.h"

#include <io.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <windows.h>

static HANDLE input;
static DWORD before;
static DWORD output_before;
static bool raw;
static atomic_bool woken;
static bool reports_sizes;
static COORD size_reported;
static const char *farewell;
static _Atomic(HANDLE) reader; // The thread that reads, while it may wait.

static void restore(void) {
    if (raw) {
        raw = false;
        if (farewell != NULL) {
            fputs(farewell, stdout);
            fflush(stdout);
        }
        SetConsoleMode(input, before);
        SetConsoleMode(GetStdHandle(STD_OUTPUT_HANDLE), output_before);
    }
}

bool terminal_open(void) {
    static bool registered;
    HANDLE output = GetStdHandle(STD_OUTPUT_HANDLE);
    input = GetStdHandle(STD_INPUT_HANDLE);
    atomic_store(&woken, false);
    if (!registered) {
        registered = true;
        atexit(restore);
    }
    if (GetConsoleMode(input, &before) && GetConsoleMode(output, &output_before)) {
        raw = SetConsoleMode(input, ENABLE_VIRTUAL_TERMINAL_INPUT) != 0;
        SetConsoleMode(output, output_before | ENABLE_PROCESSED_OUTPUT |
                                   ENABLE_VIRTUAL_TERMINAL_PROCESSING);
    }
    return true;
}

void terminal_close(void) {
    restore();
}

bool terminal_is_typed(void) {
    return _isatty(_fileno(stdin)) != 0;
}

void terminal_report_sizes(void) {
    reports_sizes = true;
}

void terminal_set_farewell(const char *bytes) {
    farewell = bytes;
}

// 0 when it is the one that was reported. There is no signal: it is looked at with each key.
static size_t report_size(uint8_t *bytes, size_t size) {
    CONSOLE_SCREEN_BUFFER_INFO info;
    if (!reports_sizes || !GetConsoleScreenBufferInfo(GetStdHandle(STD_OUTPUT_HANDLE), &info)) {
        return 0;
    }
    const COORD now = {(SHORT)(info.srWindow.Right - info.srWindow.Left + 1),
                       (SHORT)(info.srWindow.Bottom - info.srWindow.Top + 1)};
    if (now.X == size_reported.X && now.Y == size_reported.Y) {
        return 0;
    }
    size_reported = now;
    return (size_t)snprintf((char *)bytes, size, "\033[8;%d;%dt", now.Y, now.X);
}

size_t terminal_read(uint8_t *bytes, size_t size) {
    DWORD count = 0;
    const size_t reported = report_size(bytes, size);
    if (reported > 0) {
        return reported;
    }
    HANDLE self = OpenThread(THREAD_TERMINATE, FALSE, GetCurrentThreadId());
    atomic_store(&reader, self);
    const bool good =
        !atomic_load(&woken) && ReadFile(input, bytes, (DWORD)size, &count, NULL) != 0;
    atomic_store(&reader, NULL);
    CloseHandle(self);
    return good && !atomic_load(&woken) ? count : 0;
}

// A read that has not begun is not cancelled, so this tries until the reader has gone on.
void terminal_wake(void) {
    atomic_store(&woken, true);
    for (HANDLE thread = atomic_load(&reader); thread != NULL; thread = atomic_load(&reader)) {
        CancelSynchronousIo(thread);
        Sleep(1);
    }
}
