// SPDX-License-Identifier: MIT
//
// ZIRCONIA_TRACE=calls: what a client's calls look like on standard error; and what the log says of
// those that fail. Each test is a child process whose standard error is a pipe. It makes calls and
// writes what must be told of them to another pipe, and its parent compares the two.

#define _XOPEN_SOURCE 700

#include "handles.h"
#include "objects/handle_table.h"
#include "run_tests.h"
#include "tasks/door.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zircon/process.h>
#include <zircon/syscalls/refused.h>
#include <zircon/syscalls/resource.h>
#include <zirconia/zirconia.h>

static int expected_fd;

static void expect_text(const char *format, ...) {
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    const int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    ck_assert_int_eq(write(expected_fd, text, (size_t)length), length);
}

// A line of the calling thread.
#define EXPECT(format, ...)                                                                        \
    expect_text("[%" PRIu64 "] " format "\n", door.thread->object.koid, __VA_ARGS__)

// Reads to the end.
static char *read_all(int fd) {
    size_t size = 0;
    size_t room = 1 << 16;
    char *text = malloc(room);
    ck_assert_ptr_nonnull(text);
    for (;;) {
        const ssize_t got = read(fd, text + size, room - size - 1);
        ck_assert_int_ge(got, 0);
        if (got == 0) {
            text[size] = '\0';
            return text;
        }
        size += (size_t)got;
        if (size == room - 1) {
            room *= 2;
            text = realloc(text, room);
            ck_assert_ptr_nonnull(text);
        }
    }
}

struct child {
    pid_t pid;
    int told;     // Its standard error.
    int expected; // What it expects there.
};

// The child ends with 0 when `client` returns, which makes the first call of the process.
static struct child start_child(const char *variable, const char *value, void (*client)(void)) {
    int told[2];
    int expected[2];
    ck_assert_int_eq(pipe(told), 0);
    ck_assert_int_eq(pipe(expected), 0);
    const pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        ck_assert_int_eq(dup2(told[1], STDERR_FILENO), STDERR_FILENO);
        expected_fd = expected[1];
        close(told[0]);
        close(told[1]);
        close(expected[0]);
        ck_assert_int_eq(unsetenv("ZIRCONIA_TRACE"), 0);
        ck_assert_int_eq(unsetenv("ZIRCONIA_LOG"), 0);
        ck_assert_int_eq(value != NULL ? setenv(variable, value, 1) : 0, 0);
        client();
        _exit(0);
    }
    close(told[1]);
    close(expected[1]);
    return (struct child){pid, told[0], expected[0]};
}

static void end_child(const struct child *child) {
    int status = 0;
    ck_assert_int_eq(waitpid(child->pid, &status, 0), child->pid);
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), 0);
}

static void check_child(const char *variable, const char *value, void (*client)(void)) {
    const struct child child = start_child(variable, value, client);
    char *told = read_all(child.told);
    char *expected = read_all(child.expected);
    ck_assert_str_eq(told, expected);
    end_child(&child);
    free(told);
    free(expected);
}

// --- What a line says ---

static void tell_handles_and_flags(void) {
    zx_handle_t vmo = 0;
    zx_handle_t copy = 0;
    zx_vaddr_t address = 0;
    ck_assert_int_eq(zx_vmo_create(4096, ZX_VMO_RESIZABLE, &vmo), ZX_OK);
    EXPECT("zx_vmo_create(size=0x1000, options=ZX_VMO_RESIZABLE, out=[0x%x]) = ZX_OK", vmo);
    ck_assert_int_eq(zx_handle_duplicate(vmo, ZX_RIGHT_READ | ZX_RIGHT_MAP, &copy), ZX_OK);
    EXPECT("zx_handle_duplicate(handle=0x%x, rights=ZX_RIGHT_READ|ZX_RIGHT_MAP, out=[0x%x]) = "
           "ZX_OK",
           vmo, copy);
    const zx_handle_t root = zx_vmar_root_self();
    EXPECT("zx_vmar_root_self() = 0x%x", root);
    ck_assert_int_eq(zx_vmar_map(root, ZX_VM_PERM_READ, 0, copy, 0, 4096, &address), ZX_OK);
    EXPECT("zx_vmar_map(handle=0x%x, options=ZX_VM_PERM_READ, vmar_offset=0, vmo=0x%x, "
           "vmo_offset=0, len=0x1000, mapped_addr=[0x%" PRIxPTR "]) = ZX_OK",
           root, copy, (uintptr_t)address);
    ck_assert_int_eq(zx_vmo_op_range(vmo, ZX_VMO_OP_ZERO, 0, 9, NULL, 0), ZX_OK);
    EXPECT("zx_vmo_op_range(handle=0x%x, op=ZX_VMO_OP_ZERO, offset=0, size=9, buffer=NULL, "
           "buffer_size=0) = ZX_OK",
           vmo);
}

START_TEST(a_line_has_the_parameters_by_name_handles_flags_and_results) {
    check_child("ZIRCONIA_TRACE", "calls", tell_handles_and_flags);
}
END_TEST

static void tell_failures(void) {
    zx_handle_t out = 0;
    char byte = 0;
    ck_assert_int_eq(zx_vmo_create(10, 1u << 31 | ZX_VMO_RESIZABLE, &out), ZX_ERR_INVALID_ARGS);
    EXPECT("zx_vmo_create(size=0xa, options=ZX_VMO_RESIZABLE|0x80000000, out=0x%" PRIxPTR
           ") = ZX_ERR_INVALID_ARGS",
           (uintptr_t)&out);
    ck_assert_int_eq(zx_port_create(0, (zx_handle_t *)16), ZX_ERR_INVALID_ARGS);
    EXPECT("zx_port_create(options=%d, out=0x10) = ZX_ERR_INVALID_ARGS", 0);
    ck_assert_int_eq(zx_vmo_read(0, &byte, 1, 1), ZX_ERR_BAD_HANDLE);
    EXPECT("zx_vmo_read(handle=0, buffer=0x%" PRIxPTR ", offset=1, buffer_size=1) = "
           "ZX_ERR_BAD_HANDLE",
           (uintptr_t)&byte);
    ck_assert_int_eq(zx_port_queue(0, (const zx_port_packet_t *)16), ZX_ERR_BAD_HANDLE);
    EXPECT("zx_port_queue(handle=%d, packet=0x10) = ZX_ERR_BAD_HANDLE", 0);
    ck_assert_int_eq(zx_vcpu_kick(3), ZX_ERR_BAD_HANDLE);
    EXPECT("zx_vcpu_kick(handle=%d) = ZX_ERR_BAD_HANDLE", 3);
    ck_assert_int_eq(zx_socket_create(0, &out, NULL), ZX_ERR_NOT_SUPPORTED);
    EXPECT("zx_socket_create(options=0, out0=0x%" PRIxPTR ", out1=NULL) = ZX_ERR_NOT_SUPPORTED",
           (uintptr_t)&out);
    ck_assert_int_eq(zx_fifo_read(0, 1, NULL, 1, NULL), ZX_ERR_BAD_HANDLE);
    EXPECT("zx_fifo_read(handle=%d, elem_size=1, data=NULL, count=1, actual_count=NULL) = "
           "ZX_ERR_BAD_HANDLE",
           0);
}

START_TEST(a_call_that_fails_is_told_with_its_status_and_plain_pointers) {
    check_child("ZIRCONIA_TRACE", "calls", tell_failures);
}
END_TEST

static void tell_memory(void) {
    zx_handle_t port = 0;
    zx_handle_t thread = 0;
    zx_port_packet_t packet = {.key = 77, .type = ZX_PKT_TYPE_USER, .status = ZX_ERR_NOT_FOUND};
    ck_assert_int_eq(zx_port_create(0, &port), ZX_OK);
    EXPECT("zx_port_create(options=0, out=[0x%x]) = ZX_OK", port);
    ck_assert_int_eq(zx_port_queue(port, &packet), ZX_OK);
    EXPECT("zx_port_queue(handle=0x%x, packet={key=0x4d, type=ZX_PKT_TYPE_USER, "
           "status=ZX_ERR_NOT_FOUND}) = ZX_OK",
           port);
    ck_assert_int_eq(zx_port_wait(port, ZX_TIME_INFINITE, &packet), ZX_OK);
    EXPECT("zx_port_wait(handle=0x%x, deadline=ZX_TIME_INFINITE, packet=0x%" PRIxPTR
           " <unfinished ...>",
           port, (uintptr_t)&packet);
    EXPECT("zx_port_wait(handle=0x%x, deadline=ZX_TIME_INFINITE, packet={key=0x4d, "
           "type=ZX_PKT_TYPE_USER, status=ZX_ERR_NOT_FOUND}) = ZX_OK",
           port);
    const zx_handle_t process = zx_process_self();
    EXPECT("zx_process_self() = 0x%x", process);
    ck_assert_int_eq(zx_thread_create(process, "a\n\"b", 4, 0, &thread), ZX_OK);
    EXPECT("zx_thread_create(process=0x%x, name=\"a??b\", name_size=4, options=0, out=[0x%x]) = "
           "ZX_OK",
           process, thread);
    ck_assert_int_eq(zx_nanosleep(-5), ZX_OK);
    EXPECT("zx_nanosleep(deadline=-%d <unfinished ...>", 5);
    EXPECT("zx_nanosleep(deadline=-%d) = ZX_OK", 5);
}

START_TEST(packets_and_names_are_shown_and_calls_that_block_are_told_before) {
    check_child("ZIRCONIA_TRACE", "calls", tell_memory);
}
END_TEST

static void tell_an_era(void) {
    zx_handle_t vmo = 0;
    ck_assert_int_eq(zirconia_2018_vmo_create(4096, 1, &vmo), ZX_OK);
    EXPECT("zx_vmo_create(size=0x1000, options=ZIRCONIA_2018_VMO_NON_RESIZABLE, out=[0x%x]) = "
           "ZX_OK",
           vmo);
}

START_TEST(a_call_of_an_older_era_has_the_name_that_its_client_knows) {
    check_child("ZIRCONIA_TRACE", "calls", tell_an_era);
}
END_TEST

// --- When nothing is told, and what telling leaves alone ---

static void make_calls(void) {
    zx_handle_t event = 0;
    ck_assert_int_eq(zx_event_create(0, &event), ZX_OK);
    ck_assert_int_eq(zx_handle_close(event), ZX_OK);
    ck_assert_int_eq(zx_vcpu_kick(0), ZX_ERR_BAD_HANDLE);
}

START_TEST(nothing_is_told_unless_the_environment_asks_for_calls) {
    check_child("ZIRCONIA_TRACE", NULL, make_calls);
    check_child("ZIRCONIA_TRACE", "", make_calls);
    check_child("ZIRCONIA_TRACE", "callsign", make_calls);
}
END_TEST

static void write_in_vain(void) {
    zx_handle_t event = 0;
    ck_assert_int_eq(close(STDERR_FILENO), 0);
    errno = 77;
    ck_assert_int_eq(zx_event_create(0, &event), ZX_OK);
    ck_assert_int_eq(errno, 77);
}

START_TEST(errno_stays_where_nothing_can_be_written) {
    check_child("ZIRCONIA_TRACE", "calls", write_in_vain);
}
END_TEST

// --- Many threads and a signal handler ---

enum { THREADS = 4, ROUNDS = 500 };

static void kick_nobody(int number) {
    (void)number;
    zx_vcpu_kick(0);
}

static void *make_many_calls(void *unused) {
    for (int i = 0; i < ROUNDS; i++) {
        zx_handle_close(ZX_HANDLE_INVALID);
        raise(SIGUSR1);
    }
    return unused;
}

static void make_calls_at_once(void) {
    pthread_t threads[THREADS];
    const struct sigaction action = {.sa_handler = kick_nobody};
    ck_assert_int_eq(sigaction(SIGUSR1, &action, NULL), 0);
    for (int i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, make_many_calls, NULL), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    }
}

START_TEST(lines_of_several_threads_and_of_signal_handlers_are_whole) {
    const struct child child = start_child("ZIRCONIA_TRACE", "calls", make_calls_at_once);
    char *told = read_all(child.told);
    int closes = 0;
    int kicks = 0;
    char *rest = NULL;
    for (char *line = strtok_r(told, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        unsigned koid = 0;
        int length = 0;
        ck_assert_msg(sscanf(line, "[%u] %n", &koid, &length) == 1, "%s", line);
        const bool is_close = strcmp(line + length, "zx_handle_close(handle=0) = ZX_OK") == 0;
        const bool is_kick =
            strcmp(line + length, "zx_vcpu_kick(handle=0) = ZX_ERR_BAD_HANDLE") == 0;
        ck_assert_msg(is_close || is_kick, "%s", line);
        closes += is_close;
        kicks += is_kick;
    }
    ck_assert_int_eq(closes, THREADS * ROUNDS);
    ck_assert_int_eq(kicks, THREADS * ROUNDS);
    end_child(&child);
    free(told);
}
END_TEST

// --- The log ---

// The options say which rights a mapping needs.
static void map_without_a_right(void) {
    zx_handle_t vmo = 0;
    zx_vaddr_t address = 0;
    const zx_handle_t root = zx_vmar_root_self();
    ck_assert_int_eq(zx_vmo_create(4096, 0, &vmo), ZX_OK);
    ck_assert_int_eq(
        zx_vmar_map(root, ZX_VM_PERM_READ | ZX_VM_PERM_EXECUTE, 0, vmo, 0, 4096, &address),
        ZX_ERR_ACCESS_DENIED);
    expect_text("zirconia: zx_vmar_map(handle=0x%x, options=ZX_VM_PERM_READ|ZX_VM_PERM_EXECUTE, "
                "vmar_offset=0, vmo=0x%x, vmo_offset=0, len=0x1000, mapped_addr=0x%" PRIxPTR
                ") = ZX_ERR_ACCESS_DENIED: vmo lacks EXECUTE\n",
                root, vmo, (uintptr_t)&address);
}

static void fail_in_several_ways(void) {
    zx_handle_t out = 0;
    zx_handle_t event = 0;
    zx_handle_t mute = 0;
    char byte = 0;
    ck_assert_int_eq(zx_event_create(0, &event), ZX_OK);
    ck_assert_int_eq(zx_event_create(9, &out), ZX_ERR_INVALID_ARGS);
    expect_text("zirconia: zx_event_create(options=9, out=0x%" PRIxPTR ") = ZX_ERR_INVALID_ARGS: "
                "options 9 are not 0\n",
                (uintptr_t)&out);
    ck_assert_int_eq(zx_event_create(0, NULL), ZX_ERR_INVALID_ARGS);
    expect_text("zirconia: zx_event_create(options=0, out=NULL) = ZX_ERR_INVALID_ARGS: out "
                "cannot be written\n");
    ck_assert_int_eq(zx_port_cancel_key(3, 0, 0), ZX_ERR_BAD_HANDLE);
    expect_text("zirconia: zx_port_cancel_key(handle=3, options=0, key=0) = ZX_ERR_BAD_HANDLE: "
                "handle is not a valid handle\n");
    ck_assert_int_eq(zx_vmo_read(event, &byte, 0, 1), ZX_ERR_WRONG_TYPE);
    expect_text("zirconia: zx_vmo_read(handle=0x%x, buffer=0x%" PRIxPTR ", offset=0, "
                "buffer_size=1) = ZX_ERR_WRONG_TYPE: handle is not of type VMO\n",
                event, (uintptr_t)&byte);
    ck_assert_int_eq(zx_handle_duplicate(event, 0, &mute), ZX_OK);
    ck_assert_int_eq(zx_object_signal(mute, 0, 0), ZX_ERR_ACCESS_DENIED);
    expect_text("zirconia: zx_object_signal(handle=0x%x, clear_mask=0, set_mask=0) = "
                "ZX_ERR_ACCESS_DENIED: handle lacks SIGNAL\n",
                mute);
    map_without_a_right();
    ck_assert_int_eq(zx_object_set_profile(event, 0, 0), ZX_ERR_NOT_SUPPORTED);
    expect_text("zirconia: zx_object_set_profile(handle=0x%x, profile=0, options=0) = "
                "ZX_ERR_NOT_SUPPORTED: this library does not model such objects\n",
                event);
    ck_assert_int_eq(zirconia_2018_event_create(9, &out), ZX_ERR_INVALID_ARGS);
    expect_text("zirconia: zx_event_create(options=9, out=0x%" PRIxPTR ") = ZX_ERR_INVALID_ARGS: "
                "options 9 are not 0\n",
                (uintptr_t)&out);
    ck_assert_int_eq(zirconia_2018_timer_cancel(mute), ZX_ERR_ACCESS_DENIED);
    expect_text("zirconia: zx_timer_cancel(handle=0x%x) = ZX_ERR_ACCESS_DENIED: handle lacks "
                "WRITE, which 2022 asks for\n",
                mute);
    const uintptr_t constant = (uintptr_t)fail_in_several_ways;
    ck_assert_int_eq(
        zx_eventpair_create(0, (zx_handle_t *)constant, &out), // NOLINT(performance-no-int-to-ptr)
        ZX_ERR_INVALID_ARGS);
    expect_text("zirconia: zx_eventpair_create(options=0, out0=0x%" PRIxPTR ", out1=0x%" PRIxPTR
                ") = ZX_ERR_INVALID_ARGS: out0 cannot be written\n",
                constant, (uintptr_t)&out);
}

START_TEST(the_log_on_standard_error_has_each_failing_call_with_its_reason) {
    check_child("ZIRCONIA_LOG", "debug", fail_in_several_ways);
}
END_TEST

START_TEST(a_log_of_worse_things_has_no_failing_calls) {
    check_child("ZIRCONIA_LOG", "info", make_calls);
    check_child("ZIRCONIA_LOG", "error", make_calls);
    check_child("ZIRCONIA_LOG", "loud", make_calls);
}
END_TEST

static void keep(void *context, zirconia_log_level_t level, const char *line) {
    (void)context;
    expect_text("%d %s\n", (int)level, line);
}

static void listen_by_itself(void) {
    zirconia_set_log(keep, NULL, ZIRCONIA_LOG_DEBUG);
    ck_assert_int_eq(zx_handle_close(3), ZX_ERR_BAD_HANDLE);
    zirconia_set_log(keep, NULL, ZIRCONIA_LOG_INFO);
    ck_assert_int_eq(zx_handle_close(3), ZX_ERR_BAD_HANDLE);
    zirconia_set_log(NULL, NULL, ZIRCONIA_LOG_DEBUG);
    ck_assert_int_eq(zx_handle_close(3), ZX_ERR_BAD_HANDLE);
}

START_TEST(a_client_that_listens_has_the_log_for_itself) {
    const struct child child = start_child("ZIRCONIA_LOG", "debug", listen_by_itself);
    char *told = read_all(child.told);
    char *kept = read_all(child.expected);
    ck_assert_str_eq(told, "");
    ck_assert_str_eq(kept, "0 zx_handle_close(handle=3) = ZX_ERR_BAD_HANDLE: handle is not a valid "
                           "handle\n");
    end_child(&child);
    free(told);
    free(kept);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        a_line_has_the_parameters_by_name_handles_flags_and_results,
        a_call_that_fails_is_told_with_its_status_and_plain_pointers,
        packets_and_names_are_shown_and_calls_that_block_are_told_before,
        a_call_of_an_older_era_has_the_name_that_its_client_knows,
        nothing_is_told_unless_the_environment_asks_for_calls,
        errno_stays_where_nothing_can_be_written,
        lines_of_several_threads_and_of_signal_handlers_are_whole,
        the_log_on_standard_error_has_each_failing_call_with_its_reason,
        a_log_of_worse_things_has_no_failing_calls,
        a_client_that_listens_has_the_log_for_itself,
    };
    return run_tests("trace", tests, sizeof tests / sizeof tests[0]);
}
