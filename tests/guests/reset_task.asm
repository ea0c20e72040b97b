; User code that reads the port in DX while the task register is what it was at reset: base 0, limit
; 0xffff. Whether it may is for the bitmap to say, whose offset is at 0x66; if not, RBX = 13, on the
; stack that the word at 0x24 names (IST 1).
%include "common.inc"
    bits 64
    org 0x10000
    mov esp, STACK_0
    lgdt [abs gdt_pointer]
    lidt [abs idt_pointer]
    enter_user user
user:
    in al, dx
    done
refused:
    mov ebx, 13
    done
    align 16
gdt:
    dq 0
    dq 0x00209b0000000000       ; CODE_0
    dq 0, 0
    dq 0x00cff3000000ffff       ; DATA_3
    dq 0x0020fb0000000000       ; CODE_3
gdt_pointer:
    dw gdt_pointer - gdt - 1
    dq gdt
refused_low equ (refused - $$ + 0x10000) & 0xffff
refused_middle equ (refused - $$ + 0x10000) >> 16
idt:
    times 13 dq 0, 0
    dw refused_low, CODE_0
    db 1, 0x8e
    dw refused_middle
    dq 0
idt_pointer:
    dw idt_pointer - idt - 1
    dq idt
