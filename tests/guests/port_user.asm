; Port output at CPL 3: case 0 without a bitmap, case 1 the same with IOPL 3, and with a bitmap that
; permits ports 0x11 and 0x13 alone, case 2 OUT to 0x11, case 3 to 0x12, case 4 to both together, and
; case 5 to a port beyond the bitmap's end; case 6 to one whose part of the bitmap is not present.
; RBX = the address of the instruction.
%include "common.inc"
    bits 64
    org 0x10000
BITMAP equ 0x1000               ; From the task-state segment's start.
    mov word [abs table_gdt + TSS], BITMAP + 0xff
    load_tables
    mov eax, 0x5a
    select_case closed, privileged, permitted, refused, both, beyond, absent
%macro bitmap 0
    mov word [abs table_tss + 0x66], BITMAP
    mov rcx, -1
    mov [abs table_tss + BITMAP], rcx
    mov byte [abs table_tss + BITMAP + 2], 0xf5
%endmacro
%macro output 2-3 al
    mov ebx, %%access
    mov edx, %1
    enter_user %%access, %2
%%access:
    out dx, %3
    done
%endmacro
closed:
    mov word [abs table_tss + 0x66], BITMAP + 0x100
    output 0x11, 0x202
privileged:
    mov word [abs table_tss + 0x66], BITMAP + 0x100
    output 0x11, 0x3202
permitted:
    bitmap
    output 0x11, 0x202
refused:
    bitmap
    output 0x12, 0x202
both:
    bitmap
    output 0x11, 0x202, ax
beyond:
    bitmap
    output 0x800, 0x202
absent:
    mov qword [abs 0x1008], 0x3007  ; Two pages at 1 GiB: 0x5000 and none.
    mov qword [abs 0x3000], 0x4007
    mov qword [abs 0x4000], 0x5007
    mov qword [abs 0x5f04], STACK_TSS
    mov word [abs 0x5f66], 0x80
    mov word [abs table_gdt + TSS], 0x3ff
    mov word [abs table_gdt + TSS + 2], 0xf00
    mov byte [abs table_gdt + TSS + 4], 0
    mov word [abs table_gdt + TSS + 5], 0x89
    mov byte [abs table_gdt + TSS + 7], 0x40
    mov eax, TSS
    ltr ax
    mov eax, 0x5a
    output 0x800, 0x202
    report_vector
    tables
