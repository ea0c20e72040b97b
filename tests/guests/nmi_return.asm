; Non-maskable interrupts on one stack of their own. The handler reports whether it came out of the
; waiting loop; the client sends another while it is at work.
%include "common.inc"
%include "report.inc"
    bits 64
    org 0x10000
    load_tables
    mov byte [abs table_idt + 16 * 2 + 4], 1
    report 0x700d
wait_loop:
    pause
    jmp wait_loop
wait_end:
on_vector:
    mov rcx, [rsp]
    mov rdx, wait_loop
    sub rcx, rdx
    xor eax, eax
    cmp rcx, wait_end - wait_loop
    setb al
    report_eax
    report 0x700d
    iretq
    tables
