// SPDX-License-Identifier: MIT
//
// `--trace-fxt` of `zirconia run` and `linux`: every record of the file is read, by the public
// description of the Fuchsia trace format, and must be whole, known, and in its place.

#define _XOPEN_SOURCE 700

#include "run_tests.h"
#include "tool_process.h"

#include <stdbool.h>

// mov ecx, 40; mov [0xe0000000], ecx; in al, 0x80; loop; xor eax, eax; out 0xf4, al
static const char rings[] = "\xb9\x28\0\0\0\x67\x89\x0c\x25\0\0\0\xe0\xe4\x80\xe2\xf4"
                            "\x31\xc0\xe6\xf4";

// mov rax, cr0; or eax, 0x20; mov cr0, rax; xor eax, eax; out 0xf4, al
static const char control[] = "\x0f\x20\xc0\x83\xc8\x20\x0f\x22\xc0\x31\xc0\xe6\xf4";

// xor eax, eax; cpuid; ud2
static const char dies[] = "\x31\xc0\x0f\xa2\x0f\x0b";

// --- A reader ---

enum { MOST_WORDS = 1 << 22, MOST_STRINGS = 256, MOST_THREADS = 8, MOST_OPEN = 8 };

enum event_type { INSTANT = 0, BEGIN = 2, END = 3, FLOW_BEGIN = 8, FLOW_END = 10 };

struct argument {
    char name[64];
    char text[512];
    uint64_t value;
};

struct event {
    unsigned type;
    unsigned thread;
    uint64_t time;
    char category[64];
    char name[64];
    size_t argument_count;
    struct argument arguments[15];
    uint64_t flow;
};

struct thread {
    uint64_t koid;
    char name[64];
    char open[MOST_OPEN][64];
    size_t open_count;
    uint64_t time;
};

static struct {
    uint64_t words[MOST_WORDS];
    size_t size; // In words.
    char strings[MOST_STRINGS][64];
    struct thread threads[MOST_THREADS];
    char process[64];
    uint64_t ticks;
    uint64_t flows;      // How many began and ended.
    uint64_t flow_begun; // The flow under way, or 0.
    struct event events[1024];
    size_t event_count;
} fxt;

// The stream of so many bytes at a word; its padding must be 0. Returns the word behind it.
static size_t read_stream_at(size_t at, size_t length, char *text, size_t room) {
    const char *bytes = (const char *)&fxt.words[at];
    const size_t padded = (length + 7) / 8 * 8;
    ck_assert_uint_le(at + padded / 8, fxt.size);
    ck_assert_uint_lt(length, room);
    for (size_t i = 0; i < padded; i++) {
        ck_assert_msg((bytes[i] == '\0') == (i >= length), "byte %zu of %zu", i, length);
    }
    memcpy(text, bytes, length);
    text[length] = '\0';
    return at + padded / 8;
}

static size_t read_string(size_t at, uint64_t reference, char *text, size_t room) {
    if ((reference & 0x8000) != 0) {
        return read_stream_at(at, reference & 0x7fff, text, room);
    }
    ck_assert_uint_lt(reference, MOST_STRINGS);
    ck_assert_msg(reference == 0 || fxt.strings[reference][0] != '\0', "string %u is not there",
                  (unsigned)reference);
    snprintf(text, room, "%s", fxt.strings[reference]);
    return at;
}

static size_t read_argument(size_t at, struct argument *out) {
    const uint64_t header = fxt.words[at];
    const unsigned type = header & 0xf;
    const size_t end = at + (header >> 4 & 0xfff);
    *out = (struct argument){.value = header >> 32};
    at = read_string(at + 1, header >> 16 & 0xffff, out->name, sizeof out->name);
    ck_assert_uint_gt(strlen(out->name), 0);
    if (type == 4 || type == 7 || type == 8) {
        ck_assert_uint_eq(header >> 32, 0);
        out->value = fxt.words[at++];
        ck_assert(type != 4 || out->value > UINT32_MAX);
    } else if (type == 6) {
        ck_assert_uint_eq(header >> 48, 0);
        at = read_string(at, header >> 32, out->text, sizeof out->text);
    } else {
        ck_assert_msg(type == 2 || type == 9, "type of argument %u", type);
        ck_assert(type != 9 || out->value <= 1);
    }
    ck_assert_uint_eq(at, end);
    return at;
}

// An event lies in its thread's time and in its thread's slices.
static void place(const struct event *event) {
    struct thread *thread = &fxt.threads[event->thread];
    ck_assert_uint_ge(event->time, thread->time);
    thread->time = event->time;
    if (event->type == BEGIN) {
        ck_assert_uint_lt(thread->open_count, MOST_OPEN);
        memcpy(thread->open[thread->open_count++], event->name, sizeof event->name);
    } else if (event->type == END) {
        ck_assert_uint_gt(thread->open_count, 0);
        ck_assert_str_eq(thread->open[--thread->open_count], event->name);
    } else if (event->type != INSTANT) {
        ck_assert_uint_gt(thread->open_count, 0);
        ck_assert_uint_eq(fxt.flow_begun, event->type == FLOW_BEGIN ? 0 : event->flow);
        fxt.flow_begun = event->type == FLOW_BEGIN ? event->flow : 0;
        fxt.flows += event->type == FLOW_END;
    }
}

static size_t read_event(size_t at) {
    const uint64_t header = fxt.words[at];
    // All are read, and the first ones kept: a guest that asks for input exits until it comes.
    const size_t last = sizeof fxt.events / sizeof fxt.events[0] - 1;
    struct event *event = &fxt.events[fxt.event_count < last ? fxt.event_count++ : last];
    *event = (struct event){
        .type = header >> 16 & 0xf,
        .thread = header >> 24 & 0xff,
        .time = fxt.words[at + 1],
        .argument_count = header >> 20 & 0xf,
    };
    ck_assert(event->type == INSTANT || event->type == BEGIN || event->type == END ||
              event->type == FLOW_BEGIN || event->type == FLOW_END);
    ck_assert_uint_lt(event->thread, MOST_THREADS);
    ck_assert_uint_ne(fxt.threads[event->thread].koid, 0);
    at = read_string(at + 2, header >> 32 & 0xffff, event->category, sizeof event->category);
    at = read_string(at, header >> 48, event->name, sizeof event->name);
    ck_assert_uint_gt(strlen(event->category), 0);
    ck_assert_uint_gt(strlen(event->name), 0);
    for (size_t i = 0; i < event->argument_count; i++) {
        at = read_argument(at, &event->arguments[i]);
    }
    if (event->type >= FLOW_BEGIN) {
        event->flow = fxt.words[at++];
        ck_assert_uint_ne(event->flow, 0);
    }
    place(event);
    return at;
}

static size_t read_object(size_t at) {
    const uint64_t header = fxt.words[at];
    const uint64_t koid = fxt.words[at + 1];
    const bool process = (header >> 16 & 0xff) == 1;
    struct argument argument;
    char name[64];
    at = read_string(at + 2, header >> 24 & 0xffff, name, sizeof name);
    if (process) {
        ck_assert_uint_eq(header >> 40, 0);
        snprintf(fxt.process, sizeof fxt.process, "%s", name);
        return at;
    }
    ck_assert_uint_eq(header >> 16 & 0xff, 2);
    ck_assert_uint_eq(header >> 40, 1);
    at = read_argument(at, &argument);
    ck_assert_str_eq(argument.name, "process");
    for (size_t i = 1; i < MOST_THREADS; i++) {
        if (fxt.threads[i].koid == koid) {
            snprintf(fxt.threads[i].name, sizeof fxt.threads[i].name, "%s", name);
        }
    }
    return at;
}

static size_t read_metadata(size_t at) {
    const uint64_t header = fxt.words[at];
    const unsigned type = header >> 16 & 0xf;
    char name[64];
    if (at == 0) {
        ck_assert_uint_eq(header, 0x0016547846040010);
        return 1;
    }
    if (type == 1) {
        return read_stream_at(at + 1, header >> 52, name, sizeof name);
    }
    ck_assert_uint_eq(type, 2);
    return at + 1;
}

// One record, whose size must be what its parts take.
static size_t read_record(size_t at) {
    const uint64_t header = fxt.words[at];
    const size_t end = at + (header >> 4 & 0xfff);
    ck_assert_uint_le(end, fxt.size);
    switch (header & 0xf) {
    case 0:
        at = read_metadata(at);
        break;
    case 1:
        fxt.ticks = fxt.words[at + 1];
        at += 2;
        break;
    case 2:
        ck_assert_uint_lt(header >> 16 & 0xffff, MOST_STRINGS);
        at = read_stream_at(at + 1, header >> 32, fxt.strings[header >> 16 & 0xffff], 64);
        break;
    case 3:
        ck_assert_uint_lt(header >> 16, MOST_THREADS);
        fxt.threads[header >> 16].koid = fxt.words[at + 2];
        at += 3;
        break;
    case 4:
        at = read_event(at);
        break;
    case 7:
        at = read_object(at);
        break;
    default:
        ck_abort_msg("record of type %u", (unsigned)(header & 0xf));
    }
    ck_assert_uint_eq(at, end);
    return at;
}

static void read_timeline(const char *path) {
    memset(&fxt, 0, sizeof fxt);
    FILE *stream = fopen(path, "rb");
    ck_assert_ptr_nonnull(stream);
    static unsigned char bytes[MOST_WORDS * 8];
    const size_t length = fread(bytes, 1, sizeof bytes, stream);
    ck_assert_int_eq(fclose(stream), 0);
    ck_assert_uint_eq(length % 8, 0);
    memcpy(fxt.words, bytes, length);
    fxt.size = length / 8;
    ck_assert_uint_lt(fxt.size, MOST_WORDS);
    for (size_t at = 0; at < fxt.size;) {
        at = read_record(at);
    }
    ck_assert_uint_eq(fxt.ticks, 1000000000);
    ck_assert_uint_eq(fxt.flow_begun, 0);
    for (size_t i = 0; i < MOST_THREADS; i++) {
        ck_assert_uint_eq(fxt.threads[i].open_count, 0);
    }
}

// --- What is asked of it ---

static size_t count_events(unsigned type, const char *thread, const char *name) {
    size_t count = 0;
    for (size_t i = 0; i < fxt.event_count; i++) {
        count += fxt.events[i].type == type && strcmp(fxt.events[i].name, name) == 0 &&
                 strcmp(fxt.threads[fxt.events[i].thread].name, thread) == 0;
    }
    return count;
}

static const struct event *find_event(unsigned type, const char *name) {
    for (size_t i = 0; i < fxt.event_count; i++) {
        if (fxt.events[i].type == type && strcmp(fxt.events[i].name, name) == 0) {
            return &fxt.events[i];
        }
    }
    ck_abort_msg("no %s", name);
}

static const struct argument *argument_of(const struct event *event, const char *name) {
    for (size_t i = 0; i < event->argument_count; i++) {
        if (strcmp(event->arguments[i].name, name) == 0) {
            return &event->arguments[i];
        }
    }
    ck_abort_msg("%s has no %s", event->name, name);
}

static int run_image(const char *bytes, size_t size, const char *options, const char *file) {
    const char *image = make_file("image", bytes, size);
    return run_tool("run %s %s --trace-fxt %s", image, options, path_of(file));
}

static const char ringing[] = "--trap-io 0x80 --bell 0xe0000000";

START_TEST(exits_are_slices_and_bells_flow_to_the_reader_of_the_port) {
    ck_assert_int_eq(run_image(rings, sizeof rings - 1, ringing, "rings.fxt"), 0);
    ck_assert_str_eq(result.out, "");
    ck_assert_str_eq(result.err, "");
    read_timeline(path_of("rings.fxt"));
    ck_assert_str_eq(fxt.process, "guest");
    ck_assert_uint_eq(count_events(BEGIN, "vcpu 0", "exit:ept_violation"), 40);
    ck_assert_uint_eq(count_events(BEGIN, "vcpu 0", "exit:io_instruction"), 41);
    ck_assert_uint_eq(count_events(BEGIN, "vcpu 0", "GUEST_IO"), 41);
    ck_assert_uint_eq(count_events(BEGIN, "port", "GUEST_BELL"), 40);
    ck_assert_uint_eq(count_events(FLOW_BEGIN, "vcpu 0", "bell"), 40);
    ck_assert_uint_eq(count_events(FLOW_END, "port", "bell"), 40);
    ck_assert_uint_eq(fxt.flows, 40);
    const struct event *event = find_event(BEGIN, "exit:ept_violation");
    ck_assert_str_eq(event->category, "kernel:vcpu");
    ck_assert_uint_eq(argument_of(event, "addr")->value, 0xe0000000);
    ck_assert_uint_eq(argument_of(event, "access")->value, 2);
    ck_assert_uint_eq(argument_of(event, "rip")->value, 0x100005);
    event = find_event(BEGIN, "exit:io_instruction");
    ck_assert_str_eq(argument_of(event, "instruction")->text, "in al, 0x80");
    ck_assert_uint_eq(argument_of(event, "input")->value, 1);
}
END_TEST

// The slices of exits have a length, and the guest runs between them.
START_TEST(slices_are_in_the_guests_time) {
    char options[128];
    snprintf(options, sizeof options, "%s --virtual-time", ringing);
    ck_assert_int_eq(run_image(rings, sizeof rings - 1, options, "slices.fxt"), 0);
    read_timeline(path_of("slices.fxt"));
    uint64_t began = 0;
    unsigned slices = 0;
    for (size_t i = 0; i < fxt.event_count; i++) {
        const struct event *event = &fxt.events[i];
        ck_assert_uint_lt(event->time, 1000000);
        if (event->type == BEGIN && strncmp(event->name, "exit:", 5) == 0) {
            began = event->time;
        } else if (event->type == END && strncmp(event->name, "exit:", 5) == 0) {
            const bool last = i + 1 == fxt.event_count;
            ck_assert_uint_eq(event->time - began, last ? 0 : 4);
            slices++;
        }
    }
    ck_assert_uint_eq(slices, 81);
}
END_TEST

START_TEST(a_timeline_of_virtual_time_repeats_byte_for_byte) {
    char options[128];
    snprintf(options, sizeof options, "%s --virtual-time", ringing);
    ck_assert_int_eq(run_image(rings, sizeof rings - 1, options, "first.fxt"), 0);
    read_timeline(path_of("first.fxt"));
    static uint64_t first[MOST_WORDS];
    const size_t size = fxt.size;
    memcpy(first, fxt.words, sizeof first);
    ck_assert_int_eq(run_image(rings, sizeof rings - 1, options, "second.fxt"), 0);
    read_timeline(path_of("second.fxt"));
    ck_assert_uint_eq(fxt.size, size);
    ck_assert_mem_eq(fxt.words, first, size * 8);
}
END_TEST

START_TEST(an_access_to_a_control_register_has_its_register_and_value) {
    ck_assert_int_eq(run_image(control, sizeof control - 1, "--json --trace", "control.fxt"), 0);
    ck_assert_ptr_nonnull(
        strstr(result.out, "\"qualification\":{\"register\":0,\"value\":\"0x80010031\"}"));
    ck_assert_ptr_nonnull(
        strstr(result.err, "control_register_access(register=0, value=0x80010031)"));
    read_timeline(path_of("control.fxt"));
    const struct event *event = NULL;
    for (size_t i = 0; i < fxt.event_count; i++) {
        const bool access = strcmp(fxt.events[i].name, "exit:control_register_access") == 0;
        event = access && fxt.events[i].type == BEGIN ? &fxt.events[i] : event;
    }
    ck_assert_ptr_nonnull(event);
    ck_assert_uint_eq(argument_of(event, "register")->value, 0);
    ck_assert_uint_eq(argument_of(event, "value")->value, 0x80010031);
}
END_TEST

START_TEST(a_guest_that_dies_leaves_a_whole_file) {
    ck_assert_int_eq(run_image(dies, sizeof dies - 1, "", "dies.fxt"), 3);
    read_timeline(path_of("dies.fxt"));
    ck_assert_uint_eq(count_events(BEGIN, "vcpu 0", "exit:cpuid"), 1);
    ck_assert_uint_eq(argument_of(find_event(INSTANT, "delivery_failed"), "vector")->value, 6);
    const struct event *event = find_event(BEGIN, "exit:triple_fault");
    ck_assert_str_eq(argument_of(event, "status")->text, "ZX_ERR_NOT_SUPPORTED");
}
END_TEST

START_TEST(each_processor_has_a_thread) {
    ck_assert_int_eq(run_tool("run %s/two_processors.bin --cpus 2 --virtual-time --serial 0x3f8 "
                              "--trace-fxt %s",
                              ZIRCONIA_GUEST_DIR, path_of("two.fxt")),
                     0);
    read_timeline(path_of("two.fxt"));
    ck_assert_uint_eq(count_events(BEGIN, "vcpu 0", "exit:wrmsr"), 3);
    ck_assert_uint_eq(count_events(BEGIN, "vcpu 0", "GUEST_VCPU"), 2);
    ck_assert_uint_eq(count_events(BEGIN, "vcpu 1", "exit:cpuid"), 1);
    ck_assert_uint_eq(count_events(BEGIN, "vcpu 1", "GUEST_IO"), 2);
}
END_TEST

START_TEST(a_kernel_that_boots_has_a_timeline) {
    run_tool("linux --kernel '%s/kernel_32.bin' --trace-fxt %s --exits <<'END'\no\nEND\n",
             ZIRCONIA_GUEST_DIR, path_of("boot.fxt"));
    ck_assert_int_eq(result.exit_code, 0);
    ck_assert_ptr_nonnull(strstr(result.err, "exits and deliveries"));
    read_timeline(path_of("boot.fxt"));
    ck_assert_uint_gt(count_events(BEGIN, "vcpu 0", "exit:io_instruction"), 0);
    ck_assert_uint_gt(count_events(BEGIN, "vcpu 0", "exit:ept_violation"), 0);
}
END_TEST

START_TEST(a_file_that_cannot_be_written_is_told) {
    ck_assert_int_eq(run_image(rings, sizeof rings - 1, ringing, "none/rings.fxt"), 2);
    ck_assert_ptr_nonnull(strstr(result.err, "none/rings.fxt: "));
    const char *image = make_file("image", rings, sizeof rings - 1);
    ck_assert_int_eq(run_tool("run %s %s --trace-fxt /dev/full", image, ringing), 125);
    ck_assert_str_eq(result.err, "zirconia: /dev/full: cannot be written\n");
    run_tool("linux --kernel '%s/kernel_32.bin' --trace-fxt %s </dev/null", ZIRCONIA_GUEST_DIR,
             path_of("none/boot.fxt"));
    ck_assert_int_eq(result.exit_code, 2);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("tool timeline");
    TCase *tcase = tcase_create("timeline");
    tcase_set_timeout(tcase, 60);
    tcase_add_unchecked_fixture(tcase, make_folder, remove_folder);
    tcase_add_test(tcase, exits_are_slices_and_bells_flow_to_the_reader_of_the_port);
    tcase_add_test(tcase, slices_are_in_the_guests_time);
    tcase_add_test(tcase, a_timeline_of_virtual_time_repeats_byte_for_byte);
    tcase_add_test(tcase, an_access_to_a_control_register_has_its_register_and_value);
    tcase_add_test(tcase, a_guest_that_dies_leaves_a_whole_file);
    tcase_add_test(tcase, each_processor_has_a_thread);
    tcase_add_test(tcase, a_kernel_that_boots_has_a_timeline);
    tcase_add_test(tcase, a_file_that_cannot_be_written_is_told);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
