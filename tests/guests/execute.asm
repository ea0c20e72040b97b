; Runs the code that the client puts at SLOT, again and again. The code ends with a jump to `again`.
; If it takes an interrupt or an exception, R10 = the vector, R8 and R9 the two words on top of the
; stack, and the rest of the code is not run.
%include "common.inc"
SLOT equ 0x20010
    bits 64
    org 0x10000
    jmp start
    align 16
again:                      ; 0x10010: tests/execute.h knows.
    done
    jmp SLOT
on_vector:
    mov r10d, eax
    mov r8, [rsp]
    mov r9, [rsp + 8]
    mov esp, STACK_0
    jmp again
start:
    load_tables
    jmp again
    tables
