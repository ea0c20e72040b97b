// SPDX-License-Identifier: MIT
//
// POSIX: the line discipline is told to leave keys alone, and told back at the end, whichever way
// the process ends.

#define _POSIX_C_SOURCE 200809L

#include "terminal.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <termios.h>
#include <unistd.h>

static const int ending_signals[] = {SIGHUP, SIGINT, SIGTERM};

static struct termios before;
static volatile sig_atomic_t raw;
static int wake_pipe[2];
static volatile sig_atomic_t woken;
static const char *farewell;

static void restore(void) {
    if (raw) {
        raw = 0;
        if (farewell != NULL && write(STDOUT_FILENO, farewell, strlen(farewell)) == -1) {
            // The terminal is gone, and needs no farewell.
        }
        tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
    }
}

static void restore_and_end(int number) {
    restore();
    signal(number, SIG_DFL);
    raise(number);
}

static void restore_at_end(void) {
    static bool done;
    struct sigaction action = {.sa_handler = restore_and_end};
    if (done) {
        return;
    }
    done = true;
    atexit(restore);
    for (size_t i = 0; i < sizeof ending_signals / sizeof ending_signals[0]; i++) {
        sigaction(ending_signals[i], &action, NULL);
    }
}

// What cfmakeraw() does, which is not in POSIX.
static void make_raw(void) {
    struct termios settings = before;
    settings.c_iflag &=
        (tcflag_t) ~(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
    settings.c_oflag &= (tcflag_t)~OPOST;
    settings.c_lflag &= (tcflag_t) ~(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
    settings.c_cc[VMIN] = 1;
    settings.c_cc[VTIME] = 0;
    raw = tcsetattr(STDIN_FILENO, TCSADRAIN, &settings) == 0;
}

bool terminal_open(void) {
    woken = 0;
    if (pipe(wake_pipe) != 0) {
        return false;
    }
    if (wake_pipe[0] >= FD_SETSIZE) {
        close(wake_pipe[0]);
        close(wake_pipe[1]);
        return false;
    }
    if (terminal_is_typed() && tcgetattr(STDIN_FILENO, &before) == 0) {
        restore_at_end();
        make_raw();
    }
    return true;
}

void terminal_close(void) {
    restore();
    close(wake_pipe[0]);
    close(wake_pipe[1]);
}

bool terminal_is_typed(void) {
    return isatty(STDIN_FILENO) == 1;
}

static void wake(void) {
    const uint8_t byte = 0;
    while (write(wake_pipe[1], &byte, 1) == -1 && errno == EINTR) {
    }
}

static void note_size(int number) {
    (void)number;
    wake();
}

void terminal_report_sizes(void) {
    const struct sigaction action = {.sa_handler = note_size, .sa_flags = SA_RESTART};
    sigaction(SIGWINCH, &action, NULL);
    note_size(SIGWINCH);
}

void terminal_set_farewell(const char *bytes) {
    farewell = bytes;
}

static size_t report_size(uint8_t *bytes, size_t size) {
    struct winsize window = {0};
    uint8_t byte;
    while (read(wake_pipe[0], &byte, 1) == -1 && errno == EINTR) {
    }
    ioctl(STDOUT_FILENO, TIOCGWINSZ, &window);
    return (size_t)snprintf((char *)bytes, size, "\033[8;%u;%ut", window.ws_row, window.ws_col);
}

// Not poll(), which refuses terminals on macOS.
static int wait_for_any(fd_set *waited) {
    FD_ZERO(waited);
    FD_SET(STDIN_FILENO, waited);
    FD_SET(wake_pipe[0], waited);
    return select(wake_pipe[0] + 1, waited, NULL, NULL, NULL);
}

size_t terminal_read(uint8_t *bytes, size_t size) {
    for (;;) {
        fd_set waited;
        const int ready = wait_for_any(&waited);
        if (ready == -1 && errno == EINTR) {
            continue;
        }
        const bool is_woken = ready > 0 && FD_ISSET(wake_pipe[0], &waited);
        if (is_woken && !woken) {
            return report_size(bytes, size);
        }
        if (ready == -1 || is_woken) {
            return 0;
        }
        const ssize_t count = read(STDIN_FILENO, bytes, size);
        if (count >= 0 || errno != EINTR) {
            return count > 0 ? (size_t)count : 0;
        }
    }
}

void terminal_wake(void) {
    woken = 1;
    wake();
}
