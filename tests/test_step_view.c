// SPDX-License-Identifier: MIT
//
// What `zirconia step` draws, from a model that the test makes up: screens as text, and the parts
// that make them. No guest runs.

#include "run_tests.h"

#include "cli/step/address.h"
#include "cli/step/descriptor.h"
#include "cli/step/keys.h"
#include "cli/step/screen.h"
#include "cli/step/view.h"

#include <check.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <zircon/errors.h>
#include <zircon/syscalls/hypervisor.h>

enum { CODE = 0x1000, STACK = 0x1800, MEMORY = 0x2000 };

// --- A model ---

static uint8_t memory[MEMORY]; // From address 0 on; nothing else is mapped.
static struct record record;
static struct options options;
static struct image image;
static struct symbol functions[] = {{CODE, 0, "first"}, {CODE + 8, 0, "second"}};
static struct symbols symbols = {functions, 2};
static struct model model;
static struct view view;
static struct grid grid;

static size_t read_memory(void *context, uint64_t address, void *bytes, size_t size) {
    (void)context;
    const size_t room = address < MEMORY ? (size_t)(MEMORY - address) : 0;
    const size_t count = size < room ? size : room;
    memcpy(bytes, memory + (count > 0 ? address : 0), count);
    return count;
}

static bool walk(void *context, uint64_t linear, zirconia_walk_t *out) {
    (void)context;
    *out = (zirconia_walk_t){
        .entry_count = 2,
        .entry_size = 8,
        .result = linear < MEMORY ? ZIRCONIA_WALK_MAPPED : ZIRCONIA_WALK_NOT_PRESENT,
        .rights = ZIRCONIA_WALK_WRITABLE,
        .physical = linear,
        .entries = {{0x4008, 0x5023, 1ull << 39}, {0x5000, 1ull << 63 | 0xe3, 1ull << 30}},
    };
    return true;
}

static bool find_physical(void *context, uint64_t address, zirconia_physical_t *out) {
    (void)context;
    *out = (zirconia_physical_t){
        .kind = ZIRCONIA_PHYSICAL_MAPPED,
        .permissions = 5,
        .vmo_koid = 1034,
        .vmo_offset = address,
        .nested_entry = 0x77000065,
        .nested_size = 0x1000,
    };
    return true;
}

// first: nop; mov eax, 1; int3; ud2. second: ret
static const uint8_t code[] = {0x90, 0xb8, 1, 0, 0, 0, 0xcc, 0x90, 0xc3};

static void set_up(void) {
    memset(memory, 0, sizeof memory);
    memcpy(memory + CODE, code, sizeof code);
    memset(&record, 0, sizeof record);
    options = (struct options){.image = "folder/guest.elf"};
    image = (struct image){.segments = {{.address = CODE, .size = 0x100}}, .segment_count = 1};
    model = (struct model){
        .source = {NULL, read_memory, read_memory, walk, find_physical},
        .options = &options,
        .image = &image,
        .symbols = &symbols,
        .record = &record,
        .interrupts = {.next = ZIRCONIA_INTERRUPTS_NONE, .timer_left = INT64_MAX},
        .work = 42,
    };
    model.now.rip = CODE + 1;
    model.now.general[MODEL_RSP] = STACK;
    model.now.efer = 0x500;
    model.now.cr0 = 0x80000001;
    model.now.rflags = 0x242;
    model.now.segments[MODEL_CS].attributes = 0x209b00;
    model.before = model.now;
    view = (struct view){.rows = 24, .columns = 80};
}

// --- Screens ---

static char text[GRID_MAX_ROWS * (GRID_MAX_COLUMNS + 1)];

static void draw(void) {
    const struct box whole = {0, 0, view.rows, view.columns};
    FILE *file = tmpfile();
    ck_assert_ptr_nonnull(file);
    view_draw(&view, &model, &grid);
    grid_print(&grid, &whole, file);
    rewind(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    ck_assert_int_eq(fclose(file), 0);
}

// The screen's rows from one on begin so.
static void expect_rows(unsigned row, const char *rows) {
    const char *at = text;
    while (row-- > 0) {
        at = strchr(at, '\n');
        ck_assert_ptr_nonnull(at);
        at++;
    }
    ck_assert_msg(strncmp(at, rows, strlen(rows)) == 0, "not\n%s\nbut\n%s", rows, at);
}

static void show(enum pane pane, const char *rows) {
    view.sight.pane = pane;
    draw();
    expect_rows(13, rows);
}

START_TEST(a_screen_has_code_and_registers) {
    draw();
    expect_rows(0,
                " zirconia step  guest.elf               64-bit ring 0  work 42  exits 0  ? help\n"
                "  first:                               rax 0000000000000000 r8  0000000000000000\n"
                "    1000  nop                          rcx 0000000000000000 r9  0000000000000000\n"
                ">   1001  mov eax, 1                   rdx 0000000000000000 r10 0000000000000000\n"
                "    1006  int3                         rbx 0000000000000000 r11 0000000000000000\n"
                "    1007  nop                          rsp 0000000000001800 r12 0000000000000000\n"
                "  second:                              rbp 0000000000000000 r13 0000000000000000\n"
                "    1008  ret                          rsi 0000000000000000 r14 0000000000000000\n"
                "    1009  add byte [rax], al           rdi 0000000000000000 r15 0000000000000000\n"
                "    100b  add byte [rax], al           rip 0000000000001001 rfl odItsZapc 242\n"
                "    100d  add byte [rax], al           cr3 0000000000000000 cr2 0000000000000000\n"
                "    100f  add byte [rax], al           es 0   cs 0   ss 0   ds 0   fs 0   gs 0\n"
                "[1 exit]2 memory 3 stack 4 walk 5 gdt 6 idt 7 events 8 ports 9 serial 0 log\n"
                " The guest has made no exit yet.\n");
}
END_TEST

static enum look look_at(unsigned row, unsigned column) {
    return (enum look)grid.cells[row][column].look;
}

START_TEST(what_has_changed_is_lit) {
    model.before.general[0] = 5;
    model.before.rflags = 0x202; // ZF was clear.
    draw();
    expect_rows(1, "  first:                               rax*0000000000000000 r8  ");
    ck_assert_int_eq(look_at(1, 43), LOOK_CHANGED);
    ck_assert_int_eq(look_at(2, 43), LOOK_PLAIN);
    ck_assert_int_eq(grid.cells[9][69].byte, 'Z');
    ck_assert_int_eq(look_at(9, 69), LOOK_CHANGED);
    ck_assert_int_eq(look_at(9, 66), LOOK_STRONG); // IF, which was set before.
    ck_assert_int_eq(look_at(3, 20), LOOK_BAR);    // The current line.
    ck_assert_int_eq(look_at(4, 20), LOOK_PLAIN);
}
END_TEST

START_TEST(breakpoints_and_other_code_are_shown) {
    const struct layout layout = view_layout(&view);
    uint64_t linear = 0;
    model.breakpoints[model.breakpoint_count++] = CODE + 6;
    draw();
    expect_rows(4, " *  1006  int3");
    ck_assert(pane_code_address(&model, &view.sight, &layout.code, 3, &linear));
    ck_assert_uint_eq(linear, CODE + 6);
    view.sight.has_code = true;
    view.sight.code = CODE + 8;
    draw();
    expect_rows(1, "  second:");
    expect_rows(2, "    1008  ret");
    view.sight.code = MEMORY;
    draw();
    expect_rows(1, "    2000  (not mapped)");
    view.sight.code = MEMORY - 1;
    memory[MEMORY - 1] = 0xe8;
    draw();
    expect_rows(1, "    1fff  (none) 0xe8");
}
END_TEST

// A call's bytes: the code before an address is guessed without names.
START_TEST(code_before_an_address_is_found) {
    symbols.count = 0;
    model.now.rip = CODE + 6;
    draw();
    expect_rows(1, "    1000  nop                        ");
    expect_rows(2, "    1001  mov eax, 1                 ");
    expect_rows(3, ">   1006  int3");
    symbols.count = 2;
}
END_TEST

START_TEST(memory_stack_and_output_are_shown) {
    memcpy(memory + STACK, "\x01\x10\0\0\0\0\0\0", 8);
    memcpy(memory + 0x40, "text\x7f", 5);
    view.sight.memory = 0x40;
    show(PANE_MEMORY,
         "0000000000000040  7465 7874 7f00 0000 0000 0000 0000 0000   text............\n");
    view.sight.memory = MEMORY - 4;
    show(PANE_MEMORY, "0000000000001ffc  0000 0000                                 ....\n"
                      "000000000000200c  not mapped\n");
    view.sight.scroll[PANE_MEMORY] = -1;
    show(PANE_MEMORY, "0000000000001fec  0000");
    show(PANE_STACK, ">0000000000001800   +0  0000000000001001  first+0x1\n"
                     " 0000000000001808   +8  0000000000000000\n");
    show(PANE_SERIAL, " There is no serial port: see --serial.\n");
    record_output(&record, "one\ntwo\r\nthr\033e", 14);
    show(PANE_SERIAL, "one\ntwo\nthr?e\n");
}
END_TEST

START_TEST(a_walk_and_its_end_are_shown) {
    show(PANE_WALK, " linear 0000000000001001, of the next instruction\n"
                    " PML4E    0 at       4008: 0000000000005023  512 GiB  P W A\n"
                    " PDPTE    0 at       5000: 80000000000000e3    1 GiB  P W A D PS NX\n"
                    " guest-physical 1001, writable, supervisor\n"
                    " VMO 1034, offset 1001, mapped r-x\n"
                    " nested entry 0000000077000065, 4 KiB, read-only until it is written\n");
    view.sight.has_walk = true;
    view.sight.walk = 0x8040000000;
    draw();
    expect_rows(13, " linear 0000008040000000\n PML4E    1 at");
    expect_rows(16, " not present: an access is a page fault\n");
}
END_TEST

static void write_u64(uint64_t at, uint64_t value) {
    memcpy(memory + at, &value, sizeof value);
}

START_TEST(descriptors_are_decoded) {
    model.now.gdtr = (zirconia_segment_t){.base = 0x100, .limit = 0x27};
    model.now.segments[MODEL_CS].selector = 0x8;
    model.now.tr.selector = 0x18;
    write_u64(0x108, 0x00209b0000000000);
    write_u64(0x110, 0x00cff3000000ffff);
    write_u64(0x118, 0x12008b3456780067); // A TSS of 16 bytes.
    write_u64(0x120, 0xffff8000);
    show(PANE_GDT,
         " GDTR: base 0000000000000100, limit 0027\n"
         " 0000 0000000000000000 null\n"
         " 0008 00209b0000000000 code 64-bit readable, DPL 0, base 0, limit 0          cs\n"
         " 0010 00cff3000000ffff data 32-bit writable, DPL 3, base 0, limit ffffffff\n"
         " 0018 12008b3456780067 TSS busy, DPL 0, base ffff800012345678, limit 67      tr\n\n");
    model.now.idtr = (zirconia_segment_t){.base = 0x200, .limit = 0xff};
    write_u64(0x200 + 14 * 16, 0x00008e0300081000);
    write_u64(0x200 + 3 * 16, 0x0000ef0000081008);
    show(PANE_IDT, " IDTR: base 0000000000000200, limit 00ff. Gates that are present:\n"
                   "   3 03  0008:0000000000001008 trap, DPL 3                  second\n"
                   "  14 0e  0008:0000000000001000 interrupt, DPL 0       IST 3 first\n\n");
    view.sight.scroll[PANE_IDT] = 1;
    draw();
    expect_rows(14, "  14 0e  0008:");
    model.now.idtr.base = MEMORY;
    view.sight.scroll[PANE_IDT] = 0;
    draw();
    expect_rows(14, " not mapped\n");
}
END_TEST

START_TEST(old_descriptors_are_decoded_too) {
    struct text line = {0};
    descriptor_text(0x00cf9a000000ffff, 0, false, &line);
    descriptor_text(0x0000820012340067, 0, false, &line);
    descriptor_text(0x0040960000000000, 0, false, &line);
    descriptor_text(0x00009e0000000000, 0, false, &line);
    line.bytes[line.length] = '\0';
    ck_assert_str_eq(line.bytes, "code 32-bit readable, DPL 0, base 0, limit ffffffff"
                                 "LDT, DPL 0, base 1234, limit 67"
                                 "data 32-bit writable expand-down, DPL 0, base 0, limit 0"
                                 "code 16-bit readable conforming, DPL 0, base 0, limit 0");
    ck_assert_uint_eq(descriptor_size(0x0000820012340067, false), 8);
    ck_assert_uint_eq(descriptor_size(0x0000820012340067, true), 16);
    const struct gate gate = gate_read(0x00018f0000100002, UINT64_MAX, false);
    ck_assert(gate.present);
    ck_assert_uint_eq(gate.offset, 0x10002);
    ck_assert_uint_eq(gate.selector, 0x10);
    ck_assert_str_eq(gate_type_name(gate.type), "trap");
}
END_TEST

START_TEST(what_waits_is_shown) {
    model.interrupts = (zirconia_interrupts_t){
        .pending = {1ull << 33, 0, 0, 1ull << 63},
        .next = 255,
        .lvt_timer = 0x20040,
        .initial_count = 10,
        .divide = 3,
        .timer_left = 1500,
    };
    show(PANE_EVENTS, " pending: 33 255 (next)\n"
                      " window:  closed, IF is 0: its opening will be an exit, interrupt_window\n"
                      " NMI:     would be delivered at once\n\n"
                      " timer: periodic, vector 64, initial count 10, divide configuration 3\n"
                      "        it fires in 1500 ns of the guest's time\n");
    model.interrupts.flags = ZIRCONIA_INTERRUPTS_SHADOW | ZIRCONIA_INTERRUPTS_NMI_BLOCKED;
    draw();
    expect_rows(14, " window:  closed for one instruction more, behind STI or MOV SS\n"
                    " NMI:     blocked up to the next IRET\n");
    model.interrupts.flags = ZIRCONIA_INTERRUPTS_OPEN;
    draw();
    expect_rows(14, " window:  open: it is delivered before the next instruction\n");
}
END_TEST

static zirconia_exit_t exit_of_output(void) {
    return (zirconia_exit_t){
        .kind = ZIRCONIA_EXIT_IO_INSTRUCTION,
        .mode = ZIRCONIA_CODE_64,
        .rip = CODE + 8,
        .qualification = {0x3f8, 1, 0},
        .instruction_size = 1,
        .instruction = {0xee},
    };
}

START_TEST(packets_have_names_for_their_bytes) {
    const zirconia_exit_t exit = exit_of_output();
    zx_port_packet_t packet = {.key = 2, .type = ZX_PKT_TYPE_GUEST_IO};
    packet.guest_io.port = 0x3f8;
    packet.guest_io.access_size = 1;
    packet.guest_io.data[0] = 'H';
    options.has_serial = true;
    options.serial_port = 0x3f8;
    options.traps[0] =
        (struct trap_option){.kind = ZX_GUEST_TRAP_BELL, .address = 0xe0000000, .size = 0x1000};
    options.trap_count = 1;
    record_exit(&record, &exit);
    record_packet(&record, &packet);
    show(PANE_EXIT, " #1 io_instruction 'out dx, al' port=0x3f8 access_size=1 input=false\n"
                    " at 1008 second: zx_vcpu_enter() has returned this packet:\n"
                    "  0  key                   02 00 00 00 00 00 00 00   0x2\n"
                    "  8  type                  05 00 00 00               0x5 GUEST_IO\n"
                    " 12  status                00 00 00 00               0x0\n"
                    " 16  port                  f8 03                     0x3f8\n"
                    " 18  access_size           01                        0x1\n"
                    " 19  input                 00                        0x0\n"
                    " 20  data                  48 00 00 00               0x48\n");
    show(PANE_PORTS,
         " IO         f4 to       f4  key 1   run call    0 packets\n"
         " IO        3f8 to      3ff  key 2   run call    1 packet    the last by exit #1\n"
         " BELL e0000000 to e0000fff  key 16  port        0 packets\n");
    view.sight.scroll[PANE_EXIT] = 2;
    view.sight.pane = PANE_EXIT;
    draw();
    expect_rows(15, " 12  status");
}
END_TEST

START_TEST(the_log_ends_with_what_came_last) {
    const zirconia_exit_t exit = exit_of_output();
    const zirconia_exit_t injected = {.kind = ZIRCONIA_EXIT_INTERRUPT_INJECTED,
                                      .qualification = {32}};
    for (unsigned i = 0; i < RECORD_EVENTS + 5; i++) {
        record_exit(&record, &exit);
    }
    record_exit(&record, &injected);
    view.sight.pane = PANE_LOG;
    draw();
    expect_rows(21, " #261 io_instruction 'out dx, al'");
    expect_rows(22, " interrupt_injected vector=32\n");
    record_error(&record, ZX_ERR_NOT_FOUND);
    draw();
    expect_rows(22, " interrupt_injected -> ZX_ERR_NOT_FOUND vector=32\n");
    view.sight.scroll[PANE_LOG] = -1000;
    draw();
    ck_assert_uint_eq(record_last_exit(&record)->number, RECORD_EVENTS + 5);
}
END_TEST

START_TEST(a_high_screen_has_more) {
    view.rows = 50;
    view.columns = 120;
    draw();
    const struct layout layout = view_layout(&view);
    ck_assert_uint_eq(layout.pane_count, 2);
    ck_assert_ptr_nonnull(strstr(text, "\n memory\n"));
    ck_assert_ptr_nonnull(strstr(text, "gdt 0000000000000000 idt "));
    ck_assert_ptr_nonnull(strstr(text, ">   1001 b801000000        mov eax, 1"));
    ck_assert_uint_eq(layout.panes[1].row + layout.panes[1].rows, 49);
}
END_TEST

// Whatever the size, nothing is written outside of its place.
START_TEST(every_size_is_drawn) {
    for (view.rows = 1; view.rows <= 40; view.rows += 3) {
        for (view.columns = 1; view.columns < 130; view.columns += 9) {
            for (unsigned pane = 0; pane < PANE_COUNT; pane++) {
                view.sight.pane = (enum pane)pane;
                view.help = pane == 0 && view.columns % 2 == 0;
                draw();
                ck_assert_uint_eq(grid.rows, view.rows);
                ck_assert_uint_eq(grid.columns, view.columns);
            }
        }
    }
}
END_TEST

// In a column more there would be more of what does not fit.
START_TEST(all_keys_fit_on_a_small_screen) {
    static char small[sizeof text];
    view.help = true;
    draw();
    memcpy(small, text, sizeof small);
    view.columns++;
    draw();
    ck_assert_str_eq(small, text);
    ck_assert_ptr_nonnull(strstr(small, "\n q  quit "));
    ck_assert_ptr_nonnull(strstr(small, "\n :             any command"));
}
END_TEST

START_TEST(names_of_panes_are_found) {
    ck_assert_int_eq(view_pane_named_at(&view, 0), PANE_EXIT);
    ck_assert_int_eq(view_pane_named_at(&view, 9), PANE_MEMORY);
    ck_assert_int_eq(view_pane_named_at(&view, 73), PANE_LOG);
    ck_assert_int_eq(view_pane_named_at(&view, 79), PANE_COUNT);
    ck_assert_str_eq(pane_register_name(0, 0), "rax");
    ck_assert_str_eq(pane_register_name(7, 30), "r15");
    ck_assert_str_eq(pane_register_name(8, 3), "rip");
    ck_assert_ptr_null(pane_register_name(10, 3));
}
END_TEST

START_TEST(the_prompt_is_shown) {
    snprintf(view.message, sizeof view.message, "a message");
    draw();
    expect_rows(23, "a message\n");
    view.prompting = true;
    snprintf(view.typed, sizeof view.typed, "until fi");
    draw();
    expect_rows(23, ":until fi_\n");
}
END_TEST

// --- Addresses, keys and the terminal ---

START_TEST(addresses_are_read) {
    uint64_t address = 0;
    ck_assert(address_parse(&model, "second", &address));
    ck_assert_uint_eq(address, CODE + 8);
    ck_assert(address_parse(&model, "rsp+0x10-8", &address));
    ck_assert_uint_eq(address, STACK + 8);
    ck_assert(address_parse(&model, "rip", &address));
    ck_assert_uint_eq(address, CODE + 1);
    static const char *const wrong[] = {"", "secon", "rsp+", "+1", "0x", "1 2", "rspx"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        ck_assert_msg(!address_parse(&model, wrong[i], &address), "'%s'", wrong[i]);
    }
}
END_TEST

// Reads bytes, and writes each key as its kind in a letter, with what it carries.
static const char *keys_of(const char *bytes) {
    static const char letters[] = "bEudrlHePNcUDs";
    static char out[256];
    struct key_reader reader = {0};
    struct key keys[2];
    size_t length = 0;
    for (const char *at = bytes; *at != '\0'; at++) {
        const unsigned count = keys_read(&reader, (uint8_t)*at, keys);
        for (unsigned i = 0; i < count; i++) {
            const struct key *key = &keys[i];
            length += (size_t)snprintf(out + length, sizeof out - length, "%c%c%u,%u ",
                                       letters[key->kind], key->byte ? key->byte : '.', key->row,
                                       key->column);
        }
    }
    length += (size_t)snprintf(out + length, sizeof out - length, "%s",
                               keys_pause(&reader, keys) ? "E" : "");
    out[length] = '\0';
    return out;
}

START_TEST(keys_are_read) {
    ck_assert_str_eq(keys_of("s\x1b[A\x1b[D\x1bOB"), "bs0,0 u.0,0 l.0,0 d.0,0 ");
    ck_assert_str_eq(keys_of("\x1b[5~\x1b[6~\x1b[1~\x1b[F"), "P.0,0 N.0,0 H.0,0 e.0,0 ");
    ck_assert_str_eq(keys_of("\x1b[<0;3;13M\x1b[<0;3;13m\x1b[<64;1;1M\x1b[<65;1;2M"),
                     "c.12,2 U.0,0 D.1,0 ");
    ck_assert_str_eq(keys_of("\x1b[8;30;100t"), "s.30,100 ");
    ck_assert_str_eq(keys_of("\x1b"), "E");
    ck_assert_str_eq(keys_of("\x1b"
                             "b"),
                     "E.0,0 bb0,0 ");
    ck_assert_str_eq(keys_of("\x1b[200~\x1b[?1;2c\x1b[;;;;;;9X\x1b[99999999999999~q"), "bq0,0 ");
    ck_assert_str_eq(keys_of("\x1b[<0;0;0M\x1b[<2;1;1M\x1b[8;1t"), "");
}
END_TEST

static size_t drawn(struct screen *screen, char *out, size_t size) {
    FILE *file = tmpfile();
    ck_assert_ptr_nonnull(file);
    screen_draw(screen, &grid, file);
    rewind(file);
    const size_t length = fread(out, 1, size - 1, file);
    out[length] = '\0';
    ck_assert_int_eq(fclose(file), 0);
    return length;
}

START_TEST(only_what_differs_is_sent) {
    static struct screen screen;
    static char out[0x10000];
    const struct box whole = {0, 0, 24, 80};
    grid_open(&grid, 24, 80);
    ck_assert_uint_gt(drawn(&screen, out, sizeof out), 24 * 80);
    ck_assert_uint_eq(drawn(&screen, out, sizeof out), 0);
    grid_put(&grid, &whole, 2, 5, LOOK_CHANGED, "ab");
    drawn(&screen, out, sizeof out);
    ck_assert_str_eq(out, "\033[3;6H\033[0;1;33mab");
    grid_mark(&grid, &whole, 2, LOOK_BAR);
    drawn(&screen, out, sizeof out);
    ck_assert_int_eq(strncmp(out, "\033[3;1H\033[0;7m     ab ", 19), 0);
    grid_open(&grid, 25, 80);
    drawn(&screen, out, sizeof out);
    ck_assert_ptr_nonnull(strstr(out, "\033[2J"));
}
END_TEST

static Suite *make_suite(void) {
    const TTest *const tests[] = {
        a_screen_has_code_and_registers,
        what_has_changed_is_lit,
        breakpoints_and_other_code_are_shown,
        code_before_an_address_is_found,
        memory_stack_and_output_are_shown,
        a_walk_and_its_end_are_shown,
        descriptors_are_decoded,
        old_descriptors_are_decoded_too,
        what_waits_is_shown,
        packets_have_names_for_their_bytes,
        the_log_ends_with_what_came_last,
        a_high_screen_has_more,
        every_size_is_drawn,
        all_keys_fit_on_a_small_screen,
        names_of_panes_are_found,
        the_prompt_is_shown,
        addresses_are_read,
        keys_are_read,
        only_what_differs_is_sent,
    };
    Suite *suite = suite_create("step view");
    TCase *tcase = tcase_create("view");
    tcase_add_checked_fixture(tcase, set_up, NULL);
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++) {
        tcase_add_test(tcase, tests[i]);
    }
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void) {
    return run_suite(make_suite());
}
