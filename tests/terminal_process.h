// SPDX-License-Identifier: MIT
//
// Running the tool at a terminal: a pseudo-terminal, of which the test is the other end. The file
// that includes this defines _XOPEN_SOURCE as 700 first.

#ifndef TESTS_TERMINAL_PROCESS_H
#define TESTS_TERMINAL_PROCESS_H

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

struct terminal {
    int fd;
    pid_t child;
    size_t size;
    size_t seen; // How much of the text terminal_expect() has gone past.
    char text[0x40000];
};

static inline int open_slave(int master) {
    ck_assert_int_eq(grantpt(master), 0);
    ck_assert_int_eq(unlockpt(master), 0);
    return open(ptsname(master), O_RDWR);
}

// The words end with NULL. The slave stays open here as well, so that its settings can be read.
static inline int terminal_start_sized(struct terminal *terminal, char **words,
                                       const struct winsize *size) {
    memset(terminal, 0, sizeof *terminal);
    terminal->fd = posix_openpt(O_RDWR | O_NOCTTY);
    ck_assert_int_ge(terminal->fd, 0);
    const int slave = open_slave(terminal->fd);
    ck_assert_int_ge(slave, 0);
    ck_assert_int_eq(ioctl(slave, TIOCSWINSZ, size), 0);
    terminal->child = fork();
    ck_assert_int_ne(terminal->child, -1);
    if (terminal->child == 0) {
        setsid();
        for (int fd = 0; fd < 3; fd++) {
            dup2(slave, fd);
        }
        execv(words[0], words);
        _exit(127);
    }
    return slave;
}

static inline int terminal_start(struct terminal *terminal, char **words) {
    const struct winsize size = {.ws_row = 24, .ws_col = 80};
    return terminal_start_sized(terminal, words, &size);
}

// Reads until the text comes, behind that of the call before.
static inline void terminal_expect(struct terminal *terminal, const char *text) {
    for (;;) {
        const char *found = strstr(terminal->text + terminal->seen, text);
        if (found != NULL) {
            terminal->seen = (size_t)(found - terminal->text) + strlen(text);
            return;
        }
        const ssize_t count = read(terminal->fd, terminal->text + terminal->size,
                                   sizeof terminal->text - 1 - terminal->size);
        ck_assert_msg(count > 0, "no '%s' in:\n%s", text, terminal->text);
        for (size_t end = terminal->size + (size_t)count; terminal->size < end; terminal->size++) {
            if (terminal->text[terminal->size] == '\0') {
                terminal->text[terminal->size] = '?';
            }
        }
    }
}

static inline void terminal_type(const struct terminal *terminal, const char *keys) {
    ck_assert_int_eq(write(terminal->fd, keys, strlen(keys)), (ssize_t)strlen(keys));
}

// The exit code. What it says last fits into the terminal's buffer.
static inline int terminal_end(const struct terminal *terminal, int slave) {
    int status = 0;
    ck_assert_int_eq(waitpid(terminal->child, &status, 0), terminal->child);
    close(slave);
    close(terminal->fd);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

#endif // TESTS_TERMINAL_PROCESS_H
