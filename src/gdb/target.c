// SPDX-License-Identifier: MIT
//
// Tables of registers, from which the description and both directions follow. gdb takes the program
// counter for a linear address, so it is told that of the instruction, with the base of CS; `ip` is
// what the processor has.

#include "gdb/target.h"

#include <stdio.h>
#include <string.h>

// Where a value is among zirconia_registers_t, where not: one that this processor does not tell.
#define NOWHERE SIZE_MAX
#define AT(member) offsetof(zirconia_registers_t, member)

enum {
    MODE_CODE = 1, // A register that code of less than 64 bits has less of.
    TAGS = 2,      // The x87 tags, which are kept as FXSAVE has them.
    WIDE = 4,      // It exists in 64-bit code only.
    COUNTER = 8,   // The program counter.
};

struct register_entry {
    const char *name;
    const char *type;
    uint16_t bits; // In gdb.
    uint8_t size;  // In the structure, bytes.
    uint8_t flags;
    size_t offset;
};

#define GENERAL(name, index, flags)                                                                \
    { name, "int64", 64, 8, flags, AT(general[index]) }
#define SELECTOR(name, index)                                                                      \
    { name, "int32", 32, 2, 0, AT(segments[index].selector) }
#define SYSTEM(name, member)                                                                       \
    { name, "int64", 64, 8, 0, AT(member) }
#define MEDIA(name, index)                                                                         \
    { name, "vec128", 128, 16, 0, AT(xmm[index]) }
#define STACK(name, index)                                                                         \
    { name, "i387_ext", 80, 10, 0, AT(x87[index]) }
#define CONTROL(name, size, flags, offset)                                                         \
    { name, "int", 32, size, flags, offset }

#define GENERAL_32(name, type, index)                                                              \
    { name, type, 32, 4, 0, AT(general[index]) }

// In gdb's own order.
#define FLAGS_AND_SELECTORS                                                                        \
    {"eflags", "flags", 32, 4, 0, AT(rflags)}, SELECTOR("cs", 1), SELECTOR("ss", 2),               \
        SELECTOR("ds", 3), SELECTOR("es", 0), SELECTOR("fs", 4), SELECTOR("gs", 5)
#define X87_REGISTERS                                                                              \
    STACK("st0", 0), STACK("st1", 1), STACK("st2", 2), STACK("st3", 3), STACK("st4", 4),           \
        STACK("st5", 5), STACK("st6", 6), STACK("st7", 7), CONTROL("fctrl", 2, 0, AT(fcw)),        \
        CONTROL("fstat", 2, 0, AT(fsw)), CONTROL("ftag", 2, TAGS, AT(ftw)),                        \
        CONTROL("fiseg", 0, 0, NOWHERE), CONTROL("fioff", 0, 0, NOWHERE),                          \
        CONTROL("foseg", 0, 0, NOWHERE), CONTROL("fooff", 0, 0, NOWHERE),                          \
        CONTROL("fop", 0, 0, NOWHERE)

static const struct register_entry core_32[] = {
    GENERAL_32("eax", "int", 0),
    GENERAL_32("ecx", "int", 1),
    GENERAL_32("edx", "int", 2),
    GENERAL_32("ebx", "int", 3),
    GENERAL_32("esp", "data_ptr", 4),
    GENERAL_32("ebp", "data_ptr", 5),
    GENERAL_32("esi", "int", 6),
    GENERAL_32("edi", "int", 7),
    {"eip", "code_ptr", 32, 4, COUNTER, AT(rip)},
    FLAGS_AND_SELECTORS,
    X87_REGISTERS,
};

static const struct register_entry core[] = {
    GENERAL("rax", 0, MODE_CODE),
    GENERAL("rbx", 3, MODE_CODE),
    GENERAL("rcx", 1, MODE_CODE),
    GENERAL("rdx", 2, MODE_CODE),
    GENERAL("rsi", 6, MODE_CODE),
    GENERAL("rdi", 7, MODE_CODE),
    {"rbp", "data_ptr", 64, 8, MODE_CODE, AT(general[5])},
    {"rsp", "data_ptr", 64, 8, MODE_CODE, AT(general[4])},
    GENERAL("r8", 8, WIDE),
    GENERAL("r9", 9, WIDE),
    GENERAL("r10", 10, WIDE),
    GENERAL("r11", 11, WIDE),
    GENERAL("r12", 12, WIDE),
    GENERAL("r13", 13, WIDE),
    GENERAL("r14", 14, WIDE),
    GENERAL("r15", 15, WIDE),
    {"rip", "code_ptr", 64, 8, MODE_CODE | COUNTER, AT(rip)},
    FLAGS_AND_SELECTORS,
    X87_REGISTERS,
};

#define LOW_MEDIA                                                                                  \
    MEDIA("xmm0", 0), MEDIA("xmm1", 1), MEDIA("xmm2", 2), MEDIA("xmm3", 3), MEDIA("xmm4", 4),      \
        MEDIA("xmm5", 5), MEDIA("xmm6", 6), MEDIA("xmm7", 7)

static const struct register_entry media_32[] = {
    LOW_MEDIA,
    CONTROL("mxcsr", 4, 0, AT(mxcsr)),
};

static const struct register_entry media[] = {
    LOW_MEDIA,          MEDIA("xmm8", 8),
    MEDIA("xmm9", 9),   MEDIA("xmm10", 10),
    MEDIA("xmm11", 11), MEDIA("xmm12", 12),
    MEDIA("xmm13", 13), MEDIA("xmm14", 14),
    MEDIA("xmm15", 15), CONTROL("mxcsr", 4, 0, AT(mxcsr)),
};

static const struct register_entry bases[] = {
    SYSTEM("fs_base", segments[4].base),
    SYSTEM("gs_base", segments[5].base),
};

static const struct register_entry others[] = {
    SYSTEM("k_gs_base", kernel_gs_base),
    SYSTEM("cr0", cr0),
    SYSTEM("cr2", cr2),
    SYSTEM("cr3", cr3),
    SYSTEM("cr4", cr4),
    SYSTEM("xcr0", xcr0),
    SYSTEM("efer", efer),
    SYSTEM("star", star),
    SYSTEM("lstar", lstar),
    SYSTEM("fmask", fmask),
    SYSTEM("sysenter_cs", sysenter_cs),
    SYSTEM("sysenter_esp", sysenter_esp),
    SYSTEM("sysenter_eip", sysenter_eip),
    SYSTEM("pat", pat),
    SYSTEM("tsc_aux", tsc_aux),
    SYSTEM("dr0", dr[0]),
    SYSTEM("dr1", dr[1]),
    SYSTEM("dr2", dr[2]),
    SYSTEM("dr3", dr[3]),
    SYSTEM("dr6", dr6),
    SYSTEM("dr7", dr7),
    SYSTEM("gdt_base", gdtr.base),
    {"gdt_limit", "int32", 32, 4, 0, AT(gdtr.limit)},
    SYSTEM("idt_base", idtr.base),
    {"idt_limit", "int32", 32, 4, 0, AT(idtr.limit)},
    {"tr", "int32", 32, 2, 0, AT(tr.selector)},
    SYSTEM("tr_base", tr.base),
    {"ldtr", "int32", 32, 2, 0, AT(ldtr.selector)},
    SYSTEM("ldtr_base", ldtr.base),
    SYSTEM("cs_base", segments[1].base),
    SYSTEM("ss_base", segments[2].base),
    SYSTEM("ds_base", segments[3].base),
    SYSTEM("es_base", segments[0].base),
    {"ip", "int64", 64, 8, MODE_CODE, AT(rip)},
};

#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

static const char core_types[] =
    "<flags id=\"flags\" size=\"4\">"
    "<field name=\"CF\" start=\"0\" end=\"0\"/><field name=\"PF\" start=\"2\" end=\"2\"/>"
    "<field name=\"AF\" start=\"4\" end=\"4\"/><field name=\"ZF\" start=\"6\" end=\"6\"/>"
    "<field name=\"SF\" start=\"7\" end=\"7\"/><field name=\"TF\" start=\"8\" end=\"8\"/>"
    "<field name=\"IF\" start=\"9\" end=\"9\"/><field name=\"DF\" start=\"10\" end=\"10\"/>"
    "<field name=\"OF\" start=\"11\" end=\"11\"/><field name=\"NT\" start=\"14\" end=\"14\"/>"
    "<field name=\"RF\" start=\"16\" end=\"16\"/><field name=\"VM\" start=\"17\" end=\"17\"/>"
    "<field name=\"AC\" start=\"18\" end=\"18\"/><field name=\"ID\" start=\"21\" end=\"21\"/>"
    "</flags>";

static const char media_types[] =
    "<vector id=\"v4f\" type=\"ieee_single\" count=\"4\"/>"
    "<vector id=\"v2d\" type=\"ieee_double\" count=\"2\"/>"
    "<vector id=\"v16i8\" type=\"int8\" count=\"16\"/>"
    "<vector id=\"v8i16\" type=\"int16\" count=\"8\"/>"
    "<vector id=\"v4i32\" type=\"int32\" count=\"4\"/>"
    "<vector id=\"v2i64\" type=\"int64\" count=\"2\"/>"
    "<union id=\"vec128\"><field name=\"v4_float\" type=\"v4f\"/>"
    "<field name=\"v2_double\" type=\"v2d\"/><field name=\"v16_int8\" type=\"v16i8\"/>"
    "<field name=\"v8_int16\" type=\"v8i16\"/><field name=\"v4_int32\" type=\"v4i32\"/>"
    "<field name=\"v2_int64\" type=\"v2i64\"/><field name=\"uint128\" type=\"uint128\"/></union>";

struct feature {
    const char *name;
    const char *types;
    const struct register_entry *entries;
    size_t count;
};

// The features that gdb knows by name, and one of this project.
enum { FEATURES = 4 };
static const struct feature features_64[FEATURES] = {
    {"org.gnu.gdb.i386.core", core_types, core, COUNT_OF(core)},
    {"org.gnu.gdb.i386.sse", media_types, media, COUNT_OF(media)},
    {"org.gnu.gdb.i386.segments", "", bases, COUNT_OF(bases)},
    {"zirconia.system", "", others, COUNT_OF(others)},
};
static const struct feature features_32[FEATURES] = {
    {"org.gnu.gdb.i386.core", core_types, core_32, COUNT_OF(core_32)},
    {"org.gnu.gdb.i386.sse", media_types, media_32, COUNT_OF(media_32)},
    {"zirconia.bases", "", bases, COUNT_OF(bases)},
    {"zirconia.system", "", others, COUNT_OF(others)},
};

static const struct feature *features_of(enum target_mode mode) {
    return mode == TARGET_64 ? features_64 : features_32;
}

// NULL when there is none of this number.
static const struct register_entry *find(enum target_mode mode, uint64_t number) {
    const struct feature *features = features_of(mode);
    for (size_t i = 0; i < FEATURES; i++) {
        if (number < features[i].count) {
            return &features[i].entries[number];
        }
        number -= features[i].count;
    }
    return NULL;
}

// --- Values ---

static bool is_64_bit(const zirconia_registers_t *registers) {
    const bool active = (registers->efer & 0x400) != 0;                     // LMA
    return active && (registers->segments[1].attributes & (1u << 21)) != 0; // L
}

enum target_mode target_mode_of(const zirconia_registers_t *registers) {
    const bool wide = (registers->segments[1].attributes & (1u << 22)) != 0; // D
    return is_64_bit(registers) ? TARGET_64 : wide ? TARGET_32 : TARGET_16;
}

static uint32_t code_base(const zirconia_registers_t *registers) {
    return is_64_bit(registers) ? 0 : (uint32_t)registers->segments[1].base;
}

// gdb's tags have two bits for each register of the file: 3 for an empty one.
static uint16_t wide_tags(uint16_t tags) {
    unsigned wide = 0;
    for (unsigned i = 0; i < 8; i++) {
        wide |= (tags >> i & 1) != 0 ? 0 : 3u << (2 * i);
    }
    return (uint16_t)wide;
}

static uint16_t narrow_tags(uint16_t wide) {
    unsigned tags = 0;
    for (unsigned i = 0; i < 8; i++) {
        tags |= (wide >> (2 * i) & 3) != 3 ? 1u << i : 0;
    }
    return (uint16_t)tags;
}

static void put(const zirconia_registers_t *registers, const struct register_entry *entry,
                struct packet *packet) {
    uint8_t value[16] = {0};
    if (entry->offset != NOWHERE) {
        memcpy(value, (const uint8_t *)registers + entry->offset, entry->size);
    }
    if ((entry->flags & TAGS) != 0) {
        const uint16_t tags = wide_tags(registers->ftw);
        memcpy(value, &tags, sizeof tags);
    }
    if ((entry->flags & COUNTER) != 0 && !is_64_bit(registers)) {
        const uint32_t linear = (uint32_t)registers->rip + code_base(registers);
        memcpy(value, &linear, sizeof linear);
    }
    const bool less = !is_64_bit(registers);
    if (less && (entry->flags & MODE_CODE) != 0) {
        memset(value + 4, 0, 4);
    } else if (less && (entry->flags & WIDE) != 0) {
        memset(value, 0, 8);
    }
    packet_put_hex(packet, value, entry->bits / 8);
}

static bool take(const char **text, const struct register_entry *entry,
                 zirconia_registers_t *registers) {
    uint8_t value[16] = {0};
    if (!take_hex(text, value, entry->bits / 8)) {
        return false;
    }
    const bool less = !is_64_bit(registers) && (entry->flags & WIDE) != 0;
    if ((entry->flags & TAGS) != 0) {
        registers->ftw = narrow_tags((uint16_t)(value[0] | value[1] << 8));
    } else if ((entry->flags & COUNTER) != 0 && !is_64_bit(registers)) {
        uint32_t linear;
        memcpy(&linear, value, sizeof linear);
        registers->rip = linear - code_base(registers);
    } else if (entry->offset != NOWHERE && !less) {
        memcpy((uint8_t *)registers + entry->offset, value, entry->size);
    }
    return true;
}

void target_put_all(enum target_mode mode, const zirconia_registers_t *registers,
                    struct packet *packet) {
    const struct register_entry *entry;
    for (uint64_t i = 0; (entry = find(mode, i)) != NULL; i++) {
        put(registers, entry, packet);
    }
}

bool target_take_all(enum target_mode mode, const char *text, zirconia_registers_t *registers) {
    const struct register_entry *entry;
    for (uint64_t i = 0; (entry = find(mode, i)) != NULL; i++) {
        if (!take(&text, entry, registers)) {
            return false;
        }
    }
    return true;
}

bool target_put(enum target_mode mode, const zirconia_registers_t *registers, uint64_t number,
                struct packet *packet) {
    const struct register_entry *entry = find(mode, number);
    if (entry != NULL) {
        put(registers, entry, packet);
    }
    return entry != NULL;
}

bool target_take(enum target_mode mode, const char *text, uint64_t number,
                 zirconia_registers_t *registers) {
    const struct register_entry *entry = find(mode, number);
    return entry != NULL && take(&text, entry, registers);
}

// --- The description ---

enum { DESCRIPTION_MOST = 0x3000 };

static size_t describe_feature(const struct feature *feature, uint64_t first, char *out,
                               size_t room) {
    size_t size =
        (size_t)snprintf(out, room, "<feature name=\"%s\">%s", feature->name, feature->types);
    for (size_t i = 0; i < feature->count && size < room; i++) {
        const struct register_entry *entry = &feature->entries[i];
        size += (size_t)snprintf(out + size, room - size,
                                 "<reg name=\"%s\" bitsize=\"%u\" type=\"%s\" regnum=\"%u\"/>",
                                 entry->name, entry->bits, entry->type, (unsigned)(first + i));
    }
    return size < room ? size + (size_t)snprintf(out + size, room - size, "</feature>") : room;
}

static size_t describe(enum target_mode mode, char *out, size_t room) {
    static const char *const names[] = {"i386:x86-64", "i386", "i8086"};
    const struct feature *features = features_of(mode);
    size_t size = (size_t)snprintf(out, room,
                                   "<?xml version=\"1.0\"?>"
                                   "<!DOCTYPE target SYSTEM \"gdb-target.dtd\">"
                                   "<target><architecture>%s</architecture>",
                                   names[mode]);
    uint64_t first = 0;
    for (size_t i = 0; i < FEATURES && size < room; i++) {
        size += describe_feature(&features[i], first, out + size, room - size);
        first += features[i].count;
    }
    return size < room ? size + (size_t)snprintf(out + size, room - size, "</target>") : room;
}

void target_describe(enum target_mode mode, uint64_t offset, uint64_t length,
                     struct packet *packet) {
    char text[DESCRIPTION_MOST];
    const size_t size = describe(mode, text, sizeof text);
    const size_t first = offset < size ? (size_t)offset : size;
    const size_t most = PACKET_MOST / 2;
    size_t count = length < size - first ? (size_t)length : size - first;
    count = count < most ? count : most;
    packet_put(packet, first + count < size ? "m" : "l");
    packet_put_binary(packet, text + first, count);
}
