// SPDX-License-Identifier: MIT
//
// Which fields there are, by kind of exit and by type of packet. The names are those of the ABI's
// structures and of Intel's manual.

#include "cli/fields.h"

#include <inttypes.h>

struct qualification {
    const char *name;
    enum field_format format;
};

static const struct qualification qualifications[ZIRCONIA_EXIT_KIND_COUNT][3] = {
    [ZIRCONIA_EXIT_CPUID] = {{"leaf", FIELD_HEXADECIMAL}, {"subleaf", FIELD_HEXADECIMAL}},
    [ZIRCONIA_EXIT_CONTROL_REGISTER_ACCESS] = {{"register", FIELD_DECIMAL},
                                               {"value", FIELD_HEXADECIMAL}},
    [ZIRCONIA_EXIT_IO_INSTRUCTION] = {{"port", FIELD_HEXADECIMAL},
                                      {"access_size", FIELD_DECIMAL},
                                      {"input", FIELD_BOOLEAN}},
    [ZIRCONIA_EXIT_RDMSR] = {{"msr", FIELD_HEXADECIMAL}},
    [ZIRCONIA_EXIT_WRMSR] = {{"msr", FIELD_HEXADECIMAL}, {"value", FIELD_HEXADECIMAL}},
    [ZIRCONIA_EXIT_EPT_VIOLATION] = {{"addr", FIELD_HEXADECIMAL}, {"access", FIELD_ACCESS}},
    [ZIRCONIA_EXIT_VMCALL] = {{"function", FIELD_DECIMAL}},
    [ZIRCONIA_EXIT_XSETBV] = {{"register", FIELD_DECIMAL}, {"value", FIELD_HEXADECIMAL}},
    [ZIRCONIA_EXIT_INTERRUPT_INJECTED] = {{"vector", FIELD_DECIMAL}},
    [ZIRCONIA_EXIT_DELIVERY_FAILED] = {{"vector", FIELD_EXCEPTION},
                                       {"error_code", FIELD_HEXADECIMAL},
                                       {"cr2", FIELD_HEXADECIMAL}},
    [ZIRCONIA_EXIT_EXCEPTION] = {{"vector", FIELD_EXCEPTION},
                                 {"error_code", FIELD_HEXADECIMAL},
                                 {"cr2", FIELD_HEXADECIMAL}},
};

bool is_exit_kind(zirconia_exit_kind_t kind) {
    return kind != ZIRCONIA_EXIT_INTERRUPT_INJECTED && kind != ZIRCONIA_EXIT_EXCEPTION &&
           kind != ZIRCONIA_EXIT_DELIVERY_FAILED;
}

static void add_field(struct fields *fields, const char *name, enum field_format format,
                      uint64_t value) {
    fields->list[fields->count++] = (struct field){name, format, value};
}

struct fields fields_of_exit(const zirconia_exit_t *exit) {
    struct fields fields = {.type = zirconia_exit_kind_name(exit->kind)};
    // A newer library may know more kinds.
    if ((unsigned)exit->kind >= ZIRCONIA_EXIT_KIND_COUNT)
        return fields;
    for (unsigned i = 0; i < 3; i++) {
        const struct qualification *qualification = &qualifications[exit->kind][i];
        if (qualification->name)
            add_field(&fields, qualification->name, qualification->format, exit->qualification[i]);
    }
    return fields;
}

static void add_io(struct fields *fields, const zx_packet_guest_io_t *io) {
    add_field(fields, "port", FIELD_HEXADECIMAL, io->port);
    add_field(fields, "access_size", FIELD_DECIMAL, io->access_size);
    add_field(fields, "input", FIELD_BOOLEAN, io->input);
    if (!io->input) {
        uint64_t data = io->data[0];
        for (unsigned i = 1; i < 4 && i < io->access_size; i++)
            data |= (uint64_t)io->data[i] << (8 * i);
        add_field(fields, "data", FIELD_HEXADECIMAL, data);
    }
}

static void add_mem(struct fields *fields, const zirconia_2022_packet_guest_mem_t *mem) {
    add_field(fields, "addr", FIELD_HEXADECIMAL, mem->addr);
    add_field(fields, "cr3", FIELD_HEXADECIMAL, mem->cr3);
    add_field(fields, "rip", FIELD_HEXADECIMAL, mem->rip);
    add_field(fields, "instruction_size", FIELD_DECIMAL, mem->instruction_size);
    add_field(fields, "default_operand_size", FIELD_DECIMAL, mem->default_operand_size);
}

static void add_vcpu(struct fields *fields, const zirconia_2022_packet_guest_vcpu_t *vcpu) {
    if (vcpu->type == ZX_PKT_GUEST_VCPU_INTERRUPT) {
        add_field(fields, "interrupt.mask", FIELD_HEXADECIMAL, vcpu->interrupt.mask);
        add_field(fields, "interrupt.vector", FIELD_DECIMAL, vcpu->interrupt.vector);
    } else {
        add_field(fields, "startup.id", FIELD_DECIMAL, vcpu->startup.id);
        add_field(fields, "startup.entry", FIELD_HEXADECIMAL, vcpu->startup.entry);
    }
}

struct fields fields_of_packet(const zx_port_packet_t *packet) {
    struct fields fields = {.type = "UNKNOWN"};
    add_field(&fields, "key", FIELD_DECIMAL, packet->key);
    switch (packet->type) {
    case ZX_PKT_TYPE_GUEST_BELL:
        fields.type = "GUEST_BELL";
        add_field(&fields, "addr", FIELD_HEXADECIMAL, packet->guest_bell.addr);
        break;
    case ZX_PKT_TYPE_GUEST_MEM:
        fields.type = "GUEST_MEM";
        add_mem(&fields, &packet->guest_mem_2022);
        break;
    case ZX_PKT_TYPE_GUEST_IO:
        fields.type = "GUEST_IO";
        add_io(&fields, &packet->guest_io);
        break;
    case ZX_PKT_TYPE_GUEST_VCPU:
        fields.type = "GUEST_VCPU";
        add_vcpu(&fields, &packet->guest_vcpu_2022);
        break;
    default:
        break;
    }
    return fields;
}

const char *field_value_name(const struct field *field) {
    // SDM volume 3A, table 6-1.
    static const char *const exceptions[] = {"#DE", "#DB", "NMI", "#BP", "#OF", "#BR", "#UD", "#NM",
                                             "#DF", NULL,  "#TS", "#NP", "#SS", "#GP", "#PF", NULL,
                                             "#MF", "#AC", "#MC", "#XM", "#VE", "#CP"};
    static const char *const accesses[] = {NULL, "read", "write", "read and write", "fetch"};
    if (field->format == FIELD_EXCEPTION && field->value < sizeof(exceptions) / sizeof(char *))
        return exceptions[field->value];
    if (field->format == FIELD_ACCESS && field->value < sizeof(accesses) / sizeof(char *))
        return accesses[field->value];
    return NULL;
}

void field_append_value(struct text *line, const struct field *field) {
    const char *name = field_value_name(field);
    if (name)
        text_append(line, "%s", name);
    else if (field->format == FIELD_HEXADECIMAL)
        text_append(line, "0x%" PRIx64, field->value);
    else if (field->format == FIELD_BOOLEAN)
        text_append(line, "%s", field->value ? "true" : "false");
    else
        text_append(line, "%" PRIu64, field->value);
}

void instruction_text(const zirconia_exit_t *exit, char *text, size_t text_size) {
    text[0] = '\0';
    if (exit->instruction_size != 0)
        (void)zirconia_disassemble(exit->instruction, exit->instruction_size, exit->mode, exit->rip,
                                   text, text_size, NULL);
}
